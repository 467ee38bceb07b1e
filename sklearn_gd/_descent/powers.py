"""Powers with any number of updates as exponent, from 0 to beyond the integers of 64 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._linalg import Floats

# Times any number of updates it stays finite, and times a single one it is zero or infinity to exp.
LARGEST_LOG = 1e200
# Factors of growing directions are clipped here, so that inf - inf never makes a nan.
LARGEST_FACTOR = 1e150


def as_column(t: ArrayLike) -> Floats:
    """Return t as floats, with an axis for the directions."""
    return np.asarray(t, dtype=float)[..., np.newaxis]


def is_odd(t: ArrayLike) -> NDArray[np.bool_]:
    """Return the parity of t, taken before t becomes a float, which forgets it beyond 2**53."""
    return np.asarray(np.asarray(t) % 2 != 0, dtype=bool)[..., np.newaxis]


def clip_overflow(factors: Floats) -> Floats:
    """Return factors within LARGEST_FACTOR."""
    return np.minimum(np.maximum(factors, -LARGEST_FACTOR), LARGEST_FACTOR)
