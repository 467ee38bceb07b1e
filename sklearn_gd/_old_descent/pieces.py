"""A descent known piece by piece: Ritz values and bases go in, answers for known t come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NotRequired, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]


class Digits(TypedDict):
    """How well a space is known, as in Spectrum."""

    rounding: float
    error: float
    unit: float
    row_rounding: NotRequired[float]


ELSEWHERE = "solver='spectral' knows it, where X has few enough columns."


@dataclass(frozen=True, eq=False)
class KrylovSpectrum(Spectrum):
    """Directions inside the Krylov spaces, those of one target after those of another.

    A direction has a residual for its own target only. `basis` is empty: target j's directions are
    `turns[j]`, (m, r), seen in the vectors of `bases[j]`, and are lifted when they are asked for.
    """

    bases: tuple[Basis, ...]
    turns: tuple[Floats, ...]
    complete: bool  # the spaces are invariant: nothing of this descent lies outside
    whole: bool  # every curvature of H is among these
    top: float  # the largest Ritz value
    top_known: bool

    @property
    def has_directions(self) -> bool:
        return False

    @property
    def has_no_flat_direction(self) -> bool:
        """A flat one is left out of the turns."""
        return all(turn.shape[1] == len(turn) for turn in self.turns)

    @property
    def largest_curvature(self) -> float:
        if not self.top_known:
            raise AttributeError(
                "The largest curvature is not known: so few updates at a given lr were resolved "
                "without it. Fit with lr='auto' to have it found."
            )
        return self.top

    @property
    def least_loss(self) -> float:
        if not self.complete:
            raise AttributeError(
                "The least possible loss is not known: no more was found than this descent needed; "
                f"{ELSEWHERE}"
            )
        return self.floor

    def seen(self, product: Callable[[Floats], Floats]) -> Floats:
        return np.column_stack(
            [
                basis.seen(product, len(turn)) @ turn
                for basis, turn in zip(self.bases, self.turns, strict=True)
            ]
        )

    @property
    def felt_curvature(self) -> Floats:
        if not self.whole:
            raise AttributeError(
                "Only the curvatures that this descent needed were found, not all of them, so "
                f"their condition number and degrees of freedom are not known; {ELSEWHERE}"
            )
        return self.curvature[: self.turns[0].shape[1]]


def spectrum_of(
    ritz: Sequence[Ritz],
    bases: Sequence[Basis],
    start: Floats,
    **digits: Unpack[Digits],
) -> KrylovSpectrum:
    """All targets side by side."""
    residual = np.zeros((sum(r.curvature.size for r in ritz), len(ritz)))
    first = 0
    for j, r in enumerate(ritz):
        residual[first : first + r.curvature.size, j] = r.residual
        first += r.curvature.size
    curvature = np.concatenate([r.curvature for r in ritz])
    return KrylovSpectrum(
        start=start,
        basis=np.empty((len(start), 0)),
        curvature=curvature,
        residual=residual,
        floor=sum(r.floor for r in ritz),
        null_below=0.0,
        **digits,
        bases=tuple(bases),
        turns=tuple(r.turn for r in ritz),
        complete=all(r.complete for r in ritz),
        whole=False,
        top=float(curvature.max(initial=0.0)),
        top_known=False,
    )


class Piece(Descent):
    """The closed form in a Krylov space."""

    spectrum: KrylovSpectrum

    @property
    def moving(self) -> slice:
        """All: a Krylov space has no other directions."""
        return slice(None)

    @property
    def stored_bytes(self) -> int:
        """What its vectors take."""
        return sum(8 * basis.size * basis.length for basis in self.spectrum.bases)

    def let_go(self) -> Piece:
        """The same losses, but no vectors to make coefficients of."""
        return Piece(replace(self.spectrum, bases=()), self.lr)

    def _expand(self, shares: Floats, amplitudes: Floats) -> Floats:
        if not self.spectrum.bases:
            raise ValueError(
                "The coefficients of this iterate were let go, its loss was not: those of so long "
                "a descent on so many columns took too much memory. Fit with this t as max_iter "
                "to have them."
            )
        columns, first = [], 0
        for j, (basis, turn) in enumerate(
            zip(self.spectrum.bases, self.spectrum.turns, strict=True)
        ):
            own = slice(first, first + turn.shape[1])
            columns.append(basis.lift((shares[..., own] * amplitudes[j, own]) @ turn.T))
            first = own.stop
        return np.stack(columns, axis=-1)


def descent_along(spectrum: Spectrum, lr: float) -> Descent:
    """The closed form on either kind of spectrum."""
    kind = Piece if isinstance(spectrum, KrylovSpectrum) else Descent
    return kind(spectrum, lr)


@dataclass(frozen=True, eq=False)
class KrylovDescent(Descent):
    """Pieces one after another in time, known up to some t, or for ever where that is None."""

    spectrum: KrylovSpectrum
    pieces: tuple[Piece, ...]
    firsts: tuple[int, ...]  # at which t each piece begins
    known_to: int | None

    @property
    def last_known(self) -> int | None:
        return self.known_to

    @cached_property
    def diverging(self) -> bool:
        """Whether some piece shows a direction that grows; the first may not have met it yet."""
        return any(piece.diverging for piece in self.pieces)

    def loss(self, t: ArrayLike) -> Floats:
        return self._ask(Piece.loss, t)

    def fall(self, t: ArrayLike) -> Floats:
        return self._ask(Piece.fall, t)

    def theta(self, t: ArrayLike) -> Floats:
        return self._ask(Piece.theta, t)

    def gradient(self, t: ArrayLike) -> Floats:
        return self._ask(Piece.gradient, t)

    def update_weights(self, unit: Floats) -> Floats:
        return unit

    def largest(self, t: ArrayLike, weights: Floats) -> Floats:
        return self._ask(lambda piece, s: piece.largest(s, piece.update_weights(weights)), t)

    def holds(self, t: int, loss: float) -> bool:
        return all(piece.holds(t, loss) for piece in self.pieces)

    def losses(self, last: int) -> Floats:
        ends = (*self.firsts[1:], last + 1)
        spans = zip(self.pieces, self.firsts, ends, strict=True)
        return np.concatenate(
            [
                piece.losses(min(end, last + 1) - 1 - first)
                for piece, first, end in spans
                if first <= last
            ]
        )

    def _ask(self, question: Callable[[Piece, ArrayLike], Floats], t: ArrayLike) -> Floats:
        self.check_known(t)
        steps = np.asarray(t)
        if len(self.pieces) == 1 or not steps.size:
            return question(self.pieces[0], steps)
        owner = np.searchsorted(self.firsts, steps.astype(float), side="right") - 1
        parts = {
            int(i): question(self.pieces[i], steps[owner == i] - self.firsts[i])
            for i in np.unique(owner)
        }
        answer = np.empty(steps.shape + next(iter(parts.values())).shape[1:])
        for i, part in parts.items():
            answer[owner == i] = part
        return answer


def joined(pieces: Sequence[Piece], firsts: Sequence[int], known_to: int | None) -> KrylovDescent:
    """One descent of several pieces; the rate and the top are the first one's."""
    spectrum = replace(
        pieces[0].spectrum,
        floor=pieces[-1].spectrum.floor,
        complete=pieces[-1].spectrum.complete,
    )
    return KrylovDescent(spectrum, pieces[0].lr, tuple(pieces), tuple(firsts), known_to)
