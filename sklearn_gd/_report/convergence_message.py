"""What an ending means for the user, in numbers: a path goes in, at most one sentence comes out."""

from __future__ import annotations

import numpy as np

from sklearn_gd._data import HaveMoments
from sklearn_gd._report.forecast import (
    goal,
    standardised,
    updates_when_standardised,
)
from sklearn_gd.path import DescentPath

# "Near the least possible loss": this far above it.
NEAR = 0.01
# A saving in updates worth mentioning.
WORTH_SCALING = 2.0


def advice(path: DescentPath, tol: float | None, moments: HaveMoments | None) -> str | None:
    """Why this ending may not be what was asked for, and what to do; None where it is.

    Without moments nothing is said of scaling, and without a known floor nothing of the distance.
    """
    said = [_ending(path, moments)]
    if path.stop_reason != "tol" and tol is not None:
        said.append(_unreachable(path, tol))
    return " ".join(s for s in said if s) or None


def _unreachable(path: DescentPath, tol: float) -> str | None:
    resolution, floor = path._descent.spectrum.resolution, _floor(path)
    if tol <= resolution:
        return (
            f"tol={tol:.6g} was not used: below {resolution:.3g} a loss cannot be told from "
            f"rounding here."
        )
    if floor is not None and tol <= floor - path._descent.floor_error:
        return (
            f"tol={tol:.6g} is below the least possible loss {floor:.6g}: "
            f"no number of updates reaches it."
        )
    return None


def _ending(path: DescentPath, moments: HaveMoments | None) -> str | None:
    if path.stop_reason == "diverged":
        return _diverged(path, moments)
    if path.stop_reason == "max_iter" and _still_falling(path):
        return _unfinished(path, moments)
    return None


def _floor(path: DescentPath) -> float | None:
    """The least possible loss, where the solver came to know it."""
    return getattr(path, "loss_floor", None)


def _diverged(path: DescentPath, moments: HaveMoments | None) -> str:
    return (
        f"The descent diverged: lr={path.lr:.4g} is {path.lr / path.max_stable_lr:.3g} times the "
        f"largest stable rate {path.max_stable_lr:.4g} (2 / largest curvature). It was stopped at "
        f"its least loss {path.loss(path.n_iter):.6g}, after {path.n_iter:,} updates. Choose lr "
        f"below {path.max_stable_lr:.4g}, or lr='auto'{_stable_when_scaled(path, moments)}."
    )


def _stable_when_scaled(path: DescentPath, moments: HaveMoments | None) -> str:
    if moments is None:
        return ""
    limit = standardised(path, moments.made()).max_stable_lr
    return f"; with standardised columns rates up to {limit:.4g} are stable"


def _still_falling(path: DescentPath) -> bool:
    """Whether the loss falls by more than rounding, or is far from the floor at a tiny rate."""
    rounding = float(np.finfo(path._layout.dtype).eps)
    loss, floor = path._descent.loss_at(path.n_iter), _floor(path)
    far = floor is not None and loss > 0.5 * (path._descent.loss_at(0) + floor)
    return bool(far or path._descent.fall_at(path.n_iter) > rounding * loss)


def _unfinished(path: DescentPath, moments: HaveMoments | None) -> str:
    loss, floor = path._descent.loss_at(path.n_iter), _floor(path)
    said = f"The descent reached max_iter={path.n_iter:,} with the loss still falling: {loss:.6g}"
    if floor is not None:
        said += f" is {loss - floor:.3g} above the least possible {floor:.6g}"
    if path._descent.diverging:
        return (
            f"{said}. Later it would rise for ever: lr={path.lr:.4g} is above the largest stable "
            f"rate {path.max_stable_lr:.4g}."
        )
    if not hasattr(path, "max_stable_lr"):
        return f"{said}; raise max_iter, if lr={path.lr:.4g} is stable, which is not known here."
    if floor is None:
        return f"{said}; raise max_iter."
    said += "."
    near = goal(path, NEAR)
    if loss <= near.loss:
        return f"{said} That is {near.words}; raise max_iter to come closer."
    needed = path.iterations_to(near.loss)  # at the start it is above that
    if needed is None:
        return f"{said} At lr={path.lr:.4g} no number of updates comes {near.words}: raise lr."
    said += f" To come {near.words} {needed - path.n_iter:,} more updates are needed"
    if moments is not None and moments.may_gain_from_scaling():
        scaled = updates_when_standardised(path, standardised(path, moments.made()), NEAR)
        if scaled is not None and scaled * WORTH_SCALING < needed:
            return f"{said}; with standardised columns (StandardScaler) {scaled:,} would do."
    return f"{said}; raise max_iter."
