"""FitDisplay: the data, the first line, the fitted line and lines between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._reading import names_of, path_of, transform
from sklearn_gd.display._canvas import (
    FRAME_MS,
    GREEN,
    GREY,
    MOST_FRAMES,
    RED,
    SKY,
    Style,
    legend,
    merged,
    new_axes,
    player,
    tidy,
)
from sklearn_gd.display._iterates import check_target, choose, milestones

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

# Points of the grid on which a line is drawn: a pipeline may bend it.
GRID = 200
# More points than this are a blot.
MOST_POINTS = 1000


class FitDisplay:
    """One feature against the target: data, first line, fitted line and lines between.

    Make it with :meth:`from_estimator`, or with numbers of your own.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The data.
    grid : array-like of shape (n_points,)
        Where the lines are evaluated.
    lines : array-like of shape (n_iterates, n_points)
        Predictions on the grid; the first line first, the fitted line last.
    t : array-like of shape (n_iterates,)
        The number of updates that led to each line.
    loss : array-like of shape (n_iterates,)
        The loss of each line.
    x_name, y_name : str
        Labels of the axes.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    scatter_ : matplotlib PathCollection
        The data.
    first_line_, line_ : matplotlib Line2D
        The first line, dashed green, and the fitted line, solid red.
    between_ : list of Line2D
        Lines between.
    legend_ : matplotlib Legend
        The legend.

    Examples
    --------
    >>> from sklearn_gd import FitDisplay, GDLinearRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y)
    >>> display = FitDisplay.from_estimator(model, X, y)
    >>> display.line_.get_label()
    'fitted line, t = 8: J = 0.0854'
    """

    def __init__(
        self,
        *,
        x: ArrayLike,
        y: ArrayLike,
        grid: ArrayLike,
        lines: ArrayLike,
        t: ArrayLike,
        loss: ArrayLike,
        x_name: str = "x",
        y_name: str = "y",
    ) -> None:
        self.x, self.y = np.asarray(x), np.asarray(y)
        self.grid, self.lines = np.asarray(grid), np.asarray(lines)
        self.t, self.loss = np.asarray(t), np.asarray(loss)
        self.x_name, self.y_name = x_name, y_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        t: ArrayLike | None = None,
        target: int = 0,
        ax: Any = None,
        **looks: Any,
    ) -> Self:
        """Draw the lines of a fitted estimator over one-feature data.

        Parameters
        ----------
        estimator : GDLinearRegressor or Pipeline
            Fitted. A pipeline may scale the feature or make polynomials of it.
        X : array-like of shape (n_samples, 1)
            One feature.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        t : array-like of int, default=None
            The iterates to keep. None: up to 60 of them from start to stop, evenly apart.
        target : int, default=0
            Which of several targets.
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        **looks : dict
            Passed to :meth:`plot`.

        Returns
        -------
        FitDisplay
            Drawn.
        """
        path = path_of(estimator)
        target = check_target(path, target)
        shape = np.shape(X)
        if len(shape) != 2 or shape[1] != 1:
            raise ValueError(f"FitDisplay draws one feature: X of shape (n, 1); got shape {shape}.")
        x = np.asarray(X, dtype=float)[:, 0]
        steps = milestones(path, MOST_FRAMES) if t is None else choose(path, t, MOST_FRAMES)
        grid = np.linspace(x.min(), x.max(), GRID)
        theta = path._descent.theta(steps)[:, :, target]
        Z = np.asarray(transform(estimator, _like(X, grid)), dtype=float)
        lines = theta[:, -Z.shape[1] :] @ Z.T
        if path._layout.fit_intercept:
            lines = lines + theta[:, :1]
        display = cls(
            x=x,
            y=np.asarray(y, dtype=float).reshape(len(x), -1)[:, target],
            grid=grid,
            lines=lines,
            t=steps,
            loss=path.loss(steps),
            x_name=str(X.columns[0]) if hasattr(X, "columns") else _feature_name(estimator),
            y_name=str(getattr(y, "name", None) or "y"),
        )
        return display.plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        between: int = 4,
        scatter_kw: Style = None,
        first_kw: Style = None,
        line_kw: Style = None,
        between_kw: Style = None,
    ) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        between : int, default=4
            How many of the lines between first and fitted are drawn.
        scatter_kw, first_kw, line_kw, between_kw : dict, default=None
            Styles of data, first line, fitted line and lines between.

        Returns
        -------
        FitDisplay
            Itself.
        """
        ax = self._frame(ax, scatter_kw)
        style = merged({"color": GREY, "linewidth": 0.9, "alpha": 0.7, "zorder": 2}, between_kw)
        self.between_ = []
        for i in self._between(between):
            self.between_ += ax.plot(self.grid, self.lines[i], **style)
        if self.between_:
            steps = ", ".join(f"{t:,}" for t in self.t[self._between(between)])
            self.between_[0].set_label(f"between, t = {steps}")
        self.first_line_ = self._draw_first(first_kw)
        self.line_ = self._draw_last(line_kw)
        shown = [self.scatter_, self.first_line_, *self.between_[:1], self.line_]
        self.legend_ = legend(ax, handles=shown)
        return self

    def animate(
        self,
        ax: Any = None,
        *,
        interval: int = FRAME_MS,
        scatter_kw: Style = None,
        first_kw: Style = None,
        line_kw: Style = None,
    ) -> FuncAnimation:
        """The line on its way from the first to the fitted one, a frame for each iterate kept.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        interval : int, default=100
            Milliseconds from frame to frame.
        scatter_kw, first_kw, line_kw : dict, default=None
            Styles of data, first line and moving line.

        Returns
        -------
        matplotlib.animation.FuncAnimation
            Save it with ``animation.save("fit.gif")``; a notebook shows it with its controls.
        """
        ax = self._frame(ax, scatter_kw)
        self.between_ = []
        self.first_line_ = self._draw_first(first_kw)
        self.line_ = self._draw_last(line_kw)
        self.line_.set_label("line after t updates")
        self.legend_ = legend(ax)

        def draw(i: int) -> list[Any]:
            self.line_.set_ydata(self.lines[i])
            ax.set_title(
                f"t = {self.t[i]:,}, J = {self.loss[i]:.4g}", fontsize="medium", loc="left"
            )
            return [self.line_]

        draw(0)
        return player(ax, draw, range(len(self.t)), interval)

    def _frame(self, ax: Any, scatter_kw: Style) -> Any:
        """Axes with the data on them, and limits that no wild line moves."""
        ax = new_axes(ax, "FitDisplay")
        self.ax_, self.figure_ = ax, ax.figure
        thin = slice(None, None, 1 + (len(self.x) - 1) // MOST_POINTS)
        style = {"color": SKY, "edgecolors": "white", "linewidths": 0.5, "s": 28, "zorder": 1}
        self.scatter_ = ax.scatter(
            self.x[thin], self.y[thin], label="data", **{**style, **(scatter_kw or {})}
        )
        shown = np.concatenate([self.y, self.lines[0], self.lines[-1]])
        shown = shown[np.isfinite(shown)]
        margin = 0.06 * (np.ptp(shown) or 1.0)
        ax.set_ylim(shown.min() - margin, shown.max() + margin)
        tidy(ax, self.x_name, self.y_name)
        return ax

    def _between(self, most: int) -> list[int]:
        inner = np.arange(1, len(self.t) - 1)
        count = min(max(most, 0), inner.size)
        picked = np.linspace(0, inner.size - 1, count + 2)[1:-1].round()
        return [int(i) for i in np.unique(inner[picked.astype(int)])]

    def _draw_first(self, given: Style) -> Any:
        style = {"color": GREEN, "linestyle": (0, (5, 2)), "linewidth": 2.2, "zorder": 3}
        if len(self.t) == 1:  # first and fitted line are one: the dashes lie on top
            style["zorder"] = 5
        label = f"first line, t = {self.t[0]:,}: J = {self.loss[0]:.3g}"
        return self.ax_.plot(self.grid, self.lines[0], label=label, **merged(style, given))[0]

    def _draw_last(self, given: Style) -> Any:
        style = {"color": RED, "linewidth": 2.2, "zorder": 4}
        label = f"fitted line, t = {self.t[-1]:,}: J = {self.loss[-1]:.3g}"
        return self.ax_.plot(self.grid, self.lines[-1], label=label, **merged(style, given))[0]


def _like(X: Any, grid: Any) -> Any:
    """The grid as one column of the same kind as X, so that a pipeline knows its name."""
    column = grid[:, np.newaxis]
    return type(X)(column, columns=X.columns) if hasattr(X, "iloc") else column


def _feature_name(estimator: Any) -> str:
    """The name of the one column that the descent saw; what a pipeline makes several of is x."""
    names, layout = names_of(estimator), path_of(estimator)._layout
    return names[-1] if len(names) == 1 + layout.fit_intercept else "x"
