"""What "auto" tries: clear cases only, and that the choice changes no answer."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import EPS, regression
from sklearn_gd._data import RowsInMemory, SummedRows, zeros
from sklearn_gd._linalg import GolubKahan
from sklearn_gd._solvers import (
    MOST_PARAMETERS,
    DescentOptions,
    krylov_work,
    select_solver,
    solve,
    spectral_work,
)
from sklearn_gd._solvers.krylov import solve_krylov


def shape(n, p, nonzeros=None, in_memory=True):
    """Rows of this shape, without the rows."""
    return SimpleNamespace(
        n_samples=n,
        n_parameters=p,
        nonzeros=nonzeros or n * p,
        is_sparse=nonzeros is not None,
        in_memory=in_memory,
    )


TALL = [
    shape(10**5, 50),
    shape(10**6, 10),
    shape(327_346, 127),
    shape(50, 9000),
    shape(10**4, 10, 30_000),
]


@pytest.mark.parametrize("rows", TALL)
def test_few_columns_or_rows_are_decomposed(rows):
    """No Krylov space is worth an attempt if the short side is short."""
    assert select_solver(rows, 1000, 0.0) == ("spectral", None)


@pytest.mark.parametrize("rows", [shape(200_000, 100_000, 20_000_000), shape(100_000, 20_000)])
def test_what_cannot_be_decomposed_gets_a_krylov_space_without_limit(rows):
    """H is formed for at most MOST_PARAMETERS."""
    assert select_solver(rows, 1000, 0.0) == ("krylov", None)
    assert spectral_work(rows, 1000) is None


def test_the_limit_is_that_of_the_short_side():
    """Few rows have a small decomposition, however many their columns are."""
    assert spectral_work(shape(10**6, MOST_PARAMETERS + 1), 1000) is None
    assert spectral_work(shape(10**6, MOST_PARAMETERS), 1000) is not None
    assert spectral_work(shape(100, MOST_PARAMETERS + 1), 1000) is not None


@pytest.mark.parametrize("rows", [shape(1000, 900), shape(3000, 2500), shape(9000, 1700, 10**6)])
def test_a_budget_costs_no_more_than_the_decomposition(rows):
    """A space that is given up has cost at most what comes next."""
    name, most = select_solver(rows, 1000, 0.0)
    assert name == "krylov"
    assert krylov_work(rows, most) <= spectral_work(rows, 1000) <= krylov_work(rows, most + 1)


def test_few_updates_take_few_vectors():
    """A Krylov space of max_iter + 1 vectors holds all iterates."""
    rows = shape(20_000, 1000)
    assert select_solver(rows, 1000, 0.0) == ("spectral", None)
    assert select_solver(rows, 20, 0.0)[0] == "krylov"


def test_momentum_is_decomposed_or_walked():
    """Krylov spaces take no momentum, so what cannot be decomposed is walked."""
    assert select_solver(shape(10**5, 50), 1000, 0.9) == ("spectral", None)
    assert select_solver(shape(200_000, 100_000, 20_000_000), 1000, 0.9) == ("loop", None)


@pytest.mark.parametrize(("decay", "most", "found"), [(1.5, 64, True), (0.0, 40, False)])
def test_a_space_is_given_up_halfway_if_nothing_is_known(decay, most, found, monkeypatch):
    """One that has digits goes on; one without has taken half of its budget, and no more."""
    sizes = []
    grow = GolubKahan.grow
    monkeypatch.setattr(GolubKahan, "grow", lambda self, m: (sizes.append(m), grow(self, m))[1])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((220, 200)) * np.arange(1, 201) ** -decay
    problem = RowsInMemory(X, rng.standard_normal((220, 1)), None, False)
    options = DescentOptions(lr=1.0 / np.linalg.norm(X, 2) ** 2 * len(X), max_iter=10**5)
    stopped = solve_krylov(problem, zeros(problem), replace(options, most_vectors=most))
    assert (stopped is not None) == found
    assert found or most / 2 <= max(sizes) < 0.7 * most


def test_a_choice_changes_no_answer(monkeypatch):
    """`auto` gives the iterates of any solver, also after one that gave up."""
    module = sys.modules["sklearn_gd._solvers.solve"]  # the name is the function's
    X, y = regression(n=60, d=5)
    problem = RowsInMemory(X, y[:, None], None, True)
    sums = SummedRows(problem.cross_products(), True, EPS)
    options = DescentOptions(max_iter=30)
    expected = solve(problem, zeros(problem), options, "spectral").descent.theta(30)
    for rows in (problem, sums):
        for choice in (("spectral", None), ("loop", None), ("krylov", None), ("krylov", 2)):
            monkeypatch.setattr(module, "select_solver", lambda *_, choice=choice: choice)
            found = solve(rows, zeros(problem), options, "auto")
            np.testing.assert_allclose(found.descent.theta(30), expected, rtol=1e-10)
