"""LossSlopeDisplay: one parameter, the parabola of its loss, tangents and steps."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd.display._axes import set_limits, tidy, with_room
from sklearn_gd.display._canvas import LegendStyle, MovingDisplay, Style
from sklearn_gd.display._colours import BLUE, GREEN, GREY, RED
from sklearn_gd.display._descents import Floats, Symbols, choose, descent_of, iterate_words

# Iterates are dots on a curve: more of them run together.
MOST_ITERATES = 30
# A parabola drawn on so many points is smooth.
GRID = 200
# The picture is wider than the iterates by this share on each side.
MARGIN = 0.15
# Half the length of a tangent, as a share of the picture's width.
TANGENT = 0.13
# Distance of steps below one another, as a share of the height: steps to and fro would overlap.
ROW = 0.04
ROWS = 3


class LossSlopeDisplay(MovingDisplay):
    """One parameter: the parabola of its loss, the iterates, tangents and steps lr * slope.

    The slope of the tangent is the partial derivative; the arrow along the axis of the parameter is
    the step to the next iterate, - lr * slope. Make it with :meth:`from_estimator`, or with numbers
    of your own.

    Parameters
    ----------
    value, loss, slope, t : array-like of shape (n_iterates,)
        Of each iterate the parameter, the loss, its partial derivative by the parameter, and the
        number of updates made.
    curvature : float
        The second derivative of the loss by the parameter, everywhere the same.
    lr : float
        The learning rate.
    step : array-like of shape (n_iterates,), default=None
        How far the next update moves the parameter. None: -lr * slope.
    name : str
        The parameter's name.
    others : bool
        Whether there are other parameters, which move too. The parabola through an iterate holds
        them at their values there, so each iterate has its own.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    parabolas_, tangents_ : list of Line2D
        J by the parameter, one for all iterates or one for each tangent; and the tangents.
    points_ : Line2D
        The iterates.
    steps_ : list of matplotlib Annotation
        The steps, as arrows.
    legend_ : matplotlib Legend or None
        The legend.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor, LossSlopeDisplay
    >>> X, y = [[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]
    >>> model = GDLinearRegressor(lr=0.05, tol=0.01, fit_intercept=False).fit(X, y)
    >>> display = LossSlopeDisplay.from_estimator(model)
    >>> display.slope[:2].round(4)
    array([-9.3333, -7.1556])
    """

    _frame_ms = 500  # enough to read the numbers

    def __init__(
        self,
        *,
        value: ArrayLike,
        loss: ArrayLike,
        slope: ArrayLike,
        t: ArrayLike,
        curvature: float,
        lr: float,
        step: ArrayLike | None = None,
        name: str = "x0",
        others: bool = False,
    ) -> None:
        self.value, self.loss, self.slope, self.t = map(np.asarray, (value, loss, slope, t))
        self.curvature, self.lr, self.name, self.others = curvature, lr, name, others
        # A step of nothing is not -0.
        self.step = 0.0 - lr * self.slope if step is None else np.asarray(step)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        parameters: str | int | None = None,
        symbols: Symbols = None,
        t: ArrayLike | None = None,
        t_max: int | None = None,
        target: int = 0,
        ax: Any = None,
        **looks: Any,
    ) -> Self:
        """Draw one parameter of a fitted estimator.

        Parameters
        ----------
        estimator : GDLinearRegressor, Pipeline or DescentPath
            Fitted.
        parameters : str or int, default=None
            The name of the parameter, "intercept" for the intercept, or its position, the intercept
            first. None: the coefficient of the first feature.
        symbols : dict of str to str, default=None
            What to call parameters in the picture, such as ``{"x0": "w"}``.
        t : array-like of int, default=None
            The iterates to show. None: up to 30 of them from 0 to `t_max`.
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
        LossSlopeDisplay
            Drawn.
        """
        descent = descent_of(estimator, target, symbols)
        j = descent.positions(None if parameters is None else [parameters])[0]
        path, steps = descent.path, choose(descent.path, t, t_max, MOST_ITERATES)
        value = descent.parameters(steps)[:, j]
        return cls(
            value=value,
            loss=path.loss(steps),
            slope=descent.of_target(path.gradient(steps))[:, j],
            t=steps,
            curvature=float(path.hessian_product(np.eye(len(descent.names))[:, j])[j]),
            lr=path.lr,
            step=descent.parameters(steps + 1)[:, j] - value,
            name=descent.symbols[j],
            others=path.parameters(0).size > 1,
        ).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        tangents: Sequence[int] | None = None,
        legend: LegendStyle = True,
        parabola_kw: Style = None,
        points_kw: Style = None,
        tangent_kw: Style = None,
        step_kw: Style = None,
    ) -> Self:
        """Draw parabola, iterates, tangents and steps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        tangents : sequence of int, default=None
            Numbers of updates at which to draw tangent and step. None: the first two iterates, or
            the first if there are other parameters.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        parabola_kw, points_kw, tangent_kw, step_kw : dict, default=None
            Styles of parabolas, iterates, tangents and step arrows.

        Returns
        -------
        LossSlopeDisplay
            Itself.
        """
        ax, at = self._take_axes(ax), self._positions(tangents)
        through = (at if self.others else at[:1]) or [0]
        grid, self.parabolas_ = self._grid(through[0]), []
        style = {"color": BLUE, "linewidth": 2.0, "zorder": 2}
        for i in through:
            style["label"] = f"loss J, others as at t = {self.t[i]:,}" if self.others else "loss J"
            self.parabolas_.append(self._plot(grid, self._parabola(i, grid), parabola_kw, **style))
            style["alpha"] = 0.45
        style = {"color": "black", "marker": "o", "markersize": 5, "linestyle": "none", "zorder": 5}
        style |= {"markerfacecolor": "white"} if self.others else {}
        style["label"] = iterate_words(self.t) + self.others * ", at their own loss"
        self.points_ = self._plot(self.value, self.loss, points_kw, **style)
        tidy(ax, f"parameter {self.name}", "loss J")
        losses = [*self.loss[through], self.loss.min(), *self._parabola(through[0], grid)]
        limits = with_room(np.array(losses), 0.17, 0.05)
        self._below = limits[0]
        set_limits(ax, x=(grid[0], grid[-1]), y=limits)
        self.tangents_ = [self._draw_tangent(i, tangent_kw) for i in at]
        self.steps_ = [self._draw_step(row % ROWS, i, step_kw) for row, i in enumerate(at)]
        if at:
            self._say_first(at[0])
        self._draw_legend(legend)
        return self

    def _begin(self, ax: Any, legend: LegendStyle = True, **looks: Any) -> None:
        self.plot(ax, tangents=[], legend=False, **looks)
        self.tangents_ = [self._draw_tangent(0, looks.get("tangent_kw"))]
        self._draw_legend(legend)

    def _show(self, i: int) -> None:
        parabola = self.parabolas_[0]
        self.points_.set_data(self.value[: i + 1], self.loss[: i + 1])
        parabola.set_ydata(self._parabola(i, parabola.get_xdata()))
        self.tangents_[0].set_data(*self._tangent(i))
        numbers = f"slope {self.slope[i]:.4g}, step {self.step[i]:.4g}"
        self._say(f"t = {self.t[i]:,}: J = {self.loss[i]:.4g}, {numbers}")

    def _positions(self, tangents: Sequence[int] | None) -> list[int]:
        if tangents is None:
            return list(range(min(len(self.t), 1 if self.others else 2)))
        missing = [t for t in tangents if t not in self.t]
        if missing:
            raise ValueError(f"tangents must be among the iterates {self.t}; got {missing}.")
        return [int(np.flatnonzero(self.t == t)[0]) for t in tangents]

    def _grid(self, i: int) -> Floats:
        """Return values as wide as the iterates, the lowest point and much of the other branch."""
        lowest = self.value[i] - self.slope[i] / self.curvature if self.curvature > 0 else 0.0
        shown = np.array([*self.value, lowest + 0.7 * (lowest - self.value[i])])
        width = float(np.ptp(shown)) or abs(float(self.value[i])) or 1.0
        return np.linspace(shown.min() - MARGIN * width, shown.max() + MARGIN * width, GRID)

    def _parabola(self, i: int, grid: Any) -> Floats:
        offset = grid - self.value[i]
        return np.asarray(self.loss[i] + self.slope[i] * offset + 0.5 * self.curvature * offset**2)

    def _tangent(self, i: int) -> tuple[Floats, Floats]:
        """Return the tangent's two ends; it is equally long in the picture however steep it is."""
        width, height = np.ptp(self.ax_.get_xlim()), np.ptp(self.ax_.get_ylim())
        reach = TANGENT * width / np.hypot(1.0, self.slope[i] * width / height / 1.6)
        offset = np.array([-reach, reach])
        return self.value[i] + offset, self.loss[i] + self.slope[i] * offset

    def _draw_tangent(self, i: int, given: Style) -> Any:
        return self._plot(*self._tangent(i), given, color=RED, linewidth=2.0, zorder=4)

    def _draw_step(self, row: int, i: int, given: Style) -> Any:
        """Draw an arrow along the axis from the iterate's value to the next."""
        base = self._below + (0.1 - ROW * row) * (self.ax_.get_ylim()[1] - self._below)
        before, after = self.value[i], self.value[i] + self.step[i]
        for x, loss in ((before, self.loss[i]), (after, self._parabola(i, after))):
            self._plot([x] * 2, [base, loss], None, color=GREY, linewidth=0.8, ls=":", zorder=1)
        style = {"arrowstyle": "-|>", "color": GREEN, "linewidth": 2.0, "shrinkA": 0, "shrinkB": 0}
        style |= given or {}
        return self.ax_.annotate("", (after, base), (before, base), arrowprops=style)

    def _say_first(self, i: int) -> None:
        """Name the first tangent and step in the legend; the others look alike."""
        self.tangents_[0].set_label(f"tangent at t = {self.t[i]:,}: slope {self.slope[i]:.4g}")
        color = self.steps_[0].arrow_patch.get_edgecolor()
        plain = np.isclose(self.step[i], -self.lr * self.slope[i], rtol=1e-6)
        said = f"step{' −lr × slope' if plain else ''} = {self.step[i]:.4g}"
        self.ax_.plot([], [], color=color, linewidth=2.0, label=said)
