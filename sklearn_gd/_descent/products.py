"""Matrices large enough for threads go in; their product by SciPy's BLAS comes out.

NumPy's and SciPy's wheels carry a BLAS each, with threads of its own, and decompositions are
SciPy's. After work these threads spin for a tenth of a second, waiting for more, on cores that the
other BLAS then lacks. Measured with two threads on two cores, one of them busy: a sum of squares of
32,000 numbers by NumPy's before a decomposition of 75 columns by SciPy's took 144 milliseconds in
the place of half a one. So whatever may wake a thread beside a decomposition goes to SciPy's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

Floats = NDArray[np.float64]


def product(A: Floats, B: Floats) -> Floats:
    """A @ B, of a matrix and a matrix or a vector."""
    if not A.size or not B.size:
        return A @ B
    if B.ndim == 1:
        matrix, turned = _columns_first(A)
        return np.asarray(blas.dgemv(1.0, matrix, B, trans=turned))
    out = np.zeros((len(A), B.shape[1]))
    add_product(out, A, B)
    return out


def add_product(
    out: Floats, A: Floats, B: Floats, *, factor: float = 1.0, keep: float = 1.0
) -> None:
    """out <- keep * out + factor * A @ B, all matrices, without a copy of `out`."""
    if not out.flags.f_contiguous or len(A) == 1:
        out, A, B = out.T, B.T, A.T
    plain = out.dtype == np.float64 and out.flags.f_contiguous and out.flags.behaved
    if not (A.size and B.size and plain):
        out[...] = factor * (A @ B) + (keep * out if keep else 0.0)
        return
    matrix, turned = _columns_first(A)
    if B.shape[1] == 1:
        line = out[:, 0]
        if not keep:
            line.fill(0.0)  # nan may have been there
        blas.dgemv(factor, matrix, B[:, 0], keep, line, trans=turned, overwrite_y=True)
        return
    other, other_turned = _columns_first(B)
    blas.dgemm(
        factor, matrix, other, keep, out, trans_a=turned, trans_b=other_turned, overwrite_c=True
    )


def sum_of_squares(values: Floats) -> float:
    """Not by BLAS, which wakes its threads for 10,000 numbers."""
    return float(np.einsum("i,i", flat := values.ravel(order="K"), flat))


def _columns_first(matrix: Floats) -> tuple[Floats, bool]:
    """The matrix as BLAS reads it, and whether it is to be transposed; copied if in pieces."""
    return (matrix.T, True) if matrix.flags.c_contiguous else (matrix, False)
