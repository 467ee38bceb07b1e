"""What an ending means for the user, with one thing to do about it; None when all is well.

Each sentence is true of the fit, and its advice holds when followed: counts are of updates from the
start, at the rate that the advised fit would use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_gd._descent import ClosedForm, RecordedDescent
from sklearn_gd._report.forecast import (
    EXACT_SHARE,
    goal,
    is_exact,
    lost_columns,
    scaled_path,
    scaler_for,
    updates_to,
)

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

# "Near the least possible loss": this far above it.
NEAR = 0.01
# A loss this close to the least one, relatively, is at it.
CONVERGED_RTOL = 1e-10
# A rate below this share of the largest stable one is the first thing to change.
LOW_RATE = 0.1
# A scaler is advised if it saves this share of the updates.
WORTH_SCALING = 0.5
# More columns than this, and than rows, are not summed for a sentence on scaling.
MOST_COLUMNS = 1024


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
    descent = path._descent
    if isinstance(descent, ClosedForm) and descent.spectrum.columns_lost:
        return _columns_lost(path, problem)
    if path.stop_reason == "diverged":
        return _diverged(path, problem, lr)
    if path.stop_reason == "max_iter":
        return _unfinished(path, problem, lr)
    return None


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


def _columns_lost(path: DescentPath, problem: Any) -> str:
    names = lost_columns(path, problem)
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return (
        f"Columns are too far apart in scale for float64: {shown}. The descent does not see all of "
        f"their directions; its loss is {float(path.loss(path.n_iter)):.6g}, and "
        f"{path.loss_floor:.6g} is possible. Standardise the columns: put "
        f"{scaler_for(problem).name} before this estimator."
    )


def _diverged(path: DescentPath, problem: Any, lr: float | None) -> str:
    stop = path._stop
    stable = path.max_stable_lr
    ending = (
        f"The descent diverged: lr={path.lr:.4g} is {path.lr / stable:.3g} times the largest "
        f"stable rate {stable:.4g}. Update {stop.t:,} raised the loss, and coef_ is the iterate of least "
        f"loss {float(path.loss(stop.best)):.6g}, after {_updates(stop.best)}. "
        "path_.loss(range(10)) and LossCurveDisplay show it explode."
    )
    advice = f" Choose lr below {stable:.4g}, or lr='auto'"
    if _may_scale(path, problem):
        scaled = scaled_path(path, problem, lr)
        if scaled.max_stable_lr > max(path.lr, 2.0 * stable):
            name = scaler_for(problem).name
            advice += f"; after {name} rates below {scaled.max_stable_lr:.4g} are stable"
    return f"{ending}{advice}."


def _unfinished(path: DescentPath, problem: Any, lr: float | None) -> str | None:
    floor = getattr(path, "loss_floor", None)
    if floor is None:
        return _floor_unknown(path, lr)
    loss = float(path.loss(path.n_iter))
    exact = is_exact(path)
    scale = float(path.loss(0)) if exact else floor
    share = EXACT_SHARE if exact else CONVERGED_RTOL
    if loss - floor <= share * scale + path._floor_error:
        return None
    above = (
        "and 0 is possible" if exact else f"{loss - floor:.3g} above the least possible {floor:.6g}"
    )
    said = f"max_iter={path.n_iter:,} ended the descent while its loss was still falling: {loss:.6g}, {above}."
    near = goal(path, EXACT_SHARE if exact else NEAR)
    reach = f"a loss below {near:.3g}" if exact else f"{100 * NEAR:g} % of it"
    if loss <= near and not exact:
        return f"{said} That is within {reach}. Raise max_iter to come closer."
    return f"{said} {_advice(path, problem, lr, near, reach if exact else 'within ' + reach)}"


def _advice(path: DescentPath, problem: Any, lr: float | None, near: float, reach: str) -> str:
    """One thing to do, in this order: a higher rate, scaled columns, more updates."""
    if isinstance(path._descent, ClosedForm) and path._descent.diverges:
        return (
            f"Later it would rise for ever: lr={path.lr:.4g} is above the largest stable rate "
            f"{path.max_stable_lr:.4g}. Choose a smaller lr."
        )
    needed = updates_to(path, near)
    if lr is not None and lr < LOW_RATE * path.max_stable_lr:
        rate = path._sibling_at(0.5 * path.max_stable_lr)
        count = updates_to(rate, near)
        reached = "" if count is None else f": lr='auto' comes to {reach} in {_updates(count)}"
        return f"Raise lr, which is stable below {path.max_stable_lr:.4g}{reached}."
    if _may_scale(path, problem):
        scaled = scaled_path(path, problem, lr)
        count = updates_to(scaled, max(near, scaled.loss_floor * (1.0 + NEAR)))
        if count is not None and (needed is None or count <= WORTH_SCALING * needed):
            return (
                f"Put {scaler_for(problem).name} before this estimator: it then comes to {reach} "
                f"in {_updates(count)}" + ("." if needed is None else f", instead of {needed:,}.")
            )
    if needed is None:
        return "Raise lr or max_iter."
    return f"Raise max_iter: it comes to {reach} in {_updates(needed)}."


def _floor_unknown(path: DescentPath, lr: float | None) -> str | None:
    t = path.n_iter
    loss, before = float(path.loss(t)), float(path.loss(t - 1))
    rounding = float(np.finfo(path._layout.dtype).eps)
    if before - loss <= rounding * before:
        return None
    said = (
        f"max_iter={t:,} ended the descent while its loss was still falling: {loss:.6g}, "
        f"{before - loss:.3g} less than one update before."
    )
    stable = getattr(path, "max_stable_lr", None)
    if stable is not None and lr is not None and lr < LOW_RATE * stable:
        return f"{said} Raise lr, which is stable below {stable:.4g}."
    if stable is None and not isinstance(path._descent, RecordedDescent):
        return f"{said} Raise max_iter, if lr={path.lr:.4g} is stable, which is not known here."
    return f"{said} Raise max_iter."


def _may_scale(path: DescentPath, problem: Any) -> bool:
    """Whether columns are few enough to be summed for a sentence."""
    few = bool(problem.n_parameters <= MOST_COLUMNS)
    return few and (problem.n_samples >= problem.n_parameters or problem.n_parameters <= 256)


def _updates(count: int) -> str:
    return f"{count:,} update{'' if count == 1 else 's'}"
