"""A finished piece of a descent: all its Krylov vectors go in, the few it needs come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.pieces import Piece

Floats = NDArray[np.float64]

# Points in time whose iterates and gradients span those of all the others, in both parities.
SAMPLES = 120
# Memory for the vectors of all finished pieces. Beyond it the earliest iterates keep their losses
# only: each restart adds vectors, and there may be any number of restarts.
KEPT_LIMIT_BYTES = 1 << 31
# What is left out is below this share of the way the piece has come.
LEFT_OUT = 1e-15


def compressed(piece: Piece, last: int) -> Piece:
    """The same answers for t in 0..last from fewer vectors.

    Iterates and gradients are smooth curves in the Krylov space, and their singular values fall
    off faster than those of the space, which was grown for the last of them (measured: 10 to 16
    of 20 vectors, 17 to 32 of 60).
    """
    spread = np.geomspace(1, last + 1, SAMPLES).astype(np.int64) - 1
    t = np.unique(np.minimum(np.concatenate([spread, spread + 1]), last))
    gone, left = piece.contraction.shortfall(t), piece.contraction.power(t)
    bases, turns, first = [], [], 0
    for j, (basis, turn) in enumerate(zip(piece.spectrum.bases, piece.spectrum.turns, strict=True)):
        own = slice(first, first + turn.shape[1])
        residual, sigma = piece.residual[own, j], piece.sigma[own]
        curves = [(gone[:, own] * residual / sigma), (left[:, own] * residual * sigma)]
        kept = _span([curve @ turn.T for curve in curves])
        bases.append(Basis.of(basis.lift(kept)))
        turns.append(kept @ turn)
        first = own.stop
    spectrum = replace(piece.spectrum, bases=tuple(bases), turns=tuple(turns))
    return Piece(spectrum, piece.lr)


def within_memory(pieces: Sequence[Piece]) -> list[Piece]:
    """The latest pieces that the limit has room for as they are, the earlier ones let go."""
    kept, room = [], KEPT_LIMIT_BYTES
    for piece in reversed(pieces):
        room -= piece.stored_bytes
        kept.append(piece if room >= 0 else piece.let_go())
    return kept[::-1]


def _span(curves: list[Floats]) -> Floats:
    """Orthonormal rows that span the rows of all curves, each relative to its largest."""
    sizes = [max(float(np.linalg.norm(c, axis=1).max()), np.finfo(float).tiny) for c in curves]
    rows = np.concatenate([c / size for c, size in zip(curves, sizes, strict=True)])
    if not rows.size:  # a target without a direction, which LAPACK does not take
        return rows[:0]
    size, right = np.linalg.svd(rows, full_matrices=False)[1:]
    return np.asarray(right[size > LEFT_OUT * size.max(initial=0.0)])
