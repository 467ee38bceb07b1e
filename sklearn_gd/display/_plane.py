"""Cuts through the loss: the quadratic on a plane, seen flat or in 3-D, and the shapes on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd.display._canvas import MovingDisplay
from sklearn_gd.display._descents import Descent, Floats, Steps

# The picture is wider than the path by this share on each side.
MARGIN = 0.18
# An arrow's head, as a share of its length, and half the angle of the head in radians.
HEAD = 0.22
HEAD_ANGLE = 0.4
# A segment of a path on a surface is drawn through so many points, an arrow through these.
ALONG = 12
ALONG_ARROW = 20
# A surface is looked at from this high and this much beside the way down, in degrees ...
ELEVATION = 36
ASIDE = -35
# ... and from at least this much beside its sides, so that both have room for their numbers.
OBLIQUE = 28
MATPLOTLIBS_VIEW = (30, -60)  # of axes whose user did not choose another
# How much of a 3-D picture the box fills; matplotlib's own 1 leaves wide margins.
ZOOM = 1.02


class Quadratic(MovingDisplay):
    """The loss over two parameters, and the path of a descent there."""

    _solid: bool  # whether points are drawn on the surface, in 3-D

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
        self.names, self.labels, self.held = names, names if labels is None else labels, held

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

    def _coordinates(self, points: Floats) -> list[Floats]:
        """Return the coordinates of points, in 3-D on the surface."""
        return [*points.T, self.loss(points)] if self._solid else list(points.T)

    def _way(self, points: Floats) -> Floats:
        """Return a path, in 3-D with `ALONG` points for each segment, so that it stays above."""
        if not self._solid:
            return points
        at = np.arange(len(points))
        along = np.arange(1 + ALONG * (len(points) - 1)) / ALONG
        return np.column_stack([np.interp(along, at, side) for side in points.T])

    def _line(self, points: Floats, **style: Any) -> Any:
        return self.ax_.plot(*self._coordinates(points), **style)[0]


def plane_of(
    descent: Descent, steps: Steps, parameters: Sequence[str | int] | None
) -> dict[str, Any]:
    """Return the plane of two parameters or, of more and none chosen, of the main directions."""
    names, n_parameters = descent.symbols, len(descent.names)
    if n_parameters < 2:
        raise ValueError(
            f"A surface needs two parameters, this descent has only {descent.names[0]}; "
            f"see LossSlopeDisplay."
        )
    if parameters is None and n_parameters > 2:
        return _main_plane(descent, steps)
    parameters = (0, 1) if parameters is None else parameters
    pair = descent.positions(parameters)
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ValueError(f"parameters must be two different ones; got {parameters!r}.")
    shadow = "Others held at least squares;\nof the path this is the shadow"
    said = {"names": (names[pair[0]], names[pair[1]]), "held": shadow if n_parameters > 2 else ""}
    return said | _cut(descent, steps, np.eye(n_parameters)[:, pair], np.zeros(n_parameters))


def _main_plane(descent: Descent, steps: Steps) -> dict[str, Any]:
    """Return the plane of the two directions that hold most of the loss, seen from the start."""
    path, symbols = descent.path, descent.symbols
    directions, share = path.main_directions(descent.target)
    if directions.shape[1] < 2:
        raise ValueError(
            "A surface needs two directions, and a single row has one: pass parameters, two of "
            f"{', '.join(symbols)}."
        )
    said = [path.direction_name(direction, symbols) for direction in directions.T]
    return _cut(descent, steps, directions, descent.parameters(0)) | {
        "names": ("direction 1", "direction 2"),
        "labels": tuple(f"direction {i}: {words}" for i, words in enumerate(said, 1)),
        "held": f"From the start, two directions with {100 * share:.3g} % of the loss to lose;\n"
        "others held at least squares",
    }


def _cut(descent: Descent, steps: Steps, directions: Any, origin: Floats) -> dict[str, Any]:
    """Return path, lowest point and curvature along two directions, from an origin."""
    return {
        "path": (descent.parameters(steps) - origin) @ directions,
        "t": steps,
        "lowest": (descent.of_target(descent.path.limit()) - origin) @ directions,
        "loss_floor": descent.path.loss_floor,
        "curvature": directions.T @ descent.path.hessian_product(directions),
    }


def window(points: Floats) -> Floats:
    """Return the sides, (2, 2), of a picture of all points that are finite."""
    points = points[np.isfinite(points).all(axis=1)]
    low, width = points.min(axis=0), np.ptp(points, axis=0)
    middle = low + width / 2
    # A side that does not move is as wide as the other one, or as one.
    half = (0.5 + MARGIN) * np.where(width > 1e-9 * width.max(), width, width.max() or 1.0)
    return np.column_stack([middle - half, middle + half])


def arrow(at: Floats, by: Floats, sides: Any) -> Floats:
    """Return a shaft and, as its last three points, barb, tip and barb.

    Lengths are measured in shares of the picture's sides, so that both barbs look alike.
    """
    cos, sin = np.cos(HEAD_ANGLE), np.sin(HEAD_ANGLE)
    turn = np.array([[cos, -sin], [sin, cos]])
    back, tip = -HEAD * by / sides, at + by
    barbs = [tip + sides * (back @ turn), tip, tip + sides * (back @ turn.T)]
    return np.vstack([np.linspace(at, tip, ALONG_ARROW), barbs])


def set_view(ax: Any, down: Floats) -> None:
    """Let the slope along `down` face the viewer, unless the user turned the axes."""
    ax.computed_zorder = False  # the path lies on the surface, never behind it
    ax.set_box_aspect(None, zoom=ZOOM)
    if (ax.elev, ax.azim) == MATPLOTLIBS_VIEW:
        wanted = float(np.degrees(np.arctan2(down[1], down[0]))) + ASIDE
        quarter, beside = divmod(wanted, 90)
        ax.view_init(ELEVATION, 90 * quarter + float(np.clip(beside, OBLIQUE, 90 - OBLIQUE)))
