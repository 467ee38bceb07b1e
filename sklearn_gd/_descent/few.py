"""Rows so few that decomposing them is the fastest: rows go in, a spectrum with all digits out."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.moments import EPS, check_squares
from sklearn_gd._descent.rows import LARGEST_SIZE, Rows
from sklearn_gd._descent.spectrum import MOMENTS_ROUNDING, Spectrum, from_singular_values
from sklearn_gd._descent.turned import Turned, kind_of_spectrum, singular

Floats = NDArray[np.float64]

# So many numbers in Z, at most, are few: sums take half as long where they have all digits and
# twice as long where they lack some, and half a millisecond goes elsewhere. More are summed sooner.
FEW_NUMBERS = 1 << 14
# So are nearly as many columns as rows: sums take half as long as to decompose the rows and, where
# they lack digits, three times as long. Beyond so many numbers it takes too long to find out.
NEARLY_SQUARE, SQUARE_NUMBERS = 1.6, 1 << 20


def are_few(n: int, p: int) -> bool:
    """Whether dense rows had better be decomposed than summed.

    No more rows than columns always: p x p sums would hold more than they do, and lack digits.
    """
    nearly_square = n < NEARLY_SQUARE * p and n * p <= SQUARE_NUMBERS
    return n <= p or n * p <= FEW_NUMBERS or nearly_square


def decomposed(rows: Rows, start: Floats) -> Spectrum:
    """From the singular value decomposition of the weighted rows, which takes no sums of squares.

    What it leaves of the residual is formed row by row and projected once more, so that a little of
    the targets has its digits too, as far as those of the predictions reach.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        Z, y = _weighted(rows)
        column_squares, squares = np.einsum("ij,ij->j", Z, Z), float(np.vdot(y, y))
    check_squares(column_squares, rows.weight, LARGEST_SIZE)
    if start.any():
        moved = Z @ start
        squares += float(np.vdot(moved, moved))
        y = y - moved
    columns = np.argsort(-column_squares, kind="stable")
    left, sigma, right, y = _singular(Z, columns, y)
    residual = left.back(y)
    rest = y - left.of(residual)
    more = left.back(rest)
    root = sqrt(rows.weight)
    return from_singular_values(
        start,
        sigma / root,
        kind_of_spectrum(right, columns),
        (residual + more) / root,
        left_over=float(np.vdot(rest, rest) - np.vdot(more, more)) / rows.weight,
        rounding=MOMENTS_ROUNDING * EPS**2 * squares / rows.weight,
    )


def _singular(
    Z: Floats, columns: NDArray[np.intp], y: Floats
) -> tuple[Turned, Floats, Turned, Floats]:
    """U, sigma and V of Z, its columns in this order, and y in that of the rows of U.

    Large columns first, small singular values keep the digits that columns on very different scales
    give them: 1e9 updates of such data were off by 1.4e-12 in any order, by 4e-15 in this one. So
    do large rows where there are no fewer columns.
    """
    n, p = Z.shape
    if n > p:
        return *singular(np.asfortranarray(Z[:, columns])), y
    rows = np.argsort(-np.einsum("ij,ij->i", Z, Z), kind="stable")
    taken = np.empty_like(Z)
    for row, i in zip(taken, rows, strict=True):  # takes half as long as rows and columns at once
        Z[i].take(columns, out=row, mode="clip")
    right, sigma, left = singular(taken.T)
    return left, sigma, right, y[rows]


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
