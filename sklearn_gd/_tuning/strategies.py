"""Two ways to the scores of a cross-validation: eigenbases of the training sets, or Krylov spaces.

Each training set is decomposed once, and so are all rows, for the rates and for the last descent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from operator import methodcaller
from typing import Protocol

import numpy as np

from sklearn_gd._data import CrossProducts, Folds, FoldSums, Problem, zeros
from sklearn_gd._descent import ACCURACY_RTOL, Spectrum, is_accurate
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers import (
    DescentOptions,
    SpectralProblem,
    krylov_work,
    largest_eigenvalue,
    spectral_work,
)
from sklearn_gd._tuning.grid import Grid
from sklearn_gd._tuning.grid_errors import mean_squared_errors
from sklearn_gd._tuning.held_out import held_out_from_products, row_factor
from sklearn_gd._tuning.krylov_grid import krylov_spectrum_for

# A Krylov space is taken to hold t updates with about so many vectors times the root of t.
VECTORS_PER_ROOT = 3.0


class Strategy(Protocol):
    """How a cross-validation is computed. Training sets descend from zeros."""

    @property
    def whole(self) -> SpectralProblem | None: ...  # all rows, if they are decomposed
    def largest_eigenvalue(self) -> float: ...  # of H of all rows
    def errors(self, grid: Grid) -> Floats: ...  # held-out, (n_lrs, n_iters, n_folds)
    def spectra(self, grid: Grid) -> Callable[[int], Spectrum]: ...  # of the training sets


def strategy_for(folds: Folds, solver: str, options: DescentOptions) -> Strategy:
    """Return the strategy of "spectral", "loop" or "krylov", or the cheaper one for "auto"."""
    if solver == "auto":
        solver = _cheaper(folds.problem, options)
    return KrylovFolds(folds) if solver == "krylov" else SpectralFolds(folds)


def _cheaper(problem: Problem, options: DescentOptions) -> str:
    """All folds are alike, so the work of one decides."""
    spectral = spectral_work(problem)
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


class SpectralFolds:
    """The eigenbasis of each training set, from cross-products that are summed once per fold."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds
        self._sums: FoldSums[CrossProducts] | None = None
        if not _has_few_rows(folds.problem):
            self._sums = FoldSums(folds, methodcaller("cross_products"))
        total = None if self._sums is None else self._sums.total()
        self.whole = SpectralProblem(folds.problem, zeros(folds.problem), total)

    def largest_eigenvalue(self) -> float:
        return self.whole.spectrum.largest

    def errors(self, grid: Grid) -> Floats:
        found = self._folds.each(lambda i: self._fold_errors(grid, i), range(len(self._folds)))
        return np.stack(found, axis=-1)

    def spectra(self, grid: Grid) -> Callable[[int], Spectrum]:
        return lambda i: accurate_spectrum(self._training(i), grid)

    def _training(self, i: int) -> SpectralProblem:
        products = None if self._sums is None else self._sums.train(i)
        return SpectralProblem(self._folds.training(i), zeros(self._folds.problem), products)

    def _fold_errors(self, grid: Grid, i: int) -> Floats:
        """Return errors from cross-products, or from the rows if those do not hold the digits."""
        training = self._training(i)
        if self._sums is None:
            return errors_by_rows(self._folds, accurate_spectrum(training, grid), grid, i)
        spectrum = training.spectrum
        if accurate_spectrum(training, grid) is spectrum:
            theta = grid.longest(spectrum).theta(grid.last)
            held_out = held_out_from_products(self._sums.test(i), spectrum, theta)
            errors = mean_squared_errors(spectrum, held_out, grid)
            if held_out.resolution <= ACCURACY_RTOL * float(errors.min()):
                return errors
        return errors_by_rows(self._folds, training.refined, grid, i)


class KrylovFolds:
    """Products with X and X' alone: one Golub-Kahan space for each training set."""

    whole = None

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    def largest_eigenvalue(self) -> float:
        return largest_eigenvalue(self._folds.problem)

    def errors(self, grid: Grid) -> Floats:
        folds, spectra = self._folds, self.spectra(grid)
        found = folds.each(lambda i: errors_by_rows(folds, spectra(i), grid, i), range(len(folds)))
        return np.stack(found, axis=-1)

    def spectra(self, grid: Grid) -> Callable[[int], Spectrum]:
        return lambda i: krylov_spectrum_for(self._folds.training(i), grid)


def accurate_spectrum(problem: SpectralProblem, grid: Grid) -> Spectrum:
    """Return the spectrum from cross-products, or from the rows if the longest descent needs it."""
    spectrum = problem.spectrum
    if not spectrum.columns_lost and is_accurate(grid.longest(spectrum), grid.last):
        return spectrum
    return problem.refined


def errors_by_rows(folds: Folds, spectrum: Spectrum, grid: Grid, i: int) -> Floats:
    """Return the errors of one fold, its held-out rows decomposed by TSQR."""
    factor = folds.over_test(partial(row_factor, spectrum), i)
    return mean_squared_errors(spectrum, factor.held_out(folds.problem.n_targets), grid)


def _has_few_rows(problem: Problem) -> bool:
    """Whether the row space of X is decomposed, which has no cross-products of columns."""
    n_features = problem.n_parameters - problem.fit_intercept
    return problem.in_memory and not problem.is_sparse and problem.n_samples < n_features
