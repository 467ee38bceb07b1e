"""A = diag(sqrt(w / W)) Z on workers as a linear operator; left vectors stay with the rows.

A step of Golub-Kahan bidiagonalisation is one task for each partition, which computes the next left
vectors, their squares and their products with A'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import dask
import numpy as np
from dask.delayed import Delayed, delayed

from sklearn_gd._data import LocalOperator, LocalVectors, RowsInMemory
from sklearn_gd._linalg import EPS, Floats
from sklearn_gd.dask._partitions import Partitions
from sklearn_gd.dask._sums import SumTuple, tree_sum


class WorkerOperator:
    """A, with one column of every product per target; `total` is W."""

    unit = EPS

    def __init__(self, partitions: Partitions, shape: tuple[int, int], total: float) -> None:
        self.partitions = partitions
        self.shape = shape
        self.total = total

    def residual(self, theta: Floats) -> WorkerVectors:
        measure = partial(_vectors, argument=theta, total=self.total, method="residual")
        return WorkerVectors(self, measure)

    def random(self, seed: int) -> WorkerVectors:
        seeds = [[seed, partition.number] for partition in self.partitions.members]
        measure = partial(_vectors, total=self.total, method="random")
        return WorkerVectors(self, measure, seeds)

    def sizes(self, theta: Floats) -> float:
        sizes: float = self.partitions.total(partial(_sizes, total=self.total, theta=theta))
        return sizes


class WorkerVectors:
    """Vectors with one entry per row, one per target.

    The client keeps the factors of `scale` until the next step, so that `scale` sends no tasks.
    """

    _left: list[Delayed]
    _squares: Floats
    _across: Floats
    _factors: Floats

    def __init__(
        self,
        operator: WorkerOperator,
        measure: Callable[..., Any],
        arguments: Sequence[Any] | None = None,
    ) -> None:
        self._operator = operator
        self._replace(measure, arguments)

    def norms(self) -> Floats:
        return np.asarray(np.abs(self._factors) * np.sqrt(self._squares))

    def scale(self, factors: Floats) -> None:
        self._factors = self._factors * factors

    def rmatvec(self) -> Floats:
        return self._across * self._factors

    def step(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; return A' left."""
        total, alpha = self._operator.total, self._factors * alpha
        self._replace(partial(_step, total=total, right=right, alpha=alpha), self._left)
        return self._across

    def _replace(self, measure: Callable[..., Any], arguments: Sequence[Any] | None) -> None:
        """Compute new vectors, which stay on the workers, and fetch their squares and A' left."""
        partitions = self._operator.partitions
        tasks = partitions.tasks(measure, arguments)
        sums = tree_sum(delayed(itemgetter(1))(pair) for pair in tasks)
        with partitions.sending_measure():
            *self._left, sums = dask.persist(*tasks, sums)
        self._squares, self._across = sums.compute().values
        self._factors = np.ones(len(self._squares))


def _vectors(rows: RowsInMemory, argument: Any, total: float, method: str) -> Any:
    """Return the vectors that a method of the partition's operator makes, with their sums."""
    left = getattr(LocalOperator(rows, total), method)(argument)
    return _with_sums(left, left.rmatvec())


def _step(rows: RowsInMemory, last: Any, total: float, right: Floats, alpha: Floats) -> Any:
    left = LocalVectors(LocalOperator(rows, total), list(last[0]))
    return _with_sums(left, left.step(right, alpha))


def _sizes(rows: RowsInMemory, total: float, theta: Floats) -> float:
    return LocalOperator(rows, total).sizes(theta)


def _with_sums(left: LocalVectors, across: Floats) -> tuple[list[Floats], SumTuple]:
    return left.parts, SumTuple((left.squares(), across))
