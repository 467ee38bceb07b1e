"""Rows in one memory, or on one device: what NumPy's rows and those of other libraries share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from sklearn_gd._data.cross_products import CrossProducts, Spread
from sklearn_gd._data.objective import LARGEST_SIZE, NotFinite, Objective
from sklearn_gd._data.operator import LocalOperator
from sklearn_gd._data.penalty import penalised
from sklearn_gd._data.problem import DesignOperator
from sklearn_gd._linalg import EPS, Floats, Preconditioner

# Numbers in a block of rows on a processor: 2 MiB, which a core's second-level cache holds while
# the block is multiplied, and enough for a second BLAS thread to be worth its waking.
BLOCK_NUMBERS = 1 << 18
# The same on other devices: 64 MiB keep a device busy while the next block is prepared.
BLOCK_NUMBERS_ON_DEVICE = 1 << 23
DLPACK_CPU = 1  # kDLCPU in dlpack.h


class ArrayLibrary(Protocol):
    """A namespace of the array API and one of its devices."""

    @property
    def xp(self) -> Any: ...
    @property
    def device(self) -> Any: ...
    @property
    def floats(self) -> Any: ...  # the dtype of sums: float64, or float32 if there is no float64
    @property
    def unit(self) -> float: ...  # the machine epsilon of `floats`
    @property
    def largest_size(self) -> float: ...  # numbers up to this size can be squared and summed
    def to_device(self, numbers: Any) -> Any: ...
    def to_host(self, numbers: Any) -> Floats: ...
    def take(self, array: Any, index: Any) -> Any: ...


class NumPyLibrary:
    """NumPy as an array library: nothing moves."""

    xp = np
    device = "cpu"
    floats = np.float64
    unit = EPS
    largest_size = LARGEST_SIZE

    def to_device(self, numbers: Any) -> Any:
        return numbers

    def to_host(self, numbers: Any) -> Floats:
        return np.asarray(numbers)

    def take(self, array: Any, index: Any) -> Any:
        return array[index]


def products_of_finite() -> np.errstate:
    """Return a context for products of finite float32 matrices, of namespaces that wrap NumPy.

    OpenBLAS reads beyond small matrices, and may then set the flag of an invalid operation although
    the product is right (https://github.com/numpy/numpy/issues/24067).
    """
    return np.errstate(invalid="ignore")


class LocalRows(Objective):
    """n rows of features X, targets y (n, k) and weights (n,) or None, read block by block."""

    if TYPE_CHECKING:  # what each kind of rows brings
        X: Any
        y: Any
        sample_weight: Any
        fit_intercept: bool
        device: ArrayLibrary
        is_sparse: Any
        in_memory: bool
        rounding: Any

        def blocks(self) -> Iterator[tuple[Any, Any, Any]]: ...  # (X, y, w), X in `floats`
        def cross_products(self, standardise: Spread | None = None) -> CrossProducts: ...
        def preconditioned_products(self, preconditioner: Preconditioner) -> Floats: ...
        def sum_of_squares(self, X: Any) -> Any: ...  # of a block of X

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

    def predict(self, X: Any, theta: Any) -> Any:
        """Return Z theta for a block of X, with theta on the device."""
        with products_of_finite():
            return X @ theta[1:, :] + theta[:1, :] if self.fit_intercept else X @ theta

    def residual(self, X: Any, y: Any, theta: Floats) -> Any:
        """Return y - Z theta for a block of rows."""
        return y - self.predict(X, self.device.to_device(theta)) if theta.any() else y

    def squares(self, theta: Floats) -> float:
        squares = (self.device.xp.sum(r * weighted) for _, r, weighted in self._residuals(theta))
        return float(sum(squares))

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        xp, to_host = self.device.xp, self.device.to_host
        squares: Any = 0.0
        gradient: Any = 0.0
        total: Any = 0.0
        for X, residual, weighted in self._residuals(theta):
            squares = squares + xp.sum(residual * weighted)
            with products_of_finite():
                gradient = gradient + X.T @ weighted
            total = total + xp.sum(weighted, axis=0, keepdims=True)
        ones = [to_host(total)] if self.fit_intercept else []
        return float(squares), -np.concatenate([*ones, to_host(gradient)])

    def taken(self, index: Any) -> Self:
        """Return some of the rows, by a slice or by indices."""
        take, w = self.device.take, self.sample_weight
        taken = {"X": take(self.X, index), "y": take(self.y, index)}
        taken["sample_weight"] = None if w is None else take(w, index)
        return replace(self, **taken)  # type: ignore[type-var]

    def counted(self, index: Any) -> Self:
        """Return all rows, each weighted by its number of occurrences in the index: no copy."""
        counts = np.bincount(index, minlength=self.n_samples).astype(np.float64)
        factors, w = self.device.to_device(counts), self.sample_weight
        weights = factors if w is None else w * factors
        return replace(self, sample_weight=weights)  # type: ignore[type-var]

    def weight_of(self, index: Any) -> float:
        """Return the sum of the weights of some rows."""
        w = self.sample_weight
        return float(len(index) if w is None else self.device.xp.sum(self.device.take(w, index)))

    def _residuals(self, theta: Floats) -> Iterator[tuple[Any, Any, Any]]:
        """Yield X, y - Z theta, and the same times the weights, of each block of rows."""
        for X, y, w in self.blocks():
            residual = self.residual(X, y, theta)
            yield X, residual, residual if w is None else residual * w[:, None]
