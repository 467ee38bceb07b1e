"""Whether a Krylov space holds the iterates: an a-posteriori bound on their distance.

With V the first m Krylov vectors, T = V' H V tridiagonal and h the next entry beside its diagonal,
the iterate theta_0 + V z_t of the projected problem differs from theta_t by delta_t with

    delta_{t+1} = (I - lr H) delta_t + lr h (z_t)_m v_{m+1}

exactly: as long as the last coordinate of z_t is small, the space is large enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import ACCURACY_RTOL, ClosedForm
from sklearn_gd._linalg import EPS, Floats, Ritz

# lr="auto" and all that depends on it: the largest eigenvalue is known this well, relatively.
LARGEST_RTOL = 1e-12
# A space that will do within its budget is mostly this near halfway, since it gains digits faster
# and faster: coefficients and the largest eigenvalue, relatively. One that would just do is lost.
HALFWAY_RTOL, HALFWAY_LARGEST_RTOL = 0.01, 1e-5
# Iterates and losses are known to this share of the accuracy promised.
SAFETY = 0.1
RTOL = SAFETY * ACCURACY_RTOL
# Points in time between which the bound takes its summand to be largest at an end.
SAMPLES = 60
# A bound within this of its own rounding says no more than that the distance is smaller still, and
# is taken so as long as that rounding, relative to the coefficients, is below the limit.
MOSTLY_ROUNDING, ROUNDING_LIMIT = 8.0, 1e-9
# No t is asked about beyond this: every direction that moves at all has long arrived.
FAR = 1 << 60


@dataclass(frozen=True)
class Examination:
    """What a space knows of the iterate at which its descent stops."""

    descent: ClosedForm
    ritz: list[Ritz]
    t: int
    needs_largest: bool  # for the rate, or the stable limit

    def is_known(self) -> bool:
        """Whether this is the true descent, to the accuracy promised."""
        return self._has_largest(LARGEST_RTOL) and is_known(self.descent, self.ritz, self.t)

    def gives_up(self, size: int, most: int) -> bool:
        """Whether `most` vectors are made, or half of them and the other half will hardly do."""
        if size >= most or 2 * size < most:
            return size >= most
        near = distances_within(HALFWAY_RTOL, self.descent, self.ritz, self.t) is not None
        return not (near and self._has_largest(HALFWAY_LARGEST_RTOL))

    def _has_largest(self, rtol: float) -> bool:
        return not self.needs_largest or of_largest(self.ritz).largest_error <= rtol


def is_known(descent: ClosedForm, ritz: Sequence[Ritz], t: int) -> bool:
    """Whether coefficients of every target after t updates, and their loss, are the true ones."""
    distances = distances_within(RTOL, descent, ritz, t)
    return distances is not None and _loss_is_known(descent, distances, t)


def distances_within(
    rtol: float, descent: ClosedForm, ritz: Sequence[Ritz], t: int
) -> Floats | None:
    """Return bounds on |delta_t| of every target; None: one is above `rtol`, relatively."""
    distances = []
    for r in ritz:
        scale = _size_of_step(r, descent, t)
        distance, rounding = distance_bound(r, descent, t)
        if distance <= MOSTLY_ROUNDING * rounding and rounding <= ROUNDING_LIMIT * scale:
            distance = 0.0
        if not (scale < inf and distance <= rtol * scale):
            return None
        distances.append(distance)
    return np.array(distances)


def last_known(descent: ClosedForm, ritz: Sequence[Ritz], t: int) -> int:
    """Return a known t: this one, doubled as long as it stays known."""
    t = max(t, 1)
    while t < FAR and is_known(descent, ritz, 2 * t):
        t *= 2
    return t


def distance_bound(r: Ritz, descent: ClosedForm, t: int) -> tuple[float, float]:
    """Return a bound on |delta_t|, and the rounding of that number.

    For lr <= 1 / largest eigenvalue the last coordinate grows with t, so a sum over the left or
    right ends of intervals bounds the sum over all t. For larger rates it is an estimate: both
    parities are sampled.
    """
    if r.complete or t <= r.size:
        return 0.0, 0.0
    t = min(t, FAR)
    s = _samples(t)
    reach = r.rotated_residual / np.sqrt(r.eigenvalues)
    terms = r.last_components * reach
    lr, largest = descent.rule.lr, descent.spectrum.eigenvalues.max()
    with np.errstate(over="ignore", invalid="ignore"):
        filters = descent.rule.factors(r.eigenvalues).filter_factor(s)
        sizes, rounding = np.abs(filters @ terms), np.abs(filters) @ (EPS * np.abs(terms))
        growth = np.log(max(1.0, abs(1.0 - lr * largest)))
        weights = np.diff(s, append=t) * np.exp(growth * (t - s.astype(float)))
        scale = lr * r.next_offdiagonal
        return scale * _over_intervals(sizes, weights), scale * _over_intervals(rounding, weights)


def _size_of_step(r: Ritz, descent: ClosedForm, t: int) -> float:
    """|z_t|: how far the iterate is from the start."""
    with np.errstate(over="ignore", invalid="ignore"):
        filters = descent.rule.factors(r.eigenvalues).filter_factor(t)
        return float(np.linalg.norm(filters * r.rotated_residual / np.sqrt(r.eigenvalues)))


def _loss_is_known(descent: ClosedForm, distances: Floats, t: int) -> bool:
    """|J(theta + delta) - J(theta)| <= |gradient| |delta| + L/2 |delta|^2, above rounding."""
    if not distances.any():
        return True
    largest = descent.spectrum.eigenvalues.max()
    with np.errstate(over="ignore"):
        left = descent.factors.residual_factor(t)[:, np.newaxis] * descent.slopes
        slope = np.linalg.norm(left, axis=0)
    error = float(np.sum(slope * distances + 0.5 * largest * distances**2))
    loss, first = float(descent.loss(t)), float(descent.loss(0))
    # Any way of computing J carries this: a rounding of y moves it by as much.
    rounding = 8 * EPS * np.sqrt(first * loss) + (8 * EPS) ** 2 * first
    return bool(error <= RTOL * loss + rounding)


def _samples(t: int) -> NDArray[np.int64]:
    """Both parities of geometrically spaced points in 0 .. t - 1."""
    points = np.unique(np.geomspace(1, t, SAMPLES).astype(np.int64)) - 1
    return np.unique(np.minimum(np.concatenate([points, points + 1]), t - 1))


def _over_intervals(sizes: Floats, weights: Floats) -> float:
    ends = np.maximum(sizes, np.append(sizes[1:], sizes[-1]))
    return float(np.sum(ends * weights))


def of_largest(ritz: list[Ritz]) -> Ritz:
    """Return the projected problem with the largest eigenvalue."""
    return max(ritz, key=lambda r: r.largest)
