"""Underflow is no error here, whatever NumPy's error state says."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def _ignoring_underflow() -> Iterator[None]:
    with np.errstate(under="ignore"):
        yield


# A decorator, once around all of a fit: entering `np.errstate` takes longer than a small power.
# Each call enters a context of its own; an `np.errstate` of NumPy 1.26 that decorates keeps its
# state where other threads would find it.
without_underflow = _ignoring_underflow()
