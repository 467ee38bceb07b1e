"""Checks of what readers ask a path: numbers of updates, losses, and learning rates."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent import MOST_UPDATES


def check_loss(loss: Any) -> float:
    """Return a loss that a user asks for."""
    if not isinstance(loss, Real) or isinstance(loss, (bool, np.bool_)):
        raise TypeError(f"loss must be a real number; got {loss!r} of type {type(loss).__name__}.")
    try:
        number = float(loss)
    except OverflowError:
        number = float("nan")
    if np.isnan(number):
        raise ValueError("loss must be a number within the range of floats; got another.")
    return number


def check_rate(lr: Any) -> float:
    """Return a learning rate that a user asks for."""
    if not isinstance(lr, Real) or isinstance(lr, (bool, np.bool_)):
        raise TypeError(f"lr must be a number above 0; got {lr!r} of type {type(lr).__name__}.")
    if not 0 < float(lr) < np.inf:
        raise ValueError(f"lr must be a number above 0 and finite; got {lr!r}.")
    return float(lr)


def check_t(t: ArrayLike) -> NDArray[Any]:
    """Return numbers of updates as int64, or as Python integers when they are larger."""
    steps = np.asarray(t)
    if steps.size == 0:
        steps = steps.astype(np.int64)
    integral = steps.dtype.kind in "iu" or (
        steps.dtype == object
        and all(isinstance(s, int) and not isinstance(s, bool) for s in steps.ravel())
    )
    if not integral:
        raise TypeError(f"t counts updates and must be integers; got {t!r} of dtype {steps.dtype}.")
    if (steps < 0).any():
        raise ValueError(f"t counts updates from 0, the start; got {t!r}.")
    if steps.dtype == object or steps.dtype.kind == "u":
        large = steps.size and max(map(int, steps.ravel())) >= 2**63
        steps = steps.astype(object if large else np.int64)
    if steps.dtype == object and (steps > MOST_UPDATES).any():
        raise ValueError("t counts updates, up to 2**256 of them; got more.")
    return steps if steps.dtype == object else steps.astype(np.int64, copy=False)
