"""Loss curves as plain data: of descents, at other rates, and on held-out rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_gd.display._descents import Floats, choose, known_by, last_shown
from sklearn_gd.path import DescentPath

# Points of a curve: more than a picture has columns of pixels to show.
MOST_POINTS = 800
# Excess losses below this share of the first loss are rounding.
NO_EXCESS = 1e-14

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
    t, loss : array-like of shape (n_points,)
        The curve, also beyond the stop: arrays, lists or ranges.
    label : str
        What the legend calls it.
    stop : int, default=None
        The number of updates after which the descent stopped; None marks no stop.
    ending : str
        How it ended, in a few words.
    diverges : bool
        Whether its loss rises in the end.
    best : int, default=None
        A number of updates to mark by a star, as that of the least loss on held-out rows.
    floor : float, default=None
        The least possible loss of its problem.

    Examples
    --------
    >>> from sklearn_gd import LossCurve, LossCurveDisplay
    >>> display = LossCurveDisplay([LossCurve(range(3), [4.0, 2.0, 1.0], "mine")]).plot()
    >>> display.lines_[0].get_label()
    'mine'
    """

    t: Any
    loss: Any
    label: str = "loss J"
    stop: int | None = None
    ending: str = ""
    diverges: bool = False
    best: int | None = None
    floor: float | None = None

    def __post_init__(self) -> None:
        t, loss = np.asarray(self.t), np.asarray(self.loss, dtype=float)
        if t.ndim != 1 or t.shape != loss.shape:
            raise ValueError(
                f"t and loss must be flat and equally long; got shapes {t.shape} and {loss.shape}."
            )
        object.__setattr__(self, "t", t)
        object.__setattr__(self, "loss", loss)

    @property
    def words(self) -> str:
        """What a legend says of it among others."""
        return f"{self.label}: {self.ending}" if self.ending else self.label

    def excess(self) -> Floats:
        """Return how far its losses are above the floor; nan if that is rounding."""
        if self.floor is None:
            raise ValueError(
                f"excess=True needs the least possible loss, which is unknown for {self.label!r}. "
                "Fit with solver='spectral', or pass LossCurve(..., floor=...)."
            )
        excess = self.loss - self.floor
        return np.where(excess > NO_EXCESS * self.loss[0], excess, np.nan)


def named(
    paths: list[DescentPath], lrs: list[float | str] | None, held_out: bool
) -> tuple[list[str], list[DescentPath]]:
    """Return the names of the curves and the descents to draw: those given, or one at rates."""
    names = [name_of(path) for path in paths]
    if lrs is not None:
        _check_one("lrs compares rates", paths)
        names, paths = map(list, zip(*(at_rate(paths[0], lr) for lr in lrs), strict=True))
    elif len(paths) == 1:
        names = [f"loss J, {names[0]}"]
    if held_out:
        _check_one("X_val holds out rows", paths)
        names = [f"training rows, {name_of(paths[0])}", "held-out rows"]
    return names, paths


def _check_one(purpose: str, paths: Sequence[Any]) -> None:
    if len(paths) > 1:
        raise ValueError(f"{purpose} of one estimator; got {len(paths)} of them.")


def name_of(path: DescentPath) -> str:
    """Return what tells a descent from others on the same rows."""
    kind = "Nesterov's momentum" if path.nesterovs_momentum else "momentum"
    return f"lr = {path.lr:.3g}" + (f", {kind} {path.momentum:g}" if path.momentum else "")


def at_rate(path: DescentPath, lr: float | str) -> tuple[str, DescentPath]:
    """Return what to call a rate, and the descent at it."""
    m, name = path.momentum, f" ({lr})" if lr in ("auto", "best") else ""
    if lr == "best" and m:
        raise ValueError(
            f"lrs='best' is the best rate without momentum, and this descent has momentum={m:g}. "
            "See path_.fastest_rates() for the best pair."
        )
    if lr == "auto":
        # The largest stable rate times the largest eigenvalue is 2 + 2 m, Nesterov's over 1 + 2 m.
        lr = path.max_stable_lr / (2.0 + 2.0 * m) * (1.0 + 2.0 * m * path.nesterovs_momentum)
    rate = path.best_lr if lr == "best" else float(lr)
    return f"lr = {rate:.3g}{name}", path.at_lr(rate)


def curves_of(
    paths: list[DescentPath], labels: Sequence[str], t: Any, t_max: int | None, *, through: bool
) -> Iterator[LossCurve]:
    """Yield the losses at `t` or up to `t_max`: by default as far as the longest is known.

    Each stop is among the points. `through` leaves out where and why each descent stops.
    """
    latest = max(last_shown(path) for path in paths)
    for path, label in zip(paths, labels, strict=False):  # held-out rows have a label too
        end = known_by(path, latest) if t_max is None else t_max
        at, stop = choose(path, t, end, MOST_POINTS), path.best_iter
        at = np.union1d(at, min(stop, at[-1]))
        loss, diverges = path.loss(at), path.stop_reason == "diverged"
        floor = getattr(path, "loss_floor", None)  # a Krylov solver may not know it
        if through:
            ending = "diverges" if diverges else f"J = {loss[-1]:.3g}"
        elif diverges:
            ending = f"diverges, least J at t = {stop:,}"
        else:
            ending = f"stop at t = {stop:,}, {ENDINGS[path.stop_reason]}"
        yield LossCurve(at, loss, label, None if through else stop, ending, diverges, floor=floor)


def held_out(path: DescentPath, label: str, t: Any, rows: tuple[Any, Any, Any]) -> LossCurve:
    """Return the losses on held-out rows (X, y, sample_weight), their least one marked."""
    best = _least(path, t, rows)
    t = np.union1d(t, [best])
    loss = np.asarray(path.loss(t, *rows))
    words = f"least J = {float(loss[t == best][0]):.4g} at t = {best:,}"
    return LossCurve(t, loss, label, ending=words, best=best)


def _least(path: DescentPath, t: Any, rows: tuple[Any, Any, Any]) -> int:
    """Return the t of the least loss, searched between the neighbours of the least one seen."""
    while True:
        i = int(np.argmin(path.loss(t, *rows)))
        low, high = int(t[max(i - 1, 0)]), int(t[min(i + 1, len(t) - 1)])
        if high - low <= 2:
            return int(t[i])
        t = np.union1d(np.linspace(low, high, 50).round().astype(np.int64), t[i])
