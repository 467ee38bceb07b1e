"""What a user asks of a descent, and what a solver answers."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_gd._descent import ClosedForm, RecordedDescent, Stop, StoppingRule, UpdateRule

# A loss read off cross-products is a difference of sums: off by this times the rounding of those.
LOSS_ROUNDINGS = 4
# Eigenvalues and slopes from cross-products are off by so many roundings of the largest. Against
# 80-bit arithmetic on random problems: 2 are usual, 10 the most in thousands.
SPECTRUM_ROUNDINGS = 10


@dataclass(frozen=True)
class DescentOptions:
    """The rate (None: 1 / largest eigenvalue of H), the stop, and the update rule."""

    lr: float | None = None
    tol: float | None = None
    max_iter: int = 1000
    momentum: float = 0.0
    nesterov: bool = False
    on_growth: Callable[[], None] = lambda: None  # called whenever a Krylov space is about to grow
    most_vectors: int | None = None  # a Krylov space that needs more is given up

    def rule(self, largest: float) -> UpdateRule:
        """Return the update rule for a problem with this largest eigenvalue."""
        lr = self.lr if self.lr is not None else (1.0 / largest if largest > 0 else 1.0)
        return UpdateRule(lr, self.momentum, self.nesterov)

    def stopping_rule(self, eps: float) -> StoppingRule:
        """Return when to stop; `eps` is the rounding of the coefficients."""
        return StoppingRule(self.tol, self.max_iter, eps)


@dataclass(frozen=True)
class StoppedDescent:
    """A descent and where it stopped."""

    descent: ClosedForm | RecordedDescent
    stop: Stop
