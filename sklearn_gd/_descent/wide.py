"""Weighted rows with no fewer columns than rows go in, their singular values and directions out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack  # noqa: TID251  (few rows are SciPy's)

from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# Reflections taken at once, as a product of matrices. LAPACK's dgeqrf, and all that builds on it,
# takes up to 128 of them one by one: twice as long at 120 x 2000.
REFLECTIONS = 16


@dataclass(frozen=True, eq=False)
class Turned:
    """Orthonormal directions of p parameters, as n reflections of a turn of the first n axes.

    To form them takes as long as to find them, twice, and a fit needs no more of them than the few
    sums that are its iterates.
    """

    turn: Floats  # (n, n): the directions before they are reflected
    reflectors: Floats  # (p, n)
    triangles: Floats  # (at most REFLECTIONS, n)
    order: NDArray[np.intp]  # (p,): the parameters in the order in which they are reflected

    def lift(self, along: Floats) -> Floats:
        """From steps along all directions (..., n) to parameters (..., p)."""
        p, n = self.reflectors.shape
        axes = np.zeros((along.size // n, p))
        axes[:, :n] = along.reshape(-1, n) @ self.turn.T
        lifted = np.empty_like(axes)
        if axes.size:
            reflected, _ = lapack.dgemqrt(self.reflectors, self.triangles, axes.T, overwrite_c=1)
            lifted[:, self.order] = reflected.T
        return lifted.reshape(*along.shape[:-1], p)


def _formed(spectrum: TurnedSpectrum) -> Floats:
    turned = spectrum.turned
    return turned.lift(np.eye(len(turned.turn))).T


@dataclass(frozen=True, eq=False)
class TurnedSpectrum(Spectrum):
    """A spectrum whose `basis` is formed when it is asked for, which a fit never does."""

    # A field with a default of its own is not asked of whoever makes the spectrum.
    basis: Floats = field(init=False, default=cached_property(_formed))  # type: ignore[arg-type]
    turned: Turned = field(kw_only=True)

    def lift(self, along: Floats) -> Floats:
        return self.turned.lift(along)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "basis"}


def singular(Z: Floats, columns: NDArray[np.intp]) -> tuple[Floats, Floats, Turned]:
    """U, sigma and V of Z = U diag(sigma) V', the columns of Z in C order taken in that order.

    With Z' = Q R they are those of the triangle R' and, of V, Q times them: a decomposition of
    n x n numbers where that of Z would form and multiply matrices of n x p.
    """
    n, rows = len(Z), np.argsort(-np.einsum("ij,ij->i", Z, Z), kind="stable")
    reflectors, triangles, _ = lapack.dgeqrt(
        min(n, REFLECTIONS), _sorted(Z, rows, columns).T, overwrite_a=1
    )
    sorted_left, sigma, right, info = lapack.dgesdd(np.triu(reflectors[:n]).T, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError("Singular values did not converge")
    left = np.empty_like(sorted_left)
    left[rows] = sorted_left
    return left, sigma, Turned(right.T, reflectors, triangles, columns)


def _sorted(Z: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Large rows first as well, for the digits of small singular values that rows give them.

    Row by row, which takes half as long as both at once.
    """
    taken = np.empty_like(Z)
    for row, i in zip(taken, rows, strict=True):
        Z[i].take(columns, out=row, mode="clip")
    return taken
