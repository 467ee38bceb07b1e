"""A larger max_iter continues the same descent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sklearn_gd._data import RowsInMemory, zeros
from sklearn_gd._solvers import DescentOptions, solve
from strategies import problems

BUDGETS = [1, 2, 7, 50, 1000, 10**5, 10**9, 10**18, 10**40]
RATES = [None, 1e-4, 0.3, 1.0, 1.9, 1.999, 2.01, 2.5, 30.0]  # in units of 1 / largest eigenvalue


@st.composite
def descents(draw):
    """A problem in either dtype, its start, and the options of a descent without max_iter."""
    X, y, w, fit_intercept = draw(problems(max_rows=12, max_columns=8))
    X = X.astype(draw(st.sampled_from([np.float64, np.float32])))
    rows = RowsInMemory(X, y[:, None], w, fit_intercept, draw(st.sampled_from([0.0, 0.0, 1e-3])))
    assume(rows.weight > 0)
    start = zeros(rows) + draw(st.sampled_from([0.0, 0.0, 1.0]))
    momentum, nesterov = draw(
        st.sampled_from([(0.0, False), (0.0, False), (0.9, False), (0.5, True)])
    )
    rate = draw(st.sampled_from(RATES))
    hessian = rows.cross_products().quadratic(fit_intercept, rows.alpha).hessian
    largest = np.linalg.eigvalsh(hessian)[-1]
    stable = (1 + momentum) / (1 + 2 * momentum) if nesterov else 1 + momentum
    lr = None if rate is None or not largest > 0 else float(rate * stable / largest)
    return rows, start, {"lr": lr, "momentum": momentum, "nesterov": nesterov}


def tol_between(rows, start, options, solver, share):
    """A tol between two losses, well apart from both, or far below all of them; None: there is
    none."""
    found = solve(rows, start, DescentOptions(max_iter=40, **options), solver)
    losses = np.asarray(found.descent.loss(np.arange(found.stop.best + 1)))
    t = int(share * (len(losses) - 1))
    if (
        len(losses) < 2
        or not losses[t] - losses[t + 1 : t + 2].min(initial=np.inf) > 1e-9 * losses[0]
    ):
        return None
    return float(losses[t : t + 2].mean())


@pytest.mark.parametrize("solver", ["spectral", "krylov", "auto"])
@settings(max_examples=40)
@given(descents(), st.floats(0.0, 0.99))
def test_a_larger_max_iter_never_makes_fewer_updates(solver, descent, share):
    """And it never misses a tol, a rest or a divergence that a smaller one met."""
    rows, start, options = descent
    assume(solver != "krylov" or not options["momentum"])
    for tol in (None, tol_between(rows, start, options, solver, share)):
        stops = []
        for max_iter in BUDGETS:
            how = DescentOptions(max_iter=max_iter, tol=tol, **options)
            found = solve(rows, start, how, solver)
            stops.append(found.stop)
            assert found.stop.best <= found.stop.t <= max_iter
            assert np.isfinite(found.descent.theta(found.stop.best)).all()
        for before, after in zip(stops, stops[1:], strict=False):
            if before.reason == "max_iter":
                assert after.t >= before.t
            elif before.reason == "stationary":  # to a rounding of the distance to the limit
                assert after.reason == "stationary"
                assert after.t >= before.t - 1
            else:
                assert after == before


@settings(max_examples=30)
@given(descents())
def test_a_stop_of_the_loop_is_that_of_its_prefix(descent):
    """The literal loop, as far as it goes, continues its own updates to the bit."""
    rows, start, options = descent
    short = solve(rows, start, DescentOptions(max_iter=20, **options), "loop")
    long = solve(rows, start, DescentOptions(max_iter=60, **options), "loop")
    last = min(short.stop.t, long.stop.t)
    assert last == short.stop.t
    assert np.array_equal(long.descent.losses[: last + 1], short.descent.losses)
    if short.stop.reason != "max_iter" and not options["momentum"]:
        assert long.stop == short.stop


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["spectral", "auto"])
def test_rest_is_the_distance_to_the_limit_and_not_one_update(dtype, solver):
    """A column of years in float32, whose updates are tiny for very long, does not stop early."""
    rng = np.random.default_rng(0)
    years = rng.uniform(1950, 2020, 200)
    X = years[:, None].astype(dtype)
    y = 0.3 * years + rng.standard_normal(200)
    rows = RowsInMemory(X, y[:, None], None, True)
    stops = [
        solve(rows, zeros(rows), DescentOptions(max_iter=max_iter), solver)
        for max_iter in (10**3, 10**6, 10**9, 10**18)
    ]
    ends = [found.stop for found in stops]
    assert [stop.reason for stop in ends[:2]] == ["max_iter", "max_iter"]
    assert ends[-1].reason == "stationary"
    Z = np.column_stack([np.ones(200), X.astype(float)])
    limit = np.linalg.lstsq(Z, y, rcond=None)[0]
    theta = stops[-1].descent.theta(ends[-1].t)[:, 0]
    assert np.linalg.norm(theta - limit) <= 2 * np.finfo(dtype).eps * np.linalg.norm(limit) + 1e-9


def test_a_change_of_the_solver_moves_no_stop():
    """With max_iter "auto" turns from a Krylov space to the eigenbasis, and stops where it did."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 350)) * np.geomspace(1, 0.1, 350)
    y = X @ rng.standard_normal((350, 1)) + rng.standard_normal((600, 1))
    rows = RowsInMemory(X, y, None, False)
    lr = 600 / np.linalg.norm(X, 2) ** 2
    losses = solve(rows, zeros(rows), DescentOptions(lr, max_iter=60), "spectral").descent.loss
    for tol in (None, float(np.mean(losses([40, 41])))):
        kinds, stops = set(), []
        for max_iter in (5, 50, 1000, 10**9):
            how = DescentOptions(lr, max_iter=max_iter, tol=tol)
            found = solve(rows, zeros(rows), how, "auto")
            kinds.add(type(found.descent.spectrum))
            stops.append(found.stop)
        if tol is None:
            assert len(kinds) == 2
            assert [stop.t for stop in stops[:3]] == [5, 50, 1000]
            assert stops[3].reason == "stationary"
        else:
            assert {(stop.t, stop.reason) for stop in stops[1:]} == {(41, "tol")}
