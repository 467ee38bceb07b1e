"""Laws that hold for every problem."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from helpers import largest_curvature, loop_loss_rounding, tolerance
from sklearn_gd import GDLinearRegressor
from strategies import problems, relative_rates


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
