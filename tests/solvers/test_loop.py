"""solver="loop" is the textbook loop and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import regression
from sklearn_gd._data import RowsInMemory, SummedRows, zeros
from sklearn_gd._linalg import EPS
from sklearn_gd._solvers import DescentOptions, loop, solve

X, Y = regression(n=50, d=3)
Z = np.column_stack([np.ones(50), X])
PROBLEM = RowsInMemory(X, Y[:, None], None, True)


def walked(**options):
    return solve(PROBLEM, zeros(PROBLEM), DescentOptions(**options), "loop")


def textbook(lr, updates, momentum=0.0, nesterov=False):
    """The loop with the same products in the same order, so that bits can be compared."""
    theta, velocity, thetas = np.zeros((4, 1)), np.zeros((4, 1)), []
    for _ in range(updates + 1):
        thetas.append(theta)
        residual = X @ theta[1:] + theta[0] - Y[:, None]
        gradient = np.concatenate([residual.sum(axis=0)[None], X.T @ residual]) / 50.0
        if not momentum:
            theta = theta - lr * gradient
            continue
        velocity = momentum * velocity - lr * gradient
        theta = theta + (momentum * velocity - lr * gradient if nesterov else velocity)
    return np.array(thetas)


@pytest.mark.parametrize(
    "how", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str
)
def test_iterates_are_those_of_the_textbook_to_the_bit(how):
    """Every iterate has the bits of a loop written with the same products."""
    found = walked(lr=0.1, max_iter=200, **how)
    assert np.array_equal(found.descent.theta(np.arange(201)), textbook(0.1, 200, **how))
    assert found.stop.t == 200


def test_no_decomposition_is_formed(monkeypatch):
    """With a rate given, no eigenvalues, singular values, factors or Krylov spaces are made."""

    def refuse(*_, **__):
        raise AssertionError

    for name in ("eigh", "eigvalsh", "svd", "qr", "cholesky", "solve", "lstsq", "inv", "pinv"):
        monkeypatch.setattr(np.linalg, name, refuse)
    losses = walked(lr=0.1, tol=0.3, max_iter=500).descent.losses
    assert len(losses) > 2
    stop = walked(lr=0.1, tol=float(losses[-2]) * 1.001, max_iter=500).stop
    assert stop.reason == "tol"


def test_no_cross_products_are_formed(monkeypatch):
    """The rows are read once for each loss and gradient, and never summed."""

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(RowsInMemory, "cross_products", refuse)
    assert walked(max_iter=10).stop.t == 10


def test_the_automatic_rate_is_one_over_the_largest_eigenvalue():
    """Lanczos steps find it to 1e-12."""
    largest = np.linalg.norm(Z, 2) ** 2 / 50
    assert walked(max_iter=2).descent.rule.lr == pytest.approx(1.0 / largest, rel=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_the_stop_is_the_first_loss_below_tol(rate):
    """Any loss of the history as tol stops at the next smaller one."""
    losses = walked(lr=rate * 0.4, max_iter=30).descent.losses
    for t in (0, 3, 17):
        stop = walked(lr=rate * 0.4, tol=float(losses[t]), max_iter=30).stop
        assert (stop.t, stop.reason, stop.best) == (t + 1, "tol", t + 1)


def test_a_diverging_loop_counts_the_update_that_raises_the_loss():
    """It stops there, the history shows it, and the best iterate is the one before."""
    found = walked(lr=5.0, max_iter=100)
    losses = found.descent.losses
    assert found.stop.reason == "diverged"
    assert found.stop.t == len(losses) - 1
    assert losses[-1] > losses[-2]
    assert found.stop.best == np.argmin(losses)
    assert found.descent.largest == pytest.approx(np.linalg.norm(Z, 2) ** 2 / 50)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_diverging_loop_with_momentum_stops_where_the_closed_form_does(nesterov):
    """The loss rises and falls before it stays above the first one."""
    largest = np.linalg.norm(Z, 2) ** 2 / 50
    for factor in (1.01, 1.3, 50.0):
        limit = ((2.0 + 1.6) / (1.0 + 1.6) if nesterov else 3.6) / largest
        how = {"lr": factor * limit, "momentum": 0.8, "nesterov": nesterov, "max_iter": 10**4}
        ours = walked(**how)
        theirs = solve(PROBLEM, zeros(PROBLEM), DescentOptions(**how), "spectral")
        assert ours.stop == theirs.stop
        assert ours.stop.reason == "diverged"


@pytest.mark.parametrize("size", [1e-60, 1e-8, 1e8])
def test_a_rise_is_seen_whatever_the_unit_of_y(size):
    """Targets of any size diverge after the same number of updates."""
    problem = RowsInMemory(X, size * Y[:, None], None, True)
    found = solve(problem, zeros(problem), DescentOptions(5.0), "loop")
    assert found.stop == walked(lr=5.0).stop


def test_numbers_beyond_floats_end_the_loop_quietly():
    """A rate of 1e200 diverges at the first update, with a finite best iterate."""
    for momentum in (0.0, 0.9):
        found = walked(lr=1e200, momentum=momentum, max_iter=100)
        assert (found.stop.t, found.stop.reason, found.stop.best) == (1, "diverged", 0)
        assert np.isfinite(found.descent.theta(0)).all()


def test_an_update_that_changes_nothing_is_stationary():
    """The loop stops when an update leaves every coefficient, and not before t = 1."""
    ones = RowsInMemory(np.ones((3, 1)), np.array([[1.0], [2.0], [6.0]]), None, False)
    found = solve(ones, zeros(ones), DescentOptions(0.5), "loop")
    assert found.stop.reason == "stationary"
    assert found.descent.theta(found.stop.t).item() == pytest.approx(3.0, rel=1e-15)
    assert 40 < found.stop.t < 70
    nothing = RowsInMemory(X, np.zeros((50, 1)), None, True)
    assert solve(nothing, zeros(nothing), DescentOptions(0.4), "loop").stop.t == 1


def test_a_velocity_that_passes_zero_is_no_rest():
    """At lr * curvature = 1.5 and momentum 0.5 the second update is zero, and more follow."""
    rows = RowsInMemory(np.array([[1.0], [-1.0]]), np.array([[2.0], [-1.0]]), None, False)
    found = solve(rows, zeros(rows), DescentOptions(1.5, momentum=0.5, max_iter=500), "loop")
    assert found.descent.theta(1) == found.descent.theta(2)
    assert found.stop.t > 40
    assert found.descent.theta(found.stop.t).item() == pytest.approx(1.5, rel=1e-15)


@pytest.mark.parametrize("kept", [0, 1, 5, 29, 30, 31])
def test_a_record_beyond_its_limit_keeps_the_first_iterates_and_the_last(kept, monkeypatch):
    """All losses are kept, and parameters as far as the limit lets them."""
    monkeypatch.setattr(loop, "RECORD_LIMIT_BYTES", kept * (16 * 4 + 1))
    descent, full = walked(lr=0.1, max_iter=30).descent, textbook(0.1, 30)
    assert len(descent.losses) == 31
    assert np.array_equal(descent.theta(30), full[30])
    first = np.arange(min(kept, 30))
    assert np.array_equal(descent.theta(first), full[first])
    if kept < 29:
        with pytest.raises(ValueError, match="keeps the parameters of the first"):
            descent.theta(29)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_a_divergence_beyond_the_record_has_its_best_and_last_iterate(momentum, monkeypatch):
    """However few iterates are kept, those at the stop and of least loss are known."""
    largest = np.linalg.norm(Z, 2) ** 2 / 50
    how = {"lr": 1.02 * (2.0 + 2.0 * momentum) / largest, "momentum": momentum}
    whole = walked(**how)
    assert whole.stop.best >= 1
    monkeypatch.setattr(loop, "RECORD_LIMIT_BYTES", 0)
    found = walked(**how)
    assert found.stop == whole.stop
    for t in (0, found.stop.best, found.stop.t):
        assert np.array_equal(found.descent.theta(t), whole.descent.theta(t))


def test_rounding_of_sums_is_no_divergence():
    """On cross-products, whose losses are differences, a stable rate never diverges."""
    noisy = RowsInMemory(X, 1e3 + X @ [[1.0], [2.0], [3.0]] + 1e-3 * Y[:, None], None, True)
    sums = SummedRows(noisy.cross_products(), True, EPS)
    found = solve(sums, zeros(sums), DescentOptions(0.3), "loop")
    assert found.stop.reason != "diverged"
    assert solve(sums, zeros(sums), DescentOptions(5.0), "loop").stop.reason == "diverged"
