"""Cuts through the loss: a plane of two parameters or of two directions of a path."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_gd.display._iterates import Steps
from sklearn_gd.display._parameters import Descent, Floats


def plane_of(descent: Descent, steps: Steps, pair: list[int]) -> dict[str, Any]:
    """Return the plane of two parameters; of more than two the path is a shadow on it."""
    n_parameters = len(descent.names)
    shadow = "Others held at least squares;\nof the path this is the shadow"
    return _cut(descent, steps, np.eye(n_parameters)[:, pair], np.zeros(n_parameters)) | {
        "names": tuple(descent.symbols[j] for j in pair),
        "held": shadow if n_parameters > 2 else "",
    }


def main_plane(descent: Descent, steps: Steps) -> dict[str, Any]:
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
