"""Cross-validation by sums over each fold's rows.

If every row is held out once, each fold's rows are read once and the sum over a training set is
that over the other folds. A difference from the whole would be as quick, and would lose digits when
one fold holds most of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from operator import add
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._data.local_rows import LocalRows
from sklearn_gd._data.problem import Problem

Indices = NDArray[np.intp]
# Applies a function to every fold, in order; serial or parallel.
Each = Callable[[Callable[[int], Any], Iterable[int]], list[Any]]
Sums = TypeVar("Sums")  # whatever can be added: moments, arrays
# A function of rows whose values over two sets of rows add up.
Measure = Callable[[Any], Sums]

# Rows taken by index are copied this much at a time.
TAKEN_BYTES = 1 << 25
# A non-zero and its index.
SPARSE_BYTES = 12
# Sums of all folds are held together up to this size; with more folds each makes its own.
HELD_SUMS_BYTES = 1 << 30


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows a fold is fitted on and which it is scored on; a repeated index counts twice."""

    train: Indices
    test: Indices


class Folds(Protocol):
    """A cross-validation, wherever its rows are; a measure of rows is what can be added up."""

    @property
    def each(self) -> Each: ...
    @property
    def problem(self) -> Problem: ...  # of all rows
    @property
    def add_up(self) -> bool: ...  # whether a training set's sums are those of the other folds
    def __len__(self) -> int: ...
    def training(self, i: int) -> Problem: ...
    def training_weight(self, i: int) -> float: ...
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
        """Whether a training set's sums are those of the other folds, and all may be held."""
        return sums_fit_in_memory(self.problem, len(self)) and is_partition(
            self.splits, self.problem.n_samples
        )

    def training(self, i: int) -> Problem:
        """All rows, weighted by how often the fold is fitted on them: nothing is copied."""
        training: Problem = counted(self.problem, self.splits[i].train)
        return training

    def training_weight(self, i: int) -> float:
        return self.problem.weight_of(self.splits[i].train)

    def over_all(self, measure: Measure[Sums]) -> Sums:
        return measure(self.problem)

    def over_tests(self, measure: Measure[Sums]) -> list[Sums]:
        return self.each(lambda i: self.over_test(measure, i), range(len(self)))

    def over_test(self, measure: Measure[Sums], i: int) -> Sums:
        return over_rows(self.problem, self.splits[i].test, measure)

    def over_train(self, measure: Measure[Sums], i: int) -> Sums:
        return over_rows(self.problem, self.splits[i].train, measure)


class FoldSums(Generic[Sums]):
    """Sums over each fold's training and held-out rows; those of a partition are made once."""

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
        """The sums over all rows."""
        return reduce(add, self._tests) if self._tests else self._folds.over_all(self._measure)


def over_rows(rows: LocalRows, index: Indices, measure: Measure[Sums]) -> Sums:
    """The sum of the measures of the rows of an index."""
    return reduce(add, map(measure, pieces(rows, index)))


def counted(rows: LocalRows, index: Indices) -> Any:
    """All rows, each weighing as much more as the index has it."""
    return rows.reweighted(np.bincount(index, minlength=rows.n_samples).astype(np.float64))


def sums_fit_in_memory(problem: Problem, folds: int) -> bool:
    """Whether the sums of all folds fit: the tests' own, and running totals from both ends."""
    size = 8 * (problem.n_parameters + problem.n_targets + 1) ** 2
    return 3 * size * folds <= HELD_SUMS_BYTES


def is_partition(splits: list[Split], n_samples: int) -> bool:
    """Whether every row is held out exactly once, and its fold is fitted on all the others."""
    held_out = np.zeros(n_samples, dtype=np.intp)
    for split in splits:
        rest = np.ones(n_samples, dtype=bool)
        rest[split.test] = False
        np.add.at(held_out, split.test, 1)
        others = np.zeros(n_samples, dtype=bool)
        others[split.train] = True
        if len(split.train) + len(split.test) != n_samples or (others != rest).any():
            return False
    return len(splits) > 1 and bool((held_out == 1).all())


def sums_of_others(sums: list[Sums]) -> list[Sums]:
    """For each the sum of all the others, in running totals from both ends."""
    before: list[Sums] = list(accumulate(sums[:-1], add))
    after: list[Sums] = list(accumulate(sums[:0:-1], add))[::-1]
    return [
        after[0],
        *map(add, before[:-1], after[1:]),
        before[-1],
    ]


def pieces(rows: LocalRows, index: Indices) -> Iterator[LocalRows]:
    """The rows of an index: a view where they stand together, else copies of bounded size."""
    first, last = (int(index[0]), int(index[-1])) if len(index) else (0, -1)
    if last - first + 1 == len(index) and bool((np.diff(index) == 1).all()):
        yield rows.taken(slice(first, last + 1))
        return
    at_once = max(1, TAKEN_BYTES // _row_bytes(rows))
    for start in range(0, len(index), at_once):
        yield rows.taken(index[start : start + at_once])


def _row_bytes(rows: LocalRows) -> int:
    if sparse.issparse(rows.X):
        return SPARSE_BYTES * (1 + int(rows.X.nnz) // rows.n_samples)
    return 8 * rows.n_parameters
