"""NumPy and SciPy rows, dense or sparse: read block by block, never copied whole, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_gd._data.cross_products import CrossProducts, Spread, assembled
from sklearn_gd._data.local_rows import LocalRows, NumPyLibrary
from sklearn_gd._data.objective import check_squares
from sklearn_gd._data.penalty import penalty_rows
from sklearn_gd._linalg import Floats, Preconditioner, sum_of_squares


@dataclass(frozen=True, eq=False)
class RowsInMemory(LocalRows):
    """n rows of features X (dense, CSR or CSC; float32 or float64), targets y (n, k), weights."""

    X: Any
    y: Floats
    sample_weight: Floats | None
    fit_intercept: bool
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

    @cached_property
    def root_weight(self) -> Floats | None:
        """sqrt(w) as a column."""
        w = self.sample_weight
        return None if w is None else np.sqrt(w)[:, np.newaxis]

    def blocks(self) -> Iterator[tuple[Any, Floats, Floats | None]]:
        """Yield (X, y, w) of each row block, X in float64; sparse X whole: slicing it copies."""
        w = self.sample_weight
        if self.is_sparse:
            yield self._sparse_X, self.y, w
            return
        for rows in self.slices():
            X = self.X[rows].astype(np.float64, copy=False)
            yield X, self.y[rows], None if w is None else w[rows]

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y] in one pass, or that of standardised columns."""
        return self._cross_products if standardise is None else self._summed(standardise)

    @cached_property
    def _cross_products(self) -> CrossProducts:
        # Cached, since a warning about scaled columns needs the cross-products again.
        return self._summed(None)

    def _summed(self, standardise: Spread | None) -> CrossProducts:
        with np.errstate(over="ignore", invalid="ignore"):
            sparse_sums = self.is_sparse and standardise is None
            sums = self._sparse_sums() if sparse_sums else self._dense_sums(standardise)
        check_squares(np.diagonal(sums), float(sums[0, 0]))
        return CrossProducts(sums, self.n_targets, self.n_samples)

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

    def preconditioned_products(self, preconditioner: Preconditioner) -> Floats:
        """Return [Y E]'[Y E] over all rows and those of the penalty."""
        Z, y = penalty_rows(self)
        products = preconditioner.products(Z, y)
        for rows in self.slices():
            products += preconditioner.products(*self.matrix(rows))
        return products

    def matrix(self, rows: slice = slice(None)) -> tuple[Floats, Floats]:
        """Return diag(sqrt(w)) Z and diag(sqrt(w)) y of some rows, dense."""
        X, y, first = self.X[rows], self.y[rows], int(self.fit_intercept)
        Z = np.empty((len(y), self.n_parameters))
        Z[:, :first] = 1.0
        Z[:, first:] = X.toarray() if sparse.issparse(X) else X
        if self.root_weight is not None:
            root = self.root_weight[rows]
            Z *= root
            y = y * root
        return Z, y

    def sum_of_squares(self, X: Any) -> float:
        return sum_of_squares(X.data if self.is_sparse else X)

    def _dense_sums(self, standardise: Spread | None) -> Floats:
        d = self.n_parameters - self.fit_intercept
        size = 1 + d + self.n_targets
        sums, product = np.zeros((size, size)), np.empty((size, size))
        buffer = np.empty((0, size))
        X = self._sparse_X.tocsr() if self.is_sparse else self.X
        for rows in self.slices():
            height = rows.stop - rows.start
            if len(buffer) < height:
                buffer = np.empty((height, size))
            block = buffer[:height]
            block[:, 0] = 1.0
            block[:, 1 : 1 + d] = X[rows].toarray() if self.is_sparse else X[rows]
            block[:, 1 + d :] = self.y[rows]
            if standardise is not None:
                block[:, 1 : 1 + d] -= standardise.mean
                block[:, 1 : 1 + d] /= standardise.scale
            if self.root_weight is not None:
                block *= self.root_weight[rows]
            # NumPy computes half of the product of a matrix with its own transpose (BLAS syrk).
            sums += np.matmul(block.T, block, out=product)
        return sums

    def _sparse_sums(self) -> Floats:
        root = self.root_weight
        X = self._sparse_X if root is None else self._sparse_X.multiply(root).tocsr()
        dense = np.column_stack([np.ones(self.n_samples), self.y])
        dense = dense if root is None else dense * root
        across = np.asarray(X.T @ dense, dtype=float)
        return assembled((X.T @ X).toarray(), across, dense.T @ dense)

    @cached_property
    def _sparse_X(self) -> Any:
        return self.X.astype(np.float64, copy=False)
