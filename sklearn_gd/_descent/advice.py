"""What an ending means for the user, in numbers: a path goes in, at most one sentence comes out."""

from __future__ import annotations

import numpy as np

from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.path import DescentPath
from sklearn_gd._descent.spectrum import eigenbasis

# "Near the least possible loss": this far above it.
NEAR = 0.01
# A saving in updates worth mentioning.
WORTH_SCALING = 2.0


def advice(path: DescentPath, tol: float | None, moments: Moments | None) -> str | None:
    """Why this ending may not be what was asked for, and what to do; None where it is."""
    said = [_ending(path, moments)]
    floor = _floor(path)
    if path.stop_reason != "tol" and tol is not None and floor is not None and tol <= floor:
        said.append(
            f"tol={tol:.6g} is below the least possible loss {floor:.6g}: "
            f"no number of updates reaches it."
        )
    return " ".join(s for s in said if s) or None


def _ending(path: DescentPath, moments: Moments | None) -> str | None:
    if path.stop_reason == "diverged":
        return _diverged(path, moments)
    if path.stop_reason == "max_iter" and _still_falling(path):
        return _unfinished(path, moments)
    return None


def _floor(path: DescentPath) -> float | None:
    """The least possible loss, where the solver came to know it."""
    return getattr(path, "loss_floor", None)


def _diverged(path: DescentPath, moments: Moments | None) -> str:
    return (
        f"The descent diverged: lr={path.lr:.4g} is {path.lr / path.max_stable_lr:.3g} times the "
        f"largest stable rate {path.max_stable_lr:.4g} (2 / largest curvature). It was stopped at "
        f"its least loss {path.loss(path.n_iter):.6g}, after {path.n_iter:,} updates. Choose lr "
        f"below {path.max_stable_lr:.4g}, or lr='auto'{_stable_when_scaled(path, moments)}."
    )


def _stable_when_scaled(path: DescentPath, moments: Moments | None) -> str:
    if moments is None:
        return ""
    scaled = _standardised(path, moments).spectrum.largest_curvature
    limit = 2.0 / scaled if scaled > 0 else np.inf
    return f"; with standardised columns rates up to {limit:.4g} are stable"


def _still_falling(path: DescentPath) -> bool:
    rounding = np.finfo(path._layout.dtype).eps
    return bool(path._descent.fall(path.n_iter) > rounding * path.loss(path.n_iter))


def _unfinished(path: DescentPath, moments: Moments | None) -> str:
    loss, floor = float(path.loss(path.n_iter)), _floor(path)
    if floor is None:
        return (
            f"The descent reached max_iter={path.n_iter:,} with the loss still falling: "
            f"{loss:.6g}; raise max_iter."
        )
    said = (
        f"The descent reached max_iter={path.n_iter:,} with the loss still falling: {loss:.6g} is "
        f"{loss - floor:.3g} above the least possible {floor:.6g}."
    )
    if path._descent.diverging:
        return (
            f"{said} Later it would rise for ever: lr={path.lr:.4g} is above the largest stable "
            f"rate {path.max_stable_lr:.4g}."
        )
    target = floor * (1 + NEAR)
    needed = path.iterations_to(target)
    if needed is None or needed <= path.n_iter:
        return f"{said} That is within 1 % of it; raise max_iter to come closer."
    said += f" To come within 1 % of it {needed - path.n_iter:,} more updates are needed"
    scaled = None if moments is None else _updates_when_scaled(path, moments, target)
    if scaled is not None and scaled * WORTH_SCALING < needed:
        return f"{said}; with standardised columns (StandardScaler) {scaled:,} would do."
    return f"{said}; raise max_iter."


def _updates_when_scaled(path: DescentPath, moments: Moments, target: float) -> int | None:
    scaled = DescentPath(_standardised(path, moments), path._stop, path._layout)
    return scaled.iterations_to(max(target, scaled.loss_floor * (1 + NEAR)))


def _standardised(path: DescentPath, moments: Moments) -> Descent:
    """The descent from zeros, at the classical rate, had the columns been standardised."""
    intercept = path._layout.fit_intercept
    start = np.zeros_like(path._descent.spectrum.start)
    spectrum = eigenbasis(moments.standardised(intercept), start, intercept)
    largest = spectrum.largest_curvature
    return Descent(spectrum, 1.0 / largest if largest > 0 else 1.0)
