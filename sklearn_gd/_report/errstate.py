"""Underflow is no error here, whatever NumPy's error state says."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def without_underflow(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """The function, in which underflow is no error.

    Once around all of a fit: entering `np.errstate` takes longer than a small power. Not itself a
    decorator here, since that of NumPy 1.26 keeps its state where other threads would find it.
    """

    @wraps(function)
    def quiet(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with np.errstate(under="ignore"):
            return function(*args, **kwargs)

    return quiet
