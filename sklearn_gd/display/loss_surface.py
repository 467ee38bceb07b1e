"""LossSurfaceDisplay: the loss over two parameters, as contours or in 3-D, with the path on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._reading import names_of, path_of
from sklearn_gd.display._canvas import (
    BESIDE,
    FRAME_MS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Style,
    legend,
    merged,
    new_axes,
    player,
    root_norm,
    tidy,
)
from sklearn_gd.display._iterates import check_target, choose, iterate_words
from sklearn_gd.display._plane import most_telling_plane, plane_of

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

Floats = NDArray[np.float64]

# More iterates than this run together into a line, and the line is drawn as well.
MOST_ITERATES = 60
# Grid lines each way: contours are smooth, and a 3-D surface still turns quickly.
GRID = 121
# Contours between the lowest and the highest loss in the picture.
LEVELS = 14
# The picture is wider than the path by this share on each side.
MARGIN = 0.18
# The gradient arrow is this long in the picture, whatever its length in numbers.
ARROW = 0.22
# Axes keep one scale for both parameters, so that the gradient is upright on the contours, while
# the picture's height over its width stays within these.
ONE_SCALE = (0.4, 1.3)
# Of more iterates than this the dots are small.
FEW = 25

# A 3-D surface is looked at from this high, and from this much beside the way down.
ELEVATION = 30
ASIDE = -35

KINDS = ("contour", "surface")


class LossSurfaceDisplay:
    """The loss over two parameters, the path on it, and the gradient with its two components.

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
    arrows_ : list of Line2D or Annotation
        The negative gradient and its two components.
    legend_ : matplotlib Legend
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
        t: ArrayLike | None = None,
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
            Their names or positions, the intercept first. None: both where there are two, else the
            plane of the two directions that hold most of the loss there is to lose. Directions
            descend alone, so on that plane the path is just as it is; on two of many parameters it
            is its shadow. All other parameters are held at their least-squares values.
        t : array-like of int, default=None
            The iterates to show. None: up to 60 of them from start to stop and, where the descent
            diverges, a little beyond.
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
        path, names = path_of(estimator), names_of(estimator)
        target = check_target(path, target)
        if len(names) < 2:
            raise ValueError(
                f"A surface needs two parameters, this descent has only {names[0]}; "
                f"see LossSlopeDisplay."
            )
        steps = choose(path, t, MOST_ITERATES)
        if parameters is None and len(names) > 2:
            cut = most_telling_plane(path, names, target, steps)
        else:
            cut = plane_of(path, names, target, steps, parameters or (0, 1))
        return cls(**cut).plot(ax=ax, **looks)

    def loss(self, points: ArrayLike) -> Floats:
        """J anywhere in the plane.

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
        """The two partial derivatives of J.

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
        surface_kw: Style = None,
        line_kw: Style = None,
        arrow_kw: Style = None,
    ) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; for ``kind="surface"`` three-dimensional. None: a new figure.
        kind : {"contour", "surface"}, default="contour"
            Seen from above, or in 3-D.
        arrow_at : int or None, default=0
            The number of updates at which the negative gradient is drawn with its components.
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
        self._finish()
        return self

    def animate(
        self,
        ax: Any = None,
        *,
        kind: str = "contour",
        interval: int = FRAME_MS,
        surface_kw: Style = None,
        line_kw: Style = None,
    ) -> FuncAnimation:
        """The path growing from the start, a frame for each iterate shown.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        kind : {"contour", "surface"}, default="contour"
            Seen from above, or in 3-D.
        interval : int, default=100
            Milliseconds from frame to frame.
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
        self._finish()

        def draw(i: int) -> list[Any]:
            self._move(self.line_, self.path[: i + 1])
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
        self._solid = kind == "surface"
        own = ax is None
        ax = new_axes(ax, "LossSurfaceDisplay", projection="3d" if self._solid else None)
        self.ax_, self.figure_ = ax, ax.figure
        u, v = self._window()
        if self._solid and own:
            ax.view_init(elev=ELEVATION, azim=self._azimuth(np.ptp(u), np.ptp(v)))
        grid = np.stack(np.meshgrid(u, v), axis=-1)
        loss = self.loss(grid)
        height = float(loss.max()) - self.loss_floor
        norm = root_norm(self.loss_floor, self.loss_floor + 1.3 * (height or 1.0))
        if self._solid:
            style = {"cmap": "Blues_r", "norm": norm, "alpha": 0.7, "rstride": 6, "cstride": 6}
            style |= {"linewidth": 0.3, "edgecolor": "0.6", "zorder": 1}
            self.surface_ = ax.plot_surface(
                grid[..., 0], grid[..., 1], loss, **{**style, **(surface_kw or {})}
            )
            ax.set(xlabel=self.labels[0], ylabel=self.labels[1], zlabel="loss J")
            ax.yaxis.labelpad = ax.zaxis.labelpad = 8
            ax.computed_zorder = False  # the path lies on the surface, never behind it
        else:
            # Levels at equal steps of the root of the loss: ellipses at equal distances.
            levels = self.loss_floor + height * np.linspace(0.0, 1.0, LEVELS) ** 2
            style = {"cmap": "Blues_r", "norm": norm, "alpha": 0.7}
            style["levels"] = levels if height > 0 else None
            self.surface_ = ax.contourf(u, v, loss, **{**style, **(surface_kw or {})})
            tidy(ax, *self.labels)
            ax.grid(False)
            if ONE_SCALE[0] < np.ptp(v) / np.ptp(u) < ONE_SCALE[1]:
                ax.set_aspect("equal")

    def _window(self) -> tuple[Floats, Floats]:
        """A little more than the path and the lowest point, both ways."""
        points = np.vstack([self.path, self.lowest])
        points = points[np.isfinite(points).all(axis=1)]
        low, width = points.min(axis=0), np.ptp(points, axis=0)
        # A side that does not move is as wide as the other feels it to be, or as one.
        width = np.where(width > 1e-9 * width.max(), width, width.max() or 1.0)
        middle = low + np.ptp(points, axis=0) / 2
        half = width * (0.5 + MARGIN)
        u, v = (np.linspace(m - h, m + h, GRID) for m, h in zip(middle, half, strict=True))
        return u, v

    def _azimuth(self, width: float, height: float) -> float:
        """Where to look from: across the valley, so that the slope the path comes down faces us."""
        down = (self.lowest - self.path[0]) / [width, height]
        return float(np.degrees(np.arctan2(down[1], down[0]))) + ASIDE

    def _draw_path(self, given: Style) -> None:
        style = {"color": RED, "linewidth": 1.4, "marker": "o", "zorder": 6}
        style["markersize"] = 4.0 if len(self.t) <= FEW else 2.5
        self.line_ = self._line(self.path, label=iterate_words(self.t), **merged(style, given))
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
        """-gradient and its two components, all to one scale that fits the picture."""
        gradient = self.gradient(i)
        sides = np.array([np.ptp(self._window()[0]), np.ptp(self._window()[1])])
        size = float(np.linalg.norm(gradient / sides))
        if not 0 < size < np.inf:
            return
        end = -gradient * ARROW / size
        style = {"color": "black", "linewidth": 2.2, "zorder": 9, **(given or {})}
        said = f"-gradient at t = {self.t[i]:,}\n(not to scale)"
        self.arrows_ = [self._arrow(self.path[i], end, label=said, **style)]
        for j, color in enumerate((ORANGE, PURPLE)):
            part = np.where(np.arange(2) == j, end, 0.0)
            said = f"∂J/∂{self.names[j]} = {gradient[j]:.4g}"
            style = {**style, "color": color, "linewidth": 1.8}
            self.arrows_.append(self._arrow(self.path[i], part, label=said, **style))

    def _arrow(self, at: Floats, by: Floats, **style: Any) -> Any:
        points = np.linspace(at, at + by, 20)
        line = self._line(points, **style)
        if not self._solid:
            self.ax_.annotate(
                "",
                points[-1],
                points[-2],
                arrowprops={"arrowstyle": "-|>", "color": line.get_color(), "mutation_scale": 14},
                zorder=style["zorder"],
            )
        return line

    def _line(self, points: Floats, **style: Any) -> Any:
        """A line through points, in 3-D on the surface."""
        heights = [self.loss(points)] if self._solid else []
        return self.ax_.plot(points[:, 0], points[:, 1], *heights, **style)[0]

    def _move(self, line: Any, points: Floats) -> None:
        if self._solid:
            line.set_data_3d(points[:, 0], points[:, 1], self.loss(points))
        else:
            line.set_data(points[:, 0], points[:, 1])

    def _finish(self) -> None:
        if self.held:
            self.ax_.set_title(self.held, fontsize="small", loc="left", color=GREY)
        # Beside the picture: within it there is no corner that the path may not cross.
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.06), "ncols": 3}
        self.legend_ = legend(self.ax_, **(below if self._solid else BESIDE))
