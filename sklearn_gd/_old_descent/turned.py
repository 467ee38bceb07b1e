"""Rows decomposed in one pass: a tall matrix goes in, its singular values and directions come out.

Directions come as reflections of those of a bidiagonal matrix. To form them takes as long as to
find them, twice, and a fit needs no more of them than a few sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack  # noqa: TID251  (few rows are SciPy's)

from sklearn_gd._descent import lapack as bidiagonal
from sklearn_gd._descent.divided import Divided
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# Fewer numbers or columns than this, in rows or in a triangle made of them, are decomposed by
# dgesdd, in a call or two.
FEWEST_NUMBERS, FEWEST_COLUMNS, FEWEST_IN_TRIANGLE = 1 << 13, 50, 64
# Of more numbers, so many times as many rows as columns are made a triangle first.
TALL = 1.6
# Reflections taken at once, as a product of matrices. LAPACK's dgeqrf, and all that builds on it,
# takes up to 128 of them one by one: twice as long at 120 x 2000.
REFLECTIONS = 16
# dormqr takes as many at once as it has room for, up to 64 and a triangle of them; for few columns
# that triangle takes longer to make than the reflections one by one.
ROOM, TRIANGLE, ONE_BY_ONE = 64, 65 * 64, 16


@dataclass(frozen=True, eq=False)
class Reflections:
    """The orthogonal matrix that is a product of reflections, as LAPACK's dgeqrf keeps them.

    But for the ones on the diagonal: LAPACK writes them there, and puts back what was there before,
    whenever it multiplies, which another thread that multiplies would see.
    """

    vectors: Floats  # (m, count) in Fortran order, below the diagonal
    factors: Floats  # (count,)

    @property
    def length(self) -> int:
        return len(self.vectors)

    def of(self, columns: Floats) -> Floats:
        """Times columns of `count` numbers, the others zero: (m, any)."""
        padded = np.zeros((self.length, columns.shape[1]), order="F")
        padded[: len(columns)] = columns
        return self._times(padded, "N")

    def back(self, columns: Floats) -> tuple[Floats, Floats]:
        """Its transpose times columns of m: the first `count` numbers, and the others."""
        turned = self._times(np.array(columns, dtype=np.float64, order="F"), "T")
        return turned[: self.factors.size], turned[self.factors.size :]

    def _times(self, columns: Floats, transposed: str) -> Floats:
        kept = _writeable(self.vectors), self.factors, columns, _room(columns)
        turned: Floats = lapack.dormqr("L", transposed, *kept, overwrite_c=1)[0]
        return turned


class RightReflections(Reflections):
    """The same of rows, right of the diagonal, as dgebrd keeps them above its bidiagonal matrix."""

    @property
    def length(self) -> int:
        return int(self.factors.size)

    def _times(self, columns: Floats, transposed: str) -> Floats:
        vectors = _writeable(self.vectors)
        bidiagonal.reflect(vectors, self.factors, columns, transposed, _room(columns))
        return columns


def _writeable(vectors: Floats) -> Floats:
    """As LAPACK wants them; those of a file that is mapped to memory may not be written to."""
    return vectors if vectors.flags.writeable else np.array(vectors, order="F")


def _room(columns: Floats) -> int:
    count = max(1, int(columns.shape[1]))
    return count if count <= ONE_BY_ONE else ROOM * count + TRIANGLE


@dataclass(frozen=True, eq=False)
class Turned:
    """Orthonormal columns (m, r): a few numbers for each, and the reflections they go through."""

    numbers: Floats | Divided  # as a matrix, (any, r) in Fortran order
    reflections: tuple[Reflections, ...]

    def of(self, columns: Floats) -> Floats:
        """Times columns of r numbers."""
        if isinstance(self.numbers, Divided):
            columns = self.numbers.of(columns)
        else:
            columns = blas.dgemm(1.0, self.numbers, columns)
        for reflections in self.reflections:
            columns = reflections.of(columns)
        return columns


class Decomposed(NamedTuple):
    """Rows that are U diag(sigma) V' and their targets."""

    sigma: Floats  # (r,), descending
    along: Floats  # U' y, (r, k)
    left_over: float  # |y - U U'y|^2
    directions: Turned  # V


def decompose(matrix: Floats, y: Floats, *, wide: bool, divided: bool) -> Decomposed:
    """What rows (m, n) in Fortran order, m >= n, are; `wide` rows are given transposed.

    The matrix is used up. `divided`: singular values may be off by `lapack.DIVIDED_ERROR`, and are
    found in less time.
    """
    down, matrix = _triangle(matrix)
    across: list[Reflections] = []
    fewest = FEWEST_IN_TRIANGLE if down else FEWEST_COLUMNS
    if matrix.shape[1] >= fewest and bidiagonal.HAS_BIDIAGONAL:
        diagonal, above, left, right = bidiagonal.bidiagonal(matrix)
        down.append(Reflections(matrix, left))
        n = matrix.shape[1]  # what is below is of the reflections on the left alone
        kept = matrix if wide else np.asfortranarray(matrix[:n])
        across.append(RightReflections(kept, right))
        find = _divided if divided else _formed
        sigma, back, numbers = find(diagonal, above, wide)
    else:
        sigma, back, numbers = _by_dgesdd(matrix, wide)
    seen, turned = (across, down) if wide else (down, across)
    left_over = 0.0
    for reflections in seen:
        y, rest = reflections.back(y)
        left_over += float(np.vdot(rest, rest))
    along, more = back(y)
    return Decomposed(sigma, along, left_over + more, Turned(numbers, tuple(turned[::-1])))


# Singular values, how a basis sees columns and what squares it leaves of them, the other basis.
Found = tuple[Floats, Callable[[Floats], tuple[Floats, float]], Floats | Divided]


def _divided(diagonal: Floats, above: Floats, wide: bool) -> Found:
    sigma, numbers = Divided.of_bidiagonal(diagonal, above, wide)
    return sigma, lambda y: (numbers.back(y), 0.0), numbers


def _formed(diagonal: Floats, above: Floats, wide: bool) -> Found:
    return _either(*bidiagonal.singular(diagonal, above), wide)


def _by_dgesdd(matrix: Floats, wide: bool) -> Found:
    left, sigma, right, info = lapack.dgesdd(matrix, full_matrices=0, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError("Singular values did not converge")
    return _either(left, sigma, right, wide)


def _either(left: Floats, sigma: Floats, right: Floats, wide: bool) -> Found:
    other = np.asfortranarray(right.T)
    seen, numbers = (other, left) if wide else (left, other)
    return sigma, partial(_projected, seen), numbers


def _projected(basis: Floats, y: Floats) -> tuple[Floats, float]:
    """Once more after the first time, so that a little of the targets has its digits, too."""
    along = blas.dgemm(1.0, basis, y, trans_a=1)
    rest = y - blas.dgemm(1.0, basis, along)
    more = blas.dgemm(1.0, basis, rest, trans_a=1)
    return along + more, float(np.vdot(rest, rest) - np.vdot(more, more))


def _triangle(matrix: Floats) -> tuple[list[Reflections], Floats]:
    """Of many more rows than columns; else there are no reflections, and it is as it was."""
    m, n = matrix.shape
    if m < TALL * n or m * n <= FEWEST_NUMBERS:
        return [], matrix
    vectors, triangles, _ = lapack.dgeqrt(min(n, REFLECTIONS), matrix, overwrite_a=1)
    columns = np.arange(n)
    factors = triangles[columns % len(triangles), columns]
    triangle = np.asfortranarray(np.triu(vectors[:n]))
    np.fill_diagonal(vectors, 1.0)
    return [Reflections(vectors, factors)], triangle


def kind_of_spectrum(turned: Turned, order: NDArray[np.intp] | None) -> Callable[..., Spectrum]:
    """One that has these directions, of parameters in this order, or as they are."""
    if turned.reflections:
        return partial(TurnedSpectrum, turned=turned, order=order)
    assert not isinstance(turned.numbers, Divided)
    return partial(Spectrum, basis=_in_place(turned.numbers, order))


def _in_place(ordered: Floats, order: NDArray[np.intp] | None) -> Floats:
    """Rows from this order to that of the parameters."""
    if order is None:
        return ordered
    rows = np.empty_like(ordered)
    rows[order] = ordered
    return rows


def _basis(spectrum: TurnedSpectrum) -> Floats:
    return spectrum.turned_back(np.eye(spectrum.curvature.size))


@dataclass(frozen=True, eq=False)
class TurnedSpectrum(Spectrum):
    """A spectrum whose `basis` is formed when it is asked for, which a fit never does."""

    # A field with a default of its own is not asked of whoever makes the spectrum.
    basis: Floats = field(init=False, default=cached_property(_basis))  # type: ignore[arg-type]
    turned: Turned = field(kw_only=True)
    order: NDArray[np.intp] | None = field(kw_only=True)  # of the parameters, if they were ordered

    def turned_back(self, columns: Floats) -> Floats:
        """Q columns, (p, any)."""
        return _in_place(self.turned.of(columns), self.order)

    def lift(self, along: Floats) -> Floats:
        *many, size = along.shape
        if prod(many) >= size:  # formed for it, and not kept
            return np.asarray(along @ _basis(self).T)
        lifted = self.turned_back(along.reshape(-1, size).T)
        return lifted.T.reshape(*many, len(lifted))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "basis"}
