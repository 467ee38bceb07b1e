"""A matrix as the row vectors that Golub-Kahan asks for: products and nothing else."""

from __future__ import annotations

import numpy as np


class DenseVectors:
    """Left vectors of A, one per column."""

    def __init__(self, A, vectors):
        self.A, self.vectors = A, np.array(vectors)

    def norms(self):
        return np.linalg.norm(self.vectors, axis=0)

    def scale(self, factors):
        self.vectors = self.vectors * factors

    def rmatvec(self):
        return self.A.T @ self.vectors

    def step(self, right, alpha):
        self.vectors = self.A @ right - self.vectors * alpha
        return self.rmatvec()
