"""What an ending means for the user, with one thing to do about it; None when all is well.

Each sentence is true of the fit, and its advice holds when followed: counts are of updates from the
start, at the rate that the advised fit would use.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_gd._descent import ClosedForm, rounded_down
from sklearn_gd._report import forecast
from sklearn_gd._solvers import has_few_rows

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

# A loss to come to, and how near the least one that is, in words.
Goal = tuple[float, str]

# "Near the least possible loss": this far above it.
NEAR = 0.01
# A loss this close to the least one, relatively, is at it. If the least loss is zero, it is this
# share of the loss that a model has which uses no column.
CONVERGED_RTOL = 1e-10
# The least loss is said with six digits if it is known this well, relatively.
SIX_DIGITS = 1e-5
# A rate below this share of the largest stable one is the first thing to change.
LOW_RATE = 0.1
# A rate above this many times the largest stable one is said to be so many times as large.
NOT_BARELY = 1.01
# Two losses that a loop computed are not told apart within so many roundings.
LOSS_ROUNDINGS = 64
# At the stable limit, to the digits of an eigenvalue, more updates than these are not foretold.
UNCERTAIN = 1e9
# A scaler is advised if it saves this share of the updates.
WORTH_SCALING = 0.5
# More columns than this are not summed for a sentence on scaling.
MOST_COLUMNS = 1024
# Nor more rows or columns, if rows are fewer: their products would take longer than the fit.
MOST_OF_FEW = 256


def convergence_message(
    path: DescentPath, problem: Any, tol: float | None, lr: float | None
) -> str | None:
    """Return why this ending may not be what was asked for, and what to do.

    `lr` is what the user gave; None for "auto".
    """
    if path.stop_reason == "tol":
        return None
    descent = path._descent
    said = [_diverged(path, problem) if path.stop_reason == "diverged" else None]
    if isinstance(descent, ClosedForm) and descent.spectrum.columns_lost:
        said.append(_columns_lost(path, problem))
    elif path.stop_reason == "max_iter":
        said.append(_unfinished(path, problem, lr))
    said.append(_unreachable(path, tol))
    return " ".join(filter(None, said)) or None


def _unreachable(path: DescentPath, tol: float | None) -> str | None:
    floor = getattr(path, "loss_floor", None)
    if tol is None or floor is None:
        return None
    error = path._floor_error
    if tol <= error:
        below = f"below {error:.3g} a loss cannot be told from rounding here"
        return f"tol={tol:.6g} was not used: {below}."
    if tol <= floor - error:
        below = f"is below the least possible loss {floor:.6g}"
        return f"tol={tol:.6g} {below}: no number of updates reaches it."
    return None


def _columns_lost(path: DescentPath, problem: Any) -> str | None:
    loss, floor = float(path.loss(path.best_iter)), getattr(path, "loss_floor", None)
    if loss - (floor or 0.0) <= CONVERGED_RTOL * (floor or 0.0) + path._floor_error:
        return None
    possible = "" if floor is None else f", and {floor:.6g} is possible"
    shown = forecast.listed(forecast.lost_columns(path, problem))
    return (
        f"Columns are too far apart in scale for float64: {shown}. The descent does not see all of "
        f"their directions; its loss is {loss:.6g}{possible}. Standardise the "
        f"columns: put {forecast.scaler_for(problem)} before this estimator."
    )


def _diverged(path: DescentPath, problem: Any) -> str:
    stop, stable = path._stop, path.max_stable_lr
    rose = f"Update {stop.t:,} raised the loss"
    if path.momentum:
        rose = f"From update {stop.t:,} on the loss is above that of the start"
    scaled = forecast.scaled_path(path, problem).max_stable_lr if _may_scale(problem) else 0.0
    higher = f"; after {forecast.scaler_for(problem)} rates below {rounded_down(scaled)} are stable"
    return (
        f"The descent diverged: {_above(path.lr, stable)}. {rose}, and coef_ is the iterate of "
        f"least loss {float(path.loss(stop.best)):.6g}, after {_updates(stop.best)}. "
        "Later losses grow without bound. "
        f"Choose lr below {rounded_down(stable)}, or lr='auto'"
        f"{higher if scaled > stable / WORTH_SCALING else ''}."
    )


def _above(lr: float, stable: float) -> str:
    """How far a rate is above the largest stable one, in digits that differ."""
    digits = next((n for n in range(4, 17) if f"{lr:.{n}g}" != f"{stable:.{n}g}"), 17)
    rates = f"the largest stable rate {stable:.{digits}g}"
    if lr < NOT_BARELY * stable:
        return f"lr={lr:.{digits}g} is above {rates}"
    return f"lr={lr:.{digits}g} is {lr / stable:.3g} times {rates}"


def _unfinished(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    loss, floor = float(path.loss(path.n_iter)), getattr(path, "loss_floor", None)
    if floor is None:
        return _floor_unknown(path, problem, lr)
    if forecast.is_exact(path):
        scale = forecast.loss_of_the_mean(path, problem)
        if path._floor_error > CONVERGED_RTOL * scale:  # the floor may be as large as its error
            return _floor_unknown(path, problem, lr)
        good = near = max(CONVERGED_RTOL * scale, forecast.least_told(path))
        above, reach = "and 0 is possible", f"a loss below {near:.3g}"
    else:
        good, near = floor + CONVERGED_RTOL * floor + path._floor_error, floor * (1.0 + NEAR)
        digits = 6 if path._floor_error <= SIX_DIGITS * floor else 3
        above = f"{loss - floor:.3g} above the least possible {floor:.{digits}g}"
        reach = f"within {100 * NEAR:g} % of it"
    if loss <= good:
        return None
    said = _ended(path, above)
    if loss <= near:
        return f"{said} That is {reach}. {_later_rise(path) or 'Raise max_iter to come closer.'}"
    return f"{said} {_advice(path, problem, lr, (near, reach))}"


def _ended(path: DescentPath, more: str) -> str:
    fall = _last_fall(path)
    moved = "still falling" if fall > 0 else "rising" if fall < 0 else "hardly falling"
    ended = f"max_iter={path.n_iter:,} ended the descent while its loss was {moved}"
    return f"{ended}: {float(path.loss(path.n_iter)):.6g}, {more}."


def _last_fall(path: DescentPath) -> float:
    """By how much the last update lowered the loss; 0 if by no more than rounding explains."""
    first, before, loss = map(float, path.loss([0, path.n_iter - 1, path.n_iter]))
    told = float(np.finfo(path._layout.dtype).eps) * before
    if not isinstance(path._descent, ClosedForm):  # a loop's loss has the rounding of y, too
        told += float(np.finfo(float).eps) * sqrt(first * before)
    return before - loss if abs(before - loss) > LOSS_ROUNDINGS * told else 0.0


def _later_rise(path: DescentPath) -> str | None:
    """What to say of a rate at which the loss rises for ever, sooner or later.

    A loop does not know whether its start has a part along the directions that grow.
    """
    descent, stable = path._descent, getattr(path, "max_stable_lr", None)
    if stable is None:
        return None
    if isinstance(descent, ClosedForm):
        rises, verb = descent.diverges, "would"
    else:
        rises, verb = path.lr > (1.0 + CONVERGED_RTOL) * stable, "may"
    said = f"Later it {verb} rise for ever: {_above(path.lr, stable)}. Choose a smaller lr."
    return said if rises else None


def _advice(path: DescentPath, problem: Any, lr: float | None, goal: Goal) -> str:
    """One thing to do, in this order: a higher rate, scaled columns, more updates."""
    later = _later_rise(path)
    if later is not None:
        return later
    near, reach = goal
    needed, raised = forecast.updates_to(path, near, path.n_iter), _raise_low(path, lr)
    if path.lr > (1.0 - CONVERGED_RTOL) * path.max_stable_lr and needed and needed > UNCERTAIN:
        needed = None  # it would be read off the rounding of the largest eigenvalue
    if raised is not None:
        auto = path._sibling_at(forecast.auto_rate(path._largest))
        count = forecast.updates_to(auto, near, path.n_iter)
        if count and (needed is None or count < needed):
            return f"{raised}: lr='auto' comes to {reach} in {_updates(count)}."
    advice = _scaling_advice(path, problem, lr, goal, needed)
    if advice is not None:
        return advice
    if needed is None:  # at the stable limit, where a direction keeps its length
        return "Choose a smaller lr."
    return f"Raise max_iter: it comes to {reach} in {_updates(needed)}."


def _scaling_advice(
    path: DescentPath, problem: Any, lr: float | None, goal: Goal, needed: int | None = None
) -> str | None:
    """The scaler to put before, where it saves half of the updates, with the rate that does."""
    if not _may_scale(problem):
        return None
    near, reach = goal
    scaled, setting = forecast.scaled_path(path, problem), ""
    if lr is not None and LOW_RATE * scaled.max_stable_lr <= lr < scaled.max_stable_lr:
        scaled = scaled._sibling_at(lr)
    elif lr is not None:
        setting = " and set lr='auto'"
    least = scaled.loss_floor * (1.0 + NEAR)
    if path.alpha:  # scaled columns have other coefficients, and another penalty
        near, reach = least, f"within {100 * NEAR:g} % of the least loss there, {least:.6g},"
    count = forecast.updates_to(scaled, max(near, least), path.n_iter)
    if not count or (needed is not None and count > WORTH_SCALING * needed):
        return None  # with 0 updates the start of zeros would do, and not the scaler
    instead = "" if needed is None else f", instead of {needed:,}"
    put = f"Put {forecast.scaler_for(problem)} before this estimator{setting}"
    return f"{put}: it then comes to {reach} in {_updates(count)}{instead}."


def _floor_unknown(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    """What to say if the least loss is not known; that of a Krylov space is not below it."""
    descent, fall, raised = path._descent, _last_fall(path), _raise_low(path, lr)
    if fall:
        unknown = f", if lr={path.lr:.4g} is stable, which is not known here"
        condition = "" if hasattr(path, "max_stable_lr") else unknown
        change = f"{abs(fall):.3g} {'less' if fall > 0 else 'more'} than one update before"
        more = f"{raised or 'Raise max_iter'}{condition}."
        return f"{_ended(path, change)} {_later_rise(path) or more}"
    if not isinstance(descent, ClosedForm) or descent.spectrum.floor_is_known:
        return None
    floor = descent.spectrum.floor
    near = floor * (1.0 + NEAR)
    if float(path.loss(path.n_iter)) <= near + path._floor_error:
        return None
    said = _ended(path, f"and {floor:.6g} or less is possible")
    if raised is not None:
        return f"{said} {raised}."
    advice = _scaling_advice(path, problem, lr, (near, f"a loss below {near:.6g}"))
    return f"{said} {advice or 'Scale the columns, or raise max_iter.'}"


def _raise_low(path: DescentPath, lr: float | None) -> str | None:
    """The advice for a rate that was given and is far below the largest stable one."""
    stable = getattr(path, "max_stable_lr", None)
    if lr is None or stable is None or lr >= LOW_RATE * stable:
        return None
    return f"Raise lr, which is stable below {rounded_down(stable)}"


def _may_scale(problem: Any) -> bool:
    """Whether columns are few enough to be summed for a sentence."""
    n, p = problem.n_samples, problem.n_parameters
    if has_few_rows(problem):
        return bool(n <= MOST_OF_FEW)
    return bool(p <= (MOST_COLUMNS if n >= p else MOST_OF_FEW))


def _updates(count: int) -> str:
    return f"{count:,} update{'' if count == 1 else 's'}"
