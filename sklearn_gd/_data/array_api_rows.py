"""Rows of another array library on its device; sums are copied to NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_gd._data.cross_products import CrossProducts, Spread, assembled
from sklearn_gd._data.local_rows import ArrayLibrary, LocalRows, products_of_finite
from sklearn_gd._data.objective import check_squares
from sklearn_gd._data.penalty import penalty_rows
from sklearn_gd._linalg import Floats, Preconditioner


@dataclass(frozen=True, eq=False)
class ArrayAPIRows(LocalRows):
    """n rows of features X (float32 or float64); targets y (n, k), weights in `device.floats`."""

    X: Any
    y: Any
    sample_weight: Any
    fit_intercept: bool
    device: ArrayLibrary
    rounding: float  # the machine epsilon of the coefficients, which have the dtype of X
    alpha: float = 0.0

    is_sparse = False
    in_memory = False

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
            # Other libraries may return a product X'X that is not symmetric to the last digit.
            sums = assembled(0.5 * (gram + gram.T), across, 0.5 * (within + within.T))
        check_squares(np.diagonal(sums), float(sums[0, 0]), self.device.largest_size)
        return CrossProducts(sums, k, self.n_samples, self.device.unit)

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

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (X, y, w) of each row block, X in the dtype of sums."""
        xp, floats, w = self.device.xp, self.device.floats, self.sample_weight
        for rows in self.slices():
            X = xp.astype(self.X[rows, :], floats, copy=False)
            yield X, self.y[rows, :], None if w is None else w[rows]

    def sum_of_squares(self, X: Any) -> Any:
        return self.device.xp.sum(X * X)

    def _zeros(self, *shape: int) -> Any:
        device = self.device
        return device.xp.zeros(shape, dtype=device.floats, device=device.device)

    def _ones(self, X: Any) -> Any:
        device = self.device
        return device.xp.ones((X.shape[0], 1), dtype=device.floats, device=device.device)
