"""When and why the descent stops, and what it says then."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import largest_curvature, literal_loop, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments


def messages(model, X, y, **arguments):
    """What a fit warns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **arguments)
    assert all(issubclass(w.category, ConvergenceWarning) for w in caught)
    return [str(w.message) for w in caught]


ROWS = regression()
FALLING = GDLinearRegressor(max_iter=3)
WARNED = {
    "still falling": lambda: FALLING.fit(*ROWS),
    "descent diverged": lambda: GDLinearRegressor(5.0).fit(*ROWS),
    "lr=1000": lambda: GDLinearRegressorCV([1e3], iters=[5]).fit(*ROWS),
    "max_iter": lambda: clone(FALLING).fit_moments(Moments.from_rows(*ROWS)),
    "max_iter=3": lambda: clone(FALLING).partial_fit(*ROWS).coef_,
    "begins anew": lambda: GDLinearRegressor(tol=3.0).fit(*ROWS).partial_fit(*ROWS),
}


@pytest.mark.parametrize("words", list(WARNED))
def test_a_warning_points_at_the_users_line(words):
    """A warning names the line that called, or that read an attribute, not one of ours."""
    call = WARNED[words]
    with pytest.warns(UserWarning, match=words) as caught:
        call()
    lines = [(w.filename, w.lineno) for w in caught]
    assert lines == [(__file__, call.__code__.co_firstlineno)]
    assert issubclass(caught[0].category, ConvergenceWarning) == (words != "begins anew")


@pytest.mark.parametrize("tol", [3.0, 0.7, 0.2])
def test_tol_stops_at_the_first_loss_below_it(solver, tol):
    """tol is a loss threshold: the last loss is below it and the one before is not."""
    X, y = regression()
    model = GDLinearRegressor(lr=0.05, tol=tol, solver=solver).fit(X, y)
    _, losses = literal_loop(X, y, 0.05, 400)
    assert model.stop_reason_ == "tol"
    assert model.n_iter_ == np.argmax(losses < tol)


def test_a_start_below_tol_is_not_moved(solver):
    """t = 0 counts: a good enough start gives n_iter_ = 0 and is returned as it is."""
    X, y = regression()
    model = GDLinearRegressor(tol=1e6, solver=solver).fit(X, y, coef_init=[1, 2, 3, 4])
    assert (model.n_iter_, model.stop_reason_) == (0, "tol")
    assert model.coef_.tolist() == [1, 2, 3, 4]
    assert model.loss_history_.shape == (1,)


def test_a_loss_equal_to_tol_goes_on(solver):
    """The threshold is strict, as in J < tol, for each loss as it is reported."""
    X, y = np.array([[1.0], [-1.0]]), np.array([2.0, -2.0])
    model = GDLinearRegressor(lr=0.5, solver=solver, fit_intercept=False)
    losses = model.set_params(max_iter=100).fit(X, y).loss_history_
    assert losses[:4] == pytest.approx([2.0, 0.5, 0.125, 0.03125], rel=1e-14)
    for t in range(3):
        model.set_params(tol=losses[t], max_iter=100).fit(X, y)
        assert (model.n_iter_, model.stop_reason_) == (t + 1, "tol")


def test_start_at_the_optimum_makes_no_step():
    """The gradient is rounding there, so the first update is already below rounding."""
    X = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    y = 3.0 * X[:, 0]
    model = GDLinearRegressor().fit(X, y, coef_init=[3.0], intercept_init=0.0)
    assert (model.n_iter_, model.stop_reason_, model.coef_[0]) == (0, "stationary", 3.0)


def test_stationary_means_that_an_update_is_lost_in_rounding():
    """At the stop an update is below eps times the coefficients, one update before it is not."""
    X, y = regression()
    model = GDLinearRegressor(max_iter=10**6).fit(X, y)
    assert model.stop_reason_ == "stationary"
    t = np.array([model.n_iter_ - 1, model.n_iter_])
    updates = model.lr_ * np.linalg.norm(model.path_.gradient(t), axis=1)
    rounding = np.finfo(float).eps * np.hypot(np.linalg.norm(model.coef_), model.intercept_)
    assert updates[0] > rounding * (1 - 1e-9)
    assert updates[1] <= rounding * (1 + 1e-9)


def test_stationary_waits_for_every_target():
    """A target of tiny scale is not cut short by the rounding of a large one."""
    X, Y = regression(k=2)
    Y = Y * [1e8, 1e-8]
    together = GDLinearRegressor(max_iter=10**6).fit(X, Y)
    alone = [GDLinearRegressor(max_iter=10**6).fit(X, Y[:, j]).n_iter_ for j in range(2)]
    assert together.n_iter_ == max(alone)


def test_float32_is_stationary_at_its_own_rounding():
    """The rounding is that of the coefficients' dtype."""
    X, y = regression()
    double = GDLinearRegressor(max_iter=10**6).fit(X, y)
    single = GDLinearRegressor(max_iter=10**6).fit(X.astype(np.float32), y)
    assert single.stop_reason_ == "stationary"
    assert single.n_iter_ < double.n_iter_


@pytest.mark.parametrize("relative_rate", [2.01, 2.3, 5.0, 1000.0, 1e200])
def test_divergence_stops_at_the_least_loss(solver, relative_rate):
    """The iterate of least loss is kept, everything is finite, and the advice has the numbers."""
    X, y = regression()
    lr = relative_rate / largest_curvature(X)
    model = GDLinearRegressor(lr=lr, max_iter=5000, solver=solver)
    (message,) = messages(model, X, y)
    assert model.stop_reason_ == "diverged"
    beyond = model.path_.loss(np.arange(model.n_iter_ + 3))
    assert np.argmin(beyond) == model.n_iter_
    assert np.isfinite(model.loss_history_).all()
    assert np.isfinite(model.coef_path_).all()
    assert f"{relative_rate / 2:.3g} times the largest stable rate" in message
    assert f"{model.path_.max_stable_lr:.4g}" in message


def test_divergence_names_the_rate_that_scaling_allows():
    """The rate up to which standardised columns are stable is that of a pipeline which does it."""
    X, y = regression()
    (message,) = messages(GDLinearRegressor(lr=5.0), X * [1.0, 10.0, 0.1, 1.0], y)
    scaled = make_pipeline(StandardScaler(), GDLinearRegressor(tol=1.0)).fit(X, y)
    limit = f"{scaled[-1].path_.max_stable_lr:.4g}"
    assert message.endswith(f"lr='auto'; with standardised columns rates up to {limit} are stable.")
    (message,) = messages(GDLinearRegressor(lr=5.0, solver="krylov"), X, y)
    assert message.endswith("or lr='auto'.")  # it never sees the sums that would tell


def test_divergence_stays_visible_beyond_the_stop():
    """path_ shows the loss rising, and infinity where floats end, never nan."""
    X, y = regression()
    model = GDLinearRegressor(lr=3 / largest_curvature(X))
    messages(model, X, y)
    losses = model.path_.loss([model.n_iter_, model.n_iter_ + 5, 100, 10**6])
    assert np.all(np.diff(losses[:3]) > 0)
    assert losses[3] == np.inf
    for beyond in (model.path_.coef(10**6), model.path_.gradient(10**6)):
        assert np.isinf(beyond).all()
    assert np.isinf(model.path_.intercept(10**6))


def test_a_slow_divergence_is_foreseen():
    """Too few updates to see the loss rise: the advice says that it will."""
    X, y = regression()
    lr = 2.02 / largest_curvature(X)
    (message,) = messages(GDLinearRegressor(lr=lr, max_iter=2), X, y)
    assert "still falling" in message
    assert "rise for ever" in message


def test_max_iter_says_what_is_left():
    """The number of updates it asks for is the number that it takes."""
    X, y = regression()
    X = X * [1.0, 1.0, 1.0, 50.0]
    model = GDLinearRegressor(max_iter=20)
    (message,) = messages(model, X, y)
    assert model.stop_reason_ == "max_iter"
    floor = model.path_.loss_floor
    assert f"{model.path_.loss(20) - floor:.3g} above the least possible {floor:.6g}." in message
    near = model.path_.iterations_to(floor * 1.01)
    assert f"{near - 20:,} more updates" in message
    assert "standardised columns" in message
    reached = GDLinearRegressor(max_iter=near)
    (message,) = messages(reached, X, y)
    assert "That is within 1 % of the least loss; raise max_iter to come closer." in message
    assert reached.loss_history_[-1] < reached.path_.loss_floor * 1.01


def test_standardising_advice_comes_true():
    """Standardised columns take the number of updates that the advice promised."""
    X, y = regression()
    X = X * [1.0, 1.0, 1.0, 50.0] + 5.0
    (message,) = messages(GDLinearRegressor(max_iter=20), X, y)
    promised = int(message.split("(StandardScaler) ")[1].split(" ")[0].replace(",", ""))
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    path = GDLinearRegressor(max_iter=10**6).fit(scaled, y).path_
    assert path.iterations_to(path.loss_floor * 1.01) == promised


def test_scaled_columns_are_not_advised_to_scale():
    """Where standardising gains nothing it is not mentioned."""
    X, y = regression(n=500)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    (message,) = messages(GDLinearRegressor(max_iter=1), X, y)
    assert "more updates are needed; raise max_iter" in message
    assert "standardised" not in message


def test_near_enough_is_said():
    """Within 1 % of the least loss but still falling: no count of updates is invented."""
    X, y = regression()
    (message,) = messages(GDLinearRegressor(max_iter=40), X, y)
    assert "within 1 %" in message


def test_unreachable_tol_is_said_once(solver):
    """A tol below the least possible loss warns with both numbers, converged or not."""
    X, y = regression()
    floor = GDLinearRegressor(max_iter=10**6).fit(X, y).path_.loss_floor
    for max_iter in (10, 10**4):
        model = GDLinearRegressor(tol=floor / 2, max_iter=max_iter, solver=solver)
        (message,) = messages(model, X, y)
        assert f"tol={floor / 2:.6g} is below the least possible loss {floor:.6g}" in message


def test_converged_and_reached_fits_are_silent():
    """A fit that did what was asked warns nothing."""
    X, y = regression()
    assert messages(GDLinearRegressor(max_iter=10**5), X, y) == []
    assert messages(GDLinearRegressor(tol=1.0), X, y) == []


@pytest.mark.parametrize("max_iter", [10**18, 10**30])
def test_a_budget_beyond_all_need_changes_nothing(max_iter):
    """Any integer is a valid max_iter: the descent ends where it is stationary."""
    X, y = regression()
    enough = GDLinearRegressor(lr=1e-8, max_iter=10**12).fit(X, y)
    model = GDLinearRegressor(lr=1e-8, max_iter=max_iter).fit(X, y)
    assert (model.n_iter_, model.stop_reason_) == (enough.n_iter_, "stationary")
    assert model.n_iter_ > 10**9


@pytest.mark.parametrize("max_iter", [10**6, 10**12])
def test_trillions_of_updates_are_really_made(max_iter):
    """The path ends where that many updates lead."""
    X, y = regression()
    lr = 1e-4 / max_iter  # so small that the whole budget is used
    model = GDLinearRegressor(lr=lr, max_iter=max_iter)
    messages(model, X, y)
    assert model.n_iter_ == max_iter
    # With so small a rate, t updates move by lr t along the first gradient.
    first = -lr * max_iter * model.path_.gradient(0)
    moved = np.r_[model.intercept_, model.coef_]
    np.testing.assert_allclose(moved, first, rtol=1e-3)


def test_tol_below_the_noise_never_fires_by_accident():
    """With a floor far above it, a tiny tol is not met by rounding of large sums."""
    X, y = regression()
    model = GDLinearRegressor(tol=1e-300, max_iter=10**4)
    messages(model, X, y + 1e6)
    assert model.stop_reason_ != "tol"


@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
@pytest.mark.parametrize("seed", range(4))
def test_a_tol_read_off_a_history_stops_at_the_next_iterate(solver, seed):
    """To the bit: the loss at t is not below itself, and the one after it is."""
    X, y = regression(30, 3, seed=seed)
    free = GDLinearRegressor(0.1, max_iter=12, solver=solver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        history = free.fit(X, y).loss_history_
        for t in range(12):
            model = GDLinearRegressor(0.1, max_iter=12, solver=solver, tol=float(history[t]))
            model.fit(X, y)
            assert (model.n_iter_, model.stop_reason_) == (t + 1, "tol")
            assert model.loss_history_[-1] < model.tol <= model.loss_history_[-2]
            assert model.path_.iterations_to(model.tol) == t + 1
