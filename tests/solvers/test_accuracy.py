"""When cross-products are accurate enough, and what is done when they are not."""

from __future__ import annotations

import numpy as np
import pytest

from contract.exact import ExactDescent
from contract.problems import CASES, exact, exact_iterate
from helpers import EPS, from_singular_values, regression
from sklearn_gd._data import RowsInMemory, SummedRows, zeros
from sklearn_gd._descent import ClosedForm, UpdateRule, is_accurate
from sklearn_gd._descent.error_bounds import (
    ACCURACY_RTOL,
    coefficient_error,
    floor_error,
    loss_error,
)
from sklearn_gd._solvers import DescentOptions, SpectralProblem, solve

long_doubles = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="long doubles are doubles"
)
DENSE = [name for name in CASES if "wide" not in name]


@pytest.fixture
def passes(monkeypatch):
    """How often the rows are read a second time."""
    calls = []
    second = RowsInMemory.preconditioned_products

    def counted(rows, preconditioner):
        calls.append(1)
        return second(rows, preconditioner)

    monkeypatch.setattr(RowsInMemory, "preconditioned_products", counted)
    return calls


def long_loop(Z, y, lr, n_updates):
    """The literal loop from zeros in long doubles: the last parameters and their loss."""
    Z, y, theta = Z.astype(np.longdouble), y.astype(np.longdouble), np.zeros(Z.shape[1], "g")
    for _ in range(n_updates):
        theta -= lr / len(y) * (Z.T @ (Z @ theta - y))
    return theta.astype(float), float(np.mean((Z @ theta - y) ** 2) / 2)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", DENSE)
def test_predicted_errors_are_above_true_ones(name, momentum):
    """Those of coefficients and losses from cross-products alone, at any number of updates."""
    problem = CASES[name].problem
    spectrum = SpectralProblem(problem, zeros(problem)).spectrum
    rule = UpdateRule(1.0 / spectrum.largest, momentum)
    form = ClosedForm(spectrum, rule)
    for t in (1, 30, 1000, 10**5, 10**7):
        theta, loss = exact_iterate(name, rule, t)
        off = np.linalg.norm(form.theta(t)[:, 0] - theta) / np.linalg.norm(theta)
        assert off <= coefficient_error(form, t) + 8 * EPS
        assert abs(float(form.loss(t)) - loss) <= loss_error(form, t) + 8 * EPS * loss
    floor = exact_iterate(name, rule, 10**60)[1]
    assert abs(spectrum.floor - floor) <= floor_error(form) + 8 * EPS * floor


@long_doubles
@pytest.mark.parametrize(("n_rows", "n_columns"), [(60, 40), (300, 150), (134, 154)])
def test_predicted_errors_hold_beside_one_large_direction(n_rows, n_columns):
    """Columns whose means are far above their deviations, without an intercept: most eigenvalues
    are lost to the rounding of the largest one."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns)) * np.logspace(-4, 1, n_columns) + 1e4
    y = X @ rng.standard_normal(n_columns)
    problem = RowsInMemory(X, y[:, None], None, False)
    spectrum = SpectralProblem(problem, zeros(problem)).spectrum
    form = ClosedForm(spectrum, UpdateRule(1.0 / spectrum.largest))
    theta, _ = long_loop(X, y, form.rule.lr, 100)
    off = np.linalg.norm(form.theta(100)[:, 0] - theta)
    assert off <= 0.5 * coefficient_error(form, 100) * np.linalg.norm(theta)


def test_losses_near_zero_need_no_second_decomposition():
    """Rows that are interpolated: cross-products hold ten digits of losses of 1e-15 mean y^2."""
    X, y = regression(6, 20, seed=0)
    problem = RowsInMemory(X, y[:, None], None, True)
    form = SpectralProblem(problem, zeros(problem))
    form = ClosedForm(form.spectrum, UpdateRule(1.0 / form.spectrum.largest))
    exact, square, seen = ExactDescent(X, y), np.mean(y**2), 0
    for t in range(5, 400, 5):
        loss = exact.theta(form.rule, t)[1]
        if loss > 1e-15 * square:
            assert is_accurate(form, t)
            assert abs(float(form.loss(t)) - loss) <= 1e-10 * loss
            seen += loss < 1e-12 * square
    assert seen


def test_rows_are_read_again_where_the_stop_needs_it(passes):
    """The same problem keeps its cross-products for a few updates, and not for a billion."""
    case = CASES["condition 1e+05"]
    for max_iter, count in ((10, 0), (10**9, 1)):
        solve(case.problem, zeros(case.problem), DescentOptions(max_iter=max_iter), "spectral")
        assert len(passes) == count


def test_the_upgrade_is_decided_at_the_stop_that_was_found(passes):
    """A max_iter of 10**12 that a tol cuts short reads the rows no more than that tol needs."""
    case = CASES["condition 1e+05"]
    problem, start = case.problem, zeros(case.problem)
    first = solve(problem, start, DescentOptions(max_iter=20), "spectral")
    tol = float(first.descent.loss([10, 11]).mean())
    ends = {
        solve(problem, start, DescentOptions(max_iter=max_iter, tol=tol), "spectral").stop
        for max_iter in (20, 10**6, 10**12, 10**40)
    }
    assert {(stop.t, stop.reason) for stop in ends} == {(11, "tol")}
    assert not passes
    diverging = DescentOptions(3.0 / exact("condition 1e+05").largest, max_iter=10**12)
    assert solve(problem, start, diverging, "spectral").stop.reason == "diverged"
    assert not passes


@long_doubles
@pytest.mark.parametrize("shape", [(60, 58), (60, 60), (200, 180)])
def test_nearly_square_rows_are_decomposed_once(shape, passes):
    """Their loss falls far, so the least one is summed over rows; eigenvalues hold their digits."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape)
    y = X @ rng.standard_normal(shape[1]) + rng.standard_normal(shape[0])
    problem = RowsInMemory(X, y[:, None], None, True)
    found = SpectralProblem(problem, zeros(problem)).descend(DescentOptions(max_iter=1000))
    assert not passes
    theta, loss = long_loop(np.column_stack([np.ones(len(X)), X]), y, found.descent.rule.lr, 1000)
    off = np.linalg.norm(found.descent.theta(1000)[:, 0] - theta)
    assert off <= ACCURACY_RTOL * np.linalg.norm(theta)
    assert abs(float(found.descent.loss(1000)) - loss) <= ACCURACY_RTOL * loss


def test_ordinary_fits_read_rows_once(passes):
    """Columns of one scale need no second pass, to convergence and beyond."""
    X, y = regression(n=200, d=6)
    problem = RowsInMemory(X, y[:, None], None, True)
    for solver in ("spectral", "auto"):
        for max_iter in (10, 1000, 10**40):
            solve(problem, zeros(problem), DescentOptions(max_iter=max_iter), solver)
    assert not passes


def test_sums_alone_are_descended_as_they_are():
    """Rows that are gone cannot be read again; the descent goes on with what is known."""
    rows = CASES["condition 1e+05"].problem
    sums = SummedRows(rows.cross_products(), True, EPS)
    found = solve(sums, zeros(rows), DescentOptions(max_iter=10**9), "spectral")
    assert found.stop.t == 10**9
    assert not is_accurate(found.descent, 10**9)


@pytest.mark.parametrize("noise", [1e-3, 1e-5, 1e-7])
def test_a_small_floor_is_known_on_the_rows(noise, passes):
    """A least loss far below the square of y has digits of its own, and no second pass is made."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    y = X @ np.ones(4) + noise * rng.standard_normal(300)
    problem = RowsInMemory(X, y[:, None], None, True)
    spectral = SpectralProblem(problem, zeros(problem))
    Z = np.column_stack([np.ones(300), X])
    left = np.linalg.qr(Z)[0]
    residual = y - left @ (left.T @ y)
    expected = residual @ residual / 600
    assert spectral.spectrum.accuracy.from_floor
    assert spectral.spectrum.floor == pytest.approx(expected, rel=max(1e-10, 1e-15 / noise))
    assert not passes


def test_a_floor_that_cross_products_hold_is_not_measured(monkeypatch):
    """With ordinary noise the least loss costs no pass over the rows."""
    X, y = regression(n=200, d=6)
    problem = RowsInMemory(X, y[:, None], None, True)
    monkeypatch.setattr(RowsInMemory, "squares_and_gradient", None)
    assert not SpectralProblem(problem, zeros(problem)).spectrum.accuracy.from_floor


@pytest.mark.parametrize("tol_share", [1e-3, 1e-12])
def test_a_tol_that_is_rounding_stops_nothing(tol_share):
    """On exact data a tol below the rounding of the least loss is not met by chance."""
    X, _ = regression(n=60, d=4)
    problem = RowsInMemory(X, (X @ np.arange(1.0, 5.0))[:, None], None, True)
    spectral = SpectralProblem(problem, zeros(problem))
    tol = tol_share * floor_error(ClosedForm(spectral.spectrum, UpdateRule(0.1)))
    for solver in ("spectral", "krylov"):
        stop = solve(problem, zeros(problem), DescentOptions(tol=tol, max_iter=10**9), solver).stop
        assert stop.reason == "stationary"


def test_columns_lost_to_scale_are_known_to_be_lost():
    """Nanoseconds beside degrees: the floor of all directions is told, and the limit is unknown."""
    rng = np.random.default_rng(0)
    stamp, degrees = 1.7e18 + 1e9 * np.arange(100.0), rng.normal(20, 5, 100)
    y = 3 * degrees + rng.standard_normal(100)
    problem = RowsInMemory(np.column_stack([stamp, degrees]), y[:, None], None, True)
    spectral = SpectralProblem(problem, zeros(problem))
    for spectrum in (spectral.spectrum, spectral.refined):
        assert spectrum.columns_lost
        assert not spectrum.limit_is_known
        assert spectrum.scaled_floor < 1.0 < spectrum.floor
    found = solve(problem, zeros(problem), DescentOptions(max_iter=10**18), "spectral")
    assert found.stop.reason != "stationary"
    scaled = RowsInMemory(np.column_stack([stamp / 1e18, degrees]), y[:, None], None, True)
    assert not SpectralProblem(scaled, zeros(problem)).refined.columns_lost


@pytest.mark.parametrize("kind", ["constant column", "duplicate", "zero column", "rank-deficient"])
def test_columns_that_say_nothing_new_are_not_lost(kind):
    """A rank below the number of columns is not a matter of scale then."""
    X, y = regression(n=60, d=3)
    extra = {
        "constant column": np.ones(60),
        "duplicate": X[:, 0],
        "zero column": np.zeros(60),
        "rank-deficient": X @ [1.0, -2.0, 0.5],
    }[kind]
    problem = RowsInMemory(np.column_stack([X, extra]), y[:, None], None, True)
    assert not SpectralProblem(problem, zeros(problem)).spectrum.columns_lost


def test_a_decomposition_serves_every_rate(passes):
    """One SpectralProblem descended at three rates is three solves, with one second pass."""
    X = from_singular_values(40, 5, np.geomspace(1.0, 1e-4, 5))
    y = np.random.default_rng(0).random((40, 1))
    problem = RowsInMemory(X, y, None, True)
    spectral = SpectralProblem(problem, zeros(problem))
    for lr in (0.5, 1.0, 1.5):
        options = DescentOptions(lr=lr, max_iter=10**7)
        ours, theirs = (
            spectral.descend(options),
            solve(problem, zeros(problem), options, "spectral"),
        )
        assert ours.stop == theirs.stop
        assert np.array_equal(ours.descent.theta(10), theirs.descent.theta(10))
    assert len(passes) == 1 + 3
    again = SpectralProblem(problem, zeros(problem), problem.cross_products())
    assert np.array_equal(again.spectrum.eigenvalues, spectral.spectrum.eigenvalues)
    assert ACCURACY_RTOL == 1e-10
