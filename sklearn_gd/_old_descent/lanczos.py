"""Lanczos on the Gram matrix: moments and a start go in, a Krylov basis comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import ritz
from sklearn_gd._descent.basis import Basis, length
from sklearn_gd._descent.bidiagonal import BREAKDOWN
from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.pieces import Digits
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.spectrum import MOMENTS_ERROR, MOMENTS_ROUNDING, row_rounding

Floats = NDArray[np.float64]


class Tridiagonalisation:
    """H V = V T for every target; the answers are those of the moments' own eigenbasis."""

    def __init__(self, moments: Moments, start: Floats, fit_intercept: bool) -> None:
        self._unit, self._hessian = moments.unit, moments.hessian(fit_intercept)
        b = moments.products_with_y(fit_intercept)
        squares = moments.mean_squares_of_y()
        pull = self._hessian @ start
        quadratic = np.einsum("pk,pk->k", start, pull)
        self._losses = 0.5 * (squares + quadratic) - np.einsum("pk,pk->k", start, b)
        sizes = float(np.sum(squares + np.abs(quadratic)))
        self.digits: Digits = {
            "rounding": MOMENTS_ROUNDING * self._unit * sizes,
            "error": MOMENTS_ERROR * self._unit,
            "unit": self._unit,
            "row_rounding": row_rounding(moments),
        }
        self.bases = [Basis(len(b)) for _ in range(b.shape[1])]
        self._slopes = np.linalg.norm(b - pull, axis=0)
        self._diagonals: list[list[float]] = [[] for _ in self.bases]
        self._beside: list[list[float]] = [[] for _ in self.bases]
        self._next = (b - pull).T / np.where(self._slopes > 0, self._slopes, 1.0)[:, np.newaxis]
        for basis, v in zip(self.bases, self._next, strict=True):
            basis.append(v)

    @property
    def size(self) -> int:
        return max(len(diagonal) for diagonal in self._diagonals)

    @property
    def complete(self) -> bool:
        return all(self._ended(j) for j in range(len(self.bases)))

    @property
    def whole(self) -> bool:
        """Whether the first target's space is as large as any: it has every curvature of H."""
        return self._ended(0) and len(self._diagonals[0]) >= len(self._hessian)

    def towards(self, j: int, vector: Floats) -> Tridiagonalisation:
        raise NotImplementedError("A space of vectors smaller than H is never out of room.")

    def grow(self, size: int) -> None:
        while self.size < size and not self.complete:
            for j, image in enumerate(self._next @ self._hessian):
                if not self._ended(j):
                    self._extend(j, image)

    def ritz(self) -> list[Ritz]:
        columns = zip(self._diagonals, self._beside, self._slopes, self._losses, strict=True)
        return [
            ritz.from_tridiagonal(
                np.array(diagonal), np.array(beside), float(slope), float(loss), self._unit
            )
            if diagonal
            else ritz.nothing(max(float(loss), 0.0))
            for diagonal, beside, slope, loss in columns
        ]

    def _extend(self, j: int, image: Floats) -> None:
        self._diagonals[j].append(float(np.einsum("i,i", image, self._next[j])))
        # Its largest part first, so that most often one projection is enough.
        v = self.bases[j].orthogonalise(image - self._diagonals[j][-1] * self._next[j])
        size = length(v)
        scale = max(0.0, *self._diagonals[j])  # H is not negative: none beside is larger
        full = len(self._diagonals[j]) >= len(v)
        size = 0.0 if full or not size > BREAKDOWN * self._unit * scale else size
        self._beside[j].append(size)
        if size:
            self._next[j] = v / size
            self.bases[j].append(self._next[j])

    def _ended(self, j: int) -> bool:
        return self._slopes[j] == 0 or self._beside[j][-1:] == [0.0]
