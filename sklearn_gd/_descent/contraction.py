"""Powers of the contraction r = 1 - lr * curvature, exact from t = 0 to t = 10**12 and beyond."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Contraction:
    """What is left of each direction after t updates at rate `lr`: r^t, and what is gone: 1 - r^t.

    The logarithm of |r| comes from `log1p` on both sides of r = 0, so that rates far below and
    rates right at the stable limit lose nothing, where `r ** t` would lose t roundings.
    """

    def __init__(self, curvature: Floats, lr: float) -> None:
        self.curvature = curvature
        with np.errstate(over="ignore", divide="ignore"):
            reach = lr * curvature
            shrinks = reach < 1.0
            self.log_size: Floats = np.log1p(np.where(shrinks, -reach, reach - 2.0))
            # 1 - r^2 = reach * (2 - reach) keeps its digits where r is close to 1 or to -1.
            self.lost_per_update: Floats = reach * (2.0 - reach)
        self.negative: NDArray[np.bool_] = reach > 1.0
        self.any_negative = bool(self.negative.any())

    def power(self, t: ArrayLike) -> Floats:
        """r^t, of shape t.shape + curvature.shape."""
        steps, odd = _steps(t)
        with np.errstate(over="ignore", under="ignore"):
            return self._signed(np.exp(self._exponent(steps)), odd)

    def squared(self, t: ArrayLike) -> Floats:
        """r^(2 t): the share of each direction's loss that is left."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self._exponent(2.0 * np.asarray(t, dtype=float)))

    def shortfall(self, t: ArrayLike) -> Floats:
        """1 - r^t, without cancellation for small curvature or small t."""
        steps, odd = _steps(t)
        with np.errstate(over="ignore", under="ignore"):
            gone = -np.expm1(self._exponent(steps))
        if self.any_negative:
            flipped = self.negative & odd[..., np.newaxis]
            gone = np.where(flipped, 2.0 - gone, gone)
        return gone

    def _exponent(self, steps: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            exponent = steps[..., np.newaxis] * self.log_size
        # r = 0 or an overflowing rate: 0 * inf, where r^0 = 1 is meant.
        return np.where(steps[..., np.newaxis] == 0, 0.0, exponent)

    def _signed(self, size: Floats, odd: NDArray[np.bool_]) -> Floats:
        if self.any_negative:
            size = np.where(self.negative & odd[..., np.newaxis], -size, size)
        return size


def _steps(t: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """t as floats, and its parity taken before, since a float forgets it beyond 2**53."""
    steps = np.asarray(t)
    return steps.astype(float), np.asarray(steps % 2 != 0, dtype=bool)
