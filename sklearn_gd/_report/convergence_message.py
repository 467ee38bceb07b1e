"""What an ending means for the user, with one thing to do about it; None when all is well.

Each sentence is true of the fit, and its advice holds when followed: counts are of updates from the
start, at the rate that the advised fit would use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_gd._descent import ClosedForm, RecordedDescent, rounded_down
from sklearn_gd._report.forecast import (
    auto_rate,
    is_exact,
    least_told,
    listed,
    loss_of_the_mean,
    lost_columns,
    scaled_path,
    scaler_for,
    updates_to,
)

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

# "Near the least possible loss": this far above it.
NEAR = 0.01
# A loss this close to the least one, relatively, is at it. If the least loss is zero, it is this
# share of the loss that a model has which uses no column.
CONVERGED_RTOL = 1e-10
# A rate below this share of the largest stable one is the first thing to change.
LOW_RATE = 0.1
# A rate above this many times the largest stable one is said to be so many times as large.
NOT_BARELY = 1.01
# Two losses that a loop computed are not told apart within so many roundings.
LOSS_ROUNDINGS = 64
# A scaler is advised if it saves this share of the updates.
WORTH_SCALING = 0.5
# More columns than this, and than rows, are not summed for a sentence on scaling.
MOST_COLUMNS = 1024
# So few are summed even if rows are fewer.
FEW_COLUMNS = 256


def convergence_message(
    path: DescentPath, problem: Any, tol: float | None, lr: float | None
) -> str | None:
    """Return why this ending may not be what was asked for, and what to do.

    `lr` is what the user gave; None for "auto".
    """
    said = [_ending(path, problem, lr)]
    if path.stop_reason != "tol" and tol is not None:
        said.append(_unreachable(path, tol))
    return " ".join(s for s in said if s) or None


def _ending(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    said = None
    if path.stop_reason == "diverged":
        said = _diverged(path, problem)
    descent = path._descent
    if isinstance(descent, ClosedForm) and descent.spectrum.columns_lost:
        lost = None if path.stop_reason == "tol" else _columns_lost(path, problem)
        return " ".join(filter(None, (said, lost))) or None
    return _unfinished(path, problem, lr) if path.stop_reason == "max_iter" else said


def _unreachable(path: DescentPath, tol: float) -> str | None:
    floor = getattr(path, "loss_floor", None)
    if floor is None or not isinstance(path._descent, ClosedForm):
        return None
    if tol <= path._floor_error:
        return (
            f"tol={tol:.6g} was not used: below {path._floor_error:.3g} a loss cannot be told from "
            f"rounding here."
        )
    if tol <= floor - path._floor_error:
        return (
            f"tol={tol:.6g} is below the least possible loss {floor:.6g}: "
            f"no number of updates reaches it."
        )
    return None


def _columns_lost(path: DescentPath, problem: Any) -> str | None:
    loss, floor = float(path.loss(path.best_iter)), getattr(path, "loss_floor", None)
    if loss - (floor or 0.0) <= CONVERGED_RTOL * (floor or 0.0) + path._floor_error:
        return None
    possible = "" if floor is None else f", and {floor:.6g} is possible"
    shown = listed(lost_columns(path, problem))
    return (
        f"Columns are too far apart in scale for float64: {shown}. The descent does not see all of "
        f"their directions; its loss is {loss:.6g}{possible}. Standardise the "
        f"columns: put {scaler_for(problem).name} before this estimator."
    )


def _diverged(path: DescentPath, problem: Any) -> str:
    stop, stable = path._stop, path.max_stable_lr
    rose = f"Update {stop.t:,} raised the loss"
    if path.momentum:
        rose = f"From update {stop.t:,} on the loss is above that of the start"
    said = (
        f"The descent diverged: {_above(path.lr, stable)}. {rose}, and coef_ is the iterate of "
        f"least loss {float(path.loss(stop.best)):.6g}, after {_updates(stop.best)}. "
        "path_.loss(range(10)) and LossCurveDisplay show it explode. "
        f"Choose lr below {rounded_down(stable)}, or lr='auto'"
    )
    if _may_scale(problem):
        scaled = scaled_path(path, problem).max_stable_lr
        if scaled > stable / WORTH_SCALING:
            name, rates = scaler_for(problem).name, rounded_down(scaled)
            said += f"; after {name} rates below {rates} are stable"
    return f"{said}."


def _above(lr: float, stable: float) -> str:
    """How far a rate is above the largest stable one, in digits that differ."""
    digits = next((n for n in range(4, 17) if f"{lr:.{n}g}" != f"{stable:.{n}g}"), 17)
    rates = f"the largest stable rate {stable:.{digits}g}"
    if lr < NOT_BARELY * stable:
        return f"lr={lr:.{digits}g} is above {rates}"
    return f"lr={lr:.{digits}g} is {lr / stable:.3g} times {rates}"


def _unfinished(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    floor = getattr(path, "loss_floor", None)
    if floor is None:
        return _floor_unknown(path, problem, lr)
    loss, exact = float(path.loss(path.n_iter)), is_exact(path)
    if exact:
        scale = loss_of_the_mean(path, problem) if _may_scale(problem) else float(path.loss(0))
        if path._floor_error > CONVERGED_RTOL * scale:
            return _floor_unknown(
                path, problem, lr
            )  # it may be zero, and may be as large as its error
        near = max(CONVERGED_RTOL * scale, least_told(path))
        if loss <= near:
            return None
        above, reach = "and 0 is possible", f"a loss below {near:.3g}"
    else:
        if loss - floor <= CONVERGED_RTOL * floor + path._floor_error:
            return None
        near = floor * (1.0 + NEAR)
        above = f"{loss - floor:.3g} above the least possible {floor:.6g}"
        reach = f"within {100 * NEAR:g} % of it"
    said = (
        f"max_iter={path.n_iter:,} ended the descent while its loss was still falling: "
        f"{loss:.6g}, {above}."
    )
    if loss <= near:
        return f"{said} That is {reach}. Raise max_iter to come closer."
    return f"{said} {_advice(path, problem, lr, near, reach)}"


def _advice(path: DescentPath, problem: Any, lr: float | None, near: float, reach: str) -> str:
    """One thing to do, in this order: a higher rate, scaled columns, more updates."""
    assert isinstance(path._descent, ClosedForm)
    stable = getattr(path, "max_stable_lr", None)
    if path._descent.diverges:
        above = f"lr={path.lr:.4g} is too large" if stable is None else _above(path.lr, stable)
        return f"Later it would rise for ever: {above}. Choose a smaller lr."
    needed = updates_to(path, near)
    raised = _raise_low(lr, path)
    if raised is not None:
        count = updates_to(path._sibling_at(auto_rate(path._largest)), near)
        if count is not None and (needed is None or count < needed):
            return f"{raised}: lr='auto' comes to {reach} in {_updates(count)}."
    if _may_scale(problem):
        advice = _scaling_advice(path, problem, lr, (near, reach, needed))
        if advice is not None:
            return advice
    if needed is None:
        return "Raise lr or max_iter."
    return f"Raise max_iter: it comes to {reach} in {_updates(needed)}."


def _scaling_advice(
    path: DescentPath, problem: Any, lr: float | None, goal: tuple[float, str, int | None]
) -> str | None:
    """The scaler to put before, where it saves half of the updates, with the rate that does."""
    near, reach, needed = goal
    scaled, setting = scaled_path(path, problem), ""
    if lr is not None and LOW_RATE * scaled.max_stable_lr <= lr < scaled.max_stable_lr:
        scaled = scaled._sibling_at(lr)
    elif lr is not None:
        setting = " and set lr='auto'"
    least = scaled.loss_floor * (1.0 + NEAR)
    if path.alpha:  # scaled columns have other coefficients, and another penalty
        near, reach = least, f"within {100 * NEAR:g} % of the least loss there, {least:.6g},"
    count = updates_to(scaled, max(near, least))
    if count is None or (needed is not None and count > WORTH_SCALING * needed):
        return None
    instead = "" if needed is None else f", instead of {needed:,}"
    return (
        f"Put {scaler_for(problem).name} before this estimator{setting}: it then comes to {reach} "
        f"in {_updates(count)}{instead}."
    )


def _floor_unknown(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    t = path.n_iter
    loss, before = float(path.loss(t)), float(path.loss(t - 1))
    rounding = LOSS_ROUNDINGS * float(np.finfo(path._layout.dtype).eps)
    if before - loss <= rounding * before:
        return _hardly_falling(path, problem, lr)
    said = (
        f"max_iter={t:,} ended the descent while its loss was still falling: {loss:.6g}, "
        f"{before - loss:.3g} less than one update before."
    )
    raised = _raise_low(lr, path)
    if raised is not None:
        return f"{said} {raised}."
    if getattr(path, "max_stable_lr", None) is None and not isinstance(
        path._descent, RecordedDescent
    ):
        return f"{said} Raise max_iter, if lr={path.lr:.4g} is stable, which is not known here."
    return f"{said} Raise max_iter."


def _hardly_falling(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    """What to say of a loss far above the least one of a Krylov space, which is not below J's."""
    descent, loss = path._descent, float(path.loss(path.n_iter))
    if not isinstance(descent, ClosedForm) or descent.spectrum.floor_is_known:
        return None
    near = descent.spectrum.floor * (1.0 + NEAR)
    if loss <= near + path._floor_error:
        return None
    said = (
        f"max_iter={path.n_iter:,} ended the descent while its loss was hardly falling: "
        f"{loss:.6g}, and {descent.spectrum.floor:.6g} or less is possible."
    )
    raised = _raise_low(lr, path)
    if raised is not None:
        return f"{said} {raised}."
    advice = None
    if _may_scale(problem):
        advice = _scaling_advice(path, problem, lr, (near, f"a loss below {near:.6g}", None))
    return f"{said} {advice or 'Scale the columns, or raise max_iter.'}"


def _raise_low(lr: float | None, path: DescentPath) -> str | None:
    """The advice for a rate that was given and is far below the largest stable one."""
    stable = getattr(path, "max_stable_lr", None)
    if lr is None or stable is None or lr >= LOW_RATE * stable:
        return None
    return f"Raise lr, which is stable below {rounded_down(stable)}"


def _may_scale(problem: Any) -> bool:
    """Whether columns are few enough to be summed for a sentence."""
    n, p = problem.n_samples, problem.n_parameters
    return bool(p <= MOST_COLUMNS and (n >= p or p <= FEW_COLUMNS))


def _updates(count: int) -> str:
    return f"{count:,} update{'' if count == 1 else 's'}"
