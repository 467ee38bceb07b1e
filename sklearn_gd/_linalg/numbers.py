"""Machine constants and the rank tolerance that all decompositions share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# Added to the size in the usual tolerance size * eps, which is too tight for very small matrices.
RANK_MARGIN = 16


def rank_tolerance(size: int, unit: float = EPS) -> float:
    """Return the share of the largest eigenvalue or singular value below which others are zero."""
    return (size + RANK_MARGIN) * unit


def sum_of_squares(values: Floats) -> float:
    """Return the sum of squares, by einsum because BLAS would start threads for it."""
    flat = values.ravel(order="K")
    return float(np.einsum("i,i", flat, flat))
