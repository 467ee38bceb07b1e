"""A closed form against the loop in its own eigenbasis, and what it says at the edges of floats."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import spectrum_by_hand
from sklearn_gd._descent import ClosedForm, UpdateRule, closed_form

EIGENVALUES = [4.0, 1.0, 0.25, 0.01]
RESIDUAL = np.array([[1.0, -2.0], [0.5, 0.0], [-1.0, 3.0], [2.0, 0.1]])
START = np.linspace(-1, 1, 8).reshape(4, 2)
RULES = [
    UpdateRule(0.3),
    UpdateRule(0.499),
    UpdateRule(0.3, 0.8),
    UpdateRule(0.3, 0.8, True),
    UpdateRule(0.6),  # diverges
    UpdateRule(1.5, 0.8),  # diverges
]


def descent(rule, start=START, **how):
    return ClosedForm(spectrum_by_hand(EIGENVALUES, RESIDUAL, start=start, **how), rule)


def loop(form, updates):
    """Textbook updates of J = floor + 1/2 sum (g - sigma V'(theta - start))^2."""
    spectrum = form.spectrum
    V, sigma = spectrum.basis, np.sqrt(spectrum.eigenvalues)[:, None]
    theta, velocity, walked = spectrum.start.copy(), np.zeros_like(spectrum.start), []
    for _ in range(updates + 1):
        residual = RESIDUAL - sigma * (V.T @ (theta - spectrum.start))
        gradient = -V @ (sigma * residual)
        walked.append((theta, spectrum.floor + 0.5 * np.sum(residual**2), gradient))
        theta, velocity = form.rule.step(theta, gradient, velocity)
    thetas, losses, gradients = zip(*walked, strict=True)
    return np.array(thetas), np.array(losses), np.array(gradients)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("numbers", [1, 1 << 18])
def test_the_closed_form_is_the_loop(rule, numbers, monkeypatch):
    """Parameters, losses and gradients are those of the loop, in blocks of one t or of all."""
    monkeypatch.setattr(closed_form, "BLOCK_NUMBERS", numbers)
    form = descent(rule)
    thetas, losses, gradients = loop(form, 40)
    steps = np.arange(41)
    np.testing.assert_allclose(form.theta(steps), thetas, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(form.loss(steps), losses, rtol=1e-11)
    scale = np.abs(gradients).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(form.gradient(steps) / scale, gradients / scale, atol=1e-11)
    assert np.array_equal(form.theta(0), START)
    if rule.loss_is_convex:
        falls = losses[:-1] - losses[1:]
        np.testing.assert_allclose(form.decrease(steps[:-1]), falls, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_answers_have_the_shape_of_t(rule):
    """One t, a list and a table give t.shape first, and each number to the bit."""
    form, table = descent(rule), np.array([[0, 3], [7, 40]])
    for method, shape in ((form.loss, ()), (form.theta, (4, 2)), (form.gradient, (4, 2))):
        assert method(3).shape == shape
        assert method([0, 3]).shape == (2, *shape)
        assert method(table).shape == (2, 2, *shape)
    assert form.loss(table)[1, 0] == form.loss(7)
    assert form.theta(table, slice(1, 3)).shape == (2, 2, 2, 2)
    assert np.array_equal(form.theta(7, slice(1, 3)), form.theta(7)[1:3])


def test_directions_that_are_at_their_limit_do_not_move():
    """A direction without a residual changes no answer, however large its eigenvalue."""
    residual = RESIDUAL.copy()
    residual[0] = 0.0
    form = ClosedForm(spectrum_by_hand([1e9, 1.0, 0.25, 0.01], residual), UpdateRule(0.5))
    assert not form.diverges
    assert np.array_equal(form.eigenvalues, [1.0, 0.25, 0.01])
    moved = form.spectrum.basis.T @ (form.theta(10**6) - form.start)
    np.testing.assert_allclose(moved[0], 0.0, atol=1e-14)
    assert form.theta(5).shape == (4, 2)


@pytest.mark.parametrize("rule", [UpdateRule(0.6), UpdateRule(1.5, 0.8)], ids=str)
@pytest.mark.parametrize("t", [10**3, 10**4, 10**9, 10**40])
def test_growth_beyond_floats_is_infinite_and_never_nan(rule, t):
    """An iterate that leaves the float range is infinite, without a warning."""
    form = descent(rule)
    for values in (form.theta(t), form.loss(t), form.gradient(t)):
        assert not np.isnan(values).any()
    if t >= 10**4:
        assert np.isinf(form.loss(t))
        assert np.isinf(form.theta(t)).any()


def test_a_limit_is_where_a_long_descent_ends():
    """theta after 10**9 updates is the limit, and its loss the floor."""
    for rule in RULES[:4]:
        form = descent(rule)
        np.testing.assert_allclose(form.theta(10**9), form.limit, rtol=1e-14)
        assert form.loss(10**9) == 0.25
        assert not form.diverges


@pytest.mark.parametrize("rule", RULES[:4], ids=str)
@pytest.mark.parametrize("t", [0, 1, 5, 100, 2000])
def test_the_distance_bound_is_above_every_later_distance(rule, t):
    """|limit - theta_s| of each target is at most the bound at t <= s."""
    form = descent(rule)
    later = np.arange(t, t + 200)
    distances = np.linalg.norm(form.theta(later) - form.limit, axis=1)
    assert np.all(distances <= form.distance_bound(t) * (1 + 1e-9) + 1e-14)


def test_degrees_of_freedom_count_filtered_directions():
    """dof is the sum of filter factors, and of the data's shares under a penalty."""
    form = descent(UpdateRule(0.3))
    filters = 1 - (1 - 0.3 * np.array(EIGENVALUES)) ** 5
    assert form.dof(5) == pytest.approx(filters.sum())
    assert form.dof([0, 10**9]).tolist() == pytest.approx([0.0, 4.0])


@pytest.mark.parametrize(
    ("rate", "risen"), [(0.49, [False] * 3), (0.6, [False, True, True]), (2.0, [True] * 3)]
)
def test_a_rise_is_seen_when_it_is_more_than_rounding(rate, risen):
    """`has_risen` at t says that update t + 1 raises the loss."""
    form = ClosedForm(spectrum_by_hand([4.0, 0.1], [[1e-3], [0.01]]), UpdateRule(rate))
    assert form.has_risen([0, 10, 1000]).tolist() == risen
    still = ClosedForm(spectrum_by_hand([4.0, 1.0], [[1e-12], [1.0]]), UpdateRule(0.500001))
    assert not still.has_risen(30)


def test_a_krylov_descent_is_refused_beyond_what_it_knows():
    """t above `last_known` raises an error that names it."""
    form = ClosedForm(spectrum_by_hand(EIGENVALUES, RESIDUAL), UpdateRule(0.1), last_known=1000)
    form.loss([0, 1000])
    for method in (form.loss, form.theta, form.gradient):
        with pytest.raises(ValueError, match=r"resolved up to t = 1,000; t = 1,001 is beyond"):
            method([3, 1001])
