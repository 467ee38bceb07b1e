"""Which solver "auto" takes: clear cases only."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import EPS, regression
from sklearn_gd._data import RowsInMemory, SummedRows, zeros
from sklearn_gd._solvers import MOST_PARAMETERS, DescentOptions, estimated_work, select, solve


def shape(n, p, nonzeros=None, in_memory=True):
    """Rows of this shape, without the rows."""
    return SimpleNamespace(
        n_samples=n,
        n_parameters=p,
        nonzeros=nonzeros or n * p,
        is_sparse=nonzeros is not None,
        in_memory=in_memory,
    )


@pytest.mark.parametrize(
    ("rows", "max_iter", "solver"),
    [
        (shape(10**5, 50), 1000, "spectral"),
        (shape(10**6, 10), 10**9, "spectral"),
        (shape(327_346, 127), 1000, "spectral"),
        (shape(50, 9000), 1000, "spectral"),
        (shape(10**4, 10, 30_000), 1000, "spectral"),
        (shape(200_000, 100_000, 20_000_000), 1000, "krylov"),
        (shape(200_000, 100_000, 20_000_000), 10**4, "krylov"),
        (shape(100_000, 20_000), 100, "krylov"),
    ],
)
def test_clear_cases(rows, max_iter, solver):
    """Tall and few columns are decomposed; large and sparse rows get a Krylov space."""
    assert select(rows, DescentOptions(max_iter=max_iter)) == solver


def test_no_more_parameters_than_can_be_decomposed():
    """H is formed for at most MOST_PARAMETERS, whatever max_iter is."""
    large = shape(10**6, MOST_PARAMETERS + 1)
    assert list(estimated_work(large, 10**12)) == ["krylov"]
    assert "spectral" in estimated_work(shape(10**6, MOST_PARAMETERS), 10)
    assert "spectral" in estimated_work(shape(100, MOST_PARAMETERS + 1), 10)
    assert "lanczos" not in estimated_work(shape(100, 200), 10)


def test_momentum_is_decomposed_or_walked():
    """Krylov spaces take no momentum, so what cannot be decomposed is walked."""
    options = DescentOptions(momentum=0.9)
    assert select(shape(10**5, 50), options) == "spectral"
    assert select(shape(200_000, 100_000, 20_000_000), options) == "loop"


def test_work_is_monotone():
    """More rows, columns, non-zeros or updates never make a solver cheaper."""
    small = estimated_work(shape(2000, 300), 100)
    for rows, max_iter in (
        (shape(4000, 300), 100),
        (shape(2000, 400), 100),
        (shape(2000, 300), 900),
    ):
        larger = estimated_work(rows, max_iter)
        assert all(larger[name] >= small[name] for name in small)
    thin, thick = (estimated_work(shape(2000, 300, nonzeros), 100) for nonzeros in (5000, 50_000))
    assert all(thick[name] > thin[name] for name in thin)


def test_a_choice_changes_no_answer(monkeypatch):
    """`auto` gives the iterates of the solver that was named, whichever that is."""
    module = sys.modules["sklearn_gd._solvers.solve"]  # the name is the function's
    X, y = regression(n=60, d=5)
    problem = RowsInMemory(X, y[:, None], None, True)
    sums = SummedRows(problem.cross_products(), True, EPS)
    options = DescentOptions(max_iter=30)
    expected = solve(problem, zeros(problem), options, "spectral").descent.theta(30)
    for rows in (problem, sums):
        for chosen in ("spectral", "lanczos", "krylov", "loop"):
            monkeypatch.setattr(module, "select", lambda *_, c=chosen: c)
            found = solve(rows, zeros(problem), options, "auto")
            np.testing.assert_allclose(found.descent.theta(30), expected, rtol=1e-11)
