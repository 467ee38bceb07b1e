"""Check the grid of a tuner: learning rates and numbers of updates."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.parameters import check_number
from sklearn_gd._estimator.validation import Floats, floats

Integers = NDArray[np.int64]

# The smallest rate of an integer `lrs`, as a share of the largest stable rate. Ten rates are then a
# factor of two apart, and without momentum the largest is 1 / largest eigenvalue.
SMALLEST_SHARE = 2.0**-10
# The largest `max_iter` at which every number of updates is scored.
EVERY_ITER = 1000
# How many numbers of updates are scored above it.
SPREAD_ITERS = 200
# The largest number of updates in a grid, which has 64-bit integers.
MOST_ITERS = 2**62


def check_rates(lrs: Any) -> int | Floats:
    """Return the number of rates to try, or the rates."""
    if np.ndim(lrs) == 0:
        return int(check_number("lrs", lrs, Integral, least=1))
    rates = floats("lrs", lrs) if np.size(lrs) else np.zeros(1)
    if rates.ndim != 1 or (rates <= 0).any():
        raise ValueError(f"lrs must be an integer or a list of numbers above 0; got {lrs!r}.")
    return rates


def spread_rates(count: int, stable: float) -> Floats:
    """Return a geometric sequence of rates below the largest stable rate."""
    stable = stable if np.isfinite(stable) else 2.0
    if count == 1:
        return np.array([0.5 * stable])
    return stable * SMALLEST_SHARE ** (np.arange(count, 0, -1) / count)


def check_iters(iters: Any, max_iter: Any) -> Integers:
    """Return the numbers of updates to score, sorted and without repeats."""
    last = int(check_number("max_iter", max_iter, Integral, least=1))
    if last > MOST_ITERS:
        raise ValueError(f"max_iter must be at most 2**62 in a grid; got {max_iter}.")
    if iters is None:
        return np.arange(last + 1) if last <= EVERY_ITER else _spread(SPREAD_ITERS, last)
    if np.ndim(iters) == 0:
        return _spread(int(check_number("iters", iters, Integral, least=2)), last)
    steps = np.asarray(iters)
    if steps.dtype.kind not in "iu" or steps.ndim != 1 or not steps.size:
        raise TypeError(f"iters must be None, an integer or a list of integers; got {iters!r}.")
    if steps.min() < 0 or steps.max() > MOST_ITERS:
        raise ValueError(f"iters must be between 0 and 2**62; got {iters!r}.")
    return np.unique(steps.astype(np.int64))


def _spread(count: int, last: int) -> Integers:
    """Return at most `count` integers from 0 to `last`, both included, spread logarithmically."""
    spread = np.round(np.geomspace(1, last, count - 1)).astype(np.int64)
    spread[-1] = last
    return np.unique(np.r_[0, spread])
