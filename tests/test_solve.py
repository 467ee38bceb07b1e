"""The way through the house: how often rows are read, and what comes of every request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from helpers import CONTRACT, largest_curvature, literal_loop, regression
from sklearn_gd._descent import choice, prices, solve
from sklearn_gd._descent.descent import Descent, RecordedDescent
from sklearn_gd._descent.moments import EPS, moments_of
from sklearn_gd._descent.pieces import KrylovSpectrum
from sklearn_gd._descent.problem import Gathered, RowsInMemory, zeros
from sklearn_gd._descent.solve import Terms
from sklearn_gd._descent.spectrum import eigenbasis


class Watched(RowsInMemory):
    """Rows that note what is asked of them, and are never few."""

    are_few = False

    def __init__(self, *fields):
        super().__init__(*fields)
        object.__setattr__(self, "asked", [])

    def moments(self):
        self.asked.append("sums")
        return super().moments()

    def whitened_sums(self, white):
        self.asked.append("whitened sums")
        return super().whitened_sums(white)

    def loss(self, theta):
        self.asked.append(LOSS)
        return super().loss(theta)

    def loss_and_gradient(self, theta):
        self.asked.append(LOSS)
        return super().loss_and_gradient(theta)

    def sides(self):
        self.asked.append("products")
        return super().sides()


def watched(noise=0.5, scales=1.0, **of):
    X, y = regression(noise=noise, **of)
    return Watched(X * scales, y.reshape(len(y), -1), None, True)


SUMS, LOSS, WHITENED = "sums", "a loss", "whitened sums"


@pytest.mark.parametrize(
    ("noise", "scales", "max_iter", "asked"),
    [
        (0.5, 1.0, 400, [SUMS]),
        (0.01, 1.0, 400, [SUMS, LOSS]),
        (1e-4, 1.0, 400, [SUMS, LOSS]),
        (1e-9, 1.0, 400, [SUMS, LOSS]),
        (1e-12, 1.0, 400, [SUMS, LOSS, WHITENED]),
        (0.01, [1.0, 1e-2, 1.0, 1.0], 4000, [SUMS, WHITENED]),
        (1e-4, 1.0, 1, [SUMS]),
    ],
)
def test_rows_are_read_again_only_where_digits_are_lacking(noise, scales, max_iter, asked):
    """Once for the sums; once more where only the loss lacks digits, or for all that is lacking."""
    rows = watched(noise, scales)
    lr = 1 / largest_curvature(rows.X)
    terms = Terms(lr, None, max_iter)
    descent, stop, have = solve.solve(rows, zeros(rows), terms, "spectral")
    assert rows.asked == asked
    assert stop.t == (260 if max_iter == 400 else max_iter)
    t = [0, 1, stop.t // 2, stop.t]
    thetas, losses = literal_loop(rows.X, rows.y, lr, stop.t)
    roundings = 32 * EPS * np.sqrt(losses[0] * losses[t])  # as y and predictions are rounded
    assert (np.abs(descent.loss(t) - losses[t]) <= CONTRACT * losses[t] + roundings).all()
    assert_allclose(descent.theta(t), thetas[t], rtol=1e-9, atol=1e-12)
    assert have.made().n_samples == 60
    assert rows.asked == asked


@pytest.mark.parametrize("noise", [1e-7, 1e-8, 1e-9])
def test_a_tol_that_sums_cannot_tell_from_rounding_is_told_by_the_rows(noise):
    """The first iterate below it is that of the literal loop, with no second pass."""
    rows = watched(noise)
    lr = 1 / largest_curvature(rows.X)
    _, losses = literal_loop(rows.X, rows.y, lr, 300)
    sums = eigenbasis(rows.moments(), zeros(rows), True)
    for above in (1.5, 1.01):
        tol = above * losses[-1]
        assert tol < sums.resolution
        rows.asked.clear()
        descent, stop, _ = solve.solve(rows, zeros(rows), Terms(lr, tol, 10**4), "spectral")
        assert rows.asked == [SUMS, LOSS]
        assert (stop.t, stop.reason) == (np.argmax(losses < tol), "tol")
        assert descent.spectrum.resolution < 1e-10 * tol


@pytest.mark.parametrize("noise", [0.5, 0.01, 1e-4])
def test_the_loop_makes_the_updates_itself(noise):
    """Every iterate up to the stop is a record of it, however the stop was foreseen."""
    rows = watched(noise)
    lr = 1 / largest_curvature(rows.X)
    descent, stop, have = solve.solve(rows, zeros(rows), Terms(lr, None, 100), "loop")
    assert isinstance(descent, RecordedDescent)
    assert (stop.t, stop.reason, len(descent.record)) == (100, "max_iter", 101)
    assert rows.asked.count(LOSS) >= 101
    assert have is not None
    thetas, losses = literal_loop(rows.X, rows.y, lr, 100)
    assert_allclose(descent.record, thetas, rtol=1e-12, atol=1e-13)
    assert_allclose(descent.loss_record, losses, rtol=1e-11)


@pytest.mark.parametrize(
    ("limit", "updates", "kept"),
    [(144, 5, True), (144, 6, False), (156, 5, True), (156, 6, False), (160, 6, False)],
)
def test_a_record_is_kept_up_to_its_limit(limit, updates, kept, monkeypatch):
    """24 bytes for each iterate of two parameters and its loss; longer loops answer otherwise."""
    monkeypatch.setattr(solve, "RECORD_LIMIT_BYTES", limit)
    X, y = regression(d=2)
    rows = RowsInMemory(X, y[:, np.newaxis], None, False)
    descent, stop, _ = solve.solve(rows, zeros(rows), Terms(0.1, None, updates), "loop")
    assert stop.t == updates
    assert isinstance(descent, RecordedDescent) is kept
    thetas, _ = literal_loop(X, y, 0.1, updates, fit_intercept=False)
    assert_allclose(descent.theta(np.arange(updates + 1)), thetas, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(("size", "lr"), [(0.5, 4.0), (2.0, 0.25), (0.0, 1.0)])
def test_the_classical_rate(size, lr, few, monkeypatch):
    """1 / largest curvature, however small that is; 1 where there is none."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    rows = RowsInMemory(np.array([[size], [-size]]), np.array([[1.0], [-1.0]]), None, False)
    descent, stop, _ = solve.solve(rows, zeros(rows), Terms(None, None, 9), "spectral")
    assert descent.lr == pytest.approx(lr, rel=1e-15)
    assert (stop.t, stop.reason) == (1 if size else 0, "stationary")
    given, _, _ = solve.solve(rows, zeros(rows), Terms(0.125, None, 9), "spectral")
    assert given.lr == 0.125


@pytest.mark.parametrize("solver", ["auto", "spectral", "loop", "krylov"])
def test_a_start_beyond_reason_is_refused(solver):
    """A loss up to 1e140 is descended from; beyond, or where arithmetic ends, the words say so."""
    rows = RowsInMemory(np.array([[1.0]]), np.zeros((1, 2)), None, False)
    _, stop, _ = solve.solve(rows, np.full((1, 2), 1e70), Terms(0.5, None, 2), solver)
    assert stop.t == 2
    pair = RowsInMemory(np.array([[1.0, -1.0]]), np.zeros((1, 1)), None, False)
    wide = RowsInMemory(np.array([[1e10, -1e10]]), np.zeros((1, 1)), None, False)
    still = RowsInMemory(np.array([[0.0, 1.0]]), np.zeros((1, 1)), None, False)
    for problem, start, losses in (
        (rows, np.full((1, 2), 1e71), r"1e\+142"),
        (rows, np.full((1, 2), 1.001e70), r"1e\+140"),
        (pair, np.array([[1e200], [0.0]]), "inf"),
        (wide, np.array([[1e300], [1e300]]), "inf|nan"),  # by the order of additions
        (still, np.array([[np.inf], [1.0]]), "nan"),
    ):
        words = (
            rf"its loss ({losses}) is above 1e\+140\. Give smaller coef_init and intercept_init\.$"
        )
        with np.errstate(all="raise", under="ignore"), pytest.raises(ValueError, match=words):
            solve.solve(problem, start, Terms(0.5, None, 2), solver)


def test_a_tol_that_is_rounding_stops_nothing():
    """At the resolution of losses it is not used, just above it it is."""
    rows = watched(noise=0.0, n=20)
    terms = Terms(None, None, 10**6)
    descent = solve._descent(eigenbasis(rows.moments(), zeros(rows), True), terms)
    resolution = descent.spectrum.resolution
    for tol, reason in ((resolution, "stationary"), (np.nextafter(resolution, 1), "tol")):
        plan = solve._plan(descent, rows, replace(terms, tol=tol))
        assert plan.stop.reason == reason
        assert (plan.stopping.tol is None) == (reason == "stationary")


def test_a_start_at_the_end_is_known():
    """No direction moves, and the loss is zero, which sums cannot say."""
    X = np.arange(12.0).reshape(6, 2) ** 2
    rows = Watched(X, X.sum(axis=1, keepdims=True) + 1e-9, None, False)
    descent, stop, _ = solve.solve(rows, np.ones((2, 1)), Terms(1e-4, None, 50), "spectral")
    assert descent.loss(stop.t) == pytest.approx(5e-19, rel=1e-4)
    exact = Watched(X, X.sum(axis=1, keepdims=True), None, False)
    descent, stop, _ = solve.solve(exact, np.ones((2, 1)), Terms(1e-4, None, 50), "spectral")
    assert (stop.t, stop.reason) == (0, "stationary")
    assert descent.loss(0) == descent.measured(0, 0.0).floor_error == 0.0


def kinds():
    """Problems of every kind that one way or another takes."""
    X, y = regression(n=40, d=5)
    y = y[:, np.newaxis]
    yield "few", RowsInMemory(X, y, None, True)
    yield "many", Watched(X, y, None, True)
    yield "sparse", RowsInMemory(sparse.csr_array(X), y, None, True)
    yield "gathered", Gathered(moments_of(RowsInMemory(X, y, None, True)), True, 1e-16)


PROBLEMS = dict(kinds())


@pytest.mark.parametrize("kind", list(PROBLEMS))
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("solver", ["auto", "spectral", "loop", "krylov"])
def test_every_way_leads_to_the_same_iterates(kind, solver, given):
    """With moments at hand or without; and with sums made, those are to be had."""
    problem = PROBLEMS[kind]
    if kind == "many":
        problem.asked.clear()
    X, y = regression(n=40, d=5)
    moments = moments_of(RowsInMemory(X, y[:, np.newaxis], None, True)) if given else None
    terms = Terms(0.1, None, 30)
    descent, stop, have = solve.solve(problem, zeros(problem), terms, solver, moments)
    thetas, losses = literal_loop(X, y, 0.1, 30)
    t = np.arange(31)
    assert_allclose(descent.theta(t), thetas, rtol=1e-9, atol=1e-11)
    assert_allclose(descent.loss(t), losses, rtol=1e-11)
    assert (stop.t, stop.reason) == (30, "max_iter")
    assert isinstance(descent, RecordedDescent) == (solver == "loop")
    if solver == "krylov":
        assert have is None
        assert isinstance(descent.pieces[0].spectrum, KrylovSpectrum)
        if kind == "many":
            assert ("products" in problem.asked) or problem.asked.count("sums") == (not given)
        return
    assert type(descent) is (RecordedDescent if solver == "loop" else Descent)
    expected = moments_of(RowsInMemory(X, y[:, np.newaxis], None, True))
    assert_allclose(have.made().sums, expected.sums)
    if kind == "many":
        assert problem.asked.count("sums") == (not given)
    elif given and kind == "sparse":
        assert have.made() is moments


@pytest.mark.parametrize(
    ("n", "d", "told"),
    [(40, 20, True), (40, 300, False), (300, 299, True), (10, 255, True), (10, 256, False)],
)
def test_scaling_is_spoken_of_where_sums_cost_little(n, d, told):
    """Up to 256 parameters, or as many as there are rows."""
    X, y = regression(n=n, d=d)
    rows = RowsInMemory(X, y[:, np.newaxis], None, True)
    if not rows.are_few:
        assert n == 300
        rows = RowsInMemory(X[:, :-1], y[:, np.newaxis], None, True)
    _, _, have = solve.solve(rows, zeros(rows), Terms(None, None, 3), "spectral")
    assert (have is not None) is told


def test_the_engine_is_the_one_that_was_chosen(monkeypatch):
    """By name of the request, for rows and for gathered sums, which have no rows to turn to."""
    engines = {"auto": prices.KRYLOV_ON_ROWS, "krylov": prices.KRYLOV_ON_MOMENTS}
    monkeypatch.setattr(choice.Shape, "with_rows", lambda shape, solver: engines[solver])
    for solver, first in (("auto", "products"), ("krylov", "sums")):
        rows = watched()
        solve.solve(rows, zeros(rows), Terms(0.1, None, 30), solver)
        assert rows.asked[0] == first
    monkeypatch.setattr(choice.Shape, "on_moments", lambda shape, solver: engines["krylov"])
    gathered = Gathered(watched(0.01).moments(), True, 1e-16)
    # There is nothing to measure a loss on.
    monkeypatch.setattr(Gathered, "loss", None)
    descent, stop, have = solve.solve(gathered, zeros(gathered), Terms(0.1, None, 100), "auto")
    assert isinstance(descent.pieces[0].spectrum, KrylovSpectrum)
    assert (stop.t, have) == (100, None)


def test_a_space_on_moments_has_its_loss_from_the_rows(monkeypatch):
    """Where only the loss lacks digits, and no product with the rows is needed."""
    monkeypatch.setattr(choice.Shape, "best_krylov", lambda shape: prices.KRYLOV_ON_MOMENTS)
    rows = watched(0.01)
    lr = 1 / largest_curvature(rows.X)
    descent, stop, _ = solve.solve(rows, zeros(rows), Terms(lr, None, 100), "krylov")
    assert rows.asked[0] == "sums"
    assert set(rows.asked[1:]) == {LOSS}
    _, losses = literal_loop(rows.X, rows.y, lr, 100)
    assert_allclose(descent.loss([0, 50, 100]), losses[[0, 50, 100]], rtol=1e-11)


@pytest.mark.parametrize(("noise", "engine"), [(0.5, "sums"), (0.0, "products")])
def test_a_space_on_moments_is_left_where_digits_are_lacking(noise, engine, monkeypatch):
    """Its last loss is measured on the rows; where it holds too few digits the rows are taken."""
    monkeypatch.setattr(choice.Shape, "best_krylov", lambda shape: prices.KRYLOV_ON_MOMENTS)
    rows = watched(noise, n=120, d=5)
    descent, stop, have = solve.solve(rows, zeros(rows), Terms(None, None, 1000), "krylov")
    assert rows.asked[0] == "sums"
    assert rows.asked[-1] == engine if engine == "products" else "products" not in rows.asked
    assert have is None
    assert stop.t <= 1000
    assert descent.loss(0) == pytest.approx(np.mean(rows.y**2) / 2, rel=1e-12)
