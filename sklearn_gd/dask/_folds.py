"""Cross-validation on workers, as the protocol `_data.Folds` describes it.

A task on a partition receives the indices of its own rows; with `PartitionKFold` it needs none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any

import dask.array as da
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
from sklearn_gd.dask._partitions import Measure, Sums, T
from sklearn_gd.dask._rows import RowsOnWorkers
from sklearn_gd.dask._splitter import PartitionKFold

Indices = NDArray[np.intp]
# For each partition that has some of the rows, by number: which ones; None: all of them, each once.
Chosen = dict[int, Indices | None]


@dataclass(frozen=True, eq=False)
class FoldsOnWorkers:
    """Rows on workers, those that each fold is fitted on, and those that it is scored on."""

    problem: RowsOnWorkers
    trains: list[Chosen]
    tests: list[Chosen]
    each: Each
    add_up: bool

    def __len__(self) -> int:
        return len(self.tests)

    def training(self, i: int) -> RowsOnWorkers:
        """Return the rows of fold i, each weighted by its number of occurrences in the fold."""
        problem, chosen = self.problem, self.trains[i]
        members = [replace(problem.partitions.members[j], index=chosen[j]) for j in chosen]
        return replace(
            problem,
            partitions=replace(problem.partitions, members=members),
            is_weighted=problem.is_weighted or any(index is not None for index in chosen.values()),
            known_lengths=tuple(problem.lengths[j] for j in chosen),
        )

    def over_all(self, measure: Measure[T]) -> T:
        return self.problem.partitions.total(measure)

    def over_tests(self, measure: Measure[T]) -> list[T]:
        return self._over_each(measure, self.tests)

    def over_test(self, measure: Measure[T], i: int) -> T:
        return self._over_each(measure, [self.tests[i]])[0]

    def over_train(self, measure: Measure[T], i: int) -> T:
        return self._over_each(measure, [self.trains[i]])[0]

    def _over_each(self, measure: Measure[T], folds: list[Chosen]) -> list[T]:
        """Return the sums over the chosen rows of each fold, in one pass over their partitions."""
        numbers = sorted(set().union(*folds))
        members = [self.problem.partitions.members[j] for j in numbers]
        indices = [{i: fold[j] for i, fold in enumerate(folds) if j in fold} for j in numbers]
        partitions = replace(self.problem.partitions, members=members)
        sums = partitions.total(partial(_over_folds, measure=measure), indices)
        return [sums[i] for i in range(len(folds))]

    def weights(self) -> tuple[list[float], list[float]]:
        """Return the weights of the rows each fold is fitted on, and of those it is scored on."""
        if not self.problem.is_weighted:
            return list(map(self._count, self.trains)), list(map(self._count, self.tests))
        weight = attrgetter("weight")
        tests = self.over_tests(weight)
        trains = sums_of_others(tests) if self.add_up else self._over_each(weight, self.trains)
        return trains, tests

    def _count(self, fold: Chosen) -> float:
        n = self.problem.lengths
        return float(sum(n[j] if index is None else len(index) for j, index in fold.items()))


def folds_on_workers(
    problem: RowsOnWorkers, cv: Any, params: dict[str, Any], each: Each
) -> FoldsOnWorkers:
    """Return the folds of a splitter, which receives the number of rows and no rows."""
    chosen: Callable[[Indices], Chosen]
    if isinstance(cv, PartitionKFold):  # it splits one row for each partition
        n, chosen = len(problem.lengths), dict.fromkeys
        splits = [Split(*split) for split in cv.split(da.empty(n, chunks=1))]
    else:
        n, chosen = sum(problem.lengths), partial(_by_partition, lengths=problem.lengths)
        splits = _splits_by_row(cv, n, params)
    add_up = is_partition(splits, n) and sums_fit_in_memory(problem, len(splits))
    trains = [chosen(split.train) for split in splits]
    tests = [chosen(split.test) for split in splits]
    folds = FoldsOnWorkers(problem, trains, tests, each, add_up)
    check_folds(zip(*folds.weights(), strict=True))
    return folds


def _splits_by_row(cv: Any, n: int, params: dict[str, Any]) -> list[Split]:
    try:
        return checked(check_cv(cv).split(np.broadcast_to(0.0, (n, 1)), **params), n, cv)
    except TypeError as error:
        raise TypeError(
            f"cv={cv!r} can't split Dask collections: it sees how many rows there are, and X "
            f"and y stay on the workers: {error}"
        ) from error


def _by_partition(index: Indices, lengths: Sequence[int]) -> Chosen:
    """Return the sorted indices within each partition; sums do not depend on their order."""
    index, ends = np.sort(index), np.cumsum(lengths)
    parts = np.split(index, np.searchsorted(index, ends[:-1]))
    return {j: part + lengths[j] - ends[j] for j, part in enumerate(parts) if len(part)}


def _over_folds(rows: RowsInMemory, indices: Chosen, measure: Measure[Any]) -> Sums:
    """Return the sums over the rows of each fold, by number of the fold."""
    return Sums(
        (fold, measure(rows) if index is None else over_rows(rows, index, measure))
        for fold, index in indices.items()
    )
