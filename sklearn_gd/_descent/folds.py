"""Cross-validation as sums: rows and splits go in, each fold's training and held-out sums come out.

Where every row is held out once, each fold's rows are read once and a training set is the sum of
the other folds. A difference from the whole would be as quick and would lose digits where one fold
holds most of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate
from operator import add
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import Spectrum, eigenbasis

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
# Applies a function to every fold, in order; serial or parallel.
Each = Callable[[Callable[[int], Any], Iterable[int]], list[Any]]
Sums = TypeVar("Sums")  # whatever can be added: moments, arrays

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


@dataclass(frozen=True, eq=False)
class Folds:
    """The rows of a cross-validation and how they are split."""

    rows: RowsInMemory
    splits: list[Split]
    each: Each

    def __len__(self) -> int:
        return len(self.splits)

    @cached_property
    def add_up(self) -> bool:
        """Whether a training set's sums are those of the other folds, and all may be held."""
        size = 8 * (self.rows.n_parameters + self.rows.y.shape[1] + 1) ** 2
        # The tests' own sums, and running totals from both ends.
        held = 3 * size * len(self) <= HELD_SUMS_BYTES
        return held and is_partition(self.splits, self.rows.n_samples)

    def training_rows(self, i: int) -> RowsInMemory:
        """All rows, weighted by how often the fold is fitted on them: nothing is copied."""
        rows = self.rows
        counts = np.bincount(self.splits[i].train, minlength=rows.n_samples).astype(np.float64)
        w = counts if rows.sample_weight is None else counts * rows.sample_weight
        return RowsInMemory(rows.X, rows.y, w, rows.fit_intercept)

    def weight(self, index: Indices) -> float:
        w = self.rows.sample_weight
        return float(len(index) if w is None else w[index].sum())


class FoldSums(Generic[Sums]):
    """Sums over each fold's training and held-out rows; those of a partition are made once."""

    def __init__(self, folds: Folds, measure: Callable[[Rows], Sums]) -> None:
        self._folds = folds
        self._measure = measure
        self._tests: list[Sums] = []
        self._trains: list[Sums] = []
        if folds.add_up:
            self._tests = folds.each(lambda i: self._over(folds.splits[i].test), range(len(folds)))
            self._trains = sums_of_others(self._tests)

    def train(self, i: int) -> Sums:
        return self._trains[i] if self._trains else self._over(self._folds.splits[i].train)

    def test(self, i: int) -> Sums:
        return self._tests[i] if self._tests else self._over(self._folds.splits[i].test)

    def total(self) -> Sums:
        """The sums over all rows."""
        return reduce(add, self._tests) if self._tests else self._measure(self._folds.rows)

    def _over(self, index: Indices) -> Sums:
        return reduce(add, map(self._measure, pieces(self._folds.rows, index)))


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


def pieces(rows: Rows, index: Indices) -> Iterator[Rows]:
    """The rows of an index: a view where they stand together, else copies of bounded size."""
    first, last = (int(index[0]), int(index[-1])) if len(index) else (0, -1)
    if last - first + 1 == len(index) and bool((np.diff(index) == 1).all()):
        yield _taken(rows, slice(first, last + 1))
        return
    at_once = max(1, TAKEN_BYTES // _row_bytes(rows))
    for start in range(0, len(index), at_once):
        yield _taken(rows, index[start : start + at_once])


def _row_bytes(rows: Rows) -> int:
    if sparse.issparse(rows.X):
        return SPARSE_BYTES * (1 + int(rows.X.nnz) // rows.n_samples)
    return 8 * rows.n_parameters


def _taken(rows: Rows, index: Any) -> Rows:
    w = None if rows.sample_weight is None else rows.sample_weight[index]
    return Rows(rows.X[index], rows.y[index], w, rows.fit_intercept)


def spectrum_of(moments: Moments, start: Floats, fit_intercept: bool) -> Spectrum:
    """The one place where the moments of a training set become a spectrum."""
    return eigenbasis(moments, start, fit_intercept)
