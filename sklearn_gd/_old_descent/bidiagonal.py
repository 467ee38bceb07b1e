"""Golub-Kahan-Lanczos: a matrix and a start go in, a Krylov basis and small matrices come out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import ritz
from sklearn_gd._descent.basis import Basis, length
from sklearn_gd._descent.pieces import Digits
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.spectrum import MOMENTS_ROUNDING

Floats = NDArray[np.float64]

# A vector this short beside the matrix, in units of the rounding of products with it, is the
# rounding of zero: the space is invariant.
BREAKDOWN = 10


class LeftVectors(Protocol):
    """Vectors as long as there are rows, one per target, wherever the rows are."""

    def sizes(self) -> Floats: ...
    def scale(self, factors: Floats) -> None: ...
    def back(self) -> Floats: ...
    def advance(self, right: Floats, alpha: Floats) -> Floats: ...


class Sides(Protocol):
    """A = diag(sqrt(w / W)) Z, of shape (n, p), seen from both sides."""

    shape: tuple[int, int]
    short_left: bool  # which side's vectors are kept orthogonal
    unit: float  # the rounding of its products

    def residual_at(self, theta: Floats) -> LeftVectors: ...
    def image(self, right: Floats) -> LeftVectors: ...
    def random(self, seed: int) -> LeftVectors: ...
    def loss(self, theta: Floats) -> float: ...
    def sizes(self, start: Floats) -> float: ...
    def squares(self) -> float: ...


class Bidiagonalisation:
    """A V = U B for every target, all targets one step further with each pass over the rows.

    Vectors of one side are kept orthogonal, which keeps those of the other side so (Simon and Zha
    2000, doi 10.1137/S1064827597327309). V is kept, as iterates are made of it.
    """

    def __init__(self, sides: Sides, left: LeftVectors, sizes: float) -> None:
        self._sides = sides
        self._left = left
        self._first = left.sizes()
        k = len(self._first)
        self.bases = [Basis(sides.shape[1]) for _ in range(k)]
        self._alphas: list[list[float]] = [[] for _ in range(k)]
        self._betas: list[list[float]] = [[] for _ in range(k)]
        self._sizes = sizes
        rounding = MOMENTS_ROUNDING * sides.unit**2 * sizes
        self.digits: Digits = {"rounding": rounding, "error": 0.0, "unit": sides.unit}
        left.scale(_inverse(self._first))
        self._right = self._settle_right(left.back())

    @property
    def size(self) -> int:
        return max(len(betas) for betas in self._betas)

    @property
    def complete(self) -> bool:
        """Whether the spaces of all targets are invariant: nothing is left to be found."""
        return all(self._ended(j) for j in range(len(self.bases)))

    @property
    def whole(self) -> bool:
        """Whether the first target's space is as large as any: it has every curvature of H."""
        return self._ended(0) and len(self._betas[0]) >= min(self._sides.shape)

    def towards(self, j: int, vector: Floats) -> Bidiagonalisation:
        """A space started at a vector of this one, given in target j's basis."""
        left = self._sides.image(self.bases[j].lift(vector)[:, np.newaxis])
        return Bidiagonalisation(self._sides, left, self._sizes)

    def grow(self, size: int) -> None:
        while self.size < size and not self.complete:
            self._step()

    def ritz(self) -> list[Ritz]:
        return [
            ritz.from_bidiagonal(np.array(alphas), np.array(betas), float(first))
            if betas
            else ritz.nothing(0.5 * float(first) ** 2)
            for alphas, betas, first in zip(self._alphas, self._betas, self._first, strict=True)
        ]

    def _step(self) -> None:
        alpha = np.array([alphas[-1] for alphas in self._alphas])
        across = self._left.advance(self._right, alpha)
        beta = self._left.sizes()
        for j, size in enumerate(beta):
            if not self._ended(j):
                beta[j] = size if size > self._nothing(j) else 0.0
                self._betas[j].append(float(beta[j]))
        shrink = _inverse(beta)
        self._left.scale(shrink)
        self._right = self._settle_right(across * shrink - self._right * beta)

    def _settle_right(self, across: Floats) -> Floats:
        """The next right vectors, of length one, or zero where a space is invariant."""
        right = np.zeros_like(across)
        for j, basis in enumerate(self.bases):
            if self._ended(j):
                continue
            keep = self._sides.short_left
            v = across[:, j] if keep else basis.orthogonalise(across[:, j])
            alpha = length(v)
            full = len(self._betas[j]) >= min(self._sides.shape)
            if full or not alpha > self._nothing(j):
                alpha = 0.0
            else:
                right[:, j] = v / alpha
                basis.append(right[:, j])
            self._alphas[j].append(alpha)
        return right

    def _ended(self, j: int) -> bool:
        return self._alphas[j][-1:] == [0.0]

    def _nothing(self, j: int) -> float:
        """Lengths down here are rounding."""
        return BREAKDOWN * self._sides.unit * max([0.0, *self._alphas[j], *self._betas[j]])


def _inverse(sizes: Floats) -> Floats:
    """1 / size, and zero where there is nothing to be scaled."""
    return np.asarray(np.where(sizes > 0, 1.0 / np.where(sizes > 0, sizes, 1.0), 0.0))
