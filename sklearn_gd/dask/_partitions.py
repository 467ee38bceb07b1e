"""Partitions of X, y and weights: workers check their rows and add up a measure of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeVar

import dask
import numpy as np
from dask.delayed import Delayed, delayed
from dask.utils import parse_bytes
from sklearn.utils.validation import validate_data

from sklearn_gd._data import RowsInMemory
from sklearn_gd._estimator.prepare import naming_what_is_not_finite
from sklearn_gd._estimator.validation import FeatureChecker, check_rows

T = TypeVar("T")
# A function of rows, and of whatever else a partition is given, whose values can be added.
Measure = Callable[..., T]

# The number of values that one task adds: few levels, and few values in a worker's memory.
FAN_IN = 8
# The largest number of columns of the matrices in a measure, of which there are at most two with p
# rows: those of a preconditioner, or the basis of a Krylov space.
MOST_VECTORS = 1 << 13
# The setting of Dask's size in bytes above which a cluster warns of a large graph.
GRAPH_WARNING = "distributed.admin.large-graph-warning-threshold"
# Folds may run in several threads of the process, which has one setting.
GRAPH_WARNING_LOCK = RLock()


@dataclass(frozen=True, eq=False)
class ExpectedRows:
    """The features and targets that every partition must have."""

    owner: str  # the class of the estimator, which messages name
    X: Any  # no rows, with the columns of all rows
    targets: tuple[int, ...]  # the shape of y of one row
    fit_intercept: bool


@dataclass(frozen=True, eq=False)
class Partition:
    """The blocks of a partition: delayed on the client, arrays or dataframes on a worker."""

    number: int
    X: Any
    y: Any
    sample_weight: Any  # a block, one number for all rows, or None
    index: Any = None  # rows of the partition, each counted as often as listed; None: all once


@dataclass(frozen=True, eq=False)
class Partitions:
    """The partitions, which workers compute and check."""

    members: Sequence[Partition]
    expected: ExpectedRows

    def total(self, measure: Measure[T], *own: Sequence[Any]) -> T:
        """Return the sum of ``measure(rows, *own)``, with one entry of `own` for each partition."""
        tasks = self.tasks(measure, *own)
        with self.sending_measure():
            total: T = tree_sum(tasks).compute()
        return total

    def tasks(self, measure: Measure[T], *own: Sequence[Any]) -> list[Delayed]:
        """Return one task for each partition.

        The measure is part of the graph, so that a task can run again if a worker is lost.
        """
        shared = delayed(measure, traverse=False), delayed(self.expected, traverse=False)
        each = zip(self.members, *own, strict=True)
        return [delayed(measured)(*shared, *one) for one in each]

    @contextmanager
    def sending_measure(self) -> Iterator[None]:
        """Raise the size from which a cluster warns of a large graph by the size of a measure."""
        if "distributed" not in sys.modules:
            yield
            return
        p = self.expected.X.shape[1] + 1
        with GRAPH_WARNING_LOCK:
            usual = parse_bytes(dask.config.get(GRAPH_WARNING, "10MB"))
            with dask.config.set({GRAPH_WARNING: usual + 2 * 8 * p * min(p, MOST_VECTORS)}):
                yield


class Sums(dict[Any, Any]):
    """Several sums of one pass, by name or number; one that only some partitions have is theirs."""

    def __add__(self, other: Sums) -> Sums:
        common = {key: self[key] + other[key] for key in self.keys() & other.keys()}
        return Sums(self | other | common)


def tree_sum(level: list[Delayed]) -> Delayed:
    """Return the sum of delayed values, added by tasks."""
    while len(level) > 1:
        firsts = range(0, len(level), FAN_IN)
        level = [delayed(sum)(level[i + 1 : i + FAN_IN], level[i]) for i in firsts]
    return level[0]


def measured(measure: Measure[T], expected: ExpectedRows, partition: Partition, *own: Any) -> T:
    """Return the measure of a partition's checked rows; errors name the partition."""
    with naming_partition(partition.number):
        rows = checked_rows(expected, partition)
        if partition.index is not None:
            rows = rows.counted(partition.index)
        with naming_what_is_not_finite(rows):
            return measure(rows, *own)


def checked_rows(expected: ExpectedRows, partition: Partition) -> RowsInMemory:
    """Return the rows as a problem without a penalty, which the client adds once."""
    X, y = partition.X, partition.y
    if X.shape[0] == y.shape[0] == 0:
        nothing = np.empty((0, expected.X.shape[1])), np.empty((0, *(expected.targets or (1,))))
        return RowsInMemory(*nothing, None, expected.fit_intercept)
    checker, data = checker_of(expected.owner, expected.X), (X, y, partition.sample_weight)
    rows, _ = check_rows(checker, data, expected.fit_intercept, reset=False, part=True)
    if y.shape[1:] != expected.targets:
        shape = "(n_samples, {})".format(*expected.targets) if expected.targets else "(n_samples,)"
        raise ValueError(f"y must have shape {shape}, as its collection says; got {y.shape}.")
    return rows


def checker_of(owner: str, X: Any) -> Any:
    """Return an estimator of the owner's name, fitted on the features of X."""
    checker = type(owner, (FeatureChecker,), {})()
    validate_data(checker, X, skip_check_array=True)
    return checker


@contextmanager
def naming_partition(number: int) -> Iterator[None]:
    """Put the number of the partition before the message of an error."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        # The cause is dropped because it may hold objects that cannot be pickled to the client.
        raise kind(f"Partition {number}: {error}") from None
