"""Cuts through the loss: a path goes in, what a LossSurfaceDisplay takes comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_gd._descent.names import direction_name
from sklearn_gd._descent.path import DescentPath
from sklearn_gd._descent.section import least_squares, most_telling, section
from sklearn_gd.display._iterates import Steps, check_parameter


def plane_of(
    path: DescentPath,
    names: tuple[str, ...],
    target: int,
    steps: Steps,
    parameters: Sequence[str | int],
) -> dict[str, Any]:
    """Two parameters as they are; of more than two the path is a shadow."""
    pair = [check_parameter(names, parameter) for parameter in parameters]
    if len(set(pair)) != 2 or len(pair) != 2:
        raise ValueError(f"parameters must be two different ones; got {parameters!r}.")
    cut = section(path._descent, np.eye(len(names))[:, pair])
    shadow = "Others held at least squares; of the path this is the shadow"
    return {
        "path": path._descent.theta(steps)[:, pair, target],
        "t": steps,
        "lowest": least_squares(path._descent)[pair, target],
        "loss_floor": cut.floor,
        "curvature": cut.curvature,
        "names": tuple(names[j] for j in pair),
        "held": shadow if len(names) > 2 else "",
    }


def most_telling_plane(
    path: DescentPath, names: tuple[str, ...], target: int, steps: Steps
) -> dict[str, Any]:
    """The two directions that hold most of the loss, measured from the start."""
    directions, share = most_telling(path._descent, target)
    if directions.shape[1] < 2:
        raise ValueError(
            "A surface needs two directions, and a single row has one: pass parameters, two of "
            f"{', '.join(names)}."
        )
    start = path._descent.spectrum.start[:, target]
    cut = section(path._descent, directions)
    return {
        "path": (path._descent.theta(steps)[:, :, target] - start) @ directions,
        "t": steps,
        "lowest": (least_squares(path._descent)[:, target] - start) @ directions,
        "loss_floor": cut.floor,
        "curvature": cut.curvature,
        "names": ("direction 1", "direction 2"),
        "labels": tuple(
            f"direction {i}: {direction_name(d, names)}" for i, d in enumerate(directions.T, 1)
        ),
        "held": f"From the start along the two directions with {100 * share:.3g} % of the loss "
        f"to lose; others at least squares",
    }
