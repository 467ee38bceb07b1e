"""Up to which t a Krylov space tells the truth: Ritz values go in, a t comes out."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.moments import EPS
from sklearn_gd._descent.pieces import KrylovDescent, Piece
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.stopping import first_true

Floats = NDArray[np.float64]

# Iterates and losses are known this well, relative to how far the descent has come.
RESOLVED = 1e-13
# The limit that `stationary` is measured against needs few digits.
ROUGHLY = 1e-6
# A bound within this of its own rounding says no more than that what it bounds is smaller still,
# and is taken so as long as that rounding, relative to the coefficients, is below the limit.
MOSTLY_NOISE, NOISE_LIMIT = 8.0, 1e-9
# What a loss lacks that is not known though the coefficients are.
SOME_DIGITS = 1.0
# No t is asked about beyond this; it is as good as for ever.
FAR = 1 << 60


class Known:
    """Asked with t, counted from the piece's first: is the piece's iterate the true one?"""

    def __init__(self, piece: Piece, ritz: Sequence[Ritz], descent: KrylovDescent) -> None:
        self._piece = piece
        self._ritz = ritz
        self._top = descent.spectrum.top
        self._first_loss = float(descent.loss(0))
        self._come = np.linalg.norm(piece.spectrum.start - descent.spectrum.start, axis=0)

    def __call__(self, t: int) -> bool:
        """Coefficients of every target, and their loss."""
        return self.missing(t) == 0.0

    def missing(self, t: int) -> float:
        """How many digits the coefficients of the worst target lack, or some where the loss does.

        Zero where nothing is missing, infinite where nothing can be said.
        """
        if t <= 0:
            return 0.0
        distances = []
        for ritz, come in zip(self._ritz, self._come, strict=True):
            scale = self._scale(ritz, float(come), t)
            if not scale < inf:
                return inf
            distance = self._distance(ritz, scale, t)
            if not distance <= RESOLVED * scale:
                lacking = distance / (RESOLVED * scale) if scale > 0 else inf
                return log10(lacking) if lacking > 1.0 else inf
            distances.append(distance)
        return 0.0 if self._loss_is_known(np.array(distances), t) else SOME_DIGITS

    def _distance(self, ritz: Ritz, scale: float, t: int) -> float:
        least = ritz.least_distance(self._piece.lr, t, self._top)
        if least > MOSTLY_NOISE * NOISE_LIMIT * scale:
            return least  # too far off for sure, without the recurrence that `distance` needs
        distance, noise = ritz.distance(self._piece.lr, t, self._top)
        mostly_noise = distance <= MOSTLY_NOISE * noise and noise <= NOISE_LIMIT * scale
        return 0.0 if mostly_noise else distance

    def roughly(self, t: int) -> bool:
        """Whether coefficients at t are known to a few digits."""
        return all(
            ritz.distance(self._piece.lr, t, self._top)[0]
            <= ROUGHLY * self._scale(ritz, float(come), t)
            for ritz, come in zip(self._ritz, self._come, strict=True)
        )

    def largest(self, last: int) -> int:
        """The largest known t in 0..last."""
        # One after the other: asking many at once costs as many times one.
        unknown = first_true(lambda ts: np.array([not self(int(t)) for t in ts]), last, probes=1)
        return last if unknown is None else unknown - 1

    def last(self, t: int) -> int:
        """A known t, t doubled as often as it stays one: most often for ever, or not far."""
        if t >= FAR or not self(2 * t):
            return t
        most = (FAR // t).bit_length() - 1
        unknown = first_true(
            lambda times: np.array([not self(2 * t << int(i)) for i in times]), most, probes=1
        )
        return t << (most + 1 if unknown is None else unknown)

    def _scale(self, ritz: Ritz, come: float, t: int) -> float:
        with np.errstate(over="ignore"):
            return max(float(np.linalg.norm(ritz.coordinates(self._piece.lr, t))), come)

    def _loss_is_known(self, distance: Floats, t: int) -> bool:
        """|J(theta + delta) - J(theta)| <= |gradient| |delta| + L/2 |delta|^2, beside rounding."""
        if not distance.any():
            return True
        with np.errstate(over="ignore"):
            left = self._piece.contraction.power(t)[:, np.newaxis] * self._piece.residual
            slope = np.linalg.norm(self._piece.sigma[:, np.newaxis] * left, axis=0)
        error = float(np.sum(slope * distance + 0.5 * self._top * distance**2))
        loss = float(self._piece.loss(t))
        # Any way of computing J carries this: a rounding of y moves it by as much.
        rounding = 8 * EPS * np.sqrt(self._first_loss * loss) + (8 * EPS) ** 2 * self._first_loss
        return bool(error <= RESOLVED * loss + rounding)
