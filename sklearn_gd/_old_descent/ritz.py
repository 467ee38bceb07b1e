"""A problem restricted to a Krylov space: small matrices go in, curvatures and a bound come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy import linalg  # noqa: TID251  (small tridiagonal matrices wake no thread)

from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.spectrum import RANK_MARGIN

Floats = NDArray[np.float64]

# Points in time between which the bound takes its summand to be largest at an end.
SAMPLES = 60
# Last components above this are known to enough digits from the decomposition itself.
KNOWN_COMPONENT = 1e-11
# The bound is asked no further: beyond, every direction that moves at all has long arrived.
FAR = 1 << 60
# SciPy's dstevd multiplies matrices of more rows than this by its own BLAS, whose threads NumPy's
# then fight for a core: 5 to 15 milliseconds in the place of half a one for 135 rows. NumPy's eigh
# takes one, as a dense matrix; of many rows it takes longer than such a fight.
MOST_ALONE, MANY = 100, 300
# Recurrences are rescaled above this, so that they never overflow.
LARGE = 1e100


@dataclass(frozen=True, eq=False)
class Ritz:
    """Textbook descent on the small problem of one target, one entry per direction.

    With V the first m Krylov vectors, T = V' H V tridiagonal and `coupling` the next entry beside
    its diagonal, the restricted iterate theta_0 + V z_t differs from theta_t by delta_t with

        delta_{t+1} = (I - lr H) delta_t + lr * coupling * (z_t)_m * v_{m+1}

    exactly: as long as the last coordinate of z_t is small, the space is large enough.
    """

    diagonal: Floats  # (m,): of T
    beside: Floats  # (m - 1,)
    coupling: float  # 0.0 where the space is invariant: every iterate lies in it
    curvature: Floats  # (m,): eigenvalues of T
    turn: Floats  # (m, m): its eigenvectors, as columns
    residual: Floats  # (m,): the first residual in the singular directions
    floor: float  # the least loss in the space

    @property
    def size(self) -> int:
        return self.diagonal.size

    @property
    def complete(self) -> bool:
        return self.coupling == 0.0

    @cached_property
    def last(self) -> Floats:
        """Last components of the eigenvectors, the tiny ones too with digits of their own.

        A decomposition knows them to EPS only, which a million updates would add up to 1e-10. The
        three-term recurrence from the last row upwards is stable while components grow; it ends at
        each vector's largest component, which the decomposition does know.
        """
        last: Floats = self.turn[-1].copy()
        tiny = np.flatnonzero(np.abs(last) < KNOWN_COMPONENT)
        if tiny.size:
            peak = np.argmax(np.abs(self.turn[:, tiny]), axis=0)
            growth = self._log_growth(self.curvature[tiny], peak)
            sizes = np.log(np.abs(self.turn[peak, tiny])) - growth
            last[tiny] = np.copysign(np.exp(np.minimum(sizes, 0.0)), last[tiny])
        return last

    def _log_growth(self, curvature: Floats, peak: NDArray[np.intp]) -> Floats:
        """log |component `peak` / last component| of each eigenvector, by recurrence."""
        below, here = np.zeros_like(curvature), np.ones_like(curvature)
        scale, growth = np.zeros_like(curvature), np.zeros_like(curvature)
        for row in range(self.size - 1, 0, -1):
            next_entry = self.beside[row] if row < self.size - 1 else 0.0
            above = (curvature - self.diagonal[row]) * here - next_entry * below
            below, here = here, above / self.beside[row - 1]
            size = np.maximum(np.abs(here), np.abs(below))
            shrink = np.where(size > LARGE, size, 1.0)
            below, here, scale = below / shrink, here / shrink, scale + np.log(shrink)
            with np.errstate(divide="ignore"):
                growth = np.where(row - 1 == peak, np.log(np.abs(here)) + scale, growth)
        return growth

    def coordinates(self, lr: float, t: int) -> Floats:
        """z_t, (m,)."""
        shortfall = Contraction(self.curvature, lr).shortfall(t)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.turn @ (shortfall * self._amplitude))

    def distance(self, lr: float, t: int, largest: float) -> tuple[float, float]:
        """At most |delta_t|, and the rounding of that number; `largest` is that of H.

        For lr <= 1 / largest the last coordinate grows with t, so a sum over the left or right
        ends of intervals bounds the sum over all t. For larger rates it is an estimate: both
        parities are sampled, and nothing was seen between the samples that was not at their ends.
        """
        if self.complete or t <= self.size:
            return 0.0, 0.0
        return self._bound(lr, t, largest, self.last, EPS * np.abs(self.last))

    def least_distance(self, lr: float, t: int, largest: float) -> float:
        """What `distance` is surely above, from the decomposition alone."""
        if self.complete or t <= self.size:
            return 0.0
        rough = self.turn[-1]
        unknown = np.where(np.abs(rough) < KNOWN_COMPONENT, 2 * KNOWN_COMPONENT, 0.0)
        bound, slack = self._bound(lr, t, largest, rough, unknown)
        return bound - slack if slack < inf else bound

    def _bound(
        self, lr: float, t: int, largest: float, last: Floats, off: Floats
    ) -> tuple[float, float]:
        """The bound for these last components, and what it may be off where they are off by so."""
        t = min(t, FAR)
        s = _samples(t)
        shortfall = Contraction(self.curvature, lr).shortfall(s)
        terms, spread = last * self._amplitude, off * np.abs(self._amplitude)
        with np.errstate(over="ignore", invalid="ignore"):
            sizes = np.abs(shortfall @ terms)
            noise = np.abs(shortfall) @ spread
            growth = np.log(max(1.0, abs(1.0 - lr * largest)))
            weights = np.diff(s, append=t) * np.exp(growth * (t - s.astype(float)))
            scale = lr * self.coupling
            return scale * _over_intervals(sizes, weights), scale * _over_intervals(noise, weights)

    @property
    def _amplitude(self) -> Floats:
        return self.residual / np.sqrt(self.curvature)

    def top_is_converged(self, rounding: float) -> bool:
        """Whether the largest Ritz value is a curvature of H, to this relative error."""
        return self.top_error <= rounding

    @cached_property
    def top_error(self) -> float:
        """By how much the largest Ritz value is no curvature of H, at most, relatively.

        Its error is at most its residual and, squared, that over the gap to the next curvature.
        """
        if self.complete:
            return 0.0
        if self.size < 2:
            return inf
        order = np.argsort(self.curvature)
        top, second = self.curvature[order[-1]], self.curvature[order[-2]]
        off = self.coupling * abs(float(self.turn[-1, order[-1]]))
        return float(min(off, off**2 / max(top - second, EPS * top)) / top)


def _samples(t: int) -> NDArray[np.int64]:
    """Both parities of geometrically spaced points in 0 .. t - 1."""
    points = np.unique(np.geomspace(1, t, SAMPLES).astype(np.int64)) - 1
    return np.unique(np.minimum(np.concatenate([points, points + 1]), t - 1))


def _over_intervals(sizes: Floats, weights: Floats) -> float:
    ends = np.maximum(sizes, np.append(sizes[1:], sizes[-1]))
    return float(np.sum(ends * weights))


def from_bidiagonal(alphas: Floats, betas: Floats, first: float) -> Ritz:
    """From Golub-Kahan-Lanczos: alphas (m + 1,), betas (m,) below them, the first residual's size.

    The last alpha is beyond the space. Singular values keep digits that the eigenvalues of T lose.
    """
    m = betas.size
    lower = np.zeros((m + 1, m))
    lower[np.arange(m), np.arange(m)] = alphas[:m]
    lower[np.arange(1, m + 1), np.arange(m)] = betas
    left, sigma, right = np.linalg.svd(lower, full_matrices=False)
    residual, floor = first * left[0], 0.5 * _least_residual(alphas, betas, first) ** 2
    null_sigma = (m + RANK_MARGIN) * EPS * float(sigma.max(initial=0.0))
    kept = sigma > null_sigma
    return Ritz(
        diagonal=alphas[:m] ** 2 + betas**2,
        beside=alphas[1:m] * betas[:-1],
        coupling=float(alphas[m] * betas[m - 1]),
        curvature=sigma[kept] ** 2,
        turn=right.T[:, kept],
        residual=residual[kept],
        floor=floor + 0.5 * float(np.sum(residual[~kept] ** 2)),
    )


def _least_residual(alphas: Floats, betas: Floats, first: float) -> float:
    """|first e_1 - B z| at its least: a product of sines (Paige and Saunders 1982), so with digits
    of its own however small it is."""
    diagonal, left = float(alphas[0]), first
    for alpha, beta in zip(alphas[1:], betas, strict=True):
        length = np.hypot(diagonal, beta)
        left *= beta / length
        diagonal = -float(alpha) * diagonal / length
    return float(left)


def from_tridiagonal(
    diagonal: Floats, beside: Floats, slope: float, first_loss: float, unit: float = EPS
) -> Ritz:
    """From Lanczos on H: diagonal (m,), beside (m,), the first gradient's size, J at the start.

    `unit` is the rounding of H.
    """
    curvature, turn = _eigenvectors(diagonal, beside[:-1])
    null_below = (diagonal.size + RANK_MARGIN) * unit * max(float(curvature[-1]), 0.0)
    kept = curvature > null_below
    residual = slope * turn[0, kept] / np.sqrt(curvature[kept])
    return Ritz(
        diagonal=diagonal,
        beside=beside[:-1],
        coupling=float(beside[-1]),
        curvature=curvature[kept],
        turn=turn[:, kept],
        residual=residual,
        floor=max(first_loss - 0.5 * float(np.sum(residual**2)), 0.0),
    )


def _eigenvectors(diagonal: Floats, beside: Floats) -> tuple[Floats, Floats]:
    if MOST_ALONE < diagonal.size < MANY:
        curvature, turn = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, -1))  # lower half
    else:
        curvature, turn = linalg.eigh_tridiagonal(diagonal, beside, check_finite=False)
    return curvature, turn


def nothing(first_loss: float) -> Ritz:
    """No direction at all: a target whose start is its limit."""
    none = np.zeros(0)
    return Ritz(none, none, 0.0, none, np.zeros((0, 0)), none, first_loss)
