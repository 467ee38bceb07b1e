"""When a descent stops: the loss threshold, convergence, divergence, the most updates.

A closed form is asked at many t at once, and no iterate before the stop is visited.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.bisection import first_true
from sklearn_gd._descent.closed_form import ClosedForm
from sklearn_gd._descent.scan import first_below, risen_for_good

# More updates than this are not counted: factors take t as a float.
MOST_UPDATES = 1 << 256


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
    more than that, relatively.
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
    if not descent.spectrum.limit_is_known or last < 1:
        return None
    most = eps * descent.limit_scale

    def at_rest(t: ArrayLike) -> NDArray[np.bool_]:
        return np.asarray((descent.distance_bound(t) <= most).all(axis=-1))

    found = first_true(at_rest, last)
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
