"""Rows of another array library, which stay on their device; small sums come to NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from sklearn_gd._data.array_api_operator import ArrayAPIOperator
from sklearn_gd._data.cross_products import CrossProducts, Spread, assembled
from sklearn_gd._data.objective import NotFinite, Objective, check_squares
from sklearn_gd._data.penalty import penalised, penalty_rows
from sklearn_gd._data.problem import DesignOperator
from sklearn_gd._linalg import Floats, Preconditioner

# Large enough that a device is busy while the next block is asked for; copies are this large.
BLOCK_BYTES = 1 << 26
# A processor's cache holds what is multiplied (with PyTorch five times faster at 50 columns).
BLOCK_BYTES_ON_CPU = 1 << 20
DLPACK_CPU = 1  # kDLCPU in dlpack.h


class ArrayLibrary(Protocol):
    """A namespace of the array API and one of its devices."""

    @property
    def xp(self) -> Any: ...
    @property
    def device(self) -> Any: ...
    @property
    def floats(self) -> Any: ...  # the dtype of sums: float64, or float32 where there is none
    @property
    def unit(self) -> float: ...  # its rounding
    @property
    def largest_size(self) -> float: ...  # numbers up to here can be squared and summed
    def to_device(self, numbers: Any) -> Any: ...
    def to_host(self, numbers: Any) -> Floats: ...
    def take(self, array: Any, index: Any) -> Any: ...


def products_of_finite() -> np.errstate:
    """Around products of finite float32 matrices, of namespaces that are NumPy inside.

    OpenBLAS reads beyond small ones and at times sets the flag of an invalid operation by what lies
    there, though all of the product is right (https://github.com/numpy/numpy/issues/24067).
    """
    return np.errstate(invalid="ignore")


@dataclass(frozen=True, eq=False)
class ArrayAPIRows(Objective):
    """n rows of features X (float32 or float64); targets y (n, k), weights in `device.floats`."""

    X: Any
    y: Any
    sample_weight: Any
    fit_intercept: bool
    device: ArrayLibrary
    rounding: float  # of the coefficients, which have the dtype of X
    alpha: float = 0.0

    is_sparse = False
    in_memory = False

    @property
    def n_samples(self) -> int:
        return int(self.X.shape[0])

    @property
    def n_parameters(self) -> int:
        return int(self.X.shape[1]) + self.fit_intercept

    @property
    def n_targets(self) -> int:
        return int(self.y.shape[1])

    @property
    def nonzeros(self) -> int:
        return self.n_samples * self.n_parameters

    @cached_property
    def weight(self) -> float:
        if self.sample_weight is None:
            return float(self.n_samples)
        return float(self.device.xp.sum(self.sample_weight))

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y] in one pass, or that of standardised columns."""
        xp, d, k = self.device.xp, self.X.shape[1], self.n_targets
        gram, across, within = self._zeros(d, d), self._zeros(d, 1 + k), self._zeros(1 + k, 1 + k)
        with np.errstate(over="ignore", invalid="ignore"):  # of namespaces that are NumPy inside
            for X, y, w in self.blocks():
                dense = xp.concat([self._ones(X), y], axis=1)
                if standardise is not None:
                    mean, scale = map(self.device.to_device, (standardise.mean, standardise.scale))
                    X = (X - mean) / scale
                if w is not None:
                    root = xp.sqrt(w)[:, None]
                    X, dense = X * root, dense * root
                gram = gram + X.T @ X
                across = across + X.T @ dense
                within = within + dense.T @ dense
            gram, across, within = map(self.device.to_host, (gram, across, within))
            # A product of a matrix with itself need not be symmetric in its last digits.
            sums = assembled(0.5 * (gram + gram.T), across, 0.5 * (within + within.T))
        check_squares(np.diagonal(sums), float(sums[0, 0]), self.device.largest_size)
        return CrossProducts(sums, k, self.n_samples, self.device.unit)

    def spread(self) -> Spread:
        """Return means and variances in two passes, so that large means take no digits."""
        xp, d = self.device.xp, self.X.shape[1]
        mean, variance = self._zeros(d), self._zeros(d)
        if self.fit_intercept:
            for X, _, w in self.blocks():
                mean = mean + xp.sum(X if w is None else X * w[:, None], axis=0) / self.weight
        for X, _, w in self.blocks():
            squares = (X - mean) ** 2
            total = xp.sum(squares if w is None else squares * w[:, None], axis=0)
            variance = variance + total / self.weight
        means, variances = self.device.to_host(mean), self.device.to_host(variance)
        return Spread.measured(means, variances, self.device.unit)

    def preconditioned_products(self, preconditioner: Preconditioner) -> Floats:
        """Return [Y E]'[Y E] over all rows and those of the penalty."""
        xp, to_device = self.device.xp, self.device.to_device
        inverse, known = map(to_device, (preconditioner.inverse, preconditioner.known))
        size = inverse.shape[1] + known.shape[1]
        total = self._zeros(size, size)
        for X, y, w in self.blocks():
            Z = xp.concat([self._ones(X), X], axis=1) if self.fit_intercept else X
            residual = self.residual(X, y, preconditioner.start)
            if w is not None:
                root = xp.sqrt(w)[:, None]
                Z, residual = Z * root, residual * root
            with products_of_finite():
                Y = Z @ inverse
                both = xp.concat([Y, residual - Y @ known], axis=1)
                total = total + both.T @ both
        products = self.device.to_host(total)
        return 0.5 * (products + products.T) + preconditioner.products(*penalty_rows(self))

    def operator(self) -> DesignOperator:
        """Return the rows as a linear operator; nan in X shows in no sum of squares there."""
        xp, squares = self.device.xp, self._zeros(1)
        with np.errstate(over="ignore"):
            for X, _, _ in self.blocks():
                squares = squares + xp.sum(X * X)
            total = float(self.device.to_host(squares)[0])
        if not total <= self.device.largest_size**2 * self.n_samples:
            raise NotFinite(self.device.largest_size)
        return penalised(ArrayAPIOperator(self), self)

    def squares(self, theta: Floats) -> float:
        total = self._zeros(1)
        for X, y, w in self.blocks():
            squares = self.residual(X, y, theta) ** 2
            total = total + self.device.xp.sum(squares if w is None else squares * w[:, None])
        return float(self.device.to_host(total)[0])

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        xp, (p, k), first = self.device.xp, theta.shape, int(self.fit_intercept)
        squares, gradient, total = self._zeros(1), self._zeros(p - first, k), self._zeros(1, k)
        for X, y, w in self.blocks():
            residual = self.residual(X, y, theta)
            weighted = residual if w is None else residual * w[:, None]
            squares = squares + xp.sum(residual * weighted)
            with products_of_finite():
                gradient = gradient + X.T @ weighted
            total = total + xp.sum(weighted, axis=0, keepdims=True)
        parts = [self.device.to_host(total)] * first + [self.device.to_host(gradient)]
        return float(self.device.to_host(squares)[0]), -np.concatenate(parts)

    def taken(self, index: Any) -> ArrayAPIRows:
        """Return some of the rows, by a slice or by indices."""
        device, w = self.device, self.sample_weight
        w = None if w is None else device.take(w, index)
        X, y = device.take(self.X, index), device.take(self.y, index)
        return replace(self, X=X, y=y, sample_weight=w)

    def reweighted(self, counts: Floats) -> ArrayAPIRows:
        """Return all rows, each weighing so much more: nothing is copied."""
        factors, w = self.device.to_device(counts), self.sample_weight
        return replace(self, sample_weight=factors if w is None else w * factors)

    def weight_of(self, index: Any) -> float:
        """Return the sum of the weights of some rows."""
        w = self.sample_weight
        return float(len(index) if w is None else self.device.xp.sum(self.device.take(w, index)))

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (X, y, w) of each row block, X in the dtype of sums."""
        xp, floats, w = self.device.xp, self.device.floats, self.sample_weight
        for rows in self.slices():
            X = xp.astype(self.X[rows, :], floats, copy=False)
            yield X, self.y[rows, :], None if w is None else w[rows]

    def slices(self) -> Iterator[slice]:
        """Yield row blocks; each has more rows than columns."""
        on_cpu = self.X.__dlpack_device__()[0] == DLPACK_CPU
        size = BLOCK_BYTES_ON_CPU if on_cpu else BLOCK_BYTES
        step = max(self.n_parameters, size // (8 * (self.n_parameters + 1)))
        for start in range(0, self.n_samples, step):
            yield slice(start, min(start + step, self.n_samples))

    def predict(self, X: Any, theta: Any) -> Any:
        """Return Z theta for a block of X, all on the device."""
        with products_of_finite():
            return X @ theta[1:, :] + theta[:1, :] if self.fit_intercept else X @ theta

    def residual(self, X: Any, y: Any, theta: Floats) -> Any:
        """Return y - Z theta for a block, on the device."""
        return y - self.predict(X, self.device.to_device(theta)) if theta.any() else y

    def _zeros(self, *shape: int) -> Any:
        device = self.device
        return device.xp.zeros(shape, dtype=device.floats, device=device.device)

    def _ones(self, X: Any) -> Any:
        device = self.device
        return device.xp.ones((X.shape[0], 1), dtype=device.floats, device=device.device)
