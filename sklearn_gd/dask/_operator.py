"""A = diag(sqrt(w / W)) Z on workers: partitions go in, products with A and A' come out.

Vectors as long as there are rows stay with the rows. A step of the Krylov space is one task for
each partition, which makes the next left vectors, their squares and their products with A'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import dask
import numpy as np
from dask.delayed import Delayed, delayed
from numpy.typing import NDArray

from sklearn_gd._data import EPS
from sklearn_gd._data import MemoryVectors, MemoryOperator
from sklearn_gd.dask._partition import Part, SumTuple
from sklearn_gd.dask._partitions import Partitions, tree

Floats = NDArray[np.float64]


class WorkerOperator:
    """A, one column of every product per target."""

    # Vectors of the other side are kept orthogonal: those are here.
    short_left = False
    unit = EPS

    def __init__(self, parts: Partitions, shape: tuple[int, int], total: float) -> None:
        self.parts = parts
        self.shape = shape
        self.total = total

    def residual_at(self, theta: Floats) -> WorkerVectors:
        """The left vectors diag(sqrt(w / W)) (Y - Z theta)."""
        return WorkerVectors(self, partial(_residual, total=self.total, theta=theta))

    def image(self, right: Floats) -> WorkerVectors:
        """The left vectors A right."""
        return WorkerVectors(self, partial(_image, total=self.total, right=right))

    def random(self, seed: int) -> WorkerVectors:
        """Left vectors, for one target, that see every curvature."""
        return WorkerVectors(self, partial(_random, total=self.total, seed=seed))

    def loss(self, theta: Floats) -> float:
        """J(theta), over all targets."""
        return self._sum(MemoryOperator.loss, theta)

    def sizes(self, start: Floats) -> float:
        """Mean squares of y and of the first predictions: what a loss is measured against."""
        return self._sum(MemoryOperator.sizes, start)

    def squares(self) -> float:
        """The trace of A'A: the sum of all curvatures."""
        return self._sum(MemoryOperator.squares)

    def _sum(self, question: Callable[..., float], *arguments: Any) -> float:
        asked = partial(_asked, total=self.total, question=question, arguments=arguments)
        return float(self.parts.total(asked))


class WorkerVectors:
    """Left vectors, one per target; factors are kept here and enter with the next step."""

    _left: list[Delayed]
    _squares: Floats
    _across: Floats
    _factors: Floats

    def __init__(self, operator: WorkerOperator, begin: Callable[..., Any]) -> None:
        self._sides = operator
        self._take(begin)

    def sizes(self) -> Floats:
        """Their lengths, (k,)."""
        return np.asarray(np.abs(self._factors) * np.sqrt(self._squares))

    def scale(self, factors: Floats) -> None:
        self._factors = self._factors * factors

    def back(self) -> Floats:
        """A' left."""
        return self._across * self._factors

    def advance(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; gives A' left."""
        total, share = self._sides.total, self._factors * alpha
        self._take(partial(_advanced, total=total, right=right, share=share), self._left)
        return self._across

    def _take(self, step: Callable[..., Any], left: Sequence[Any] | None = None) -> None:
        """Make the next vectors and leave them where they are; their sums come here."""
        made = self._sides.parts.measures(step, left)
        sums = tree(delayed(_sums)(both) for both in made)
        with self._sides.parts.graph_with_measure():
            *self._left, sums = dask.persist(*made, sums)
        self._squares, self._across = sums.compute().values
        self._factors = np.ones(len(self._squares))


def _residual(part: Part, total: float, theta: Floats) -> Any:
    left = MemoryOperator(part, total).residual_at(theta)
    return _both(left, left.back())


def _image(part: Part, total: float, right: Floats) -> Any:
    left = MemoryVectors(MemoryOperator(part, total), np.zeros((part.n_samples, right.shape[1])))
    return _both(left, left.advance(right, np.zeros(right.shape[1])))


def _random(part: Part, total: float, seed: int) -> Any:
    left = MemoryOperator(part, total).random([seed, part.number])
    return _both(left, left.back())


def _advanced(part: Part, last: Any, total: float, right: Floats, share: Floats) -> Any:
    vectors = last[0].copy()  # a task that runs again needs the old ones
    left = MemoryVectors(MemoryOperator(part, total), vectors)
    return _both(left, left.advance(right, share))


def _asked(
    part: Part, total: float, question: Callable[..., float], arguments: tuple[Any, ...]
) -> float:
    return question(MemoryOperator(part, total), *arguments)


def _both(left: MemoryVectors, across: Floats) -> tuple[Floats, SumTuple]:
    squares = np.einsum("ij,ij->j", left.vectors, left.vectors)
    return left.vectors, SumTuple((squares, across))


def _sums(both: tuple[Floats, SumTuple]) -> SumTuple:
    return both[1]
