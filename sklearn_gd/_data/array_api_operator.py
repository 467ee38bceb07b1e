"""A = diag(sqrt(w / W)) Z of rows on a device as a linear operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sklearn_gd._linalg import Floats


class ArrayAPIOperator:
    """A, one column of every product per target; left vectors stay on the device."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.shape = (rows.n_samples, rows.n_parameters)
        self.unit = rows.device.unit

    def residual(self, theta: Floats) -> ArrayAPIVectors:
        return ArrayAPIVectors(
            self, [self.rows.residual(X, y, theta) * root for X, y, root in self.blocks()]
        )

    def random(self, seed: Any) -> ArrayAPIVectors:
        noise = np.random.default_rng(seed)
        sizes = [rows.stop - rows.start for rows in self.rows.slices()]
        to_device = self.rows.device.to_device
        return ArrayAPIVectors(
            self, [to_device(noise.standard_normal((size, 1))) for size in sizes]
        )

    def sizes(self, theta: Floats) -> float:
        xp, total = self.rows.device.xp, 0.0
        for X, y, root in self.blocks():
            predicted = y - self.rows.residual(X, y, theta)
            total += float(xp.sum((y * root) ** 2)) + float(xp.sum((predicted * root) ** 2))
        return total

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield (X, y, sqrt(w / W) as a column or a number) of each row block."""
        xp, weight = self.rows.device.xp, self.rows.weight
        for X, y, w in self.rows.blocks():
            yield X, y, weight**-0.5 if w is None else xp.sqrt(w / weight)[:, None]


class ArrayAPIVectors:
    """Vectors as long as there are rows, one per target, in blocks on the device."""

    def __init__(self, operator: ArrayAPIOperator, parts: list[Any]) -> None:
        self._operator = operator
        self._device = operator.rows.device
        self._parts = parts

    def norms(self) -> Floats:
        squares = np.zeros(self._parts[0].shape[1])
        for part in self._parts:
            squares = squares + self._device.to_host(self._device.xp.sum(part * part, axis=0))
        return np.asarray(np.sqrt(squares))

    def scale(self, factors: Floats) -> None:
        there = self._device.to_device(factors)
        self._parts = [part * there for part in self._parts]

    def rmatvec(self) -> Floats:
        return self._across(None, None)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; return A' left, each row block read once for both."""
        return self._across(self._device.to_device(right), self._device.to_device(alpha))

    def _across(self, right: Any, alpha: Any) -> Floats:
        rows, xp = self._operator.rows, self._device.xp
        across: Any = 0.0
        total: Any = 0.0
        for i, (X, _, root) in enumerate(self._operator.blocks()):
            if right is not None:
                self._parts[i] = rows.predict(X, right) * root - self._parts[i] * alpha
            weighted = self._parts[i] * root
            with np.errstate(invalid="ignore"):  # see products_of_finite
                across = across + X.T @ weighted
            total = total + xp.sum(weighted, axis=0, keepdims=True)
        first = int(rows.fit_intercept)
        parts = [self._device.to_host(total)] * first + [self._device.to_host(across)]
        return np.concatenate(parts)
