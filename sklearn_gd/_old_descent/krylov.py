"""Descent in a Krylov space: rows or moments go in, the descent and its stop come out.

The space grows until the last iterate asked for is known to rounding, by a bound. A space that
would take too much memory starts again in time: descent from an iterate is the rest of the descent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, log10
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.bidiagonal import Bidiagonalisation, Sides
from sklearn_gd._descent.compress import compressed, within_memory
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.lanczos import Tridiagonalisation
from sklearn_gd._descent.moments import EPS, Moments
from sklearn_gd._descent.pieces import Digits, KrylovDescent, Piece, joined, spectrum_of
from sklearn_gd._descent.resolution import Known
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.stopping import Stop

Floats = NDArray[np.float64]

# lr="auto" and all that depends on it: the largest curvature is known this well. An error of the
# rate moves no iterate by more, relative to the way it has come.
TOP_ROUNDING = 1e-13
# The space is looked at when it has so many vectors, then whenever it has grown by this share.
FIRST_LOOK, LOOK_EVERY = 8, 0.125
# It grows to this share of where its digits are expected to be complete, which they are earlier, as
# they come ever faster; and by no more than this share of its own size.
CAUTION, LONGEST_LEAP = 0.7, 0.5
# Losses may be off by this, relatively, before one is measured on the rows.
LOST_ORTHOGONALITY = 1e-14
# Memory that one space may take; a larger one starts again in time.
BASIS_LIMIT_BYTES = 1 << 30
# A space smaller than this would start again too often to gain anything.
LEAST_VECTORS = 20


class Process(Protocol):
    """A Krylov space that grows."""

    bases: list[Basis]
    digits: Digits

    @property
    def size(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def whole(self) -> bool: ...
    def grow(self, size: int) -> None: ...
    def ritz(self) -> list[Ritz]: ...
    def towards(self, j: int, vector: Floats) -> Process: ...


def unwatched() -> None:
    """Nobody wants to see a space grow."""


@dataclass(frozen=True)
class Ask:
    """What is asked: a rate (None: 1 / largest curvature), most updates, where a descent stops.

    `watch` is called whenever a space is about to grow.
    """

    lr: float | None
    max_iter: int
    stop_of: Callable[[Descent], Stop]
    watch: Callable[[], None]


@dataclass(frozen=True)
class Task:
    """What it is asked of: spaces started anywhere, of how many vectors at most."""

    ask: Ask
    start: Floats
    process_from: Callable[[Floats], Process]
    most_vectors: int
    measure: Callable[[Floats], float] | None  # J of given parameters, on the rows


@dataclass(frozen=True)
class Look:
    """The descent as a space of some size shows it, and whether its stop is the true one."""

    descent: KrylovDescent
    stop: Stop
    known: Known
    missing: float  # digits at the stop, or of the rate that led there
    resolved: bool


def on_rows(sides: Sides, start: Floats, ask: Ask) -> tuple[KrylovDescent, Stop]:
    """With products with Z and Z' only."""
    sizes = sides.sizes(start)

    def process_from(theta: Floats) -> Process:
        return Bidiagonalisation(sides, sides.residual_at(theta), sizes)

    most = room_for_vectors(sides, start.shape[1])
    return Search(Task(ask, start, process_from, most, sides.loss)).run()


def room_for_vectors(sides: Sides, targets: int) -> int:
    """How many vectors a space on rows may have."""
    n, p = sides.shape
    stored = (p + n * sides.short_left) * targets
    return max(LEAST_VECTORS, BASIS_LIMIT_BYTES // (8 * stored))


def next_size(size: int) -> int:
    """At how many vectors a growing space is looked at again."""
    return size + max(4, int(LOOK_EVERY * size))


class Pace:
    """How far a space grows before it is looked at again, by the digits that came so far."""

    def __init__(self) -> None:
        self._seen: tuple[int, float] | None = None

    def next_size(self, size: int, missing: float) -> int:
        """Most of the way to where nothing would be missing if digits came as they did."""
        seen, self._seen = self._seen, (size, missing)
        least = next_size(size)
        if seen is None or not 0 < missing < seen[1] < inf:
            return least
        expected = missing * (size - seen[0]) / (seen[1] - missing)
        return max(least, size + int(min(CAUTION * expected, LONGEST_LEAP * size)))


def on_moments(
    moments: Moments,
    fit_intercept: bool,
    start: Floats,
    ask: Ask,
    measure: Callable[[Floats], float] | None,
) -> tuple[KrylovDescent, Stop]:
    """With products with H, which takes more memory than any space of its vectors.

    `measure` gives J of parameters on the rows, None where there are none.
    """

    def process_from(theta: Floats) -> Process:
        return Tridiagonalisation(moments, theta, fit_intercept)

    return Search(Task(ask, start, process_from, len(start) + 1, measure)).run()


class Search:
    """Piece after piece until the stop is resolved."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.theta, self.lr = task.start, task.ask.lr
        self.top: float | None = None
        self.pieces: list[Piece] = []
        self.firsts = [0]

    def run(self) -> tuple[KrylovDescent, Stop]:
        while True:
            process = self.task.process_from(self.theta)
            look = self._grow(process)
            ahead = look.stop.t + 1 - self.firsts[-1]
            piece = look.descent.pieces[-1]
            if process.complete:
                return look.descent, look.stop
            if look.resolved:
                last = self.firsts[-1] + look.known.last(ahead)
                return replace(look.descent, known_to=last), look.stop
            step = look.known.largest(ahead)
            self.lr = piece.lr
            floor = piece.spectrum.floor + self._correction(piece, step)
            piece = Piece(replace(piece.spectrum, floor=floor), piece.lr)
            self.theta = piece.theta(step)
            finished = piece if piece.diverging else compressed(piece, step)
            self.pieces = within_memory([*self.pieces, finished])
            self.firsts.append(self.firsts[-1] + step)

    def _grow(self, process: Process) -> Look:
        """Until the stop is resolved, the space complete or the room taken."""
        most = self.task.most_vectors
        size, pace = min(FIRST_LOOK, self.task.ask.max_iter + 1), Pace()
        while True:
            self.task.ask.watch()
            process.grow(min(size, most))
            if process.size >= most and not process.complete and self.top is None:
                self.top = restarted_top(process, most, self.task.ask.watch)
            ritz = process.ritz()
            look = self._look(process, ritz)
            if look.resolved or process.complete:
                ahead = look.stop.t - self.firsts[-1]
                correction = self._correction(look.descent.pieces[-1], ahead)
                look = self._look(process, ritz, correction, ahead) if correction else look
            if look.resolved or process.complete or process.size >= most:
                return look
            size = pace.next_size(process.size, look.missing)
            if self.lr is not None:
                # A space with as many vectors as there are updates holds them all.
                size = max(process.size + 1, min(size, look.stop.t + 1 - self.firsts[-1]))

    def _look(
        self,
        process: Process,
        ritz: list[Ritz],
        correction: float = 0.0,
        measured_at: int | None = None,
    ) -> Look:
        spectrum = spectrum_of(ritz, process.bases, self.theta, **process.digits)
        if self.top is not None:
            spectrum = replace(spectrum, top=self.top, top_known=True)
        else:
            top_known = top_of(ritz).top_is_converged(TOP_ROUNDING)
            spectrum = replace(spectrum, top_known=top_known, whole=process.whole)
        floor = spectrum.floor + correction
        spectrum = replace(spectrum, floor=floor, measured_at=measured_at)
        safe = 1.0 / spectrum.top if spectrum.top > 0 else 1.0
        piece = Piece(spectrum, safe if self.lr is None else self.lr)
        descent = joined([*self.pieces, piece], self.firsts, None)
        stop = self.task.ask.stop_of(descent)
        known = Known(piece, ritz, descent)
        missing = known.missing(stop.t + 1 - self.firsts[-1])
        missing = max(missing, self._missing_of_the_top(descent, ritz))
        resolved = missing == 0.0 and self._agrees(descent, stop, known)
        return Look(descent, stop, known, missing, resolved)

    def _correction(self, piece: Piece, t: int) -> float:
        if self.task.measure is None:
            return 0.0
        if piece.spectrum.error > 0:  # from moments
            lacking = piece.lacks_only_the_loss(t)
            known = piece.spectrum.floor + float(piece.excess(t))
            return self.task.measure(piece.theta(t)) - known if lacking else 0.0
        first_loss = float((self.pieces or [piece])[0].loss(0))
        return loss_correction(piece, t, first_loss, self.task.measure)

    def _missing_of_the_top(self, descent: KrylovDescent, ritz: list[Ritz]) -> float:
        """How many digits the largest curvature lacks, where it matters."""
        if descent.spectrum.top_known or not (self.lr is None or descent.diverging):
            return 0.0
        return log10(top_of(ritz).top_error / TOP_ROUNDING)

    def _agrees(self, descent: KrylovDescent, stop: Stop, known: Known) -> bool:
        """Whether a stop whose iterate is known is the true one."""
        if stop.reason == "stationary" and not descent.diverging:
            # The predicate measured updates against the last possible iterate.
            return known.roughly(self.task.ask.max_iter - self.firsts[-1])
        return True


def loss_correction(
    piece: Piece, t: int, first_loss: float, measure: Callable[[Floats], float]
) -> float:
    """J measured at t less J as the small problem has it: the same for all t that matter.

    Vectors of the side that is not kept orthogonal lose it where B is ill-conditioned, and a
    sum of their squares is then off by as much, in the part of the residual that stays.
    """
    curvature, loss = piece.spectrum.curvature, float(piece.loss(t))
    if not curvature.size or not 0 < loss < np.inf:
        return 0.0
    rounding = EPS * np.sqrt(first_loss / loss)
    if rounding * np.sqrt(curvature.max() / curvature.min()) < LOST_ORTHOGONALITY:
        return 0.0
    correction = measure(piece.theta(t)) - loss
    worth = abs(correction) > 16 * rounding * loss
    return max(correction, -piece.spectrum.floor) if worth else 0.0


def top_of(ritz: list[Ritz]) -> Ritz:
    """The target that knows the largest curvature."""
    return max(ritz, key=lambda r: float(r.curvature.max(initial=0.0)))


def restarted_top(process: Process, most: int, watch: Callable[[], None] = unwatched) -> float:
    """Of a space too small to know it: start again from its own best direction, and again."""
    largest = 0.0
    while True:
        ritz = process.ritz()
        best = top_of(ritz)
        found = float(best.curvature.max(initial=0.0))
        if best.top_is_converged(TOP_ROUNDING) or found <= largest * (1.0 + EPS):
            return max(found, largest)
        largest = found
        process = process.towards(ritz.index(best), best.turn[:, int(np.argmax(best.curvature))])
        watch()
        process.grow(most)
