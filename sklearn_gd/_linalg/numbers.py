"""Machine constants and the rank tolerance that all decompositions share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# Added to the size in the usual tolerance size * eps, which is too tight for very small matrices.
RANK_MARGIN = 16


def rank_tolerance(size: int, unit: float = EPS) -> float:
    """Return the share of the largest eigenvalue or singular value below which others are zero."""
    return (size + RANK_MARGIN) * unit


def concat(xp: Any, arrays: Sequence[Any], axis: int = 1) -> Any:
    """Return arrays of a namespace joined; NumPy before 2.0 has no `concat`."""
    return getattr(xp, "concat", np.concatenate)(arrays, axis=axis)
