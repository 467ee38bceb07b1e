"""The eigenbasis of H from cross-products of columns and, if need be, from the rows once more."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt

import numpy as np

from sklearn_gd._data import CrossProducts, Problem, Quadratic, Spread, SummedRows
from sklearn_gd._descent import ACCURACY_RTOL, Accuracy, ClosedForm, Spectrum
from sklearn_gd._linalg import (
    Floats,
    Preconditioner,
    RefinedSvd,
    factor_of,
    rank_tolerance,
    refined_svd,
)
from sklearn_gd._solvers.options import LOSS_ROUNDINGS, SPECTRUM_ROUNDINGS, DescentOptions


@dataclass(frozen=True, eq=False)
class CrossProductBasis:
    """The eigenbasis of H of many rows, or of rows that are gone."""

    problem: Problem | SummedRows
    start: Floats
    given: CrossProducts | None = None  # if they are summed already

    @cached_property
    def products(self) -> CrossProducts:
        return self.given or self.problem.cross_products()

    @cached_property
    def coarse(self) -> Spectrum:
        """The eigenbasis as cross-products have it."""
        accuracy, floor = self._from_products.accuracy, self._from_products.floor
        near_zero = accuracy.loss_rounding > ACCURACY_RTOL * floor
        return self.measured if near_zero else self._from_products

    @cached_property
    def measured(self) -> Spectrum:
        """The same with the least loss of the rows, whose digits cross-products may not hold.

        It is J at the least-squares solution, which depends on no stop: errors of slopes and of
        eigenvalues enter squared.
        """
        spectrum = self._from_products
        if isinstance(self.problem, SummedRows):
            return spectrum
        accuracy = spectrum.accuracy
        limit = ClosedForm(spectrum, DescentOptions().rule(spectrum.largest)).limit
        slope_error = accuracy.error * sqrt(spectrum.largest * accuracy.squares)
        c, residual = spectrum.nonzero_eigenvalues, spectrum.rotated_residual[spectrum.is_nonzero]
        energy = 0.5 * np.sum(residual**2, axis=1)
        off = 0.5 * slope_error**2 * float(np.max(1.0 / c, initial=0.0))
        off += float(energy @ (accuracy.error * spectrum.largest / c) ** 2)
        rounding = LOSS_ROUNDINGS * accuracy.unit**2 * accuracy.squares + off
        known = replace(accuracy, loss_rounding=rounding, from_floor=True, from_first=False)
        return replace(spectrum, floor=self.problem.loss(limit), accuracy=known)

    @cached_property
    def refined(self) -> Spectrum:
        """The eigenbasis of the rows, by CholeskyQR2."""
        assert not isinstance(self.problem, SummedRows)
        first = self._from_products
        factor, inverse = factor_of(first.eigenvalues, first.basis, first.zero_below)
        known = np.where(first.is_nonzero[:, np.newaxis], first.rotated_residual, 0.0)
        preconditioner = Preconditioner(factor, inverse, known, self.start)
        products = self.problem.preconditioned_products(preconditioner) / self.problem.weight
        refined = refined_svd(preconditioner, products, first.accuracy.unit)
        return self._with_data_share(from_singular_values(self.start, refined, first.accuracy))

    @cached_property
    def _from_products(self) -> Spectrum:
        quadratic = self.products.quadratic(self.problem.fit_intercept, self.problem.alpha)
        return self._with_data_share(eigenbasis(quadratic, self.start))

    def _with_data_share(self, spectrum: Spectrum) -> Spectrum:
        problem = self.problem
        if not problem.alpha:
            return spectrum
        intercept = spectrum.basis[:1] ** 2 if problem.fit_intercept else np.zeros((1, 1))
        penalty = problem.alpha * (1.0 - intercept.sum(axis=0))
        held = np.where(spectrum.eigenvalues > 0, spectrum.eigenvalues, 1.0)
        return replace(spectrum, data_share=np.clip(1.0 - penalty / held, 0.0, 1.0))


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
    gradient, sizes = quadratic.gradient(start), quadratic.sizes(start)
    slopes = -basis.T @ gradient
    # Eigenvectors are orthogonal to some twenty roundings, which matter beside one large slope.
    slopes -= basis.T @ (basis @ slopes + gradient)
    flat = eigenvalues <= zero_below
    # Slopes along flat directions that are rounding are those of exact zeros: nothing moves there.
    lost = SPECTRUM_ROUNDINGS * unit * np.sqrt(largest * sizes)
    slopes[flat] *= np.linalg.norm(slopes[flat], axis=0) > lost
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
            from_floor=False,
            from_first=True,
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
