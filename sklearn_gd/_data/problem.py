"""The protocol between solvers and rows: sums over rows and products with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sklearn_gd._data.cross_products import CrossProducts, Spread
from sklearn_gd._data.objective import Objective, Quadratic
from sklearn_gd._linalg import Floats, Preconditioner, RowVectors


class DesignOperator(Protocol):
    """A = diag(sqrt(w / W)) Z, of shape (n, p), as a linear operator."""

    shape: tuple[int, int]
    unit: float  # the rounding of its products

    def residual(self, theta: Floats) -> RowVectors: ...  # diag(sqrt(w / W)) (y - Z theta)
    def random(self, seed: int) -> RowVectors: ...  # one vector of normally distributed numbers
    def sizes(self, theta: Floats) -> float: ...  # mean squares of y and of the predictions


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
    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]: ...
    def penalties(self, size: int) -> Floats: ...


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

    def squares(self, theta: Floats) -> float:
        """Return the residual sum of squares, to the rounding of the cross-products."""
        return self.squares_and_gradient(theta)[0]

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the residual sum of squares and its gradient from cross-products."""
        quadratic: Quadratic = self.products.quadratic(self.fit_intercept)
        squares = 2.0 * float(quadratic.losses(theta).sum())
        return max(squares, 0.0) * self.weight, quadratic.gradient(theta) * self.weight


def zeros(problem: Any) -> Floats:
    """Return the default start, (p, k)."""
    return np.zeros((problem.n_parameters, problem.n_targets))
