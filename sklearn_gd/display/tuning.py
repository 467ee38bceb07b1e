"""TuningDisplay: the score over learning rate and stopping iteration, with the point chosen."""

from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._estimator.parameters import check_choice
from sklearn_gd._estimator.path_of import last_step
from sklearn_gd.display._axes import set_limits, updates_axis, with_room
from sklearn_gd.display._canvas import MARK, Display, LegendStyle, Style
from sklearn_gd.display._colours import DASHES, PALE, RED, SERIES
from sklearn_gd.display._descents import Floats

# The chosen rate is red; the others have the remaining colours, as far as these suffice.
COLOURS = tuple(colour for colour in SERIES if colour != RED)
# Losses and scores below this quantile are off the colour scale: diverging rates have no bottom.
OFF_SCALE = 0.25
# Shades between the worst and the best.
SHADES = 16


class TuningDisplay(Display):
    """The mean score of every rate at every iteration, the chosen point, the spread over folds.

    Make it with :meth:`from_estimator`, or with numbers of your own.

    Parameters
    ----------
    lrs : array-like of shape (n_lrs,)
        Learning rates.
    iters : array-like of shape (n_iters,)
        Numbers of updates.
    mean : array-like of shape (n_lrs, n_iters)
        The score, the mean over folds; higher is better.
    std : array-like of shape (n_lrs, n_iters), default=None
        Its standard deviation over folds. None: there are no folds.
    lr, n_iter : float and int, default=None
        The chosen point. None: the one of the best mean.
    score_name : str, default="score"
        What the score is.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    heatmap_ : matplotlib QuadMesh or None
        The scores by colour; None for ``kind="curves"``.
    lines_ : list of Line2D
        The curves of scores by iteration; empty for ``kind="heatmap"``.
    band_ : matplotlib FillBetweenPolyCollection or None
        One standard deviation about the chosen rate's curve; None for ``kind="heatmap"``.
    chosen_ : Line2D
        The mark of the chosen point.
    colorbar_ : matplotlib Colorbar or None
        The scale of the colours.
    legend_ : matplotlib Legend or None
        The legend.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gd import TuningDisplay
    >>> lrs, iters = np.array([0.1, 0.2, 0.4]), np.arange(50)
    >>> mean = -np.exp(-np.outer(lrs, iters)) - 0.002 * np.outer(lrs, iters)
    >>> display = TuningDisplay(lrs=lrs, iters=iters, mean=mean).plot()
    >>> display.lr, display.n_iter
    (0.2, 31)
    """

    def __init__(
        self,
        *,
        lrs: ArrayLike,
        iters: ArrayLike,
        mean: ArrayLike,
        std: ArrayLike | None = None,
        lr: float | None = None,
        n_iter: int | None = None,
        score_name: str = "score",
    ) -> None:
        self.lrs, self.iters = np.asarray(lrs, dtype=float), np.asarray(iters)
        self.mean, self.score_name = np.asarray(mean, dtype=float), score_name
        expected = (len(self.lrs), len(self.iters))
        if self.mean.shape != expected:
            raise ValueError(f"mean must have shape {expected}; got {self.mean.shape}.")
        order = np.argsort(self.lrs, kind="stable")
        self.lrs, self.mean = self.lrs[order], self.mean[order]
        self.std = None if std is None else np.asarray(std, dtype=float)[order]
        best = np.unravel_index(np.argmax(_finite(self.mean, -np.inf)), expected)
        self.lr = float(self.lrs[best[0]] if lr is None else lr)
        self.n_iter = int(self.iters[best[1]] if n_iter is None else n_iter)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **looks: Any) -> Self:
        """Draw the scores of a fitted `GDLinearRegressorCV`.

        Parameters
        ----------
        estimator : GDLinearRegressorCV or Pipeline
            Fitted. After generalised cross-validation the score is minus its error.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **looks : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TuningDisplay
            Drawn.
        """
        tuned = last_step(estimator)
        if not hasattr(tuned, "scores_path_"):
            raise TypeError(
                f"TuningDisplay needs a fitted GDLinearRegressorCV; got {type(tuned).__name__}."
            )
        folds = np.asarray(tuned.scores_path_, dtype=float)
        with np.errstate(invalid="ignore"):  # a diverging rate scores -inf
            mean, std = folds.mean(axis=-1), folds.std(axis=-1)
        several = folds.shape[-1] > 1
        name = "-GCV error" if hasattr(tuned, "gcv_path_") else "score"
        name = "mean score over folds" if several else name
        tried = {"lrs": tuned.lrs_, "iters": tuned.iters_, "mean": mean}
        chosen = {"lr": tuned.lr_, "n_iter": tuned.n_iter_, "score_name": name}
        return cls(**tried, **chosen, std=std if several else None).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "heatmap",
        legend: LegendStyle = True,
        heatmap_kw: Style = None,
        line_kw: Style = None,
        chosen_kw: Style = None,
    ) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        kind : {"heatmap", "curves"}, default="heatmap"
            The score by colour over rate and iteration, or by iteration, a curve for each rate,
            with one standard deviation over folds about the chosen one.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        heatmap_kw, line_kw, chosen_kw : dict, default=None
            Styles of the colours, the curves and the mark.

        Returns
        -------
        TuningDisplay
            Itself.
        """
        check_choice("kind", kind, ("heatmap", "curves"))
        ax = self._take_axes(ax)
        self.heatmap_ = self.colorbar_ = self.band_ = cast("Any", None)
        self.lines_: list[Any] = []
        i = int(np.argmin(np.abs(self.lrs - self.lr)))
        j = int(np.argmin(np.abs(self.iters - self.n_iter)))
        if kind == "heatmap" and min(self.mean.shape) > 1:
            self._draw_heatmap(heatmap_kw)
            height, ylabel = self.lr, "learning rate lr"
        else:
            self._draw_curves(i, line_kw)
            height, ylabel = self.mean[i, j], self.score_name
        updates_axis(ax, int(self.iters[-1]), ylabel)
        ax.grid(bool(self.lines_))  # not over the colours
        spread = "" if self.std is None else f" ± {_plain(self.std[i, j], 2)}"
        said = f"chosen: lr = {self.lr:.3g}, t = {self.n_iter:,}\n"
        said += f"{self.score_name} {_plain(self.mean[i, j], 4)}{spread}"
        style = MARK | {"color": RED, "marker": "*", "markersize": 15, "zorder": 6}
        style |= {"clip_on": False, "label": said}
        self.chosen_ = self._plot([self.n_iter], [height], chosen_kw, **style)
        self._draw_legend(legend, loc="best" if self.lines_ else "lower left")
        return self

    def _draw_heatmap(self, given: Style) -> None:
        from matplotlib.colors import BoundaryNorm

        finite = self.mean[np.isfinite(self.mean)]
        top, bottom = float(finite.max()), float(np.quantile(finite, OFF_SCALE))
        # Equal steps of the root of what is missing: the shades crowd where the choice is made.
        missing = (top - bottom) or 1.0
        levels = top - missing * np.linspace(1.0, 0.0, SHADES) ** 2
        # One shade more for all that is below the lowest level.
        norm = BoundaryNorm(levels, 256, extend="min")
        style = {"cmap": "cividis", "norm": norm, **(given or {})}
        by_powers = bool(self.lrs.min() > 0 and self.lrs.max() > 10 * self.lrs.min())
        # A row for each rate, as it was tried: contours would make up the rates between.
        x = np.maximum(_edges(self.iters.astype(float)), 0.0)
        y = np.exp(_edges(np.log(self.lrs))) if by_powers else _edges(self.lrs)
        self.heatmap_ = self.ax_.pcolormesh(x, y, _finite(self.mean, bottom - missing), **style)
        if by_powers:
            self.ax_.set_yscale("log")
        self.colorbar_ = self.figure_.colorbar(self.heatmap_, ax=self.ax_, label=self.score_name)
        self.colorbar_.ax.yaxis.set_major_formatter(lambda score, _: _plain(score, 4))

    def _draw_curves(self, chosen: int, given: Style) -> None:
        others = [i for i in range(len(self.lrs)) if i != chosen]
        said = f"other rates, {self.lrs.min():.3g} to {self.lrs.max():.3g}"
        for k, i in enumerate(others):
            style = {"color": PALE, "linewidth": 0.8, "label": None if k else said}
            if len(others) <= len(COLOURS):
                style = {"color": COLOURS[k], "linestyle": DASHES[1 + k % (len(DASHES) - 1)]}
                style |= {"linewidth": 1.4, "label": f"lr = {self.lrs[i]:.3g}"}
            self._draw_curve(i, given, **style)
        style = {"color": RED, "linewidth": 2.2, "zorder": 4}
        self._draw_curve(chosen, given, label=f"lr = {self.lrs[chosen]:.3g}, chosen", **style)
        if self.std is not None:
            edges = [self.mean[chosen] + side * self.std[chosen] for side in (-1, 1)]
            style = {"color": RED, "alpha": 0.15, "linewidth": 0, "label": "± std over folds"}
            self.band_ = self.ax_.fill_between(self.iters, *edges, **style)
        finite = self.mean[np.isfinite(self.mean)]
        # A score below the least one at the first iteration belongs to a divergence.
        start = np.nanmin(_finite(self.mean[:, 0], np.nan))
        set_limits(self.ax_, y=with_room(finite[finite >= start], 0.08, 0.16))

    def _draw_curve(self, i: int, given: Style, **style: Any) -> None:
        # A line through one point cannot be seen.
        style |= {"marker": "o", "markersize": 5} if len(self.iters) == 1 else {}
        self.lines_.append(self._plot(self.iters, _finite(self.mean[i], np.nan), given, **style))


def _plain(number: float, digits: int) -> str:
    """Return a number rounded to so many digits, without a power of ten up to a million."""
    rounded = float(f"{number:.{digits}g}")
    return f"{rounded:,.6g}" if abs(rounded) < 1e6 else f"{rounded:.{digits}g}"


def _edges(middles: Floats) -> Floats:
    """Return cell borders half way between ascending values."""
    wider = np.pad(middles, 1, mode="reflect", reflect_type="odd")
    return np.asarray((wider[:-1] + wider[1:]) / 2)


def _finite(scores: Floats, otherwise: float) -> Floats:
    return np.where(np.isfinite(scores), scores, otherwise)
