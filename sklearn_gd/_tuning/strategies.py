"""Scores for a whole grid: folds, or rows alone, and a grid go in, errors per (lr, t) come out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import methodcaller

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._data import Folds, FoldSums, spectrum_of
from sklearn_gd._data import Moments
from sklearn_gd._data import Problem, refine, zeros
from sklearn_gd._descent.spectrum import CONTRACT, Spectrum
from sklearn_gd._tuning.grid_errors import (
    Grid,
    generalised_cross_validation,
    held_out_by_moments,
    mean_squared_errors,
    seen_along,
)
from sklearn_gd._tuning.krylov_grid import Curvatures, space_for_grid, with_measured_loss
from sklearn_gd._descent.whitening import Whitening, refined

Floats = NDArray[np.float64]


class FoldsInMoments:
    """A cross-validation by sums of p x p products."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds
        self._sums = FoldSums(folds, methodcaller("moments"))
        self.moments = self._sums.total()

    def largest_curvature(self) -> float:
        return largest_of(self.moments, self._folds.problem)

    def errors(self, grid: Grid) -> Floats:
        return cross_validate(self._folds, self._sums, grid)

    def spectra(self, grid: Grid) -> Callable[[int], Spectrum]:
        return row_spectra(self._folds, self._sums)


class FoldsInSpaces:
    """A cross-validation with products with X and X' alone: one Krylov space for each fold."""

    moments = None

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    def largest_curvature(self) -> float:
        return Curvatures(self._folds.problem).largest()

    def errors(self, grid: Grid) -> Floats:
        folds, spectra = self._folds, self.spectra(grid)
        found = folds.each(lambda i: _by_rows(folds, spectra, grid, i), range(len(folds)))
        return np.stack(found, axis=-1)

    def spectra(self, grid: Grid) -> Callable[[int], Spectrum]:
        return lambda i: space_for_grid(self._folds.training(i), grid)


class WholeInMoments:
    """Generalised cross-validation by sums of p x p products."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.moments = problem.moments()

    def largest_curvature(self) -> float:
        return largest_of(self.moments, self._problem)

    def gcv(self, grid: Grid) -> tuple[Floats, Floats]:
        return validate_by_gcv(self._problem, self.moments, grid)


class WholeInSpaces:
    """Generalised cross-validation with products with X and X' alone, where n or p is small."""

    moments = None

    def __init__(self, problem: Problem, watch: Callable[[], None]) -> None:
        self._problem, self._watch = problem, watch
        self._curvatures = Curvatures(problem, watch)

    def largest_curvature(self) -> float:
        return self._curvatures.largest()

    def gcv(self, grid: Grid) -> tuple[Floats, Floats]:
        felt = self._curvatures.all(grid)
        problem = self._problem
        spectrum = space_for_grid(problem, grid, self._watch)
        spectrum = with_measured_loss(spectrum, problem, grid)
        return generalised_cross_validation(spectrum, felt, grid, problem.weight)


def largest_of(moments: Moments, problem: Problem) -> float:
    return spectrum_of(moments, zeros(problem), problem.fit_intercept).largest_curvature


def cross_validate(folds: Folds, moments: FoldSums[Moments], grid: Grid) -> Floats:
    """Held-out mean squared errors (n_lrs, n_iters, n_folds), from rows where moments fall short.

    The training sets descend from zeros.
    """
    found = folds.each(lambda i: _by_moments(folds, moments, grid, i), range(len(folds)))
    if any(errors is None for errors in found):
        spectra = row_spectra(folds, moments)
        found = folds.each(lambda i: _by_rows(folds, spectra, grid, i), range(len(folds)))
    return np.stack(found, axis=-1)


def _by_moments(folds: Folds, moments: FoldSums[Moments], grid: Grid, i: int) -> Floats | None:
    """One fold's errors; None where the moments do not hold their digits."""
    problem = folds.problem
    spectrum = spectrum_of(moments.train(i), zeros(problem), problem.fit_intercept)
    held_out = held_out_by_moments(spectrum, moments.test(i), problem.fit_intercept)
    errors = mean_squared_errors(spectrum, held_out, grid)
    least = float(errors.min()) * problem.n_targets
    if held_out.resolution > CONTRACT * least or not _holds(spectrum, grid, 0.5 * least):
        return None
    return errors


def _by_rows(folds: Folds, spectra: Callable[[int], Spectrum], grid: Grid, i: int) -> Floats:
    spectrum = spectra(i)
    seen = folds.over_test(partial(seen_along, spectrum), i)
    return mean_squared_errors(spectrum, seen.held_out(), grid)


def row_spectra(folds: Folds, moments: FoldSums[Moments]) -> Callable[[int], Spectrum]:
    """Each training set's spectrum in the digits of its rows, by one more pass over them.

    The spectrum of all rows is the basis in which the folds' whitened sums add up.
    """
    problem = folds.problem
    coarse = spectrum_of(moments.total(), zeros(problem), problem.fit_intercept)
    white = Whitening.of(coarse)
    sums = FoldSums(folds, methodcaller("whitened_sums", white))
    return lambda i: refined(coarse, white, sums.train(i) / folds.training_weight(i))


def validate_by_gcv(problem: Problem, moments: Moments, grid: Grid) -> tuple[Floats, Floats]:
    """Generalised cross-validation and degrees of freedom, each (n_lrs, n_iters)."""
    spectrum = spectrum_of(moments, zeros(problem), problem.fit_intercept)
    if not _holds(spectrum, grid, spectrum.floor):
        spectrum = refine(problem, spectrum)
    felt = spectrum.felt_curvature
    return generalised_cross_validation(spectrum, felt, grid, problem.weight)


def _holds(spectrum: Spectrum, grid: Grid, loss: float) -> bool:
    """Whether the moments hold the digits of the longest descent at the largest stable rate."""
    stable = 2.0 / max(spectrum.largest_curvature, np.finfo(float).tiny)
    return Descent(spectrum, min(float(grid.lrs.max()), stable)).holds(grid.last, loss)
