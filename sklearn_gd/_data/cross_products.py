"""Cross-products [1 X y]' diag(w) [1 X y], which determine the objective J."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._linalg import EPS, Floats

# A variance below this times the rounding of its difference is that of a constant column.
VARIANCE_ROUNDINGS = 16
# A mean of many equal numbers is off by this many roundings, at most.
MEAN_ROUNDINGS = 64
# Variances from cross-products below this share of the squared mean have less than eight digits.
BLURRED = 1e-8


@dataclass(frozen=True, eq=False)
class Spread:
    """Weighted means and variances of columns, each (d,).

    Without an intercept the means are zeros and the variances mean squares.
    """

    mean: Floats
    variance: Floats
    varies: NDArray[np.bool_]  # whether the variance exceeds its rounding

    @classmethod
    def measured(cls, mean: Floats, variance: Floats, unit: float = EPS) -> Spread:
        """Return the spread from two passes, which have deviations to the rounding of the mean."""
        return cls(mean, variance, variance > (MEAN_ROUNDINGS * unit * mean) ** 2)

    @property
    def is_blurred(self) -> NDArray[np.bool_]:
        """Whether variances from cross-products are inaccurate, so that rows must be read again."""
        return np.asarray(
            (self.variance < BLURRED * self.mean**2) | ~self.varies & (self.mean != 0)
        )

    @property
    def scale(self) -> Floats:
        """Standard deviations; 1 for a column that does not vary, as in `StandardScaler`."""
        return np.sqrt(np.where(self.varies, self.variance, 1.0))


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """Weighted sums of products of the columns of [1 X y]; those of two sets of rows add up."""

    sums: Floats  # (1 + d + k, same)
    n_targets: int
    n_samples: int
    unit: float = EPS  # the rounding of the sums

    def __add__(self, other: CrossProducts) -> CrossProducts:
        n_samples, unit = self.n_samples + other.n_samples, max(self.unit, other.unit)
        return CrossProducts(self.sums + other.sums, self.n_targets, n_samples, unit)

    @property
    def weight(self) -> float:
        return float(self.sums[0, 0])

    @property
    def n_features(self) -> int:
        return len(self.sums) - 1 - self.n_targets

    def quadratic(self, fit_intercept: bool, alpha: float | Floats = 0.0) -> Quadratic:
        """Return the objective; `alpha` may be one penalty per feature, (d,)."""
        first, last = (0 if fit_intercept else 1), -self.n_targets
        hessian = self.sums[first:last, first:last] / self.weight
        hessian += np.diagflat(penalties(len(hessian), fit_intercept, alpha))
        return Quadratic(
            hessian=hessian,
            b=self.sums[first:last, last:] / self.weight,
            squares_of_y=np.diagonal(self.sums)[last:] / self.weight,
            unit=self.unit,
        )

    def spread(self, centred: bool) -> Spread:
        """Return means and variances; a column whose variance is rounding does not vary."""
        columns = slice(1, 1 + self.n_features)
        mean = self.sums[0, columns] / self.weight * centred
        mean_square = np.diagonal(self.sums)[columns] / self.weight
        variance = mean_square - mean**2
        varies = variance > VARIANCE_ROUNDINGS * self.unit * mean_square
        return Spread(mean, variance, varies)

    def standardised(self, spread: Spread, divisor: Floats) -> CrossProducts:
        """Return the cross-products of (X - mean) / divisor, columns that do not vary unmoved."""
        shift, scale = np.zeros(len(self.sums)), np.ones(len(self.sums))
        columns = slice(1, 1 + self.n_features)
        shift[columns], scale[columns] = spread.mean * spread.varies, divisor
        sums = self.sums - np.outer(shift, self.sums[0])
        sums -= np.outer(sums[:, 0], shift)
        return replace(self, sums=sums / np.outer(scale, scale))


@dataclass(frozen=True, eq=False)
class Quadratic:
    """J = 1/2 theta' H theta - b' theta + 1/2 mean(y^2), from cross-products."""

    hessian: Floats  # (p, p), the penalty included
    b: Floats  # (p, k)
    squares_of_y: Floats  # (k,): weighted means
    unit: float = EPS  # the rounding of the sums

    def losses(self, theta: Floats) -> Floats:
        """Return J of each target, (k,), to the rounding of `sizes`."""
        quadratic = np.einsum("pk,pk->k", theta, self.hessian @ theta)
        linear = np.einsum("pk,pk->k", theta, self.b)
        return np.asarray(0.5 * (self.squares_of_y + quadratic) - linear)

    def gradient(self, theta: Floats) -> Floats:
        """Return the partial derivatives, (p, k)."""
        return (self.hessian @ theta if theta.any() else np.zeros_like(self.b)) - self.b

    def sizes(self, theta: Floats) -> Floats:
        """Return mean squares of y plus those of predictions, (k,), to which losses are rounded."""
        quadratic = np.einsum("pk,pk->k", theta, self.hessian @ theta)
        return np.asarray(self.squares_of_y + np.abs(quadratic))


def penalties(size: int, fit_intercept: bool, alpha: float | Floats) -> Floats:
    """Return the diagonal of the penalty's Hessian, (size, 1): alpha, and 0 for the intercept."""
    diagonal = np.zeros((size, 1))
    diagonal[int(fit_intercept) :, 0] = alpha
    return diagonal
