"""The one mechanism: partitions and a measure of rows go in, the sum of the measures comes out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import add
from threading import RLock
from typing import Any

import dask
from dask.delayed import Delayed, delayed
from dask.utils import parse_bytes

from sklearn_gd.dask._partition import Expected, measured

# So many sums are added by one task: few levels, and few of them in memory at once.
FAN_IN = 8
# A measure has a basis of so many vectors at most, each as long as there are columns.
MOST_VECTORS = 1 << 10
# Above this a cluster warns of a large graph.
GRAPH_WARNING = "distributed.admin.large-graph-warning-threshold"
# That is a setting of the process, and folds may be worked on in several threads.
ONE_GRAPH = RLock()


@dataclass(frozen=True, eq=False)
class Partition:
    """A partition where it lies, still to be made and checked there."""

    number: int
    X: Delayed
    y: Delayed
    sample_weight: Delayed | float | None
    chosen: Any = None  # indices of rows, each counting as often as it is there; None: all once


@dataclass(frozen=True, eq=False)
class Partitions:
    """All partitions."""

    lying: Sequence[Partition]
    expected: Expected

    def total(self, measure: Callable[..., Any], arguments: Sequence[Any] | None = None) -> Any:
        """The sum over partitions of ``measure(rows)``, or of ``measure(rows, argument)``.

        A measure is sent as it is, so that the tasks can be run again wherever a worker is lost.
        """
        leaves = self.measures(measure, arguments)
        with self.graph_with_measure():
            return tree(leaves).compute()

    def measures(
        self, measure: Callable[..., Any], arguments: Sequence[Any] | None = None
    ) -> list[Delayed]:
        """One task for each partition."""
        shared = delayed(measure, traverse=False), delayed(self.expected, traverse=False)
        more = ((),) * len(self.lying) if arguments is None else ((a,) for a in arguments)
        return [
            delayed(measured)(*shared, p.number, p.X, p.y, p.sample_weight, p.chosen, *argument)
            for p, argument in zip(self.lying, more, strict=True)
        ]

    @contextmanager
    def graph_with_measure(self) -> Iterator[None]:
        """Where a cluster would warn that a graph is large: not for what must be sent with it."""
        if "distributed" not in sys.modules:
            yield
            return
        p = self.expected.n_features + 1
        with ONE_GRAPH:
            usual = parse_bytes(dask.config.get(GRAPH_WARNING, "10MB"))
            with dask.config.set({GRAPH_WARNING: usual + 8 * p * min(p, MOST_VECTORS)}):
                yield


def tree(leaves: Iterable[Delayed]) -> Delayed:
    """Their sum."""
    level = list(leaves)
    while len(level) > 1:
        level = [delayed(summed)(level[i : i + FAN_IN]) for i in range(0, len(level), FAN_IN)]
    return level[0]


def summed(values: list[Any]) -> Any:
    return reduce(add, values)
