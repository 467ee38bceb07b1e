"""How curvatures fall off: an effective rank goes in, and what that asks of an engine comes out.

Where columns are all alike curvatures fill an interval, as those of random matrices do; else a few
are large, and the others fall off. All figures here are measured on columns of scales j^-decay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cbrt, expm1, inf, log, sqrt

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.products import gram, sum_of_squares

Floats = NDArray[np.float64]

# So many rows tell the effective rank.
ROWS_ASKED = 64
# Where the effective rank is this share of the columns they are alike; and from the second share on
# the largest curvature is no longer apart from the next.
ALIKE, NOTHING_APART = 0.8, 0.9
# Vectors until T updates are known. Alike: a multiple of sqrt(T), which is how Chebyshev
# polynomials come near (1 - x)^T; 21, 57, 157, 334 for 20, 100, 1000, 10,000 updates.
ALIKE_FACTOR = 5.5
# Falling off: a multiple of a power of T that grows with the rank; 12, 16, 27, 45 for the same
# updates at a rank of 3; 16, 29, 53, 114 at 30; 22, 40, 101, 245 at 500.
FALLING_FACTOR, POWER_AT_ONE, POWER_PER_FOLD, MOST_POWER = 6.5, 0.15, 0.047, 0.38
# However many the updates, so many times the ratio of singular values are enough.
PER_RATIO = 15.0
# Vectors until the largest curvature is known, in units of the root of its distance to the next,
# over the width of the interval (measured: 8.4 to 10.9 on nine shapes).
TO_THE_TOP = 9.6


@dataclass(frozen=True)
class Curvatures:
    """Those of n x p rows of this effective rank."""

    n: int
    p: int
    rank: float

    @property
    def share(self) -> float:
        return min(self.rank / self.p, 1.0)

    @property
    def ratio(self) -> float:
        """About the largest over the smallest singular value that matters to a space.

        Of independent numbers it is (1 + g) / (1 - g) with g the root of p / n (Marchenko and
        Pastur 1967).
        """
        root = self._root_of_aspect
        return (1.0 + root) / (1.0 - root) / self.share if root < 1.0 else inf

    @cached_property
    def spread(self) -> float:
        """About the largest over the smallest curvature of all.

        Those that fall off as j^-q are p^q apart, and those of n rows of such columns further, by
        what it is of independent numbers and a part of that the larger, the slower they fall off.
        The gain of a thousand updates is off by a tenth, mostly (128 tables, 140 to 1600 columns).
        """
        root = self._root_of_aspect
        if root >= 1.0 or self.share >= ALIKE:
            return self.ratio**2
        power = power_of(self.rank, self.p)
        apart: float = float(self.p) ** power * (1.0 - (0.2 + 0.4 * min(power, 1.0)) * root)
        return apart / (1.0 - root) ** 2

    def gain(self, updates: float) -> float:
        """The largest (1 - r^updates) / curvature at the classical rate, that of the top 1."""
        spread = self.spread
        return -spread * expm1(-updates / spread) if spread < inf else updates

    def vectors_for(self, updates: float) -> float:
        """How many a space needs until so many updates are known."""
        if self.share >= ALIKE:
            grown = ALIKE_FACTOR * sqrt(updates)
        else:
            power = min(POWER_AT_ONE + POWER_PER_FOLD * log(self.rank), MOST_POWER)
            grown = FALLING_FACTOR * float(updates) ** power
        return min(grown, PER_RATIO * self.ratio)

    @property
    def vectors_to_the_top(self) -> float:
        """How many it needs until the largest curvature is known; 0: fewer than for any update.

        Among alike ones its distance to the next is that of Johnstone (2001,
        doi 10.1214/aos/1009210544), Theorem 1.1.
        """
        if self.share < NOTHING_APART:
            return 0.0
        return TO_THE_TOP * cbrt(min(self.n, self.p) / (1.0 + self._root_of_aspect) ** 2)

    @property
    def _root_of_aspect(self) -> float:
        return sqrt(min(self.n, self.p) / max(self.n, self.p))


def power_of(rank: float, p: int) -> float:
    """q, where 1 beside j^-q for j < p has this effective rank; by bisection, 0 to 4."""
    low, high, m = 0.0, 4.0, max(p - 1, 1)
    while high - low > 1e-3:
        q = 0.5 * (low + high)
        at_q = (1.0 + _sum_of_powers(q, m)) ** 2 / (1.0 + _sum_of_powers(2.0 * q, m))
        low, high = (q, high) if at_q > rank else (low, q)
    return low


def _sum_of_powers(q: float, m: int) -> float:
    """About 1 + 2^-q + .. + m^-q (Euler and Maclaurin)."""
    last: float = float(m) ** -q
    whole = log(m) if q == 1.0 else (m * last - 1.0) / (1.0 - q)
    return whole + 0.5 * (1.0 + last) + q / 12.0 * (1.0 - last / m)


def effective_rank(X: Floats, fit_intercept: bool) -> float | None:
    """tr(H)^2 / tr(H^2) of the distribution that a few rows were drawn from, 1 at least.

    Products of different rows estimate tr(H^2) without bias. None where rows do not tell.
    """
    m = len(X)
    with np.errstate(all="ignore"):  # whatever is not finite is refused where all rows are read
        products = gram(X) + fit_intercept
        size, squares = float(np.trace(products)), sum_of_squares(products)
        beside = squares - float(np.sum(np.diagonal(products) ** 2))
        return max(size**2 * (m - 1) / (m * beside), 1.0) if beside > 0 else None
