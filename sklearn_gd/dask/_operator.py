"""A = diag(sqrt(w / W)) Z on workers as a linear operator; left vectors stay with the rows.

A step of Golub-Kahan bidiagonalisation is one task for each partition, which computes the next left
vectors, their squares and their products with A'.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import dask
import numpy as np

from sklearn_gd._data import LocalOperator, LocalVectors, RowsInMemory
from sklearn_gd._linalg import EPS, Floats
from sklearn_gd.dask._partitions import Measure, Partitions, Sums, tree_sum


@dataclass(eq=False)
class WorkerOperator:
    """A, with one column of every product per target; `total` is W."""

    partitions: Partitions
    shape: tuple[int, int]
    total: float

    unit = EPS

    def residual(self, theta: Floats) -> WorkerVectors:
        return WorkerVectors(self, lambda local: local.residual(theta))

    def random(self, seed: int) -> WorkerVectors:
        seeds = [[seed, partition.number] for partition in self.partitions.members]
        return WorkerVectors(self, LocalOperator.random, seeds)

    def sizes(self, theta: Floats) -> float:
        total = self.total
        return self.partitions.total(lambda rows: LocalOperator(rows, total).sizes(theta))


class WorkerVectors:
    """Vectors with one entry per row, one per target.

    The client keeps the factors of `scale` until the next step, so that `scale` sends no tasks.
    """

    def __init__(self, operator: WorkerOperator, make: Measure[Any], *own: Any) -> None:
        self._operator = operator
        self._replace(make, *own)

    def _replace(self, make: Measure[Any], *own: Any, step: Any = None) -> None:
        """Make vectors, which stay on the workers, and fetch their squares and A' left."""
        partitions, total = self._operator.partitions, self._operator.total
        tasks = partitions.tasks(partial(_vectors, total=total, make=make, step=step), *own)
        sums = tree_sum([pair[1] for pair in tasks])
        with partitions.sending_measure():
            *self._left, sums = dask.persist(*tasks, sums)
        self._sums = sums.compute()
        self._factors = np.ones(len(self._sums["squares"]))

    def norms(self) -> Floats:
        return np.asarray(np.abs(self._factors) * np.sqrt(self._sums["squares"]))

    def scale(self, factors: Floats) -> None:
        self._factors = self._factors * factors

    def rmatvec(self) -> Floats:
        return np.asarray(self._sums["across"] * self._factors)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; return A' left."""
        self._replace(_last, self._left, step=(right, self._factors * alpha))
        return self.rmatvec()


def _vectors(rows: RowsInMemory, *own: Any, total: float, make: Measure[Any], step: Any) -> Any:
    """Return the blocks of vectors, made and stepped, with their squares and A' left."""
    left: LocalVectors = make(LocalOperator(rows, total), *own)
    across = left.step(*step) if step else left.rmatvec()
    return left.parts, Sums(squares=left.squares(), across=across)


def _last(local: LocalOperator, last: Any) -> LocalVectors:
    """Return the vectors of the last step, whose list is not changed: that task may run again."""
    return LocalVectors(local, list(last[0]))
