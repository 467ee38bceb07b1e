"""CoefPathDisplay: coefficients against iteration, by feature name."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd.display._axes import set_limits, updates_axis, with_room
from sklearn_gd.display._canvas import Display, LegendStyle, Style
from sklearn_gd.display._colours import DASHES, PALE, SERIES
from sklearn_gd.display._descents import Floats, Symbols, choose, descent_of, dots

# Points of a curve: enough for its bends at any width.
MOST_POINTS = 400
# Names at the right edge keep this share of the picture's height from one another.
LINE_HEIGHT = 0.052
# A name stands this many points to the right of the picture, its least-squares mark nearer.
NAME_SHIFT = 12
MARK_SHIFT = 1.012


class CoefPathDisplay(Display):
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
        self, *, t: ArrayLike, coef: ArrayLike, names: Sequence[str], limit: ArrayLike | None = None
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
            The last t shown. None: the stop, or a few updates beyond it if the descent diverges.
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
        descent = descent_of(estimator, target, symbols)
        chosen = descent.positions(parameters)
        steps = choose(descent.path, t, t_max, MOST_POINTS)
        try:
            limit = descent.of_target(descent.path.limit())[chosen]
        except ValueError:  # a Krylov solver may not know it
            limit = None
        coef, names = descent.parameters(steps)[:, chosen], [descent.symbols[j] for j in chosen]
        return cls(t=steps, coef=coef, names=names, limit=limit).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        n_named: int = len(SERIES),
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
        ax = self._take_axes(ax)
        # The coefficients that end farthest from zero, the largest first.
        order = np.argsort(-np.abs(self.coef[-1]), kind="stable").tolist()
        named, rest = order[:n_named], sorted(order[n_named:])
        lines = {j: self._draw(j, rest_kw, color=PALE, linewidth=0.8, zorder=1) for j in rest}
        for i, j in enumerate(named):
            style = {"color": SERIES[i % len(SERIES)], "linestyle": DASHES[i % len(DASHES)]}
            style |= {"linewidth": 1.8, "zorder": 3, **dots(self.t, int(self.t[-1]), 2.5)}
            lines[j] = self._draw(j, line_kw, **style)
        self.lines_ = [lines[j] for j in range(len(self.names))]
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        updates_axis(ax, int(self.t[-1]), "coefficient")
        self._hold_limits()
        self.marks_ = [] if self.limit is None else self._draw_marks(self.limit, named, mark_kw)
        at_ends = legend is None and self._has_layout()
        self.texts_ = self._draw_names(named) if at_ends and named else []
        handles = [self.lines_[j] for j in named] + self.marks_[:1]
        self._draw_legend(not at_ends if legend is None else legend, handles=handles)
        said = ["◁ least squares"] if self.marks_ and self.legend_ is None else []
        said += [f"grey: {len(rest):,} smaller ones"] if rest else []
        self._say("    ".join(said))
        return self

    def _draw(self, j: int, given: Style, **style: Any) -> Any:
        return self._plot(self.t, self.coef[:, j], given, label=self.names[j], **style)

    def _hold_limits(self) -> None:
        """Make room for all lines, and for least-squares values that are not far from them."""
        shown = np.append(self.coef[np.isfinite(self.coef)], 0.0)
        if self.limit is not None:
            near = np.abs(self.limit) <= 2.0 * np.abs(shown).max()
            shown = np.append(shown, self.limit[near])
        set_limits(self.ax_, y=with_room(shown, 0.05, 0.05))

    def _draw_marks(self, limit: Floats, named: list[int], given: Style) -> list[Any]:
        low, high = self.ax_.get_ylim()
        style = {"marker": "<", "markersize": 6, "markerfacecolor": "white", "linestyle": "none"}
        style |= {"label": "least squares", "clip_on": False}
        style |= {"transform": self.ax_.get_yaxis_transform()}
        return [
            self._plot([MARK_SHIFT], [limit[j]], given, color=self.lines_[j].get_color(), **style)
            for j in named
            if low <= limit[j] <= high
        ]

    def _draw_names(self, named: list[int]) -> list[Any]:
        """Write names at the ends of their lines, moved apart so that none overlap."""
        from sklearn.isotonic import isotonic_regression

        low, high = self.ax_.get_ylim()
        ends = np.nan_to_num(np.clip((self.coef[-1, named] - low) / (high - low), 0, 1), nan=0.5)
        order, apart = np.argsort(ends, kind="stable"), LINE_HEIGHT * np.arange(len(named))
        # The heights nearest to the ends that keep their order and this distance.
        heights = (isotonic_regression(ends[order] - apart) + apart)[np.argsort(order)]
        at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
        at |= {"xytext": (NAME_SHIFT, 0), "fontsize": "small", "va": "center"}
        return [
            self.ax_.annotate(self.names[j], (1.0, height), color=self.lines_[j].get_color(), **at)
            for j, height in zip(named, heights, strict=True)
        ]
