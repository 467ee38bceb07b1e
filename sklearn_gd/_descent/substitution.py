"""Rows solved by a triangular matrix: Z and R go in, Y with Y R = Z comes out.

At the speed of general products.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack  # noqa: TID251  (dtrtri of 48 columns wakes no thread)

Floats = NDArray[np.float64]

# About so many columns are solved at once; what they owe to those before is one product.
COLUMNS = 48
# A product with the inverse of R is off by |Y| |R| |R^-1| |R| where substitution is off by |Y| |R|,
# times a few roundings; up to this growth they were measured alike (1 to 3 roundings of a column,
# where substitution has 1), on graded, decaying, offset, collinear and Vandermonde columns.
MOST_GROWTH = 16.0


class Substitution:
    """Backward stable, as substitution is: Y R differs from Z by roundings of the columns of R."""

    def __init__(self, factor: Floats) -> None:
        p = len(factor)
        edges = np.linspace(0, p, 1 + max(1, round(p / COLUMNS))).astype(int)
        self._columns = [slice(*ends) for ends in zip(edges[:-1], edges[1:], strict=True)]
        self._above = [np.asfortranarray(factor[: own.start, own]) for own in self._columns]
        self._corners = [Corner(factor[own, own]) for own in self._columns]

    def solve(self, Z: Floats, out: Floats) -> None:
        """out <- Z R^-1, (rows, p), fastest in Fortran order; Z is used up."""
        for own, above, corner in zip(self._columns, self._above, self._corners, strict=True):
            left = Z
            if len(self._columns) > 1:
                left = np.asfortranarray(Z[:, own])
            if own.start:
                left -= out[:, : own.start] @ above
            corner.solve(left, out[:, own])


class Corner:
    """A block on the diagonal: its inverse, and where that is not as exact, a step of refinement.

    That leaves the square of growth times rounding, which is less than a rounding for any factor
    that is not singular to half of the digits (Skeel 1980, doi 10.1090/S0025-5718-1980-0572859-4).
    A triangular solve takes less, but is SciPy's: its threads and NumPy's waited for each other,
    ten times as long as all of a second pass takes.
    """

    def __init__(self, factor: Floats) -> None:
        self._factor = np.asfortranarray(factor)
        self._inverse = np.asfortranarray(lapack.dtrtri(self._factor)[0])
        size = np.abs(factor)
        grown = np.linalg.norm(size @ (np.abs(self._inverse) @ size), axis=0)
        self._exact = bool((grown <= MOST_GROWTH * np.linalg.norm(size, axis=0)).all())
        self._room = np.empty((0, 0))

    def solve(self, Z: Floats, out: Floats) -> None:
        np.matmul(Z, self._inverse, out=out)
        if self._exact:
            return
        if self._room.shape != Z.shape:  # fresh room comes page by page
            self._room = np.empty_like(Z)
        Z -= np.matmul(out, self._factor, out=self._room)
        out += np.matmul(Z, self._inverse, out=self._room)
