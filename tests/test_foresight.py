"""Where a descent will stop, found without a visit of the iterates before."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import pytest

from helpers import spectrum_by_hand
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.stopping import Stop, Stopping, find_stop, first_true, foresee


def spectra(seed):
    """A random spectrum, stable or not, whose growing part may be tiny at first."""
    rng = np.random.default_rng(seed)
    r, k = rng.integers(1, 5), rng.integers(1, 3)
    curvature = 10.0 ** rng.uniform(-1.5, 0, r)
    curvature[0] = 1.0
    residual = rng.normal(size=(r, k))
    residual[0] *= 10.0 ** rng.uniform(-12, 0)
    lr = rng.choice([0.5, 1.0, 1.9, 2.001, 2.02, 2.1, 2.5])
    floor, start = rng.choice([0.0, 0.5]), rng.normal(size=(r, k))
    return Descent(spectrum_by_hand(curvature, residual, floor=floor, start=start), float(lr))


def foreseen(descent, max_iter, rounding):
    """The t of rest, from the iterates themselves; None where it isn't reached."""
    t, end = np.arange(max_iter + 1), max_iter
    if descent.diverging and (descent.fall(t) <= 0).any():
        end = int(np.argmax(descent.fall(t) <= 0))
    thetas = descent.theta(np.arange(end + 2))
    updates = np.linalg.norm(np.diff(thetas, axis=0), axis=1)
    relative = np.max(updates / (rounding * np.linalg.norm(thetas[end], axis=0)), axis=1)
    if descent.diverging:
        relative = relative[: int(np.argmin(relative)) + 1]
    return int(np.argmax(relative <= 1)) if (relative <= 1).any() else None


@pytest.mark.parametrize("seed", range(120))
def test_what_is_foreseen_is_what_a_visit_of_every_iterate_finds(seed):
    """Rest, and the stop by the same predicate, whatever it is for."""
    descent, rng = spectra(seed), np.random.default_rng(1000 + seed)
    max_iter, rounding = int(rng.choice([3, 30, 300])), float(rng.choice([1e-2, 1e-4, 1e-6]))
    losses = descent.loss(np.arange(max_iter + 1))
    among = float(rng.choice(losses))
    for tol in (None, among, 0.5 * losses.min() if losses.min() > 0 else -1.0):
        stopping = foresee(descent, tol, max_iter, rounding)
        assert stopping == Stopping(
            tol, max_iter, foreseen(descent, max_iter, rounding), descent.diverging
        )
        visited = (
            (t, stopping.reason(t, float(descent.loss(t)), float(descent.fall(t))))
            for t in range(max_iter + 1)
        )
        assert find_stop(descent, stopping) == Stop(*next(s for s in visited if s[1]))


@pytest.mark.parametrize(("reach", "slow"), [(2.05, 0.1), (2.02, 0.05), (2.1, 0.05)])
@pytest.mark.parametrize(("above", "rests"), [(1 + 1e-6, True), (1 - 1e-6, False)])
def test_rest_before_a_divergence_is_at_the_least_update_or_nowhere(reach, slow, above, rests):
    """Updates shrink until the growing one is felt, which the loss feels later still."""
    given = spectrum_by_hand([1.0, slow], [[1e-3], [1.0]], start=np.ones((2, 1)), floor=0.0)
    descent = Descent(given, reach)
    falls = descent.fall(np.arange(1000)) > 0
    end = int(np.argmin(falls))
    updates = np.linalg.norm(np.diff(descent.theta(np.arange(end + 2)), axis=0), axis=(1, 2))
    least = int(np.argmin(updates))
    assert 0 < least < end
    rounding = above * updates[least] / np.linalg.norm(descent.theta(end))
    assert foresee(descent, None, 1000, rounding).rest == (least if rests else None)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("above", [1 + 1e-6, 1 - 1e-6])
def test_the_last_update_rests_or_does_not(seed, above):
    """By a hair, with steep and flat directions, one target or two, at rates up to the stable."""
    rng = np.random.default_rng(seed)
    curvature, residual = (
        np.append(rng.uniform(1e-4, 1.0, 4), 1.0),
        rng.normal(size=(5, 1 + seed % 2)),
    )
    descent = Descent(spectrum_by_hand(curvature, residual), rng.uniform(0.01, 1.999))
    updates = np.linalg.norm(np.diff(descent.theta([30, 31]), axis=0)[0], axis=0)
    rounding = above * np.max(updates / descent.size(30))
    assert foresee(descent, None, 30, rounding).rest == (30 if above > 1 else None)


@pytest.mark.parametrize(("rounding", "rest"), [(0.5, 0), (0.4999, 1), (0.25, 1), (0.2499, 2)])
def test_an_update_of_just_a_rounding_is_rest(rounding, rest):
    """Halves of a distance: the first update is half of it, the next a quarter."""
    descent = Descent(spectrum_by_hand([1.0], [[1.0]], turned=False), 0.5)
    assert foresee(descent, None, 10**6, rounding).rest == rest


@pytest.mark.parametrize("last", [0, 5, 127, 128, 129, 10**6, 2**62 - 2, 2**63, 2**200])
@pytest.mark.parametrize("probes", [1, 7, 128])
def test_a_search_asks_within_its_bounds(last, probes):
    """Nothing beyond the last t, no more at once than allowed, in integers that hold them."""
    asked = []

    def turned(t):
        asked.append(t)
        return t >= last // 3

    assert first_true(turned, last, probes) == last // 3
    assert all(0 <= min(t) <= max(t) <= last for t in asked)
    assert max(map(len, asked)) <= probes
    rounds = 1 + ceil(log(last + 1) / log(probes + 1))
    assert len(asked) <= rounds + 1
    assert {t.dtype for t in asked} <= {np.dtype(np.int64), np.dtype(object)}
    if last < 2**62 - 1:
        assert {t.dtype for t in asked} == {np.dtype(np.int64)}


@pytest.mark.parametrize(
    ("fall", "diverging", "reason"),
    [(1e-300, True, None), (0.5, True, None), (0.0, True, "diverged"), (0.0, False, None)],
)
def test_only_a_loss_that_does_not_fall_has_diverged(fall, diverging, reason):
    """However little it falls; and a stable descent never does."""
    assert Stopping(None, 9, diverging=diverging).reason(3, 1.0, fall) == reason
