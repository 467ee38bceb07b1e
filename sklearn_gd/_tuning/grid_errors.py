"""The tuning surface: spectra and held-out rows go in, an error per (lr, t) comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, isqrt, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.descent import Descent
from sklearn_gd._data import Moments
from sklearn_gd._descent.pieces import descent_along
from sklearn_gd._descent.spectrum import CONTRACT, MOMENTS_ROUNDING, Spectrum
from sklearn_gd._descent.stopping import Stopping, find_stop, foresee

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Numbers of one product over many iterates: few large products, and no more memory than this.
BLOCK_NUMBERS = 1 << 19
# 1 - r^t rounds to 1 once r^t is below exp(-GONE): later iterates are the same numbers.
GONE = 54 * log(2.0)


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

    @property
    def rests(self) -> bool:
        """Whether there are so many updates that those below rounding amount to something."""
        return self.last * self.rounding > CONTRACT

    def steps(self, spectrum: Spectrum) -> list[Integers]:
        """For each rate the updates that fits with `max_iter` on the grid would make.

        A descent whose loss would rise, or whose updates are below rounding, stops there: there
        may be fewer numbers of updates than on the grid, and the last stands for all that follow.
        """
        rising = np.searchsorted(self.iters, ends := self._ends(spectrum))
        return [np.append(self.iters[:n], end) for n, end in zip(rising, ends, strict=True)]

    def filled(self, rows: list[Floats]) -> Floats:
        """A surface from each rate's values, the last of them standing for the rest."""
        entries = np.arange(len(self.iters))
        return np.stack([row[np.minimum(entries, len(row) - 1)] for row in rows])

    def _ends(self, spectrum: Spectrum) -> list[int]:
        """The t from which on each rate's iterate does not change, `last` where it still does."""
        moving = spectrum.curvature[np.any(spectrum.residual != 0, axis=1)]
        every = Contraction(np.outer(self.lrs, moving), 1.0)
        with np.errstate(divide="ignore"):
            gone = GONE / -every.log_size.max(axis=1, initial=-np.inf)
        ends = [self.last if not t < self.last else ceil(t) for t in gone]
        for i in range(len(ends)):
            if self.rests or (every.lost_per_update[i] < 0).any():
                ends[i] = self._stop(descent_along(spectrum, float(self.lrs[i])))
        return ends

    def _stop(self, descent: Descent) -> int:
        if self.rests:
            stopping = foresee(descent, None, self.last, self.rounding)
        else:
            stopping = Stopping(None, self.last, diverging=descent.diverging)
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
    size, turn = np.linalg.eigh(gram)
    factor = np.sqrt(np.maximum(size, 0.0))[:, np.newaxis] * turn.T
    squares = float(np.trace(sums[p:, p:])) / moments.weight
    return HeldOut(factor, MOMENTS_ROUNDING * moments.unit * squares)


class Looking(Protocol):
    """Rows, wherever they are, that show themselves along a basis."""

    @property
    def weight(self) -> float: ...
    def seen_blocks(self, spectrum: Spectrum) -> Iterator[Floats]: ...


@dataclass(frozen=True, eq=False)
class Seen:
    """An R factor of rows seen along a basis; those of two sets of rows add up."""

    factor: Floats
    weight: float

    def __add__(self, other: Seen) -> Seen:
        return Seen(appended(self.factor, other.factor), self.weight + other.weight)

    def held_out(self) -> HeldOut:
        return HeldOut(self.factor / np.sqrt(self.weight), 0.0)


def seen_along(spectrum: Spectrum, rows: Looking) -> Seen:
    """QR factors of blocks, each block's appended to the factor so far."""
    factor = np.empty((0, len(spectrum.curvature) + spectrum.start.shape[1]))
    for seen in rows.seen_blocks(spectrum):
        factor = appended(factor, seen)
    return Seen(factor, rows.weight)


def appended(factor: Floats, rows: Floats) -> Floats:
    """An R factor of both, no longer than it is wide."""
    factor = np.concatenate([factor, rows])
    width = factor.shape[1]
    if len(factor) <= width:
        return factor
    return np.asarray(np.linalg.qr(factor, mode="r"))


def mean_squared_errors(spectrum: Spectrum, held_out: HeldOut, grid: Grid) -> Floats:
    """The held-out mean squared error, averaged over targets, of every (lr, t) on the grid."""
    rank = len(spectrum.curvature)
    moving = np.any(spectrum.residual != 0, axis=1)
    reach = spectrum.residual[moving] / np.sqrt(spectrum.curvature[moving])[:, np.newaxis]
    seen = held_out.along(rank)[:, moving]
    targets = held_out.targets(rank)

    steps = grid.steps(spectrum)
    shares = _Shares(spectrum.curvature[moving], grid, steps)
    flat, buffer = [], np.empty((0, 0))
    for block in shares.blocks(width=1 + len(reach) + len(seen)):
        if len(buffer) < len(block):  # one buffer: fresh pages cost as much as the product
            buffer = np.empty((len(block), len(seen)))
        squares = np.zeros(len(block))
        for target, amplitude in zip(targets.T, reach.T, strict=True):
            line = np.column_stack([target, -seen * amplitude]).T
            residual = buffer[: len(block)]
            np.matmul(block, line, out=residual)
            squares += np.einsum("tm,tm->t", residual, residual)
        flat.append(squares / targets.shape[1])
    ends = np.cumsum([len(t) for t in steps])
    return grid.filled(np.split(np.concatenate(flat), ends[:-1]))


class _Shares:
    """Rows [1, 1 - r^t] of each rate's iterates."""

    def __init__(self, curvature: Floats, grid: Grid, steps: list[Integers]) -> None:
        self._curvature = curvature
        self._lrs = grid.lrs
        self._steps = steps
        self._stride = isqrt(grid.last) + 1
        self._buffer = np.empty((0, 0))
        # Tables are for numbers of updates 0, 1, 2, ... and would overflow where r does.
        stable = grid.lrs * curvature.max(initial=0.0) < 2.0
        size = len(grid.lrs) * self._stride * len(curvature)
        tables = grid.last == len(grid.iters) - 1 and size <= BLOCK_NUMBERS
        self._consecutive = stable & tables
        if self._consecutive.any():
            self._near = self._table(np.arange(self._stride), 0.0)
            self._far = self._table(np.arange(0, grid.last + 1, self._stride), 1.0)

    def blocks(self, width: int) -> Iterator[Floats]:
        """All rates' rows in turn, stacked up to a block's size; the buffer is used again."""
        at_once = max(1, BLOCK_NUMBERS // width)
        pending: list[tuple[int, slice]] = []
        waiting = 0
        for i, steps in enumerate(self._steps):
            # Parts begin at multiples of the stride, as the tables do.
            for part in _chunks(len(steps), at_once // self._stride * self._stride or at_once):
                pending.append((i, part))
                waiting += part.stop - part.start
                if waiting >= at_once:
                    yield self._stacked(pending, waiting)
                    pending, waiting = [], 0
        if pending:
            yield self._stacked(pending, waiting)

    def _stacked(self, pending: list[tuple[int, slice]], size: int) -> Floats:
        if len(self._buffer) < size:
            self._buffer = np.empty((size, 1 + len(self._curvature)))
        block = self._buffer[:size]
        done = 0
        for i, part in pending:
            rows = block[done : done + part.stop - part.start]
            if self._consecutive[i] and part.start % self._stride == 0:
                self._fill(rows, i, part.start // self._stride)
            else:
                contraction = Contraction(self._curvature, float(self._lrs[i]))
                rows[:, 0] = 1.0
                rows[:, 1:] = contraction.shortfall(self._steps[i][part])
            done += len(rows)
        return block

    def _fill(self, rows: Floats, i: int, first: int) -> None:
        """1 - r^(b+s) = (1 - r^b) + r^b (1 - r^s), all terms positive where r is."""
        whole, rest = divmod(len(rows), self._stride)
        far, near = self._far[i, first : first + whole, np.newaxis], self._near[i]
        block = rows[: whole * self._stride].reshape(whole, self._stride, rows.shape[1])
        np.multiply(1.0 - far, near, out=block)
        block += far
        if rest:
            far = self._far[i, first + whole]
            rows[-rest:] = (1.0 - far) * near[:rest] + far

    def _table(self, t: Integers, first: float) -> Floats:
        """1 - r^t of every rate, (n_lrs, t, 1 + r), behind a column of `first`."""
        gone = Contraction(np.outer(self._lrs, self._curvature).ravel(), 1.0).shortfall(t)
        table = np.full((len(self._lrs), len(t), 1 + len(self._curvature)), first)
        table[:, :, 1:] = gone.reshape(len(t), len(self._lrs), -1).swapaxes(0, 1)
        return table


def generalised_cross_validation(
    spectrum: Spectrum, felt: Floats, grid: Grid, weight: float
) -> tuple[Floats, Floats]:
    """GCV = 2 J / (1 - dof / W)^2 averaged over targets, and dof, of every (lr, t) on the grid.

    `felt` are all curvatures told from zero. Rows count as often as they weigh. GCV is infinite
    where no degree of freedom is left.
    """
    k = spectrum.start.shape[1]
    gcv, dof = [], []
    for lr, steps in zip(grid.lrs, grid.steps(spectrum), strict=True):
        descent, every = descent_along(spectrum, float(lr)), Contraction(felt, float(lr))
        row = np.empty((2, len(steps)))
        for part in _chunks(
            len(steps), max(1, BLOCK_NUMBERS // max(1, felt.size, len(spectrum.curvature)))
        ):
            t = steps[part]
            # W - dof without a difference, since W - rank is often exactly zero.
            left = weight - felt.size + every.power(t).sum(axis=-1)
            mse = 2.0 * descent.loss(t) / k
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                row[0, part] = np.where(left > 0, mse / (left / weight) ** 2, np.inf)
            row[1, part] = every.shortfall(t).sum(axis=-1)
        gcv.append(np.where(np.isnan(row[0]), np.inf, row[0]))
        dof.append(row[1])
    return grid.filled(gcv), grid.filled(dof)


def _chunks(size: int, at_once: int) -> Iterator[slice]:
    for first in range(0, size, at_once):
        yield slice(first, min(first + at_once, size))
