"""Scores for a whole grid: folds, or rows alone, and a grid go in, errors per (lr, t) come out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.folds import Folds, FoldSums, pieces, spectrum_of
from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import CONTRACT, Spectrum, refine, refined, whitened_sums
from sklearn_gd._descent.surface import (
    Grid,
    generalised_cross_validation,
    held_out_by_moments,
    held_out_by_rows,
    mean_squared_errors,
)

Floats = NDArray[np.float64]


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
    rows = folds.rows
    spectrum = spectrum_of(moments.train(i), _zeros(rows), rows.fit_intercept)
    held_out = held_out_by_moments(spectrum, moments.test(i), rows.fit_intercept)
    errors = mean_squared_errors(spectrum, held_out, grid)
    least = float(errors.min()) * rows.y.shape[1]
    if held_out.resolution > CONTRACT * least or not _holds(spectrum, grid, 0.5 * least):
        return None
    return errors


def _by_rows(folds: Folds, spectra: Callable[[int], Spectrum], grid: Grid, i: int) -> Floats:
    spectrum = spectra(i)
    held_out = held_out_by_rows(spectrum, pieces(folds.rows, folds.splits[i].test))
    return mean_squared_errors(spectrum, held_out, grid)


def row_spectra(folds: Folds, moments: FoldSums[Moments]) -> Callable[[int], Spectrum]:
    """Each training set's spectrum in the digits of its rows, by one more pass over them.

    The spectrum of all rows is the basis in which the folds' whitened sums add up.
    """
    rows = folds.rows
    coarse = spectrum_of(moments.total(), _zeros(rows), rows.fit_intercept)
    whitened = FoldSums(folds, lambda part: whitened_sums(part, coarse))
    return lambda i: refined(coarse, whitened.train(i) / folds.weight(folds.splits[i].train))


def validate_by_gcv(rows: Rows, moments: Moments, grid: Grid) -> tuple[Floats, Floats]:
    """Generalised cross-validation and degrees of freedom, each (n_lrs, n_iters)."""
    spectrum = spectrum_of(moments, _zeros(rows), rows.fit_intercept)
    if not _holds(spectrum, grid, spectrum.floor):
        spectrum = refine(rows, spectrum)
    return generalised_cross_validation(spectrum, grid, rows.weight)


def _holds(spectrum: Spectrum, grid: Grid, loss: float) -> bool:
    """Whether the moments hold the digits of the longest descent at the largest stable rate."""
    stable = 2.0 / max(spectrum.largest_curvature, np.finfo(float).tiny)
    return Descent(spectrum, min(float(grid.lrs.max()), stable)).holds(grid.last, loss)


def _zeros(rows: Rows) -> Floats:
    return np.zeros((rows.n_parameters, rows.y.shape[1]))
