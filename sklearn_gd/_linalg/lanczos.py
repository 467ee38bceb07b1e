"""Lanczos tridiagonalisation H V = V T of a symmetric matrix, from given starts."""

from __future__ import annotations

import numpy as np

from sklearn_gd._linalg.krylov_basis import BREAKDOWN, KrylovSpaces
from sklearn_gd._linalg.numbers import Floats
from sklearn_gd._linalg.ritz import Ritz, from_tridiagonal, without_directions


class Lanczos(KrylovSpaces):
    """Krylov spaces of H from the columns of `gradient`; `losses` (k,) are J at the start."""

    def __init__(self, hessian: Floats, gradient: Floats, losses: Floats, unit: float) -> None:
        self._hessian, self._losses, self._unit = hessian, losses, unit
        self._first = np.linalg.norm(gradient, axis=0)
        super().__init__(len(hessian), len(self._first))
        self._diagonals: list[list[float]] = [[] for _ in self.bases]
        self._next = gradient.T / np.where(self._first > 0, self._first, 1.0)[:, np.newaxis]
        for basis, v in zip(self.bases, self._next, strict=True):
            basis.append(v)

    def ritz(self) -> list[Ritz]:
        """Return each target's projected problem."""
        columns = zip(self._diagonals, self._offdiagonals, self._first, self._losses, strict=True)
        return [
            from_tridiagonal(np.array(diagonal), np.array(off), float(first), float(loss))
            if diagonal
            else without_directions(max(float(loss), 0.0))
            for diagonal, off, first, loss in columns
        ]

    def _step(self) -> None:
        for j, image in enumerate(self._next @ self._hessian):
            if not self._ended(j):
                self._extend(j, image)

    def _extend(self, j: int, image: Floats) -> None:
        diagonal = self._diagonals[j]
        diagonal.append(float(image @ self._next[j]))
        # The largest component is subtracted first, so that one projection is mostly enough.
        v = self.bases[j].orthogonalise(image - diagonal[-1] * self._next[j])
        size = float(np.linalg.norm(v))
        if len(diagonal) >= len(v) or not size > BREAKDOWN * self._unit * max(0.0, *diagonal):
            size = 0.0
        self._offdiagonals[j].append(size)
        if size:
            self._next[j] = v / size
            self.bases[j].append(self._next[j])

    def _ended(self, j: int) -> bool:
        return bool(self._first[j] == 0) or self._offdiagonals[j][-1:] == [0.0]
