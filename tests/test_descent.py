"""The iterates are those of the textbook loop, by every engine, on every kind of problem."""

from __future__ import annotations

import warnings

import mpmath
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from helpers import (
    CONTRACT,
    distance,
    from_singular_values,
    largest_curvature,
    literal_loop,
    regression,
    tolerance,
)
from sklearn_gd import GDLinearRegressor

UPDATES = 300


def fit(X, y, sample_weight=None, **parameters):
    """A fit whose ending is looked at by the test, not by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GDLinearRegressor(**parameters).fit(X, y, sample_weight)


def theta_path(model):
    """(t, p, k) from the public histories."""
    coef, intercept = model.coef_path_, model.intercept_path_
    coef = coef.reshape(len(coef), -1, model.n_features_in_)
    if not model.fit_intercept:
        return np.swapaxes(coef, 1, 2)
    return np.swapaxes(np.concatenate([intercept.reshape(*coef.shape[:2], 1), coef], axis=2), 1, 2)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("relative_rate", [0.3, 1.0, 1.9])
def test_path_is_that_of_the_literal_loop(problem, solver, relative_rate, fit_intercept):
    """Coefficients, intercepts and losses of every iterate agree with a loop written by hand."""
    X, y = problem
    lr = relative_rate / largest_curvature(X, fit_intercept=fit_intercept)
    model = fit(X, y, lr=lr, max_iter=UPDATES, solver=solver, fit_intercept=fit_intercept)
    thetas, losses = literal_loop(X, y, lr, model.n_iter_, fit_intercept=fit_intercept)
    scale = np.linalg.norm(thetas[-1]) or 1.0
    assert np.abs(theta_path(model) - thetas).max() <= tolerance() * scale
    # Where the loss itself is rounding (interpolation), both are noise below eps * y'y.
    noise = np.finfo(float).eps * np.sum(y**2) / len(y)
    np.testing.assert_allclose(model.loss_history_, losses, rtol=tolerance(), atol=noise)


@pytest.mark.parametrize("relative_rate", [0.2, 1.0, 1.7, 2.02, 2.5, 6.0, 1e6])
def test_engines_stop_at_the_same_iterate_for_the_same_reason(problem, relative_rate):
    """Loop and closed form agree on n_iter_ and stop_reason_, stable or diverging."""
    X, y = problem
    lr = relative_rate / largest_curvature(X)
    loop = fit(X, y, lr=lr, max_iter=UPDATES, solver="loop")
    spectral = fit(X, y, lr=lr, max_iter=UPDATES, solver="spectral")
    assert (spectral.n_iter_, spectral.stop_reason_) == (loop.n_iter_, loop.stop_reason_)
    assert distance(theta_path(spectral)[-1], theta_path(loop)[-1]) <= tolerance()


@pytest.mark.parametrize("weights", ["fractions", "counts"])
def test_weighted_path_is_that_of_the_weighted_loop(solver, weights):
    """Weights enter the loss and the gradient as DESIGN section 2 says."""
    X, y = regression(k=2)
    rng = np.random.default_rng(1)
    w = rng.random(len(X)) if weights == "fractions" else rng.integers(0, 3, len(X)).astype(float)
    lr = 1 / largest_curvature(X, w)
    model = fit(X, y, w, lr=lr, max_iter=UPDATES, solver=solver)
    thetas, losses = literal_loop(X, y, lr, UPDATES, sample_weight=w)
    assert distance(theta_path(model), thetas[: model.n_iter_ + 1]) <= tolerance()
    np.testing.assert_allclose(model.loss_history_, losses[: model.n_iter_ + 1], rtol=tolerance())


def test_weight_two_is_the_row_twice(solver):
    """Integer weights and repeated rows give the same descent."""
    X, y = regression()
    w = np.arange(len(X)) % 4
    lr = 1 / largest_curvature(X, w)
    weighted = fit(X, y, w, lr=lr, max_iter=50, solver=solver)
    repeated = fit(np.repeat(X, w, axis=0), np.repeat(y, w), lr=lr, max_iter=50, solver=solver)
    assert distance(weighted.coef_path_, repeated.coef_path_) <= tolerance()
    np.testing.assert_allclose(weighted.loss_history_, repeated.loss_history_, rtol=tolerance())


def test_each_target_descends_as_it_would_alone(solver):
    """With several targets every column has the path of its own fit."""
    X, Y = regression(k=3)
    together = fit(X, Y, max_iter=40, solver=solver)
    for j in range(3):
        alone = fit(X, Y[:, j], max_iter=40, solver=solver)
        assert distance(together.coef_path_[:, j], alone.coef_path_) <= tolerance()
        assert distance(together.intercept_path_[:, j], alone.intercept_path_) <= tolerance()


@pytest.mark.parametrize("solver", ["spectral"])
def test_long_ill_conditioned_descent_stays_with_the_loop(solver):
    """At condition number 1e6 and 10**5 updates the closed form is within the contract."""
    X = from_singular_values(40, 6, 10.0 ** -np.linspace(0, 6, 6), seed=3)
    y = np.random.default_rng(3).standard_normal(40)
    lr = 1 / largest_curvature(X, fit_intercept=False)
    model = fit(X, y, lr=lr, max_iter=10**5, fit_intercept=False, solver=solver)
    thetas, losses = literal_loop(X, y, lr, 10**5, fit_intercept=False)
    assert model.n_iter_ == 10**5
    steps = [10, 10**3, 10**4, 10**5]
    assert distance(model.path_.coef(steps), thetas[steps, :, 0]) <= tolerance()
    np.testing.assert_allclose(model.path_.loss(steps), losses[steps], rtol=tolerance())


def exact_loop(X, y, lr, updates):
    """The loop in 50-digit arithmetic: thetas and losses as floats."""
    with mpmath.workdps(50):
        Z = mpmath.matrix(np.column_stack([np.ones(len(X)), X]).tolist())
        target, rate = mpmath.matrix(y.tolist()), mpmath.mpf(lr)
        theta = mpmath.matrix(Z.cols, 1)
        thetas, losses = [], []
        for _ in range(updates + 1):
            residual = Z * theta - target
            thetas.append([float(v) for v in theta])
            losses.append(float(sum(v * v for v in residual) / (2 * len(y))))
            theta = theta - rate / len(y) * (Z.T * residual)
        return np.array(thetas), np.array(losses)


@pytest.mark.parametrize("relative_rate", [0.5, 1.0, 1.95])
@pytest.mark.parametrize("kind", ["plain", "offset", "wide", "interpolating"])
def test_path_is_that_of_fifty_digit_arithmetic(kind, relative_rate, solver):
    """Against exact arithmetic every iterate keeps twelve digits."""
    X, y = regression(n=3 if kind == "wide" else 7, d=5 if kind == "wide" else 2)
    X = X + 30.0 * (kind == "offset")
    if kind == "interpolating":
        y = X @ [1.0, 2.0] + 3.0
    lr = relative_rate / largest_curvature(X)
    model = fit(X, y, lr=lr, max_iter=400, solver=solver)
    thetas, losses = exact_loop(X, y, lr, model.n_iter_)
    assert distance(theta_path(model)[..., 0], thetas) <= tolerance()
    # The residual that the loop forms is rounded to eps |y|, and its loss with it.
    rounding = 8 * np.finfo(float).eps * np.sqrt(losses * losses[0]) * (solver == "loop")
    floor = (8 * np.finfo(float).eps) ** 2 * np.sum(y**2)
    # Close to the largest stable rate r^(2 t) turns few roundings of the curvature into 2 t lr
    # curvature / |r| times as many, which are more than the contract after some hundred updates.
    amplified = 2 * np.arange(len(losses)) * relative_rate / abs(1 - relative_rate or np.inf)
    told = CONTRACT + 4 * np.finfo(float).eps * amplified * (relative_rate > 1)
    assert np.all(np.abs(model.loss_history_ - losses) <= told * losses + rounding + floor)


def test_path_is_that_of_a_neural_network_without_hidden_layer(solver):
    """MLPRegressor without hidden layer, one batch and no momentum makes these very updates."""
    X, y = regression(n=50, d=3)

    def network(lr, updates):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return MLPRegressor(
                hidden_layer_sizes=(),
                solver="sgd",
                batch_size=len(X),
                shuffle=False,
                momentum=0,
                alpha=0,
                learning_rate_init=lr,
                max_iter=updates,
                n_iter_no_change=updates + 1,
                random_state=0,
            ).fit(X, y)

    start = network(1e-300, 1)  # a rate that moves nothing shows where it starts
    after = network(0.05, 60)
    model = GDLinearRegressor(lr=0.05, max_iter=60, solver=solver)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        model.fit(X, y, coef_init=start.coefs_[0][:, 0], intercept_init=start.intercepts_[0][0])
    assert distance(model.coef_, after.coefs_[0][:, 0]) <= tolerance()
    assert distance(model.intercept_, after.intercepts_[0][0]) <= tolerance()
    np.testing.assert_allclose(model.loss_history_[:-1], after.loss_curve_, rtol=tolerance())


def test_converged_descent_is_least_squares(solver):
    """Without a threshold the descent ends at LinearRegression's coefficients."""
    X, y = regression()
    model = fit(X, y, max_iter=10**5, solver=solver)
    line = LinearRegression().fit(X, y)
    assert model.stop_reason_ == "stationary"
    condition = model.path_.condition_number
    assert distance(model.coef_, line.coef_) <= tolerance(condition=condition)
    assert distance(model.intercept_, line.intercept_) <= tolerance(condition=condition)


def test_wide_descent_from_zeros_ends_at_the_minimum_norm_solution():
    """With more columns than rows the limit is the pseudo-inverse's answer."""
    X, y = regression(n=6, d=15)
    model = fit(X, y, max_iter=10**7, fit_intercept=False)
    assert distance(model.coef_, np.linalg.pinv(X) @ y) <= tolerance()
    assert model.path_.loss_floor <= tolerance() ** 2


def test_float32_keeps_its_dtype_and_descends_in_float64(solver):
    """float32 in, float32 out, and no worse than the float64 descent rounded."""
    X, y = regression()
    X32 = X.astype(np.float32)
    model = fit(X32, y, max_iter=40, solver=solver)
    reference = fit(X32.astype(np.float64), y, max_iter=40, solver=solver)
    shown = [model.coef_, model.intercept_, model.coef_path_, model.intercept_path_]
    shown += [model.predict(X32), model.path_.gradient(3)]
    assert {a.dtype for a in shown} == {np.dtype(np.float32)}
    assert distance(model.coef_, reference.coef_) <= tolerance(np.float32)
