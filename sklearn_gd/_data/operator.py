"""A = diag(sqrt(w / W)) Z of rows in memory as a linear operator; nothing is formed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_gd._linalg import EPS, Floats, sum_of_squares

if TYPE_CHECKING:
    from sklearn_gd._data.in_memory import RowsInMemory


class MemoryOperator:
    """A, one column of every product per target. `total` is W when these are some of the rows."""

    unit = EPS

    def __init__(self, rows: RowsInMemory, total: float | None = None) -> None:
        self.rows = rows
        self.shape = (rows.n_samples, rows.n_parameters)
        self._total = rows.weight if total is None else total

    def residual(self, theta: Floats) -> MemoryVectors:
        return MemoryVectors(self, self._residual(theta))

    def random(self, seed: Any) -> MemoryVectors:
        noise = np.random.default_rng(seed).standard_normal((self.shape[0], 1))
        return MemoryVectors(self, noise)

    def sizes(self, theta: Floats) -> float:
        y = self._scaled(self.rows.y.copy())
        return sum_of_squares(y) + sum_of_squares(y - self._residual(theta))

    def blocks(self) -> Iterator[tuple[slice, Any, Floats | float]]:
        """Yield (rows, X, sqrt(w / W) as a column or a number) of each block."""
        first = 0
        for X, y, w in self.rows.blocks():
            root = self._total**-0.5 if w is None else np.sqrt(w / self._total)[:, np.newaxis]
            yield slice(first, first + len(y)), X, root
            first += len(y)

    def _residual(self, theta: Floats) -> Floats:
        left = self.rows.y.copy()
        if theta.any():
            for part, X, _ in self.blocks():
                left[part] -= self.rows.predict(X, theta)
        return self._scaled(left)

    def _scaled(self, left: Floats) -> Floats:
        root = self.rows.root_weight
        left *= self._total**-0.5
        return left if root is None else left * root


class MemoryVectors:
    """Vectors as long as there are rows, (n, k)."""

    def __init__(self, operator: MemoryOperator, vectors: Floats) -> None:
        self._operator = operator
        self.vectors = vectors

    def norms(self) -> Floats:
        return np.asarray(np.sqrt(np.einsum("nk,nk->k", self.vectors, self.vectors)))

    def scale(self, factors: Floats) -> None:
        self.vectors *= factors

    def rmatvec(self) -> Floats:
        return self._across(None)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; return A' left, each row block read once for both."""
        self.vectors *= -alpha
        return self._across(right)

    def _across(self, right: Floats | None) -> Floats:
        rows = self._operator.rows
        first = int(rows.fit_intercept)
        across = np.zeros((rows.n_parameters, self.vectors.shape[1]))
        for part, X, root in self._operator.blocks():
            block = self.vectors[part]
            if right is not None:
                block += rows.predict(X, right) * root
            weighted = block * root
            across[first:] += X.T @ weighted
            across[:first] += weighted.sum(axis=0)
        return across
