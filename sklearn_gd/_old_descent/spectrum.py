"""A basis in which every direction descends alone: moments go in, curvatures come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.moments import EPS, Moments

Floats = NDArray[np.float64]

# The distance to exact arithmetic that is promised for loss and coefficients.
CONTRACT = 1e-12
# The following are in units of the rounding of the sums, which is EPS unless they were made where
# there is no float64.
# A loss read off moments is a difference of sums, known to this times their size.
MOMENTS_ROUNDING = 4
# Curvatures and slopes from moments are off by this times the largest. Measured against 80-bit
# arithmetic on random problems: 2 eps is usual, 10 eps the worst of thousands.
MOMENTS_ERROR = 10
# Slopes below this times the largest possible slope are rounding.
SLOPE_ROUNDING = 16
# Added to p in the usual rank tolerance p * eps, which is too tight for very few columns.
RANK_MARGIN = 16


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The problem seen from its start, one direction per column of `basis`.

    With the singular value decomposition of diag(sqrt(w)) Z / sqrt(W), and the first residual
    diag(sqrt(w)) (Y - Z start) / sqrt(W) written in its left singular vectors, J is a sum over
    directions: floor + 1/2 sum residual^2 at the start, each term falling by r^2 per update.
    """

    start: Floats  # theta_0, (p, k)
    basis: Floats  # Q, (p, r): orthonormal directions
    curvature: Floats  # (r,): eigenvalues of H, none below null_below
    residual: Floats  # (r, k): zero in directions that can't be told from flat ones
    floor: float  # the least possible loss; where that is rounding it may fall below zero
    null_below: float  # curvatures down here are not told from zero
    rounding: float  # of the first loss
    error: float  # of curvatures and slopes, relative to the largest possible
    unit: float = field(default=EPS, kw_only=True)  # the rounding of sums over rows
    # The t whose loss was measured on the rows, to have the floor from it; None: from the sums.
    measured_at: int | None = field(default=None, kw_only=True)
    # Whether small singular values are known to their own size, and not to the largest's.
    sharp: bool = field(default=False, kw_only=True)
    # Roundings of y and of predictions move a loss formed row by row by this times its root.
    row_rounding: float = field(default=0.0, kw_only=True)

    @property
    def has_directions(self) -> bool:
        """Whether `basis` has every direction of the problem, and not only those of a descent."""
        return True

    def seen(self, product: Callable[[Floats], Floats]) -> Floats:
        """A product with a matrix of p rows, (p, any), of all directions."""
        return product(self.basis)

    def lift(self, along: Floats) -> Floats:
        """From steps along all directions (..., r) to parameters (..., p)."""
        return np.asarray(along @ self.basis.T)

    @property
    def felt(self) -> NDArray[np.bool_]:
        """The directions whose curvature is told from zero."""
        return np.asarray(self.curvature > self.null_below)

    @property
    def has_no_flat_direction(self) -> bool:
        """Whether what is known of every direction is not taken for rounding."""
        return bool(self.felt.all())

    @property
    def slope_error(self) -> float:
        """The length of the vector by which slopes are off."""
        largest = float(self.curvature.max(initial=0.0))
        return self.error * sqrt(largest * self.squares)

    @property
    def squares(self) -> float:
        """Mean squares of y and of the first predictions, which the first loss is rounded like."""
        unit = self.unit if self.error > 0 else self.unit**2
        return self.rounding / (MOMENTS_ROUNDING * unit)

    @property
    def resolution(self) -> float:
        """Losses below this are not told from zero.

        Those before a measured one are counted from it, if all directions were told from flat ones.
        """
        if self.measured_at is not None and self.error > 0 and self.has_no_flat_direction:
            return self.unit * self.rounding  # as the rows have it
        shares = (self.residual**2).sum(axis=1)
        amplified = shares / np.where(shares > 0, self.curvature, 1.0)
        return self.rounding + self.slope_error * sqrt(amplified.sum())

    @cached_property
    def largest_curvature(self) -> float:
        return float(self.curvature.max(initial=0.0))

    @property
    def felt_curvature(self) -> Floats:
        """All curvatures that are told from zero."""
        return self.curvature[self.felt]

    @property
    def least_loss(self) -> float:
        """The least possible loss, where it is known."""
        return max(self.floor, 0.0)


def eigenbasis(moments: Moments, start: Floats, fit_intercept: bool) -> Spectrum:
    """From the moments alone: H = Q diag(curvature) Q'."""
    hessian, b = moments.hessian(fit_intercept), moments.products_with_y(fit_intercept)
    curvature, basis = np.linalg.eigh(hessian)
    unit, largest = moments.unit, max(float(curvature[-1]), 0.0)
    null_below = (curvature.size + RANK_MARGIN) * unit * largest
    moved = hessian @ start if start.any() else np.zeros_like(b)
    slope = basis.T @ (moved - b)

    squares, quadratic = moments.mean_squares_of_y(), np.einsum("pk,pk->k", start, moved)
    sizes = squares + np.abs(quadratic)
    # A flat direction without slope is the rounding of an exact zero: nothing moves there.
    flat = curvature <= null_below
    if flat[0]:  # in ascending order
        still = np.abs(slope) <= SLOPE_ROUNDING * unit * np.sqrt(largest * sizes)
        slope[flat[:, np.newaxis] & still] = 0.0
        curvature = np.maximum(curvature, null_below)
    sigma = np.sqrt(curvature)[:, np.newaxis] if largest > 0 else 1.0
    residual = -slope / sigma

    first_loss = 0.5 * float((squares + quadratic).sum()) - float(np.vdot(start, b))
    return Spectrum(
        start=start,
        basis=basis,
        curvature=curvature,
        residual=residual,
        floor=first_loss - 0.5 * float(np.vdot(residual, residual)),
        null_below=null_below,
        rounding=MOMENTS_ROUNDING * unit * float(sizes.sum()),
        error=MOMENTS_ERROR * unit,
        unit=unit,
        row_rounding=row_rounding(moments),
    )


def row_rounding(moments: Moments) -> float:
    """Each row's residual is off by a rounding of its prediction; such errors add up as roots do.

    The literal loop's losses are off by half of that (3 columns) to four times as much (100), by
    80-bit arithmetic at noise of 1e-5 to 1e-10; of several targets by no less than the smallest's.
    Predictions are of the size of y: those of a start further off are long gone.
    """
    squares = float(moments.mean_squares_of_y().min())
    return moments.unit * sqrt(2.0 * squares / max(moments.n_samples, 1))


def from_singular_values(
    start: Floats,
    sigma: Floats,
    kind: Callable[..., Spectrum],
    residual: Floats,
    left_over: float,
    rounding: float,
    unit: float = EPS,
) -> Spectrum:
    """The spectrum whose curvatures are sigma^2, in descending order, known to `unit` of the first.

    `kind` makes it of what all spectra have but the directions, which it knows. `residual` in all
    directions, (r, k); `left_over` of its squares is in none of them.
    """
    null_sigma = (len(start) + RANK_MARGIN) * unit * (float(sigma[0]) if sigma.size else 0.0)
    if sigma.size and sigma[-1] <= null_sigma:
        flat = sigma <= null_sigma
        sigma = np.maximum(sigma, null_sigma)
        left_over += float(np.sum(residual[flat] ** 2))
        residual = np.where(flat[:, np.newaxis], 0.0, residual)
    return kind(
        start=start,
        curvature=sigma**2,
        residual=residual,
        floor=0.5 * left_over,
        null_below=null_sigma**2,
        rounding=rounding,
        error=0.0,
        unit=unit,
    )
