"""Bisection for the first number of updates at which something is true, many points at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Points asked at once: few rounds, each one array operation of a few numbers.
PROBES = 32


def first_true(predicate: Callable[[NDArray[Any]], ArrayLike], last: int) -> int | None:
    """Return the least t in 0..last for which a predicate that turns true once, for good, is true.

    The last t is asked first, since most often nothing turns true.
    """
    low, high = 0, last + 1
    steps = _steps(last, last + 1, 1)
    while low < high:
        true = np.asarray(predicate(steps))
        first = int(true.argmax()) if true.any() else len(steps)
        if high > last and first == len(steps):
            return None
        high = int(steps[first]) if first < len(steps) else high
        low = int(steps[first - 1]) + 1 if first else low
        stride = -(-(high - low + 1) // (PROBES + 1))
        steps = _steps(low + stride - 1, high, stride)
    return high


def _steps(low: int, high: int, stride: int) -> NDArray[Any]:
    # Python integers survive any max_iter; as floats they would lose t and its parity.
    if high < 2**62:
        return np.arange(low, high, stride, dtype=np.int64)
    return np.array(range(low, high, stride), dtype=object)
