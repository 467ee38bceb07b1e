"""Held-out rows in the basis of a spectrum, so that a squared error is the length of a vector.

A factor F with F'F = [Z V, y - Z theta_0]' diag(w) [Z V, y - Z theta_0] / W is all that errors
need: from cross-products, or by TSQR of the rows (Demmel, Grigori, Hoemmen and Langou 2012, doi
10.1137/080731992), which knows errors far below the rounding of the sums. Penalties are no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_gd._data import CrossProducts, LocalRows
from sklearn_gd._descent import ClosedForm, Spectrum
from sklearn_gd._linalg import Floats, concat
from sklearn_gd._tuning.grid import Grid, Integers, blocks

# A mean squared error from cross-products is a difference of sums, off by this times the rounding
# of their size.
ERROR_ROUNDINGS = 4


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The factor of held-out rows: one column per direction, then one per target."""

    factor: Floats  # F, (m, r + k)
    signs: Floats  # F' diag(signs) F is the Gram matrix: -1 where rounding made it indefinite, (m,)
    n_targets: int
    resolution: float = 0.0  # mean squared errors below this are not told from zero

    def errors(self, spectrum: Spectrum, grid: Grid) -> Floats:
        """Return the mean squared error, averaged over targets, of every (lr, t) of the grid."""
        return grid.filled([self.errors_of(*descent) for descent in grid.descents(spectrum)])

    def errors_of(self, descent: ClosedForm, steps: Integers) -> Floats:
        """Return the mean squared error, averaged over targets, of each t of a descent, (T,).

        The error of target j is |F_y - F_V (1 - p_t) / sigma * g|^2.
        """
        k, errors = self.n_targets, np.zeros(len(steps))
        seen, targets = self.factor[:, :-k][:, descent.moving], self.factor[:, -k:].T
        moved = [(seen * reach).T for reach in descent.amplitudes.T]
        for part in blocks(len(steps), sum(seen.shape)):
            filters = descent.factors.filter_factor(steps[part])
            for target, across in zip(targets, moved, strict=True):
                left = filters @ across
                left -= target
                errors[part] += np.square(left, out=left) @ self.signs
        return errors / k


def held_out_from_products(products: CrossProducts, spectrum: Spectrum, theta: Floats) -> HeldOut:
    """Return the square root of the Gram matrix; `theta` are the largest parameters scored.

    The Gram matrix is scaled to a diagonal of ones for its eigendecomposition, which leaves columns
    of any scale their digits. Negative eigenvalues are roundings; they are kept, because without
    them every error would be larger by as much, also those of iterates that use no such direction.
    """
    p, k = spectrum.start.shape
    first = 1 + products.n_features - p  # 0 with an intercept
    sums = products.sums[first:, first:] / products.weight
    view = np.zeros((p + k, spectrum.eigenvalues.size + k))
    view[:p, :-k] = spectrum.directions()
    view[:p, -k:] = -spectrum.start
    view[p:, -k:] = np.eye(k)
    gram = view.T @ (sums @ view)
    size = np.sqrt(np.maximum(np.diagonal(gram), 0.0))
    size[size == 0.0] = 1.0
    eigenvalues, vectors = np.linalg.eigh(gram / size / size[:, np.newaxis])
    factor = np.sqrt(np.abs(eigenvalues))[:, np.newaxis] * (vectors.T * size)
    squares = np.diagonal(sums)
    sizes = float(squares[p:].sum() + squares[:p] @ (theta**2).sum(axis=1))
    resolution = ERROR_ROUNDINGS * products.unit * sizes / k
    return HeldOut(factor, np.sign(eigenvalues), k, resolution)


@dataclass(frozen=True, eq=False)
class RowFactor:
    """An R factor of some rows; those of two sets of rows add up."""

    factor: Floats
    weight: float

    def __add__(self, other: RowFactor) -> RowFactor:
        return RowFactor(_stacked(self.factor, other.factor), self.weight + other.weight)

    def held_out(self, n_targets: int) -> HeldOut:
        return HeldOut(self.factor / np.sqrt(self.weight), np.ones(len(self.factor)), n_targets)


def row_factor(spectrum: Spectrum, rows: LocalRows) -> RowFactor:
    """Return the R factor of diag(sqrt(w)) [Z V, y - Z theta_0], row block by row block."""
    xp, directions = rows.device.xp, spectrum.directions()
    on_device, r = rows.device.to_device(directions), directions.shape[1]
    factor = np.empty((0, r + rows.n_targets))
    for X, y, w in rows.blocks():
        # Sparse rows come in one block, whose products with all directions may be large. A part of
        # fewer rows than columns would cost as much.
        parts = blocks(len(y), r, at_least=r) if rows.is_sparse else [slice(None)]
        X = X.tocsr() if rows.is_sparse else X
        for part in parts:
            residual = rows.residual(X[part, :], y[part, :], spectrum.start)
            block = concat(xp, [rows.predict(X[part, :], on_device), residual])
            block = block if w is None else block * xp.sqrt(w[part])[:, None]
            if not rows.in_memory:  # so that rows stay on their device
                block = xp.linalg.qr(block, mode="reduced")[1]
            factor = _stacked(factor, rows.device.to_host(block))
    return RowFactor(factor, rows.weight)


def _stacked(factor: Floats, rows: Floats) -> Floats:
    """Return an R factor of both, with no more rows than columns."""
    both = np.concatenate([factor, rows])
    return np.asarray(np.linalg.qr(both, mode="r")) if len(both) > both.shape[1] else both
