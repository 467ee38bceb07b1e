"""The closed form in the eigenbasis of H, from cross-products and, if need be, the rows again.

With fewer rows than columns, products of rows take the place of products of columns; a penalty, or
a second decomposition, takes the rows in an orthonormal basis of their row space.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from sklearn_gd._data import (
    CrossProducts,
    Problem,
    Quadratic,
    RowsInMemory,
    RowSpace,
    Spread,
    SummedRows,
)
from sklearn_gd._descent import (
    ACCURACY_RTOL,
    Accuracy,
    ClosedForm,
    Spectrum,
    find_stop,
    floor_error,
    is_accurate,
)
from sklearn_gd._linalg import (
    Floats,
    Preconditioner,
    RefinedSvd,
    factor_of,
    rank_tolerance,
    refined_svd,
)
from sklearn_gd._solvers.few_rows import FewRows
from sklearn_gd._solvers.options import (
    LOSS_ROUNDINGS,
    SPECTRUM_ROUNDINGS,
    DescentOptions,
    StoppedDescent,
)

# Slopes below so many roundings of the largest possible slope are zero along flat directions.
SLOPE_ROUNDINGS = 16


class SpectralProblem:
    """A problem decomposed once, to be descended from `start` at any rate and to any stop."""

    def __init__(
        self, problem: Problem | SummedRows, start: Floats, products: CrossProducts | None = None
    ) -> None:
        self.problem, self.start = problem, start
        self._is_wide = isinstance(problem, RowsInMemory) and _is_wide(problem)
        if self._is_wide:
            problem.operator()  # raises when X is not finite, which eigh and QR would not survive
        self._given = None if self._is_wide else products

    @cached_property
    def spectrum(self) -> Spectrum:
        """The eigenbasis as cross-products have it, with the least loss to its own digits."""
        if self._few_rows is not None:
            return self._with_scaled_floor(self._few_rows.coarse())
        return self._lifted(self._with_scaled_floor(self._with_measured_floor(self._coarse)))

    @cached_property
    def refined(self) -> Spectrum:
        """The eigenbasis from the rows once more, when there are rows."""
        if self._few_rows is not None:
            return self._with_scaled_floor(self._few_rows.refined())
        small: Problem = self._small
        coarse, problem = self._coarse, self._small
        factor, inverse = factor_of(coarse.eigenvalues, coarse.basis, coarse.zero_below)
        known = np.where(coarse.is_nonzero[:, np.newaxis], coarse.rotated_residual, 0.0)
        preconditioner = Preconditioner(factor, inverse, known, self._small_start)
        products = small.preconditioned_products(preconditioner) / problem.weight
        refined = refined_svd(preconditioner, products, coarse.accuracy.unit)
        spectrum = from_singular_values(self._small_start, refined, coarse.accuracy)
        return self._lifted(self._with_scaled_floor(self._with_data_share(spectrum)))

    def descend(self, options: DescentOptions) -> StoppedDescent:
        """Stop as asked, on the refined spectrum if the stop found lies beyond the accuracy."""
        stopped = self._stopped(self.spectrum, options)
        descent = stopped.descent
        assert isinstance(descent, ClosedForm)
        wanting = self.spectrum.columns_lost or not is_accurate(descent, stopped.stop.t)
        if wanting and not isinstance(self.problem, SummedRows):
            return self._stopped(self.refined, options)
        return stopped

    def _stopped(self, spectrum: Spectrum, options: DescentOptions) -> StoppedDescent:
        descent = ClosedForm(spectrum, options.rule(spectrum.largest))
        if options.tol is not None and options.tol <= floor_error(descent):
            options = replace(options, tol=None)  # rounding must not stop anything by accident
        stop = find_stop(descent, options.stopping_rule(self.problem.rounding))
        return StoppedDescent(descent, stop)

    @cached_property
    def _few_rows(self) -> FewRows | None:
        rows: Any = self.problem
        return FewRows.of(rows, self.start) if self._is_wide and not rows.alpha else None

    @cached_property
    def _row_space(self) -> RowSpace | None:
        return RowSpace.of(self.problem) if self._is_wide else None

    @property
    def _small(self) -> Any:
        return self.problem if self._row_space is None else self._row_space.reduced

    @cached_property
    def _small_start(self) -> Floats:
        return self.start if self._row_space is None else self._row_space.restrict(self.start)

    @cached_property
    def _products(self) -> CrossProducts:
        found: CrossProducts = self._given or self._small.cross_products()
        return found

    @cached_property
    def _quadratic(self) -> Quadratic:
        problem = self._small
        return self._products.quadratic(problem.fit_intercept, problem.alpha)

    @cached_property
    def _coarse(self) -> Spectrum:
        return self._with_data_share(eigenbasis(self._quadratic, self._small_start))

    def _with_measured_floor(self, spectrum: Spectrum) -> Spectrum:
        """The floor as the rows have it, when cross-products do not hold its digits.

        It is J at the least-squares solution, which depends on no stop: errors of slopes and of
        eigenvalues enter squared.
        """
        accuracy = spectrum.accuracy
        near_zero = accuracy.loss_rounding > ACCURACY_RTOL * spectrum.floor
        if not near_zero or isinstance(self.problem, SummedRows):
            return spectrum
        small: Problem = self._small
        floor = small.loss(ClosedForm(spectrum, DescentOptions().rule(spectrum.largest)).limit)
        slope_error = accuracy.error * sqrt(spectrum.largest * accuracy.squares)
        c, residual = spectrum.nonzero_eigenvalues, spectrum.rotated_residual[spectrum.is_nonzero]
        energy = 0.5 * np.sum(residual**2, axis=1)
        off = 0.5 * slope_error**2 * float(np.max(1.0 / c, initial=0.0))
        off += float(energy @ (accuracy.error * spectrum.largest / c) ** 2)
        rounding = LOSS_ROUNDINGS * accuracy.unit**2 * accuracy.squares + off
        measured = replace(accuracy, loss_rounding=rounding, floor_is_measured=True)
        return replace(spectrum, floor=floor, accuracy=measured)

    def _with_data_share(self, spectrum: Spectrum) -> Spectrum:
        problem = self._small
        if not problem.alpha:
            return spectrum
        intercept = spectrum.basis[:1] ** 2 if problem.fit_intercept else np.zeros((1, 1))
        penalty = problem.alpha * (1.0 - intercept.sum(axis=0))
        held = np.where(spectrum.eigenvalues > 0, spectrum.eigenvalues, 1.0)
        return replace(spectrum, data_share=np.clip(1.0 - penalty / held, 0.0, 1.0))

    def _with_scaled_floor(self, spectrum: Spectrum) -> Spectrum:
        """The least loss with scaled columns, if directions are there that this spectrum lacks."""
        nonzero = np.count_nonzero(spectrum.is_nonzero)
        if nonzero in (0, len(spectrum.start)) or nonzero >= self._n_weighted:
            return spectrum
        if self._is_wide and self.problem.alpha:
            return spectrum  # in the row space of scaled columns the penalty is no multiple of I
        if np.count_nonzero(self._scaled.is_nonzero) <= nonzero:
            return spectrum
        return replace(spectrum, scaled_floor=self._scaled.floor)

    @property
    def _n_weighted(self) -> int:
        """The number of rows that count: those of other folds have weight zero."""
        problem = self.problem
        if isinstance(problem, RowsInMemory) and problem.sample_weight is not None:
            return int(np.count_nonzero(problem.sample_weight))
        return problem.n_samples

    @cached_property
    def _scaled(self) -> Spectrum:
        """The spectrum of the problem with standardised columns."""
        problem: Any = self.problem
        if self._is_wide:
            return FewRows.of(problem.standardised(), np.zeros_like(self.start)).coarse()
        products, spread = scaled_products(problem, self._products)
        alpha = problem.alpha / spread.scale**2
        return eigenbasis(
            products.quadratic(problem.fit_intercept, alpha), np.zeros_like(self.start)
        )

    def _lifted(self, spectrum: Spectrum) -> Spectrum:
        """The spectrum of all columns, with what of the start no row sees when it is penalised."""
        space, alpha = self._row_space, self.problem.alpha
        if space is None:
            return spectrum
        lifted = replace(spectrum, start=self.start, basis=space.expand(spectrum.basis))
        directions, lengths = space.perpendicular(self.start)
        if not alpha or not len(lengths):
            return lifted
        share = np.zeros(len(lengths))
        return replace(
            lifted,
            basis=np.concatenate([lifted.basis, directions], axis=1),
            eigenvalues=np.append(lifted.eigenvalues, share + alpha),
            rotated_residual=np.concatenate([lifted.rotated_residual, -sqrt(alpha) * lengths]),
            data_share=None if lifted.data_share is None else np.append(lifted.data_share, share),
        )


def scaled_products(
    problem: Problem | SummedRows, products: CrossProducts
) -> tuple[CrossProducts, Spread]:
    """Return the cross-products of standardised columns, and how they were standardised.

    Sums take the digits of a variance far below a squared mean; the rows are then asked again.
    """
    spread = products.spread(problem.fit_intercept)
    if spread.is_blurred.any() and not isinstance(problem, SummedRows):
        measured = problem.spread()
        if measured.varies[spread.is_blurred].any():
            return problem.cross_products(measured), measured
    return products.standardised(spread, spread.scale), spread


def eigenbasis(quadratic: Quadratic, start: Floats) -> Spectrum:
    """Return the spectrum that cross-products alone know: H = V diag(eigenvalues) V'."""
    unit = quadratic.unit
    eigenvalues, basis = np.linalg.eigh(quadratic.hessian)
    largest = max(float(eigenvalues[-1]), 0.0)
    zero_below = rank_tolerance(len(eigenvalues), unit) * largest
    slopes = -basis.T @ quadratic.gradient(start)
    sizes = quadratic.sizes(start)
    flat = eigenvalues <= zero_below
    # A flat direction without slope is the rounding of an exact zero: nothing moves there.
    still = np.abs(slopes) <= SLOPE_ROUNDINGS * unit * np.sqrt(largest * sizes)
    slopes[flat[:, np.newaxis] & still] = 0.0
    eigenvalues = np.maximum(eigenvalues, zero_below)
    sigma = np.sqrt(eigenvalues)[:, np.newaxis] if largest > 0 else 1.0
    residual = slopes / sigma
    first_loss = float(quadratic.losses(start).sum())
    return Spectrum(
        start=start,
        eigenvalues=eigenvalues,
        rotated_residual=residual,
        floor=max(first_loss - 0.5 * float(np.vdot(residual, residual)), 0.0),
        accuracy=Accuracy(
            squares=float(sizes.sum()),
            loss_rounding=LOSS_ROUNDINGS * unit * float(sizes.sum()),
            error=SPECTRUM_ROUNDINGS * unit,
            unit=unit,
            floor_is_measured=False,
        ),
        basis=basis,
        zero_below=zero_below,
    )


def from_singular_values(start: Floats, refined: RefinedSvd, coarse: Accuracy) -> Spectrum:
    """Return the spectrum whose eigenvalues are sigma^2."""
    sigma, basis, residual, left_over = refined
    zero_below = rank_tolerance(len(start), coarse.unit) * float(sigma.max(initial=0.0))
    kept = sigma > zero_below
    left_over += float(np.sum(residual[~kept] ** 2))
    rounding = LOSS_ROUNDINGS * coarse.unit**2 * coarse.squares
    return Spectrum(
        start=start,
        eigenvalues=sigma[kept] ** 2,
        rotated_residual=residual[kept],
        floor=0.5 * left_over,
        accuracy=Accuracy(coarse.squares, rounding, unit=coarse.unit),
        basis=basis[:, kept],
        zero_below=zero_below**2,
    )


def solve_spectral(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions
) -> StoppedDescent:
    """Descend in the eigenbasis."""
    return SpectralProblem(problem, start).descend(options)


def _is_wide(problem: RowsInMemory) -> bool:
    return not problem.is_sparse and problem.n_samples < problem.X.shape[1]
