"""Which engine: the shape of a problem goes in, the name of the fastest exact engine comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import Protocol

from sklearn_gd._descent.curvatures import Curvatures
from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.spectrum import CONTRACT, MOMENTS_ERROR

SPECTRAL = "spectral"
KRYLOV_ON_MOMENTS = "krylov on moments"
KRYLOV_ON_ROWS = "krylov on rows"
ENGINES = (SPECTRAL, KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS)
# Of few updates at a given rate it may be the fastest: a space on rows takes as many products, but
# keeps its vectors orthogonal and looks at them.
LOOP = "plain loop"

# Sums of products of so many columns take 512 MiB, and as much again while they are made.
MOST_COLUMNS_OF_MOMENTS = 1 << 13
# How often moments lack digits, so that the rows must be taken after all: only the data know. In
# descents of few updates rarely; in long ones where curvatures fall off, so that directions are
# still on their way; where no more rows than columns are fitted exactly, the loss always.
LACKING_SHORT, LACKING_LONG = 0.1, 0.5
# Where rows were asked how curvatures fall off, in gains of errors: in long descents digits lack
# from the first on (the bound alone would say 450), and rarely below the second; in short ones
# sometimes from the third on, when a loss is measured while directions are still on their way.
SURELY_LACKING, RARELY_LACKING, ON_THE_WAY = 720.0, 200.0, 40.0
LACKING_ON_THE_WAY = 0.3
# Vectors that a Krylov space needs, as FACTOR * updates^POWER, where rows were not asked. Dense:
# between what curvatures.py says of either kind. Sparse: between 8, 10, 16, 28 of random columns
# for 20, 100, 1000, 10,000 updates and 10, 20, 48, 106 of texts.
DENSE_FACTOR, DENSE_POWER = 18.0, 0.17
SPARSE_FACTOR, SPARSE_POWER = 4.0, 0.19
# Where moments lack digits curvatures fall off, and so many of the vectors do.
FALLING_OFF = 0.9
# It takes a few to know the largest curvature, however few the updates.
FEWEST_VECTORS, FEWEST_AT_A_RATE = 8, 11
# Few rows that are decomposed before a space has so many are not asked how curvatures fall off.
SMALL_SPACE, LOOKS_AT_SMALL = 12, 3
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

# Nanoseconds, of which only ratios matter. They were solved for by hand from the engines' times on
# thirty shapes (`benchmarks/choice.py`) with one BLAS thread (NumPy's OpenBLAS, busy x86-64
# cores at 1 MB of second-level cache each, November 2026); two threads do large products in
# half the time.
MATRIX_FLOP = 0.02  # in products of large matrices
EIGEN_FLOPS, EIGEN_SQUARE = 5.3, 40.0  # times p^3 and, in nanoseconds, p^2: eigh
REFINED_FLOPS = 34.0  # times p^3: again with an SVD, for all digits
DECOMPOSED_FLOPS, SINGULAR_FLOPS = 4.5, 15.0  # times n^2 p and n^3: n <= p rows, by QR and SVD
TURNED = 7.0  # a number of such rows, turned and copied on the way
WHITENED = 2.4  # a second pass over the rows, in times of the first
READ = 0.7  # a number used for one product with a vector, and for the next with what came of it
# Of rows that stay in the last cache from step to step; half of twice as many do.
NEAR_READ, NEAR_NUMBERS = 0.5, 3 << 19
CACHED_READ = 0.35  # a number of a matrix that stays in cache from step to step
SPARSE_READ = 2.2  # a non-zero of the rows, for both products
ROW = 10.0  # all that is done with one entry of a vector as long as there are rows
SPARSE_PAIR = 1.45  # one product of two non-zeros of a row in X'X, times log p
STEP = 60_000.0  # what a step costs besides
# An update of the plain loop: a number read, near or far or a non-zero; what every target after the
# first costs of that; and what an update costs besides.
LOOP_NEAR_READ, LOOP_READ, LOOP_SPARSE_READ = 0.4, 0.55, 1.6
LOOP_TARGET, LOOP_SPARSE_TARGET = 0.2, 0.4
LOOP_STEP = 12_000.0
LOOK = 300_000.0  # a look at the small problem, however small: stop, bound, rate
SMALL = 3.0  # times the cube of the vectors, in all looks together


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
class Shape:
    """What the cost of a descent depends on."""

    n: int
    p: int
    targets: int
    nonzeros: int
    sparse: bool
    max_iter: int
    afar: bool = False
    few: bool = False  # "spectral" is the decomposition of the rows themselves
    rate_given: bool = False  # or the largest curvature must be found
    rank: float | None = None  # the effective one, where it is known
    loops: bool = False

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
        short = MOST_LOOPED if self.loops and self.nonzeros <= NEAR_NUMBERS else TOO_SHORT_TO_ASK
        return not self.rate_given or self.max_iter > short

    @property
    def _sooner_decomposed(self) -> bool:
        """Few rows, before even a small space were grown and looked at."""
        grown = SMALL_SPACE * (self._step + STEP) + LOOKS_AT_SMALL * LOOK
        return self.few and self.cost(SPECTRAL) < grown

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
        grown = vectors * (self._step * self.targets + STEP) + LOOKS_AT_SMALL * LOOK
        return grown < self._updates * self._update

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

    def _surface(self, directions: float, iterates: int) -> float:
        return 2 * MATRIX_FLOP * iterates * directions * min(directions, self.n) * self.targets

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

    @property
    def drifts(self) -> bool:
        return bool(self._updates * MOMENTS_ERROR * EPS > CONTRACT)

    @property
    def lacking(self) -> float:
        """How often moments lack digits."""
        if self.n <= self.p:
            return 1.0
        if not self.curvatures:
            return LACKING_LONG if self.drifts else LACKING_SHORT
        gain = self.curvatures.gain(self._updates)
        if not self.drifts:
            return LACKING_ON_THE_WAY if gain > ON_THE_WAY else LACKING_SHORT
        if gain > SURELY_LACKING:
            return 1.0
        return LACKING_LONG if gain > RARELY_LACKING else LACKING_SHORT

    @cached_property
    def curvatures(self) -> Curvatures | None:
        """What is known of them."""
        return None if self.rank is None else Curvatures(self.n, self.p, self.rank)

    @cached_property
    def vectors(self) -> float:
        updates, most = self._updates, min(self.n, self.p)
        if self.rate_given:  # a space of one vector more than updates has them all
            return min(max(self._vectors_for(updates), FEWEST_AT_A_RATE), updates + 1, most)
        top = self.curvatures.vectors_to_the_top if self.curvatures else 0.0
        return min(max(self._vectors_for(updates), top, FEWEST_VECTORS), most)

    @property
    def _updates(self) -> int:
        """As a float takes them; more are for ever."""
        return min(self.max_iter, 10**12)

    def _vectors_for(self, updates: int) -> float:
        if self.curvatures:
            return self.curvatures.vectors_for(updates)
        factor, power = DENSE_FACTOR, DENSE_POWER
        if self.sparse:
            factor, power = SPARSE_FACTOR, SPARSE_POWER
        grown: float = factor * float(updates) ** power
        return grown

    def cost(self, engine: str) -> float:
        """About how many nanoseconds it takes."""
        if engine == KRYLOV_ON_ROWS:
            return self.vectors * self._step * self.targets + self._growing
        if engine == KRYLOV_ON_MOMENTS:
            again = self.lacking * FALLING_OFF * self.cost(KRYLOV_ON_ROWS)
            return self._moments + self._krylov_on_moments + again
        if engine == LOOP:
            return (self._updates + 2) * self._update
        if self.few:
            n, p = sorted((self.n, self.p))
            flops = DECOMPOSED_FLOPS * n**2 * p + SINGULAR_FLOPS * n**3
            return MATRIX_FLOP * flops + TURNED * n * p
        return self._moments + self._decomposed

    @property
    def _step(self) -> float:
        """Both products with the rows, for one target."""
        return self.nonzeros * self._read + ROW * self.n

    @property
    def _update(self) -> float:
        """Of the plain loop."""
        if self.sparse:
            read, more = LOOP_SPARSE_READ, LOOP_SPARSE_TARGET
        else:
            read, more = self._between(LOOP_NEAR_READ, LOOP_READ), LOOP_TARGET
        read *= self.nonzeros * (1.0 + more * (self.targets - 1))
        return read + ROW * self.n * self.targets + LOOP_STEP

    def _between(self, near: float, far: float) -> float:
        """What a number costs, by how many of them stay in cache."""
        return near + (far - near) * min(max(self.nonzeros / NEAR_NUMBERS - 1.0, 0.0), 1.0)

    @property
    def _read(self) -> float:
        if self.sparse:
            return SPARSE_READ
        return self._between(NEAR_READ, READ)

    @property
    def _decomposed(self) -> float:
        """Sums of products, once they are there."""
        return self._eigenbasis + self.lacking * self._refinement

    @property
    def _eigenbasis(self) -> float:
        return MATRIX_FLOP * EIGEN_FLOPS * self.p**3 + EIGEN_SQUARE * self.p**2

    @property
    def _krylov_on_moments(self) -> float:
        return self.vectors * CACHED_READ * self.p**2 * self.targets + self._growing

    @property
    def _growing(self) -> float:
        """Keeping vectors orthogonal, and looking at the small problem."""
        short = min(self.n, self.p) if self.sparse else self.p
        growing = 2 * CACHED_READ * self.vectors**2 * short + SMALL * self.vectors**3
        return self.targets * growing + STEP * self.vectors + LOOK * self._looks

    @property
    def _looks(self) -> float:
        """At spaces that grow by a third or a half from one to the next, from 8 vectors on."""
        return 2.0 + 3.0 * log(max(self.vectors, 8.0) / 8.0)

    @property
    def _moments(self) -> float:
        if self.sparse:
            return SPARSE_PAIR * log(self.p) * self.nonzeros**2 / self.n + READ * self.p**2
        return MATRIX_FLOP * self.n * self.p**2

    @property
    def _refinement(self) -> float:
        return MATRIX_FLOP * (WHITENED * self.n * self.p**2 + REFINED_FLOPS * self.p**3)
