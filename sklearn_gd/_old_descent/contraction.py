"""Powers of the contraction r = 1 - lr * curvature, exact from t = 0 to t = 10**12 and beyond."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# A sum within this of where it is to fall to, relatively, is there with one more step.
NEARLY = 0.01
# Newton's steps to where a sum of powers has fallen to some number; there rarely are ten.
MOST_STEPS = 64
# Powers of growing directions are held below this, so that inf - inf never makes a nan.
LARGEST_SIZE = 1e150
# Times any number of updates it stays finite, and times a single one it is zero or infinity to exp.
LARGEST_LOG = 1e200
QUIET_ALREADY: AbstractContextManager[None] = nullcontext()


class Contraction:
    """What is left of each direction after t updates at rate `lr`: r^t, and what is gone: 1 - r^t.

    The logarithm of |r| comes from `log1p` on both sides of r = 0, so that rates far below and
    rates right at the stable limit lose nothing, where `r ** t` would lose t roundings.
    """

    def __init__(self, curvature: Floats, lr: float) -> None:
        self.curvature = curvature
        with np.errstate(over="ignore", divide="ignore"):
            reach = lr * curvature
            log_size = np.log1p(np.maximum(-reach, reach - 2.0))  # either side of r = 0
            # r = 0, or a rate that overflows: finite, so that t = 0 gives 0 and r^0 = 1.
            self.log_size: Floats = np.minimum(np.maximum(log_size, -LARGEST_LOG), LARGEST_LOG)
            # 1 - r^2 = reach * (2 - reach) keeps its digits where r is close to 1 or to -1.
            self.lost_per_update: Floats = reach * (2.0 - reach)
        self.negative: NDArray[np.bool_] = reach > 1.0
        self.any_negative = bool(self.negative.any())
        self.any_growing = self.any_negative and bool((self.lost_per_update < 0).any())

    def power(self, t: ArrayLike) -> Floats:
        """r^t, of shape t.shape + curvature.shape."""
        with self.overflowing():
            size = np.exp(_floats(t) * self.log_size)
        if self.any_negative:
            size = np.where(self.negative & _odd(t), -size, size)
        return size

    def squared(self, t: ArrayLike) -> Floats:
        """r^(2 t): the share of each direction's loss that is left."""
        with self.overflowing():
            twice = 2.0 * t if type(t) is int else 2.0 * _floats(t)
            return np.exp(twice * self.log_size)

    def shortfall(self, t: ArrayLike) -> Floats:
        """1 - r^t, without cancellation for small curvature or small t."""
        with self.overflowing():
            gone = -np.expm1(_floats(t) * self.log_size)
        if self.any_negative:
            gone = np.where(self.negative & _odd(t), 2.0 - gone, gone)
        return gone

    def falls_to(self, weights: Floats, share: float, t: float) -> float | None:
        """Within half an update of where sum weights r^(2 t) falls to `share`, from an earlier one.

        By Newton's method on its logarithm, which is convex in t: from the left no step of its own
        goes too far. None: the end is not in sight.
        """
        slope = 2.0 * self.log_size
        for _ in range(MOST_STEPS):
            left = weights * np.exp(slope * t)
            size, falls = float(np.add.reduce(left)), -float(left @ slope)
            if size <= share:
                return t
            far = log(size / share)
            step = size / falls * far if falls > 0 else inf
            if not step < LARGEST_LOG:
                return None
            if far < NEARLY and step < 0.5:
                return t + step
            t += max(step, 0.5)
        return None

    def held(self, power: Floats) -> Floats:
        """Powers, or what is gone, within LARGEST_SIZE."""
        return held(power) if self.any_growing else power

    def overflowing(self) -> AbstractContextManager[None]:
        """Where powers that grow, and sums of them, may become infinite without a word.

        Powers that shrink never do, and entering `np.errstate` takes longer than a small power.
        """
        if self.any_growing:
            return np.errstate(over="ignore", invalid="ignore")
        return QUIET_ALREADY


def held(power: Floats) -> Floats:
    return np.minimum(np.maximum(power, -LARGEST_SIZE), LARGEST_SIZE)


def _floats(t: ArrayLike) -> Floats:
    """t, beside an axis for the directions."""
    return np.asarray(t, dtype=float)[..., np.newaxis]


def _odd(t: ArrayLike) -> NDArray[np.bool_]:
    """Its parity, taken before it becomes a float, which forgets it beyond 2**53."""
    return np.asarray(np.asarray(t) % 2 != 0, dtype=bool)[..., np.newaxis]
