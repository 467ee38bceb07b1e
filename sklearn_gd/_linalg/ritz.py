"""Rayleigh-Ritz: a least-squares problem projected on the first m vectors of a Krylov space."""

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._linalg.numbers import EPS, Floats, rank_tolerance

# Components of eigenvectors above this are accurate enough from the decomposition.
SMALL_COMPONENT = 1e-11
# Recurrences are rescaled above this, so that they never overflow.
LARGE = 1e100


@dataclass(frozen=True, eq=False)
class Ritz:
    """The projected problem of one target: T = V' A'A V, its eigenvalues and the residual there."""

    diagonal: Floats  # (m,), of T
    offdiagonal: Floats  # (m - 1,), of T
    next_offdiagonal: float  # the next entry beside the diagonal; 0.0 in an invariant space
    eigenvalues: Floats  # (r,), of T, above the rank tolerance
    eigenvectors: Floats  # (m, r)
    rotated_residual: Floats  # (r,): the first residual in the left singular directions
    floor: float  # the least loss in the space

    @property
    def size(self) -> int:
        return self.diagonal.size

    @property
    def largest(self) -> float:
        """The largest eigenvalue; 0 in an empty space."""
        return float(self.eigenvalues.max(initial=0.0))

    @property
    def complete(self) -> bool:
        """Whether the space is invariant."""
        return self.next_offdiagonal == 0.0

    @cached_property
    def last_components(self) -> Floats:
        """The last component of each eigenvector, accurate relative to itself.

        A decomposition has components to EPS only, an error that a million updates sum to 1e-10.
        The three-term recurrence from the last row upwards is stable while components grow; it ends
        at each vector's largest component, which the decomposition has accurately.
        """
        last: Floats = self.eigenvectors[-1].copy()
        small = np.flatnonzero(np.abs(last) < SMALL_COMPONENT)
        if small.size:
            peak = np.argmax(np.abs(self.eigenvectors[:, small]), axis=0)
            growth = self._log_growth(self.eigenvalues[small], peak)
            with np.errstate(divide="ignore"):
                sizes = np.log(np.abs(self.eigenvectors[peak, small])) - growth
            last[small] = np.copysign(np.exp(np.minimum(sizes, 0.0)), last[small])
        return last

    def _log_growth(self, eigenvalues: Floats, peak: NDArray[np.intp]) -> Floats:
        """Return log |component `peak` / last component| of each eigenvector, by recurrence."""
        below, current = np.zeros_like(eigenvalues), np.ones_like(eigenvalues)
        scale, growth = np.zeros_like(eigenvalues), np.zeros_like(eigenvalues)
        for row in range(self.size - 1, 0, -1):
            next_entry = self.offdiagonal[row] if row < self.size - 1 else 0.0
            above = (eigenvalues - self.diagonal[row]) * current - next_entry * below
            below, current = current, above / self.offdiagonal[row - 1]
            size = np.maximum(np.abs(current), np.abs(below))
            shrink = np.where(size > LARGE, size, 1.0)
            below, current, scale = below / shrink, current / shrink, scale + np.log(shrink)
            with np.errstate(divide="ignore"):
                growth = np.where(row - 1 == peak, np.log(np.abs(current)) + scale, growth)
        return growth

    @cached_property
    def largest_error(self) -> float:
        """An estimate of the relative distance of the largest Ritz value from an eigenvalue of A'A.

        The distance is at most the residual; it is about the residual squared over the gap to the
        next eigenvalue, for which the next Ritz value is taken.
        """
        if self.complete:
            return 0.0
        if self.eigenvalues.size < 2:
            return inf
        order = np.argsort(self.eigenvalues)
        largest, second = self.eigenvalues[order[-1]], self.eigenvalues[order[-2]]
        residual = self.next_offdiagonal * abs(float(self.eigenvectors[-1, order[-1]]))
        gap = max(largest - second, EPS * largest)
        return float(min(residual, residual**2 / gap) / largest)


def from_bidiagonal(alphas: Floats, betas: Floats, first: float) -> Ritz:
    """Return the problem of a lower bidiagonal B: alphas (m + 1,), betas (m,) below them.

    `first` is the length of the first residual; the last alpha lies beyond the space. Singular
    values of B are more accurate than eigenvalues of T = B'B. m = 0 if the start is the limit.
    """
    m, off = betas.size, alphas[1:] * betas
    lower = np.zeros((m + 1, m))
    lower[np.arange(m), np.arange(m)] = alphas[:m]
    lower[np.arange(1, m + 1), np.arange(m)] = betas
    left, sigma, right = np.linalg.svd(lower, full_matrices=False)
    residual, floor = first * left[0], 0.5 * _least_residual(alphas, betas, first) ** 2
    kept = sigma > rank_tolerance(m) * float(sigma.max(initial=0.0))
    return Ritz(
        diagonal=alphas[:m] ** 2 + betas**2,
        offdiagonal=off[:-1],
        next_offdiagonal=float(off[-1:].sum()),
        eigenvalues=sigma[kept] ** 2,
        eigenvectors=right.T[:, kept],
        rotated_residual=residual[kept],
        floor=floor + 0.5 * float(np.sum(residual[~kept] ** 2)),
    )


def from_tridiagonal(diagonal: Floats, off: Floats, first: float, first_loss: float) -> Ritz:
    """Return the problem of T with this diagonal (m,) and `off` (m,) beside it.

    `first` is the length of the first gradient; the last entry of `off` lies beyond the space.
    m = 0 if the start is the limit.
    """
    eigenvalues, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off[:-1], -1))
    kept = eigenvalues > rank_tolerance(diagonal.size) * float(eigenvalues.max(initial=0.0))
    residual = first * vectors[:1, kept].ravel() / np.sqrt(eigenvalues[kept])
    return Ritz(
        diagonal=diagonal,
        offdiagonal=off[:-1],
        next_offdiagonal=float(off[-1:].sum()),
        eigenvalues=eigenvalues[kept],
        eigenvectors=vectors[:, kept],
        rotated_residual=residual,
        floor=max(first_loss - 0.5 * float(np.sum(residual**2)), 0.0),
    )


def _least_residual(alphas: Floats, betas: Floats, first: float) -> float:
    """Return min |first e_1 - B z| as a product of sines, which is accurate relative to itself.

    Paige and Saunders 1982, doi 10.1145/355984.355989.
    """
    diagonal, left = float(alphas[0]), first
    for alpha, beta in zip(alphas[1:], betas, strict=True):
        length = np.hypot(diagonal, beta)
        left *= beta / length
        diagonal = -float(alpha) * diagonal / length
    return float(left)
