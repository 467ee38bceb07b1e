"""Cross-validation on workers, as the protocol `_data.Folds` describes it.

A task on a partition receives the indices of its own rows; with `PartitionKFold` it needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from sklearn_gd._data import (
    Each,
    RowsInMemory,
    Split,
    is_partition,
    over_rows,
    sums_fit_in_memory,
    sums_of_others,
)
from sklearn_gd._estimator.cross_validation import check_folds, checked
from sklearn_gd.dask._rows import RowsOnWorkers
from sklearn_gd.dask._splitter import PartitionKFold

Sums = TypeVar("Sums")
Measure = Callable[[RowsInMemory], Sums]
Indices = NDArray[np.intp]
# Rows of one partition; None: all of them, each once.
Index = Indices | None

EMPTY: Indices = np.empty(0, dtype=np.intp)
WEIGHT = attrgetter("weight")


@dataclass(frozen=True, eq=False)
class PartitionedSplit:
    """The rows that a fold is fitted on and those it is scored on, one index per partition."""

    train: Sequence[Index]
    test: Sequence[Index]


class SumsByFold(dict[int, Any]):
    """The sums of those folds that have rows in some partitions."""

    def __add__(self, other: SumsByFold) -> SumsByFold:
        common = {fold: self[fold] + other[fold] for fold in self.keys() & other.keys()}
        return SumsByFold(self | other | common)


@dataclass(frozen=True, eq=False)
class FoldsOnWorkers:
    """Rows on workers, and how they are split."""

    problem: RowsOnWorkers
    splits: Sequence[PartitionedSplit]
    each: Each
    add_up: bool

    def __len__(self) -> int:
        return len(self.splits)

    def training(self, i: int) -> RowsOnWorkers:
        """Return the rows of fold i, each weighted by its number of occurrences in the fold."""
        pairs = self._with_rows(self.splits[i].train)
        members = [replace(partition, index=index) for partition, index in pairs]
        lengths = self.problem.known_lengths
        if lengths is not None:
            lengths = tuple(lengths[partition.number] for partition, _ in pairs)
        return replace(
            self.problem,
            partitions=replace(self.problem.partitions, members=members),
            is_weighted=self.problem.is_weighted or any(index is not None for _, index in pairs),
            known_lengths=lengths,
        )

    def over_all(self, measure: Measure[Sums]) -> Sums:
        total: Sums = self.problem.partitions.total(measure)
        return total

    def over_tests(self, measure: Measure[Sums]) -> list[Sums]:
        """Return the sums over the held-out rows of each fold, in one pass."""
        by_partition = zip(*(split.test for split in self.splits), strict=True)
        indices = [
            {fold: index for fold, index in enumerate(tests) if _has_rows(index)}
            for tests in by_partition
        ]
        by_fold = partial(_over_folds, measure=measure)
        found = self.problem.partitions.total(by_fold, indices)
        return [found[fold] for fold in range(len(self))]

    def over_test(self, measure: Measure[Sums], i: int) -> Sums:
        return self._over(measure, self.splits[i].test)

    def over_train(self, measure: Measure[Sums], i: int) -> Sums:
        return self._over(measure, self.splits[i].train)

    def check_weights(self) -> None:
        """Raise ValueError if a fold is fitted or scored on rows without weight."""
        check_folds(zip(self._training_weights, self._test_weights, strict=True))

    def _over(self, measure: Measure[Sums], indices: Sequence[Index]) -> Sums:
        members, of_members = zip(*self._with_rows(indices), strict=True)
        partitions = replace(self.problem.partitions, members=members)
        total: Sums = partitions.total(partial(_over_index, measure=measure), of_members)
        return total

    def _with_rows(self, indices: Sequence[Index]) -> list[tuple[Any, Index]]:
        """Return (partition, index) of the partitions that have rows in the index."""
        pairs = zip(self.problem.partitions.members, indices, strict=True)
        return [(partition, index) for partition, index in pairs if _has_rows(index)]

    @cached_property
    def _test_weights(self) -> list[float]:
        if not self.problem.is_weighted:
            return [self._count(split.test) for split in self.splits]
        return self.over_tests(WEIGHT)

    @cached_property
    def _training_weights(self) -> list[float]:
        if not self.problem.is_weighted:
            return [self._count(split.train) for split in self.splits]
        if self.add_up:
            return sums_of_others(self._test_weights)
        return [self.over_train(WEIGHT, i) for i in range(len(self))]

    def _count(self, indices: Sequence[Index]) -> float:
        pairs = zip(self.problem.lengths, indices, strict=True)
        return float(sum(n if index is None else len(index) for n, index in pairs))


def folds_on_workers(
    problem: RowsOnWorkers, cv: Any, params: dict[str, Any], each: Each
) -> FoldsOnWorkers:
    """Return the folds of a splitter, which receives the number of rows and no rows."""
    n = sum(problem.lengths)
    if isinstance(cv, PartitionKFold):
        number = cv.folds(len(problem.partitions.members))
        splits = [_whole_partitions(number == fold) for fold in range(cv.n_splits)]
        held_out_once = True
    else:
        by_row = _splits_by_row(cv, n, params)
        splits = _by_partition(by_row, problem.lengths)
        held_out_once = is_partition(by_row, n)
    add_up = held_out_once and sums_fit_in_memory(problem, len(splits))
    folds = FoldsOnWorkers(problem, splits, each, add_up)
    folds.check_weights()
    return folds


def _splits_by_row(cv: Any, n: int, params: dict[str, Any]) -> list[Split]:
    try:
        return checked(check_cv(cv).split(np.broadcast_to(0.0, (n, 1)), **params), n, cv)
    except TypeError as error:
        raise TypeError(
            f"cv={cv!r} can't split Dask collections: it sees how many rows there are, and X "
            f"and y stay on the workers: {error}"
        ) from error


def _whole_partitions(held_out: NDArray[np.bool_]) -> PartitionedSplit:
    train: list[Index] = [EMPTY if out else None for out in held_out]
    return PartitionedSplit(train, [None if out else EMPTY for out in held_out])


def _by_partition(splits: list[Split], lengths: Sequence[int]) -> list[PartitionedSplit]:
    ends = np.cumsum([0, *lengths])
    return [PartitionedSplit(_cut(s.train, ends), _cut(s.test, ends)) for s in splits]


def _cut(index: Indices, ends: Indices) -> list[Indices]:
    """Return the sorted indices within each partition; sums do not depend on their order."""
    index = np.sort(index)
    cuts = np.searchsorted(index, ends)
    return [index[a:b] - first for a, b, first in zip(cuts[:-1], cuts[1:], ends[:-1], strict=True)]


def _has_rows(index: Index) -> bool:
    return index is None or len(index) > 0


def _over_folds(rows: RowsInMemory, indices: dict[int, Index], measure: Measure[Any]) -> SumsByFold:
    return SumsByFold({i: _over_index(rows, index, measure) for i, index in indices.items()})


def _over_index(rows: RowsInMemory, index: Index, measure: Measure[Sums]) -> Sums:
    return measure(rows) if index is None else over_rows(rows, index, measure)
