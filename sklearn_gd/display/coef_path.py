"""CoefPathDisplay: coefficients against iteration, by feature name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._estimator.path_of import path_of
from sklearn_gd.display._axes import has_layout, new_axes, set_limits, tidy, updates_axis
from sklearn_gd.display._canvas import (
    DASHES,
    PALE,
    SERIES,
    LegendStyle,
    Style,
    draw_legend,
    merged,
)
from sklearn_gd.display._iterates import choose, dots
from sklearn_gd.display._parameters import (
    Symbols,
    check_parameter,
    check_target,
    has_intercept,
    of_target,
    parameters_of,
    symbols_of,
)

if TYPE_CHECKING:
    from sklearn_gd import DescentPath

Floats = NDArray[np.float64]

# Points of a curve: enough for its bends at any width.
MOST_POINTS = 400
# As many coefficients as have colours of their own; the rest are grey.
MOST_NAMED = len(SERIES)
# Names at the right edge keep this share of the picture's height from one another.
LINE_HEIGHT = 0.052
# A name stands this many points to the right of the picture, its least-squares mark nearer.
NAME_SHIFT = 12
MARK_SHIFT = 1.012


class CoefPathDisplay:
    """Coefficients against iteration, with their least-squares values marked at the right.

    Make it with :meth:`from_estimator`, or with numbers of your own. The coefficients that end
    farthest from zero have a colour and a name, the others are grey.

    Parameters
    ----------
    t : array-like of shape (n_iterates,)
        Numbers of updates.
    coef : array-like of shape (n_iterates, n_features)
        The coefficients.
    names : sequence of str
        The features' names.
    limit : array-like of shape (n_features,), default=None
        The least-squares values.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    lines_ : list of Line2D
        A line for each coefficient, in the order of the features.
    marks_ : list of Line2D
        The least-squares values of the named ones.
    texts_ : list of matplotlib Annotation
        The names at the ends of the lines; empty if a legend has them.
    legend_ : matplotlib Legend or None
        The legend, if there is one.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_gd import CoefPathDisplay, GDLinearRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = GDLinearRegressor(tol=2000).fit(X, y)
    >>> display = CoefPathDisplay.from_estimator(model)
    >>> display.texts_[0].get_text()
    'bmi'
    """

    def __init__(
        self,
        *,
        t: ArrayLike,
        coef: ArrayLike,
        names: Sequence[str],
        limit: ArrayLike | None = None,
    ) -> None:
        self.t, self.coef = np.asarray(t), np.asarray(coef, dtype=float)
        self.names = list(names)
        self.limit = None if limit is None else np.asarray(limit, dtype=float)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        parameters: Sequence[str | int] | None = None,
        symbols: Symbols = None,
        t: ArrayLike | None = None,
        t_max: int | None = None,
        target: int = 0,
        ax: Any = None,
        **looks: Any,
    ) -> Self:
        """Draw the coefficients of a fitted estimator.

        Parameters
        ----------
        estimator : GDLinearRegressor, Pipeline or DescentPath
            Fitted.
        parameters : sequence of str or int, default=None
            Names or positions of the parameters to draw, the intercept first. None: all
            coefficients, without the intercept.
        symbols : dict of str to str, default=None
            What to call parameters in the picture, such as ``{"x0": "w"}``.
        t : array-like of int, default=None
            The iterates to show. None: all from 0 to `t_max`, of very many some.
        t_max : int, default=None
            The last number of updates shown. None: the stop and, if the descent diverges, a few
            updates beyond it.
        target : int, default=0
            Which of several targets.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **looks : dict
            Passed to :meth:`plot`.

        Returns
        -------
        CoefPathDisplay
            Drawn.
        """
        path, target = path_of(estimator), check_target(path_of(estimator), target)
        names, called = symbols_of(estimator, symbols)
        if parameters is None:
            parameters = range(int(has_intercept(path)), len(names))
        chosen = [check_parameter(names, parameter) for parameter in parameters]
        steps = choose(path, t, t_max, MOST_POINTS)
        limit = _limit(path, target)
        display = cls(
            t=steps,
            coef=parameters_of(path, steps, target)[:, chosen],
            names=[called[j] for j in chosen],
            limit=None if limit is None else limit[chosen],
        )
        return display.plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        n_named: int = MOST_NAMED,
        legend: LegendStyle | None = None,
        line_kw: Style = None,
        rest_kw: Style = None,
        mark_kw: Style = None,
    ) -> Self:
        """Draw the coefficients.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        n_named : int, default=8
            How many coefficients have a name and a colour.
        legend : bool, dict or None, default=None
            Whether a legend has the names; a dict is passed to ``ax.legend``. None: the names stand
            at the ends of the lines, unless a figure without a layout leaves no room there.
            False: there are no names.
        line_kw, rest_kw, mark_kw : dict, default=None
            Styles of the named lines, the others and the least-squares marks.

        Returns
        -------
        CoefPathDisplay
            Itself.
        """
        ax = new_axes(ax, "CoefPathDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        named = self._farthest(n_named)
        lines = {}
        for j in np.setdiff1d(np.arange(len(self.names)), named):
            style = {"color": PALE, "linewidth": 0.8, "zorder": 1}
            lines[int(j)] = self._draw(int(j), merged(style, rest_kw))
        for i, j in enumerate(named):
            style = {"color": SERIES[i % len(SERIES)], "linewidth": 1.8, "zorder": 3}
            style["linestyle"] = DASHES[i % len(DASHES)]
            style |= dots(self.t, int(self.t[-1]), 2.5)
            lines[j] = self._draw(j, merged(style, line_kw))
        self.lines_ = [lines[j] for j in range(len(self.names))]
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        tidy(ax, "number of updates t", "coefficient")
        updates_axis(ax, int(self.t[-1]))
        self._hold_limits()
        self.marks_ = self._draw_marks(named, mark_kw)
        at_ends = legend is None and has_layout(ax)
        self.texts_ = self._draw_names(named) if at_ends else []
        wanted = not at_ends if legend is None else legend
        handles = [self.lines_[j] for j in named] + self.marks_[:1]
        self.legend_ = draw_legend(ax, wanted, handles=handles)
        ax.set_title(self._title(len(named)), fontsize="medium", loc="left")
        return self

    def _draw(self, j: int, style: dict[str, Any]) -> Any:
        return self.ax_.plot(self.t, self.coef[:, j], label=self.names[j], **style)[0]

    def _farthest(self, most: int) -> list[int]:
        """Return the coefficients that end farthest from zero, the largest first."""
        end = np.abs(self.coef[-1])
        return [int(j) for j in np.argsort(-end, kind="stable")[:most]]

    def _title(self, named: int) -> str:
        said = ["◁ least squares"] if self.marks_ and self.legend_ is None else []
        if len(self.names) > named:
            said.append(f"grey: {len(self.names) - named:,} smaller ones")
        return "    ".join(said)

    def _hold_limits(self) -> None:
        """Make room for all lines, and for least-squares values that are not far from them."""
        shown = self.coef[np.isfinite(self.coef)]
        if self.limit is not None:
            reach = 2.0 * np.abs(shown).max(initial=0.0)
            shown = np.concatenate([shown, self.limit[np.abs(self.limit) <= reach]])
        low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
        room = 0.05 * ((high - low) or 1.0)
        set_limits(self.ax_, y=(low - room, high + room))

    def _draw_marks(self, named: list[int], given: Style) -> list[Any]:
        if self.limit is None:
            return []
        low, high = self.ax_.get_ylim()
        marks = []
        for j in named:
            if low <= self.limit[j] <= high:
                style = {"color": self.lines_[j].get_color(), "marker": "<", "markersize": 6}
                style |= {
                    "label": "least squares",
                    "linestyle": "none",
                    "markerfacecolor": "white",
                    "clip_on": False,
                }
                marks += self.ax_.plot(
                    [MARK_SHIFT],
                    [self.limit[j]],
                    transform=self.ax_.get_yaxis_transform(),
                    **merged(style, given),
                )
        return marks

    def _draw_names(self, named: list[int]) -> list[Any]:
        """Write names at the ends of their lines, moved apart so that none overlap."""
        low, high = self.ax_.get_ylim()
        wanted = np.array([(self.coef[-1, j] - low) / (high - low) for j in named])
        heights = _apart(np.nan_to_num(np.clip(wanted, 0, 1), nan=0.5), LINE_HEIGHT)
        return [
            self.ax_.annotate(
                self.names[j],
                xy=(1.0, height),
                xycoords="axes fraction",
                xytext=(NAME_SHIFT, 0),
                textcoords="offset points",
                color=self.lines_[j].get_color(),
                fontsize="small",
                va="center",
            )
            for j, height in zip(named, heights, strict=True)
        ]


def _limit(path: DescentPath, target: int) -> Floats | None:
    """Return the least-squares values, if the solver kept what they take."""
    try:
        return of_target(path, path.limit(), target)
    except ValueError:
        return None


def _apart(wanted: Floats, distance: float) -> Floats:
    """Return the heights nearest to those wanted that keep their order and this distance."""
    order = np.argsort(wanted, kind="stable")
    # Blocks of names that touch share their mean shift: pool adjacent violators.
    shift = wanted[order] - distance * np.arange(len(order))
    blocks: list[list[float]] = []
    for value in shift:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    level = np.concatenate([[np.mean(block)] * len(block) for block in blocks] or [[]])
    heights = level + distance * np.arange(len(order))
    placed: Floats = np.empty_like(heights)
    placed[order] = heights
    return placed
