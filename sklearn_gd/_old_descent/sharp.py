"""Products with digits that one product of floats lacks: matrices go in, a sum of two comes out."""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Bits that a float holds.
BITS = 53


def product(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """left @ right as a sum of an exact part and a small one, by three products of halves.

    Leading bits of either are few enough that sums of their products are exact (Ozaki, Ogita, Oishi
    and Rump 2012, doi 10.1007/s11075-011-9478-1); the error is about a millionth of a rounding.
    """
    high, low = _halves(left, axis=1)
    top, bottom = _halves(right, axis=0)
    return high @ top, high @ bottom + low @ right


def _halves(matrix: Floats, axis: int) -> tuple[Floats, Floats]:
    """Leading bits, on one scale along the axis, and what is left."""
    bits = (BITS - ceil(log2(matrix.shape[axis] + 1))) // 2
    largest = np.abs(matrix).max(axis=axis, keepdims=True, initial=0.0)
    coarse = np.ldexp(1.5, np.frexp(largest)[1] + BITS - 1 - bits)
    high = (matrix + coarse) - coarse
    return high, matrix - high


class Sum:
    """Of such products, which may cancel."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.high, self.low = np.zeros(shape), np.zeros(shape)

    def add(self, high: Floats, low: Floats) -> None:
        total = self.high + high
        seen = total - self.high
        self.low += (self.high - (total - seen)) + (high - seen) + low
        self.high = total
