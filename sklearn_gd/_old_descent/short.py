"""Few updates at a given rate: rows go in, the iterates that the textbook loop visits come out.

A Krylov space that holds them takes as many products with the rows, and has to be kept orthogonal
and looked at. What it would tell of curvatures the loop does not know, so where an ending depends
on those, as that of a descent that rises or rests, it leaves the descent to another engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.choice import Shape
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.loop import Iterate, fall, iterates
from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.pieces import KrylovSpectrum
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.spectrum import MOMENTS_ROUNDING
from sklearn_gd._descent.stopping import Stop, Stopping

Floats = NDArray[np.float64]

# Updates so many roundings of the coefficients long may be below them in truth: the descent rests.
NEAR_REST = 64
# A space may hold the updates in fewer vectors: in about so many times the root of the updates
# times the share of its gradient that the first one loses, but hardly in fewer than it is first
# looked at with. Measured on alike and on decaying columns, within the third number.
VECTORS, FEWEST_VECTORS, SURELY = 7.0, 8, 1.25
# Gradients are off by a few roundings of the residual's size times the root of the largest
# curvature, which is below 2 / lr. Updates whose squares are below this share of 2 lr J are noise.
NOISE = (1e4 * EPS) ** 2


@dataclass(frozen=True, eq=False)
class ShortDescent(Descent):
    """Iterates that were computed one by one, and nothing else."""

    record: Floats  # (last + 1, p, k)
    loss_record: Floats  # (last + 1,)
    gradient_record: Floats  # (last + 1, p, k)

    @property
    def last_known(self) -> int:
        return len(self.loss_record) - 1

    @cached_property
    def diverging(self) -> bool:
        """Not as far as it is known: every loss is below the one before."""
        return False

    def loss(self, t: ArrayLike) -> Floats:
        return self._recorded(self.loss_record, t)

    def theta(self, t: ArrayLike) -> Floats:
        return self._recorded(self.record, t)

    def gradient(self, t: ArrayLike) -> Floats:
        return self._recorded(self.gradient_record, t)

    def fall(self, t: ArrayLike) -> Floats:
        steps = np.asarray(t)
        gradient = self.gradient(steps)
        mean = 0.5 * (gradient + self.gradient(steps + 1))
        return np.asarray(self.lr * np.einsum("...pk,...pk->...", mean, gradient))

    def _recorded(self, record: Floats, t: ArrayLike) -> Floats:
        self.check_known(t)
        return record[np.asarray(t, dtype=np.intp)]


def short_descent(
    problem: RowsInMemory, start: Floats, lr: float, tol: float | None, shape: Shape
) -> tuple[Descent, Stop] | None:
    """The descent and its stop; None where another engine is sooner, or needed to say how it ends.

    `shape` has the most updates, and prices.
    """
    spectrum = _without_directions(start, problem.sides().sizes(start))
    if tol is not None and tol <= spectrum.resolution:
        tol = None
    found = _visited(problem, start, lr, tol, shape)
    if found is None:
        return None
    visited, stop = found
    if not _moves(visited[stop.t], lr, problem.rounding):
        return None
    thetas, losses, gradients = (np.array(column) for column in zip(*visited, strict=True))
    return ShortDescent(spectrum, lr, thetas, losses, gradients), stop


def _without_directions(start: Floats, sizes: float) -> KrylovSpectrum:
    """What is known of curvatures, which is nothing; `sizes` as in Sides."""
    return KrylovSpectrum(
        start=start,
        basis=np.empty((len(start), 0)),
        curvature=np.empty(0),
        residual=np.empty((0, start.shape[1])),
        floor=0.0,
        null_below=0.0,
        rounding=MOMENTS_ROUNDING * EPS**2 * sizes,
        error=0.0,
        bases=(),
        turns=(),
        complete=False,
        whole=False,
        top=0.0,
        top_known=False,
    )


def _visited(
    problem: RowsInMemory, start: Floats, lr: float, tol: float | None, shape: Shape
) -> tuple[list[Iterate], Stop] | None:
    """The iterates up to the stop and the one after it; None where the loss does not fall."""
    visited, stopping = [], Stopping(tol, shape.max_iter)
    with np.errstate(over="ignore", invalid="ignore"):
        for t, (now, after) in enumerate(pairwise(iterates(problem, start, lr))):
            visited.append(now)
            lowered = fall(now, after)
            # Which a nan is not either; a loss near its rounding may rise where it should fall.
            if not (lowered > 0 and after.loss < now.loss):
                return None
            if t == 0 and shape.space_is_sooner(SURELY * _vectors(now, after, stopping.max_iter)):
                return None
            reason = stopping.reason(t, now.loss, lowered)
            if reason is not None:
                return [*visited, after], Stop(t, reason)
    raise AssertionError("iterates have no end")


def _vectors(now: Iterate, after: Iterate, updates: int) -> float:
    """About how many a space needs, judged by the first update."""
    squares = float(np.vdot(now.gradient, now.gradient))
    lost = 1.0 - float(np.vdot(now.gradient, after.gradient)) / squares
    return max(VECTORS * sqrt(max(lost, 0.0) * updates), FEWEST_VECTORS)


def _moves(now: Iterate, lr: float, rounding: float) -> bool:
    """Whether the next update of some target is surely not at rest, nor noise."""
    step, size = lr * np.linalg.norm(now.gradient, axis=0), np.linalg.norm(now.theta, axis=0)
    above = (step > NEAR_REST * rounding * size) & (step**2 > NOISE * 2.0 * lr * now.loss)
    return bool(above.any())
