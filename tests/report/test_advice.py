"""Words and numbers for every ending, on spectra made by hand and on fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn_gd._descent.advice import advice
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.few import decomposed
from sklearn_gd._descent.moments import HaveMoments, moments_of
from sklearn_gd._descent.names import direction_name
from sklearn_gd._descent.outlook import (
    at_rate,
    best_constant_lr,
    goal,
    is_floor,
    slowest,
    standardised,
    updates_to,
    updates_when_standardised,
)
from sklearn_gd._descent.path import DescentPath, Layout
from sklearn_gd._descent.problem import RowsInMemory, zeros

from helpers import regression, spectrum_by_hand
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent.stopping import Stop


def path(
    curvature, residual, *, lr=1.0, floor=1.0, t=5, reason="max_iter", rounding=0.0, dtype=float
):
    """A path whose directions are its parameters."""
    residual = np.array(residual)[:, np.newaxis]
    spectrum = spectrum_by_hand(curvature, residual, floor=floor, turned=False, rounding=rounding)
    return DescentPath(Descent(spectrum, lr), Stop(t, reason), Layout(False, "flat", dtype))


def fitted(X, y, lr=None, t=5, fit_intercept=True):
    """The path of a few rows, and how to have their moments."""
    rows = RowsInMemory(np.asarray(X, float), np.asarray(y, float)[:, np.newaxis], None, True)
    rows = replace(rows, fit_intercept=fit_intercept)
    spectrum = decomposed(rows, zeros(rows), 10**9)
    descent = Descent(spectrum, lr or 1 / spectrum.largest_curvature)
    layout = Layout(fit_intercept, "flat", np.float64)
    have = HaveMoments(lambda: moments_of(rows), rows.may_gain_from_scaling)
    return DescentPath(descent, Stop(t, "max_iter"), layout), have


STUCK = 1e-30  # of the largest curvature: nothing happens along it


@pytest.mark.parametrize(
    ("moves", "stuck", "floor", "told"),
    [
        (2.0, 2.1, 0.0, True),
        (2.0, 2.0, 0.0, False),
        (2.0, 1.9, 0.0, False),
        (2.0, 1.9, 10.0, False),
        (2.0, 2.1, 10.0, True),
        (0.2, 0.19, 0.0, False),
        (0.0, 1.0, 0.5, True),
    ],
)
def test_a_descent_at_rest_far_from_the_floor_is_told(moves, stuck, floor, told):
    """Where more than half of what there is to lose is left, though no update is felt."""
    said = advice(path([1.0, STUCK], [moves, stuck], floor=floor), None, None)
    assert (said is not None) is told
    if told:
        assert "with the loss still falling" in said


@pytest.mark.parametrize(
    ("residual", "lr", "dtype", "told"),
    [
        (1e-4, 0.1, np.float64, True),
        (1e4, 0.1, np.float64, True),
        (1e4, 1.0, np.float64, False),
        (0.0, 0.1, np.float64, False),
        (1e-7, 0.1, np.float64, True),
        (3e-5, 0.1, np.float64, True),
        (3e-5, 0.1, np.float32, False),
    ],
)
def test_a_loss_that_falls_by_less_than_a_rounding_is_not_told(residual, lr, dtype, told):
    """Relative to the loss, and to the dtype of the coefficients."""
    said = advice(path([1.0], [residual], lr=lr, floor=1e-3, dtype=dtype), None, None)
    assert (said is not None) is told


def test_nothing_left_to_lose_is_not_told():
    """A loss of zero does not fall."""
    assert advice(path([1.0], [1.0], floor=0.0), None, None) is None
    assert advice(path([1.0], [0.0], floor=0.0), None, None) is None


TAIL = "no number of updates reaches it."


@pytest.mark.parametrize(
    ("tol", "rounding", "said"),
    [
        (None, 0.0, None),
        (2.0, 0.0, None),
        (1.0, 0.0, f"tol=1 is below the least possible loss 1: {TAIL}"),
        (0.123456789, 0.0, f"tol=0.123457 is below the least possible loss 1: {TAIL}"),
        (
            0.125,
            0.125,
            "tol=0.125 was not used: below 0.125 a loss cannot be told from rounding here.",
        ),
        (0.13, 0.125, f"tol=0.13 is below the least possible loss 1: {TAIL}"),
    ],
)
def test_a_tol_out_of_reach_is_told(tol, rounding, said):
    """Rounding first, then the floor, which itself is never reached; after any ending but tol."""
    for reason in ("stationary", "callback"):
        assert advice(path([1.0], [1.0], rounding=rounding, reason=reason), tol, None) == said
    assert advice(path([1.0], [1.0], rounding=rounding, reason="tol"), tol, None) is None


def test_two_sentences_are_one_text():
    """What is unfinished, and what can't be reached."""
    said = advice(path([1.0, STUCK], [1.0, 4.0], floor=1.0, t=1234), 0.5, None)
    assert said == (
        "The descent reached max_iter=1,234 with the loss still falling: 9 is 8 above the least "
        "possible 1. To come within 1 % of the least loss "
        f"{updates(4.0, 1.01, STUCK) - 1234:,} more updates are needed; raise max_iter. "
        f"tol=0.5 is below the least possible loss 1: {TAIL}"
    )


def updates(residual, near, curvature):
    """Of a single direction at rate 1 to a loss below that number, over a floor of 1."""
    return path([curvature], [residual], floor=1.0).iterations_to(near)


@pytest.mark.parametrize(
    ("excess", "lr", "words"),
    [
        (0.005, 0.1, "That is within 1 % of the least loss; raise max_iter to come closer."),
        (1.01 - 1.0, 0.1, "That is within 1 % of the least loss; raise max_iter to come closer."),
        (0.0101, 0.1, "To come within 1 % of the least loss 1 more updates are needed; "),
        (0.5, 0.01, "To come within 1 % of the least loss 195 more updates are needed; "),
    ],
)
def test_an_unfinished_descent_is_told_how_far_it_is(excess, lr, words):
    """At its goal, just beside it, and far from it."""
    unfinished = path([1.0], [np.sqrt(2 * excess)], lr=lr, t=0)
    said = advice(unfinished, None, None)
    loss = f"{1 + excess:.6g} is {excess:.3g} above the least possible 1."
    assert said.startswith(
        f"The descent reached max_iter=0 with the loss still falling: {loss} {words}"
    )


def test_a_rate_that_is_no_rate_is_told():
    """No number of updates is enough where even 2**256 of them are not."""
    said = advice(path([1.0], [1.0], lr=1e-100, t=7), None, None)
    words = "At lr=1e-100 no number of updates comes within 1 % of the least loss: raise lr."
    assert said.endswith(words)


def test_later_divergence_is_told_with_its_limit():
    """Both rates, in four digits."""
    rising = path([1.0, 0.25], [1e-9, 3.0], lr=2.0123456, t=3)
    assert advice(rising, None, None).endswith(
        "Later it would rise for ever: lr=2.012 is above the largest stable rate 2."
    )


def test_a_divergence_is_told_with_everything_to_do():
    """How far beyond the limit, where it stopped, and what to choose instead."""
    diverged = path([0.8], [1.0], lr=5.0, floor=0.25, t=0, reason="diverged")
    assert advice(diverged, None, None) == (
        "The descent diverged: lr=5 is 2 times the largest stable rate 2.5 (2 / largest "
        "curvature). It was stopped at its least loss 0.75, after 0 updates. Choose lr below 2.5, "
        "or lr='auto'."
    )
    X, y = regression(n=30, d=2)
    of_rows, moments = fitted(X, y, lr=9.0, t=0)
    diverged = DescentPath(of_rows._descent, Stop(0, "diverged"), of_rows._layout)
    limit = fitted((X - X.mean(axis=0)) / X.std(axis=0), y)[0].max_stable_lr
    assert advice(diverged, None, moments).endswith(
        f"or lr='auto'; with standardised columns rates up to {limit:.4g} are stable."
    )


def test_scaling_is_advised_where_it_halves_the_updates():
    """With the number that standardised columns take; not without sums, not where it gains less."""
    X, y = regression(n=40)
    X = StandardScaler().fit_transform(X)
    for scales, gains in (([1.0, 1.0, 1.0, 30.0], True), (1.0, False)):
        unfinished, moments = fitted(X * scales, y, t=1)
        scaled = fitted(StandardScaler().fit_transform(X), y)[0]
        needed = scaled.iterations_to(scaled.loss_floor * 1.01)
        words = f"; with standardised columns (StandardScaler) {needed:,} would do."
        assert advice(unfinished, None, moments).endswith(words) is gains
        assert advice(unfinished, None, None).endswith(" more updates are needed; raise max_iter.")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    ("scales", "shift", "gains"),
    [(1.0, 0.0, False), ([1, 1, 3, 1], 0.0, True), (1.0, 9.0, True), ([0, 1, 1, 1], 0.0, False)],
)
def test_columns_on_one_scale_are_not_asked_what_scaling_gains(
    scales, shift, gains, fit_intercept, weighted
):
    """Rows and their sums say so alike; without an intercept nothing is centred."""
    X, y = regression(n=200)
    X = X * scales + shift
    w = np.random.default_rng(0).uniform(0.5, 2.0, 200) if weighted else None
    rows = RowsInMemory(X, y[:, np.newaxis], w, fit_intercept)
    expected = gains and (fit_intercept or not shift)
    assert rows.may_gain_from_scaling() is expected
    assert rows.moments().may_gain_from_scaling(fit_intercept) is expected


def test_rows_of_nothing_gain_nothing_from_scaling():
    """Nor do numbers that are ignored, however large."""
    rows = RowsInMemory(np.zeros((5, 2)), np.ones((5, 1)), None, True)
    assert not rows.may_gain_from_scaling()
    X, w = np.random.default_rng(0).standard_normal((50, 2)), np.ones(50)
    X[0], w[0] = 1e200, 0.0
    assert not RowsInMemory(X, np.ones((50, 1)), w, True).may_gain_from_scaling()


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_standardised_path_is_that_of_standardised_rows(fit_intercept):
    """From zeros at the classical rate, laid out as the first."""
    X, y = regression(n=40)
    X = X * [1.0, 0.01, 5.0, 100.0]
    given, moments = fitted(X, y, lr=1e-5, fit_intercept=fit_intercept)
    scaled = StandardScaler(with_mean=False).fit_transform(X - fit_intercept * X.mean(axis=0))
    if not fit_intercept:
        scaled = X / np.sqrt(np.mean(X**2, axis=0))
    expected, _ = fitted(scaled, y, fit_intercept=fit_intercept)
    found = standardised(given, moments.made())
    assert found.lr == pytest.approx(expected.lr, rel=1e-12)
    t = [0, 1, 30]
    assert_allclose(found.coef(t), expected.coef(t), rtol=1e-9, atol=1e-12)
    assert_allclose(found.intercept(t), expected.intercept(t), rtol=1e-9, atol=1e-12)
    assert found.n_iter == given.n_iter
    still, moments = fitted(np.zeros((5, 2)), np.ones(5), lr=0.5, fit_intercept=False)
    assert standardised(still, moments.made()).lr == 1.0


@pytest.mark.parametrize(
    ("floor", "first", "above"),
    [(0.0, 1.0, False), (1e-12, 1.0, False), (1.1e-12, 1.0, True), (1.5e-12, 2.0, False)],
)
def test_a_floor_of_rounding_is_none(floor, first, above):
    """A trillionth of the first loss is no floor to come near to."""
    assert is_floor(floor, first) is above


def test_goals_and_the_updates_to_them():
    """Above a floor by a share of it, or down to a share of the first loss."""
    above = goal(path([1.0], [2.0], floor=4.0), 0.25)
    assert (above.loss, above.words) == (5.0, "within 25 % of the least loss")
    exact = path([1.0], [2.0], floor=0.0, lr=0.5)
    assert (goal(exact, 0.125).loss, goal(exact, 0.125).words) == (
        0.25,
        "to 12.5 % of the first loss",
    )
    # A quarter of the loss is left by each update, and below is meant strictly.
    assert [updates_to(exact, share) for share in (1.0, 0.9, 0.25, 0.24, 0.01)] == [0, 1, 2, 2, 4]
    assert updates_to(path([1.0], [0.0], floor=0.0), 0.5) == 0
    assert updates_to(path([1.0], [np.sqrt(2.0)], floor=1.0), 1.0) == 0
    assert updates_to(path([1.0], [2.0], lr=1e-100), 0.5) is None


def test_goals_of_another_descent():
    """The higher of two floors counts, each being known to its rounding only."""
    low, high = path([1.0], [1.0], floor=1.0, lr=0.5), path([0.5], [4.0], floor=2.0, lr=0.5)
    for share in (0.5, 0.25, 0.01):
        needed = high.iterations_to(2.0 * (1 + share))
        assert updates_when_standardised(low, high, share) == needed > 1
        assert updates_when_standardised(high, low, share) == 0
        assert updates_when_standardised(low, low, share) == updates_to(low, share)
    settled = path([1.0], [0.0], floor=0.0)
    assert updates_when_standardised(settled, settled, 0.5) == 0
    exactly = path([1.0], [np.sqrt(2.0)], floor=1.0)
    assert updates_when_standardised(exactly, exactly, 1.0) == 0
    assert updates_when_standardised(low, path([1.0], [3.0], floor=1.0), 0.5) == 1


def test_the_slowest_directions_come_first():
    """Those that hold some of the loss, with their time constants and their shares of it."""
    given = path([1.0, 0.5, 0.01, 0.2], [1.0, 2.0, 1e-4, 3.0], lr=1.0)
    found = slowest(given, ["a", "b", "c", "d"], most=5)
    assert [s.name for s in found] == ["d", "b", "a"]
    assert [s.curvature for s in found] == [0.2, 0.5, 1.0]
    total = 1.0 + 4.0 + 9.0 + 1e-8
    assert_allclose([s.share for s in found], [9 / total, 4 / total, 1 / total])
    assert_allclose([s.time_constant for s in found[:2]], -1 / np.log([0.8, 0.5]))
    assert len(slowest(given, ["a", "b", "c", "d"], most=2)) == 2
    growing = slowest(path([1.0, 0.5], [1.0, 1.0], lr=2.5), ["a", "b"], most=2)
    assert [(s.name, s.time_constant) for s in growing][0] == ("a", np.inf)
    many = np.random.default_rng(0).choice([0.25, 0.5], 200)
    same = slowest(path(many, [1.0] * 200), [f"x{j}" for j in range(200)], most=200)
    assert [s.name for s in same] == [f"x{j}" for j in np.argsort(many, kind="stable")]
    assert slowest(path([1.0], [0.0]), ["a"], most=2) == ()


def test_a_descent_at_another_rate():
    """As far as the first one went, at least one update, or up to where it diverges."""
    given = path([1.0, 0.5], [1.0, 2.0], lr=0.25, t=6)
    other = at_rate(given, 0.5)
    assert (other.lr, other.n_iter, other.stop_reason) == (0.5, 6, "max_iter")
    assert_allclose(other.coef(3), [1 - 0.5**3, 2 / np.sqrt(0.5) * (1 - 0.75**3)])
    first = at_rate(path([1.0], [1.0], t=0), 0.5)
    assert (first.n_iter, first.stop_reason) == (1, "max_iter")
    assert at_rate(given, 3.0).stop_reason == "diverged"


def test_the_rate_whose_slowest_direction_is_fastest():
    """2 / (largest + smallest), of curvatures that are felt."""
    assert best_constant_lr(path([1.0, 0.25, 0.5], [1.0] * 3)._descent.spectrum) == 1.6
    none = replace(path([1.0], [1.0])._descent.spectrum, null_below=1.0)
    assert best_constant_lr(none) == np.inf


def test_directions_are_named_in_order_of_weight_then_place():
    """Whatever the sorting of many equal ones does."""
    weights = np.tile([0.5, -1.0, 0.75], 30)
    assert direction_name(weights, [f"x{j}" for j in range(90)]) == "x1 + x4 + x7"
    weights = np.random.default_rng(0).choice([0.5, 1.0], 1000)
    first = " + ".join(f"x{j}" for j in np.flatnonzero(weights == 1.0)[:3])
    assert direction_name(weights, [f"x{j}" for j in range(1000)]) == first
    assert direction_name(np.array([1.0, 0.5, 0.0]), ["a", "b", "c"]) == "a + b"


def test_a_tol_above_the_floor_is_not_called_unreachable():
    """However little is known of the floor of an unfinished descent of hardly any noise."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 7))
    y = X.sum(axis=1) + 1.5 + 1e-9 * rng.standard_normal(3000)
    terms = {"lr": 0.1, "tol": 6e-19, "solver": "spectral"}
    with pytest.warns(ConvergenceWarning, match=r"raise max_iter to come closer\.$"):
        model = GDLinearRegressor(max_iter=25, **terms).fit(X, y)
    descent = model.path_._descent
    assert descent.spectrum.measured_at == 25
    arrived = GDLinearRegressor(max_iter=10**4, **terms).fit(X, y)
    assert arrived.stop_reason_ == "tol"
    off = abs(model.path_.loss_floor - arrived.path_.loss_floor)
    assert off <= descent.floor_error < 1e-12 * model.path_.loss(0)
    assert abs(arrived.path_.loss_floor - 5e-19) < arrived.path_._descent.floor_error + 2e-20
