"""The problem as rows: X, y and weights, read block by block, never copied whole, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._descent.products import sum_of_squares

Floats = NDArray[np.float64]

# Numbers up to here can be squared, summed and squared again.
LARGEST_SIZE = 1e70
# Blocks of this size stay in a core's second-level cache while they are multiplied by a vector, or
# a few columns of them by each other.
BLOCK_BYTES = 1 << 18
# Of more columns a block has so many numbers, that a second thread gains something: with two, sums
# of 100,000 x 50 or x 200 take four fifths of what blocks of an eighth of it take; one gains
# nothing, and loses nothing.
BLOCK_NUMBERS = 1 << 18
# There are so many blocks at least: room for large ones comes from the system page by page, which
# took as long as all else of a second pass over 2200 x 110 where that was one block.
FEWEST_BLOCKS = 8
# With so many columns, those of ones and y among them, a block is narrow.
NARROW = 12
# Rows multiplied where they are, uncopied, come in blocks of so many numbers, and of so many rows
# for every column. OpenBLAS shares a product with a vector among threads from 460,800 numbers on,
# which are no faster at reading: sums of 1,000,000 x 8 then took half as long again.
NUMBERS_IN_PLACE, ROWS_PER_COLUMN = 7 << 16, 8
# Between these numbers of columns it takes less to copy them beside [1 y] than to read them again
# for products with it: up to a fifth; elsewhere a third more (8 columns), or a tenth (80 and on).
COPIED_FROM, COPIED_TO = 13, 63
# Fewer rows than this and what is done with a block costs less than to ask for it.
FEWEST_ROWS_READ = 128
# They come in such numbers, and never fewer than there are columns: sums of products, as large as
# they are, are moved three times for each block. No power of two: the columns of a block in Fortran
# order would share a few lines of the first-level cache.
BLOCK_ROWS = 250


def is_multipliable(X: Any) -> bool:
    """Whether BLAS takes it as it is: float64, with neighbours along rows or columns."""
    return bool(X.dtype == np.float64 and min(X.strides) == X.itemsize)


def multipliable(X: Any) -> Floats:
    """The same numbers, copied where they are not."""
    X = X.astype(np.float64, copy=False)
    return X if is_multipliable(X) else np.ascontiguousarray(X)


class NotFinite(ValueError):
    """X holds nan or inf, or numbers whose squares would overflow on the way.

    All of them show in sums of squares, so that X needs no pass of its own to be checked.
    """

    def __init__(self, largest_size: float = LARGEST_SIZE) -> None:
        super().__init__(
            f"X must hold numbers below {largest_size:.0e} in size, so that their squares can be "
            "squared again; got larger ones: rescale the columns, for instance with StandardScaler."
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """n rows of features X (dense, CSR or CSC; float32 or float64), targets y (n, k), weights."""

    X: Any
    y: Floats
    sample_weight: Floats | None
    fit_intercept: bool

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
    def n_weighted(self) -> int:
        """Rows of a weight above zero."""
        w = self.sample_weight
        return self.n_samples if w is None else int(np.count_nonzero(w))

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
        """W: the sum of the weights, the number of rows where there are none."""
        return float(self.n_samples if self.sample_weight is None else self.sample_weight.sum())

    @cached_property
    def _sparse_X(self) -> Any:
        return self.X.astype(np.float64, copy=False) if sparse.issparse(self.X) else None

    def root_weight(self) -> Floats | None:
        return None if self.sample_weight is None else np.sqrt(self.sample_weight)

    @property
    def summed_in_place(self) -> bool:
        """Whether dense X is better not copied for sums of products."""
        if self.sample_weight is not None or self.n_targets > 1:
            return False  # products with a few vectors take longer than with each in turn
        d = self.X.shape[1]
        return is_multipliable(self.X) and not COPIED_FROM <= d <= COPIED_TO

    def blocks_in_place(self) -> Iterator[tuple[Floats, list[tuple[Floats, Floats, Floats]]]]:
        """Dense row blocks of X as they are; and ones, X and y of the parts that stay in cache."""
        d = self.X.shape[1]
        most = max(1, NUMBERS_IN_PLACE // d)
        ones = np.ones(min(most, self.n_samples))
        for rows in self._slices(max(most, ROWS_PER_COLUMN * d)):
            parts = (slice(i, min(i + most, rows.stop)) for i in range(rows.start, rows.stop, most))
            yield self.X[rows], [(ones[: p.stop - p.start], self.X[p], self.y[p]) for p in parts]

    def extended_blocks(self) -> Iterator[Floats]:
        """Dense row blocks of diag(sqrt(w)) [1 X y], float64; the buffer is used again.

        Narrow ones are in Fortran order: a row of a few numbers takes longer to copy than a column.
        """
        d = self.X.shape[1]
        size = 1 + d + self.n_targets
        shape = min(self._block_rows, self.n_samples), size
        buffer = np.empty(shape, order="F" if size <= NARROW else "C")
        for rows in self._slices(self._block_rows):
            block = buffer[: rows.stop - rows.start]
            block[:, 0] = 1.0
            block[:, 1 : 1 + d] = self.X[rows]
            block[:, 1 + d :] = self.y[rows]
            if self.sample_weight is not None:
                block *= np.sqrt(self.sample_weight[rows])[:, np.newaxis]
            yield block

    def design_blocks(self) -> Iterator[tuple[Floats, Floats]]:
        """Dense row blocks of diag(sqrt(w)) Z and diag(sqrt(w)) y, float64; buffers are reused."""
        first = int(self.fit_intercept)
        buffer = np.empty((min(self._block_rows, self.n_samples), self.n_parameters))
        for rows in self._slices(self._block_rows):
            Z, y = buffer[: rows.stop - rows.start], self.y[rows]
            Z[:, :first] = 1.0
            X = self.X[rows]
            Z[:, first:] = X.toarray() if sparse.issparse(X) else X
            if self.sample_weight is not None:
                root = np.sqrt(self.sample_weight[rows])[:, np.newaxis]
                Z *= root
                y = y * root
            yield Z, y

    def blocks(self, most: int | None = None) -> Iterator[tuple[Any, Floats, Floats | None]]:
        """(X, y, w) of each row block, X in float64; sparse X in one piece: slicing it copies."""
        if self._sparse_X is not None:
            yield self._sparse_X, self.y, self.sample_weight
            return
        for rows in self._slices(max(FEWEST_ROWS_READ, most or self._rows_in_cache)):
            w = None if self.sample_weight is None else self.sample_weight[rows]
            yield multipliable(self.X[rows]), self.y[rows], w

    def check_finite(self) -> None:
        """For engines without sums of squares: raise NotFinite where those would not be finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            squares = sum(
                sum_of_squares(X.data if sparse.issparse(X) else X) for X, _, _ in self.blocks()
            )
        # A comparison that is also false for nan.
        if not squares <= LARGEST_SIZE**2 * self.n_samples:
            raise NotFinite

    def predict(self, X: Any, theta: Floats) -> Floats:
        """Z theta for a block of X."""
        if not self.fit_intercept:
            return np.asarray(X @ theta, dtype=np.float64)
        return np.asarray(X @ theta[1:] + theta[0], dtype=np.float64)

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """J(theta) and its partial derivatives."""
        squares, pull = self.squares_and_pull(theta)
        return squares / (2.0 * self.weight), pull / self.weight

    def loss(self, theta: Floats) -> float:
        """J(theta) alone."""
        return self.squares(theta) / (2.0 * self.weight)

    def squares_and_pull(self, theta: Floats) -> tuple[float, Floats]:
        """Both before they are divided by W, each row block read once: they add over rows."""
        squares, pull = 0.0, np.zeros_like(theta)
        first = int(self.fit_intercept)
        for X, residual, weighted in self._residuals(theta, self.blocks()):
            squares += float(np.einsum("nk,nk", residual, weighted))
            pull[first:] += X.T @ weighted
            pull[:first] += weighted.sum(axis=0)
        return squares, pull

    def squares(self, theta: Floats) -> float:
        """The first of both, where the second would not be used.

        Rows that are read but once come in larger blocks, if they are not copied: it takes 0.6 of
        the time.
        """
        uncopied = not self.is_sparse and is_multipliable(self.X)
        blocks = self.blocks(NUMBERS_IN_PLACE // self.n_parameters if uncopied else None)
        return sum(float(np.einsum("nk,nk", r, w)) for _, r, w in self._residuals(theta, blocks))

    def _residuals(
        self, theta: Floats, blocks: Iterable[tuple[Any, Floats, Floats | None]]
    ) -> Iterator[tuple[Any, Floats, Floats]]:
        """X, Z theta - y, and that times the weights, of each row block."""
        for X, y, w in blocks:
            residual = self.predict(X, theta) - y
            yield X, residual, residual if w is None else residual * w[:, np.newaxis]

    @property
    def _rows_in_cache(self) -> int:
        return BLOCK_BYTES // (8 * (self.n_parameters + 1))

    @property
    def _block_rows(self) -> int:
        size = 1 + self.X.shape[1] + self.n_targets
        if size <= NARROW:
            return max(BLOCK_ROWS, self._rows_in_cache)
        height = max(size, min(BLOCK_NUMBERS // size, self.n_samples // FEWEST_BLOCKS))
        return int(BLOCK_ROWS * ceil(height / BLOCK_ROWS))

    def _slices(self, size: int) -> Iterator[slice]:
        for start in range(0, self.n_samples, size):
            yield slice(start, min(start + size, self.n_samples))
