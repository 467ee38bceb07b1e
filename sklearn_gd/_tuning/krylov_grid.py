"""One Golub-Kahan space for all rates: it depends on the start, and not on the rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_gd._data import Problem, zeros
from sklearn_gd._descent import Accuracy, ClosedForm, KrylovSpectrum, StoppingRule, find_stop
from sklearn_gd._linalg import EPS, GolubKahan, Ritz
from sklearn_gd._solvers import grow, is_known, krylov_spectrum, next_size
from sklearn_gd._tuning.grid import Grid

# A space is examined first when it has so many vectors.
FIRST_SIZE = 8


def krylov_spectrum_for(problem: Problem, grid: Grid) -> KrylovSpectrum:
    """Return the descent from zeros, whose iterates are known at every rate and t of the grid.

    Nothing of p x p numbers is formed. Raises ValueError if the space does not fit into memory.
    """
    operator, start = problem.operator(), zeros(problem)
    process = GolubKahan(operator.residual(start), operator.shape, operator.unit)
    squares = operator.sizes(start)
    accuracy = Accuracy(squares, operator.unit**2 * squares, unit=operator.unit)
    size = min(FIRST_SIZE, grid.last + 1)
    while True:
        grow(process, size)
        ritz = process.ritz()
        spectrum = krylov_spectrum(process, ritz, start, accuracy)
        if process.complete or _is_known(spectrum, ritz, grid):
            return spectrum
        size = next_size(process.size)


def _is_known(spectrum: KrylovSpectrum, ritz: Sequence[Ritz], grid: Grid) -> bool:
    """Whether the last iterate of every rate is known; the largest rate, the hardest, is first."""
    for i in np.argsort(-grid.lrs):
        descent = ClosedForm(spectrum, grid.rules[i])
        last = grid.last
        if descent.diverges:
            if spectrum.known_largest is None:
                return False
            last = find_stop(descent, StoppingRule(None, last, EPS)).t
        if not is_known(descent, ritz, max(last, 1)):
            return False
    return True
