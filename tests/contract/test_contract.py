"""The contract: ten digits of coefficients and losses, however long the descent."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from contract.problems import CASES, exact, exact_iterate
from helpers import EPS, distance, tolerance
from sklearn_gd import GDLinearRegressor
from sklearn_gd._data import zeros
from sklearn_gd._solvers import DescentOptions, solve

PLAIN = [{}, {"lr": 1.9}, {"lr": 0.01}]  # rates are in units of 1 / largest eigenvalue
MOMENTUM = [
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"lr": 3.0, "momentum": 0.8},
    {"lr": 0.5, "momentum": 0.99},
]
# Losses below this share of the mean square of y count as this.
LEAST_SHARE = 1e-16
# A rounding of y and of the predictions moves a loss by as many times EPS sqrt(J mean y^2).
LOSS_ROUNDINGS = 8


def errors(name, descent, t):
    """The relative errors of theta_t and of J_t, as shares of what is allowed."""
    theta, loss = exact_iterate(name, descent.rule, t)
    allowed, square = tolerance(condition=exact(name).condition), CASES[name].mean_square
    counted = max(loss, LEAST_SHARE * square)
    rounding = LOSS_ROUNDINGS * EPS * np.sqrt(square / counted)
    off = abs(float(descent.loss(t)) - loss) / counted
    return distance(descent.theta(t)[:, 0], theta) / allowed, off / (allowed + rounding)


def solved(name, solver, max_iter, how):
    problem, options = CASES[name].problem, dict(how)
    if "lr" in options:
        options["lr"] = options["lr"] / exact(name).largest
    return solve(problem, zeros(problem), DescentOptions(max_iter=max_iter, **options), solver)


def worst_errors(name, solver, updates, rules):
    worst = np.zeros(2)
    for max_iter in updates:
        for how in rules:
            found = solved(name, solver, max_iter, how)
            for t in {found.stop.t, found.stop.t // 2, min(found.stop.t, 7)}:
                worst = np.maximum(worst, errors(name, found.descent, t))
    return worst


@pytest.mark.parametrize(
    ("name", "solver"), [(name, solver) for name in CASES for solver in ("spectral", "krylov")]
)
def test_closed_forms_keep_ten_digits(name, solver):
    """At and before 10**3, 10**6 and 10**9 updates, at all rates and momenta."""
    rules = PLAIN + MOMENTUM * (solver == "spectral")
    worst = worst_errors(name, solver, (10**3, 10**6, 10**9), rules)
    print(f"{name}, {solver}: {worst[0]:.1e} of what coefficients may be off, {worst[1]:.1e} of J")
    assert worst.max() <= 1.0


@pytest.mark.parametrize("name", CASES)
def test_the_loop_keeps_ten_digits_as_far_as_it_goes(name):
    """At and before 150 updates, with and without momentum."""
    worst = worst_errors(name, "loop", (150,), [{}, *MOMENTUM[:2]])
    print(f"{name}, loop: {worst[0]:.1e} of what coefficients may be off, {worst[1]:.1e} of J")
    assert worst.max() <= 1.0


@pytest.mark.parametrize("name", CASES)
def test_an_automatic_rate_is_one_over_the_largest_eigenvalue(name):
    """All solvers find the largest eigenvalue to 1e-12."""
    for solver in ("spectral", "krylov", "loop"):
        rule = solved(name, solver, 3, {}).descent.rule
        assert rule.lr * exact(name).largest == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("solver", ["auto", "spectral", "krylov", "loop"])
@pytest.mark.parametrize("name", ["condition 1e+05", "wide", "sparse", "float32"])
def test_a_fit_keeps_the_contract_and_its_dtype(name, solver):
    """`coef_` is within the contract and a rounding of its dtype; losses are of the data in
    float64."""
    case = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GDLinearRegressor(max_iter=300, solver=solver).fit(case.X, case.y, case.w)
    assert model.coef_.dtype == case.X.dtype
    assert model.loss_history_.dtype == np.float64
    theta, loss = exact_iterate(name, model.path_._descent.rule, model.n_iter_)
    allowed = tolerance(case.X.dtype, exact(name).condition)
    assert distance(np.r_[model.intercept_, model.coef_], theta) <= allowed
    assert model.loss_history_[-1] == pytest.approx(loss, rel=tolerance())
