"""A second pass over the rows: what moments knew goes in, all the digits that rows have come out.

CholeskyQR2 (Yamamoto et al. 2015, doi 10.1137/14M0989858) with a factor of D Q', D^2 the coarse
curvatures held above their rounding, in the place of the first Cholesky factor, so that
rank-deficient rows need no shift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg  # noqa: TID251  (NumPy has no estimate of conditions; it wakes no thread)

from sklearn_gd._descent.moments import sum_of_products
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import RANK_MARGIN, Spectrum, from_singular_values
from sklearn_gd._descent.substitution import blocks, pivoted, solve

Floats = NDArray[np.float64]

# Y'Y whose condition number, as LAPACK estimates it, is below the inverse of this, and of so many
# times the rank tolerance, has every direction of Z; one that Z lacks leaves about p roundings.
LEAST_RCOND, FAR_ABOVE = 1e-10, 100.0


@dataclass(frozen=True, eq=False)
class Whitening:
    """Y = Z factor^-1, whose columns are orthonormal as far as the moments knew.

    All rows need the same one: made again elsewhere it might differ.
    """

    start: Floats  # theta_0, (p, k)
    known: Floats  # the moments' least-squares solution in the columns of Y, (p, k)
    factor: Floats  # (p, p), triangular but for the blocks on its diagonal
    inverses: list[Floats]  # of those

    @classmethod
    def of(cls, coarse: Spectrum) -> Whitening:
        size = np.sqrt(np.maximum(coarse.curvature, coarse.null_below))
        size[size == 0.0] = 1.0
        felt = np.where(coarse.felt[:, np.newaxis], coarse.residual, 0.0)
        # Beside the matrix the residual is turned with it, and no orthogonal matrix is formed.
        scaled = size[:, np.newaxis] * coarse.basis.T
        both = np.asarray(np.linalg.qr(np.hstack([scaled, felt]), mode="r"))
        factor, known = both[:, : size.size].copy(), both[:, size.size :].copy()
        inverses = []
        for own in blocks(len(factor)):
            turn, factor[own, own], inverse = pivoted(factor[own, own])
            factor[own, own.stop :] = turn.T @ factor[own, own.stop :]
            known[own] = turn.T @ known[own]
            inverses.append(inverse)
        return cls(coarse.start, known, factor, inverses)


def whitened_sums(rows: Rows, white: Whitening) -> Floats:
    """[Y E]' [Y E] over the rows, (p + k, p + k); those of two sets of rows add up.

    Y solves Y factor = Z row by row. E = (y - Z start) - Y known is formed from the rows of Y as
    they were rounded, so that Y known + E is the residual at the start to a rounding, however
    ill-conditioned Z is.
    """
    p, k = white.start.shape

    def whitened_blocks() -> Iterator[Floats]:
        whitened = np.empty((0, p + k), order="F")
        for Z, y in rows.design_blocks():
            if len(whitened) != len(Z):
                whitened = np.empty((len(Z), p + k), order="F")
            Y, error = whitened[:, :p], whitened[:, p:]
            error[:] = y - Z @ white.start if white.start.any() else y
            solve(Z, white.factor, white.inverses, Y)
            error -= Y @ white.known
            yield whitened

    return sum_of_products(whitened_blocks(), p + k)


def refined(coarse: Spectrum, white: Whitening, sums: Floats) -> Spectrum:
    """The spectrum of the rows whose whitened sums, over their weight, are given.

    With R'R = Y'Y, R factor is a factor of Z whose singular values are good to eps * sigma_max,
    where those of the moments are good to sqrt(eps) * sigma_max. What the moments' least-squares
    solution leaves of the residual is summed as squares over rows, so the least possible loss keeps
    its digits too. `coarse` may have come from other rows.
    """
    p, unit = len(coarse.basis), coarse.unit

    lengths, across = _root(sums[:p, :p], sums[:p, p:], unit)
    left, sigma, basis = _graded(lengths @ white.factor)
    residual = left.T @ (lengths @ white.known + across)

    left_over = float(np.trace(sums[p:, p:]) - np.sum(across**2))
    kind = partial(Spectrum, basis=basis)
    return from_singular_values(
        coarse.start, sigma, kind, residual, left_over, unit * coarse.rounding, unit
    )


def _root(squares: Floats, products: Floats, unit: float) -> tuple[Floats, Floats]:
    """R with R'R = Y'Y, and the solution of R'x = Y'E."""
    null_below = (len(squares) + RANK_MARGIN) * unit
    lower = _cholesky(squares, max(LEAST_RCOND, FAR_ABOVE * null_below))
    if lower is not None:
        return lower.T, np.asarray(np.linalg.solve(lower, products), dtype=np.float64)
    # A null eigenvalue is a direction in which Z has nothing.
    gain, turn = np.linalg.eigh(squares)
    present = gain > null_below
    gain, turn = np.sqrt(gain[present]), turn[:, present]
    return turn * gain @ turn.T, turn @ (turn.T @ products / gain[:, np.newaxis])


def _cholesky(squares: Floats, least_rcond: float) -> Floats | None:
    """L with L L' = Y'Y, a tenth of the work of eigenvectors; None where it lacks directions."""
    try:
        lower = np.asarray(np.linalg.cholesky(squares), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    size = float(np.abs(squares).sum(axis=0).max())
    rcond, _ = linalg.lapack.dpocon(lower, size, uplo="L")
    return lower if rcond > least_rcond else None


def _graded(factor: Floats) -> tuple[Floats, Floats, Floats]:
    """U, sigma and V, large columns first, so that small singular values keep the digits that
    columns on very different scales give them: 1e9 updates of such data were off by 1.5e-12 in any
    order, by 7e-15 in this one."""
    order = np.argsort(-np.linalg.norm(factor, axis=0), kind="stable")
    left, sigma, right = np.linalg.svd(factor[:, order], full_matrices=False)
    basis = np.empty_like(right)
    basis[order] = right.T
    return left, sigma, basis
