"""LossCurveDisplay: loss against iteration, for one descent or for several side by side."""

from collections.abc import Iterable, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._estimator.path_of import last_step, path_of, transform
from sklearn_gd.display._axes import loss_axis, updates_axis
from sklearn_gd.display._canvas import BESIDE, MARK, Display, LegendStyle, Style, merged
from sklearn_gd.display._colours import DASHES, GREY, RED, SERIES
from sklearn_gd.display._curves import LossCurve, curves_of, held_out, named
from sklearn_gd.display._descents import Floats, dots

# A floor below this share of the first loss is zero but for rounding: no line is drawn at it.
NO_FLOOR = 1e-12
# Larger losses are not drawn: matplotlib's margins of a logarithmic axis overflow near the largest
# float.
LARGEST = 1e200
# Rates are compared over at least so many updates.
FEWEST_COMPARED = 10


class LossCurveDisplay(Display):
    """Loss against iteration, with the threshold, the floor, and where and why it stopped.

    Make it with :meth:`from_estimator`, or with numbers of your own: the losses of one loop as
    ``LossCurveDisplay(t, losses, label)``, several as a list of :class:`LossCurve`. Beyond the stop
    a curve is drawn thin and dotted; there a diverging descent shows how its loss rises.

    Parameters
    ----------
    curves : list of LossCurve, or array-like of shape (n_points,)
        The descents or, with `losses`, the numbers of updates of a single one.
    losses : array-like of shape (n_points,), default=None
        The losses of that one. None: `curves` are the descents.
    label : str, default="loss J"
        What the legend calls it.
    loss_floor : float, default=None
        The least possible loss, if the descents share one.
    tol : float, default=None
        The loss threshold, if there is one.
    max_stable_lr : float, default=None
        The largest stable rate, said above the legend.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    lines_, beyond_ : list of Line2D
        Each descent up to its stop, and from there on.
    stops_ : list of Line2D
        The marks where they stopped, and at the least losses on held-out rows.
    floor_line_, tol_line_ : Line2D or None
        The level lines.
    legend_ : matplotlib Legend or None
        The legend.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor, LossCurveDisplay
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> display.lines_[0].get_ydata()[:2].round(3)
    array([5.833, 3.387])
    >>> LossCurveDisplay(range(3), [5.83, 3.39, 2.01], "my loop").plot().lines_[0].get_label()
    'my loop'
    """

    def __init__(
        self,
        curves: Sequence[LossCurve] | ArrayLike,
        losses: ArrayLike | None = None,
        label: str = "loss J",
        *,
        loss_floor: float | None = None,
        tol: float | None = None,
        max_stable_lr: float | None = None,
    ) -> None:
        own: Any = curves if losses is None else [LossCurve(curves, losses, label)]
        self.curves: list[LossCurve] = list(own)
        self.loss_floor, self.tol, self.max_stable_lr = loss_floor, tol, max_stable_lr

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        lrs: Sequence[float | str] | None = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
        labels: Sequence[str] | None = None,
        t: ArrayLike | None = None,
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
        X_val, y_val, sample_weight_val : array-like, default=None
            Held-out rows of one estimator and their weights; their loss is drawn too, with its
            minimum marked. A pipeline transforms them before.
        labels : sequence of str, default=None
            What the legend calls each descent; with held-out rows, the two curves.
        t : array-like of int, default=None
            The iterates to show. None: all from 0 to `t_max`, of very many some.
        t_max : int, default=None
            The last t shown. None: the stop, or a few updates beyond it if a descent diverges.
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
        lrs = None if lrs is None else list(lrs)
        if [] in (estimators, lrs):
            name = "lrs" if estimators else "estimator"
            raise ValueError(f"{name} must name at least one; got an empty list.")
        paths = [path_of(each) for each in estimators]
        if lrs is not None and t_max is None:
            t_max = max(paths[0].n_iter, FEWEST_COMPARED)
        names, drawn = named(paths, lrs, X_val is not None)
        labels = [labels] if isinstance(labels, str) else list(names if labels is None else labels)
        if len(labels) != len(names):
            raise ValueError(f"labels must name {len(names)} descents; got {len(labels)} of them.")
        curves = list(curves_of(drawn, labels, t, t_max, through=lrs is not None))
        if X_val is not None:
            rows = (transform(estimators[0], X_val), y_val, sample_weight_val)
            curves.append(held_out(drawn[0], labels[1], curves[0].t, rows))
        floor = _shared(paths, "loss_floor") or 0.0
        return cls(
            curves,
            loss_floor=floor if floor > NO_FLOOR * curves[0].loss[0] else None,
            tol=_shared(map(last_step, estimators), "tol"),
            max_stable_lr=_shared(paths, "max_stable_lr"),
        ).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        excess: bool = False,
        legend: LegendStyle = True,
        line_kw: Style = None,
        beyond_kw: Style = None,
        stop_kw: Style = None,
        floor_kw: Style = None,
        tol_kw: Style = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        excess : bool, default=False
            Draw how far the loss is above the least possible one, by powers of ten. Differences
            smaller than the rounding of the first loss are left out.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        line_kw, beyond_kw, stop_kw, floor_kw, tol_kw : dict, default=None
            Styles of the curves, their continuations, the stop marks and the level lines.

        Returns
        -------
        LossCurveDisplay
            Itself.
        """
        ax, last = self._take_axes(ax), max(int(curve.t[-1]) for curve in self.curves)
        losses = [curve.excess() if excess else curve.loss for curve in self.curves]
        losses = [np.where(np.abs(loss) < LARGEST, loss, np.nan) for loss in losses]
        self.lines_: list[Any] = []
        self.beyond_: list[Any] = []
        self.stops_: list[Any] = []
        for i, loss in enumerate(losses):
            self._draw(i, loss, last, line_kw, beyond_kw, stop_kw)
        self._draw_levels(excess, floor_kw, tol_kw)
        updates_axis(ax, last, "loss J" + excess * " above the least possible loss")
        levels = [line.get_ydata()[0] for line in (self.floor_line_, self.tol_line_) if line]
        loss_axis(ax, losses, levels, by_powers=excess)
        # Curves that fall and curves that rise leave no corner free.
        crossed = len(self.curves) > 1 and any(curve.diverges for curve in self.curves)
        limit = np.inf if self.max_stable_lr is None else self.max_stable_lr
        title = f"stable below lr = {limit:.3g}" if np.isfinite(limit) else None
        self._draw_legend(legend, BESIDE if crossed else None, title=title)
        return self

    def _draw(self, i: int, loss: Floats, last: int, *styles: Style) -> None:
        """Draw a descent up to its stop and beyond, and mark the stop or the least loss."""
        line_kw, beyond_kw, stop_kw = styles
        curve, t, alone = self.curves[i], self.curves[i].t, len(self.curves) == 1
        stop = t[-1] if curve.stop is None else curve.stop
        before, after = t <= stop, t >= stop
        color = RED if curve.diverges and not alone else SERIES[i % len(SERIES)]
        style = {"color": color, "linewidth": 2.0, "linestyle": DASHES[i % len(DASHES)]}
        style |= {"label": curve.label if alone else curve.words, **dots(t[before], last, 4)}
        self.lines_.append(self._plot(t[before], loss[before], line_kw, **style))
        color = self.lines_[i].get_color()
        if curve.stop is not None:
            style = {"color": color, "linewidth": 1.6, "linestyle": ":", **dots(t[after], last, 3)}
            if alone and after.sum() > 1:
                style["label"] = f"beyond the {'least loss' if curve.diverges else 'stop'}"
            self.beyond_.append(self._plot(t[after], loss[after], beyond_kw, **style))
        marker, size = ("X" if curve.diverges else "s", 8) if curve.best is None else ("*", 14)
        style = MARK | {"color": color, "zorder": 5, "clip_on": False, "markersize": size}
        style |= {"marker": marker, "label": curve.ending if alone else ""}
        for at in (curve.best, curve.stop):
            if at is not None:
                self.stops_.append(self._plot(t[t == at], loss[t == at], stop_kw, **style))

    def _draw_levels(self, excess: bool, floor_kw: Style, tol_kw: Style) -> None:
        """Draw the floor and the threshold; of the excess there is no floor to draw."""
        self.floor_line_ = self.tol_line_ = cast("Any", None)
        below = _shared(self.curves, "floor") if excess else 0.0
        style: dict[str, Any] = {"color": GREY, "linewidth": 1.2, "zorder": 1}
        if self.loss_floor is not None and not excess:
            style |= {"linestyle": ":", "label": f"least possible loss {self.loss_floor:.4g}"}
            self.floor_line_ = self.ax_.axhline(self.loss_floor, **merged(style, floor_kw))
        if self.tol is not None and below is not None and (self.tol > below or not excess):
            style |= {"linestyle": (0, (5, 3)), "label": f"tol {self.tol:.4g}"}
            self.tol_line_ = self.ax_.axhline(self.tol - below, **merged(style, tol_kw))


def _shared(descents: Iterable[Any], name: str) -> Any:
    """Return the number of this name that all have in common to four digits, else None."""
    values: list[Any] = [getattr(each, name, None) for each in descents]
    alike = None not in values and np.allclose(values, values[0], rtol=1e-4, atol=0.0)
    return values[0] if alike else None
