"""Loss curves as plain data: a path goes in, points and a few words come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.outlook import best_constant_lr, is_floor
from sklearn_gd._descent.path import DescentPath
from sklearn_gd.display._iterates import spread

Floats = NDArray[np.float64]

# Points of a curve: more than a picture has columns of pixels to show.
MOST_POINTS = 800

ENDINGS = {
    "tol": "loss below tol",
    "stationary": "updates below rounding",
    "max_iter": "max_iter reached",
    "callback": "by a callback",
}


@dataclass(frozen=True, eq=False)
class LossCurve:
    """One descent for a :class:`LossCurveDisplay`: its losses and how it ended.

    Parameters
    ----------
    t, loss : ndarray of shape (n_points,)
        The curve, also beyond the stop.
    label : str
        What the legend calls it.
    stop : int, default=None
        The number of updates after which the descent stopped; None marks no stop.
    ending : str
        How it ended, in a few words.
    diverges : bool
        Whether its loss rises in the end.
    """

    t: NDArray[Any]
    loss: Floats
    label: str = "loss J"
    stop: int | None = None
    ending: str = ""
    diverges: bool = False


def curve_of(path: DescentPath, t_max: int, label: str) -> LossCurve:
    """The losses up to `t_max`, with the stop among the points."""
    t = np.union1d(spread(t_max, MOST_POINTS), [path.n_iter] if path.n_iter <= t_max else [])
    t = t.astype(np.int64)
    diverges = path.stop_reason == "diverged"
    if diverges:
        ending = f"diverges, least J at t = {path.n_iter:,}"
    else:
        ending = f"stop at t = {path.n_iter:,}, {ENDINGS[path.stop_reason]}"
    return LossCurve(
        t=t,
        loss=np.asarray(path.loss(t)),
        label=label,
        stop=path.n_iter,
        ending=ending,
        diverges=diverges,
    )


def unstopped(curve: LossCurve) -> LossCurve:
    """A curve drawn through, whatever the descent it was read from would have stopped for."""
    words = "diverges" if curve.diverges else f"J = {curve.loss[-1]:.3g}"
    return replace(curve, stop=None, ending=words)


def floor_of(path: DescentPath) -> float | None:
    """The least possible loss; None where it is zero but for rounding: no line can show it."""
    floor: float | None = getattr(path, "loss_floor", None)  # a Krylov solver may not know it
    return floor if floor is not None and is_floor(floor, float(path.loss(0))) else None


def rate_of(path: DescentPath, lr: float | str) -> float:
    """A rate in numbers."""
    if lr == "auto":
        return path.max_stable_lr / 2
    if lr == "best":
        return best_constant_lr(path._descent.spectrum)
    return float(lr)


def rate_label(path: DescentPath, lr: float | str) -> str:
    """A rate and, where it has one, its name."""
    names = {"auto": " (auto)", "best": " (best)"}
    return f"lr = {rate_of(path, lr):.3g}{names.get(str(lr), '')}"
