"""What each engine costs: the size of a problem goes in, about how many nanoseconds come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import erf, log, sqrt

from sklearn_gd._descent.curvatures import Curvatures
from sklearn_gd._descent.few import MOST_DIVIDED
from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.spectrum import CONTRACT, MOMENTS_ERROR

SPECTRAL = "spectral"
KRYLOV_ON_MOMENTS = "krylov on moments"
KRYLOV_ON_ROWS = "krylov on rows"
ENGINES = (SPECTRAL, KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS)
# Of few updates at a given rate it may be the fastest: a space on rows takes as many products, but
# keeps its vectors orthogonal and looks at them.
LOOP = "plain loop"

# How often moments lack digits, so that the rows must be taken after all: only the data know. In
# descents of few updates rarely; in long ones where curvatures fall off, so that directions are
# still on their way; where no more rows than columns are fitted exactly, the loss always.
LACKING_SHORT, LACKING_LONG = 0.1, 0.7
# Where rows were asked how curvatures fall off, in gains of errors: in long descents digits lack
# from the first on (the bound says 450), of which the logarithm is known to the second, as few rows
# tell; in short ones sometimes from the third on, when a loss is measured while directions are
# still on their way.
LACKING_FROM, GAIN_ERROR, ON_THE_WAY = 430.0, 0.3, 60.0
LACKING_ON_THE_WAY = 0.3
# Vectors that a Krylov space needs, as FACTOR * updates^POWER, where rows were not asked. Dense:
# between what curvatures.py says of either kind. Sparse: between 8, 10, 16, 28 of random columns
# for 20, 100, 1000, 10,000 updates and 10, 20, 48, 106 of texts.
DENSE_FACTOR, DENSE_POWER = 18.0, 0.17
SPARSE_FACTOR, SPARSE_POWER = 4.0, 0.19
# Where moments lack digits curvatures fall off, and so many of the vectors do.
FALLING_OFF = 0.9
# It takes a few to know the largest curvature, however few the updates; and at a given rate where a
# space was looked at with eight vectors the next look is with so many.
FEWEST_VECTORS, FEWEST_AT_A_RATE = 8, 11
# Nanoseconds, of which only ratios matter. They were solved for by hand from the engines' times on
# thirty shapes (`benchmarks/choice.py`) with one BLAS thread (NumPy's OpenBLAS, busy x86-64
# cores at 1 MB of second-level cache each, November 2026); two threads do large products in
# half the time.
MATRIX_FLOP = 0.02  # in products of large matrices
EIGEN_FLOPS, EIGEN_SQUARE = 5.3, 40.0  # times p^3 and, in nanoseconds, p^2: eigh
REFINED_FLOPS, REFINED_SQUARE = 34.0, 100.0  # the same: again with an SVD, for all digits
# Times n^2 p, n^3, in nanoseconds n^2, and a number of such rows, turned and copied on the way:
# n <= p rows, by QR and a bidiagonal matrix, whose singular vectors take n^3 more where they are
# formed. A fifth above what they take, as spaces of few rows are priced too high by that or more.
DECOMPOSED_FLOPS, SINGULAR_FLOPS, SINGULAR_SQUARE, TURNED = 3.0, 5.5, 42.0, 9.0
FORMED_FLOPS = 3.5
WHITENED = 2.4  # a second pass over the rows, in times of the first
READ = 0.6  # a number used for one product with a vector, and for the next with what came of it
# Of rows that stay in the last cache from step to step; half of twice as many do.
NEAR_READ, NEAR_NUMBERS = 0.36, 3 << 19
CACHED_READ = 0.12  # a number of a matrix that stays in cache from step to step
SPARSE_READ = 2.2  # a non-zero of the rows, for both products
ROW = 10.0  # all that is done with one entry of a vector as long as there are rows
SPARSE_PAIR = 1.45  # one product of two non-zeros of a row in X'X, times log p
STEP = 60_000.0  # what a step costs besides
# An update of the plain loop: a number read, near or far or a non-zero; what every target after the
# first costs of that; and what an update costs besides.
LOOP_NEAR_READ, LOOP_READ, LOOP_SPARSE_READ = 0.4, 0.47, 1.6
LOOP_TARGET, LOOP_SPARSE_TARGET = 0.2, 0.4
LOOP_STEP = 12_000.0
LOOKS_AT_SMALL = 3
LOOK = 300_000.0  # a look at the small problem, however small: stop, bound, rate
SMALL = 3.0  # times the cube of the vectors, in all looks together


@dataclass(frozen=True)
class Priced:
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
        deviations = log(gain / LACKING_FROM) / GAIN_ERROR
        return max(LACKING_SHORT, 0.5 + 0.5 * erf(deviations / sqrt(2.0)))

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
            cubed = SINGULAR_FLOPS + FORMED_FLOPS * (self.max_iter > MOST_DIVIDED)
            flops = DECOMPOSED_FLOPS * n**2 * p + cubed * n**3
            return MATRIX_FLOP * flops + SINGULAR_SQUARE * n**2 + TURNED * n * p
        return self._moments + self._decomposed

    def grown(self, vectors: float) -> float:
        """A space of few vectors on rows."""
        return vectors * (self._step * self.targets + STEP) + LOOKS_AT_SMALL * LOOK

    @property
    def stay_near(self) -> bool:
        """Whether all of the rows stay in the last cache."""
        return self.nonzeros <= NEAR_NUMBERS

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
        flops = WHITENED * self.n * self.p**2 + REFINED_FLOPS * self.p**3
        return MATRIX_FLOP * flops + REFINED_SQUARE * self.p**2

    def _surface(self, directions: float, iterates: int) -> float:
        return 2 * MATRIX_FLOP * iterates * directions * min(directions, self.n) * self.targets
