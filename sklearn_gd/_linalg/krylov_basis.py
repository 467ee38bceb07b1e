"""Orthonormal bases of Krylov spaces, stored in chunks so that they grow without copies."""

from math import prod

import numpy as np

from sklearn_gd._linalg.numbers import Floats

# Vectors per chunk: enough for a matrix product, few enough to waste little memory.
CHUNK = 16
# A vector that keeps less than this share of its length in a projection is projected again
# (Daniel, Gragg, Kaufman and Stewart 1976: two projections are enough).
REPROJECT_BELOW = 0.5


class KrylovBasis:
    """Orthonormal vectors of one length, one per row of each chunk."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.size = 0
        self._chunks: list[Floats] = []

    def __getstate__(self) -> dict[str, object]:
        # Unused rows of the last chunk are uninitialised memory, which a pickle must not contain.
        return {**self.__dict__, "_chunks": [chunk for _, chunk in self._used(self.size)]}

    def append(self, vector: Floats) -> None:
        """Add a vector that is orthogonal to all others and of length one."""
        row = self.size % CHUNK
        if row == 0:
            self._chunks.append(np.empty((CHUNK, self.length)))
        self._chunks[-1][row] = vector
        self.size += 1

    def orthogonalise(self, vector: Floats) -> Floats:
        """Return the part of `vector` that is orthogonal to the basis, to rounding."""
        used = [chunk for _, chunk in self._used(self.size)]
        for _ in range(3):
            # Classical Gram-Schmidt: all products are taken before anything is subtracted.
            before, parts = np.linalg.norm(vector), [chunk @ vector for chunk in used]
            vector = vector.copy()
            for chunk, part in zip(used, parts, strict=True):
                vector -= part @ chunk
            if np.linalg.norm(vector) > REPROJECT_BELOW * before:
                break
        return vector

    def combine(self, coordinates: Floats) -> Floats:
        """Return the vectors (..., length) of coordinates (..., m) in the first m vectors."""
        *many, size = coordinates.shape
        flat = coordinates.reshape(prod(many), size)
        combined = np.zeros((len(flat), self.length))
        for first, chunk in self._used(size):
            combined += flat[:, first : first + len(chunk)] @ chunk
        return combined.reshape(*many, self.length)

    def _used(self, size: int) -> list[tuple[int, Floats]]:
        """Return (number of its first vector, chunk) of chunks with the first `size` vectors."""
        return [
            (first, self._chunks[first // CHUNK][: size - first]) for first in range(0, size, CHUNK)
        ]
