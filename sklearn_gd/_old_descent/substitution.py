"""Rows solved by a triangular matrix: Z and R go in, Y with Y U'R = Z comes out, U orthogonal.

By general products alone, which are fast, and as exact as substitution. A product with the inverse
of a triangular block is off by |Y| |R| |R^-1| |R|, where substitution is off by |Y| |R|, times a
few roundings; that grows by 1e7 and more where columns are nearly alike. Of pivoted columns it
grows by 100 at most (measured: graded, decaying, offset, collinear, Vandermonde and Hilbert
columns), and what comes out is off by one to five roundings of a column.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg  # noqa: TID251  (NumPy has no pivoting; so few columns wake no thread)

Floats = NDArray[np.float64]

# About so many columns are solved at once; what they owe to those before is one product.
COLUMNS = 48


def blocks(p: int) -> list[slice]:
    """The columns side by side, of equal width or one more."""
    edges = np.linspace(0, p, 1 + max(1, round(p / COLUMNS))).astype(int)
    return [slice(*ends) for ends in zip(edges[:-1], edges[1:], strict=True)]


def pivoted(block: Floats) -> tuple[Floats, Floats, Floats]:
    """U, U' block and its inverse.

    U' block is triangular with its columns in an order in which each has the most, of its size,
    that those before it do not have.
    """
    size = np.linalg.norm(block, axis=0)
    turn, upper, order = linalg.qr(block / size, pivoting=True)
    upper *= size[order]
    turned, inverse = np.empty_like(block), np.empty_like(block)
    turned[:, order] = upper
    inverse[order] = linalg.lapack.dtrtri(upper)[0]
    return turn, turned, inverse


def solve(Z: Floats, factor: Floats, inverses: list[Floats], out: Floats) -> None:
    """out <- Z factor^-1, (rows, p), fastest in Fortran order.

    The factor is triangular but for `blocks`, whose inverses are given.
    """
    for own, inverse in zip(blocks(len(factor)), inverses, strict=True):
        left = Z[:, own]
        if own.start:
            left = np.asfortranarray(left)
            left -= out[:, : own.start] @ factor[: own.start, own]
        np.matmul(left, inverse, out=out[:, own])
