"""Residual polynomials against the recurrences that define them, in doubles and in 50 digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from contract.exact import residual_polynomial
from sklearn_gd._descent import UpdateRule

RULES = [UpdateRule(1.0)] + [
    UpdateRule(1.0, momentum, nesterov)
    for momentum in (0.3, 0.9, 0.999)
    for nesterov in (False, True)
]
STEPS = [0, 1, 2, 3, 1000, 10**6]


@pytest.fixture(autouse=True)
def _may_overflow():
    """Factors of growing directions may leave the float range; who asks for them knows."""
    with np.errstate(over="ignore", under="ignore"):
        yield


def name(rule):
    kind = "nesterov" if rule.nesterov else "heavy ball"
    return f"{kind} {rule.momentum}" if rule.momentum else "plain"


def hard_eigenvalues(rule):
    """Near 0, the double roots, q = 0 and the stable limit, for lr = 1."""
    m, limit = rule.momentum, rule.stable_below(1.0)
    near = np.array([0.0, -1e-15, 1e-12, -1e-8, 1e-4])
    slow = ((1.0 - m) / (1.0 + m)) ** 2 if rule.nesterov else (1.0 - np.sqrt(m)) ** 2
    fast = 1.0 if rule.nesterov else (1.0 + np.sqrt(m)) ** 2
    points = [limit, slow, fast, 1.0, 1.0 + m]
    around = np.concatenate([point * (1.0 + near) for point in points])
    ordinary = np.geomspace(1e-18, limit, 12)
    return np.unique(np.concatenate([around, ordinary, [0.7 * limit, 5.0, 1e4, 1e9, 1e15]]))


def backward_error(rule, c, t, value):
    """How far p_t moves when the eigenvalue and the momentum move by three roundings."""
    up = 1 + 3 * mpf(2) ** -52
    beta = UpdateRule(rule.lr, float(rule.momentum * up), rule.nesterov)
    moved = (
        residual_polynomial(rule, mpf(float(c)) * up, t),
        residual_polynomial(beta, mpf(float(c)), t),
    )
    return max(abs(p - value) for p in moved)


@pytest.mark.parametrize("t", STEPS)
@pytest.mark.parametrize("rule", RULES, ids=name)
def test_factors_are_those_of_fifty_digits(rule, t):
    """p_t, 1 - p_t and p_t^2 are those of the recurrence at an eigenvalue and a momentum within
    three roundings."""
    eigenvalues = hard_eigenvalues(rule)
    factors = rule.factors(eigenvalues)
    left, gone = factors.residual_factor(t), factors.filter_factor(t)
    squared = factors.squared(t)
    rtol = 1e-13 + 4e-15 / (1.0 - rule.momentum)
    with mp.workdps(50):
        for i, c in enumerate(eigenvalues):
            exact = residual_polynomial(rule, mpf(float(c)), t)
            if abs(exact) > 1e140:
                assert abs(left[i]) > 1e139
                continue
            moved = backward_error(rule, c, t, exact)
            size = max(mpf(1), abs(exact))
            assert abs(mpf(float(left[i])) - exact) <= moved + rtol * size
            assert abs(mpf(float(gone[i])) - (1 - exact)) <= moved + rtol * abs(1 - exact)
            assert squared[i] == pytest.approx(left[i] ** 2, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("t", [0, 1, 2, 30, 10**6])
def test_sensitivity_is_the_derivative_of_the_residual_polynomial(t):
    """|c dp_t/dc| of plain descent that does not swing, by a difference in fifty digits."""
    eigenvalues = np.array([1e-9, 1e-3, 0.4, 0.9, 1.0])
    found = UpdateRule(1.0).factors(eigenvalues).sensitivity(t)
    with mp.workdps(50):
        step = mpf("1e-25")
        for i, c in enumerate(eigenvalues):
            sides = [
                residual_polynomial(UpdateRule(1.0), mpf(c) * (1 + s), t) for s in (-step, step)
            ]
            expected = float(abs(sides[1] - sides[0]) / (2 * step))
            assert found[i] == pytest.approx(expected, rel=1e-9, abs=1e-20)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_factors_are_those_of_the_textbook_step(rule):
    """`UpdateRule.step` on one parameter with gradient c theta gives theta_t = p_t theta_0."""
    for c in (0.01, 0.3, 1.0, 1.2, 2.5):
        theta, velocity = np.array([1.0]), np.array([0.0])
        for t in range(12):
            expected = rule.factors(np.array([c])).residual_factor(t)
            assert expected == pytest.approx(theta, rel=1e-12, abs=1e-13)
            theta, velocity = rule.step(theta, c * theta, velocity)


@pytest.mark.parametrize("nesterov", [False, True])
def test_no_momentum_is_plain_to_the_bit(nesterov):
    """momentum=0 gives plain factors, steps, limits and convexity, with and without Nesterov."""
    eigenvalues, steps = np.geomspace(1e-9, 2.5, 30), np.array([0, 1, 2, 7, 10**6])
    plain, other = UpdateRule(0.7), UpdateRule(0.7, 0.0, nesterov)
    ours, theirs = plain.factors(eigenvalues), other.factors(eigenvalues)
    for method in ("residual_factor", "squared", "filter_factor", "envelope"):
        assert np.array_equal(getattr(ours, method)(steps), getattr(theirs, method)(steps))
    assert plain.stable_below(3.0) == other.stable_below(3.0) == 2.0 / 3.0
    assert plain.loss_is_convex
    assert other.loss_is_convex
    theta, gradient = np.array([0.1, 0.2]), np.array([0.3, 0.7])
    assert np.array_equal(plain.step(theta, gradient, theta * 0)[0], theta - 0.7 * gradient)
    assert np.array_equal(other.step(theta, gradient, theta * 0)[0], theta - 0.7 * gradient)


def test_a_vanishing_momentum_is_nearly_plain():
    """p_t depends continuously on the momentum at 0."""
    eigenvalues, steps = np.linspace(0.01, 1.9, 30), np.arange(40)
    plain = UpdateRule(1.0).factors(eigenvalues).residual_factor(steps)
    for nesterov in (False, True):
        other = UpdateRule(1.0, 1e-12, nesterov).factors(eigenvalues).residual_factor(steps)
        np.testing.assert_allclose(other, plain, atol=1e-9)


@given(
    st.sampled_from(RULES),
    st.floats(1e-12, 1.2),
    st.integers(0, 10**6),
    st.integers(0, 1000),
)
def test_an_envelope_bounds_all_later_factors(rule, share, t, later):
    """|p_s| <= envelope(t) for all s >= t of a direction that does not grow."""
    factors = rule.factors(np.array([share * rule.stable_below(1.0)]))
    if not factors.diverges[0]:
        left = abs(factors.residual_factor(t + later)[0])
        assert left <= factors.envelope(t)[0] * (1 + 1e-9) + 1e-15


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_an_envelope_never_rises_and_vanishes(rule):
    """The envelope of a direction that shrinks falls with t, and goes to zero."""
    eigenvalues = np.linspace(0.01, 0.99, 50) * rule.stable_below(1.0)
    steps = np.unique(np.geomspace(1, 10**6, 60).astype(int))
    envelope = rule.factors(eigenvalues).envelope(steps)
    assert np.all(np.diff(envelope, axis=0) <= 1e-15)
    assert np.all(envelope[-1] < 1e-100)


@pytest.mark.parametrize("rule", RULES, ids=name)
@pytest.mark.parametrize("largest", [1e-6, 1.0, 300.0])
def test_a_direction_grows_from_the_stable_limit_on(rule, largest):
    """Just below `stable_below` a direction shrinks, just above it grows."""
    limit = rule.stable_below(largest)
    for factor, grows in ((0.999, False), (1.001, True)):
        other = UpdateRule(factor * limit, rule.momentum, rule.nesterov)
        factors = other.factors(np.array([largest]))
        assert factors.diverges.tolist() == [grows]
        assert (abs(factors.residual_factor(10**6)[0]) > 1) == grows
        assert (factors.log_rate[0] > 0) == grows


@pytest.mark.parametrize("rule", [RULES[0], RULES[3], RULES[4]], ids=name)
def test_fastest_rates_are_fastest(rule):
    """No rate and momentum of a grid leaves less of the slowest direction than the formula's."""
    largest, smallest = 1.0, 0.02
    eigenvalues = np.geomspace(smallest, largest, 40)
    lr, momentum = rule.fastest(largest, smallest)

    def slowest(lr, momentum):
        return UpdateRule(lr, momentum, rule.nesterov).factors(eigenvalues).log_rate.max()

    best = slowest(lr, momentum)
    for other in np.linspace(0.5, 1.5, 21) * lr:
        for beta in np.linspace(0.5, 1.2, 15) * momentum if momentum else [0.0]:
            assert slowest(other, beta) >= best - 1e-3 * abs(best)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_any_number_of_updates_and_any_rate_give_numbers(rule):
    """Rates up to 1e200 and 10**60 updates give no nan and no warning."""
    for lr in (1e-200, 1.0, 1e200):
        factors = UpdateRule(lr, rule.momentum, rule.nesterov).factors(np.array([1e-30, 1.0, 7.0]))
        for t in (0, 1, 2**63, 10**60):
            for values in (
                factors.residual_factor(t),
                factors.squared(t),
                factors.filter_factor(t),
            ):
                assert not np.isnan(values).any()
        np.testing.assert_array_equal(factors.residual_factor(0), np.ones(3))
        np.testing.assert_array_equal(factors.filter_factor(0), np.zeros(3))


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_answers_have_the_shape_of_t_first(rule):
    """Factors of t of any shape have t.shape + (r,), each as if asked for alone."""
    factors = rule.factors(np.array([0.1, 0.5]))
    steps = np.array([[0, 1, 2], [5, 100, 10**6]])
    for method in (
        factors.residual_factor,
        factors.squared,
        factors.filter_factor,
        factors.envelope,
    ):
        values = method(steps)
        assert values.shape == (2, 3, 2)
        assert np.array_equal(values[1, 2], method(10**6))


def test_an_odd_power_of_a_negative_factor_is_negative_beyond_floats():
    """The parity of t decides the sign at t = 2**53 + 1, which no float holds."""
    left = UpdateRule(1.0).factors(np.array([2.0 - 1e-16 * 0, 2.0]))
    assert left.residual_factor(2**53 + 1).tolist() == [-1.0, -1.0]
    assert left.residual_factor(2**53 + 2).tolist() == [1.0, 1.0]


def test_rates_of_a_problem_without_directions_are_unbounded():
    """X of zeros has no stable limit and no fastest rate."""
    for rule in RULES:
        assert rule.stable_below(0.0) == np.inf
        assert rule.fastest(0.0, 0.0) == (np.inf, 0.0)
