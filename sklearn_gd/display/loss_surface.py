"""LossSurfaceDisplay: the loss over two parameters, as contours or in 3-D, with the path on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._estimator.path_of import path_of
from sklearn_gd.display._axes import agreed_limits, is_shared, new_axes, set_limits, tidy
from sklearn_gd.display._canvas import (
    BESIDE,
    FRAME_MS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    LegendStyle,
    Style,
    draw_legend,
    merged,
    player,
    root_norm,
)
from sklearn_gd.display._geometry import ALONG, arrow, azimuth, on_the_way, window
from sklearn_gd.display._iterates import choose, iterate_words
from sklearn_gd.display._parameters import Symbols, check_parameter, check_target, symbols_of
from sklearn_gd.display._plane import main_plane, plane_of

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

Floats = NDArray[np.float64]

# More iterates than this run together into a line, and the line is drawn as well.
MOST_ITERATES = 60
# Grid lines each way: contours are smooth, and a 3-D surface still turns quickly.
GRID = 121
# Contours between the lowest and the highest loss in the picture.
LEVELS = 14
# The arrow is this long, as a share of the picture's sides, whatever the gradient's size.
ARROW = 0.22
# Axes keep one scale for both parameters, so that the gradient is upright on the contours, while
# the picture's height over its width stays within these.
ONE_SCALE = (0.4, 1.3)
# Of more iterates than this the dots are small.
FEW = 25

# A 3-D surface is looked at from this high, in degrees.
ELEVATION = 36
MATPLOTLIBS_VIEW = (30, -60)  # of axes whose user did not choose another
# How much of a 3-D picture the box fills; matplotlib's own 1 leaves wide margins.
ZOOM = 1.02

KINDS = ("contour", "3d")


class LossSurfaceDisplay:
    """The loss over two parameters, the path on it, and the negative gradient with its components.

    Make it with :meth:`from_estimator`, or with numbers of your own. The loss is a quadratic, given
    by its lowest point, the loss there and its curvature.

    Parameters
    ----------
    path : array-like of shape (n_iterates, 2)
        The two parameters at each iterate.
    t : array-like of shape (n_iterates,)
        The number of updates made.
    lowest : array-like of shape (2,)
        The parameters of least loss.
    loss_floor : float
        The loss there.
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

    def __init__(
        self,
        *,
        path: ArrayLike,
        t: ArrayLike,
        lowest: ArrayLike,
        loss_floor: float,
        curvature: ArrayLike,
        names: tuple[str, str] = ("intercept", "x0"),
        labels: tuple[str, str] | None = None,
        held: str = "",
    ) -> None:
        self.path, self.t = np.asarray(path, dtype=float), np.asarray(t)
        self.lowest, self.loss_floor = np.asarray(lowest, dtype=float), loss_floor
        self.curvature = np.asarray(curvature, dtype=float)
        self.names, self.held = names, held
        self.labels = names if labels is None else labels

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
        LossSurfaceDisplay
            Drawn.
        """
        path, target = path_of(estimator), check_target(path_of(estimator), target)
        names, called = symbols_of(estimator, symbols)
        if len(names) < 2:
            raise ValueError(
                f"A surface needs two parameters, this descent has only {names[0]}; "
                f"see LossSlopeDisplay."
            )
        steps = choose(path, t, t_max, MOST_ITERATES)
        if parameters is None and len(names) > 2:
            return cls(**main_plane(path, target, steps, called)).plot(ax=ax, **looks)
        pair = _pair(names, (0, 1) if parameters is None else parameters)
        cut = plane_of(path, target, steps, pair)
        return cls(**cut, names=(called[pair[0]], called[pair[1]])).plot(ax=ax, **looks)

    def loss(self, points: ArrayLike) -> Floats:
        """Return J at points of the plane.

        Parameters
        ----------
        points : array-like of shape (..., 2)
            The two parameters.

        Returns
        -------
        ndarray of shape (...)
            The loss at each point.
        """
        offset = np.asarray(points) - self.lowest
        quadratic = np.einsum("...i,ij,...j->...", offset, self.curvature, offset)
        return np.asarray(self.loss_floor + 0.5 * quadratic)

    def gradient(self, i: int) -> Floats:
        """Return the two partial derivatives of J at an iterate.

        Parameters
        ----------
        i : int
            Which of the iterates shown, the first one being 0.

        Returns
        -------
        ndarray of shape (2,)
            By each of the two parameters.
        """
        return np.asarray((self.path[i] - self.lowest) @ self.curvature)

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
        self._frame(ax, kind, surface_kw)
        self._draw_path(line_kw)
        self.arrows_: list[Any] = []
        if arrow_at is not None and arrow_at in self.t:
            self._draw_arrows(int(np.flatnonzero(self.t == arrow_at)[0]), arrow_kw)
        self._finish(legend)
        return self

    def animate(
        self,
        ax: Any = None,
        *,
        kind: str = "contour",
        interval: int = FRAME_MS,
        legend: LegendStyle = True,
        surface_kw: Style = None,
        line_kw: Style = None,
    ) -> FuncAnimation:
        """Animate the path growing from the start, a frame for each iterate shown.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        kind : {"contour", "3d"}, default="contour"
            Seen from above, or in 3-D.
        interval : int, default=100
            Milliseconds from frame to frame.
        legend : bool or dict, default=True
            Whether there is a legend; a dict is passed to ``ax.legend``.
        surface_kw, line_kw : dict, default=None
            Styles of the loss and the path.

        Returns
        -------
        matplotlib.animation.FuncAnimation
            Save it with ``animation.save("surface.gif")``; a notebook shows it with its controls.
        """
        self._frame(ax, kind, surface_kw)
        self._draw_path(line_kw)
        self.stop_.set_label("after t updates")
        self.arrows_ = []
        self._finish(legend)

        def draw(i: int) -> list[Any]:
            self._move(self.line_, self._way(self.path[: i + 1]))
            self._move(self.stop_, self.path[[i]])
            said = f"t = {self.t[i]:,}, J = {float(self.loss(self.path[i])):.4g}"
            size = "small" if self.held else "medium"
            self.ax_.set_title(f"{said}\n{self.held}".strip(), fontsize=size, loc="left")
            return [self.line_, self.stop_]

        draw(0)
        return player(self.ax_, draw, range(len(self.t)), interval)

    def _frame(self, ax: Any, kind: str, surface_kw: Style) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}; got {kind!r}.")
        self._solid = kind == "3d"
        own = ax is None
        ax = new_axes(ax, "LossSurfaceDisplay", projection="3d" if self._solid else None)
        self.ax_, self.figure_ = ax, ax.figure
        self._window = self._find_window()
        u, v = self._window
        grid = np.stack(np.meshgrid(u, v), axis=-1)
        loss = self.loss(grid)
        height = float(loss.max()) - self.loss_floor
        norm = root_norm(self.loss_floor, self.loss_floor + 1.3 * (height or 1.0))
        if self._solid:
            self._draw_solid(grid, loss, norm, surface_kw)
            if own or (ax.elev, ax.azim) == MATPLOTLIBS_VIEW:
                ax.view_init(ELEVATION, azimuth((self.lowest - self.path[0]) / self._sides()))
            return
        # Levels at equal steps of the root of the loss: ellipses at equal distances.
        levels = self.loss_floor + height * np.linspace(0.0, 1.0, LEVELS) ** 2
        style = {"cmap": "Blues_r", "norm": norm, "alpha": 0.7}
        style["levels"] = levels if height > 0 else None
        limits = {"x": (u[0], u[-1]), "y": (v[0], v[-1])}
        set_limits(ax, **limits)
        self.surface_ = ax.contourf(u, v, loss, **{**style, **(surface_kw or {})})
        tidy(ax, *self.labels)
        ax.grid(False)
        if not is_shared(ax) and ONE_SCALE[0] < np.ptp(v) / np.ptp(u) < ONE_SCALE[1]:
            ax.set_aspect("equal", anchor="W")
            # More ticks on a smaller axis would not fit the room that the layout gave to them.
            ax.yaxis.set_major_locator(_few_ticks())

    def _draw_solid(self, grid: Floats, loss: Floats, norm: Any, surface_kw: Style) -> None:
        style = {"cmap": "Blues_r", "norm": norm, "alpha": 0.7, "rstride": 6, "cstride": 6}
        style |= {"linewidth": 0.3, "edgecolor": "0.6", "zorder": 1}
        ax = self.ax_
        self.surface_ = ax.plot_surface(
            grid[..., 0], grid[..., 1], loss, **{**style, **(surface_kw or {})}
        )
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1], zlabel="loss J")
        ax.set_box_aspect(None, zoom=ZOOM)
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.set_major_locator(_few_ticks())
        ax.computed_zorder = False  # the path lies on the surface, never behind it

    def _find_window(self) -> tuple[Floats, Floats]:
        """Return a little more than the path and the lowest point, or what the axes show."""
        middle, half = window(np.vstack([self.path, self.lowest]))
        sides = {name: (middle[j] - half[j], middle[j] + half[j]) for j, name in enumerate("xy")}
        if not self._solid:
            sides = {name: agreed_limits(self.ax_, name, *side) for name, side in sides.items()}
        return np.linspace(*sides["x"], GRID), np.linspace(*sides["y"], GRID)

    def _sides(self) -> Floats:
        return np.array([np.ptp(side) for side in self._window])

    def _draw_path(self, given: Style) -> None:
        style = {"color": RED, "linewidth": 1.4, "marker": "o", "zorder": 6}
        style["markersize"] = 4.0 if len(self.t) <= FEW else 2.5
        style |= {"markevery": ALONG} if self._solid else {}
        said = iterate_words(self.t)
        self.line_ = self._line(self._way(self.path), label=said, **merged(style, given))
        mark = {"linestyle": "none", "markeredgecolor": "white", "zorder": 8}
        first = {"color": GREEN, "marker": "o", "markersize": 9}
        last = {"color": RED, "marker": "s", "markersize": 8}
        star = {"color": "black", "marker": "*", "markersize": 13, "zorder": 9}
        self.start_ = self._line(self.path[:1], label=f"start, t = {self.t[0]:,}", **mark | first)
        self.lowest_ = self._line(
            self.lowest[np.newaxis], label=f"least loss {self.loss_floor:.4g}", **mark | star
        )
        self.stop_ = self._line(self.path[-1:], label=f"t = {self.t[-1]:,}", **mark | last)

    def _draw_arrows(self, i: int, given: Style) -> None:
        """Draw the negative gradient and its two components, all to one scale that fits."""
        gradient = self.gradient(i)
        size = float(np.linalg.norm(gradient / self._sides()))
        if not 0 < size < np.inf:
            return
        end = -gradient * ARROW / size
        style = {"color": "black", "linewidth": 2.2, "zorder": 9, **(given or {})}
        said = f"negative gradient at t = {self.t[i]:,}\n(direction only)"
        self.arrows_ = [self._arrow(self.path[i], end, label=said, **style)]
        for j, color in enumerate((ORANGE, PURPLE)):
            part = np.where(np.arange(2) == j, end, 0.0)
            said = f"−∂J/∂{self.names[j]} = {0.0 - gradient[j]:.4g}"
            style = {**style, "color": color, "linewidth": 1.8}
            self.arrows_.append(self._arrow(self.path[i], part, label=said, **style))

    def _arrow(self, at: Floats, by: Floats, **style: Any) -> Any:
        """Draw an arrow; in 3-D all of it lies on the surface."""
        points = arrow(at, by, self._sides())
        return self._line(points, solid_joinstyle="miter", **style)

    def _way(self, points: Floats) -> Floats:
        """Return the path; in 3-D with points between, so that it stays on the surface."""
        return on_the_way(points) if self._solid else points

    def _line(self, points: Floats, **style: Any) -> Any:
        """Draw a line through points, in 3-D on the surface."""
        heights = [self.loss(points)] if self._solid else []
        return self.ax_.plot(points[:, 0], points[:, 1], *heights, **style)[0]

    def _move(self, line: Any, points: Floats) -> None:
        if self._solid:
            line.set_data_3d(points[:, 0], points[:, 1], self.loss(points))
        else:
            line.set_data(points[:, 0], points[:, 1])

    def _finish(self, wanted: LegendStyle) -> None:
        if self.held:
            self.ax_.set_title(self.held, fontsize="small", loc="left", color=GREY)
        # Beside or below the picture: within it there is no corner that the path may not cross.
        below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.04), "ncols": 3}
        self.legend_ = draw_legend(self.ax_, wanted, below if self._solid else BESIDE)


def _few_ticks() -> Any:
    """Return a locator of few ticks, whose numbers do not overprint each other in 3-D."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5, steps=[1, 2, 5, 10])


def _pair(names: tuple[str, ...], parameters: Sequence[str | int]) -> list[int]:
    pair = [check_parameter(names, parameter) for parameter in parameters]
    if len(set(pair)) != 2 or len(pair) != 2:
        raise ValueError(f"parameters must be two different ones; got {parameters!r}.")
    return pair
