"""The objective J of all kinds of rows, and the protocol between rows and solvers.

With weights w >= 0 of sum W and Z = [1 X] or X::

    J(theta)      = 1 / (2 W) * sum_i w_i (z_i . theta - y_i)^2 + alpha / 2 * |coef|^2
    grad J(theta) = H theta - b,   H = Z' diag(w) Z / W + alpha on the coefficients' diagonal,
                                   b = Z' diag(w) y / W
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sklearn_gd._data.cross_products import CrossProducts, Spread, penalties
from sklearn_gd._data.operator import DesignOperator
from sklearn_gd._linalg import Floats, Preconditioner

# The largest size of numbers that can be squared, summed and squared again.
LARGEST_SIZE = 1e70


class NotFinite(ValueError):
    """X holds nan or inf, or numbers whose squares would overflow.

    Sums of squares reveal them, so that X needs no separate pass to be checked.
    """

    def __init__(self, largest_size: float = LARGEST_SIZE) -> None:
        self.largest_size = largest_size
        super().__init__(
            f"X must hold numbers below {largest_size:.0e} in size, so that their squares can be "
            "squared again; got larger ones. Rescale the columns, for instance with StandardScaler."
        )

    def __reduce__(self) -> tuple[type[NotFinite], tuple[float]]:
        # An error is pickled with its message as argument, on its way from a worker process.
        return type(self), (self.largest_size,)


def check_squares(squares: Floats, weight: float, largest_size: float = LARGEST_SIZE) -> None:
    """Raise NotFinite if weighted sums of squares are too large for numbers of that size."""
    # This comparison is also false for nan.
    if not np.all(squares <= largest_size**2 * max(weight, 1.0)):
        raise NotFinite(largest_size)


class Objective:
    """Mixin of problems: J and its gradient at any theta, from sums over rows.

    `squares_and_gradient` is sum_i w_i |z_i theta - y_i|^2 and half its gradient.
    """

    def loss(self: Any, theta: Floats) -> float:
        """Return J(theta), summed over targets."""
        return float(self.loss_and_gradient(theta)[0])

    def loss_and_gradient(self: Any, theta: Floats) -> tuple[float, Floats]:
        """Return J(theta) and its partial derivatives (p, k)."""
        squares, gradient = self.squares_and_gradient(theta)
        of_penalty = penalties(len(theta), self.fit_intercept, self.alpha) * theta
        loss = squares / (2.0 * self.weight) + 0.5 * float(np.vdot(theta, of_penalty))
        return loss, gradient / self.weight + of_penalty


class Problem(Protocol):
    """Rows with targets and weights, and the objective on them."""

    @property
    def fit_intercept(self) -> bool: ...
    @property
    def alpha(self) -> float: ...  # the L2 penalty
    @property
    def is_sparse(self) -> bool: ...
    @property
    def in_memory(self) -> bool: ...  # as NumPy or SciPy rows
    @property
    def n_samples(self) -> int: ...
    @property
    def n_parameters(self) -> int: ...
    @property
    def n_targets(self) -> int: ...
    @property
    def nonzeros(self) -> int: ...
    @property
    def weight(self) -> float: ...
    @property
    def rounding(self) -> float: ...  # of the coefficients' dtype
    def cross_products(self, standardise: Spread | None = None) -> CrossProducts: ...
    def spread(self) -> Spread: ...
    def preconditioned_products(self, preconditioner: Preconditioner) -> Floats: ...
    def operator(self) -> DesignOperator: ...
    def loss(self, theta: Floats) -> float: ...
    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]: ...


@dataclass(frozen=True, eq=False)
class SummedRows(Objective):
    """The problem of rows of which only the cross-products are known."""

    products: CrossProducts
    fit_intercept: bool
    rounding: float
    alpha: float = 0.0

    is_sparse = False
    in_memory = False

    @property
    def n_samples(self) -> int:
        return self.products.n_samples

    @property
    def n_targets(self) -> int:
        return self.products.n_targets

    @property
    def n_parameters(self) -> int:
        return self.products.n_features + self.fit_intercept

    @property
    def nonzeros(self) -> int:
        return self.n_samples * self.n_parameters

    @property
    def weight(self) -> float:
        return self.products.weight

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return the cross-products, or those of standardised columns, as accurate as these."""
        if standardise is None:
            return self.products
        return self.products.standardised(standardise, standardise.scale)

    def spread(self) -> Spread:
        """Return means and variances, to the rounding of the cross-products."""
        return self.products.spread(self.fit_intercept)

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the residual sum of squares and its gradient from cross-products."""
        quadratic = self.products.quadratic(self.fit_intercept)
        squares = 2.0 * float(quadratic.losses(theta).sum())
        return max(squares, 0.0) * self.weight, quadratic.gradient(theta) * self.weight


def zeros(problem: Any) -> Floats:
    """Return the default start, (p, k)."""
    return np.zeros((problem.n_parameters, problem.n_targets))
