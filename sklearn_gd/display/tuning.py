"""TuningDisplay: the score over learning rate and stopping iteration, with the point chosen."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._estimator.path_of import last_step
from sklearn_gd.display._axes import new_axes, set_limits, tidy, updates_axis
from sklearn_gd.display._canvas import (
    DASHES,
    PALE,
    RED,
    SERIES,
    LegendStyle,
    Style,
    draw_legend,
    merged,
    step_norm,
)

Floats = NDArray[np.float64]

# The chosen rate is red; the others have the remaining colours, as far as these suffice.
COLOURS = tuple(colour for colour in SERIES if colour != RED)
MOST_CURVES = len(COLOURS)
# Losses and scores below this quantile are off the colour scale: diverging rates have no bottom.
OFF_SCALE = 0.25
# Shades between the worst and the best.
SHADES = 16

KINDS = ("heatmap", "curves")


class TuningDisplay:
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
        self.mean = np.asarray(mean, dtype=float)
        expected = (len(self.lrs), len(self.iters))
        if self.mean.shape != expected:
            raise ValueError(f"mean must have shape {expected}; got {self.mean.shape}.")
        self.std = None if std is None else np.asarray(std, dtype=float)
        order = np.argsort(self.lrs, kind="stable")
        self.lrs, self.mean = self.lrs[order], self.mean[order]
        self.std = None if self.std is None else self.std[order]
        best = np.unravel_index(np.argmax(_finite(self.mean, -np.inf)), expected)
        self.lr = float(self.lrs[best[0]]) if lr is None else float(lr)
        self.n_iter = int(self.iters[best[1]]) if n_iter is None else int(n_iter)
        self.score_name = score_name

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
        gcv, std = getattr(tuned, "gcv_path_", None), None
        if gcv is not None:
            mean, name = -np.asarray(gcv, dtype=float), "-GCV error"
        elif getattr(tuned, "scores_path_", None) is not None:
            scores = np.asarray(tuned.scores_path_, dtype=float)
            with np.errstate(invalid="ignore"):  # a diverging rate scores -inf
                mean = scores.mean(axis=-1)
                std = scores.std(axis=-1) if scores.shape[-1] > 1 else None
            name = "score" if std is None else "mean score over folds"
        else:
            raise TypeError(
                f"TuningDisplay needs a fitted GDLinearRegressorCV; got {type(tuned).__name__}."
            )
        display = cls(
            lrs=tuned.lrs_,
            iters=tuned.iters_,
            mean=mean,
            std=std,
            lr=tuned.lr_,
            n_iter=tuned.n_iter_,
            score_name=name,
        )
        return display.plot(ax=ax, **looks)

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
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}; got {kind!r}.")
        ax = new_axes(ax, "TuningDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        self.heatmap_: Any = None
        self.colorbar_: Any = None
        self.band_: Any = None
        self.lines_: list[Any] = []
        if kind == "heatmap" and min(self.mean.shape) > 1:
            self._draw_heatmap(heatmap_kw)
            height = self.lr
        else:
            self._draw_curves(line_kw)
            height = self._chosen_score()
        updates_axis(ax, int(self.iters[-1]))
        style = {"color": RED, "marker": "*", "markersize": 15, "markeredgecolor": "white"}
        style |= {"linestyle": "none", "zorder": 6, "clip_on": False}
        (self.chosen_,) = ax.plot(
            [self.n_iter], [height], label=self._chosen_words(), **merged(style, chosen_kw)
        )
        self.legend_ = draw_legend(ax, legend, loc="best" if self.lines_ else "lower left")
        return self

    def _draw_heatmap(self, given: Style) -> None:
        finite = self.mean[np.isfinite(self.mean)]
        top, bottom = float(finite.max()), float(np.quantile(finite, OFF_SCALE))
        # Equal steps of the root of what is missing: the shades crowd where the choice is made.
        missing = (top - bottom) or 1.0
        levels = top - missing * np.linspace(1.0, 0.0, SHADES) ** 2
        style = {"cmap": "cividis", "norm": step_norm(levels)}
        by_powers = bool(self.lrs.min() > 0 and self.lrs.max() > 10 * self.lrs.min())
        ax = self.ax_
        # A row for each rate, as it was tried: contours would make up the rates between.
        self.heatmap_ = ax.pcolormesh(
            np.maximum(_edges(self.iters.astype(float)), 0.0),
            np.exp(_edges(np.log(self.lrs))) if by_powers else _edges(self.lrs),
            _finite(self.mean, bottom - missing),
            **{**style, **(given or {})},
        )
        if by_powers:
            ax.set_yscale("log")
        tidy(ax, "number of updates t", "learning rate lr")
        ax.grid(False)
        self.colorbar_ = ax.figure.colorbar(self.heatmap_, ax=ax, label=self.score_name)
        self.colorbar_.ax.yaxis.set_major_formatter(lambda score, _: _plain(score, 4))

    def _draw_curves(self, given: Style) -> None:
        chosen = int(np.argmin(np.abs(self.lrs - self.lr)))
        others = [i for i in range(len(self.lrs)) if i != chosen]
        few = len(others) <= MOST_CURVES
        for k, i in enumerate(others):
            style = {"color": COLOURS[k] if few else PALE, "linewidth": 1.4 if few else 0.8}
            style["linestyle"] = DASHES[1 + k % (len(DASHES) - 1)] if few else "-"
            label = f"lr = {self.lrs[i]:.3g}" if few else None
            if not few and k == 0:
                label = f"other rates, {self.lrs.min():.3g} to {self.lrs.max():.3g}"
            self._curve(i, label, merged(style, given))
        style = {"color": RED, "linewidth": 2.2, "zorder": 4}
        self._curve(chosen, f"lr = {self.lrs[chosen]:.3g}, chosen", merged(style, given))
        if self.std is not None:
            low, high = self.mean[chosen] - self.std[chosen], self.mean[chosen] + self.std[chosen]
            self.band_ = self.ax_.fill_between(
                self.iters, low, high, color=RED, alpha=0.15, linewidth=0, label="± std over folds"
            )
        finite = self.mean[np.isfinite(self.mean)]
        top, bottom = float(finite.max()), float(finite[finite >= _start(self.mean)].min())
        room = 0.08 * ((top - bottom) or 1.0)
        set_limits(self.ax_, y=(bottom - room, top + 2 * room))
        tidy(self.ax_, "number of updates t", self.score_name)

    def _curve(self, i: int, label: str | None, style: dict[str, Any]) -> None:
        score = _finite(self.mean[i], np.nan)
        if len(self.iters) == 1:  # a line through one point cannot be seen
            style = {"marker": "o", "markersize": 5, **style}
        self.lines_ += self.ax_.plot(self.iters, score, label=label, **style)

    def _chosen_score(self) -> float:
        i, j = np.argmin(np.abs(self.lrs - self.lr)), np.argmin(np.abs(self.iters - self.n_iter))
        return float(self.mean[i, j])

    def _chosen_words(self) -> str:
        i, j = np.argmin(np.abs(self.lrs - self.lr)), np.argmin(np.abs(self.iters - self.n_iter))
        spread = "" if self.std is None else f" ± {_plain(self.std[i, j], 2)}"
        return (
            f"chosen: lr = {self.lr:.3g}, t = {self.n_iter:,}\n"
            f"{self.score_name} {_plain(self.mean[i, j], 4)}{spread}"
        )


def _plain(number: float, digits: int) -> str:
    """Return a number rounded to so many digits, without a power of ten up to a million."""
    rounded = float(f"{number:.{digits}g}")
    return f"{rounded:,.6g}" if abs(rounded) < 1e6 else f"{rounded:.{digits}g}"


def _edges(middles: Floats) -> Floats:
    """Return cell borders half way between ascending values."""
    between = (middles[:-1] + middles[1:]) / 2
    first, last = 2 * middles[0] - between[0], 2 * middles[-1] - between[-1]
    return np.concatenate([[first], between, [last]])


def _finite(scores: Floats, otherwise: float) -> Floats:
    return np.where(np.isfinite(scores), scores, otherwise)


def _start(mean: Floats) -> float:
    """Return the least score at the first iteration: a score below it belongs to a divergence."""
    return float(np.nanmin(_finite(mean[:, 0], np.nan)))
