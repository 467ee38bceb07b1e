"""A = diag(sqrt(w / W)) Z as Lanczos sees it: rows go in, products with A and A' come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.products import sum_of_squares
from sklearn_gd._descent.rows import Rows, multipliable

Floats = NDArray[np.float64]

# Rows read once for a product with A and one with A' stay in cache in between; of smaller blocks
# (256 KiB) each step took a third longer.
STREAM_BYTES = 1 << 20
# A product of a matrix and a vector reads memory at full speed from this many rows on.
FEWEST_ROWS = 16


class ScaledRows:
    """A, one column of every product per target.

    Nothing is formed: the ones column, the weights and the scale enter the products. `total` is W
    where these are but some of the rows.
    """

    unit = EPS

    def __init__(self, rows: Rows, total: float | None = None) -> None:
        self._rows = rows
        weight = np.ones(1) if rows.sample_weight is None else rows.sample_weight
        scale = rows.weight if total is None else total
        self._root: Floats = np.sqrt(weight / scale)[:, np.newaxis]
        self.shape = (rows.n_samples, rows.n_parameters)
        # Sparse products cost little beside keeping vectors of the long side orthogonal; dense ones
        # cost much, and read X once for both only if nothing must be done between them.
        # Some of the rows can't keep vectors of all of them orthogonal.
        self.short_left = rows.is_sparse and self.shape[0] < self.shape[1] and total is None

    def residual_at(self, theta: Floats) -> Left:
        """The left vectors diag(sqrt(w / W)) (Y - Z theta)."""
        return Left(self, self._residual(theta))

    def random(self, seed: Any) -> Left:
        """Left vectors, for one target, that see every curvature."""
        noise = np.random.default_rng(seed).standard_normal((self.shape[0], 1))
        return Left(self, noise)

    def image(self, right: Floats) -> Left:
        """The left vectors A right."""
        left = Left(self, np.zeros((self.shape[0], right.shape[1])))
        left.advance(right, np.zeros(right.shape[1]))
        return left

    def loss(self, theta: Floats) -> float:
        """J(theta), over all targets."""
        return 0.5 * sum_of_squares(self._residual(theta))

    def sizes(self, start: Floats) -> float:
        """Mean squares of y and of the first predictions: what a loss is measured against."""
        y = self._rows.y * self._root
        predictions = y - self._residual(start)
        return sum_of_squares(y) + sum_of_squares(predictions)

    def squares(self) -> float:
        """The trace of A'A: the sum of all curvatures."""
        total = 0.0
        for _, X, root in self._blocks():
            squared = X.power(2) if sparse.issparse(X) else X**2
            lengths = np.asarray(squared.sum(axis=1)).ravel() + float(self._rows.fit_intercept)
            total += float(np.sum(lengths * root[:, 0] ** 2))
        return total

    def _residual(self, theta: Floats) -> Floats:
        if not theta.any():
            return self._rows.y * self._root
        out = np.empty_like(self._rows.y)
        for part, X, root in self._blocks():
            out[part] = (self._rows.y[part] - self._rows.predict(X, theta)) * root
        return out

    def _blocks(self) -> Iterator[tuple[slice, Any, Floats]]:
        n = self.shape[0]
        if self._rows.is_sparse:
            yield slice(0, n), self._rows._sparse_X, self._root
            return
        step = max(FEWEST_ROWS, STREAM_BYTES // (8 * self.shape[1]))
        for first in range(0, n, step):
            part = slice(first, min(first + step, n))
            root = self._root if len(self._root) == 1 else self._root[part]
            yield part, multipliable(self._rows.X[part]), root


class Left:
    """Vectors as long as there are rows, one per target; they stay where the rows are.

    Orthogonal to all the earlier ones where the left side is the short one.
    """

    def __init__(self, scaled: ScaledRows, vectors: Floats) -> None:
        self._scaled = scaled
        self._vectors = vectors
        n, k = vectors.shape
        self._bases = [Basis(n) for _ in range(k)] if scaled.short_left else []

    @property
    def vectors(self) -> Floats:
        """(n, k); they change when they advance."""
        return self._vectors

    def sizes(self) -> Floats:
        """Their lengths, (k,)."""
        return np.asarray(np.linalg.norm(self._vectors, axis=0))

    def scale(self, factors: Floats) -> None:
        """Each times a factor, (k,); those of a factor above zero are the next of their basis."""
        self._vectors *= factors
        for basis, vector, factor in zip(self._bases, self._vectors.T, factors, strict=False):
            if factor > 0:
                basis.append(vector)

    def back(self) -> Floats:
        """A' left."""
        return self._across(None)

    def advance(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; gives A' left, each row block read once for both."""
        self._vectors *= -alpha
        return self._across(right)

    def _across(self, right: Floats | None) -> Floats:
        rows = self._scaled._rows
        first = int(rows.fit_intercept)
        across = np.zeros((self._scaled.shape[1], self._vectors.shape[1]))
        for part, X, root in self._scaled._blocks():
            block = self._vectors[part]
            if right is not None:
                block += rows.predict(X, right) * root
                self._settle(block)
            weighted = block * root
            across[first:] += X.T @ weighted
            across[:first] += weighted.sum(axis=0)
        return across

    def _settle(self, block: Floats) -> None:
        # Only sparse rows, which are one block, have bases here.
        for basis, vector in zip(self._bases, block.T, strict=False):
            vector[...] = basis.orthogonalise(vector)
