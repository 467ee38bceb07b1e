"""One Krylov space for all rates: rows and a grid go in, a spectrum and curvatures come out.

The space depends on the start and not on the rate, so it grows until the last iterate of every
rate is known to rounding; nothing of p x p numbers is ever formed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.bidiagonal import Bidiagonalisation
from sklearn_gd._descent.krylov import (
    FIRST_LOOK,
    TOP_ROUNDING,
    loss_correction,
    next_size,
    restarted_top,
    room_for_vectors,
    top_of,
    unwatched,
)
from sklearn_gd._descent.pieces import KrylovSpectrum, Piece, joined, spectrum_of
from sklearn_gd._data import Problem, zeros
from sklearn_gd._descent.resolution import Known
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._tuning.grid_errors import Grid

Floats = NDArray[np.float64]

# All curvatures are looked for up to this many: their cost is that times the square.
MOST_CURVATURES = 1 << 11
# Degrees of freedom may miss this share of the rows.
MISSED_FREEDOM = 1e-10
# The random start that sees every curvature.
SEED = 0


class RoomError(ValueError):
    """A space would need more memory than one may take."""


def space_for_grid(
    problem: Problem, grid: Grid, watch: Callable[[], None] = unwatched
) -> KrylovSpectrum:
    """The descent from zeros at every rate of the grid, up to its last iterate.

    `watch` is called whenever the space is about to grow.
    """
    sides = problem.sides()
    start = zeros(problem)
    process = Bidiagonalisation(sides, sides.residual_at(start), sides.sizes(start))
    most, size = room_for_vectors(sides, problem.n_targets), FIRST_LOOK
    while True:
        watch()
        process.grow(min(size, most))
        ritz = process.ritz()
        spectrum = spectrum_of(ritz, process.bases, start, **process.digits)
        if process.complete or _is_resolved(spectrum, ritz, grid):
            return spectrum
        if process.size >= most:
            raise RoomError(
                f"This grid needs Krylov spaces of more than {most:,} vectors per target, which "
                f"is all that fits into the memory one may take: ask for fewer updates or smaller "
                f"rates, or tune on fewer columns."
            )
        size = next_size(process.size)


def _is_resolved(spectrum: KrylovSpectrum, ritz: list[Ritz], grid: Grid) -> bool:
    """Whether every iterate that is scored is the true one; the hardest rate is asked first."""
    top_known = top_of(ritz).top_is_converged(TOP_ROUNDING)
    steps = grid.steps(spectrum)
    for i in np.argsort(-grid.lrs):
        piece = Piece(spectrum, float(grid.lrs[i]))
        known, end = Known(piece, ritz, joined([piece], [0], None)), int(steps[i][-1])
        if piece.diverging:
            resolved = top_known and known(end + 1)
        elif grid.rests:
            # Updates were measured against the last possible iterate.
            resolved = known(end + 1) and known.roughly(grid.last)
        else:
            resolved = known(grid.last)
        if not resolved:
            return False
    return True


def with_measured_loss(spectrum: KrylovSpectrum, problem: Problem, grid: Grid) -> KrylovSpectrum:
    """The spectrum whose losses have the digits of the rows."""
    stable = 2.0 / max(spectrum.top, np.finfo(float).tiny)
    rates = grid.lrs[grid.lrs < stable]
    piece = Piece(spectrum, float(rates.max()) if rates.size else 0.5 * stable)
    measure = problem.sides().loss
    correction = loss_correction(piece, grid.last, float(piece.loss(0)), measure)
    return replace(spectrum, floor=spectrum.floor + correction)


class Curvatures:
    """Curvatures of all of H, of which a start at random sees every one, whatever y is."""

    def __init__(self, problem: Problem, watch: Callable[[], None] = unwatched) -> None:
        self._problem, self._watch = problem, watch
        self._sides = problem.sides()
        self._process = Bidiagonalisation(self._sides, self._sides.random(SEED), 1.0)
        self._most = room_for_vectors(self._sides, 1)

    def largest(self) -> float:
        """To a relative error of TOP_ROUNDING."""
        size = FIRST_LOOK
        while True:
            self._watch()
            self._process.grow(min(size, self._most))
            top = top_of(self._process.ritz())
            if self._process.complete or top.top_is_converged(TOP_ROUNDING):
                return float(top.curvature.max(initial=0.0))
            if self._process.size >= self._most:
                return restarted_top(self._process, self._most, self._watch)
            size = next_size(self._process.size)

    def all(self, grid: Grid) -> Floats:
        """Every one that degrees of freedom on the grid could tell from zero."""
        n = self._problem.n_weighted
        count = min(n, self._problem.n_parameters)
        if count > min(self._most, MOST_CURVATURES):
            raise ValueError(
                f"cv=None needs every curvature of the data for the degrees of freedom, and a "
                f"Krylov solver finds so many only where rows or columns are at most "
                f"{min(self._most, MOST_CURVATURES):,}; got {n:,} rows with a weight and "
                f"{self._problem.n_parameters:,} parameters. Pass cv=5, which needs none of them."
            )
        self._watch()
        self._process.grow(count + 1)
        curvature = self._process.ritz()[0].curvature
        if curvature.size < count and self._may_miss(curvature, grid):
            raise ValueError(
                f"cv=None needs every curvature of the data for the degrees of freedom, and the "
                f"Krylov solver tells {curvature.size:,} of {count:,} apart here: some are equal "
                f"or as good as zero. Pass cv=5, which needs none of them."
            )
        return curvature

    def _may_miss(self, curvature: Floats, grid: Grid) -> bool:
        """1 - r^t is at most lr t curvature, and curvatures add up to the sum of squares."""
        missed = max(self._sides.squares() - float(curvature.sum()), 0.0)
        freedom = float(grid.lrs.max()) * float(grid.last) * missed
        return freedom > MISSED_FREEDOM * self._problem.weight
