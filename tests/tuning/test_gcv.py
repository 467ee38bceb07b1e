"""Generalised cross-validation against the explicit matrix from y to the predictions."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_gd._data import RowsInMemory
from sklearn_gd._tuning import Grid, gcv, generalised_cross_validation, problem_for_gcv
from tuning.literal_grid import literal_gcv, regression

ITERS = np.array([0, 1, 7, 80])


def compared(X, y, grid, *, w=None, intercept=True, alpha=0.0, rtol=1e-10):
    """Assert that GCV and dof of every entry are those of the matrix."""
    dense = X.toarray() if sparse.issparse(X) else X
    whole = problem_for_gcv(RowsInMemory(X, y, w, intercept, alpha))
    found, dof = generalised_cross_validation(whole, grid)
    rule = {"momentum": grid.momentum, "nesterov": grid.nesterov}
    for i, lr in enumerate(grid.lrs):
        for j, t in enumerate(grid.iters):
            expected = literal_gcv(dense, y, lr, t, w=w, intercept=intercept, alpha=alpha, **rule)
            assert_allclose([found[i, j], dof[i, j]], expected, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("n", [40, 6])
@pytest.mark.parametrize("weighted", [True, False])
def test_gcv_is_that_of_the_matrix(alpha, targets, intercept, n, weighted):
    """Tall and wide rows, weights, and a penalty that is in the descent and not in the misfit."""
    X, y = regression(n=n, d=8, targets=targets)
    w = np.arange(1.0, n + 1) if weighted else None
    compared(X, y, Grid(np.array([0.01, 0.1]), ITERS), w=w, intercept=intercept, alpha=alpha)


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_gcv_with_momentum(nesterov, alpha):
    """The matrix is descended with momentum as well."""
    X, y = regression(n=40, d=8)
    compared(X, y, Grid(np.array([0.01, 0.1]), ITERS, 0.8, nesterov), alpha=alpha)


def test_gcv_of_few_sparse_rows():
    """Few sparse rows are made dense, and have the eigenvalues of their row space."""
    X, y = regression(n=12, d=30)
    X[np.abs(X) < 1] = 0
    compared(sparse.csr_array(X), y, Grid(np.array([0.01, 0.02]), ITERS))


def test_a_small_misfit_beside_a_large_intercept_and_a_penalty():
    """The length of the coefficients is not a difference from that of all parameters."""
    X, y = regression(n=40)
    compared(X, y + 1e4, Grid(np.array([0.1]), np.array([0, 50, 400])), alpha=1.0, rtol=1e-9)


def test_degrees_of_freedom_of_directions_that_do_not_move():
    """dof goes on growing along directions of which y has no part."""
    X = np.diag([4.0, 3.0, 0.1, 0.0])
    y = np.array([[1.0], [1.0], [0.0], [0.0]])
    compared(X, y, Grid(np.array([0.4]), np.array([0, 10, 300, 2000])), intercept=False)


def test_interpolating_rows_are_finite_or_infinite():
    """When residuals and degrees of freedom both run out there is no nan."""
    X, y = regression(n=10, d=30)
    for last in (1000, 10**9):
        grid = Grid(np.array([0.001, 0.01, 1.0]), np.array([0, 10, last]))
        found, _ = generalised_cross_validation(
            problem_for_gcv(RowsInMemory(X, y, None, True)), grid
        )
        assert not np.isnan(found).any()
        assert np.isfinite(found).any()


def test_problems_with_too_many_eigenvalues_are_refused(monkeypatch):
    """Only if both rows and columns are many, with what to do instead."""
    monkeypatch.setattr(gcv, "MOST_PARAMETERS", 20)
    for n, d in ((100, 15), (15, 100)):
        problem_for_gcv(RowsInMemory(*regression(n=n, d=d), None, True))
    with pytest.raises(ValueError, match=r"at most 20; got 40 rows and 31 param.* Pass cv=5"):
        problem_for_gcv(RowsInMemory(*regression(n=40, d=30), None, True))
