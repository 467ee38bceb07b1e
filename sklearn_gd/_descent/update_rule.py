"""Update rules and their residual polynomials: what is left of a direction after t updates.

Along a direction of eigenvalue c the distance to the limit is multiplied by p_t(c), p_0 = 1. All
that reads a descent asks for p_t (`residual_factor`), 1 - p_t (`filter_factor`) and p_t^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf, log10, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.momentum import MomentumFactors
from sklearn_gd._descent.powers import LARGEST_LOG, as_column, clip_overflow, is_odd
from sklearn_gd._linalg import Floats


class Factors(Protocol):
    """What updates leave of directions; answers have the shape t.shape + eigenvalues.shape."""

    @property
    def diverges(self) -> NDArray[np.bool_]: ...  # of each direction
    @property
    def falls(self) -> NDArray[np.bool_]: ...  # whether p_t falls monotonically from 1 to 0
    @property
    def log_rate(self) -> Floats: ...  # log |p_{t+1} / p_t| for large t
    def residual_factor(self, t: ArrayLike) -> Floats: ...  # p_t
    def squared(self, t: ArrayLike) -> Floats: ...  # p_t^2
    def filter_factor(self, t: ArrayLike) -> Floats: ...  # 1 - p_t
    def envelope(self, t: ArrayLike) -> Floats: ...  # at least |p_s| for all s >= t
    def sensitivity(self, t: ArrayLike) -> Floats: ...  # |eigenvalue * d p_t / d eigenvalue|


@dataclass(frozen=True)
class UpdateRule:
    """theta <- theta + v, v <- momentum * v - lr * gradient, or that with Nesterov's look ahead.

    The form of `MLPRegressor` and of PyTorch's SGD: with Nesterov theta <- theta + momentum * v -
    lr * gradient, v already updated.
    """

    lr: float
    momentum: float = 0.0
    nesterov: bool = False

    @property
    def loss_is_convex(self) -> bool:
        """Whether J_t is a convex function of t, so that a stop can be bisected."""
        return self.momentum == 0.0

    def stable_below(self, largest: float) -> float:
        """Return the rate from which on a direction of the largest eigenvalue grows."""
        m = self.momentum
        limit = (2.0 + 2.0 * m) / (1.0 + 2.0 * m) if self.nesterov else 2.0 + 2.0 * m
        return limit / largest if largest > 0 else inf

    def fastest(self, largest: float, smallest: float) -> tuple[float, float]:
        """Return the lr and the momentum whose slowest direction is fastest (Polyak 1964)."""
        if not largest > 0:
            return inf, 0.0
        if self.momentum == 0.0:
            return 2.0 / (largest + smallest), 0.0
        if self.nesterov:
            high, low = sqrt(3.0 * largest + smallest), 2.0 * sqrt(smallest)
            return 4.0 / (3.0 * largest + smallest), (high - low) / (high + low)
        high, low = sqrt(largest), sqrt(smallest)
        return 4.0 / (high + low) ** 2, ((high - low) / (high + low)) ** 2

    def step(self, theta: Floats, gradient: Floats, velocity: Floats) -> tuple[Floats, Floats]:
        """Return theta and the velocity after one update, as the textbook has it."""
        if self.momentum == 0.0:
            return theta - self.lr * gradient, velocity
        velocity = self.momentum * velocity - self.lr * gradient
        if self.nesterov:
            return theta + (self.momentum * velocity - self.lr * gradient), velocity
        return theta + velocity, velocity

    def factors(self, eigenvalues: Floats) -> Factors:
        """Return the residual polynomials at these eigenvalues."""
        if self.momentum == 0.0:
            return PlainFactors(eigenvalues, self.lr)
        return MomentumFactors(eigenvalues, self.lr, self.momentum, self.nesterov)


class PlainFactors:
    """p_t = r^t with r = 1 - lr * eigenvalue; factors of growing directions may overflow.

    log |r| comes from `log1p` on both sides of r = 0, so that rates far below and rates right at
    the stable limit lose nothing, while `r ** t` would lose t roundings.
    """

    def __init__(self, eigenvalues: Floats, lr: float) -> None:
        with np.errstate(over="ignore", divide="ignore"):
            reach = lr * eigenvalues
            log_size = np.log1p(np.maximum(-reach, reach - 2.0))  # either side of r = 0
            # 1 - r^2 = reach * (2 - reach) keeps its digits when r is close to 1 or to -1.
            self.lost_per_update: Floats = reach * (2.0 - reach)
        self._reach: Floats = clip_overflow(reach)
        # r = 0 and a rate that overflows become finite, so that t = 0 gives 0 and r^0 = 1.
        self.log_rate: Floats = np.minimum(np.maximum(log_size, -LARGEST_LOG), LARGEST_LOG)
        self._negative: NDArray[np.bool_] = reach > 1.0
        self._any_negative = bool(self._negative.any())

    @property
    def diverges(self) -> NDArray[np.bool_]:
        return np.asarray(self.lost_per_update < 0)

    @property
    def falls(self) -> NDArray[np.bool_]:
        return ~self._negative

    def residual_factor(self, t: ArrayLike) -> Floats:
        size = np.exp(as_column(t) * self.log_rate)
        if self._any_negative:
            size = np.where(self._negative & is_odd(t), -size, size)
        return np.asarray(size)

    def squared(self, t: ArrayLike) -> Floats:
        return np.asarray(np.exp(2.0 * as_column(t) * self.log_rate))

    def filter_factor(self, t: ArrayLike) -> Floats:
        gone = -np.expm1(as_column(t) * self.log_rate)
        if self._any_negative:
            gone = np.where(self._negative & is_odd(t), 2.0 - gone, gone)
        return np.asarray(gone)

    def envelope(self, t: ArrayLike) -> Floats:
        return np.asarray(np.exp(as_column(t) * self.log_rate))

    def sensitivity(self, t: ArrayLike) -> Floats:
        """t reach r^(t - 1) for r >= 0; for r < 0 no more than 1 - |p_t|.

        Close to the stable limit it is t, more than a second decomposition could mend: the
        contract leaves digits out there.
        """
        t = as_column(t)
        with np.errstate(over="ignore"):
            exact = t * self._reach * np.exp(np.maximum(t - 1.0, 0.0) * self.log_rate)
            if not self._any_negative:
                return np.asarray(exact)
            lost = np.abs(np.expm1(t * self.log_rate))
        return np.where(self._negative, np.minimum(exact, lost), exact)


def rounded_down(rate: float) -> str:
    """Return a stable rate with four digits, not above it, so that the number given is stable."""
    said = f"{rate:.4g}"
    if float(said) <= rate:
        return said
    last_digit = 10.0 ** (floor(log10(rate)) - 3)
    return f"{rate - last_digit:.4g}"
