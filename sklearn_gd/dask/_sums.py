"""Sums over partitions: values that can be added, and a tree of tasks that adds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from dask.delayed import Delayed, delayed

from sklearn_gd._linalg import Floats

# The number of values that one task adds: few levels, and few values in a worker's memory.
FAN_IN = 8


class Sums(dict[Any, Any]):
    """Several sums of one pass, by name or number; one that only some partitions have is theirs."""

    def __add__(self, other: Sums) -> Sums:
        common = {key: self[key] + other[key] for key in self.keys() & other.keys()}
        return Sums(self | other | common)


@dataclass(frozen=True, eq=False)
class CentredSquares:
    """Weighted means of columns, and the weighted sums of squares about them."""

    weight: float
    mean: Floats
    squares: Floats

    def __add__(self, other: CentredSquares) -> CentredSquares:
        """Return those of both sets of rows, without a difference of large sums.

        Chan, Golub and LeVeque 1983, doi 10.1080/00031305.1983.10483115.
        """
        weight = self.weight + other.weight
        share = other.weight / weight if weight > 0 else 0.0
        distance = other.mean - self.mean
        between = self.weight * share * distance**2
        mean = self.mean + share * distance
        return CentredSquares(weight, mean, self.squares + other.squares + between)


def tree_sum(values: Iterable[Delayed]) -> Delayed:
    """Return the sum of delayed values, added by tasks."""
    level = list(values)
    while len(level) > 1:
        level = [delayed(_sum)(level[i : i + FAN_IN]) for i in range(0, len(level), FAN_IN)]
    return level[0]


def _sum(values: list[Any]) -> Any:
    return reduce(add, values)
