"""Rows on workers as a problem: sums over partitions, by the protocol `sklearn_gd._data.Problem`.

The penalty is added once, on the client.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from sklearn_gd._data import (
    CrossProducts,
    DesignOperator,
    Objective,
    RowsInMemory,
    Spread,
    penalised,
    penalty_rows,
)
from sklearn_gd._linalg import Floats, Preconditioner
from sklearn_gd.dask._operator import WorkerOperator
from sklearn_gd.dask._partitions import Partitions, Sums

# The largest number of columns whose cross-products take no longer than reading the rows, so that
# the pass that counts rows sums them too.
FEW_COLUMNS = 512


@dataclass(frozen=True, eq=False)
class RowsOnWorkers(Objective):
    """Rows in partitions, with targets and weights, which stay on the workers.

    Counts of rows are computed in one pass, on first access, if the chunks are unknown.
    """

    partitions: Partitions
    fit_intercept: bool
    n_parameters: int
    n_targets: int
    is_sparse: bool
    rounding: float
    is_weighted: bool
    known_lengths: tuple[int, ...] | None
    may_weigh_nothing: bool = False
    alpha: float = 0.0

    in_memory = False

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of rows of each partition."""
        return self._counts["lengths"] if self.known_lengths is None else self.known_lengths

    @property
    def n_samples(self) -> int:
        if self.known_lengths is None and "_counts" not in vars(self) and self._sums_are_cheap:
            return self._cross_products.n_samples
        return sum(self.lengths)

    @property
    def weight(self) -> float:
        if not self.is_weighted:
            return float(self.n_samples)
        return self._cross_products.weight if self._sums_are_cheap else self._counts["weight"]

    @property
    def nonzeros(self) -> int:
        return self._counts["nonzeros"] if self.is_sparse else self.n_samples * self.n_parameters

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y], computed once, or that of standardised columns."""
        if standardise is None:
            return self._cross_products
        return self.partitions.total(partial(RowsInMemory.cross_products, standardise=standardise))

    def spread(self) -> Spread:
        """Return means and variances of columns, merged from those of the partitions."""
        merged = self.partitions.total(centred_squares)
        return Spread.measured(merged.mean, merged.squares / merged.weight)

    def preconditioned_products(self, preconditioner: Preconditioner) -> Floats:
        """Return [Y E]'[Y E] over all rows and those of the penalty."""
        measure = partial(RowsInMemory.preconditioned_products, preconditioner=preconditioner)
        return self.partitions.total(measure) + preconditioner.products(*penalty_rows(self))

    def operator(self) -> DesignOperator:
        """Return the rows as a linear operator; raise NotFinite for nan and inf in X."""
        if "_cross_products" not in vars(self):
            _ = self._counts
        shape = (self.n_samples, self.n_parameters)
        return penalised(WorkerOperator(self.partitions, shape, self.weight), self)

    def squares_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        both = self.partitions.total(lambda rows: Sums(enumerate(rows.squares_and_gradient(theta))))
        return both[0], both[1]

    def check_totals(self, n_samples: int, weight: float) -> None:
        """Raise ValueError when the partitions have no rows or no weight."""
        if n_samples == 0:
            raise ValueError("X must have at least one row (sample); all partitions are empty.")
        if not (weight > 0 or self.may_weigh_nothing):
            raise ValueError("sample_weight must not be all zero: some weight must be positive.")

    @property
    def _sums_are_cheap(self) -> bool:
        few = self.n_parameters <= FEW_COLUMNS and not self.is_sparse
        return few or "_cross_products" in vars(self)

    @cached_property
    def _cross_products(self) -> CrossProducts:
        products = self.partitions.total(RowsInMemory.cross_products)
        self.check_totals(products.n_samples, products.weight)
        return products

    @cached_property
    def _counts(self) -> Sums:
        """Number of rows of each partition, weight and non-zeros of all of them."""
        counts = self.partitions.total(_counts)
        self.check_totals(sum(counts["lengths"]), counts["weight"])
        return counts


def _counts(rows: RowsInMemory) -> Sums:
    rows.operator()  # raises NotFinite for nan and inf in X
    return Sums(lengths=(rows.n_samples,), weight=rows.weight, nonzeros=rows.nonzeros)


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
        squares = self.squares + other.squares + self.weight * share * distance**2
        return CentredSquares(weight, self.mean + share * distance, squares)


def centred_squares(rows: RowsInMemory) -> CentredSquares:
    if not rows.weight > 0:
        return CentredSquares(0.0, *np.zeros((2, rows.X.shape[1])))
    spread = rows.spread()
    return CentredSquares(rows.weight, spread.mean, rows.weight * spread.variance)
