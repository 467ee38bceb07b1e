"""The tuning surface: spectra and held-out rows go in, an error per (lr, t) comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import CONTRACT, MOMENTS_ROUNDING, Spectrum
from sklearn_gd._descent.stopping import Stopping, find_stop, foresee

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Numbers of one product over many iterates: few large products, and no more memory than this.
BLOCK_NUMBERS = 1 << 18


@dataclass(frozen=True, eq=False)
class Grid:
    """The rates and the numbers of updates to score, and the rounding of the coefficients."""

    lrs: Floats
    iters: Integers  # increasing
    rounding: float

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.lrs), len(self.iters)

    @property
    def last(self) -> int:
        return int(self.iters[-1])

    def descents(self, spectrum: Spectrum) -> Iterator[tuple[Descent, Integers]]:
        """Each rate's descent, with the updates that a fit with `max_iter` on the grid makes.

        A descent whose loss would rise, or whose updates are below rounding, stops there, so all
        later entries of its row are those of the iterate where it stopped.
        """
        for lr in self.lrs:
            descent = Descent(spectrum, float(lr))
            yield descent, np.minimum(self.iters, self._end(descent))

    def _end(self, descent: Descent) -> int:
        # Updates below rounding amount to something only when there are very many of them.
        if self.last * self.rounding > CONTRACT:
            stopping = foresee(descent, None, self.last, self.rounding)
        elif descent.diverging:
            stopping = Stopping(None, self.last, diverging=True)
        else:
            return self.last
        return find_stop(descent, stopping).t


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out rows seen along a spectrum's basis: an R factor of diag(sqrt(w)) [Z Q, Y - Z start].

    A mean squared error is then the squared length of a vector, not a difference of sums.
    """

    factor: Floats  # (any, r + k), over the square root of the total weight
    resolution: float  # mean squared errors below this are not told from zero

    def along(self, rank: int) -> Floats:
        return self.factor[:, :rank]

    def targets(self, rank: int) -> Floats:
        return self.factor[:, rank:]


def held_out_by_moments(spectrum: Spectrum, moments: Moments, fit_intercept: bool) -> HeldOut:
    """From the held-out moments alone: the square root of their Gram matrix."""
    p, k = spectrum.start.shape
    sums = moments.sums[1 - fit_intercept :, 1 - fit_intercept :]
    view = np.zeros((p + k, spectrum.basis.shape[1] + k))
    view[:p, :-k] = spectrum.basis
    view[:p, -k:] = -spectrum.start
    view[p:, -k:] = np.eye(k)
    gram = view.T @ (sums @ view) / moments.weight
    size, turn = linalg.eigh(gram, driver="evd", check_finite=False)
    factor = np.sqrt(np.maximum(size, 0.0))[:, np.newaxis] * turn.T
    return HeldOut(factor, MOMENTS_ROUNDING * float(np.trace(sums[p:, p:])) / moments.weight)


def held_out_by_rows(spectrum: Spectrum, pieces: Iterable[Rows]) -> HeldOut:
    """From the held-out rows: QR factors of blocks, each block's appended to the factor so far."""
    k = spectrum.start.shape[1]
    width = spectrum.basis.shape[1] + k
    factor, weight = np.empty((0, width)), 0.0
    for rows in pieces:
        weight += rows.weight
        for X, y, w in rows.blocks():
            seen = np.column_stack(
                [rows.predict(X, spectrum.basis), y - rows.predict(X, spectrum.start)]
            )
            if w is not None:
                seen *= np.sqrt(w)[:, np.newaxis]
            factor = np.concatenate([factor, seen])
            if len(factor) > width:
                factor = linalg.qr(factor, mode="r", check_finite=False)[0][:width]
    return HeldOut(factor / np.sqrt(weight), 0.0)


def mean_squared_errors(spectrum: Spectrum, held_out: HeldOut, grid: Grid) -> Floats:
    """The held-out mean squared error, averaged over targets, of every (lr, t) on the grid."""
    rank = len(spectrum.curvature)
    moving = np.any(spectrum.residual != 0, axis=1)
    reach = spectrum.residual[moving] / np.sqrt(spectrum.curvature[moving])[:, np.newaxis]
    seen = held_out.along(rank)[:, moving]
    targets = held_out.targets(rank)

    errors = np.zeros(grid.shape)
    flat = errors.reshape(-1)
    for entries, shares in _share_blocks(spectrum, grid, width=len(reach) + len(seen)):
        for target, amplitude in zip(targets.T, reach.T, strict=True):
            residual = shares @ (seen * amplitude).T
            np.subtract(target, residual, out=residual)
            flat[entries] += np.einsum("tm,tm->t", residual, residual)
    return np.asarray(errors / targets.shape[1])


def _share_blocks(spectrum: Spectrum, grid: Grid, width: int) -> Iterator[tuple[slice, Floats]]:
    """1 - r^t of consecutive entries of the grid, a block of them at a time."""
    n_iters = len(grid.iters)
    at_once = max(1, BLOCK_NUMBERS // max(width, 1))
    for i, (descent, steps) in enumerate(grid.descents(spectrum)):
        for first in range(0, n_iters, at_once):
            part = steps[first : first + at_once]
            entries = slice(i * n_iters + first, i * n_iters + first + len(part))
            yield entries, descent.contraction.shortfall(part)


def generalised_cross_validation(
    spectrum: Spectrum, grid: Grid, weight: float
) -> tuple[Floats, Floats]:
    """GCV = 2 J / (1 - dof / W)^2 averaged over targets, and dof, of every (lr, t) on the grid.

    Rows count as often as they weigh. GCV is infinite where no degree of freedom is left.
    """
    k = spectrum.start.shape[1]
    felt = spectrum.curvature[spectrum.felt]
    gcv, dof = np.empty(grid.shape), np.empty(grid.shape)
    for i, (descent, steps) in enumerate(grid.descents(spectrum)):
        for part in _chunks(len(steps), felt.size):
            t = steps[part]
            # W - dof without a difference, since W - rank is often exactly zero.
            left = (
                weight - felt.size + Contraction(felt, descent.lr).power(t).sum(axis=-1)
            ) / weight
            mse = 2.0 * descent.loss(t) / k
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                gcv[i, part] = np.where(left > 0, mse / left**2, np.inf)
            dof[i, part] = descent.dof(t)
    return np.where(np.isnan(gcv), np.inf, gcv), dof


def _chunks(size: int, width: int) -> Iterator[slice]:
    at_once = max(1, BLOCK_NUMBERS // max(width, 1))
    for first in range(0, size, at_once):
        yield slice(first, first + at_once)
