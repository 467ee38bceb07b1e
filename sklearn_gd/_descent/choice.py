"""Which engine: the shape of a problem goes in, the name of the fastest exact engine comes out."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Protocol

from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.spectrum import CONTRACT, MOMENTS_ERROR

SPECTRAL = "spectral"
KRYLOV_ON_MOMENTS = "krylov on moments"
KRYLOV_ON_ROWS = "krylov on rows"
ENGINES = (SPECTRAL, KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS)

# Sums of products of so many columns take 512 MiB, and as much again while they are made.
MOST_COLUMNS_OF_MOMENTS = 1 << 13
# How often a descent of few updates has to take the rows after all, since its loss falls so far
# that moments lose its digits; only the data know, and this loses least on either kind.
REFINED_ANYWAY = 0.25
# A Krylov space needs about FACTOR * updates^POWER vectors where curvatures fall off as those of
# counts and texts do (measured: 20, 48, 106 for 100, 1000, 10,000 updates); where they fill an
# interval evenly 5 times the square root, until the descent has converged.
VECTORS_FACTOR, VECTORS_POWER = 4.5, 0.35
# It takes a few to know the largest curvature, however few the updates.
FEWEST_VECTORS = 16
# A Krylov path knows no least loss and no degrees of freedom, so it must be faster by this.
WORTH_LESS_KNOWN = 1.1

# Nanoseconds, of which only ratios matter. They were solved for by hand from what
# `python -m benchmarks.choice --quick` measured with one BLAS thread (NumPy's OpenBLAS, two busy
# x86-64 cores at 2 MB of second-level cache each, November 2026); two threads do large products in
# half the time.
MATRIX_FLOP = 0.02  # in products of large matrices
EIGEN_FLOPS, REFINED_FLOPS = 10.0, 34.0  # times p^3: eigh; and again with an SVD, for all digits
READ = 0.85  # a number used for one product with a vector, and for the next with what came of it
SPARSE_READ = 1.5  # the same with an index, which is worth less as few numbers fill the cache
SPARSE_PAIR = 12.0  # one product of two non-zeros of a row in X'X
STEP = 60_000.0  # what a step costs besides
LOOK = 800_000.0  # a look at the small problem, however small: stop, bound, rate
SMALL = 12.0  # times the cube of the vectors, in all looks together


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

    @classmethod
    def of(cls, rows: Sized, max_iter: int) -> Shape:
        n, p = rows.n_samples, rows.n_parameters
        return cls(n, p, rows.n_targets, rows.nonzeros, rows.is_sparse, max_iter, rows.afar)

    def with_rows(self, solver: str) -> str:
        """The engine for "auto" or "krylov"."""
        return self.best_engine() if solver == "auto" else self.best_krylov()

    def on_moments(self, solver: str) -> str:
        """The same where there are moments and no rows to turn to."""
        decompose = MATRIX_FLOP * EIGEN_FLOPS * self.p**3
        faster = WORTH_LESS_KNOWN * self._krylov_on_moments < decompose
        return KRYLOV_ON_MOMENTS if solver == "krylov" or faster else SPECTRAL

    def best_engine(self) -> str:
        """The one to be used: all give the same iterates."""
        if self.p > MOST_COLUMNS_OF_MOMENTS:
            return KRYLOV_ON_ROWS
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
        decomposed = self.cost(SPECTRAL) - self._moments + self._surface(self.p, iterates)
        return spaces < self._moments + folds * decomposed

    def _surface(self, directions: float, iterates: int) -> float:
        return 2 * MATRIX_FLOP * iterates * directions * min(directions, self.n) * self.targets

    def best_krylov(self) -> str:
        """The cheaper of the two; moments only where they hold digits for so many updates."""
        if self.p > MOST_COLUMNS_OF_MOMENTS or self.drifts:
            return KRYLOV_ON_ROWS
        if self.passes_are_dear:
            return KRYLOV_ON_MOMENTS
        return min((KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS), key=self.cost)

    @property
    def passes_are_dear(self) -> bool:
        """Two passes then cost less than a pass for every vector; sparse sums are filled in."""
        return self.afar and not self.sparse

    @property
    def drifts(self) -> bool:
        return bool(self.max_iter * MOMENTS_ERROR * EPS > CONTRACT)

    @property
    def vectors(self) -> float:
        updates = float(min(self.max_iter, 10**12))
        grown: float = VECTORS_FACTOR * updates**VECTORS_POWER
        return min(max(grown, FEWEST_VECTORS), self.n, self.p)

    def cost(self, engine: str) -> float:
        """About how many nanoseconds it takes."""
        if engine == KRYLOV_ON_ROWS:
            step = self.nonzeros * (SPARSE_READ if self.sparse else READ) * self.targets
            return self.vectors * step + self._growing
        if engine == KRYLOV_ON_MOMENTS:
            again = REFINED_ANYWAY * self.cost(KRYLOV_ON_ROWS)
            return self._moments + self._krylov_on_moments + again
        decompose = MATRIX_FLOP * EIGEN_FLOPS * self.p**3
        share = 1.0 if self.drifts else REFINED_ANYWAY
        return self._moments + decompose + share * self._refinement

    @property
    def _krylov_on_moments(self) -> float:
        return self.vectors * READ * self.p**2 * self.targets + self._growing

    @property
    def _growing(self) -> float:
        """Keeping vectors orthogonal, and looking at the small problem."""
        short = min(self.n, self.p) if self.sparse else self.p
        growing = 2 * READ * self.vectors**2 * short + SMALL * self.vectors**3
        return self.targets * growing + STEP * self.vectors + LOOK * self._looks

    @property
    def _looks(self) -> float:
        """Every four vectors at first, then whenever there are an eighth more."""
        return 1.0 + min(self.vectors, 32.0) / 4 + 8.5 * log(max(self.vectors, 32.0) / 32.0)

    @property
    def _moments(self) -> float:
        if self.sparse:
            return SPARSE_PAIR * self.nonzeros**2 / self.n + READ * self.p**2
        return MATRIX_FLOP * self.n * self.p**2

    @property
    def _refinement(self) -> float:
        products = SPARSE_READ * self.nonzeros * self.p if self.sparse else 0.0
        return products + MATRIX_FLOP * (3 * self.n * self.p**2 + REFINED_FLOPS * self.p**3)
