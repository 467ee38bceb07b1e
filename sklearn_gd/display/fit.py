"""FitDisplay: the data, the first line, the fitted line and lines between."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._estimator.path_of import transform
from sklearn_gd.display._axes import set_limits, tidy, with_room
from sklearn_gd.display._canvas import MOST_FRAMES, LegendStyle, MovingDisplay, Style
from sklearn_gd.display._colours import GREEN, GREY, RED, SKY
from sklearn_gd.display._descents import choose, descent_of

# Points of the grid on which a line is drawn: a pipeline may bend it.
GRID = 200
# Of more rows than this some are drawn: more dots run together.
MOST_POINTS = 1000
# A line farther from the data than this share of their height is cut off.
BEYOND = 0.8


class FitDisplay(MovingDisplay):
    """One feature against the target: data, first line, fitted line and lines between.

    Make it with :meth:`from_estimator`, or with numbers of your own.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The data.
    grid : array-like of shape (n_points,)
        Where the lines are evaluated.
    lines : array-like of shape (n_iterates, n_points)
        Predictions on the grid, in the order of `t`.
    t : array-like of shape (n_iterates,)
        The number of updates that led to each line.
    loss : array-like of shape (n_iterates,)
        The loss of each line.
    fitted : int, default=None
        The number of updates that led to the fitted line. None: no line is called fitted.
    x_name, y_name : str
        Labels of the axes.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    scatter_ : matplotlib PathCollection
        The data.
    first_line_, line_ : matplotlib Line2D
        The first line, dashed green, and the last one, solid red.
    between_ : list of Line2D
        Lines between.
    legend_ : matplotlib Legend or None
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
        fitted: int | None = None,
        x_name: str = "x",
        y_name: str = "y",
    ) -> None:
        self.x, self.y, self.grid = np.asarray(x), np.asarray(y), np.asarray(grid)
        self.lines, self.t, self.loss = np.asarray(lines), np.asarray(t), np.asarray(loss)
        self.fitted, self.x_name, self.y_name = fitted, x_name, y_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        t: ArrayLike | None = None,
        t_max: int | None = None,
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
            The iterates to keep. None: up to 60 of them from 0 to `t_max`, evenly apart.
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
        FitDisplay
            Drawn.
        """
        descent, shape = descent_of(estimator, target), np.shape(X)
        if shape[1:] != (1,):
            raise ValueError(f"FitDisplay draws one feature: X of shape (n, 1); got shape {shape}.")
        x = np.asarray(X, dtype=float)[:, 0]
        steps = choose(descent.path, t, t_max, MOST_FRAMES, by_loss=True)
        # The grid is a column of the same kind as X, so that a pipeline knows its name.
        grid = np.linspace([x.min()], [x.max()], GRID)
        Z = transform(estimator, type(X)(grid, columns=X.columns) if hasattr(X, "iloc") else grid)
        with np.errstate(invalid="ignore"):  # a diverging line may be infinite
            lines = descent.path.predict(Z, steps).reshape(len(steps), GRID, -1)[..., target]
        # The one column that the descent saw has a name; several columns are called x.
        seen = descent.names[-1] if np.shape(Z)[1] == 1 else "x"
        return cls(
            x=x,
            y=np.asarray(y, dtype=float).reshape(len(x), -1)[:, target],
            grid=grid[:, 0],
            lines=lines,
            t=steps,
            loss=descent.path.loss(steps),
            fitted=descent.path.best_iter,
            x_name=str(X.columns[0]) if hasattr(X, "columns") else seen,
            y_name=str(getattr(y, "name", None) or "y"),
        ).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        between: int = 4,
        legend: LegendStyle = True,
        scatter_kw: Style = None,
        first_kw: Style = None,
        line_kw: Style = None,
        between_kw: Style = None,
    ) -> Self:
        """Draw data and lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        between : int, default=4
            How many of the lines between the first and the last are drawn.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        scatter_kw, first_kw, line_kw, between_kw : dict, default=None
            Styles of data, first line, last line and lines between.

        Returns
        -------
        FitDisplay
            Itself.
        """
        ax = self._take_axes(ax)
        thin = slice(None, None, 1 + (len(self.x) - 1) // MOST_POINTS)
        style = {"color": SKY, "edgecolors": "white", "linewidths": 0.5, "s": 28, "zorder": 1}
        style |= {"label": "data", **(scatter_kw or {})}
        self.scatter_ = ax.scatter(self.x[thin], self.y[thin], **style)
        set_limits(ax, y=self._limits())
        tidy(ax, self.x_name, self.y_name)
        n_inner = max(len(self.t) - 2, 0)
        places = np.linspace(0, n_inner - 1, np.clip(between, 0, n_inner) + 2)[1:-1]
        shown = 1 + np.unique(places.round().astype(int))
        style = {"color": GREY, "linewidth": 0.9, "alpha": 0.7, "zorder": 2}
        self.between_ = [self._plot(self.grid, self.lines[i], between_kw, **style) for i in shown]
        if self.between_:
            self.between_[0].set_label(f"between, t = {', '.join(f'{t:,}' for t in self.t[shown])}")
        # If first and last line are one, the dashes lie on top.
        style = {"color": GREEN, "linestyle": (0, (5, 2)), "zorder": 5 if len(self.t) == 1 else 3}
        # A descent that diverges at once keeps the line that it started from.
        self.first_line_ = self._line(0, ("first line", "first and fitted line"), first_kw, **style)
        self.line_ = self._line(-1, ("last line", "fitted line"), line_kw, color=RED, zorder=4)
        handles = [self.scatter_, self.first_line_, *self.between_[:1], self.line_]
        self._draw_legend(legend, handles=handles)
        return self

    def _line(self, i: int, names: tuple[str, str], given: Style, **style: Any) -> Any:
        """Draw a line; of two names the second is that of the fitted one."""
        name = names[bool(self.t[i] == self.fitted)]
        label = f"{name}, t = {self.t[i]:,}: J = {self.loss[i]:.3g}"
        return self._plot(self.grid, self.lines[i], given, label=label, linewidth=2.2, **style)

    def _begin(self, ax: Any, legend: LegendStyle = True, **looks: Any) -> None:
        self.plot(ax, between=0, legend=False, **looks)
        self.line_.set_label("line after t updates")
        self._draw_legend(legend, handles=[self.scatter_, self.first_line_, self.line_])

    def _show(self, i: int) -> None:
        self.line_.set_ydata(self.lines[i])
        self._say(f"t = {self.t[i]:,}, J = {self.loss[i]:.4g}")

    def _limits(self) -> tuple[float, float]:
        """Return limits for the data and the first line, and for the last within reach of them.

        If the loss rises, the line after the first update belongs to them.
        """
        rises = bool(self.loss[-1] > self.loss[0])
        sure = np.concatenate([self.y, *self.lines[: 1 + rises]])
        sure = sure[np.isfinite(sure)]
        last = np.clip(np.nan_to_num(self.lines[-1]), *with_room(sure, BEYOND, BEYOND))
        return with_room(np.concatenate([sure, last]), 0.06, 0.06)
