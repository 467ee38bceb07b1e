"""Stops, against a visit of every iterate."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import EPS, spectrum_by_hand
from sklearn_gd._descent import (
    ClosedForm,
    Stop,
    StoppingRule,
    UpdateRule,
    find_stop,
    first_true,
    stopping,
)
from sklearn_gd._descent.stopping import PROBES, stationary_at

MANY = 400


def random_descent(seed, momentum=0.0, nesterov=False):
    """A few directions, stable or not, with a growing part that may be tiny at first."""
    rng = np.random.default_rng(seed)
    r, k = rng.integers(1, 5), rng.integers(1, 3)
    eigenvalues = np.r_[1.0, 10.0 ** rng.uniform(-1.5, 0, r - 1)]
    residual = rng.normal(size=(r, k))
    residual[0] *= 10.0 ** rng.uniform(-9, 0)
    rule = UpdateRule(1.0, momentum, nesterov)
    share = rng.choice([0.1, 0.5, 0.95, 1.005, 1.05, 1.3])
    rule = UpdateRule(float(share * rule.stable_below(1.0)), momentum, nesterov)
    floor, start = rng.choice([0.0, 0.5]), rng.normal(size=(r, k)) * rng.choice([0.0, 1.0])
    return ClosedForm(spectrum_by_hand(eigenvalues, residual, floor=floor, start=start), rule)


def rest_by_definition(form, eps, last):
    """The first t >= 1 from which no visited iterate is further than eps from the limit."""
    steps = np.arange(20 * MANY)
    distances = np.linalg.norm(form.theta(steps) - form.limit, axis=1)
    limit = np.linalg.norm(form.limit, axis=0)
    start = np.linalg.norm(form.start, axis=0)
    far = np.any(distances > eps * np.where(limit > 16 * EPS * start, limit, start), axis=1)
    first = int(np.flatnonzero(far)[-1]) + 1 if far.any() else 0
    return max(first, 1) if first <= last else None


def walked_stop(form, tol, max_iter, eps):
    """The stop of a loop that looks at every loss, plain descent's."""
    losses = form.loss(np.arange(max_iter + 2))
    rest = None if form.diverges else rest_by_definition(form, eps, max_iter)
    for t in range(max_iter + 1):
        if tol is not None and losses[t] < tol:
            return Stop(t, "tol", t)
        if rest is not None and t >= rest:
            return Stop(t, "stationary", t)
        if form.diverges and t and form.has_risen(t - 1):
            return Stop(t, "diverged", int(np.argmin(losses[: t + 1])))
        if t == max_iter:
            return Stop(t, "max_iter", t)
    return None


@pytest.mark.parametrize("seed", range(60))
def test_a_plain_descent_stops_where_a_loop_that_looks_would(seed):
    """The t, the reason and the best iterate are those of a visit of every iterate."""
    form, rng = random_descent(seed), np.random.default_rng(1000 + seed)
    max_iter, eps = int(rng.choice([3, 30, MANY])), float(rng.choice([1e-2, 1e-4, 1e-6]))
    losses = form.loss(np.arange(max_iter + 1))
    finite = losses[np.isfinite(losses)]
    for tol in (None, float(rng.choice(finite)), 0.5 * finite.min(), 2.0 * losses[0]):
        stop = find_stop(form, StoppingRule(tol, max_iter, eps))
        walked = walked_stop(form, tol, max_iter, eps)
        assert (stop.t, stop.reason) == (walked.t, walked.reason)
        assert form.loss(stop.best) <= form.loss(walked.best) * (1 + 4 * EPS)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_a_scan_finds_the_first_loss_below_tol(seed, nesterov, monkeypatch):
    """With momentum, whose losses rise and fall, the stop is that of a visit of every iterate."""
    monkeypatch.setattr(stopping, "FIRST_BLOCK", 4)
    monkeypatch.setattr(stopping, "LONGEST_BLOCK", 16)
    form = random_descent(seed, 0.9, nesterov)
    losses = form.loss(np.arange(MANY + 1))
    rng = np.random.default_rng(seed)
    for tol in rng.choice(losses[np.isfinite(losses)], 4):
        stop = find_stop(form, StoppingRule(float(tol), MANY, 0.0))
        below = np.flatnonzero(losses < tol)
        if not form.diverges:
            expected = (int(below[0]), "tol") if below.size else (MANY, "max_iter")
            assert (stop.t, stop.reason) == expected
        elif stop.reason == "tol":
            assert stop.t == below[0]
        else:
            assert not np.any(losses[: stop.t + 1] < tol)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_momentum_diverges_at_the_update_after_which_the_loss_stays_above_the_first(seed, nesterov):
    """The update is counted, later losses stay above the first, and `best` is the least so far."""
    form = random_descent(seed, 0.8, nesterov)
    stop = find_stop(form, StoppingRule(None, 10**5, 1e-12))
    if not form.diverges:
        assert stop.reason != "diverged"
        return
    losses = form.loss(np.arange(3 * stop.t + MANY))
    assert stop.reason == "diverged"
    assert losses[stop.t - 1] <= losses[0] < losses[stop.t]
    assert np.all(losses[stop.t :] > losses[0])
    assert stop.best == np.argmin(losses[: stop.t + 1])


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("rate", [10.0, 1e3, 1e9, 1e100, 1e300])
def test_a_momentum_that_overflows_at_once_has_diverged(rate, nesterov):
    """A rate far above the stable limit diverges at the first update, however large it is."""
    spectrum = spectrum_by_hand([1.0, 0.3], [[1.0], [1.0]])
    form = ClosedForm(spectrum, UpdateRule(rate, 0.9, nesterov))
    assert find_stop(form, StoppingRule(None, 10**6, EPS)) == Stop(1, "diverged", 0)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(12))
def test_stationary_is_never_far_from_the_limit_again(seed, momentum):
    """The limit is within eps from the stop on; plain descent stops at the first such t."""
    form, eps = random_descent(seed, momentum), 1e-6
    if form.diverges:
        return
    found = stationary_at(form, 10**6, eps)
    by_definition = rest_by_definition(form, eps, 10**6)
    assert found >= by_definition
    if not momentum:
        assert found == by_definition
    else:  # the envelope is a bound: at most a few turns of the slowest direction late
        assert found <= 2 * by_definition + 100


def test_a_start_at_the_limit_makes_one_update():
    """Rest is tested from t = 1 on; max_iter = 0 is not at rest."""
    form = ClosedForm(spectrum_by_hand([1.0], [[0.0]], start=np.ones((1, 1))), UpdateRule(0.5))
    assert find_stop(form, StoppingRule(None, 10**9, EPS)) == Stop(1, "stationary", 1)
    assert find_stop(form, StoppingRule(0.3, 10**9, EPS)) == Stop(0, "tol", 0)


def test_a_limit_of_zero_is_compared_with_the_start():
    """From a start of 1 to a limit of 0, rest is at eps of the start."""
    start = np.ones((1, 1))
    spectrum = spectrum_by_hand([1.0], [[1.0]], start=start)  # the basis is -1: the limit is 0
    form = ClosedForm(spectrum, UpdateRule(0.5))
    np.testing.assert_array_equal(form.limit, 0.0)
    stop = find_stop(form, StoppingRule(None, 10**6, 2.0**-20))
    assert stop == Stop(20, "stationary", 20)


def test_at_the_stable_limit_nothing_rests_or_diverges():
    """A direction that flips its sign for ever reaches max_iter."""
    form = ClosedForm(spectrum_by_hand([1.0, 0.5], [[1.0], [1.0]]), UpdateRule(2.0))
    assert find_stop(form, StoppingRule(None, 10**9, EPS)).reason == "max_iter"


def test_a_descent_that_grows_out_of_nothing_says_so():
    """A growing direction of 1e-9 of the loss makes its rise visible in the end, and not before."""
    form = ClosedForm(spectrum_by_hand([1.0, 0.3], [[1e-9], [1.0]]), UpdateRule(2.01))
    stop = find_stop(form, StoppingRule(None, 10**6, EPS))
    assert stop.reason == "diverged"
    losses = form.loss(np.arange(stop.t + 1))
    assert losses[stop.t] > losses[stop.t - 1]
    assert np.all(np.diff(losses[: stop.best + 1]) <= 0)
    assert stop.best < stop.t


def test_a_scan_that_would_never_end_says_what_to_do(monkeypatch):
    """A tol that MOST_SCANNED updates do not meet, and a later one may, is an error."""
    monkeypatch.setattr(stopping, "MOST_SCANNED", 1000)
    turning = spectrum_by_hand([1.0, 0.7, 0.45], [[1.0], [1.0], [1.0]])
    form = ClosedForm(turning, UpdateRule(0.1, 1.0 - 1e-6))
    tol = 0.25 + 1e-9
    with pytest.raises(ValueError, match="No loss below tol=0.25 was found among 1,000 updates"):
        find_stop(form, StoppingRule(tol, 10**9, EPS))
    assert find_stop(form, StoppingRule(tol, 1000, EPS)).reason == "max_iter"
    assert find_stop(form, StoppingRule(0.1, 10**12, EPS)).reason != "tol"  # below the floor


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_divergence_too_slow_to_be_seen_is_an_error(nesterov, monkeypatch):
    """It names the rate, and asks for a smaller one."""
    monkeypatch.setattr(stopping, "MOST_SCANNED", 1000)
    form = ClosedForm(
        spectrum_by_hand([1.0, 1e-7], [[1e-3], [1.0]]), UpdateRule(1.0, 0.9, nesterov)
    )
    form = form.at(UpdateRule(form.rule.stable_below(1.0) * (1 + 1e-7), 0.9, nesterov))
    with pytest.raises(ValueError, match="diverges, but so slowly"):
        find_stop(form, StoppingRule(None, 10**9, EPS))


@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_a_slow_tol_is_found_without_a_scan_of_all_before(momentum, monkeypatch):
    """Directions that fall monotonically bound the first t from below, the envelope from above."""
    monkeypatch.setattr(stopping, "MOST_SCANNED", 1000)
    form = ClosedForm(spectrum_by_hand([1.0, 1e-7], [[1e-3], [1.0]]), UpdateRule(0.1, momentum))
    stop = find_stop(form, StoppingRule(0.3, 10**12, EPS))
    assert stop.reason == "tol"
    assert stop.t > 10**6
    assert form.loss(stop.t) < 0.3 <= form.loss(stop.t - 1)


@given(st.integers(0, 10**40), st.floats(0.0, 1.2))
def test_a_search_finds_the_first_true(last, share):
    """Any threshold in 0..last is found, none beyond it, and nothing outside is asked."""
    threshold = int(share * last)
    asked = []

    def reached(t):
        asked.append((int(min(t)), int(max(t)), len(t)))
        return np.array([step >= threshold for step in t.tolist()])

    assert first_true(reached, last) == (threshold if threshold <= last else None)
    assert all(0 <= low <= high <= last and count <= PROBES for low, high, count in asked)
    assert len(asked) <= 3 + ceil(log(last + 2) / log(PROBES + 1))


@pytest.mark.parametrize("last", [0, 5, 32, 33, 10**6, 2**62 - 2, 2**63, 2**200])
def test_a_search_asks_in_integers(last):
    """Steps are 64-bit integers as long as those hold them, and Python's beyond."""
    kinds = set()

    def reached(t):
        kinds.add(t.dtype)
        return t >= last // 3

    assert first_true(reached, last) == last // 3
    assert kinds <= {np.dtype(np.int64), np.dtype(object)}
    if last < 2**62 - 1:
        assert kinds == {np.dtype(np.int64)}


@pytest.mark.parametrize("size", [1e-140, 1.0, 1e140])
def test_rest_does_not_depend_on_the_unit_of_y(size):
    """Amplitudes whose squares leave the float range rest at the same t."""
    residual = size * np.array([[1.0], [2.0]])
    form = ClosedForm(spectrum_by_hand([1e-20, 3e-20], residual), UpdateRule(3e19))
    assert find_stop(form, StoppingRule(None, 10**6, EPS)) == Stop(100, "stationary", 100)
