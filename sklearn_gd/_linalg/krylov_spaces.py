"""Krylov spaces that grow: Golub-Kahan bidiagonalisation A V = U B, and Lanczos H V = V T.

Of Golub-Kahan only the right vectors are reorthogonalised, which keeps the left vectors orthogonal
as well (Simon and Zha 2000, doi 10.1137/S1064827597327309).
"""

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np

from sklearn_gd._linalg.krylov_basis import KrylovBasis
from sklearn_gd._linalg.numbers import Floats
from sklearn_gd._linalg.ritz import Ritz, from_bidiagonal, from_tridiagonal

# A vector shorter than this, in units of the rounding of products, is a rounding of zero: the space
# is invariant.
BREAKDOWN = 10


class RowVectors(Protocol):
    """Vectors with one entry per row of A, one per target, stored with the rows."""

    def norms(self) -> Floats: ...
    def scale(self, factors: Floats) -> None: ...
    def rmatvec(self) -> Floats: ...  # A' left, (p, k)
    def step(self, right: Floats, alpha: Floats) -> Floats: ...  # left <- A right - left * alpha


class KrylovSpaces(ABC):
    """Krylov spaces that grow together, one per target: each step adds an off-diagonal entry."""

    def __init__(self, length: int, n_targets: int) -> None:
        self.bases = [KrylovBasis(length) for _ in range(n_targets)]
        self._offdiagonals: list[list[float]] = [[] for _ in range(n_targets)]
        self._invariant = [False] * n_targets

    @property
    def size(self) -> int:
        """The number of steps made, that of the target with the most."""
        return max(map(len, self._offdiagonals))

    @property
    def complete(self) -> bool:
        """Whether the spaces of all targets are invariant."""
        return all(self._invariant)

    def grow(self, size: int) -> None:
        """Make steps until there are `size` or the spaces are invariant."""
        while self.size < size and not self.complete:
            self._step()

    @abstractmethod
    def _step(self) -> None:
        """Make one step of every target."""


class GolubKahan(KrylovSpaces):
    """Krylov spaces of A'A, one per target, that begin with the products A' left.

    One pass over the rows is a step of all targets.
    """

    def __init__(self, left: RowVectors, shape: tuple[int, int], unit: float) -> None:
        self._left, self._shape, self._unit = left, shape, unit
        self._first = left.norms()
        k = len(self._first)
        super().__init__(shape[1], k)
        self._alphas: list[list[float]] = [[] for _ in range(k)]
        left.scale(_inverse(self._first))
        self._right = self._next_right(left.rmatvec())

    def ritz(self) -> list[Ritz]:
        """Return each target's projected problem."""
        columns = zip(self._alphas, self._offdiagonals, self._first, strict=True)
        return [from_bidiagonal(np.array(a), np.array(b), float(first)) for a, b, first in columns]

    def _step(self) -> None:
        alpha = np.array([alphas[-1] for alphas in self._alphas])
        across = self._left.step(self._right, alpha)
        beta = self._left.norms()
        for j, size in enumerate(beta):
            if not self._invariant[j]:
                beta[j] = size if size > self._zero_below(j) else 0.0
                self._offdiagonals[j].append(float(beta[j]))
        shrink = _inverse(beta)
        self._left.scale(shrink)
        self._right = self._next_right(across * shrink - self._right * beta)

    def _next_right(self, across: Floats) -> Floats:
        """Return the next right vectors, of length one, or zero if a space is invariant."""
        right = np.zeros_like(across)
        for j, basis in enumerate(self.bases):
            if self._invariant[j]:
                continue
            v = basis.orthogonalise(across[:, j])
            alpha = float(np.linalg.norm(v))
            full = len(self._offdiagonals[j]) >= min(self._shape)
            self._invariant[j] = full or not alpha > self._zero_below(j)
            if self._invariant[j]:
                alpha = 0.0
            else:
                right[:, j] = v / alpha
                basis.append(right[:, j])
            self._alphas[j].append(alpha)
        return right

    def _zero_below(self, j: int) -> float:
        return BREAKDOWN * self._unit * max([0.0, *self._alphas[j], *self._offdiagonals[j]])


class Lanczos(KrylovSpaces):
    """Krylov spaces of a symmetric H, from the columns of `gradient`; `losses` (k,) are J there."""

    def __init__(self, hessian: Floats, gradient: Floats, losses: Floats, unit: float) -> None:
        self._hessian, self._losses, self._unit = hessian, losses, unit
        self._first = np.linalg.norm(gradient, axis=0)
        super().__init__(len(hessian), len(self._first))
        self._invariant = [first == 0 for first in self._first]
        self._diagonals: list[list[float]] = [[] for _ in self.bases]
        self._next = gradient.T / np.where(self._first > 0, self._first, 1.0)[:, np.newaxis]
        for basis, v in zip(self.bases, self._next, strict=True):
            basis.append(v)

    def ritz(self) -> list[Ritz]:
        """Return each target's projected problem."""
        columns = zip(self._diagonals, self._offdiagonals, self._first, self._losses, strict=True)
        return [
            from_tridiagonal(np.array(diagonal), np.array(off), float(first), float(loss))
            for diagonal, off, first, loss in columns
        ]

    def _step(self) -> None:
        for j, image in enumerate(self._next @ self._hessian):
            if not self._invariant[j]:
                self._extend(j, image)

    def _extend(self, j: int, image: Floats) -> None:
        diagonal = self._diagonals[j]
        diagonal.append(float(image @ self._next[j]))
        # The largest component is subtracted first, so that one projection is mostly enough.
        v = self.bases[j].orthogonalise(image - diagonal[-1] * self._next[j])
        size = float(np.linalg.norm(v))
        enough = size > BREAKDOWN * self._unit * max(0.0, *diagonal)
        self._invariant[j] = len(diagonal) >= len(v) or not enough
        self._offdiagonals[j].append(0.0 if self._invariant[j] else size)
        if not self._invariant[j]:
            self._next[j] = v / size
            self.bases[j].append(self._next[j])


def _inverse(sizes: Floats) -> Floats:
    """Return 1 / size, and zero for a size of zero."""
    return np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
