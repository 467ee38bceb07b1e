"""The closed form, on spectra made by hand: every answer is that of powers of plain numbers."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import CONTRACT, EPS, spectrum_by_hand
from sklearn_gd._descent import descent as module
from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.descent import LARGEST_SIZE, Descent, RecordedDescent
from sklearn_gd._descent.exactness import MEASURED_AROUND
from sklearn_gd._descent.loop import descend
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.stopping import Stopping

CURVATURE = [2.5, 1.0, 0.5, 0.1]
RESIDUAL = [[1.0, -2.0], [0.5, 0.0], [-3.0, 1.0], [0.25, 4.0]]
# At these rates all fall; one goes from side to side; one is gone at once; one grows; all but one.
RATES = [0.3, 0.7, 0.4, 0.9, 5.0]


@pytest.mark.parametrize("lr", RATES)
@pytest.mark.parametrize("t", [0, 1, 2, 3, 8])
def test_answers_are_sums_over_directions(lr, t):
    """Loss, its fall, parameters, gradient, size and degrees of freedom, for one t and for many."""
    start = np.arange(8.0).reshape(4, 2)
    given = spectrum_by_hand(CURVATURE, RESIDUAL, start=start)
    curvature, residual = given.curvature[:, np.newaxis], given.residual
    power = (1 - lr * curvature) ** t
    theta = start + given.basis @ ((1 - power) * residual / np.sqrt(curvature))
    loss = [0.25 + 0.5 * np.sum(((1 - lr * curvature) ** s * residual) ** 2) for s in (t, t + 1)]
    descent = Descent(given, lr)
    known = {"rtol": 1e-12, "atol": 1e-12}
    assert_allclose(descent.loss(t), loss[0], rtol=1e-13)
    assert_allclose(descent.fall(t), loss[0] - loss[1], rtol=1e-11, atol=1e-12)
    assert_allclose(descent.theta(t), theta, **known)
    gradient = given.basis @ (-power * residual * np.sqrt(curvature))
    assert_allclose(descent.gradient(t), gradient, **known)
    assert_allclose(descent.size(t), np.linalg.norm(theta, axis=0), **known)
    assert_allclose(descent.dof(t), np.sum(1 - power), **known)
    for ask in (descent.loss, descent.fall, descent.theta, descent.gradient, descent.dof):
        answers = ask(np.array([[t, 1], [0, t]]))
        assert_allclose(answers[[0, 1], [0, 1]], [ask(t)] * 2, rtol=1e-14)
    assert descent.diverging == (lr >= 0.9)
    assert descent.last_known is None


@pytest.mark.parametrize("lr", RATES)
def test_updates_are_compared_with_units_of_each_target(lr):
    """The largest over targets of |update / unit|^2, and no update of a target that never moves."""
    given = spectrum_by_hand(CURVATURE, RESIDUAL)
    descent, unit = Descent(given, lr), np.array([0.5, 3.0])
    t = np.array([0, 3, 4])
    updates = np.diff(descent.theta(np.stack([t, t + 1])), axis=0)[0]
    expected = np.max(np.sum((updates / unit) ** 2, axis=1), axis=1)
    assert_allclose(descent.largest(t, descent.update_weights(unit)), expected, rtol=1e-10)
    one = descent.largest(3, descent.update_weights(unit))
    assert_allclose(one, expected[1], rtol=1e-10)


@pytest.mark.parametrize("size", [1.0, 1e200])
def test_a_target_that_never_moves_has_no_updates(size):
    """Beside a unit of zero, where others are beyond any measure; and arithmetic is no error."""
    with np.errstate(all="raise", under="ignore"):
        still = Descent(spectrum_by_hand([1.0, 0.5], [[0.0, size], [0.0, 0.0]]), 0.1)
        weights = still.update_weights(np.array([0.0, 1e-200]))
    assert weights.tolist() == [[0.0, LARGEST_SIZE**2]]
    moving = Descent(spectrum_by_hand([1.0, 0.25], [[0.0, 1.0], [1.0, 1.0]]), 0.5)
    weights = moving.update_weights(np.array([0.5, 0.25]))
    assert weights.tolist() == [[0.0, 4.0], [0.25, 1.0]]


def test_directions_that_are_at_their_limit_are_left_out():
    """They answer as if they were not there, but for degrees of freedom."""
    with_one = Descent(spectrum_by_hand(CURVATURE, [[1.0], [0.0], [2.0], [0.5]]), 0.3)
    keep = [0, 2, 3]
    given = with_one.spectrum
    without = Descent(
        replace(
            given,
            basis=given.basis[:, keep],
            curvature=given.curvature[keep],
            residual=given.residual[keep],
        ),
        0.3,
    )
    for t in (0, 1, 7):
        assert with_one.loss(t) == without.loss(t)
        assert_array_equal(with_one.theta(t), without.theta(t))
        assert_array_equal(with_one.gradient(t), without.gradient(t))
    assert with_one.dof(10**6) == pytest.approx(4)
    assert without.dof(10**6) == pytest.approx(3)


def test_only_what_leaves_the_range_is_infinite():
    """Growing directions take along what has a share in them; other parameters and t stay."""
    descent = Descent(spectrum_by_hand([3.0, 2.5, 0.5], [[1.0], [1.0], [1.0]], turned=False), 1.0)
    near, far = descent.theta([4, 10**5])
    assert_allclose(near, descent.theta(4), rtol=1e-15)
    assert np.isfinite(near).all()
    assert far[:2].ravel().tolist() == [-np.inf, -np.inf]  # at an even t beyond the far side
    assert far[2] != 0
    assert descent.theta(10**5 + 1)[:2].ravel().tolist() == [np.inf, np.inf]
    assert descent.gradient([4, 10**5])[1, :2].ravel().tolist() == [-np.inf, -np.inf]
    still = Descent(spectrum_by_hand([3.0, 0.5], [[1.0, 0.0], [0.0, 1.0]], turned=False), 1.0)
    assert still.theta(10**5)[0].tolist() == [-np.inf, 0.0]
    assert still.theta(10**5)[1, 0] == 0.0


@pytest.mark.parametrize("t", [500, 10**5, 10**9])
def test_growth_beyond_floats_is_never_nan(t):
    """Where growing directions pull a parameter to both sides, and where numpy is made to raise."""
    descent = Descent(spectrum_by_hand([3.0, 2.9, 2.8], [[1.0, 0.0], [-1.0, 1.0], [1.0, 2.0]]), 1.0)
    weights = descent.update_weights(np.array([1.0, 1e-3]))
    with np.errstate(all="raise", under="ignore"):
        assert not np.isnan(descent.theta(t)).any()
        assert not np.isnan(descent.gradient(t)).any()
        if t > 500:
            assert descent.loss(t) == descent.fall(t) * -1 == np.inf
            assert np.isfinite(descent.size(t)).all()
            descent.largest(t, weights)


def test_what_grows_and_what_does_not():
    """Rates below the limit, at it, and above it, whose powers may overflow without a word."""
    for reach, grows in ((0.5, False), (1.5, False), (2.0, False), (2.000001, True)):
        contraction = Contraction(np.array([0.1, reach]), 1.0)
        assert contraction.any_growing is grows
        assert contraction.any_negative == (reach > 1)
        with np.errstate(all="raise"), contraction.overflowing():
            for inputs in ((np.float64(1e300), 1e300), (np.float64(np.inf), 0.0)):
                if grows:
                    np.multiply(*inputs)
                else:
                    with pytest.raises(FloatingPointError):
                        np.multiply(*inputs)


def test_a_rate_beyond_all_numbers_still_has_a_start():
    """lr times curvature overflows: nothing has happened at t = 0, and all is lost at t = 1."""
    with np.errstate(all="raise"):
        contraction = Contraction(np.array([1e200, 1e-200]), 1e200)
    assert contraction.power(0).tolist() == [1.0, 1.0]
    assert contraction.shortfall(0).tolist() == [0.0, 0.0]
    assert contraction.squared(1).tolist() == [np.inf, 0.0]
    assert contraction.any_growing


@pytest.mark.parametrize("reach", [0.0, 1e-9, 0.25, 1.0, 1.75, 2.0, 3.0])
def test_what_an_update_takes_is_one_minus_the_square(reach):
    """1 - r^2 of the first update."""
    lost = Contraction(np.array([reach]), 1.0).lost_per_update
    assert_allclose(lost, reach * (2 - reach), rtol=1e-15)


@pytest.mark.parametrize(("numbers", "parts"), [(1, [1, 1, 1, 1, 1]), (8, [2, 2, 1]), (99, [5])])
def test_histories_are_made_in_parts_of_so_many_numbers(numbers, parts, monkeypatch):
    """At least one iterate at a time, and none twice or never."""
    monkeypatch.setattr(module, "CHUNK_NUMBERS", numbers)
    descent = Descent(spectrum_by_hand(CURVATURE, RESIDUAL), 0.3)
    chunks = list(descent._chunks(4))
    assert [len(chunk) for chunk in chunks] == parts
    assert np.concatenate(chunks).tolist() == [0, 1, 2, 3, 4]
    assert_allclose(descent.thetas(4), descent.theta(np.arange(5)), rtol=1e-14)
    assert_array_equal(descent.losses(4), descent.loss(np.arange(5)))
    settled = Descent(spectrum_by_hand(CURVATURE, np.zeros((4, 1))), 0.3)
    assert [len(chunk) for chunk in settled._chunks(4)][:1] == [min(numbers, 5)]
    assert settled.losses(4).tolist() == [0.25] * 5


def worst(given, lr, end, loss):
    """The bound on errors of losses around a measured one, from the documented parts of it."""
    curvature, squares = given.curvature, np.sum(given.residual**2, axis=1)
    r = 1 - lr * curvature
    t = np.unique(np.geomspace(1, end + 1, MEASURED_AROUND).astype(int) - 1)
    lost = r ** (2 * t[:, np.newaxis]) - r ** (2 * end)
    slopes = given.slope_error * np.sqrt(np.sum(lost**2 * squares / curvature, axis=1))
    off = given.error * curvature.max() * np.max((1 - r**end) / curvature)
    size = np.linalg.norm(Descent(given, lr).theta(end))
    moved = sqrt(np.sum(r ** (2 * end) * squares * curvature)) * off * size
    excess = 0.5 * np.sum((r ** (2 * t[:, np.newaxis]) - r ** (2 * end)) * squares, axis=1)
    slope = given.slope_error + given.error * curvature.max() * size
    bent = 0.5 * (slope * np.max((1 - r**end) / np.sqrt(curvature))) ** 2
    losses = loss + excess
    return np.max((slopes + moved + bent) / (CONTRACT * losses + given.row_rounding * losses**0.5))


@pytest.mark.parametrize(
    ("end", "unit", "error", "rounding", "row_rounding"),
    [
        (20, EPS, 10 * EPS, 4e-16, 0.0),  # all have their parts in it
        (300, EPS, 2e-14, 4e-13, 0.0),  # what was lost is off most
        (300, EPS, 10 * EPS, 4e-16, 1e-16),  # so are predictions, as squares
        (3, EPS, 10 * EPS, 4e-18, 0.0),  # where it still falls fast, the parameters are
        (20, EPS, 10 * EPS, 4e-18, 1e-20),  # a little more than is promised
    ],
)
def test_losses_around_a_measured_one_are_known_down_to_a_size(
    end, unit, error, rounding, row_rounding
):
    """The least measured loss that is called known is where the bound is the promise."""
    known = {"error": error, "rounding": rounding, "unit": unit, "row_rounding": row_rounding}
    given = spectrum_by_hand(CURVATURE, RESIDUAL, **known)
    descent = Descent(given, 0.3)
    assert descent.coefficient_error(end) <= CONTRACT
    low, high = 1e-30, 1e30
    for _ in range(200):
        middle = sqrt(low * high)
        known = descent.measured(end, middle).holds(end, middle)
        low, high = (low, middle) if known else (middle, high)
    assert high > 2 * descent.measured(end, high).spectrum.resolution
    assert worst(given, 0.3, end, high) == pytest.approx(1.0, rel=1e-6)


def test_a_measured_loss_may_be_below_what_sums_resolve():
    """Where all directions were told from flat ones; then it has the digits that rows have."""
    known = {"error": 10 * EPS, "rounding": 4 * EPS, "row_rounding": 1e-16}
    for curvature, tells in ((CURVATURE, True), ([*CURVATURE[:3], 1e-15], False)):
        given = spectrum_by_hand(curvature, RESIDUAL, floor=-1e-14, null_below=1e-15, **known)
        measured = Descent(given, 0.3).measured(3000, 1e-16).spectrum
        assert given.resolution > 4 * EPS
        assert measured.resolution == (4 * EPS**2 if tells else pytest.approx(given.resolution))
        assert float(Descent(measured, 0.3).loss(3000)) == pytest.approx(1e-16, rel=1e-12)
        assert Descent(measured, 0.3).holds(3000, 1e-16) == tells


def test_a_measured_loss_is_that_of_its_t():
    """All losses are moved by the same, so that this one is what was measured."""
    descent = Descent(spectrum_by_hand(CURVATURE, RESIDUAL), 0.3)
    measured = descent.measured(7, 5.0)
    assert measured.loss(7) == pytest.approx(5.0, rel=1e-15)
    assert_allclose(measured.loss(0) - 5.0, descent.loss(0) - descent.loss(7), rtol=1e-13)
    assert (measured.lr, measured.spectrum.measured_at) == (0.3, 7)


def test_errors_just_within_the_promise_are_within_it():
    """What is known to exactly as many digits as are promised holds."""
    given = spectrum_by_hand([1.0], [[1.0]], floor=1.0, error=CONTRACT)
    assert Descent(given, 1.0).coefficient_error(5) == CONTRACT
    assert Descent(given, 1.0).holds(5, 1e6)
    rounded = spectrum_by_hand([1.0], [[1.0]], floor=1.0, rounding=CONTRACT)
    assert Descent(rounded, 1.0).holds(0, 1.0)
    assert not Descent(rounded, 1.0).holds(0, 1.0 - 1e-9)
    assert Descent(given, 1.0).loss_error(0) == 0.0
    lacking = spectrum_by_hand([1.0], [[1.0]], floor=1.0, error=CONTRACT, rounding=1e-11)
    assert Descent(lacking, 1.0).lacks_only_the_loss(5)
    assert not Descent(given, 1.0).lacks_only_the_loss(5)


@pytest.mark.parametrize("t", [0, 2, 3, [[0, 1], [3, 9]], 2**70])
def test_records_answer_in_the_shape_of_t(t):
    """Kept iterates up to the last, the closed form beyond it, for t of any size."""
    given = spectrum_by_hand(CURVATURE, RESIDUAL)
    record, losses = np.arange(24.0).reshape(3, 4, 2), np.array([3.0, 2.0, 1.0])
    recorded, closed = RecordedDescent(given, 0.3, record, losses), Descent(given, 0.3)
    steps = np.array(t, dtype=object)
    found, lost = recorded.theta(steps), recorded.loss(steps)
    assert found.shape == (*steps.shape, 4, 2)
    for at, s in np.ndenumerate(steps):
        expected = (record[s], losses[s]) if s < 3 else (closed.theta(s), closed.loss(s))
        assert_array_equal(found[at], expected[0])
        assert lost[at] == expected[1]


def test_a_loop_stops_where_the_next_update_would_raise_the_loss():
    """By the change of the loss itself: one of three dimensions grows, the others fall at first."""
    X, y = np.diag([sqrt(3 * 2.2), 1.0, 1.0]), np.array([[1e-3], [5.0], [5.0]])
    rows = Rows(X, y, None, False)
    stop, thetas, losses = descend(
        rows, np.zeros((3, 1)), 1.0, Stopping(None, 99, diverging=True), 99
    )
    later = [rows.loss_and_gradient(theta)[0] for theta in thetas]
    assert_allclose(losses, later, rtol=1e-15)
    assert stop.reason == "diverged"
    beyond, gradient = thetas[-1], rows.loss_and_gradient(thetas[-1])[1]
    assert rows.loss_and_gradient(beyond - gradient)[0] >= losses[-1] == losses.min()
    assert len(losses) == stop.t + 1 > 5


@pytest.mark.parametrize("share", [0.9, 1e-3, 1e-30])
@pytest.mark.parametrize("curvature", [[0.3], [1.0, 1e-3, 1e-6], [1.9, 0.5, 1e-9]])
def test_when_a_sum_of_powers_has_fallen_is_foreseen(curvature, share):
    """To half an update, from any earlier one; the slowest direction is the last."""
    contraction, weights = Contraction(np.array(curvature), 1.0), np.ones(len(curvature))
    left = share * len(curvature)
    for start in (0.0, 0.1):
        t = contraction.falls_to(weights, left, start)
        below, above = (
            float(np.sum(weights * contraction.squared(max(at, 0.0)))) for at in (t + 0.5, t - 0.5)
        )
        assert below <= left <= above


def test_what_never_falls_is_not_waited_for():
    """Flat directions, a fall too slow for numbers, and a descent that has settled."""
    for curvature in ([0.0], [1e-300]):
        contraction = Contraction(np.array(curvature), 1.0)
        assert contraction.falls_to(np.ones(len(curvature)), 0.5, 0.0) is None
    settled = Descent(spectrum_by_hand(CURVATURE, np.zeros((4, 1))), 0.3)
    assert settled.about(0.1, 5) == settled.about(0.25, 5) == settled.about(1.0, 5) == 5
