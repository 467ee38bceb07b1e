"""A = diag(sqrt(w / W)) Z of local rows as a linear operator; no product of two rows is formed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_gd._linalg import Floats

if TYPE_CHECKING:
    from sklearn_gd._data.local_rows import LocalRows


class LocalOperator:
    """A, with one column of every product per target.

    Partitions of larger data give `total`, the weight W of all rows.
    """

    def __init__(self, rows: LocalRows, total: float | None = None) -> None:
        self.rows = rows
        self.shape = (rows.n_samples, rows.n_parameters)
        self.unit = rows.device.unit
        self._total = rows.weight if total is None else total

    def residual(self, theta: Floats) -> LocalVectors:
        residual = self.rows.residual
        return LocalVectors(self, [residual(X, y, theta) * root for X, y, root in self.blocks()])

    def random(self, seed: Any) -> LocalVectors:
        noise, to_device = np.random.default_rng(seed), self.rows.device.to_device
        sizes = [y.shape[0] for _, y, _ in self.blocks()]
        return LocalVectors(self, [to_device(noise.standard_normal((size, 1))) for size in sizes])

    def sizes(self, theta: Floats) -> float:
        xp, total = self.rows.device.xp, 0.0
        for X, y, root in self.blocks():
            predicted = y - self.rows.residual(X, y, theta)
            total += float(xp.sum((y * root) ** 2)) + float(xp.sum((predicted * root) ** 2))
        return total

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (X, y, sqrt(w / W) as a column or a number) of each block of rows."""
        xp = self.rows.device.xp
        for X, y, w in self.rows.blocks():
            yield X, y, self._total**-0.5 if w is None else xp.sqrt(w / self._total)[:, None]


class LocalVectors:
    """Vectors with one entry per row, one per target, in the blocks of the rows."""

    def __init__(self, operator: LocalOperator, parts: list[Any]) -> None:
        self.parts = parts
        self._operator = operator
        self._device = operator.rows.device

    def squares(self) -> Floats:
        xp, to_host = self._device.xp, self._device.to_host
        return np.asarray(sum(to_host(xp.sum(part * part, axis=0)) for part in self.parts))

    def norms(self) -> Floats:
        return np.sqrt(self.squares())

    def scale(self, factors: Floats) -> None:
        factors = self._device.to_device(factors)
        self.parts = [part * factors for part in self.parts]

    def rmatvec(self) -> Floats:
        return self._across(None, None)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; return A' left, in one pass over the rows."""
        return self._across(self._device.to_device(right), self._device.to_device(alpha))

    def _across(self, right: Any, alpha: Any) -> Floats:
        rows, xp, to_host = self._operator.rows, self._device.xp, self._device.to_host
        across: Any = 0.0
        total: Any = 0.0
        for i, (X, _, root) in enumerate(self._operator.blocks()):
            if right is not None:
                # New arrays: on a Dask worker a task that runs again needs the old ones.
                self.parts[i] = rows.predict(X, right) * root - self.parts[i] * alpha
            weighted = self.parts[i] * root
            with np.errstate(invalid="ignore"):  # see products_of_finite
                across = across + X.T @ weighted
            total = total + xp.sum(weighted, axis=0, keepdims=True)
        ones = [to_host(total)] if rows.fit_intercept else []
        return np.concatenate([*ones, to_host(across)])
