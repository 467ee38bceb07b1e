"""LossSurfaceDisplay: the loss over two parameters, as contours or in 3-D, with the path on it."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._estimator.parameters import check_choice
from sklearn_gd.display._axes import few_ticks, set_limits, tidy
from sklearn_gd.display._canvas import BESIDE, MARK, LegendStyle, Style, merged
from sklearn_gd.display._colours import GREEN, GREY, ORANGE, PURPLE, RED
from sklearn_gd.display._descents import Floats, Symbols, choose, descent_of, iterate_words
from sklearn_gd.display._plane import ALONG, Quadratic, arrow, plane_of, set_view, window

# More iterates than this run together into a line, and the line is drawn as well.
MOST_ITERATES = 60
# Grid lines each way: contours are smooth, and a 3-D surface still turns quickly.
GRID = 121
# Contours between the lowest and the highest loss in the picture.
LEVELS = 14
# The arrow is this long, as a share of the picture's sides, whatever the gradient's size.
ARROW = 0.22
# If height over width is within these, one scale for both shows the gradient upright on contours.
ONE_SCALE = (0.4, 1.3)
# Of more iterates than this the dots are small.
FEW = 25
# Its legend is below, that of contours beside: within there is no corner free of the path.
BELOW = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.04), "ncols": 3}


class LossSurfaceDisplay(Quadratic):
    """The loss over two parameters, the path on it, and the negative gradient with its components.

    Make it with :meth:`from_estimator`, or with numbers of your own. The loss is a quadratic, given
    by its lowest point, the loss there and its curvature.

    Parameters
    ----------
    path : array-like of shape (n_iterates, 2)
        The two parameters at each iterate.
    t : array-like of shape (n_iterates,)
        The number of updates made.
    lowest, loss_floor : array-like of shape (2,) and float
        The parameters of least loss, and the loss there.
    curvature : array-like of shape (2, 2)
        The second derivatives of the loss.
    names : tuple of two str
        The parameters' names.
    labels : tuple of two str, default=None
        What the axes say. None: the names.
    held : str
        What any other parameters are held at, in words.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Where it was drawn.
    surface_ : matplotlib QuadContourSet or Poly3DCollection
        The loss.
    line_ : Line2D
        The path.
    start_, stop_, lowest_ : Line2D
        The marks of the first and last iterate and of the least loss.
    arrows_ : list of Line2D
        The negative gradient and its two components.
    legend_ : matplotlib Legend or None
        The legend.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor, LossSurfaceDisplay
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y)
    >>> display = LossSurfaceDisplay.from_estimator(model)
    >>> display.lowest.round(6), display.gradient(0).round(3)
    (array([1., 2.]), array([-3.   , -4.333]))
    """

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
        """Draw the loss of a fitted estimator over two of its parameters.

        Parameters
        ----------
        estimator : GDLinearRegressor, Pipeline or DescentPath
            Fitted, with at least two parameters, the intercept included.
        parameters : two of str or int, default=None
            Their names or positions, the intercept first. None: both if there are two, else the
            plane of the two directions that hold most of the loss there is to lose. Directions
            descend alone, so on that plane the path is just as it is; on two of many parameters it
            is its shadow. All other parameters are held at their least-squares values.
        symbols : dict of str to str, default=None
            What to call parameters in the picture, such as ``{"x0": "w", "intercept": "b"}``.
        t : array-like of int, default=None
            The iterates to show. None: up to 60 of them from 0 to `t_max`.
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
        LossSurfaceDisplay
            Drawn.
        """
        descent = descent_of(estimator, target, symbols)
        steps = choose(descent.path, t, t_max, MOST_ITERATES)
        return cls(**plane_of(descent, steps, parameters)).plot(ax=ax, **looks)

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "contour",
        arrow_at: int | None = 0,
        legend: LegendStyle = True,
        surface_kw: Style = None,
        line_kw: Style = None,
        arrow_kw: Style = None,
    ) -> Self:
        """Draw the loss and the path.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; for ``kind="3d"`` three-dimensional. None: a new figure.
        kind : {"contour", "3d"}, default="contour"
            Seen from above, or in 3-D.
        arrow_at : int or None, default=0
            The number of updates at which the negative gradient is drawn with its components.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        surface_kw, line_kw, arrow_kw : dict, default=None
            Styles of the loss, the path and the arrows.

        Returns
        -------
        LossSurfaceDisplay
            Itself.
        """
        check_choice("kind", kind, ("contour", "3d"))
        self._solid = kind == "3d"
        ax = self._take_axes(ax, "3d" if self._solid else None)
        # A little more than the path and the lowest point, or what the axes show.
        sides = window(np.vstack([self.path, self.lowest]))
        if not self._solid:
            set_limits(ax, x=sides[0], y=sides[1])
            sides = np.array([ax.get_xlim(), ax.get_ylim()])
        self._window = np.linspace(sides[:, 0], sides[:, 1], GRID).T
        self._sides = np.ptp(sides, axis=1)
        draw = self._draw_solid if self._solid else self._draw_contours
        draw(self.loss(np.stack(np.meshgrid(*self._window), axis=-1)), surface_kw)
        self._draw_path(line_kw)
        if self.held:
            self._say(self.held, "small", color=GREY)
        self.arrows_: list[Any] = []
        for i in np.flatnonzero(self.t == arrow_at).tolist():
            self._draw_arrows(i, arrow_kw)
        self._draw_legend(legend, BELOW if self._solid else BESIDE)
        return self

    def _begin(self, ax: Any, legend: LegendStyle = True, **looks: Any) -> None:
        self.plot(ax, arrow_at=None, legend=False, **looks)
        self.stop_.set_label("after t updates")
        self._draw_legend(legend, BELOW if self._solid else BESIDE)

    def _show(self, i: int) -> None:
        for line, points in ((self.line_, self.path[: i + 1]), (self.stop_, self.path[[i]])):
            move = line.set_data_3d if self._solid else line.set_data
            move(*self._coordinates(self._way(points)))
        said = f"t = {self.t[i]:,}, J = {float(self.loss(self.path[i])):.4g}"
        self._say(f"{said}\n{self.held}".strip(), "small" if self.held else "medium")

    def _shades(self, height: float) -> dict[str, Any]:
        """Return colours in proportion to the root of the loss, so that the valley has some too."""
        from matplotlib.colors import PowerNorm

        top = self.loss_floor + 1.3 * (height or 1.0)
        return {"cmap": "Blues_r", "norm": PowerNorm(0.5, self.loss_floor, top), "alpha": 0.7}

    def _draw_contours(self, loss: Floats, given: Style) -> None:
        ax, (u, v) = self.ax_, self._window
        height = float(loss.max()) - self.loss_floor
        # Levels at equal steps of the root of the loss: ellipses at equal distances.
        levels = self.loss_floor + height * np.linspace(0.0, 1.0, LEVELS) ** 2
        style = {**self._shades(height), "levels": levels if height > 0 else None, **(given or {})}
        self.surface_ = ax.contourf(u, v, loss, **style)
        tidy(ax, *self.labels)
        ax.grid(False)
        sharing = [getattr(ax, f"get_shared_{side}_axes")().get_siblings(ax) for side in "xy"]
        if sharing == [[ax], [ax]] and ONE_SCALE[0] < np.ptp(v) / np.ptp(u) < ONE_SCALE[1]:
            ax.set_aspect("equal", anchor="W")
            # More ticks on a smaller axis would not fit the room that the layout gave to them.
            few_ticks(ax.yaxis)

    def _draw_solid(self, loss: Floats, given: Style) -> None:
        ax, (u, v) = self.ax_, np.meshgrid(*self._window)
        style = self._shades(float(loss.max()) - self.loss_floor)
        style |= {"rstride": 6, "cstride": 6, "linewidth": 0.3, "edgecolor": "0.6", "zorder": 1}
        self.surface_ = ax.plot_surface(u, v, loss, **{**style, **(given or {})})
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1], zlabel="loss J")
        few_ticks(ax.xaxis, ax.yaxis, ax.zaxis)
        set_view(ax, (self.lowest - self.path[0]) / self._sides)

    def _draw_path(self, given: Style) -> None:
        style = {"color": RED, "linewidth": 1.4, "marker": "o", "zorder": 6}
        style |= {"markersize": 4.0 if len(self.t) <= FEW else 2.5, "label": iterate_words(self.t)}
        style |= {"markevery": ALONG} if self._solid else {}
        self.line_ = self._line(self._way(self.path), **merged(style, given))
        first = {"color": GREEN, "marker": "o", "markersize": 9, "zorder": 8}
        last = {"color": RED, "marker": "s", "markersize": 8, "zorder": 8}
        star = {"color": "black", "marker": "*", "markersize": 13, "zorder": 9}
        words = f"least loss {self.loss_floor:.4g}"
        self.start_ = self._line(self.path[:1], label=f"start, t = {self.t[0]:,}", **MARK, **first)
        self.lowest_ = self._line(self.lowest[np.newaxis], label=words, **MARK, **star)
        self.stop_ = self._line(self.path[-1:], label=f"t = {self.t[-1]:,}", **MARK, **last)

    def _draw_arrows(self, i: int, given: Style) -> None:
        """Draw the negative gradient and its two components, all to one scale that fits."""
        gradient = self.gradient(i)
        size = float(np.linalg.norm(gradient / self._sides))
        if not 0 < size < np.inf:
            return
        end = -gradient * ARROW / size
        style = {"color": "black", "linewidth": 2.2, "zorder": 9, "solid_joinstyle": "miter"}
        style = merged(style, given)
        style["label"] = f"negative gradient at t = {self.t[i]:,}\n(direction only)"
        self.arrows_ = [self._line(arrow(self.path[i], end, self._sides), **style)]
        for j, part in enumerate(np.diag(end)):
            style |= {"color": (ORANGE, PURPLE)[j], "linewidth": 1.8}
            style["label"] = f"−∂J/∂{self.names[j]} = {0.0 - gradient[j]:.4g}"
            self.arrows_.append(self._line(arrow(self.path[i], part, self._sides), **style))
