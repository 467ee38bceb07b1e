"""CholeskyQR2: singular values of Z from Z'Z and one more pass over the rows of Z.

Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015, doi 10.1137/14M0989858. The first factor is D V'
from Z'Z = V D^2 V', with D at least its rounding, so that a rank-deficient Z needs no shift.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sklearn_gd._linalg.numbers import EPS, Floats, concat, rank_tolerance


@dataclass(frozen=True, eq=False)
class Preconditioner:
    """Y = Z inverse has nearly orthonormal columns; all rows need the same one."""

    factor: Floats  # (p, p): D V'
    inverse: Floats  # (p, p): V D^-1
    known: Floats  # (p, k): the least-squares solution in the columns of Y, from Z'Z
    start: Floats  # (p, k): residuals are y - Z start

    def products(self, Z: Any, y: Any, xp: Any = np) -> Floats:
        """Return [Y E]'[Y E] of a block of rows, (p + k, p + k); those of two blocks add up.

        E = y - Z start - Y known is formed from the rows of Y as they were rounded, so that
        Y known + E is the first residual to a rounding, however ill-conditioned Z is.
        """
        Y = Z @ self.inverse
        residual = y - Z @ self.start if xp.any(self.start != 0) else y
        both = concat(xp, [Y, residual - Y @ self.known])
        products: Floats = both.T @ both
        return products

    def moved(self, to_device: Callable[[Floats], Any]) -> Preconditioner:
        """Return the same for products with rows on a device."""
        return Preconditioner(self.factor, *map(to_device, (self.inverse, self.known, self.start)))


def factor_of(eigenvalues: Floats, vectors: Floats, tolerance: float) -> tuple[Floats, Floats]:
    """Return D V' and V D^-1, with D^2 the eigenvalues, raised to `tolerance` if below."""
    size = np.sqrt(np.maximum(eigenvalues, tolerance))
    size[size == 0.0] = 1.0
    return size[:, np.newaxis] * vectors.T, vectors / size


class RefinedSvd(NamedTuple):
    """Singular values of Z, its right singular vectors, and what they leave of the residual."""

    sigma: Floats  # (r,)
    basis: Floats  # V (p, r)
    rotated_residual: Floats  # U'residual (r, k)
    left_over: float  # the sum of squares outside


def refined_svd(preconditioner: Preconditioner, products: Floats, unit: float = EPS) -> RefinedSvd:
    """Return the decomposition of Z from its products with the preconditioner.

    With R'R = Y'Y, R D V' is a factor of Z whose singular values are good to eps * sigma_max;
    those of Z'Z are good to sqrt(eps) * sigma_max. The residual of the least-squares solution is
    summed over rows, so that the least loss is accurate relative to itself.
    """
    p = len(preconditioner.factor)
    eigenvalues, vectors = np.linalg.eigh(products[:p, :p])
    nonzero = eigenvalues > rank_tolerance(p, unit) * float(eigenvalues[-1])
    size, vectors = np.sqrt(eigenvalues[nonzero])[:, np.newaxis], vectors[:, nonzero]
    root, across = size * vectors.T, vectors.T @ products[:p, p:] / size
    left, sigma, right = np.linalg.svd(root @ preconditioner.factor, full_matrices=False)
    residual = left.T @ (root @ preconditioner.known + across)
    squares = float(np.trace(products[p:, p:]) - np.sum(across**2))
    return RefinedSvd(sigma, right.T, residual, max(squares, 0.0))
