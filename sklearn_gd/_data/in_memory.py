"""NumPy and SciPy rows, dense or sparse: read block by block, never copied whole, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_gd._data.cross_products import CrossProducts, Spread
from sklearn_gd._data.local_rows import LocalRows, NumPyLibrary
from sklearn_gd._linalg import Floats


@dataclass(frozen=True, eq=False)
class RowsInMemory(LocalRows):
    """n rows of features X (dense, CSR or CSC; float32 or float64), targets y (n, k), weights."""

    alpha: float = 0.0

    device = NumPyLibrary()
    in_memory = True

    @property
    def is_sparse(self) -> bool:
        return bool(sparse.issparse(self.X))

    @property
    def rounding(self) -> float:
        """The machine epsilon of the coefficients, which have the dtype of X."""
        return float(np.finfo(self.X.dtype).eps)

    def blocks(self) -> Iterator[tuple[Any, Floats, Floats | None]]:
        """Yield (X, y, w) of each row block, X in float64; sparse X whole: slicing it copies."""
        if self.is_sparse:
            yield self._sparse_X, self.y, self.sample_weight
        else:
            yield from super().blocks()

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y] in one pass, or that of standardised columns."""
        return self._cross_products if standardise is None else super().cross_products(standardise)

    @cached_property
    def _cross_products(self) -> CrossProducts:
        # Cached, since a warning about scaled columns needs the cross-products again.
        return super().cross_products()

    def spread(self) -> Spread:
        """Return means and variances, of sparse X from its entries and the weight of its zeros."""
        if not self.is_sparse:
            return super().spread()
        X, n = self._sparse_X.tocsc(), self.n_samples
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        column = np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
        w = np.ones(X.nnz) if self.sample_weight is None else self.sample_weight[X.indices]
        summed = partial(np.bincount, column, minlength=X.shape[1])
        mean = summed(w * X.data) / self.weight * self.fit_intercept
        # A column without zeros has none of their weight, not even a rounding.
        zeros = np.where(np.diff(X.indptr) < n, self.weight - summed(w), 0.0)
        squares = summed(w * (X.data - mean[column]) ** 2) + zeros * mean**2
        return Spread.measured(mean, squares / self.weight)

    def standardised(self) -> RowsInMemory:
        """Return a copy with standardised columns, of dense rows; constant ones are unmoved."""
        spread = self.spread()
        return replace(self, X=(self.X - spread.mean * spread.varies) / spread.scale)

    def block(self, rows: slice, standardise: Spread | None = None) -> Floats:
        """Return diag(sqrt(w)) [1 X y] of some rows, dense, X standardised if that is asked for."""
        X, y, w = self.X[rows], self.y[rows], self.sample_weight
        end = 1 + X.shape[1]
        block = np.empty((len(y), end + self.n_targets))
        block[:, 0] = 1.0
        block[:, 1:end] = X.toarray() if self.is_sparse else X
        block[:, end:] = y
        if standardise is not None:
            block[:, 1:end] -= standardise.mean
            block[:, 1:end] /= standardise.scale
        if w is not None:
            block *= np.sqrt(w[rows])[:, np.newaxis]
        return block

    def sums(self, standardise: Spread | None) -> Floats:
        """Return [1 X y]' diag(w) [1 X y] as an array, of sparse X by products of sparse rows."""
        if not self.is_sparse:
            return super().sums(standardise)
        if standardise is not None:
            return LocalRows.sums(replace(self, X=self.X.tocsr()), standardise)
        root = 1.0 if self.sample_weight is None else np.sqrt(self.sample_weight)[:, np.newaxis]
        X, d = self._sparse_X.multiply(root).tocsr(), self.X.shape[1]
        dense = np.column_stack([np.ones(self.n_samples), self.y]) * root
        across = np.asarray(X.T @ dense, dtype=float)
        sums = np.block([[(X.T @ X).toarray(), across], [across.T, dense.T @ dense]])
        order = np.insert(np.delete(np.arange(len(sums)), d), 0, d)  # the ones first
        return sums[np.ix_(order, order)]

    def sum_of_squares(self, X: Any) -> float:
        """Return that of a block of X, by einsum because BLAS would start threads for it."""
        flat = (X.data if self.is_sparse else X).ravel(order="K")
        return float(np.einsum("i,i", flat, flat))

    @cached_property
    def _sparse_X(self) -> Any:
        return self.X.astype(np.float64, copy=False)
