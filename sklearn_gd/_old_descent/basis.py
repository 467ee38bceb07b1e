"""Orthonormal vectors, made one by one and kept in chunks: a basis grows without being copied."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Vectors per chunk: long enough for a matrix kernel, short enough to waste little memory.
CHUNK = 16
# A vector that lost more than this share of its length to a projection is projected again
# (Daniel, Gragg, Kaufman and Stewart 1976: twice is enough).
LOST_MUCH = 0.5


class Basis:
    """Vectors of one length, one per row of each chunk."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.size = 0
        self._chunks: list[Floats] = []

    @classmethod
    def of(cls, vectors: Floats) -> Basis:
        """The rows of `vectors` as they are."""
        basis = cls(vectors.shape[1])
        basis.size, basis._chunks = len(vectors), [vectors]
        return basis

    def __getstate__(self) -> dict[str, object]:
        # The room for vectors to come holds whatever was in memory: not for a pickle.
        return {**self.__dict__, "_chunks": [chunk for _, chunk in self._used(self.size)]}

    def append(self, vector: Floats) -> None:
        row = self.size % CHUNK
        if row == 0:
            self._chunks.append(np.empty((CHUNK, self.length)))
        self._chunks[-1][row] = vector
        self.size += 1

    def orthogonalise(self, vector: Floats) -> Floats:
        """What is left of `vector` after its projection on the basis, to rounding."""
        for _ in range(3):
            before = length(vector)
            vector = self._project_out(vector)
            if length(vector) > LOST_MUCH * before:
                break
        return vector

    def lift(self, coordinates: Floats) -> Floats:
        """From coordinates (..., m) in the first m vectors to vectors (..., length)."""
        *many, size = coordinates.shape
        flat = coordinates.reshape(prod(many), size)
        lifted = np.zeros((len(flat), self.length))
        for first, chunk in self._used(size):
            lifted += flat[:, first : first + len(chunk)] @ chunk
        return lifted.reshape(*many, self.length)

    def seen(self, product: Callable[[Floats], Floats], size: int) -> Floats:
        """A product with a matrix of `length` rows, (length, any), of the first `size` vectors."""
        parts = [product(chunk.T) for _, chunk in self._used(size)]
        return np.concatenate([product(np.zeros((self.length, 0))), *parts], axis=1)

    def _project_out(self, vector: Floats) -> Floats:
        # Classical Gram-Schmidt: all products are taken before anything is subtracted.
        used = [chunk for _, chunk in self._used(self.size)]
        vector = vector.copy()
        parts = [chunk @ vector for chunk in used]
        for chunk, part in zip(used, parts, strict=True):
            vector -= part @ chunk
        return vector

    def _used(self, size: int) -> list[tuple[int, Floats]]:
        firsts = np.cumsum([0] + [len(chunk) for chunk in self._chunks])
        return [
            (int(first), chunk[: size - first])
            for first, chunk in zip(firsts, self._chunks, strict=False)
            if first < size
        ]


def length(vector: Floats) -> float:
    """|vector|; not by BLAS, whose threads take longer to wake than this takes."""
    return float(np.sqrt(np.einsum("i,i", vector, vector)))
