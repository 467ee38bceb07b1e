"""Rows on workers as a problem: sums over partitions, by the protocol `sklearn_gd._data.Problem`.

The penalty is added once, on the client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

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

    What is summed is computed on first access, and kept.
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
    _known: Sums = field(default_factory=Sums, init=False)

    in_memory = False

    @property
    def lengths(self) -> tuple[int, ...]:
        """The number of rows of each partition."""
        return self._sums()["lengths"] if self.known_lengths is None else self.known_lengths

    @property
    def n_samples(self) -> int:
        return sum(self.lengths)

    @property
    def weight(self) -> float:
        return self._sums()["weight"] if self.is_weighted else float(self.n_samples)

    @property
    def nonzeros(self) -> int:
        return self._sums()["nonzeros"] if self.is_sparse else self.n_samples * self.n_parameters

    def cross_products(self, standardise: Spread | None = None) -> CrossProducts:
        """Return [1 X y]' diag(w) [1 X y], computed once, or that of standardised columns."""
        if standardise is None:
            products: CrossProducts = self._sums(products=True)["products"]
            return products
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
        self._sums(products=False)
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

    def _sums(self, products: bool | None = None) -> Sums:
        """Return counts of one pass, with cross-products if asked for; None: if they are cheap."""
        if not self._known or (products and "products" not in self._known):
            cheap = self.n_parameters <= FEW_COLUMNS and not self.is_sparse
            wanted = cheap if products is None else products
            sums = self.partitions.total(partial(_sums, products=wanted))
            self.check_totals(sum(sums["lengths"]), sums["weight"])
            self._known.update(sums)
        return self._known


def _sums(rows: RowsInMemory, products: bool) -> Sums:
    """Return the sums over a partition; raise NotFinite for nan and inf in X."""
    sums = Sums(lengths=(rows.n_samples,), weight=rows.weight, nonzeros=rows.nonzeros)
    if products:
        sums["products"] = rows.cross_products()
    else:
        rows.operator()
    return sums


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
