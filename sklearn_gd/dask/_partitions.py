"""All partitions of X, y and weights: map a measure over them and sum its values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import dask
from dask.delayed import Delayed, delayed
from dask.utils import parse_bytes

from sklearn_gd.dask._partition import ExpectedRows, Partition, measured
from sklearn_gd.dask._sums import tree_sum

# The largest number of columns of the matrices in a measure, of which there are at most two with p
# rows: those of a preconditioner, or the basis of a Krylov space.
MOST_VECTORS = 1 << 13
# The setting of Dask's size in bytes above which a cluster warns of a large graph.
GRAPH_WARNING = "distributed.admin.large-graph-warning-threshold"
# Folds may run in several threads of the process, which has one setting.
GRAPH_WARNING_LOCK = RLock()


@dataclass(frozen=True, eq=False)
class Partitions:
    """The partitions, which workers compute and check."""

    members: Sequence[Partition]
    expected: ExpectedRows

    def total(self, measure: Callable[..., Any], arguments: Sequence[Any] | None = None) -> Any:
        """Return the sum over partitions of ``measure(rows)`` or ``measure(rows, argument)``."""
        tasks = self.tasks(measure, arguments)
        with self.sending_measure():
            return tree_sum(tasks).compute()

    def tasks(
        self, measure: Callable[..., Any], arguments: Sequence[Any] | None = None
    ) -> list[Delayed]:
        """Return one task for each partition.

        The measure is part of the graph, so that a task can run again if a worker is lost.
        """
        shared = delayed(measure, traverse=False), delayed(self.expected, traverse=False)
        more = ((),) * len(self.members) if arguments is None else ((a,) for a in arguments)
        return [
            delayed(measured)(*shared, partition, *argument)
            for partition, argument in zip(self.members, more, strict=True)
        ]

    @contextmanager
    def sending_measure(self) -> Iterator[None]:
        """Raise the size from which a cluster warns of a large graph by the size of a measure."""
        if "distributed" not in sys.modules:
            yield
            return
        p = self.expected.n_features + 1
        with GRAPH_WARNING_LOCK:
            usual = parse_bytes(dask.config.get(GRAPH_WARNING, "10MB"))
            with dask.config.set({GRAPH_WARNING: usual + 2 * 8 * p * min(p, MOST_VECTORS)}):
                yield
