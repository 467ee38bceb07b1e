"""Rows in one memory, or on one device: what NumPy's rows and those of other libraries share."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sklearn_gd._data.cross_products import CrossProducts, Spread
from sklearn_gd._data.operator import DesignOperator, LocalOperator, penalised, penalty_rows
from sklearn_gd._data.problem import LARGEST_SIZE, NotFinite, Objective, check_squares
from sklearn_gd._linalg import EPS, Floats, Preconditioner, concat

# Numbers in a block of rows on a processor: 2 MiB, which a core's second-level cache holds while
# the block is multiplied, and enough for a second BLAS thread to be worth its waking.
BLOCK_NUMBERS = 1 << 18
# The same on other devices: 64 MiB keep a device busy while the next block is prepared.
BLOCK_NUMBERS_ON_DEVICE = 1 << 23
DLPACK_CPU = 1  # kDLCPU in dlpack.h


class NumPyLibrary:
    """NumPy, as rows see the namespace of an array library on one of its devices."""

    xp = np
    unit = EPS  # the machine epsilon of sums, which are float32 if a device has no float64
    largest_size = LARGEST_SIZE  # numbers up to this size can be squared and summed

    def to_device(self, numbers: Any) -> Any:
        return numbers

    def to_host(self, numbers: Any) -> Floats:
        return np.asarray(numbers)

    def take(self, array: Any, index: Any) -> Any:
        return array[index]

    def in_floats(self, array: Any) -> Any:
        return array.astype(np.float64, copy=False)


def products_of_finite() -> np.errstate:
    """Return a context for products of finite float32 matrices, of namespaces that wrap NumPy.

    OpenBLAS reads beyond small matrices, and may then set the flag of an invalid operation although
    the product is right (https://github.com/numpy/numpy/issues/24067).
    """
    return np.errstate(invalid="ignore")


@dataclass(frozen=True, eq=False)
class LocalRows(Objective):
    """n rows of features X, targets y (n, k) and weights (n,) or None, read block by block."""

    X: Any
    y: Any
    sample_weight: Any
    fit_intercept: bool

    if TYPE_CHECKING:  # what each kind of rows brings

        @property
        def alpha(self) -> float: ...
        @property
        def device(self) -> Any: ...  # as NumPyLibrary
        @property
        def is_sparse(self) -> bool: ...
        @property
        def in_memory(self) -> bool: ...
        @property
        def rounding(self) -> float: ...
        def block(self, rows: slice, standardise: Spread | None = None) -> Any: ...

    @property
    def n_samples(self) -> int:
        return int(self.X.shape[0])

    @property
    def n_parameters(self) -> int:
        """p: the number of columns of Z = [1 X] or X."""
        return int(self.X.shape[1]) + self.fit_intercept

    @property
    def n_targets(self) -> int:
        return int(self.y.shape[1])

    @property
    def nonzeros(self) -> int:
        """The number of non-zeros of Z."""
        if self.is_sparse:
            return int(self.X.nnz) + self.n_samples * self.fit_intercept
        return self.n_samples * self.n_parameters

    @cached_property
    def weight(self) -> float:
        w = self.sample_weight
        return float(self.n_samples if w is None else self.device.xp.sum(w))

    def slices(self) -> Iterator[slice]:
        """Yield row blocks, one at least, each with more rows than columns if there are as many."""
        on_cpu = self.in_memory or self.X.__dlpack_device__()[0] == DLPACK_CPU
        width = self.n_parameters + self.n_targets
        step = max(width, (BLOCK_NUMBERS if on_cpu else BLOCK_NUMBERS_ON_DEVICE) // width)
        for start in range(0, max(self.n_samples, 1), step):
            yield slice(start, min(start + step, self.n_samples))

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (X, y, w) of each row block, X in the dtype of sums."""
        w = self.sample_weight
        for rows in self.slices():
            X = self.device.in_floats(self.X[rows, :])
            yield X, self.y[rows, :], None if w is None else w[rows]

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y] in one pass, or that of standardised columns."""
        with np.errstate(over="ignore", invalid="ignore"):
            sums = self.sums(standardise)
        check_squares(np.diagonal(sums), float(sums[0, 0]), self.device.largest_size)
        return CrossProducts(sums, self.n_targets, self.n_samples, self.device.unit)

    def sums(self, standardise: Spread | None) -> Floats:
        """Return [1 X y]' diag(w) [1 X y] as an array."""
        return self._symmetric(sum(_gram(self.block(rows, standardise)) for rows in self.slices()))

    def matrix(self, rows: slice = slice(None)) -> tuple[Any, Any]:
        """Return diag(sqrt(w)) Z and diag(sqrt(w)) y of some rows, dense."""
        block, end = self.block(rows), 1 + self.X.shape[1]
        return block[:, int(not self.fit_intercept) : end], block[:, end:]

    def preconditioned_products(self, preconditioner: Preconditioner) -> Floats:
        """Return [Y E]'[Y E] over all rows and those of the penalty."""
        moved, xp = preconditioner.moved(self.device.to_device), self.device.xp
        with products_of_finite():
            products = sum(moved.products(*self.matrix(rows), xp) for rows in self.slices())
        return self._symmetric(products) + preconditioner.products(*penalty_rows(self))

    def spread(self) -> Spread:
        """Return means and variances in two passes, since one pass loses digits to large means."""
        xp, to_host = self.device.xp, self.device.to_host
        mean = variance = self.device.to_device(np.zeros(self.X.shape[1]))
        for X, _, w in self.blocks() if self.fit_intercept else ():
            mean = mean + xp.sum(X if w is None else X * w[:, None], axis=0) / self.weight
        for X, _, w in self.blocks():
            squares = (X - mean) ** 2
            total = xp.sum(squares if w is None else squares * w[:, None], axis=0)
            variance = variance + total / self.weight
        return Spread.measured(to_host(mean), to_host(variance), self.device.unit)

    def operator(self) -> DesignOperator:
        """Return the rows as a linear operator; raise NotFinite for nan and inf in X."""
        largest = self.device.largest_size
        with np.errstate(over="ignore", invalid="ignore"):
            squares = sum(float(self.sum_of_squares(X)) for X, _, _ in self.blocks())
        if not squares <= largest**2 * self.n_samples:
            raise NotFinite(largest)
        return penalised(LocalOperator(self), self)

    def sum_of_squares(self, X: Any) -> Any:
        """Return that of a block of X."""
        return self.device.xp.sum(X * X)

    def predict(self, X: Any, theta: Any) -> Any:
        """Return Z theta for a block of X, with theta on the device."""
        with products_of_finite():
            return X @ theta[1:, :] + theta[:1, :] if self.fit_intercept else X @ theta

    def rmatvec(self, X: Any, v: Any) -> Any:
        """Return Z'v for a block of X, on the device."""
        with products_of_finite():
            across = X.T @ v
        if not self.fit_intercept:
            return across
        xp = self.device.xp
        return concat(xp, [xp.sum(v, axis=0, keepdims=True), across], axis=0)

    def residual(self, X: Any, y: Any, theta: Floats) -> Any:
        """Return y - Z theta for a block of rows."""
        return y - self.predict(X, self.device.to_device(theta)) if theta.any() else y

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        squares: Any = 0.0
        gradient: Any = 0.0
        for X, y, w in self.blocks():
            residual = self.residual(X, y, theta)
            weighted = residual if w is None else residual * w[:, None]
            squares = squares + self.device.xp.sum(residual * weighted)
            gradient = gradient - self.rmatvec(X, weighted)
        return float(squares), self.device.to_host(gradient)

    def taken(self, index: Any) -> Self:
        """Return some of the rows, by a slice or by indices."""
        take, w = self.device.take, self.sample_weight
        taken = {"X": take(self.X, index), "y": take(self.y, index)}
        taken["sample_weight"] = None if w is None else take(w, index)
        return replace(self, **taken)

    def counted(self, index: Any) -> Self:
        """Return all rows, each weighted by its number of occurrences in the index: no copy."""
        counts = np.bincount(index, minlength=self.n_samples).astype(np.float64)
        factors, w = self.device.to_device(counts), self.sample_weight
        weights = factors if w is None else w * factors
        return replace(self, sample_weight=weights)

    def weight_of(self, index: Any) -> float:
        """Return the sum of the weights of some rows."""
        w = self.sample_weight
        return float(len(index) if w is None else self.device.xp.sum(self.device.take(w, index)))

    def _symmetric(self, products: Any) -> Floats:
        # Other libraries may return a product that is not symmetric to the last digit.
        products = self.device.to_host(products)
        return np.asarray(0.5 * (products + products.T))


def _gram(block: Any) -> Any:
    # NumPy computes half of the product of a matrix with its own transpose (BLAS syrk). A function
    # lets go of each block before the next one is made, which then takes its place in the cache.
    return block.T @ block
