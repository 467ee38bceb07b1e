"""The rates and the numbers of updates that are searched, and which of them are computed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import (
    ClosedForm,
    Spectrum,
    StoppingRule,
    UpdateRule,
    find_stop,
    first_true,
)
from sklearn_gd._linalg import EPS, Floats

Integers = NDArray[np.int64]

# 1 - p_t rounds to 1 once |p_t| is below this.
GONE = EPS / 4
# Numbers that one block of iterates may take: 1 MiB, which stays in a processor's cache.
BLOCK_NUMBERS = 1 << 17


@dataclass(frozen=True, eq=False)
class Grid:
    """The rates and the numbers of updates to score; momentum is the same for all."""

    lrs: Floats
    iters: Integers  # increasing
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def last(self) -> int:
        """The largest number of updates."""
        return int(self.iters[-1])

    @cached_property
    def rules(self) -> list[UpdateRule]:
        """The update rule of each rate."""
        return [UpdateRule(float(lr), self.momentum, self.nesterov) for lr in self.lrs]

    def longest(self, spectrum: Spectrum) -> ClosedForm:
        """Return the descent at the largest rate, or at the largest stable one below it."""
        rate = min(float(self.lrs.max()), self.rules[0].stable_below(spectrum.largest))
        return ClosedForm(spectrum, UpdateRule(rate, self.momentum, self.nesterov))

    def descents(self, spectrum: Spectrum) -> list[tuple[ClosedForm, Integers]]:
        """Return for each rate the descent, and the t whose iterates are the `coef_` of fits with
        `max_iter` on the grid.

        There are fewer than on the grid, and the last t stands for the rest, when the descent
        diverges or when no later p_t differs from zero by more than rounding.
        """
        first = ClosedForm(spectrum, self.rules[0])
        known = spectrum.is_nonzero.copy()
        known[first.moving] = True
        eigenvalues = spectrum.eigenvalues[known]
        descents = [first.at(rule) for rule in self.rules]
        return [(descent, self._steps(descent, eigenvalues)) for descent in descents]

    def filled(self, rows: list[Floats]) -> Floats:
        """Return (n_lrs, n_iters) from each rate's values, the last one standing for the rest."""
        entries = np.arange(len(self.iters))
        return np.stack([row[np.minimum(entries, len(row) - 1)] for row in rows])

    def _steps(self, descent: ClosedForm, eigenvalues: Floats) -> Integers:
        if descent.diverges:
            stop = find_stop(descent, StoppingRule(None, self.last, EPS))
            return np.append(self.iters[self.iters < stop.t], stop.best)
        envelope = descent.rule.factors(eigenvalues).envelope
        with np.errstate(over="ignore"):  # along growing directions that the start has no part in
            gone = first_true(lambda t: (envelope(t) <= GONE).all(axis=-1), self.last)
        end = self.last if gone is None else gone
        return np.append(self.iters[self.iters < end], end)


def blocks(size: int, width: int, at_least: int = 1) -> Iterator[slice]:
    """Yield slices of `size` iterates or rows that take `width` numbers each."""
    at_once = max(1, at_least, BLOCK_NUMBERS // max(1, width))
    for first in range(0, size, at_once):
        yield slice(first, min(first + at_once, size))
