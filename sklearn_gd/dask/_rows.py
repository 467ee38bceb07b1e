"""The problem of rows on workers: partitions go in, sums over all of them come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.choice import MOST_COLUMNS_OF_MOMENTS
from sklearn_gd._data import Moments, moments_of
from sklearn_gd._descent.whitening import Whitening, whitened_sums
from sklearn_gd.dask._partition import Part, SumTuple
from sklearn_gd.dask._partitions import Partitions
from sklearn_gd.dask._operator import WorkerOperator

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PartitionStats:
    """What a pass over the rows tells of them."""

    lengths: tuple[int, ...]
    weight: float
    n_weighted: int
    nonzeros: int

    def __add__(self, other: PartitionStats) -> PartitionStats:
        return PartitionStats(
            self.lengths + other.lengths,
            self.weight + other.weight,
            self.n_weighted + other.n_weighted,
            self.nonzeros + other.nonzeros,
        )


@dataclass(frozen=True, eq=False)
class RowsOnWorkers:
    """Rows that are never brought here.

    What is known of them beforehand is not asked for; one pass tells the rest.
    """

    parts: Partitions
    is_sparse: bool
    is_weighted: bool
    rounding: float
    known_lengths: tuple[int, ...] | None
    may_weigh_nothing: bool = False

    dask_module = True
    loops = False
    are_few = False

    def effective_rank(self) -> float | None:
        """Not worth bringing rows here for."""
        return None

    @property
    def fit_intercept(self) -> bool:
        return self.parts.expected.fit_intercept

    @property
    def n_parameters(self) -> int:
        return self.parts.expected.n_features + self.fit_intercept

    @property
    def n_targets(self) -> int:
        return self.parts.expected.n_targets

    @property
    def lengths(self) -> tuple[int, ...]:
        """Rows of each partition."""
        return self._told.lengths if self.known_lengths is None else self.known_lengths

    @property
    def n_samples(self) -> int:
        counted = self.known_lengths is not None or "_told" in vars(self)
        if not counted and self._has_moments_anyway:
            return self._moments.n_samples
        return sum(self.lengths)

    @property
    def n_weighted(self) -> int:
        return self._told.n_weighted if self.is_weighted else self.n_samples

    @property
    def weight(self) -> float:
        if not self.is_weighted:
            return float(self.n_samples)
        return self._moments.weight if self._has_moments_anyway else self._told.weight

    @property
    def nonzeros(self) -> int:
        return self._told.nonzeros if self.is_sparse else self.n_samples * self.n_parameters

    def moments(self) -> Moments:
        """One pass over the rows, if it was not made yet."""
        return self._moments

    def whitened_sums(self, white: Whitening) -> Floats:
        """A second pass, for all digits."""
        sums: Floats = self.parts.total(partial(whitened_sums, white=white))
        return sums

    def operator(self) -> WorkerOperator:
        """The rows as a matrix to multiply with; they have no sums of squares, so look for nan."""
        if "_moments" not in vars(self):
            _ = self._told
        return WorkerOperator(self.parts, (self.n_samples, self.n_parameters), self.weight)

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """J(theta) and its partial derivatives."""
        squares, pull = self.parts.total(partial(_squares_and_pull, theta=theta)).values
        return squares / (2.0 * self.weight), pull / self.weight

    def loss(self, theta: Floats) -> float:
        """J(theta) alone."""
        squares: float = self.parts.total(partial(_squares, theta=theta))
        return squares / (2.0 * self.weight)

    @property
    def _has_moments_anyway(self) -> bool:
        """Whether what a pass would tell may as well come with the moments."""
        few = self.n_parameters <= MOST_COLUMNS_OF_MOMENTS
        return "_moments" in vars(self) or (few and not self.is_sparse)

    @cached_property
    def _moments(self) -> Moments:
        moments: Moments = self.parts.total(moments_of)
        self._check(moments.n_samples, moments.weight)
        return moments

    @cached_property
    def _told(self) -> PartitionStats:
        told: PartitionStats = self.parts.total(_tell)
        self._check(sum(told.lengths), told.weight)
        return told

    def _check(self, n_samples: int, weight: float) -> None:
        if n_samples == 0:
            raise ValueError("X must have at least one row (sample); all partitions are empty.")
        if not (weight > 0 or self.may_weigh_nothing):
            raise ValueError("sample_weight must not be all zero: some weight must be positive.")


def _tell(part: Part) -> PartitionStats:
    part.check_finite()
    return PartitionStats((part.n_samples,), part.weight, part.n_weighted, part.nonzeros)


def _squares_and_pull(part: Part, theta: Any) -> SumTuple:
    return SumTuple(part.squares_and_pull(theta))


def _squares(part: Part, theta: Any) -> float:
    return part.squares(theta)
