"""Golub-Kahan bidiagonalisation A V = U B, started from given left vectors.

Only the right vectors are reorthogonalised, which keeps the left vectors orthogonal as well (Simon
and Zha 2000, doi 10.1137/S1064827597327309). One pass over the rows is a step of all targets.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from sklearn_gd._linalg.krylov_basis import BREAKDOWN, KrylovSpaces
from sklearn_gd._linalg.numbers import Floats
from sklearn_gd._linalg.ritz import Ritz, from_bidiagonal, without_directions


class RowVectors(Protocol):
    """Vectors with one entry per row of A, one per target, stored with the rows."""

    def norms(self) -> Floats: ...
    def scale(self, factors: Floats) -> None: ...
    def rmatvec(self) -> Floats: ...  # A' left, (p, k)
    def step(self, right: Floats, alpha: Floats) -> Floats: ...  # left <- A right - left * alpha


class GolubKahan(KrylovSpaces):
    """Krylov spaces of A'A, one per target, that begin with the products A' left."""

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
        return [
            from_bidiagonal(np.array(alphas), np.array(betas), float(first))
            if betas
            else without_directions(0.5 * float(first) ** 2)
            for alphas, betas, first in columns
        ]

    def _step(self) -> None:
        alpha = np.array([alphas[-1] for alphas in self._alphas])
        across = self._left.step(self._right, alpha)
        beta = self._left.norms()
        for j, size in enumerate(beta):
            if not self._ended(j):
                beta[j] = size if size > self._zero_below(j) else 0.0
                self._offdiagonals[j].append(float(beta[j]))
        shrink = _inverse(beta)
        self._left.scale(shrink)
        self._right = self._next_right(across * shrink - self._right * beta)

    def _next_right(self, across: Floats) -> Floats:
        """Return the next right vectors, of length one, or zero if a space is invariant."""
        right = np.zeros_like(across)
        for j, basis in enumerate(self.bases):
            if self._ended(j):
                continue
            v = basis.orthogonalise(across[:, j])
            alpha = float(np.linalg.norm(v))
            full = len(self._offdiagonals[j]) >= min(self._shape)
            if full or not alpha > self._zero_below(j):
                alpha = 0.0
            else:
                right[:, j] = v / alpha
                basis.append(right[:, j])
            self._alphas[j].append(alpha)
        return right

    def _ended(self, j: int) -> bool:
        return self._alphas[j][-1:] == [0.0]

    def _zero_below(self, j: int) -> float:
        return BREAKDOWN * self._unit * max([0.0, *self._alphas[j], *self._offdiagonals[j]])


def _inverse(sizes: Floats) -> Floats:
    """Return 1 / size, and zero for a size of zero."""
    return np.divide(1.0, sizes, out=np.zeros_like(sizes), where=sizes > 0)
