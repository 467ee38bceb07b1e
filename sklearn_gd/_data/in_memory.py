"""Rows in memory, dense or sparse: read block by block, never copied whole, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_gd._data.cross_products import CrossProducts, Spread, assembled
from sklearn_gd._data.objective import LARGEST_SIZE, NotFinite, Objective, check_squares
from sklearn_gd._data.operator import MemoryOperator
from sklearn_gd._data.penalty import penalised, penalty_rows
from sklearn_gd._data.problem import DesignOperator
from sklearn_gd._linalg import Floats, Preconditioner, sum_of_squares

# Numbers in a block of dense rows: 2 MiB, which a core's second-level cache holds while the block
# is multiplied, and enough for a second BLAS thread to be worth its waking.
BLOCK_NUMBERS = 1 << 18


@dataclass(frozen=True, eq=False)
class RowsInMemory(Objective):
    """n rows of features X (dense, CSR or CSC; float32 or float64), targets y (n, k), weights."""

    X: Any
    y: Floats
    sample_weight: Floats | None
    fit_intercept: bool
    alpha: float = 0.0

    in_memory = True

    @property
    def n_samples(self) -> int:
        return int(self.X.shape[0])

    @property
    def n_parameters(self) -> int:
        """p: the columns of Z = [1 X] or X."""
        return int(self.X.shape[1]) + self.fit_intercept

    @property
    def n_targets(self) -> int:
        return int(self.y.shape[1])

    @property
    def is_sparse(self) -> bool:
        return bool(sparse.issparse(self.X))

    @property
    def nonzeros(self) -> int:
        """Of Z."""
        if self.is_sparse:
            return int(self.X.nnz) + self.n_samples * self.fit_intercept
        return self.n_samples * self.n_parameters

    @property
    def rounding(self) -> float:
        """Of the coefficients, which have the dtype of X."""
        return float(np.finfo(self.X.dtype).eps)

    @cached_property
    def weight(self) -> float:
        return float(self.n_samples if self.sample_weight is None else self.sample_weight.sum())

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

    def slices(self) -> Iterator[slice]:
        """Yield the row blocks of dense rows; each has more rows than columns."""
        width = self.n_parameters + self.n_targets
        step = max(width, BLOCK_NUMBERS // width)
        for start in range(0, self.n_samples, step):
            yield slice(start, min(start + step, self.n_samples))

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y] in one pass, or that of standardised columns."""
        return self._cross_products if standardise is None else self._summed(standardise)

    @cached_property
    def _cross_products(self) -> CrossProducts:
        # Kept while the problem is: a sentence on scaled columns needs them once more.
        return self._summed(None)

    def _summed(self, standardise: Spread | None) -> CrossProducts:
        with np.errstate(over="ignore", invalid="ignore"):
            sums = self._sparse_sums() if self.is_sparse else self._dense_sums(standardise)
        check_squares(np.diagonal(sums), float(sums[0, 0]))
        products = CrossProducts(sums, self.n_targets, self.n_samples)
        if self.is_sparse and standardise is not None:
            return products.standardised(standardise, standardise.scale)
        return products

    def spread(self) -> Spread:
        """Return means and variances in two passes, so that large means take no digits."""
        if self.is_sparse:
            return self.cross_products().spread(self.fit_intercept)
        d = self.X.shape[1]
        mean, variance = np.zeros(d), np.zeros(d)
        if self.fit_intercept:
            for X, _, w in self.blocks():
                mean += (X.sum(axis=0) if w is None else w @ X) / self.weight
        for X, _, w in self.blocks():
            squares = (X - mean) ** 2
            variance += (squares.sum(axis=0) if w is None else w @ squares) / self.weight
        return Spread.measured(mean, variance)

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

    def operator(self) -> DesignOperator:
        """Return the rows as a linear operator; nan in X shows in no sum of squares there."""
        with np.errstate(over="ignore", invalid="ignore"):
            squares = sum(
                sum_of_squares(X.data if sparse.issparse(X) else X) for X, _, _ in self.blocks()
            )
        if not squares <= LARGEST_SIZE**2 * self.n_samples:
            raise NotFinite
        return penalised(MemoryOperator(self), self)

    def predict(self, X: Any, theta: Floats) -> Floats:
        """Return Z theta for a block of X."""
        if not self.fit_intercept:
            return np.asarray(X @ theta, dtype=np.float64)
        return np.asarray(X @ theta[1:] + theta[0], dtype=np.float64)

    def squares(self, theta: Floats) -> float:
        return sum(
            float(np.einsum("nk,nk", r, weighted)) for _, r, weighted in self._residuals(theta)
        )

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        squares, gradient, first = 0.0, np.zeros_like(theta), int(self.fit_intercept)
        for X, residual, weighted in self._residuals(theta):
            squares += float(np.einsum("nk,nk", residual, weighted))
            gradient[first:] += X.T @ weighted
            gradient[:first] += weighted.sum(axis=0)
        return squares, gradient

    def taken(self, index: Any) -> RowsInMemory:
        """Return some of the rows, by a slice or by indices."""
        w = None if self.sample_weight is None else self.sample_weight[index]
        return replace(self, X=self.X[index], y=self.y[index], sample_weight=w)

    def reweighted(self, counts: Floats) -> RowsInMemory:
        """Return all rows, each weighing so much more: nothing is copied."""
        w = self.sample_weight
        return replace(self, sample_weight=counts if w is None else counts * w)

    def weight_of(self, index: Any) -> float:
        """Return the sum of the weights of some rows."""
        w = self.sample_weight
        return float(len(index) if w is None else w[index].sum())

    def _residuals(self, theta: Floats) -> Iterator[tuple[Any, Floats, Floats]]:
        """Yield X, Z theta - y, and that times the weights, of each row block."""
        for X, y, w in self.blocks():
            residual = self.predict(X, theta) - y
            yield X, residual, residual if w is None else residual * w[:, np.newaxis]

    def _dense_sums(self, standardise: Spread | None) -> Floats:
        d = self.X.shape[1]
        size = 1 + d + self.n_targets
        sums, product = np.zeros((size, size)), np.empty((size, size))
        buffer = np.empty((0, size))
        for rows in self.slices():
            height = rows.stop - rows.start
            if len(buffer) < height:
                buffer = np.empty((height, size))
            block = buffer[:height]
            block[:, 0] = 1.0
            block[:, 1 : 1 + d] = self.X[rows]
            block[:, 1 + d :] = self.y[rows]
            if standardise is not None:
                block[:, 1 : 1 + d] -= standardise.mean
                block[:, 1 : 1 + d] /= standardise.scale
            if self.root_weight is not None:
                block *= self.root_weight[rows]
            # NumPy asks BLAS for half of a product of a matrix with its own transpose.
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
