"""The objective J of all kinds of rows.

With weights w >= 0 of sum W and Z = [1 X] or X::

    J(theta)      = 1 / (2 W) * sum_i w_i (z_i . theta - y_i)^2 + alpha / 2 * |coef|^2
    grad J(theta) = H theta - b,   H = Z' diag(w) Z / W + alpha on the coefficients' diagonal,
                                   b = Z' diag(w) y / W
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sklearn_gd._linalg import EPS, Floats

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
    """Mixin: J and its gradient at any theta, from sums over rows."""

    if TYPE_CHECKING:  # what each kind of rows brings

        @property
        def fit_intercept(self) -> bool: ...
        @property
        def alpha(self) -> float: ...
        @property
        def weight(self) -> float: ...  # W
        def squares(self, theta: Floats) -> float: ...  # sum_i w_i |z_i theta - y_i|^2
        def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]: ...  # and W grad

    def penalties(self, size: int) -> Floats:
        """Return the diagonal of the penalty, (size, 1): alpha, and 0 for the intercept."""
        return penalties(size, self.fit_intercept, self.alpha)

    def loss(self, theta: Floats) -> float:
        """Return J(theta), summed over targets."""
        return self._loss(self.squares(theta), theta)

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return J(theta) and its partial derivatives (p, k)."""
        squares, gradient = self.squares_and_gradient(theta)
        return self._loss(squares, theta), gradient / self.weight + self._penalty_gradient(theta)

    def _loss(self, squares: float, theta: Floats) -> float:
        return squares / (2.0 * self.weight) + 0.5 * float(
            np.vdot(theta, self._penalty_gradient(theta))
        )

    def _penalty_gradient(self, theta: Floats) -> Floats:
        return self.penalties(len(theta)) * theta


def penalties(size: int, fit_intercept: bool, alpha: float) -> Floats:
    """Return the diagonal of the penalty's Hessian, (size, 1)."""
    diagonal = np.full((size, 1), alpha)
    diagonal[: int(fit_intercept)] = 0.0
    return diagonal


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
