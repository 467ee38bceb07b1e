"""Targets along weak directions: a spectrum and rows go in, a spectrum that knows those comes out.

A decomposition knows singular values, and their vectors, to a few roundings of the largest. Where
the first residual lies along small ones, nothing larger covers that error up: coefficients were off
by 1e-11 with singular values 1e-5 of the largest, where the literal loop is off by 1e-13, since its
products with the rows are rounded anew at every update and their errors cancel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import sharp
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import WEAK, Spectrum

Floats = NDArray[np.float64]


def sharpened(spectrum: Spectrum, rows: Rows) -> Spectrum:
    """With weak directions decomposed once more, by themselves, if the residual lies along these.

    What the rows see of them has errors that are small beside them, not beside the largest; so have
    the slopes along the others.
    """
    if not spectrum.is_weak:
        return spectrum
    weak = spectrum.felt & (spectrum.curvature < WEAK**2 * spectrum.largest_curvature)
    large = spectrum.felt & ~weak
    seen = Seen.of(spectrum.basis[:, weak], spectrum.start, rows)
    left, sigma, right = np.linalg.svd(seen.triangle)
    basis, curvature, residual = (
        a.copy() for a in (spectrum.basis, spectrum.curvature, spectrum.residual)
    )
    if spectrum.felt_curvature.size < len(basis):
        basis[:, weak] -= seen.outside(basis[:, spectrum.felt], curvature[weak])
    basis[:, weak] = basis[:, weak] @ right.T
    curvature[weak] = np.maximum(sigma**2, spectrum.null_below)
    residual[weak] = left.T @ seen.along
    residual[large] = basis[:, large].T @ seen.slopes / np.sqrt(curvature[large, np.newaxis])
    kept = {f.name: getattr(spectrum, f.name) for f in fields(Spectrum)}
    return Spectrum(**{**kept, "basis": basis, "curvature": curvature, "residual": residual})


@dataclass(frozen=True, eq=False)
class Seen:
    """What rows A = diag(sqrt(w / W)) Z see of directions V, and of the first residual r."""

    directions: Floats  # V, (p, m)
    triangle: Floats  # R of A V = Q R, (m, m)
    along: Floats  # Q' r, (m, k)
    pulled: tuple[Floats, Floats]  # A'A V, a sum of two
    slopes: Floats  # A'r, (p, k)

    @classmethod
    def of(cls, directions: Floats, start: Floats, rows: Rows) -> Seen:
        (p, m), k = directions.shape, rows.n_targets
        against = np.concatenate([-directions, start], axis=1)
        triangle, pulled = np.empty((0, m + k)), sharp.Sum((p, m + k))
        for Z, y, w in _blocks(rows):
            high, low = sharp.product(Z, against)
            table = -high
            table[:, m:] += y
            table -= low
            triangle = _triangle(triangle, table * np.sqrt(w))
            pulled.add(*sharp.product(Z.T, table * w))
        high, low = pulled.high / rows.weight, pulled.low / rows.weight
        triangle = triangle[:m] / sqrt(rows.weight)
        halves = high[:, :m], low[:, :m]
        slopes = high[:, m:] + low[:, m:]
        return cls(directions, triangle[:, :m], triangle[:, m:], halves, slopes)

    def outside(self, felt: Floats, curvature: Floats) -> Floats:
        """By how much V leaves the space of the rows, where no slope ever points.

        A'A v / curvature lies in that space, and is off from v along directions of the rows else.
        """
        high, low = self.pulled
        off = (self.directions - high / curvature) - low / curvature
        for _ in range(2):
            off = off - felt @ (felt.T @ off)
        return off


def _blocks(rows: Rows) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Z, y and weights (b, 1) of row blocks; the weights are not in Z, which they would round."""
    first = 0
    for Z, y in replace(rows, sample_weight=None).design_blocks():
        w = np.ones(len(y)) if rows.sample_weight is None else rows.sample_weight[first:][: len(y)]
        first += len(y)
        yield Z, y, w[:, np.newaxis]


def _triangle(above: Floats, table: Floats) -> Floats:
    """The R factor of both."""
    return np.asarray(np.linalg.qr(np.concatenate([above, table]), mode="r"))
