"""Two ways to the scores of a cross-validation: eigenbases of the training sets, or Krylov spaces.

Each training set is decomposed once, and so are all rows, for the rates and for the last descent.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt
from operator import methodcaller

import numpy as np

from sklearn_gd._data import CrossProducts, Folds, FoldSums, Problem, SummedRows, zeros
from sklearn_gd._descent import (
    ACCURACY_RTOL,
    Accuracy,
    ClosedForm,
    KrylovSpectrum,
    Spectrum,
    Stop,
    StoppingRule,
    find_stop,
    is_accurate,
)
from sklearn_gd._linalg import EPS, Floats, GolubKahan, Ritz
from sklearn_gd._solvers import (
    DescentOptions,
    SpectralProblem,
    StoppedDescent,
    grow,
    has_few_rows,
    is_known,
    krylov_spectrum,
    krylov_work,
    largest_eigenvalue,
    next_size,
    solve,
    spectral_work,
)
from sklearn_gd._tuning.grid import Grid
from sklearn_gd._tuning.held_out import held_out_from_products, row_factor

# A Krylov space is taken to hold t updates with about so many vectors times the root of t.
VECTORS_PER_ROOT = 3.0
# A Krylov space is examined first when it has so many vectors.
FIRST_SIZE = 8
# The textbook loop goes no further than this beyond its stop to know the iterates that follow.
MOST_LOOPED = 10_000


class SpectralFolds:
    """The eigenbasis of each training set, from cross-products that are summed once per fold."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds
        self._sums: FoldSums[CrossProducts] | None = None
        if not has_few_rows(folds.problem):
            self._sums = FoldSums(folds, methodcaller("cross_products"))
        total = None if self._sums is None else self._sums.total()
        self.whole = SpectralProblem(folds.problem, zeros(folds.problem), total)

    def largest_eigenvalue(self) -> float:
        """Return that of H of all rows."""
        return self.whole.spectrum.largest

    def spectrum(self, grid: Grid, i: int) -> Spectrum:
        """Return the spectrum of a training set, descended from zeros."""
        return accurate_spectrum(self._training(i), grid)

    def errors(self, grid: Grid) -> Floats:
        """Return the mean squared errors on held-out rows, (n_lrs, n_iters, n_folds)."""
        return _of_folds(self._folds, partial(self._fold_errors, grid))

    def _fold_errors(self, grid: Grid, i: int) -> Floats:
        """Return errors from cross-products, or from the rows if those do not hold the digits."""
        training = self._training(i)
        spectrum = accurate_spectrum(training, grid)
        if self._sums is not None and spectrum.accuracy.error > 0.0:
            theta = grid.longest(spectrum).theta(grid.last)
            held_out = held_out_from_products(self._sums.test(i), spectrum, theta)
            errors = held_out.errors(spectrum, grid)
            if held_out.resolution <= ACCURACY_RTOL * float(errors.min()):
                return errors
            spectrum = training.refined
        return errors_by_rows(self._folds, spectrum, grid, i)

    def _training(self, i: int) -> SpectralProblem:
        products = None if self._sums is None else self._sums.train(i)
        return SpectralProblem(self._folds.training(i), zeros(self._folds.problem), products)


class KrylovFolds:
    """Products with X and X' alone: one Golub-Kahan space for each training set and all rates."""

    whole = None

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    def largest_eigenvalue(self) -> float:
        """Return that of H of all rows."""
        return largest_eigenvalue(self._folds.problem)

    def errors(self, grid: Grid) -> Floats:
        """Return the mean squared errors on held-out rows, (n_lrs, n_iters, n_folds)."""
        folds = self._folds
        return _of_folds(folds, lambda i: errors_by_rows(folds, self.spectrum(grid, i), grid, i))

    def spectrum(self, grid: Grid, i: int) -> KrylovSpectrum:
        """Return the descent of a training set from zeros, known at every rate and t of the grid.

        Nothing of p x p numbers is formed. Raises ValueError if the space does not fit into memory.
        """
        problem = self._folds.training(i)
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


# How a cross-validation is computed; `whole` decomposes all rows, and is None if nothing does.
Strategy = SpectralFolds | KrylovFolds


def strategy_for(folds: Folds, solver: str, options: DescentOptions) -> Strategy:
    """Return the strategy of "spectral", "loop" or "krylov", or the cheaper one for "auto"."""
    if solver == "auto":
        solver = _cheaper(folds.problem, options)
    return KrylovFolds(folds) if solver == "krylov" else SpectralFolds(folds)


def refit(
    problem: Problem | SummedRows,
    options: DescentOptions,
    last: int,
    solver: str,
    whole: SpectralProblem | None,
) -> StoppedDescent:
    """Stop as `solve` does, and know the iterates up to `last`, the largest t searched.

    With `max_iter` 0 the start is the answer; an update that diverges at once is still made and
    seen, as in every fit. `whole` holds the decomposition of all rows, if there is one.
    """
    if solver == "loop":
        last = min(last, max(options.max_iter, MOST_LOOPED))
    longer = replace(options, max_iter=max(last, 1))
    if whole is not None and solver in ("auto", "spectral"):
        found = whole.descend(longer)
    else:
        found = solve(problem, zeros(problem), longer, solver)
    stop, t = found.stop, options.max_iter
    if stop.t <= max(t, 1) and (stop.t <= t or stop.reason == "diverged"):
        return found
    return replace(found, stop=Stop(t, "max_iter", t))


def accurate_spectrum(problem: SpectralProblem, grid: Grid) -> Spectrum:
    """Return the first spectrum that is accurate where the longest descent ends."""
    for spectrum in problem.spectra():
        if is_accurate(grid.longest(spectrum), grid.last):
            break
    return spectrum


def errors_by_rows(folds: Folds, spectrum: Spectrum, grid: Grid, i: int) -> Floats:
    """Return the errors of one fold, its held-out rows decomposed by TSQR."""
    factor = folds.over_test(partial(row_factor, spectrum), i)
    return factor.held_out(folds.problem.n_targets).errors(spectrum, grid)


def _of_folds(folds: Folds, errors: Callable[[int], Floats]) -> Floats:
    return np.stack(folds.each(errors, range(len(folds))), axis=-1)


def _cheaper(problem: Problem, options: DescentOptions) -> str:
    """All folds are alike, so the work of one decides."""
    spectral = spectral_work(problem, options.max_iter)
    if spectral is not None:
        sides = problem.n_samples, problem.n_parameters
        vectors = min(*sides, VECTORS_PER_ROOT * sqrt(options.max_iter))
        cheaper = options.momentum or spectral <= krylov_work(problem, vectors)
        return "spectral" if cheaper else "krylov"
    if options.momentum:
        raise ValueError(
            f"momentum={options.momentum:.4g} is tuned in the eigenbasis of each training set, and "
            f"{problem.n_parameters:,} parameters are too many for that. Set momentum=0, or select "
            "features first."
        )
    return "krylov"


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
