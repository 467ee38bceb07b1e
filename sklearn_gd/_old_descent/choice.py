"""Which engine: the shape of a problem goes in, the name of the fastest exact engine comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from sklearn_gd._descent.prices import (
    KRYLOV_ON_MOMENTS,
    KRYLOV_ON_ROWS,
    LOOP,
    SPECTRAL,
    Priced,
)

# Sums of products of so many columns take 512 MiB, and twice as much again while they are made.
MOST_COLUMNS_OF_MOMENTS = 1 << 13
# Few rows that are decomposed before a space has so many are not asked how curvatures fall off.
SMALL_SPACE = 12
# Fewer columns than this are decomposed sooner than an estimate pays; dense ones always were up to
# the second number, whatever their curvatures, so that no rows are asked for those.
FEW_COLUMNS, TOO_FEW_TO_ASK = 16, 128
# A Krylov path knows no least loss and no degrees of freedom, so it must be faster by this.
WORTH_LESS_KNOWN = 1.05
# The plain loop makes so many, at most, in the place of a space. That of a decomposition it never
# takes: it may save milliseconds, but knows no curvature, floor or surface, nor a later iterate.
MOST_LOOPED = 30
# Parameters and derivatives of all iterates, which it keeps; a space starts again in time.
MOST_RECORDED = 1 << 24
# Of so few updates a space holds them all, whatever the curvatures: no rows are asked. Nor of
# MOST_LOOPED, where rows stay in cache: the loop is faster than any space then.
TOO_SHORT_TO_ASK = 10


class Sized(Protocol):
    """What is known of rows without reading them."""

    @property
    def n_samples(self) -> int: ...
    @property
    def n_parameters(self) -> int: ...
    @property
    def n_targets(self) -> int: ...
    @property
    def nonzeros(self) -> int: ...
    @property
    def is_sparse(self) -> bool: ...
    @property
    def afar(self) -> bool: ...  # a pass over the rows costs more than their arithmetic
    @property
    def loops(self) -> bool: ...  # an update is two products here and now, and nothing else
    @property
    def are_few(self) -> bool: ...  # they had better be decomposed than summed
    def effective_rank(self) -> float | None: ...  # where a few rows can be asked, and tell


@dataclass(frozen=True)
class Shape(Priced):
    """A problem of this size, and what to do with it."""

    @classmethod
    def of(cls, rows: Sized, max_iter: int, rate_given: bool = False) -> Shape:
        n, p, k = rows.n_samples, rows.n_parameters, rows.n_targets
        size = (n, p, k, rows.nonzeros, rows.is_sparse)
        shape = cls(*size, max_iter, rows.afar, rows.are_few, rate_given, loops=rows.loops)
        return replace(shape, rank=rows.effective_rank()) if shape._depends_on_rank else shape

    @property
    def _depends_on_rank(self) -> bool:
        """Whether it is worth asking some rows for it."""
        if self.sparse or self.p <= TOO_FEW_TO_ASK or self._sooner_decomposed:
            return False
        short = MOST_LOOPED if self.loops and self.stay_near else TOO_SHORT_TO_ASK
        return not self.rate_given or self.max_iter > short

    @property
    def _sooner_decomposed(self) -> bool:
        """Few rows, before even a small space were grown and looked at."""
        return self.few and self.cost(SPECTRAL) < self.grown(SMALL_SPACE)

    def with_rows(self, solver: str) -> str:
        """The engine for "auto" or "krylov"."""
        return self.best_engine() if solver == "auto" else self.best_krylov()

    def on_moments(self, solver: str) -> str:
        """The same where there are moments and no rows to turn to."""
        faster = WORTH_LESS_KNOWN * self._krylov_on_moments < self._eigenbasis
        return KRYLOV_ON_MOMENTS if solver == "krylov" or faster else SPECTRAL

    def best_engine(self) -> str:
        """The one to be used: all give the same iterates."""
        engine = self._best_closed_form()
        looped = engine != SPECTRAL and self._may_loop and self.cost(LOOP) < self.cost(engine)
        return LOOP if looped else engine

    def space_is_sooner(self, vectors: float) -> bool:
        """Than the plain loop, where it needs so many vectors."""
        return self.grown(vectors) < self._updates * self._update

    def without_loop(self) -> Shape:
        """Where the plain loop found that it can't tell how the descent ends."""
        return replace(self, loops=False)

    @property
    def _may_loop(self) -> bool:
        if not (self.loops and self.rate_given and self.max_iter <= MOST_LOOPED):
            return False
        return 2 * (self.max_iter + 2) * self.p * self.targets <= MOST_RECORDED

    def _best_closed_form(self) -> str:
        if self.p > MOST_COLUMNS_OF_MOMENTS and not self.few:
            return KRYLOV_ON_ROWS
        if self.p <= FEW_COLUMNS or self._sooner_decomposed:
            return SPECTRAL  # and no time is lost on estimates
        krylov = self.best_krylov()
        if self.passes_are_dear and krylov == KRYLOV_ON_ROWS:
            return SPECTRAL
        faster = WORTH_LESS_KNOWN * self.cost(krylov) < self.cost(SPECTRAL)
        return krylov if faster else SPECTRAL

    def folds_take_spaces(self, folds: int, iterates: int) -> bool:
        """Whether a Krylov space of each fold's rows is cheaper than sums of products for all."""
        if self.p > MOST_COLUMNS_OF_MOMENTS:
            return True
        if self.passes_are_dear:
            return False
        spaces = folds * (self.cost(KRYLOV_ON_ROWS) + self._surface(self.vectors, iterates))
        decomposed = self._decomposed + self._surface(self.p, iterates)
        return spaces < self._moments + folds * decomposed

    def best_krylov(self) -> str:
        """The cheaper of the two."""
        if self.p > MOST_COLUMNS_OF_MOMENTS:
            return KRYLOV_ON_ROWS
        if self.passes_are_dear:
            return KRYLOV_ON_ROWS if self.drifts else KRYLOV_ON_MOMENTS
        return min((KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS), key=self.cost)

    @property
    def passes_are_dear(self) -> bool:
        """Two passes then cost less than a pass for every vector; sparse sums are filled in."""
        return self.afar and not self.sparse
