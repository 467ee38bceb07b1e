"""When and why the descent stops, whatever the solver."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning

from helpers import distance, largest_curvature, literal_loop, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments

EPS = np.finfo(float).eps


@pytest.fixture(params=["spectral", "krylov", "loop"])
def solver(request):
    """Every way to descend."""
    return request.param


def fitted(model, X, y, **arguments):
    """The estimator, whatever it warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, **arguments)


ROWS = regression()
FALLING = GDLinearRegressor(max_iter=3)
WARNED = {
    "still falling": lambda: FALLING.fit(*ROWS),
    "descent diverged": lambda: GDLinearRegressor(5.0).fit(*ROWS),
    "Every learning rate": lambda: GDLinearRegressorCV([1e3], iters=[5]).fit(*ROWS),
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
    lines = {(w.filename, w.lineno) for w in caught}
    assert lines == {(__file__, call.__code__.co_firstlineno)}
    assert issubclass(caught[0].category, ConvergenceWarning) == (words != "begins anew")


@pytest.mark.parametrize("tol", [3.0, 0.7, 0.2])
def test_tol_stops_at_the_first_loss_below_it(solver, tol):
    """tol is a loss threshold: the last loss is below it and the one before is not."""
    X, y = regression()
    model = GDLinearRegressor(lr=0.05, tol=tol, solver=solver).fit(X, y)
    _, losses = literal_loop(X, y, 0.05, 400)
    assert model.stop_reason_ == "tol"
    assert model.n_iter_ == np.argmax(losses < tol)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("solver", ["spectral", "loop"])
def test_tol_stops_at_the_first_of_losses_that_oscillate(solver, share, nesterov):
    """With momentum the loss rises and falls; the first t below tol is still exact."""
    X, y = regression()
    rule = {"momentum": 0.95, "nesterov": nesterov}
    _, losses = literal_loop(X * [1, 1, 1, 5.0], y, 0.01, 400, **rule)
    tol = losses[-1] + share * (losses[0] - losses[-1])
    model = GDLinearRegressor(
        0.01, tol, momentum=0.95, nesterovs_momentum=nesterov, solver=solver
    ).fit(X * [1, 1, 1, 5.0], y)
    assert (np.diff(losses[:200]) > 0).any()
    assert (model.n_iter_, model.stop_reason_) == (np.argmax(losses < tol), "tol")


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


# What a history is read off, what tol then stops, and how long both are.
HISTORIES = {
    "plain": {},
    "momentum": {"momentum": 0.5},
    "Nesterov": {"momentum": 0.5, "nesterovs_momentum": True},
    "penalty": {"alpha": 0.1},
}


@pytest.mark.parametrize("noise", [0.5, 1e-3, 1e-6])
@pytest.mark.parametrize("rule", list(HISTORIES))
@pytest.mark.parametrize("max_iter", [12, 1000])
def test_a_tol_read_off_a_history_stops_at_the_next_iterate(solver, rule, noise, max_iter):
    """To the bit: the loss at t is not below itself, and the one after it is.

    Histories and stops share one anchor of their losses, however long either descent is.
    """
    if solver == "krylov" and "momentum" in HISTORIES[rule]:
        pytest.skip("takes no momentum")
    X, y = regression(12, 3, noise=noise)
    free = GDLinearRegressor(0.1, max_iter=12, solver=solver, **HISTORIES[rule])
    history = fitted(free, X, y).loss_history_
    for t in range(12):
        if not (history[t + 1] < history[: t + 1]).all():
            continue  # with momentum a later loss may be above
        tol = float(history[t])
        model = clone(free).set_params(tol=tol, max_iter=max_iter)
        fitted(model, X, y)
        assert (model.n_iter_, model.stop_reason_) == (np.argmax(history < tol), "tol")
        assert model.loss_history_[-1] < tol
        assert model.path_.iterations_to(tol) == model.n_iter_


def distance_to_limit(X, y, lr, dtype=np.float64):
    """How far each t is from the limit, in roundings of the limit, and the loop's theta_t."""
    Z = np.column_stack([np.ones(len(X)), X]).astype(np.longdouble)
    limit = np.linalg.lstsq(Z.astype(float), y, rcond=None)[0]
    for _ in range(3):
        limit = (
            limit
            + np.linalg.lstsq(Z.astype(float), np.asarray(y - Z @ limit, float), rcond=None)[0]
        )
    thetas, _ = literal_loop(X, y, lr, 400)
    gaps = np.linalg.norm(thetas[:, :, 0] - limit.astype(float), axis=1)
    return gaps / np.linalg.norm(limit) / np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [0.3, 1.0, 1.8])
def test_stationary_is_within_a_rounding_of_the_limit(dtype, factor):
    """At the stop no later iterate differs from the limit by more than eps, one before it does."""
    X, y = regression()
    X = X.astype(dtype).astype(float)
    lr = factor / largest_curvature(X)
    model = GDLinearRegressor(lr, max_iter=10**6).fit(X.astype(dtype), y)
    assert model.stop_reason_ == "stationary"
    t, limit = model.n_iter_, model.path_._descent.limit[:, 0]
    path = GDLinearRegressor(lr, tol=1e9).fit(X, y).path_
    gaps = np.linalg.norm(path.parameters([t - 1, t, t + 1, 2 * t]) - limit, axis=1)
    rounding = np.finfo(dtype).eps * np.linalg.norm(limit)
    noise = 4 * EPS * np.linalg.norm(limit)
    assert gaps[0] > rounding - noise
    assert (gaps[1:] <= rounding + noise).all()


def test_start_at_the_optimum_makes_one_update():
    """Convergence is looked for from the first update on, which here changes nothing."""
    X = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    y = 3.0 * X[:, 0]
    model = GDLinearRegressor().fit(X, y, coef_init=[3.0], intercept_init=0.0)
    assert (model.n_iter_, model.stop_reason_, model.coef_[0]) == (1, "stationary", 3.0)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slow_data_are_not_stationary_early(dtype):
    """Diabetes in original units reach a tol of 1500 after four million updates, not before."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    stops = {
        (m.n_iter_, m.stop_reason_)
        for max_iter in (10**7, 10**8, 10**18, 10**40)
        for m in [fitted(GDLinearRegressor(tol=1500.0, max_iter=max_iter), X.astype(dtype), y)]
    }
    ((n_iter, reason),) = stops
    assert reason == "tol"
    assert n_iter == pytest.approx(4_033_338, rel=1e-5)


def test_a_column_of_years_is_fitted_to_its_end():
    """In float32 too the descent ends at the line of least squares, or says that it did not."""
    years = np.repeat(np.arange(1990.0, 2024.0), 5)
    y = 3.0 * (years - 2000.0) + np.random.default_rng(0).standard_normal(len(years))
    X = years[:, np.newaxis].astype(np.float32)
    model = fitted(GDLinearRegressor(max_iter=10**18), X, y)
    assert model.stop_reason_ == "stationary"
    assert model.score(X, y) > 0.99


@st.composite
def problems(draw):
    """Small problems of any scale, dtype and rate, and a rule."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    n, d = draw(st.integers(2, 12)), draw(st.integers(1, 3))
    X = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-3, 3, d)
    X = (X + draw(st.sampled_from([0.0, 1.0, 100.0]))).astype(draw(st.sampled_from(["f4", "f8"])))
    y = rng.standard_normal(n) + draw(st.sampled_from([0.0, 10.0]))
    share = draw(st.sampled_from([1e-6, 0.1, 0.5, 1.0, 0.999999, 1.01, 3.0]))
    lr = 2.0 * share / largest_curvature(X) if share != 0.5 else "auto"
    momentum = draw(st.sampled_from([0.0, 0.0, 0.9]))
    tol = draw(st.sampled_from([None, 0.3, 0.01]))
    tol = None if tol is None else tol * 0.5 * float(np.mean(y**2))
    return X, y, {"lr": lr, "tol": tol, "momentum": momentum}


@given(problems(), st.lists(st.integers(1, 200), min_size=2, max_size=3), st.integers(9, 40))
def test_a_larger_max_iter_goes_on_with_the_same_descent(problem, budgets, exponent):
    """It never makes fewer updates, never misses a tol that a smaller one met, and before its stop
    has the iterates of the smaller one."""
    X, y, parameters = problem
    last = 10**5 if parameters["momentum"] else 10**exponent
    models = [
        fitted(GDLinearRegressor(max_iter=max_iter, **parameters), X, y)
        for max_iter in (*sorted(budgets), 10**4, last)
    ]
    for shorter, longer in zip(models, models[1:], strict=False):
        assert shorter.n_iter_ <= longer.n_iter_
        t, whole = shorter.n_iter_, longer.path_
        assert np.allclose(
            shorter.path_.loss(t), whole.loss(t), rtol=1e-9, atol=0.0, equal_nan=True
        )
        if shorter.stop_reason_ != "max_iter":
            assert (longer.n_iter_, longer.stop_reason_) == (t, shorter.stop_reason_)


def test_at_the_stable_limit_a_larger_max_iter_does_not_change_its_mind():
    """Whether a rate right at the limit diverges is a rounding, but one answer for all max_iter."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        X, y = rng.standard_normal((2, 1)), rng.standard_normal(2)
        lr = 2.0 / largest_curvature(X)
        models = [fitted(GDLinearRegressor(lr, max_iter=10**k), X, y) for k in (4, 6, 9)]
        assert len({m.stop_reason_ for m in models}) == 1
        assert models[0].n_iter_ <= models[1].n_iter_ <= models[2].n_iter_


@given(problems())
def test_stops_are_those_of_the_literal_loop(problem):
    """Where the loop meets tol within 300 updates, and not before, every solver does."""
    X, y, parameters = problem
    if parameters["tol"] is None:
        return
    model = fitted(GDLinearRegressor(max_iter=300, **parameters), X, y)
    with np.errstate(over="ignore", invalid="ignore"):
        _, losses = literal_loop(X, y, model.lr_, 300, momentum=parameters["momentum"])
    tol = parameters["tol"]
    close = np.abs(losses - tol) < 1e-9 * tol
    below = losses < tol
    if below.any() and not close.any() and np.isfinite(losses[: below.argmax() + 1]).all():
        assert (model.n_iter_, model.stop_reason_) == (below.argmax(), "tol")
    elif not close.any() and not below.any():
        assert model.stop_reason_ != "tol"


@pytest.mark.parametrize("relative_rate", [2.01, 2.3, 5.0, 1000.0, 1e200])
def test_divergence_makes_the_update_that_raises_the_loss(solver, relative_rate):
    """It is counted and recorded, and coef_ is the iterate of least loss."""
    X, y = regression()
    lr = relative_rate / largest_curvature(X)
    model = GDLinearRegressor(lr=lr, max_iter=5000, solver=solver)
    with pytest.warns(ConvergenceWarning, match="The descent diverged: lr="):
        model.fit(X, y)
    with np.errstate(over="ignore", invalid="ignore"):
        thetas, losses = literal_loop(X, y, lr, model.n_iter_)
    t, best = model.n_iter_, model.path_.best_iter
    assert model.stop_reason_ == "diverged"
    assert (t, best) == (np.argmax(np.diff(losses) > 0) + 1, t - 1)
    assert model.loss_history_.shape == (t + 1,)
    assert model.loss_history_[t] > model.loss_history_[best]
    assert (np.diff(model.loss_history_[:t]) < 0).all()
    theta = np.r_[model.intercept_, model.coef_]
    assert distance(theta, thetas[best, :, 0]) <= tolerance()
    assert not np.isnan(model.coef_path_).any()
    assert np.isfinite(model.coef_).all()


def test_divergence_stays_visible_beyond_the_stop():
    """path_ shows the loss rising, and infinity where floats end, never nan."""
    X, y = regression()
    model = fitted(GDLinearRegressor(lr=3 / largest_curvature(X)), X, y)
    losses = model.path_.loss([model.n_iter_, model.n_iter_ + 5, 100, 10**6])
    assert np.all(np.diff(losses[:3]) > 0)
    assert losses[3] == np.inf
    for beyond in (model.path_.coef(10**6), model.path_.gradient(10**6)):
        assert np.isinf(beyond).all()
    assert np.isinf(model.path_.intercept(10**6))


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
    model = fitted(GDLinearRegressor(lr=lr, max_iter=max_iter), X, y)
    assert model.n_iter_ == max_iter
    # With so small a rate, t updates move by lr t along the first gradient.
    first = -lr * max_iter * model.path_.gradient(0)
    moved = np.r_[model.intercept_, model.coef_]
    np.testing.assert_allclose(moved, first, rtol=1e-3)


def test_tol_below_the_noise_never_fires_by_accident():
    """With a floor far above it, a tiny tol is not met by rounding of large sums."""
    X, y = regression()
    model = fitted(GDLinearRegressor(tol=1e-300, max_iter=10**4), X, y + 1e6)
    assert model.stop_reason_ != "tol"
