"""When the descent ends: one predicate, which the loop asks at every t and the formula bisects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# More updates than this are not counted: powers of contractions take floats.
NEVER = 1 << 256
# Points asked at once in a search: few rounds, each one array operation of a few numbers.
PROBES = 32


@dataclass(frozen=True)
class Stop:
    """After how many updates the descent ended, and why."""

    t: int
    reason: str


@dataclass(frozen=True)
class Stopping:
    """The predicate. `rest` is the first t whose next update is below the coefficients' rounding.

    `rest` and `diverging` come from the curvatures before the first update. A loop that measured
    its updates instead would stop on the rounding noise of its gradient, at a t of no meaning.
    """

    tol: float | None
    max_iter: int
    rest: int | None = None
    diverging: bool = False

    def reason(self, t: int, loss: float, fall: float) -> str | None:
        """Why to stop at t, where the next update would lower the loss by `fall`; None: go on."""
        if self.tol is not None and loss < self.tol:
            return "tol"
        if self.rest is not None and t >= self.rest:
            return "stationary"
        if t >= self.max_iter:
            return "max_iter"
        # Convex in t: a loss that rises once rises for ever. `not >` also catches an overflow.
        if self.diverging and not fall > 0:
            return "diverged"
        return None


class Curve(Protocol):
    """What the search asks of a descent, at many t at once."""

    @property
    def lr(self) -> float: ...
    @property
    def diverging(self) -> bool: ...
    def loss(self, t: ArrayLike) -> Floats: ...
    def fall(self, t: ArrayLike) -> Floats: ...
    def fall_at(self, t: int) -> float: ...
    def size(self, t: int) -> Floats: ...
    def update_weights(self, unit: Floats) -> Floats: ...
    def largest(self, t: ArrayLike, weights: Floats) -> Floats: ...


def foresee(curve: Curve, tol: float | None, max_iter: int, rounding: float) -> Stopping:
    """The predicate for this descent; `rounding` is relative, that of the coefficients' dtype.

    An update is compared with the coefficients the descent is heading for, those at its last
    possible t. Unlike the coefficients of the moment they do not depend on t, and unlike those at
    infinity they do not need the numerical rank to be decided.
    """
    last = _end_of_fall(curve, max_iter)
    unit = rounding * curve.size(last)
    if not curve.diverging and _still_moves(curve, last, unit):
        return Stopping(tol, max_iter)
    weights = curve.update_weights(unit)
    if curve.diverging:
        # Convex in t as the loss is, with a least value of its own; rest comes before it or never.
        rise = first_true(
            lambda t: curve.largest(t + 1, weights) >= curve.largest(t, weights), last
        )
        last = last if rise is None else rise
    rest = first_true(lambda t: curve.largest(t, weights) <= 1.0, last)
    return Stopping(tol, max_iter, rest, curve.diverging)


def _still_moves(curve: Curve, t: int, unit: Floats) -> bool:
    """Whether some target's next update is larger than its unit for sure, as the fall tells.

    Along a direction contracted by r, energy (1 - r^2) of the loss is lost with an update whose
    square is 2 lr energy (1 - r), which is lr times as much or more; and of several targets one's
    ratio is no less than that of the sums.
    """
    return curve.lr * curve.fall_at(t) > 2.0 * float(unit @ unit)


def _end_of_fall(curve: Curve, last: int) -> int:
    """The t of least loss in 0..last."""
    if not curve.diverging:
        return last
    rise = first_true(lambda t: ~(curve.fall(t) > 0), last)
    return last if rise is None else rise


def find_stop(curve: Curve, stopping: Stopping) -> Stop:
    """The first t at which `stopping` has a reason, without visiting those before."""
    t = _end_of_fall(curve, stopping.max_iter)
    if stopping.rest is not None:
        t = min(t, stopping.rest)
    tol = stopping.tol
    if tol is not None:
        # Up to t the loss falls, so "below tol" is false, then true.
        below = first_true(lambda s: curve.loss(s) < tol, t)
        if below is not None:
            return Stop(below, "tol")
    fall = float(curve.fall(t)) if stopping.diverging else np.inf
    reason = stopping.reason(t, np.inf, fall)
    assert reason is not None
    return Stop(t, reason)


def first_true(
    predicate: Callable[[NDArray[Any]], ArrayLike],
    last: int,
    probes: int = PROBES,
    near: int | None = None,
) -> int | None:
    """The least t in 0..last where a predicate that turns true once, for good, is true.

    Found at once where it is `near` or the next.
    """
    low, high = 0, last + 1
    steps = _steps(last, last + 1, 1) if near is None else _around(near, last)
    while low < high:
        true = np.asarray(predicate(steps))
        first = int(true.argmax()) if true.any() else len(steps)
        if high > last and first == len(steps):
            return None
        high = int(steps[first]) if first < len(steps) else high
        low = int(steps[first - 1]) + 1 if first else low
        stride = -(-(high - low + 1) // (probes + 1))  # a single probe bisects
        steps = _steps(low + stride - 1, high, stride)
    return high


def _around(near: int, last: int) -> NDArray[Any]:
    """It, its neighbours and the last one."""
    near = min(near, last)
    return np.append(_steps(max(near - 1, 0), min(near + 2, last), 1), _steps(last, last + 1, 1))


def _steps(low: int, high: int, stride: int) -> NDArray[Any]:
    # Python integers survive any max_iter; as floats they would lose t and its parity.
    if high < 2**62:
        return np.arange(low, high, stride, dtype=np.int64)
    return np.array(range(low, high, stride), dtype=object)
