"""Rows so few that decomposing them is the fastest: rows go in, a spectrum with all digits out."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.moments import EPS, check_squares
from sklearn_gd._descent.rows import LARGEST_SIZE, Rows
from sklearn_gd._descent.spectrum import MOMENTS_ROUNDING, Spectrum, from_singular_values
from sklearn_gd._descent.turned import decompose, kind_of_spectrum

Floats = NDArray[np.float64]

# So many numbers in Z, at most, are few: sums take 0.6 to 1.5 of the time where they have all
# digits and two to five times as long where they lack some. More are summed sooner.
FEW_NUMBERS = 1 << 14
# So are nearly as many columns as rows: sums take 0.8 of the time and, where they lack digits,
# three times as long. Beyond so many numbers it takes too long to find out.
NEARLY_SQUARE, SQUARE_NUMBERS = 1.6, 1 << 20
# An error of sigma, relative to the largest, moves a direction by up to 1.6 sqrt(t) of that: by no
# more than the contract after so many updates where singular vectors are not formed
# (`lapack.DIVIDED_ERROR`; measured against 80 bits on awkward columns: by a tenth of it).
MOST_DIVIDED = 2_000
# Squares within this factor are on one scale.
ONE_SCALE = 16.0


def are_few(n: int, p: int) -> bool:
    """Whether dense rows had better be decomposed than summed.

    No more rows than columns always: p x p sums would hold more than they do, and lack digits.
    """
    nearly_square = n < NEARLY_SQUARE * p and n * p <= SQUARE_NUMBERS
    return n <= p or n * p <= FEW_NUMBERS or nearly_square


def decomposed(rows: Rows, start: Floats, max_iter: int) -> Spectrum:
    """From the singular value decomposition of the weighted rows, which takes no sums of squares.

    It has the digits that so many updates need: no singular vectors are formed for few of them.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        Z, y = _weighted(rows)
        column_squares, squares = np.einsum("ij,ij->j", Z, Z), float(np.vdot(y, y))
    check_squares(column_squares, rows.weight, LARGEST_SIZE)
    if start.any():
        moved = Z @ start
        squares += float(np.vdot(moved, moved))
        y = y - moved
    columns = _large_first(column_squares)
    matrix, y, wide = _ordered(Z, columns, y)
    divided = max_iter <= MOST_DIVIDED
    sigma, along, left_over, directions = decompose(matrix, y, wide=wide, divided=divided)
    root = sqrt(rows.weight)
    return from_singular_values(
        start,
        sigma / root,
        kind_of_spectrum(directions, columns),
        along / root,
        left_over / rows.weight,
        rounding=MOMENTS_ROUNDING * EPS**2 * squares / rows.weight,
    )


def _large_first(squares: Floats) -> NDArray[np.intp] | None:
    """None: as they are, on one scale."""
    if squares.max() <= ONE_SCALE * squares.min():
        return None
    return np.argsort(-squares, kind="stable")


def _ordered(Z: Floats, columns: NDArray[np.intp] | None, y: Floats) -> tuple[Floats, Floats, bool]:
    """Z or its transpose, whichever is tall, in Fortran order, and y in the order of its rows.

    Large columns first, small singular values keep the digits that columns on very different scales
    give them: 1e9 updates of such data were off by 1.4e-12 in any order, by 4e-15 in this one. So
    do large rows where there are no fewer columns.
    """
    n, p = Z.shape
    if n > p:
        return Z if columns is None else Z.T.take(columns, axis=0).T, y, False
    rows = _large_first(np.einsum("ij,ij->i", Z, Z))
    if rows is None and columns is None:
        return Z.T, y, True
    rows, columns = (np.arange(m) if o is None else o for m, o in ((n, rows), (p, columns)))
    taken = np.empty_like(Z)
    for row, i in zip(taken, rows, strict=True):  # takes half as long as rows and columns at once
        Z[i].take(columns, out=row, mode="clip")
    return taken.T, y[rows], True


def _weighted(rows: Rows) -> tuple[Floats, Floats]:
    """diag(sqrt(w)) Z and diag(sqrt(w)) y."""
    first = int(rows.fit_intercept)
    # As they are read next: by columns where these are few, else by rows.
    order: Literal["C", "F"] = "C" if rows.n_samples <= rows.n_parameters else "F"
    Z = np.empty((rows.n_samples, rows.n_parameters), order=order)
    Z[:, :first] = 1.0
    Z[:, first:] = rows.X
    root = rows.root_weight()
    if root is None:
        return Z, rows.y
    Z *= root[:, np.newaxis]
    return Z, rows.y * root[:, np.newaxis]
