"""Small singular values, known to their own size: a spectrum and rows in, a sharper one out.

A decomposition knows singular values to a few roundings of the largest, and a direction of a small
one leans by as many of their ratios on others: so coefficients of long descents were off by 1e-11
where singular values are 1e-5 of the largest, and the literal loop, whose products with the rows
are rounded anew at every update, by 1e-13. What the rows see of such a direction is as small as its
singular value and, if digits do not cancel on the way, its errors are small beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import sharp
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# Singular values below this share of the largest are decomposed by themselves, and so are those
# below this share of the largest of these.
WEAK = 0.02
# Slopes over singular values so far above their ratio to the residual say how much of it lies
# along these; below it is the residual itself that does.
WELL_ABOVE = 10.0


def sharpened(spectrum: Spectrum, rows: Rows) -> Spectrum:
    """The same directions as rows A = diag(sqrt(w / W)) Z see them, level by level."""
    felt = np.flatnonzero(spectrum.felt)
    felt = felt[np.argsort(-spectrum.curvature[felt], kind="stable")]
    V, sigma = spectrum.basis[:, felt], np.sqrt(spectrum.curvature[felt])
    m, weak = felt.size, sigma < WEAK * sigma.max(initial=0.0)
    weak &= m < len(V)  # else the rows' space is all there is
    triangle, pulled, slopes = _seen(V, weak, spectrum.start, rows)
    V[:, weak] -= _outside(V, weak, pulled, sigma[weak])
    sigma, along = _levels(triangle[:m, :m], triangle[:m, m:], V, sigma)

    flat = sigma**2 <= spectrum.null_below
    left_over = np.concatenate([triangle[m:, m:], along[flat]])
    size = np.sqrt(np.sum(along**2, axis=0) + np.sum(left_over**2, axis=0))
    better = sigma[:, np.newaxis] * size > WELL_ABOVE * np.linalg.norm(slopes, axis=0)
    along = np.where(better, V.T @ slopes / sigma[:, np.newaxis], along)
    along[flat] = 0.0
    known = {f.name: getattr(spectrum, f.name) for f in fields(Spectrum)}
    basis, curvature, residual = (known[a].copy() for a in ("basis", "curvature", "residual"))
    basis[:, felt], residual[felt] = V, along
    curvature[felt] = np.maximum(sigma**2, spectrum.null_below)
    known |= {"basis": basis, "curvature": curvature, "residual": residual, "sharp": True}
    return Spectrum(**known | {"floor": 0.5 * float(np.sum(left_over**2))})


def sharp_loss(rows: Rows, theta: Floats) -> float:
    """J(theta) where targets are fitted well, in digits that sums of large terms lose."""
    squares = 0.0
    for Z, y, w in _blocks(rows):
        high, low = sharp.product(Z, theta)
        squares += float(np.sum(w * ((y - high) - low) ** 2))
    return squares / (2.0 * rows.weight)


def _seen(
    V: Floats, weak: NDArray[np.bool_], start: Floats, rows: Rows
) -> tuple[Floats, sharp.Sum, Floats]:
    """With r the residual at the start: R of [A V, r], A'A V of weak directions, and A'r."""
    m, k = V.shape[1], rows.n_targets
    against = np.concatenate([-V, start], axis=1)
    pull = np.append(weak, np.ones(k, bool))
    triangle, pulled = np.empty((0, m + k)), sharp.Sum((len(V), int(pull.sum())))
    for Z, y, w in _blocks(rows):
        high, low = sharp.product(Z, against)
        table = -high
        table[:, m:] += y
        table -= low
        seen = np.concatenate([triangle, table * np.sqrt(w)])
        triangle = np.asarray(np.linalg.qr(seen, mode="r"))
        pulled.add(*sharp.product(Z.T, (table * w)[:, pull]))
    pulled.high /= rows.weight
    pulled.low /= rows.weight
    slopes = pulled.high[:, -k:] + pulled.low[:, -k:]
    return triangle / sqrt(rows.weight), pulled, slopes


def _blocks(rows: Rows) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Z, y and weights (b, 1) of row blocks; times its weights Z would be rounded."""
    first = 0
    for Z, y in Rows(rows.X, rows.y, None, rows.fit_intercept).design_blocks():
        w = np.ones(len(y)) if rows.sample_weight is None else rows.sample_weight[first:][: len(y)]
        first += len(y)
        yield Z, y, w[:, np.newaxis]


def _outside(V: Floats, weak: NDArray[np.bool_], pulled: sharp.Sum, sigma: Floats) -> Floats:
    """By how much weak directions leave the space of the rows, where no slope ever points.

    A'A v / sigma^2 is in that space; what else it has that v has not is along other directions.
    """
    count = sigma.size
    off = (V[:, weak] - pulled.high[:, :count] / sigma**2) - pulled.low[:, :count] / sigma**2
    for _ in range(2):
        off = off - V @ (V.T @ off)
    return off


def _levels(R: Floats, along: Floats, V: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """sigma and U'r from R and Q'r, A V = Q R; V is turned to what it then is.

    `sizes` are about sigma; columns of R are as accurate as they are small. Large ones come first,
    and what the others have along these is taken off, so that they are decomposed at their size.
    """
    sigma, first = np.zeros(sizes.size), 0
    while first < sigma.size:
        large = int(np.sum(sizes >= WEAK * sizes[0]))
        own, rest = slice(first, first + large), slice(first + large, None)
        V[:, rest] -= V[:, own] @ np.linalg.solve(R[:large, :large], R[:large, large:])
        left, sigma[own], right = np.linalg.svd(R[:large, :large])
        V[:, own], along[own] = V[:, own] @ right.T, left.T @ along[own]
        if rest.start < sigma.size:
            R = R[large:, large:]
            _, sizes, right = np.linalg.svd(R)
            V[:, rest] = V[:, rest] @ right.T
            high, low = sharp.product(R, right.T)
            turn, R = np.linalg.qr(high + low)
            along[rest] = turn.T @ along[rest]
        first += large
    return sigma, along
