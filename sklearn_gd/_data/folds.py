"""Cross-validation by sums over each fold's rows.

If every row is held out once, each fold's rows are read once and the sum over a training set is
that over the other folds. The difference of the total and a fold would be as fast, but inaccurate
if the fold has most of the sum.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from operator import add
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._data.local_rows import LocalRows
from sklearn_gd._data.problem import Problem

Indices = NDArray[np.intp]
# Applies a function to every fold, in order; serial or parallel.
Each = Callable[[Callable[[int], Any], Iterable[int]], list[Any]]
Sums = TypeVar("Sums")  # whatever can be added: moments, arrays
# A function of rows whose values over two sets of rows add up.
Measure = Callable[[Any], Sums]

# The size of the copies in which rows are taken by index, in bytes.
TAKEN_BYTES = 1 << 25
# The size of a non-zero and its index, in bytes; a dense number takes less.
ENTRY_BYTES = 12
# The largest size of the sums of all folds, in bytes; above it each fold computes its own.
HELD_SUMS_BYTES = 1 << 30


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the rows that a fold is fitted on and scored on; a repeated index counts twice."""

    train: Indices
    test: Indices


class Folds(Protocol):
    """A cross-validation; a measure is a function of rows whose values can be added up."""

    @property
    def each(self) -> Each: ...
    @property
    def problem(self) -> Problem: ...  # of all rows
    @property
    def add_up(self) -> bool: ...  # whether a training set's sums are those of the other folds
    def __len__(self) -> int: ...
    def training(self, i: int) -> Problem: ...
    def over_all(self, measure: Measure[Sums]) -> Sums: ...
    def over_tests(self, measure: Measure[Sums]) -> list[Sums]: ...
    def over_test(self, measure: Measure[Sums], i: int) -> Sums: ...
    def over_train(self, measure: Measure[Sums], i: int) -> Sums: ...


@dataclass(frozen=True, eq=False)
class FoldsInMemory:
    """Rows that are all in one memory, and how they are split."""

    problem: LocalRows
    splits: list[Split]
    each: Each

    def __len__(self) -> int:
        return len(self.splits)

    @cached_property
    def add_up(self) -> bool:
        """Whether a training set's sums are those of the other folds, and all fit in memory."""
        return sums_fit_in_memory(self.problem, len(self)) and is_partition(
            self.splits, self.problem.n_samples
        )

    def training(self, i: int) -> Problem:
        """Return all rows, each weighted by its number of occurrences in the fold: no copy."""
        return self.problem.counted(self.splits[i].train)

    def over_all(self, measure: Measure[Sums]) -> Sums:
        return measure(self.problem)

    def over_tests(self, measure: Measure[Sums]) -> list[Sums]:
        return self.each(lambda i: self.over_test(measure, i), range(len(self)))

    def over_test(self, measure: Measure[Sums], i: int) -> Sums:
        return over_rows(self.problem, self.splits[i].test, measure)

    def over_train(self, measure: Measure[Sums], i: int) -> Sums:
        return over_rows(self.problem, self.splits[i].train, measure)


class FoldSums(Generic[Sums]):
    """Sums over each fold's training rows and over its held-out rows."""

    def __init__(self, folds: Folds, measure: Measure[Sums]) -> None:
        self._folds = folds
        self._measure = measure
        self._tests = folds.over_tests(measure) if folds.add_up else []
        self._trains = sums_of_others(self._tests) if folds.add_up else []

    def train(self, i: int) -> Sums:
        return self._trains[i] if self._trains else self._folds.over_train(self._measure, i)

    def test(self, i: int) -> Sums:
        return self._tests[i] if self._tests else self._folds.over_test(self._measure, i)

    def total(self) -> Sums:
        """Return the sums over all rows."""
        return reduce(add, self._tests) if self._tests else self._folds.over_all(self._measure)


def over_rows(rows: LocalRows, index: Indices, measure: Measure[Sums]) -> Sums:
    """Return the sum of a measure over the rows of an index."""
    return reduce(add, map(measure, pieces(rows, index)))


def sums_fit_in_memory(problem: Problem, folds: int) -> bool:
    """Return whether the sums of all folds fit: held-out ones, and running totals of both ends."""
    size = 8 * (problem.n_parameters + problem.n_targets + 1) ** 2
    return 3 * size * folds <= HELD_SUMS_BYTES


def is_partition(splits: list[Split], n_samples: int) -> bool:
    """Return whether every row is held out exactly once, and its fold is fitted on all others."""

    def once(*parts: Indices) -> bool:
        return bool((np.bincount(np.concatenate(parts), minlength=n_samples) == 1).all())

    held_out_once = len(splits) > 1 and once(*(split.test for split in splits))
    return held_out_once and all(once(split.train, split.test) for split in splits)


def sums_of_others(sums: list[Sums]) -> list[Sums]:
    """Return for each the sum of all others, by running totals from both ends."""
    before: list[Sums] = list(accumulate(sums[:-1], add))
    after: list[Sums] = list(accumulate(sums[:0:-1], add))[::-1]
    return [after[0], *map(add, before[:-1], after[1:]), before[-1]]


def pieces(rows: LocalRows, index: Indices) -> Iterator[LocalRows]:
    """Yield the rows of an index: a view if they are consecutive, else copies of bounded size."""
    first, last = (int(index[0]), int(index[-1])) if len(index) else (0, -1)
    if last - first + 1 == len(index) and bool((np.diff(index) == 1).all()):
        yield rows.taken(slice(first, last + 1))
        return
    at_once = max(1, TAKEN_BYTES // max(1, ENTRY_BYTES * rows.nonzeros // rows.n_samples))
    for start in range(0, len(index), at_once):
        yield rows.taken(index[start : start + at_once])
