"""Which entry of a tuning surface wins: scores go in, an index comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Scores that differ by less than this, relative to the best, are equal: a hundred times the error
# promised for losses and coefficients.
TIE = 1e-10
# And so are scores that differ by less than this times what the descent has gained over its
# start: a perfect fit has a mean squared error of rounding noise.
NOISE = 4 * float(np.finfo(np.float64).eps)


def choose(scores: Floats, lrs: Floats) -> tuple[int, int]:
    """The best of (n_lrs, n_iters); ties go to the fewest updates, then to the smallest rate."""
    best = float(scores.max())
    first = scores[:, 0][np.isfinite(scores[:, 0])]
    gained = best - float(np.median(first)) if first.size else 0.0
    tied = scores >= best - TIE * abs(best) - NOISE * gained
    j = int(np.argmax(tied.any(axis=0)))
    rates = np.where(tied[:, j], lrs, np.inf)
    return int(np.argmin(rates)), j
