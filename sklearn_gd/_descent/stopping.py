"""When a descent stops: the loss threshold, convergence, divergence, the most updates.

A closed form is asked at many t at once. What turns true once, for good, is bisected, and no
iterate before the stop is visited; with momentum, whose loss rises and falls, every t is looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.closed_form import ClosedForm

# More updates than this are not counted: factors take t as a float.
MOST_UPDATES = 1 << 256
# Points asked at once: few rounds, each one array operation of a few numbers.
PROBES = 32
# Updates looked at in a scan, at most.
MOST_SCANNED = 10**7
# Bounds of a loss hold up to rounding, which is far below this share of the loss.
BOUND_MARGIN = 1e-9
# Updates in the first block of a scan, and in the longest: each is twice as long as the last.
FIRST_BLOCK, LONGEST_BLOCK = 1 << 8, 1 << 16


@dataclass(frozen=True)
class Stop:
    """After how many updates the descent ended, why, and which iterate is the answer."""

    t: int
    reason: str
    best: int  # t, but for a diverged descent that of the least loss


@dataclass(frozen=True)
class StoppingRule:
    """Stop once the loss is below `tol`, at rest, after `max_iter` updates, or when it diverges.

    `eps` is the rounding of the coefficients: at rest no later iterate differs from the limit by
    more than that, relatively. With 0 no descent is at rest.
    """

    tol: float | None
    max_iter: int
    eps: float


def find_stop(descent: ClosedForm, rule: StoppingRule) -> Stop:
    """Return the first t at which the rule has a reason; `tol` comes first, `max_iter` last."""
    if descent.diverges:
        end, falls_until = _end_of_divergence(descent, rule.max_iter)
    else:
        rest = stationary_at(descent, rule.max_iter, rule.eps)
        falls_until = rule.max_iter if rest is None else rest
        end = Stop(falls_until, "max_iter" if rest is None else "stationary", falls_until)
    if rule.tol is None:
        return end
    tol = rule.tol
    if descent.rule.loss_is_convex:
        below = first_true(lambda t: descent.loss(t) < tol, falls_until)
    else:
        below = first_below(descent, tol, end.t)
    return end if below is None else Stop(below, "tol", below)


def stationary_at(descent: ClosedForm, last: int, eps: float) -> int | None:
    """Return the first t in 1..last from which no iterate is further than eps from the limit.

    None when there is no such t, or when the limit is not known.
    """
    if not descent.spectrum.limit_is_known or last < 1 or eps == 0:
        return None
    most = eps * descent.limit_scale
    found = first_true(lambda t: (descent.distance_bound(t) <= most).all(axis=-1), last)
    return None if found is None else max(found, 1)


def _end_of_divergence(descent: ClosedForm, max_iter: int) -> tuple[Stop, int]:
    """Return the stop, after the update that raises the loss for good, and the t of least loss."""
    if descent.rule.loss_is_convex:
        least = first_true(lambda t: ~(descent.decrease(t) > 0), max_iter)
        seen = first_true(descent.has_risen, max_iter)
        risen, best = (None if seen is None else seen + 1), (max_iter if least is None else least)
    else:
        risen, best = risen_for_good(descent, max_iter)
    if risen is None or risen > max_iter:
        return Stop(max_iter, "max_iter", max_iter), min(best, max_iter)
    return Stop(risen, "diverged", best), best


def first_true(predicate: Callable[[NDArray[Any]], ArrayLike], last: int) -> int | None:
    """Return the least t in 0..last for which a predicate that turns true once, for good, is true.

    The last t is asked first, since most often nothing turns true.
    """
    low, high = 0, last + 1
    steps = _integers(range(last, last + 1))
    while low < high:
        true = np.asarray(predicate(steps))
        first = int(true.argmax()) if true.any() else len(steps)
        if high > last and first == len(steps):
            return None
        high = int(steps[first]) if first < len(steps) else high
        low = int(steps[first - 1]) + 1 if first else low
        steps = _integers(_probes(low, high))
    return high


def _probes(low: int, high: int) -> Sequence[int]:
    """Return some t in low..high - 1: powers of two while high is far above low, else evenly."""
    if high > (low + 1) << PROBES:
        bits = (high - low).bit_length() - 1
        return [low + (1 << bits * i // PROBES) for i in range(PROBES)]
    stride = -(-(high - low + 1) // (PROBES + 1))
    return range(low + stride - 1, high, stride)


def _integers(steps: Sequence[int]) -> NDArray[Any]:
    # Python integers survive any max_iter; as floats they would lose t and its parity.
    return np.array(steps, dtype=np.int64 if max(steps, default=0) < 2**62 else object)


def first_below(descent: ClosedForm, tol: float, last: int) -> int | None:
    """Return the first t in 0..last with J_t < tol.

    The loss is at least that of the directions that fall monotonically, and at most that of the
    envelope: only updates between the two are looked at. Raises ValueError if the first
    MOST_SCANNED of them hold no such loss and a later one may.
    """
    floor, energy, factors = descent.spectrum.floor, descent.energy, descent.factors
    if tol <= floor:
        return None
    falling = energy * factors.falls
    high, low = tol * (1.0 + BOUND_MARGIN), tol * (1.0 - BOUND_MARGIN)
    first = first_true(lambda t: factors.squared(t) @ falling + floor < high, last)
    if first is None:
        return None
    if not descent.diverges:
        sure = first_true(lambda t: factors.envelope(t) ** 2 @ energy + floor < low, last)
        last = last if sure is None else sure
    for steps in _blocks(first, min(last, first + MOST_SCANNED)):
        below = descent.loss(steps) < tol
        if below.any():
            return int(steps[below.argmax()])
    if last <= first + MOST_SCANNED:
        return None
    raise ValueError(
        f"No loss below tol={tol:.6g} was found among {MOST_SCANNED:,} updates, from t = {first:,} "
        "on, and with momentum no more are looked at. Set a smaller max_iter, raise lr, or leave "
        "tol at None."
    )


def risen_for_good(descent: ClosedForm, max_iter: int) -> tuple[int | None, int]:
    """Return the first t after which J stays above J_0, and the t of least loss up to there.

    Once the growing directions alone are above J_0, and grow, no later loss is below it.
    """
    first, growing = float(descent.loss(0)), descent.factors.diverges
    last_below, best, least = 0, 0, first
    for steps in _blocks(0, MOST_SCANNED):
        losses = descent.loss(steps)
        below = np.flatnonzero(~(losses > first))
        last_below = int(steps[below[-1]]) if below.size else last_below
        within = losses[steps <= min(max_iter, last_below)]
        if within.size and float(within.min()) < least:
            best, least = int(steps[within.argmin()]), float(within.min())
        if _outgrown(descent, growing, first, int(steps[-1])):
            return last_below + 1, best
        if steps[-1] >= max_iter and last_below >= max_iter:
            return None, best
    raise ValueError(
        f"With lr={descent.rule.lr:.4g} the descent diverges, but so slowly that its loss does not "
        f"stay above the first one within {MOST_SCANNED:,} updates. Choose a smaller lr."
    )


def _outgrown(descent: ClosedForm, growing: NDArray[np.bool_], first: float, t: int) -> bool:
    """Whether growing directions alone have a loss above `first` at t, and rise or overflow."""
    energy = descent.energy * growing
    with np.errstate(over="ignore", invalid="ignore"):
        now, after = (float(descent.factors.squared(s) @ energy) for s in (t, t + 1))
    return not (now <= first or after < now)  # equal once factors are held at their largest


def _blocks(start: int, last: int) -> Iterator[NDArray[np.int64]]:
    size = FIRST_BLOCK
    while start <= last:
        yield np.arange(start, min(start + size, last + 1))
        start, size = start + size, min(2 * size, LONGEST_BLOCK)
