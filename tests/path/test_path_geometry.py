"""The geometry of a descent: limit, Hessian, directions, rates, and losses on other rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import literal_loop, regression
from sklearn_gd import GDLinearRegressor

X, Y = regression(n=60, d=4, k=2)
WEIGHT = np.random.default_rng(5).uniform(0.5, 2.0, size=len(X))


@pytest.fixture(params=[True, False], ids=["intercept", "origin"])
def problem(request):
    """A weighted descent on two targets that has not arrived, its Z, and H = Z'WZ / W."""
    model = GDLinearRegressor(lr=0.05, tol=0.05, max_iter=7, fit_intercept=request.param)
    with pytest.warns(match="max_iter"):
        path = model.fit(X, Y, sample_weight=WEIGHT).path_
    Z = np.column_stack([np.ones(len(X)), X]) if request.param else X
    return path, Z, Z.T @ (WEIGHT[:, np.newaxis] * Z) / WEIGHT.sum()


def _krylov():
    X, y = regression(n=120, d=100)
    with pytest.warns(match="max_iter"):
        return GDLinearRegressor(max_iter=4, solver="krylov").fit(X, y).path_


def test_parameters_are_intercept_and_coefficients(problem):
    """`parameters` puts the intercept before the coefficients, for any shape of t."""
    path, Z, _ = problem
    t = np.array([[0, 3], [7, 10**6]])
    theta = path.parameters(t)
    assert theta.shape == path.gradient(t).shape == (2, 2, 2, Z.shape[1])
    assert_allclose(theta[..., -X.shape[1] :], path.coef(t), rtol=1e-12)
    if Z.shape[1] > X.shape[1]:
        assert_allclose(theta[..., 0], path.intercept(t), rtol=1e-12)


def test_parameters_of_one_target_have_no_axis_for_it():
    """With y of shape (n,) or (n, 1) parameters are laid out as the gradient is."""
    for y in (Y[:, 0], Y[:, :1]):
        path = GDLinearRegressor(lr=0.05, tol=50.0).fit(X, y).path_
        assert path.parameters(2).shape == path.gradient(2).shape == (5,)
        assert path.limit().shape == (5,)


def test_the_limit_is_least_squares(problem):
    """A stable rate leads to the least-squares solution."""
    path, Z, _ = problem
    root = np.sqrt(WEIGHT)[:, np.newaxis]
    expected = np.linalg.lstsq(root * Z, root * Y, rcond=None)[0].T
    assert_allclose(path.limit(), expected, rtol=1e-9, atol=1e-10)


def test_the_limit_is_the_solution_nearest_to_the_start():
    """With more columns than rows the limit differs from the start by a combination of rows."""
    wide, y = regression(n=5, d=9)
    start = np.linspace(-1.0, 1.0, 9)
    model = GDLinearRegressor(tol=1e-3, fit_intercept=False, max_iter=10**6)
    path = model.fit(wide, y, coef_init=start).path_
    assert_allclose(path.limit(), start + np.linalg.pinv(wide) @ (y - wide @ start), atol=1e-8)


def test_hessian_product_is_that_of_the_weighted_rows(problem):
    """One direction or several, the product is with Z'WZ / W."""
    path, Z, hessian = problem
    directions = np.random.default_rng(0).normal(size=(Z.shape[1], 3))
    assert_allclose(path.hessian_product(directions), hessian @ directions, atol=1e-10)
    assert_allclose(path.hessian_product(directions[:, 0]), hessian @ directions[:, 0], atol=1e-10)


@pytest.mark.parametrize("target", [0, 1])
def test_main_directions_hold_most_of_the_loss_to_lose(problem, target):
    """They are the two eigenvectors of H along which the most loss lies, with their share of it."""
    path, _, hessian = problem
    directions, share = path.main_directions(target)
    eigenvalues, vectors = np.linalg.eigh(hessian)
    to_go = (path.limit() - path.parameters(0))[target] @ vectors
    losses = 0.5 * eigenvalues * to_go**2
    most = np.argsort(-losses)[:2]
    assert directions.shape == (len(hessian), 2)
    assert_allclose(np.abs(np.sum(directions * vectors[:, most], axis=0)), 1.0, rtol=1e-8)
    assert_allclose(share, losses[most].sum() / losses.sum(), rtol=1e-8)
    assert (directions[np.abs(directions).argmax(axis=0), [0, 1]] > 0).all()


def test_one_parameter_has_one_direction():
    """A descent in one parameter has that parameter as its only direction."""
    path = GDLinearRegressor(tol=50.0, fit_intercept=False).fit(X[:, :1], Y[:, 0]).path_
    directions, share = path.main_directions()
    assert_allclose(directions, [[1.0]])
    assert share == pytest.approx(1.0)


def test_a_direction_is_named_by_its_heaviest_parameters():
    """Parameters below half of the heaviest are left out; signs say which way each goes."""
    path = GDLinearRegressor(tol=50.0).fit(X, Y).path_
    direction = [0.1, 0.9, -0.8, 0.2, 0.0]
    assert path.direction_name(direction) == "x0 - x1"
    assert path.direction_name(direction, ["b", "u", "v", "w", "z"]) == "u - v"
    assert path.direction_name([1.0, 0.0, 0.0, 0.0, 0.0]) == "intercept"


def test_the_best_rate_balances_both_ends_of_the_spectrum(problem):
    """At `best_lr` the largest and the smallest eigenvalue of H are damped alike."""
    path, _, hessian = problem
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert path.best_lr == pytest.approx(2 / (eigenvalues[0] + eigenvalues[-1]))
    flat = GDLinearRegressor(lr=0.1, fit_intercept=False).fit(np.zeros((3, 2)), [1.0, 2.0, 3.0])
    assert flat.path_.best_lr == np.inf


def test_the_best_rate_ignores_directions_without_curvature():
    """A column that repeats another adds an eigenvalue of zero, which no rate can help."""
    twice = np.column_stack([X, X[:, 0]])
    path = GDLinearRegressor(tol=50.0).fit(twice, Y).path_
    Z = np.column_stack([np.ones(len(X)), twice])
    eigenvalues = np.linalg.eigvalsh(Z.T @ Z / len(Z))
    assert path.best_lr == pytest.approx(2 / (eigenvalues[-1] + eigenvalues[1]))


def test_another_rate_gives_the_loop_at_that_rate():
    """`at_lr` descends from the same start as the textbook loop does, for as many updates."""
    path = GDLinearRegressor(lr=0.05, tol=0.5, max_iter=25).fit(X, Y[:, 0]).path_
    other = path.at_lr(0.1)
    thetas, losses = literal_loop(X, Y[:, 0], 0.1, 40)
    assert (other.lr, other.n_iter) == (0.1, path.n_iter)
    assert_allclose(other.parameters(np.arange(41)), np.array(thetas)[..., 0], atol=1e-9)
    assert_allclose(other.loss(np.arange(41)), losses, rtol=1e-9)


def test_a_rate_above_the_limit_diverges():
    """`at_lr` above `max_stable_lr` is told to diverge, and its losses rise."""
    path = GDLinearRegressor(lr=0.05, tol=0.5, max_iter=25).fit(X, Y[:, 0]).path_
    other = path.at_lr(1.5 * path.max_stable_lr)
    assert other.stop_reason == "diverged"
    assert other.loss(30) > other.loss(25) > other.loss(20)


def test_most_paths_answer_for_any_t():
    """`last_known` is None, but of a Krylov path a number, up to which it answers."""
    assert GDLinearRegressor(tol=50.0).fit(X, Y).path_.last_known is None
    path = _krylov()
    assert path.last_known is None or path.last_known >= 4


def test_what_takes_all_directions_is_refused_without_them():
    """A Krylov path says by its name which solver keeps every direction."""
    path = _krylov()
    direction = np.ones(len(path.parameter_names))
    for ask in (
        path.limit,
        path.main_directions,
        lambda: path.hessian_product(direction),
        lambda: path.at_lr(0.1),
    ):
        with pytest.raises(ValueError, match="solver='spectral'"):
            ask()
    with pytest.raises(AttributeError, match="solver='spectral'"):
        _ = path.best_lr


@pytest.mark.parametrize("lr", [0, -1.0, np.nan, np.inf, True, "auto"])
def test_rates_are_numbers_above_zero(lr):
    """`at_lr` refuses what no descent can have as its rate."""
    path = GDLinearRegressor(0.05, 0.5).fit(X, Y).path_
    with pytest.raises((TypeError, ValueError), match="lr must be a number above 0"):
        path.at_lr(lr)


def test_losses_on_other_rows_are_refused_beyond_what_is_known():
    """A Krylov path answers up to its last known t, for few t and for many."""
    path = _krylov()
    X = np.ones((3, len(path.parameter_names) - 1))
    for many in (1, 1000):
        t = path.last_known + np.arange(many)
        with pytest.raises(ValueError, match="This descent was resolved up to t = "):
            path.loss(t + 1, X, np.ones(3))
    assert np.isfinite(path.loss(range(path.last_known + 1), X, np.ones(3))).all()


@pytest.mark.parametrize("weight", [None, WEIGHT[:20]])
def test_losses_on_other_rows_are_half_mean_squares(weight):
    """On held-out rows the loss is half the weighted mean square, summed over targets."""
    path = GDLinearRegressor(lr=0.05, tol=0.5).fit(X[20:], Y[20:]).path_
    t = np.array([[0, 2], [9, 10**6]])
    losses = path.loss(t, X[:20], Y[:20], weight)
    assert losses.shape == t.shape
    for step, loss in zip(t.ravel(), losses.ravel(), strict=True):
        residual = X[:20] @ path.coef(step).T + path.intercept(step) - Y[:20]
        squares = np.average(residual**2, axis=0, weights=weight).sum()
        assert loss == pytest.approx(squares / 2, rel=1e-10)


def test_losses_on_the_training_rows_are_the_losses():
    """Given the rows and weights that it was fitted on, a path answers as without them."""
    model = GDLinearRegressor(lr=0.05, tol=0.5)
    for y in (Y[:, 0], Y):
        path = model.fit(X, y, sample_weight=WEIGHT).path_
        t = np.arange(12)
        assert_allclose(path.loss(t, X, y, WEIGHT), path.loss(t), rtol=1e-9)


@pytest.mark.parametrize("t", [3, [1, 2], [1, 2, 3]], ids=str)
def test_several_targets_without_intercept_are_predicted(t):
    """Iterates without intercept predict X coef', whatever the numbers of t and of targets."""
    path = GDLinearRegressor(0.05, 2.0, fit_intercept=False, max_iter=99).fit(X, Y).path_
    expected = np.moveaxis(path.coef(t) @ X.T, -1, -2)
    assert_allclose(path.predict(X, t), expected, rtol=1e-12)
    assert_allclose(path.loss(t, X, Y), path.loss(t), rtol=1e-12)


def test_a_curve_on_other_rows_reads_them_a_few_times(monkeypatch):
    """The losses of all visited iterates are computed from blocks of them, not one by one."""
    path = GDLinearRegressor(lr=0.05, solver="loop").fit(X[20:], Y[20:]).path_
    assert path.n_iter > 300
    asked = []
    theta = type(path._descent).theta
    monkeypatch.setattr(
        type(path._descent), "theta", lambda *args: asked.append(args) or theta(*args)
    )
    losses = path.loss(np.arange(path.n_iter + 1), X[:20], Y[:20])
    assert len(asked) == 1
    residual = X[:20] @ path.coef(path.n_iter).T + path.intercept(path.n_iter) - Y[:20]
    assert losses[-1] == pytest.approx(np.sum(residual**2) / 40, rel=1e-12)


def test_losses_of_infinite_iterates_are_infinite():
    """Beyond the range of floats a diverging descent has infinite losses on other rows, too."""
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=2.0).fit(X, Y).path_
    for t in (10**6, np.full(20, 10**6)):
        assert np.all(path.loss(t, X, Y) == np.inf)


def test_weights_without_rows_are_refused():
    """Weights alone are named as what came without X."""
    path = GDLinearRegressor(0.05, 0.5).fit(X, Y).path_
    with pytest.raises(ValueError, match="got sample_weight without X"):
        path.loss(3, sample_weight=WEIGHT)
    for weights in (WEIGHT[:, np.newaxis], WEIGHT[1:]):
        with pytest.raises(ValueError, match=r"sample_weight must have shape \(60,\)"):
            path.loss(3, X, Y, weights)


def test_columns_in_another_order_are_refused():
    """A frame whose columns are those of fit in another order is no other rows to predict."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    path = GDLinearRegressor(0.05, 0.5).fit(frame, Y).path_
    assert_allclose(path.predict(frame, 3), path.predict(X, 3))
    for ask in (lambda X: path.predict(X, 3), lambda X: path.loss(3, X, Y)):
        with pytest.raises(ValueError, match="in the order of fit"):
            ask(frame[list("dcba")])
