"""Laws that hold for every problem."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from helpers import distance, largest_curvature, loop_loss_rounding, tolerance
from sklearn_gd import GDLinearRegressor
from strategies import problems, relative_rates, shuffles, stable_rates, steps


def descend(problem, relative_rate, **parameters):
    """A fit at a multiple of the largest stable rate."""
    X, y, w, fit_intercept = problem
    lr = 2 * relative_rate / largest_curvature(X, w, fit_intercept)
    model = GDLinearRegressor(lr=lr, fit_intercept=fit_intercept, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, w)


def coefficients(model):
    """All parameters of every iterate in one array."""
    return np.column_stack([model.intercept_path_, model.coef_path_])


@given(problems(), relative_rates)
def test_loop_and_closed_form_agree(problem, relative_rate):
    """Same iterations, same reason, same losses, same coefficients."""
    loop = descend(problem, relative_rate, max_iter=200, solver="loop")
    spectral = descend(problem, relative_rate, max_iter=200, solver="spectral")
    assert (spectral.n_iter_, spectral.stop_reason_) == (loop.n_iter_, loop.stop_reason_)
    size = np.linalg.norm(coefficients(loop), axis=1).max()
    assert np.abs(coefficients(spectral) - coefficients(loop)).max() <= tolerance() * size
    X, y, _, fit_intercept = problem
    losses = loop.loss_history_
    thetas = coefficients(loop)[:, 0 if fit_intercept else 1 :, np.newaxis]
    rounding = loop_loss_rounding(X, y, thetas, losses, fit_intercept)
    assert np.all(np.abs(spectral.loss_history_ - losses) <= tolerance() * losses + rounding)


@given(problems(), relative_rates)
def test_loss_falls_and_is_never_negative(problem, relative_rate):
    """Up to the stop every update lowers the loss, or leaves it where rounding ends."""
    model = descend(problem, relative_rate, max_iter=300)
    assert np.all(np.diff(model.loss_history_) <= 0)
    assert np.all(model.loss_history_ >= 0)
    assert np.isfinite(model.coef_path_).all()


@given(problems(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_tol_stops_at_the_first_iterate_below(problem, relative_rate, share):
    """Whatever threshold lies on the way, the stop is the first iterate below it."""
    free = descend(problem, relative_rate, max_iter=100).loss_history_
    tol = free[-1] + share * (free[0] - free[-1])
    if tol <= 0:
        return
    model = descend(problem, relative_rate, max_iter=100, tol=tol)
    if (free < tol).any():
        assert (model.n_iter_, model.stop_reason_) == (np.argmax(free < tol), "tol")


@given(problems(), relative_rates)
def test_loss_is_convex_in_t(problem, relative_rate):
    """Second differences of the loss are not negative, also beyond the stop."""
    path = descend(problem, relative_rate, max_iter=50).path_
    losses = path.loss(np.arange(60))
    second = losses[2:] - 2 * losses[1:-1] + losses[:-2]
    assert np.all(second >= -8 * np.finfo(float).eps * np.maximum(losses[2:], losses[:-2]))


def refit(problem, lr, updates=50, **parameters):
    """A descent of so many updates at a given rate, whatever it has to say."""
    X, y, w, fit_intercept = problem
    model = GDLinearRegressor(lr, max_iter=updates, fit_intercept=fit_intercept, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, w)


def rate(problem, relative):
    """So many times the largest stable rate."""
    X, _, w, fit_intercept = problem
    return 2 * relative / largest_curvature(X, w, fit_intercept)


def agree(model, other, scale=1.0):
    """Whether two descents have the same iterates up to the earlier stop, to the contract.

    Their stops may differ by the update in which rounding decides.
    """
    last = min(model.n_iter_, other.n_iter_)
    t = np.arange(last + 1)
    actual = np.column_stack([model.path_.intercept(t), model.path_.coef(t)])
    expected = np.column_stack([other.path_.intercept(t), other.path_.coef(t)]) * scale
    size = np.linalg.norm(expected, axis=1).max()
    return np.abs(actual - expected).max() <= 4 * tolerance() * size


@given(problems(), stable_rates, shuffles)
def test_the_order_of_rows_does_not_matter(problem, relative, shuffle):
    """Rows in another order, weights with them, descend alike."""
    X, y, w, fit_intercept = problem
    order = shuffle.permutation(len(X))
    other = X[order], y[order], None if w is None else w[order], fit_intercept
    lr = rate(problem, relative)
    assert agree(refit(other, lr), refit(problem, lr))


@given(problems(), stable_rates, shuffles)
def test_weights_are_repetitions(problem, relative, shuffle):
    """A row of weight 3 is three rows, and one of weight 0 none."""
    X, y, _, fit_intercept = problem
    counts = shuffle.integers(0, 4, len(X))
    counts[0] += 1
    weighted = X, y, counts.astype(float), fit_intercept
    repeated = X.repeat(counts, axis=0), y.repeat(counts), None, fit_intercept
    lr = rate(weighted, relative)
    assert agree(refit(weighted, lr), refit(repeated, lr))


@given(problems(), stable_rates, shuffles, st.integers(1, 5))
def test_the_split_of_rows_among_calls_does_not_matter(problem, relative, shuffle, calls):
    """partial_fit on parts, in any order, is fit on all: to the drift of sums, 4 T eps."""
    X, y, w, fit_intercept = problem
    lr, updates = rate(problem, relative), 50
    model = GDLinearRegressor(lr, max_iter=updates, fit_intercept=fit_intercept)
    for part in np.array_split(shuffle.permutation(len(X)), min(calls, len(X))):
        model.partial_fit(X[part], y[part], None if w is None else w[part])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert model.n_samples_seen_ == len(X)
        assert agree(model, refit(problem, lr, updates))


@given(problems(), stable_rates, shuffles)
def test_columns_permute_with_their_coefficients(problem, relative, shuffle):
    """Columns in another order have their coefficients in that order."""
    X, y, w, fit_intercept = problem
    order = shuffle.permutation(X.shape[1])
    lr = rate(problem, relative)
    permuted = refit((X[:, order], y, w, fit_intercept), lr).path_
    plain = refit(problem, lr).path_
    t = np.arange(min(permuted.n_iter, plain.n_iter) + 1)
    expected = plain.coef(t)[:, order]
    size = max(np.linalg.norm(expected, axis=1).max(), np.abs(plain.intercept(t)).max())
    assert np.abs(permuted.coef(t) - expected).max() <= 4 * tolerance() * size


@given(problems(), stable_rates, st.integers(-20, 20))
def test_coefficients_scale_with_y(problem, relative, power):
    """y times a power of two is an exact multiple: every iterate is too, losses by its square."""
    X, y, w, fit_intercept = problem
    lr, scale = rate(problem, relative), 2.0**power
    scaled, plain = refit((X, y * scale, w, fit_intercept), lr), refit(problem, lr)
    assert agree(scaled, plain, scale)
    assert distance(scaled.path_.loss(5), plain.path_.loss(5) * scale**2) <= tolerance()


@given(problems(), stable_rates, st.integers(-20, 20))
def test_rates_scale_against_the_square_of_X(problem, relative, power):
    """X times c and lr over c^2, without an intercept: coefficients over c, the same losses."""
    X, y, w, _ = problem
    scale = 2.0**power
    plain = X, y, w, False
    lr = rate(plain, relative)
    scaled = refit((X * scale, y, w, False), lr / scale**2)
    expected = refit(plain, lr)
    assert agree(scaled, expected, 1 / scale)
    losses = expected.path_.loss(np.arange(6))
    found = scaled.path_.loss(np.arange(6))
    assert np.all(np.abs(found - losses) <= tolerance() * losses[0])


@given(problems(), stable_rates)
def test_all_solvers_agree(problem, relative):
    """The loop, the closed form, a Krylov space and the automatic choice: one descent."""
    lr = rate(problem, relative)
    loop = refit(problem, lr, solver="loop")
    for solver in ("spectral", "krylov", "auto"):
        assert agree(refit(problem, lr, solver=solver), loop)


@given(problems(), stable_rates, steps, st.sampled_from(["spectral", "loop", "krylov"]))
def test_the_path_at_any_t_is_that_of_the_histories(problem, relative, step, solver):
    """path_ asked for single iterates answers as the histories of all do."""
    model = refit(problem, rate(problem, relative), solver=solver)
    t = step % (model.n_iter_ + 1)
    size = np.linalg.norm(coefficients(model), axis=1).max()
    assert np.abs(model.path_.coef(t) - model.coef_path_[t]).max() <= tolerance() * size
    assert np.abs(model.path_.intercept(t) - model.intercept_path_[t]) <= tolerance() * size
    losses = model.loss_history_
    assert abs(model.path_.loss(t) - losses[t]) <= tolerance() * losses[t] + 1e-15 * losses[0]
