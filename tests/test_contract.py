"""The contract of twelve digits, against exact arithmetic, however long the descent."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from benchmarks import _exact
from helpers import CONTRACT_CONDITION, EPS, contract
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent import prices, solve
from sklearn_gd._descent.problem import RowsInMemory

PROBLEMS = {name: (X, y) for name, X, y in _exact.problems()}
WALK = 1000
# Where the loop has few digits ours must keep to the drift of singular values, sqrt(T) * eps.
LONG_LOOPS = {
    (name, T): min(attained, EPS * np.sqrt(T))
    for (name, T, rate), attained in _exact.LONG_LOOPS.items()
    if rate == 1.0
}


@pytest.fixture(scope="module")
def attained():
    """Errors of coefficients and loss of the literal loop on each problem."""
    found, steps = {}, _exact.asked(WALK)
    for name, (X, y) in PROBLEMS.items():
        lr = 1 / _exact.largest_curvature(X)
        thetas, losses = _exact.walked(X, y, lr, steps, np.float64)
        true_thetas, true_losses = _exact.exact(X, y, lr, steps)
        theta_error = _exact.theta_error(thetas, true_thetas)
        found[name] = theta_error, _exact.loss_error(losses, true_losses, y)
    return found


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("solver", ["spectral", "krylov"])
@pytest.mark.parametrize("max_iter", [10**3, 10**6, 10**9])
@pytest.mark.parametrize("name", PROBLEMS)
def test_iterates_and_losses_keep_twelve_digits(name, max_iter, solver, few, attained, monkeypatch):
    """On data of every awkward kind, at 10**3, 10**6 and 10**9 updates, rows few and many."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = PROBLEMS[name]
    lr = 1 / _exact.largest_curvature(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = GDLinearRegressor(lr, max_iter=max_iter, solver=solver).fit(X, y).path_
    steps = _exact.asked(path.n_iter)
    thetas, losses = _exact.exact(X, y, lr, steps)
    ours = np.column_stack([path.intercept(steps), path.coef(steps)])
    theta_attained, loss_attained = attained[name]
    far = LONG_LOOPS.get((name, path.n_iter), 0.0)
    assert _exact.theta_error(ours, thetas).max() <= contract([*theta_attained, far])
    assert _exact.loss_error(path.loss(steps), losses, y).max() <= contract(loss_attained)


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("name", ["ill-scaled", "interpolating, ill-scaled"])
def test_columns_on_different_scales_keep_thirteen(name, few, monkeypatch):
    """At 10**9 updates: their singular values are found large columns first (5e-13 off if not)."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = PROBLEMS[name]
    lr = 1 / _exact.largest_curvature(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = GDLinearRegressor(lr, max_iter=10**9, solver="spectral").fit(X, y).path_
    steps = _exact.asked(path.n_iter)
    ours = np.column_stack([path.intercept(steps), path.coef(steps)])
    assert _exact.theta_error(ours, _exact.exact(X, y, lr, steps)[0]).max() <= 1e-13


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems_are_those_of_the_contract(name):
    """Their condition, directions that are flat left out, is within what is promised."""
    sizes = np.linalg.svd(_exact.design(PROBLEMS[name][0]), compute_uv=False)
    felt = sizes[sizes > 1e-12 * sizes[0]]
    assert felt[0] / felt[-1] <= CONTRACT_CONDITION


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no 80-bit arithmetic here")
@pytest.mark.parametrize("name", PROBLEMS)
def test_closed_form_in_eighty_digits_is_the_loop_in_eighty_bits(name):
    """The truth that the other tests trust is that of the loop itself."""
    X, y = PROBLEMS[name]
    lr, steps = 1 / _exact.largest_curvature(X), _exact.asked(200)
    thetas, losses = _exact.exact(X, y, lr, steps)
    walked_thetas, walked_losses = _exact.walked(X, y, lr, steps)
    assert _exact.theta_error(walked_thetas, thetas).max() <= 1e-15
    assert _exact.loss_error(walked_losses, losses, y).max() <= 1e-14


@pytest.mark.parametrize("engine", [prices.SPECTRAL, prices.KRYLOV_ON_MOMENTS])
@pytest.mark.parametrize("noise", [0.07, 0.1, 0.2])
def test_a_loss_measured_on_the_rows_gives_the_losses_before_it_their_digits(
    noise, engine, monkeypatch
):
    """Where sums hold the coefficients and not the loss, the last loss is measured, once."""
    monkeypatch.setattr(RowsInMemory, "are_few", False)
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 6)) + rng.uniform(-1, 1, 6)
    y = X @ rng.standard_normal(6) + 1.5 + noise * rng.standard_normal(60)
    lr, tol = 1 / _exact.largest_curvature(X), 0.5 * noise**2
    rows, terms = RowsInMemory(X, y[:, np.newaxis], None, True), solve.Terms(lr, tol, 1000)
    descent, stop, _ = solve.solve(rows, np.zeros((7, 1)), terms, engine)
    piece = descent.pieces[0] if engine == prices.KRYLOV_ON_MOMENTS else descent
    assert piece.spectrum.measured_at == stop.t
    assert piece.spectrum.error > 0  # of moments
    steps = sorted({*_exact.asked(stop.t), stop.t - 1})
    thetas, losses = _exact.exact(X, y, lr, steps)
    assert losses[-1] < tol <= losses[-2]
    assert _exact.theta_error(descent.theta(steps)[..., 0], thetas).max() <= contract()
    assert (np.abs(descent.loss(steps) - losses) / losses).max() <= contract()


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no 80-bit arithmetic here")
@pytest.mark.parametrize("noise", [1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize(("n", "d"), [(400, 3), (1000, 10), (500, 60)])
def test_losses_of_sums_are_off_by_the_roundings_of_rows_at_most(n, d, noise, monkeypatch):
    """The literal loop has as many, of few columns half; no second pass is taken for those."""
    monkeypatch.setattr(RowsInMemory, "are_few", False)
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + 1.0 + noise * rng.standard_normal(n)
    model = GDLinearRegressor(max_iter=400, solver="spectral").fit(X, y)
    spectrum = model.path_._descent.spectrum
    assert spectrum.measured_at == model.n_iter_
    steps = range(model.n_iter_ + 1)
    _, exact = _exact.walked(X, y, model.lr_, steps)
    _, walked = _exact.walked(X, y, model.lr_, steps, np.float64)
    loop = np.abs(walked - exact) / exact
    rounding = np.max(spectrum.row_rounding / np.sqrt(exact))
    assert 0.5 * rounding <= loop.max() <= _exact.ROUNDINGS * rounding
    ours = np.abs(model.loss_history_ - exact) / exact
    assert ours.max() <= contract([loop.max(), rounding])
