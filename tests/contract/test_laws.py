"""Laws of fits that hold for every problem."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor

from helpers import CONTRACT, distance, largest_curvature, regression, tolerance
from sklearn_gd import GDLinearRegressor
from strategies import problems, relative_rates, shuffles, stable_rates, steps

few = settings(max_examples=25)
UPDATES = 50


def fit(problem, relative, **parameters):
    """A descent at so many times the largest stable rate, whatever it has to say."""
    X, y, w, fit_intercept = problem
    lr = 2 * relative / largest_curvature(X, w, fit_intercept)
    return fit_at(problem, lr, **parameters)


def fit_at(problem, lr, **parameters):
    X, y, w, fit_intercept = problem
    parameters = {"max_iter": UPDATES} | parameters
    model = GDLinearRegressor(lr=lr, fit_intercept=fit_intercept, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, w)


def agree(model, other, scale=1.0, columns=slice(None)):
    """Whether iterates up to the earlier stop are the same to the contract.

    The stops may differ by an update that rounding decides.
    """
    t = np.arange(min(model.n_iter_, other.n_iter_) + 1)
    actual = np.column_stack([model.path_.intercept(t), model.path_.coef(t)])
    expected = np.column_stack([other.path_.intercept(t), other.path_.coef(t)[:, columns]]) * scale
    size = np.linalg.norm(expected, axis=1).max()
    return np.abs(actual - expected).max() <= 4 * CONTRACT * size


@few
@given(problems(), relative_rates)
def test_losses_fall_to_the_best_iterate_and_only_divergence_raises_one(problem, relative):
    """Losses are convex in t, never negative, and `coef_` is the iterate of least loss."""
    model = fit(problem, relative, max_iter=300)
    losses, best = model.loss_history_, int(np.argmin(model.loss_history_))
    assert np.all(np.diff(losses[: best + 1]) <= 0)
    assert np.all(losses >= 0)
    assert len(losses) == model.n_iter_ + 1 >= 2
    assert np.isfinite(model.coef_).all()
    assert (losses[-1] > losses[-2]) == (model.stop_reason_ == "diverged")
    assert losses[model.path_.best_iter] == losses.min()
    assert distance(model.coef_, model.coef_path_[model.path_.best_iter]) <= 1e-14
    second = losses[2:] - 2 * losses[1:-1] + losses[:-2]
    sizes = np.maximum(losses[2:], losses[:-2])
    assert np.all(second >= -8 * np.finfo(float).eps * sizes)


@few
@given(problems(), stable_rates, shuffles)
def test_the_order_of_rows_does_not_matter(problem, relative, shuffle):
    """Rows in another order, weights with them, descend alike."""
    X, y, w, fit_intercept = problem
    order = shuffle.permutation(len(X))
    other = X[order], y[order], None if w is None else w[order], fit_intercept
    assert agree(fit(other, relative), fit(problem, relative))


@few
@given(problems(), stable_rates, shuffles)
def test_weights_are_repetitions(problem, relative, shuffle):
    """A row of weight 3 is three rows, and one of weight 0 none."""
    X, y, _, fit_intercept = problem
    counts = shuffle.integers(0, 4, len(X))
    counts[0] += 1
    weighted = X, y, counts.astype(float), fit_intercept
    repeated = X.repeat(counts, axis=0), y.repeat(counts), None, fit_intercept
    assert agree(fit(weighted, relative), fit(repeated, relative))


@few
@given(problems(), stable_rates, shuffles, st.integers(1, 5))
def test_the_split_of_rows_among_calls_does_not_matter(problem, relative, shuffle, calls):
    """partial_fit on parts, in any order, is fit on all rows."""
    X, y, w, fit_intercept = problem
    whole = fit(problem, relative)
    model = GDLinearRegressor(whole.lr_, max_iter=UPDATES, fit_intercept=fit_intercept)
    for part in np.array_split(shuffle.permutation(len(X)), min(calls, len(X))):
        model.partial_fit(X[part], y[part], None if w is None else w[part])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert model.n_samples_seen_ == len(X)
        assert agree(model, whole)


@few
@given(problems(), stable_rates, shuffles)
def test_columns_permute_with_their_coefficients(problem, relative, shuffle):
    """Columns in another order have their coefficients in that order."""
    X, y, w, fit_intercept = problem
    order = shuffle.permutation(X.shape[1])
    permuted = fit((X[:, order], y, w, fit_intercept), relative)
    assert agree(permuted, fit(problem, relative), columns=order)


@few
@given(problems(), stable_rates, st.integers(-20, 20))
def test_coefficients_scale_with_y(problem, relative, power):
    """y times a power of two is an exact multiple: every iterate is too, losses by its square."""
    X, y, w, fit_intercept = problem
    scale = 2.0**power
    scaled, plain = fit((X, y * scale, w, fit_intercept), relative), fit(problem, relative)
    assert agree(scaled, plain, scale)
    assert distance(scaled.path_.loss(5), plain.path_.loss(5) * scale**2) <= CONTRACT


@few
@given(problems(), stable_rates, st.integers(-20, 20))
def test_rates_scale_against_the_square_of_X(problem, relative, power):
    """X times c and lr over c^2, without an intercept: coefficients over c, the same losses."""
    X, y, w, _ = problem
    scale = 2.0**power
    expected = fit((X, y, w, False), relative)
    scaled = fit_at((X * scale, y, w, False), expected.lr_ / scale**2)
    assert agree(scaled, expected, 1 / scale)


@few
@given(problems(), relative_rates)
def test_all_solvers_agree(problem, relative):
    """The loop, the closed form, a Krylov space and the automatic choice make one descent."""
    loop = fit(problem, relative, solver="loop")
    for solver in ("spectral", "krylov", "auto"):
        assert agree(fit(problem, relative, solver=solver), loop)


@few
@given(problems(), stable_rates, steps, st.sampled_from(["spectral", "loop", "krylov"]))
def test_the_path_at_any_t_is_that_of_the_histories(problem, relative, step, solver):
    """path_ asked for one iterate answers as the histories of all do."""
    model = fit(problem, relative, solver=solver)
    t = step % (model.n_iter_ + 1)
    size = np.linalg.norm(model.coef_path_, axis=1).max() + np.abs(model.intercept_path_).max()
    assert np.abs(model.path_.coef(t) - model.coef_path_[t]).max() <= 1e-14 * size
    assert np.abs(model.path_.intercept(t) - model.intercept_path_[t]) <= 1e-14 * size
    assert model.path_.loss(t) == model.loss_history_[t]


@pytest.mark.parametrize(
    ("solver", "momentum", "nesterov"),
    [("krylov", 0.0, False)]
    + [
        (solver, momentum, nesterov)
        for solver in ("spectral", "loop")
        for momentum, nesterov in ((0.0, False), (0.9, False), (0.9, True))
    ],
)
def test_updates_are_those_of_a_neural_network_without_hidden_layer(solver, momentum, nesterov):
    """MLPRegressor without hidden layer, in one batch, makes these very updates."""
    X, y = regression(n=50, d=3)

    def network(lr, updates):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return MLPRegressor(
                hidden_layer_sizes=(),
                solver="sgd",
                batch_size=len(X),
                shuffle=False,
                momentum=momentum,
                nesterovs_momentum=nesterov,
                alpha=0,
                learning_rate_init=lr,
                max_iter=updates,
                n_iter_no_change=updates + 1,
                random_state=0,
            ).fit(X, y)

    start = network(1e-300, 1)  # a rate that moves nothing shows where it starts
    after = network(0.05, 60)
    how = {"momentum": momentum, "nesterovs_momentum": nesterov}
    model = GDLinearRegressor(lr=0.05, max_iter=60, solver=solver, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, coef_init=start.coefs_[0][:, 0], intercept_init=start.intercepts_[0][0])
    assert distance(model.coef_, after.coefs_[0][:, 0]) <= CONTRACT
    assert distance(model.intercept_, after.intercepts_[0][0]) <= CONTRACT
    np.testing.assert_allclose(model.loss_history_[:-1], after.loss_curve_, rtol=CONTRACT)


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
def test_a_converged_descent_is_least_squares(solver):
    """Without a threshold the descent ends at LinearRegression's coefficients."""
    X, y = regression()
    model = fit_at((X, y, None, True), "auto", max_iter=2000, solver=solver)
    line = LinearRegression().fit(X, y)
    assert distance(model.coef_, line.coef_) <= tolerance()
    assert distance(model.intercept_, line.intercept_) <= tolerance()


def test_wide_descent_from_zeros_ends_at_the_minimum_norm_solution():
    """With more columns than rows the limit is the pseudo-inverse's answer."""
    X, y = regression(n=6, d=15)
    model = fit_at((X, y, None, False), "auto", max_iter=10**7)
    assert distance(model.coef_, np.linalg.pinv(X) @ y) <= tolerance()
    assert model.path_.loss_floor <= CONTRACT**2


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
def test_float32_keeps_its_dtype_and_descends_in_float64(solver):
    """float32 in, float32 out, and no worse than the float64 descent rounded."""
    X, y = regression()
    X32 = X.astype(np.float32)
    model = fit_at((X32, y, None, True), "auto", max_iter=40, solver=solver)
    reference = fit_at((X32.astype(np.float64), y, None, True), "auto", max_iter=40, solver=solver)
    shown = [model.coef_, model.coef_path_, model.intercept_path_]
    shown += [model.predict(X32), model.path_.gradient(3)]
    assert {a.dtype for a in shown} == {np.dtype(np.float32)}
    assert distance(model.coef_, reference.coef_) <= tolerance(np.float32)
