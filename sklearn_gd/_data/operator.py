"""A = diag(sqrt(w / W)) Z as a linear operator; no product of two rows is formed.

The penalty is extra rows sqrt(alpha W) I with target 0, formed only if p x p matrices are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sklearn_gd._data.cross_products import penalties
from sklearn_gd._linalg import Floats, RowVectors

if TYPE_CHECKING:
    from sklearn_gd._data.local_rows import LocalRows


class DesignOperator(Protocol):
    """A = diag(sqrt(w / W)) Z, of shape (n, p), as a linear operator."""

    shape: tuple[int, int]
    unit: float  # the rounding of its products

    def residual(self, theta: Floats) -> RowVectors: ...  # diag(sqrt(w / W)) (y - Z theta)
    def random(self, seed: int) -> RowVectors: ...  # one vector of normally distributed numbers
    def sizes(self, theta: Floats) -> float: ...  # mean squares of y and of the predictions


class LocalOperator:
    """A of local rows, with one column of every product per target.

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
        rows = self._operator.rows
        across: Any = 0.0
        for i, (X, _, root) in enumerate(self._operator.blocks()):
            if right is not None:
                # New arrays: on a Dask worker a task that runs again needs the old ones.
                self.parts[i] = rows.predict(X, right) * root - self.parts[i] * alpha
            across = across + rows.rmatvec(X, self.parts[i] * root)
        return np.asarray(self._device.to_host(across))


def penalty_rows(problem: Any) -> tuple[Floats, Floats]:
    """Return the extra rows (d or 0, p) and their targets, zeros."""
    p, first = problem.n_parameters, int(problem.fit_intercept)
    if problem.alpha == 0:
        return np.zeros((0, p)), np.zeros((0, problem.n_targets))
    rows = np.sqrt(problem.alpha * problem.weight) * np.eye(p)[first:]
    return rows, np.zeros((len(rows), problem.n_targets))


def penalised(operator: DesignOperator, problem: Any) -> DesignOperator:
    """Return the operator with the penalty's rows below it; the same without a penalty."""
    return PenalisedOperator(operator, problem) if problem.alpha else operator


class PenalisedOperator:
    """[A; sqrt(alpha) I], with the identity without the intercept's row."""

    def __init__(self, operator: DesignOperator, problem: Any) -> None:
        n, p = operator.shape
        self.shape = (n + p, p)
        self.unit = operator.unit
        self._operator = operator
        self._root = np.sqrt(penalties(p, problem.fit_intercept, problem.alpha))

    def residual(self, theta: Floats) -> RowVectors:
        return PenalisedVectors(self._operator.residual(theta), -self._root * theta, self._root)

    def random(self, seed: int) -> RowVectors:
        noise = np.random.default_rng([seed, 1]).standard_normal(self._root.shape)
        return PenalisedVectors(self._operator.random(seed), noise * (self._root > 0), self._root)

    def sizes(self, theta: Floats) -> float:
        penalty = float(np.sum((self._root * theta) ** 2))
        return float(self._operator.sizes(theta)) + penalty


class PenalisedVectors:
    """Row vectors continued by the penalty's p entries."""

    def __init__(self, vectors: RowVectors, tail: Floats, root: Floats) -> None:
        self._vectors, self._tail, self._root = vectors, tail, root

    def norms(self) -> Floats:
        return np.asarray(np.hypot(self._vectors.norms(), np.linalg.norm(self._tail, axis=0)))

    def scale(self, factors: Floats) -> None:
        self._vectors.scale(factors)
        self._tail = self._tail * factors

    def rmatvec(self) -> Floats:
        return np.asarray(self._vectors.rmatvec() + self._root * self._tail)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        across = self._vectors.step(right, alpha)
        self._tail = self._root * right - self._tail * alpha
        return np.asarray(across + self._root * self._tail)
