"""Every solver makes the updates of the literal loop."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import EPS, distance
from sklearn_gd._data import SummedRows
from sklearn_gd._solvers import DescentOptions, solve
from solvers.problems import WORLDS

UPDATES = 60
# Losses within so many roundings of the square of y are the rounding of zero.
LOSS_ROUNDINGS = 64
RULES = {
    "plain": (1.0, {}),
    "fast": (1.9, {}),
    "diverging": (2.3, {}),
    "heavy ball": (1.5, {"momentum": 0.8}),
    "nesterov": (1.0, {"momentum": 0.8, "nesterov": True}),
    "diverging heavy ball": (4.0, {"momentum": 0.8}),
}


def solved(world, solver, rate, how, **options):
    lr = rate / world.largest if world.largest else 1.0
    return solve(world.problem, world.start, DescentOptions(lr=lr, **how, **options), solver)


@pytest.mark.parametrize("solver", ["auto", "spectral", "krylov", "loop"])
@pytest.mark.parametrize("name", WORLDS)
def test_iterates_are_those_of_the_literal_loop(name, solver):
    """Parameters and losses up to the stop, with weights, targets, starts, penalty and momentum."""
    for rate, how in RULES.values():
        if not how or solver != "krylov":  # which takes no momentum
            check_iterates(WORLDS[name], solver, rate, how)


def check_iterates(world, solver, rate, how):
    found = solved(world, solver, rate, how, max_iter=UPDATES)
    assert found.stop.t <= UPDATES
    steps = np.arange(found.stop.t + 1)
    thetas, losses = world.loop(found.descent.rule, found.stop.t)
    scale = np.linalg.norm(thetas, axis=(1, 2)) + np.linalg.norm(world.start)
    off = np.linalg.norm(found.descent.theta(steps) - thetas, axis=(1, 2))
    assert np.all(off <= 1e-10 * scale)
    size = losses[0] + np.mean(np.square(world.y))
    rounding = LOSS_ROUNDINGS * EPS * (np.sqrt(size * losses) + EPS * size)
    assert np.all(np.abs(found.descent.loss(steps) - losses) <= 1e-10 * losses + rounding)


@pytest.mark.parametrize("rule", ["plain", "diverging", "nesterov", "diverging heavy ball"])
@pytest.mark.parametrize("name", WORLDS)
def test_solvers_stop_at_the_same_iterate_for_the_same_reason(name, rule):
    """With no tol and with one between two losses, at divergence and at the last update."""
    world, (rate, how) = WORLDS[name], RULES[rule]
    solvers = ["spectral", "auto", "loop"] + ["krylov"] * (not how)
    found = solved(world, "spectral", rate, how, max_iter=UPDATES)
    losses = np.atleast_1d(found.descent.loss(np.arange(found.stop.t + 1)))
    falls = losses[:-1] - losses[1:]
    tols = [None]
    if falls.size and falls.max() > 1e-6 * losses[0]:
        tols.append(float(np.mean(losses[[falls.argmax(), falls.argmax() + 1]])))
    for tol in tols:
        stops = [solved(world, s, rate, how, max_iter=UPDATES, tol=tol).stop for s in solvers]
        if stops[0].reason == "stationary":  # a rounding of the distance may cost one update more
            at_rest = [stop.t for stop in stops if stop.reason == "stationary"]
            assert max(at_rest) - min(at_rest) <= 1
        else:
            assert len(set(stops)) == 1


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
@pytest.mark.parametrize("name", ["plain", "several targets", "penalised, weighted, started"])
def test_sums_descend_like_their_rows(name, solver):
    """Rows that are gone, but for their cross-products, have the same iterates."""
    world = WORLDS[name]
    problem = world.problem
    sums = SummedRows(problem.cross_products(), world.fit_intercept, EPS, world.alpha)
    options = DescentOptions(max_iter=UPDATES, tol=0.9 * problem.loss(world.start))
    ours = solve(sums, world.start, options, solver)
    theirs = solve(problem, world.start, options, solver)
    assert ours.stop == theirs.stop
    assert distance(ours.descent.theta(ours.stop.t), theirs.descent.theta(ours.stop.t)) <= 1e-11


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
def test_each_target_descends_as_it_would_alone(solver):
    """Three targets side by side have the iterates of three problems."""
    world = WORLDS["several targets"]
    together = solved(world, solver, 1.0, {}, max_iter=40).descent
    for j in range(3):
        alone = solve(
            type(world)(world.X, world.y[:, j]).problem,
            world.start[:, :1],
            DescentOptions(lr=1.0 / world.largest, max_iter=40),
            solver,
        ).descent
        assert distance(together.theta(40)[:, j], alone.theta(40)[:, 0]) <= 1e-13


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
@pytest.mark.parametrize("name", WORLDS)
def test_a_long_descent_is_least_squares(name, solver):
    """The limit is the least-squares solution nearest to the start, and it is called stationary."""
    world = WORLDS[name]
    if world.alpha:
        return
    found = solved(world, solver, 1.0, {}, max_iter=10**40)
    assert found.stop.reason == "stationary"
    X = world.dense.astype(float)
    Z = np.column_stack([np.ones(len(X)), X]) if world.fit_intercept else X
    root = np.ones(len(X)) if world.w is None else np.sqrt(world.w)
    y = world.y.reshape(len(X), -1)
    step = np.linalg.lstsq(root[:, None] * Z, root[:, None] * (y - Z @ world.start), rcond=1e-13)[0]
    off = distance(found.descent.theta(found.stop.t), world.start + step)
    assert off <= max(1e-8, world.problem.rounding)


@pytest.mark.parametrize("solver", ["auto", "spectral", "krylov", "loop"])
def test_a_start_beyond_reason_is_refused(solver):
    """A start whose loss overflows is named before anything is solved."""
    world = WORLDS["plain"]
    for far in (1e80, 1e200):
        with pytest.raises(ValueError, match="The start is too far off"):
            solve(world.problem, np.full((5, 1), far), DescentOptions(), solver)


def test_krylov_spaces_take_no_momentum():
    """The error names what to use instead."""
    world = WORLDS["plain"]
    with pytest.raises(ValueError, match="takes no momentum"):
        solve(world.problem, world.start, DescentOptions(momentum=0.5), "krylov")
