"""A basis in which every direction descends alone: moments or rows go in, curvatures come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from sklearn_gd._descent.moments import Moments, symmetric_sums
from sklearn_gd._descent.rows import Rows

Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# A loss read off moments is a difference of sums, known to this times their size.
MOMENTS_ROUNDING = 4 * EPS
# Loss and coefficients from moments drift by at most this much per update (DESIGN, section 4).
MOMENTS_DRIFT = 4 * EPS
# Slopes below this times the largest possible slope are rounding.
SLOPE_ROUNDING = 16 * EPS
# The distance to exact arithmetic that is promised for loss and coefficients.
CONTRACT = 1e-12
# Added to p in the usual rank tolerance p * eps, which is too tight for very few columns.
RANK_MARGIN = 16


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The problem seen from its start, one direction per column of `basis`.

    With the singular value decomposition of diag(sqrt(w)) Z / sqrt(W), and the first residual
    diag(sqrt(w)) (Y - Z start) / sqrt(W) written in its left singular vectors, J is a sum over
    directions: floor + 1/2 sum residual^2 at the start, each term falling by r^2 per update.
    """

    start: Floats  # theta_0, (p, k)
    basis: Floats  # Q, (p, r): orthonormal directions
    curvature: Floats  # (r,): eigenvalues of H, none below null_below
    residual: Floats  # (r, k): zero in directions that can't be told from flat ones
    floor: float  # the least possible loss
    null_below: float  # curvatures down here are not told from zero
    resolution: float  # losses below this are not told from zero
    drift: float  # relative error that each update may add

    @property
    def felt(self) -> NDArray[np.bool_]:
        """The directions whose curvature is told from zero."""
        return np.asarray(self.curvature > self.null_below)

    @property
    def largest_curvature(self) -> float:
        return float(self.curvature.max(initial=0.0))

    @property
    def felt_curvature(self) -> Floats:
        """All curvatures that are told from zero."""
        return self.curvature[self.felt]

    @property
    def least_loss(self) -> float:
        """The least possible loss, where it is known."""
        return self.floor

    def needs_rows(self, t: int, loss: float) -> bool:
        """Whether t updates down to this loss take more digits than are known here."""
        return t * self.drift > CONTRACT or self.resolution > CONTRACT * loss


def eigenbasis(moments: Moments, start: Floats, fit_intercept: bool) -> Spectrum:
    """From the moments alone: H = Q diag(curvature) Q'."""
    hessian, b = moments.hessian(fit_intercept), moments.products_with_y(fit_intercept)
    curvature, basis = linalg.eigh(hessian, driver="evd", check_finite=False)
    largest = max(float(curvature[-1]), 0.0)
    null_below = (curvature.size + RANK_MARGIN) * EPS * largest
    slope = basis.T @ (hessian @ start - b)

    squares = moments.mean_squares_of_y()
    quadratic = np.einsum("pk,pk->k", start, hessian @ start)
    sizes = squares + np.abs(quadratic)
    # A flat direction without slope is the rounding of an exact zero: nothing moves there.
    flat = (curvature <= null_below)[:, np.newaxis]
    flat = flat & (np.abs(slope) <= SLOPE_ROUNDING * np.sqrt(largest * sizes))
    curvature = np.maximum(curvature, null_below)
    residual = np.where(flat, 0.0, -slope)
    np.divide(residual, np.sqrt(curvature)[:, np.newaxis], out=residual, where=~flat)

    first_loss = 0.5 * float(np.sum(squares + quadratic - 2 * np.einsum("pk,pk->k", start, b)))
    return Spectrum(
        start=start,
        basis=basis,
        curvature=curvature,
        residual=residual,
        floor=max(first_loss - 0.5 * float(np.sum(residual**2)), 0.0),
        null_below=null_below,
        resolution=MOMENTS_ROUNDING * float(np.sum(sizes)),
        drift=MOMENTS_DRIFT,
    )


def refine(rows: Rows, coarse: Spectrum) -> Spectrum:
    """From the rows once more: the singular values of Z, not the square roots of those of Z'Z.

    CholeskyQR2 (Yamamoto et al. 2015, doi 10.1137/14M0989858) with the coarse eigenbasis in the
    place of the first Cholesky factor, so that rank-deficient rows need no shift: the columns of
    Y = Z Q D^-1 are orthonormal as far as the moments knew, and (Y'Y)^(1/2) D Q' is a factor of Z
    with singular values good to eps * sigma_max, where the moments' are good to
    sqrt(eps) * sigma_max. What the moments' own least-squares solution leaves of the residual is
    summed as squares over rows, so the least possible loss keeps its digits too.
    """
    p, k = coarse.start.shape
    size = np.sqrt(np.maximum(coarse.curvature, coarse.null_below))
    size[size == 0.0] = 1.0
    known = np.where(coarse.felt[:, np.newaxis], coarse.residual, 0.0)
    sums = symmetric_sums(rows.whitened_blocks(coarse.start, coarse.basis / size, known), p + k)
    sums /= rows.weight

    # (Y'Y)^(1/2) and its inverse; a null eigenvalue is a direction in which Z has nothing.
    gain, turn = linalg.eigh(sums[:p, :p], driver="evd", check_finite=False)
    present = gain > (p + RANK_MARGIN) * EPS
    gain, turn = np.sqrt(gain[present]), turn[:, present]
    left, sigma, right = linalg.svd(gain[:, np.newaxis] * turn.T * size, full_matrices=False)
    rest = (turn.T @ sums[:p, p:]) / gain[:, np.newaxis]
    residual = left.T @ (gain[:, np.newaxis] * (turn.T @ known) + rest)

    largest = float(sigma.max(initial=0.0))
    null_sigma = (p + RANK_MARGIN) * EPS * largest
    flat = sigma <= null_sigma
    floor = (
        float(np.trace(sums[p:, p:])) - float(np.sum(rest**2)) + float(np.sum(residual[flat] ** 2))
    )
    return Spectrum(
        start=coarse.start,
        basis=coarse.basis @ right.T,
        curvature=np.maximum(sigma, null_sigma) ** 2,
        residual=np.where(flat[:, np.newaxis], 0.0, residual),
        floor=max(0.5 * floor, 0.0),
        null_below=null_sigma**2,
        resolution=EPS * coarse.resolution,
        drift=0.0,
    )
