"""Update rules: the rate, the momentum, and what is known of a descent from them alone."""

from dataclasses import dataclass
from math import floor, inf, log10, sqrt

from sklearn_gd._descent.residual_polynomials import MomentumFactors, PlainFactors
from sklearn_gd._linalg import Floats


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

    def factors(self, eigenvalues: Floats) -> PlainFactors | MomentumFactors:
        """Return the residual polynomials at these eigenvalues."""
        if self.momentum == 0.0:
            return PlainFactors(eigenvalues, self.lr)
        return MomentumFactors(eigenvalues, self.lr, self.momentum, self.nesterov)


def rounded_down(rate: float) -> str:
    """Return a stable rate with four digits, not above it, so that the number given is stable."""
    said = f"{rate:.4g}"
    if float(said) <= rate:
        return said
    last_digit = 10.0 ** (floor(log10(rate)) - 3)
    return f"{rate - last_digit:.4g}"
