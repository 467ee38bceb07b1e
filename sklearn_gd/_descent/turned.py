"""Rows decomposed in one pass: a tall matrix goes in, its singular values and vectors come out.

The vectors come as reflections of those of a bidiagonal matrix. To form them takes as long as to
find them, twice, and a fit needs no more of them than a few sums.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack  # noqa: TID251  (few rows are SciPy's)

from sklearn_gd._descent import lapack as bidiagonal
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# Fewer numbers or columns than this are decomposed by dgesdd, in a call or two.
FEWEST_NUMBERS, FEWEST_COLUMNS = 1 << 13, 100
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
    """The orthogonal matrix that is a product of reflections, as LAPACK's dgeqrf keeps them."""

    vectors: Floats  # (m, count) in Fortran order, below the diagonal
    factors: Floats  # (count,)

    def of(self, columns: Floats) -> Floats:
        """Times columns of `count` numbers, the others zero: (m, any)."""
        padded = np.zeros((len(self.vectors), columns.shape[1]), order="F")
        padded[: len(columns)] = columns
        return self._times(padded, "N")

    def back(self, columns: Floats) -> Floats:
        """The first `count` numbers of its transpose times columns of m."""
        return self._times(np.array(columns, order="F"), "T")[: len(self.factors)]

    def _times(self, columns: Floats, transposed: str) -> Floats:
        count = max(1, columns.shape[1])
        room = count if count <= ONE_BY_ONE else ROOM * count + TRIANGLE
        turned: Floats = lapack.dormqr(
            "L", transposed, self.vectors, self.factors, columns, room, overwrite_c=1
        )[0]
        return turned


@dataclass(frozen=True, eq=False)
class Turned:
    """Orthonormal columns (m, r): a few numbers for each, and the reflections they go through."""

    numbers: Floats  # (any, r) in Fortran order
    reflections: tuple[Reflections, ...]

    def of(self, columns: Floats) -> Floats:
        """Times columns of r numbers."""
        columns = blas.dgemm(1.0, self.numbers, columns)
        for reflections in self.reflections:
            columns = reflections.of(columns)
        return columns

    def back(self, columns: Floats) -> Floats:
        """The transpose times columns of m numbers."""
        for reflections in reversed(self.reflections):
            columns = reflections.back(columns)
        return np.asarray(blas.dgemm(1.0, self.numbers, columns, trans_a=1))


def singular(matrix: Floats) -> tuple[Turned, Floats, Turned]:
    """U, sigma and V of (m, n) in Fortran order, m >= n, which is used up."""
    m, n = matrix.shape
    first: tuple[Reflections, ...] = ()
    if m >= TALL * n and m * n > FEWEST_NUMBERS:
        vectors, triangles, _ = lapack.dgeqrt(min(n, REFLECTIONS), matrix, overwrite_a=1)
        columns = np.arange(n)
        first = (Reflections(vectors, triangles[columns % len(triangles), columns]),)
        matrix = np.asfortranarray(np.triu(vectors[:n]))
    if n < FEWEST_COLUMNS or not bidiagonal.HAS_BIDIAGONAL:
        left, sigma, right, info = lapack.dgesdd(matrix, full_matrices=0, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError("Singular values did not converge")
        return Turned(left, first), sigma, Turned(np.asfortranarray(right.T), ())
    diagonal, above, left_factors, right_factors = bidiagonal.bidiagonal(matrix)
    left, sigma, right = bidiagonal.singular(diagonal, above)
    # Those on the right leave the first number as it is.
    across = np.zeros((n, n), order="F")
    across[:, 1:] = matrix[: n - 1].T
    sides = Reflections(matrix, left_factors), Reflections(across, np.r_[0.0, right_factors[:-1]])
    return Turned(left, (sides[0], *first)), sigma, Turned(np.asfortranarray(right.T), sides[1:])


def kind_of_spectrum(turned: Turned, order: NDArray[np.intp]) -> Callable[..., Spectrum]:
    """One that has these directions, of parameters in this order."""
    if turned.reflections:
        return partial(TurnedSpectrum, turned=turned, order=order)
    basis = np.empty_like(turned.numbers)
    basis[order] = turned.numbers
    return partial(Spectrum, basis=basis)


def _formed(spectrum: TurnedSpectrum) -> Floats:
    return spectrum.lift(np.eye(spectrum.curvature.size)).T


@dataclass(frozen=True, eq=False)
class TurnedSpectrum(Spectrum):
    """A spectrum whose `basis` is formed when it is asked for, which a fit never does."""

    # A field with a default of its own is not asked of whoever makes the spectrum.
    basis: Floats = field(init=False, default=cached_property(_formed))  # type: ignore[arg-type]
    turned: Turned = field(kw_only=True)
    order: NDArray[np.intp] = field(kw_only=True)  # the parameters, as they were turned

    def lift(self, along: Floats) -> Floats:
        lifted = np.empty((along.size // max(1, along.shape[-1]), self.order.size))
        lifted[:, self.order] = self.turned.of(along.reshape(-1, along.shape[-1]).T).T
        return lifted.reshape(*along.shape[:-1], self.order.size)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "basis"}
