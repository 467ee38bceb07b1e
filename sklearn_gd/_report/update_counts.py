"""Checks of what readers ask a path: numbers of updates, losses, and learning rates."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent import MOST_UPDATES


def check_loss(loss: Any) -> float:
    """Return a loss that a user asks for."""
    number = _real("loss", loss, "a real number")
    if np.isnan(number):
        raise ValueError("loss must be a number within the range of floats; got another.")
    return number


def check_rate(lr: Any) -> float:
    """Return a learning rate that a user asks for."""
    number = _real("lr", lr, "a number above 0")
    if not 0 < number < np.inf:
        raise ValueError(f"lr must be a number above 0 and finite; got {lr!r}.")
    return number


def _real(name: str, number: Any, expected: str) -> float:
    """Return the number as a float, nan if it is beyond the range of floats."""
    if not isinstance(number, Real) or isinstance(number, bool):
        came = f"{number!r} of type {type(number).__name__}"
        raise TypeError(f"{name} must be {expected}; got {came}.")
    try:
        return float(number)
    except OverflowError:
        return float("nan")


def check_t(t: ArrayLike) -> NDArray[Any]:
    """Return numbers of updates as int64, or as Python integers when they are larger."""
    steps = np.asarray(t)
    if steps.size == 0:
        steps = steps.astype(np.int64)
    kind = steps.dtype.kind
    if kind not in "iu" and not (kind == "O" and all(type(s) is int for s in steps.flat)):
        raise TypeError(f"t counts updates and must be integers; got {t!r} of dtype {steps.dtype}.")
    if (steps < 0).any():
        raise ValueError(f"t counts updates from 0, the start; got {t!r}.")
    largest = steps.max(initial=0)
    if largest > MOST_UPDATES:
        raise ValueError("t counts updates, up to 2**256 of them; got more.")
    return steps.astype(np.int64 if largest < 2**63 else object, copy=False)
