"""Cross-validation on workers: a problem and a splitter go in, sums over each fold's rows come out.

Indices of rows go to the partition that has them; with `PartitionKFold` there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from sklearn_gd._data import (
    Each,
    Split,
    is_partition,
    sums_fit_in_memory,
    over,
    sums_of_others,
)
from sklearn_gd._data import Rows
from sklearn_gd._estimator.splits import NO_ROWS, checked
from sklearn_gd.dask._partition import Part
from sklearn_gd.dask._rows import RowsOnWorkers
from sklearn_gd.dask._splitter import PartitionKFold

Indices = NDArray[np.intp]
Sums = TypeVar("Sums")

# In the place of the indices of all rows of a partition, however many it has.
ALL = "all"
NONE: Indices = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Device:
    """What a fold has of each partition: indices there, or ALL."""

    train: list[Any]
    test: list[Any]


@dataclass(frozen=True)
class SumsByFold:
    """Sums of those folds that some partitions have rows of."""

    sums: dict[int, Any]

    def __add__(self, other: SumsByFold) -> SumsByFold:
        both = dict(self.sums)
        for fold, more in other.sums.items():
            both[fold] = both[fold] + more if fold in both else more
        return SumsByFold(both)


@dataclass(frozen=True, eq=False)
class FoldsOnWorkers:
    """Rows that are never brought here, and how they are split."""

    problem: RowsOnWorkers
    places: list[Device]
    each: Each
    add_up: bool

    def __len__(self) -> int:
        return len(self.places)

    def training(self, i: int) -> RowsOnWorkers:
        """The rows that fold i is fitted on, as often as it is."""
        parts = self.problem.parts
        lying = [
            p if here is ALL else replace(p, chosen=here)
            for p, here in zip(parts.lying, self.places[i].train, strict=True)
            if len(here)
        ]
        whole = all(p.chosen is None for p in lying)
        lengths = self.problem.known_lengths
        if lengths is not None:
            lengths = tuple(lengths[p.number] for p in lying)
        return replace(
            self.problem,
            parts=replace(parts, lying=lying),
            is_weighted=self.problem.is_weighted or not whole,
            known_lengths=lengths,
        )

    def training_weight(self, i: int) -> float:
        return self._training_weights[i]

    def over_all(self, measure: Callable[[Rows], Sums]) -> Sums:
        total: Sums = self.problem.parts.total(measure)
        return total

    def over_tests(self, measure: Callable[[Rows], Sums]) -> list[Sums]:
        """All folds' in one pass, each partition's for those folds that it has rows of."""
        here = [
            {fold: test for fold, test in enumerate(tests) if len(test)}
            for tests in zip(*(device.test for device in self.places), strict=True)
        ]
        found = self.problem.parts.total(partial(_by_fold, measure=measure), here).sums
        return [found[fold] for fold in range(len(self))]

    def over_test(self, measure: Callable[[Rows], Sums], i: int) -> Sums:
        return self._over(measure, self.places[i].test)

    def over_train(self, measure: Callable[[Rows], Sums], i: int) -> Sums:
        return self._over(measure, self.places[i].train)

    def check_weights(self) -> None:
        """Each fold needs some above zero."""
        both = zip(self._training_weights, self._test_weights, strict=True)
        for i, weights in enumerate(both):
            for name, weight in zip(("fitted", "scored"), weights, strict=True):
                if not weight > 0:
                    raise ValueError(NO_ROWS.format(i, name))

    def _over(self, measure: Callable[[Rows], Sums], indices: Sequence[Any]) -> Sums:
        parts = self.problem.parts
        some = [(p, here) for p, here in zip(parts.lying, indices, strict=True) if len(here)]
        total: Sums = replace(parts, lying=[p for p, _ in some]).total(
            partial(_over, measure=measure), [here for _, here in some]
        )
        return total

    @cached_property
    def _test_weights(self) -> list[float]:
        if not self.problem.is_weighted:
            return [self._count(device.test) for device in self.places]
        found: list[float] = self.over_tests(_weight_of)
        return found

    @cached_property
    def _training_weights(self) -> list[float]:
        if not self.problem.is_weighted:
            return [self._count(device.train) for device in self.places]
        if self.add_up:
            return sums_of_others(self._test_weights)
        return [self.over_train(_weight_of, i) for i in range(len(self))]

    def _count(self, indices: Sequence[Any]) -> float:
        lengths = self.problem.lengths
        return float(
            sum(n if here is ALL else len(here) for n, here in zip(lengths, indices, strict=True))
        )


def folds_on_workers(
    problem: RowsOnWorkers, cv: Any, params: dict[str, Any], each: Each
) -> FoldsOnWorkers:
    """The folds of a splitter, which sees how many rows there are and none of them."""
    n = sum(problem.lengths)
    if isinstance(cv, PartitionKFold):
        folds = cv.folds(len(problem.parts.lying))
        places = [_whole(folds == fold) for fold in range(cv.n_splits)]
        one_each = True
    else:
        try:
            made = check_cv(cv).split(np.broadcast_to(0.0, (n, 1)), **params)
            splits = checked(made, n, cv)
        except TypeError as error:
            raise TypeError(
                f"cv={cv!r} can't split Dask collections: it sees how many rows there are, and X "
                f"and y stay on the workers: {error}"
            ) from error
        places = _places(splits, problem.lengths)
        one_each = is_partition(splits, n)
    found = FoldsOnWorkers(
        problem, places, each, add_up=one_each and sums_fit_in_memory(problem, len(places))
    )
    found.check_weights()
    return found


def _whole(held_out: NDArray[np.bool_]) -> Device:
    train = [NONE if out else ALL for out in held_out]
    return Device(train, [ALL if out else NONE for out in held_out])


def _places(splits: list[Split], lengths: Sequence[int]) -> list[Device]:
    ends = np.cumsum([0, *lengths])
    return [Device(_dealt(split.train, ends), _dealt(split.test, ends)) for split in splits]


def _dealt(index: Indices, ends: Indices) -> list[Indices]:
    """The indices inside of each partition; sums don't depend on the order of rows."""
    index = np.sort(index)
    cuts = np.searchsorted(index, ends)
    return [index[a:b] - first for a, b, first in zip(cuts[:-1], cuts[1:], ends[:-1], strict=True)]


def _by_fold(part: Part, here: dict[int, Any], measure: Callable[[Rows], Any]) -> SumsByFold:
    return SumsByFold({fold: _over(part, index, measure) for fold, index in here.items()})


def _over(part: Part, index: Any, measure: Callable[[Rows], Any]) -> Any:
    return measure(part) if isinstance(index, str) else over_rows(part, index, measure)


def _weight_of(rows: Rows) -> float:
    return rows.weight
