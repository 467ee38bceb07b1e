"""Stops of descents with momentum, whose loss rises and falls: every t is looked at, in blocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.bisection import first_true
from sklearn_gd._descent.closed_form import ClosedForm

# Updates looked at, at most.
MOST_SCANNED = 10**7
# Bounds of a loss hold up to rounding, which is far below this share of the loss.
BOUND_MARGIN = 1e-9
# Updates in the first block; each block is twice as long as the one before, up to the last size.
FIRST_BLOCK, LONGEST_BLOCK = 1 << 8, 1 << 16


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
