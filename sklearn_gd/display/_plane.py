"""Cuts through the loss: a plane of two parameters or of two directions of a path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd.display._iterates import Steps
from sklearn_gd.display._parameters import Floats, of_target, parameters_of

if TYPE_CHECKING:
    from sklearn_gd import DescentPath


def plane_of(path: DescentPath, target: int, steps: Steps, pair: Sequence[int]) -> dict[str, Any]:
    """Return the plane of two parameters; of more than two the path is a shadow on it."""
    n_parameters = path.parameters(0).shape[-1]
    directions = np.eye(n_parameters)[:, list(pair)]
    shadow = "Others held at least squares;\nof the path this is the shadow"
    cut = _cut(path, target, steps, directions, np.zeros(n_parameters))
    return cut | {"held": shadow if n_parameters > 2 else ""}


def main_plane(
    path: DescentPath, target: int, steps: Steps, symbols: tuple[str, ...]
) -> dict[str, Any]:
    """Return the plane of the two directions that hold most of the loss, seen from the start."""
    directions, share = path.main_directions(target)
    if directions.shape[1] < 2:
        raise ValueError(
            "A surface needs two directions, and a single row has one: pass parameters, two of "
            f"{', '.join(symbols)}."
        )
    labels = (
        f"direction {i}: {path.direction_name(direction, symbols)}"
        for i, direction in enumerate(directions.T, 1)
    )
    return _cut(path, target, steps, directions, parameters_of(path, 0, target)) | {
        "names": ("direction 1", "direction 2"),
        "labels": tuple(labels),
        "held": f"From the start, two directions with {100 * share:.3g} % of the loss to lose;\n"
        "others held at least squares",
    }


def _cut(
    path: DescentPath, target: int, steps: Steps, directions: NDArray[Any], origin: Floats
) -> dict[str, Any]:
    """Return path, lowest point and curvature along two directions, from an origin."""
    return {
        "path": (parameters_of(path, steps, target) - origin) @ directions,
        "t": steps,
        "lowest": (of_target(path, path.limit(), target) - origin) @ directions,
        "loss_floor": path.loss_floor,
        "curvature": directions.T @ path.hessian_product(directions),
    }
