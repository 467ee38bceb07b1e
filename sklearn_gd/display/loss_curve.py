"""LossCurveDisplay: loss against iteration, for one descent or for several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from sklearn_gd._descent.outlook import at_rate
from sklearn_gd._reading import last_step, path_of
from sklearn_gd.display._canvas import (
    BESIDE,
    DASHES,
    GREY,
    RED,
    SERIES,
    Style,
    legend,
    loss_axis,
    merged,
    new_axes,
    tidy,
    wait_axis,
)
from sklearn_gd.display._curves import (
    LossCurve,
    curve_of,
    floor_of,
    rate_label,
    rate_of,
    unstopped,
)
from sklearn_gd.display._iterates import BLOWN_UP, known_by, last_shown

# Up to so many updates each iterate has its own dot.
MOST_DOTS = 40
# A loss that falls by more than this factor is shown by powers of ten.
IN_PROPORTION = 30.0
# Rates are compared over at least so many updates.
FEWEST_COMPARED = 10


class LossCurveDisplay:
    """Loss against iteration, with the threshold, the floor, and where and why it stopped.

    Make it with :meth:`from_estimator`, or with numbers of your own. Beyond the stop a curve is
    drawn thin and dotted; there a diverging descent shows what it would come to.

    Parameters
    ----------
    curves : list of LossCurve
        The descents.
    loss_floor : float, default=None
        The least possible loss, where the descents share one.
    tol : float, default=None
        The loss threshold, where there is one.
    max_stable_lr : float, default=None
        The largest stable rate, said above the legend.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    lines_ : list of Line2D
        Each descent up to its stop.
    beyond_ : list of Line2D
        Each descent from its stop on.
    stops_ : list of Line2D
        The marks where they stopped.
    floor_line_, tol_line_ : Line2D or None
        The level lines.
    legend_ : matplotlib Legend
        The legend.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor, LossCurveDisplay
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.lines_[0].get_ydata()[:2].round(3)
    array([5.833, 3.387])
    """

    def __init__(
        self,
        curves: Sequence[LossCurve],
        *,
        loss_floor: float | None = None,
        tol: float | None = None,
        max_stable_lr: float | None = None,
    ) -> None:
        self.curves = list(curves)
        self.loss_floor = loss_floor
        self.tol = tol
        self.max_stable_lr = max_stable_lr

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        lrs: Sequence[float | str] | None = None,
        labels: Sequence[str] | None = None,
        t_max: int | None = None,
        ax: Any = None,
        **looks: Any,
    ) -> Self:
        """Draw the loss of one fitted estimator, of several, or of one at several rates.

        Parameters
        ----------
        estimator : GDLinearRegressor, Pipeline or list of them
            Fitted.
        lrs : sequence of float, "auto" or "best", default=None
            Compare these rates on the problem of one estimator, without fitting again: "auto" is
            1 / largest curvature, "best" is 2 / (largest + smallest curvature).
        labels : sequence of str, default=None
            What the legend calls each descent.
        t_max : int, default=None
            The last number of updates shown. None: up to the stop and, where a descent diverges, a
            little beyond.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **looks : dict
            Passed to :meth:`plot`.

        Returns
        -------
        LossCurveDisplay
            Drawn.
        """
        estimators = list(estimator) if isinstance(estimator, (list, tuple)) else [estimator]
        paths = [path_of(each) for each in estimators]
        _check_some("estimator", paths)
        if lrs is not None:
            lrs = list(lrs)
            _check_some("lrs", lrs)
            if len(paths) > 1:
                raise ValueError(f"lrs compares rates of one estimator; got {len(paths)} of them.")
            t_max = max(paths[0].n_iter, FEWEST_COMPARED) if t_max is None else t_max
            labels = [rate_label(paths[0], lr) for lr in lrs] if labels is None else labels
            paths = [at_rate(paths[0], rate_of(paths[0], lr)) for lr in lrs]
        if t_max is None:
            latest = max(last_shown(path) for path in paths)
            ends = [known_by(path, latest) for path in paths]
        else:
            ends = [t_max] * len(paths)
        if labels is None:
            labels = [f"lr = {path.lr:.3g}" for path in paths] if len(paths) > 1 else ["loss J"]
        labels = [labels] if isinstance(labels, str) else list(labels)
        if len(labels) != len(paths):
            raise ValueError(f"labels must name {len(paths)} descents; got {len(labels)} of them.")
        curves = [
            curve_of(path, end, str(name))
            for path, end, name in zip(paths, ends, labels, strict=True)
        ]
        if lrs is not None:
            curves = [unstopped(curve) for curve in curves]
        display = cls(
            curves,
            loss_floor=_shared([floor_of(path) for path in paths]),
            tol=_shared([getattr(last_step(each), "tol", None) for each in estimators]),
            max_stable_lr=_shared([getattr(path, "max_stable_lr", None) for path in paths]),
        )
        return display.plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kw: Style = None,
        beyond_kw: Style = None,
        stop_kw: Style = None,
        floor_kw: Style = None,
        tol_kw: Style = None,
    ) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        line_kw, beyond_kw, stop_kw, floor_kw, tol_kw : dict, default=None
            Styles of the curves, their continuations, the stop marks and the level lines.

        Returns
        -------
        LossCurveDisplay
            Itself.
        """
        ax = new_axes(ax, "LossCurveDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_: list[Any] = []
        self.beyond_: list[Any] = []
        self.stops_: list[Any] = []
        for i, curve in enumerate(self.curves):
            self._draw(i, curve, line_kw, beyond_kw, stop_kw)
        self.floor_line_ = self._level("least possible loss", self.loss_floor, ":", floor_kw)
        self.tol_line_ = self._level("tol", self.tol, (0, (5, 3)), tol_kw)
        tidy(ax, "number of updates t", "loss J")
        wait_axis(ax, max(int(curve.t[-1]) for curve in self.curves))
        self._scale()
        # Curves that fall and curves that rise leave no corner free.
        crossed = len(self.curves) > 1 and any(curve.diverges for curve in self.curves)
        place = BESIDE if crossed else {}
        self.legend_ = legend(ax, title=self._limit_words(), title_fontsize="small", **place)
        return self

    def _draw(self, i: int, curve: LossCurve, line: Style, beyond: Style, stop: Style) -> None:
        several = len(self.curves) > 1
        color = RED if several and curve.diverges else SERIES[i % len(SERIES)]
        style = {"color": color, "linewidth": 2.0, "linestyle": DASHES[i % len(DASHES)]}
        if curve.t[-1] <= MOST_DOTS:
            style |= {"marker": "o", "markersize": 4}
        last = curve.t[-1] if curve.stop is None else curve.stop
        loss = np.where(np.isfinite(curve.loss), curve.loss, np.nan)
        before, after = curve.t <= last, curve.t >= last
        label = f"{curve.label}: {curve.ending}" if several else curve.label
        (drawn,) = self.ax_.plot(curve.t[before], loss[before], label=label, **merged(style, line))
        self.lines_.append(drawn)
        if curve.stop is None:
            return
        thin = {"color": drawn.get_color(), "linewidth": 1.6, "linestyle": ":"}
        if not several and len(loss[after]) > 1:
            thin["label"] = "beyond the stop"
        self.beyond_ += self.ax_.plot(curve.t[after], loss[after], **merged(thin, beyond))
        self.stops_ += self._draw_stop(curve, drawn.get_color(), several, stop)

    def _draw_stop(self, curve: LossCurve, color: Any, several: bool, given: Style) -> list[Any]:
        style = {
            "color": color,
            "marker": "X" if curve.diverges else "s",
            "markersize": 8,
            "markeredgecolor": "white",
            "linestyle": "none",
            "zorder": 5,
            "clip_on": False,
        }
        if not several:
            style["label"] = curve.ending
        at = curve.t == curve.stop
        return list(self.ax_.plot(curve.t[at], curve.loss[at], **merged(style, given)))

    def _level(self, name: str, value: float | None, dashes: Any, given: Style) -> Any:
        if value is None:
            return None
        style = {"color": GREY, "linewidth": 1.2, "linestyle": dashes, "zorder": 1}
        return self.ax_.axhline(value, label=f"{name} {value:.4g}", **merged(style, given))

    def _scale(self) -> None:
        """Limits that hold every start and stop, whatever rises beyond."""
        losses = np.concatenate([curve.loss for curve in self.curves])
        first = max(float(curve.loss[0]) for curve in self.curves)
        rises = bool((losses > 1.5 * first).any() or not np.isfinite(losses).all())
        top = first * (BLOWN_UP if rises else 1.0)
        levels = [level for level in (self.loss_floor, self.tol) if level]
        positive = [*losses[(losses > 0) & (losses < np.inf)], *levels]
        if not positive:
            return
        low = min(positive)
        if top > IN_PROPORTION * low:
            self.ax_.set_yscale("log")
            # A floor that is rounding only must not squeeze the rest of the picture.
            self.ax_.set_ylim(low / 1.5, top * (1.2 if rises else 2.0))
            loss_axis(self.ax_.yaxis, low, top)
        else:
            room = 0.06 * (top - low) or 0.06 * top
            self.ax_.set_ylim(low - room, top + room)

    def _limit_words(self) -> str | None:
        if self.max_stable_lr is None or not np.isfinite(self.max_stable_lr):
            return None
        return f"stable below lr = {self.max_stable_lr:.3g}"


def _check_some(name: str, given: Sequence[Any]) -> None:
    if len(given) == 0:
        raise ValueError(f"{name} must name at least one; got an empty list.")


def _shared(values: list[Any]) -> Any:
    """What all have in common to four digits, else None."""
    first = values[0]
    if first is None or any(v is None or abs(v - first) > 1e-4 * abs(first) for v in values):
        return None
    return first
