"""Every kind of rows is the same problem."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from data.kinds_of_rows import KINDS, WEIGHTS, PlainProblem, X, Y, rows_of
from helpers import distance
from sklearn_gd._data import RowsInMemory, local_rows

WITH_ROWS = [kind for kind in KINDS if kind != "summed"]
THETA = np.random.default_rng(1).standard_normal((6, 2))
SETTINGS = pytest.mark.parametrize(
    ("w", "fit_intercept", "alpha"),
    [(None, True, 0.0), (WEIGHTS, True, 0.3), (WEIGHTS, False, 0.0), (None, False, 0.3)],
)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Blocks of as few rows as possible, so that sums go over several."""
    monkeypatch.setattr(local_rows, "BLOCK_NUMBERS", 1)
    monkeypatch.setattr(local_rows, "BLOCK_NUMBERS_ON_DEVICE", 1)


@pytest.fixture(params=KINDS)
def kind(request):
    if request.param.startswith("strict"):
        pytest.importorskip("array_api_strict")
    return request.param


def start(fit_intercept):
    return THETA[0 if fit_intercept else 1 :]


@SETTINGS
def test_cross_products_are_those_of_the_columns(kind, w, fit_intercept, alpha):
    """One pass gives [1 X y]' diag(w) [1 X y], and H and b of the objective."""
    rows = rows_of(kind, w=w, fit_intercept=fit_intercept, alpha=alpha)
    plain = PlainProblem(w=w, fit_intercept=fit_intercept, alpha=alpha)
    columns = np.column_stack([np.ones(len(X)), X, Y])
    products = rows.cross_products()
    assert distance(products.sums, columns.T @ (plain.w[:, None] * columns)) <= 1e-15
    assert (products.n_targets, products.n_samples, products.n_features) == (2, 30, 5)
    quadratic = products.quadratic(fit_intercept, alpha)
    assert distance(quadratic.hessian, plain.A.T @ plain.A) <= 1e-15
    assert distance(quadratic.b, plain.A.T @ plain.b) <= 1e-15
    theta = start(fit_intercept)
    assert quadratic.losses(theta).sum() == pytest.approx(plain.loss(theta), rel=1e-13)
    assert distance(quadratic.gradient(theta), plain.gradient(theta)) <= 1e-14


@SETTINGS
def test_the_objective_is_written_out(kind, w, fit_intercept, alpha):
    """J and its gradient are those of weighted rows with a penalty on the coefficients."""
    rows = rows_of(kind, w=w, fit_intercept=fit_intercept, alpha=alpha)
    plain = PlainProblem(w=w, fit_intercept=fit_intercept, alpha=alpha)
    for theta in (start(fit_intercept), np.zeros_like(start(fit_intercept))):
        loss, gradient = rows.loss_and_gradient(theta)
        assert [loss, rows.loss(theta)] == pytest.approx([plain.loss(theta)] * 2, rel=1e-13)
        assert distance(gradient, plain.gradient(theta)) <= 1e-14
    assert rows.weight == pytest.approx(plain.w.sum())
    assert (rows.n_samples, rows.n_parameters, rows.n_targets) == (*plain.Z.shape, 2)


@SETTINGS
@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
def test_products_are_those_of_the_matrix(kind, w, fit_intercept, alpha):
    """The operator's residual, A'u and A v - alpha u are those of a matrix that is formed."""
    operator = rows_of(kind, w=w, fit_intercept=fit_intercept, alpha=alpha).operator()
    plain, theta = PlainProblem(w=w, fit_intercept=fit_intercept, alpha=alpha), start(fit_intercept)
    A, b = plain.A, plain.b
    left, residual = operator.residual(theta), b - A @ theta
    predicted = A[:30] @ theta
    sizes = np.sum(b**2) + np.sum(predicted**2) + np.sum(plain.penalty * theta**2)
    assert operator.sizes(theta) == pytest.approx(sizes, rel=1e-13)
    np.testing.assert_allclose(left.norms(), np.linalg.norm(residual, axis=0), rtol=1e-14)
    np.testing.assert_allclose(left.rmatvec(), A.T @ residual, atol=1e-13)
    left.scale(np.array([0.5, 2.0]))
    residual = A @ theta - residual * [0.5, 2.0] * [3.0, 4.0]
    across = left.step(theta, np.array([3.0, 4.0]))
    np.testing.assert_allclose(across, A.T @ residual, atol=1e-13)
    np.testing.assert_allclose(left.norms(), np.linalg.norm(residual, axis=0), rtol=1e-14)


@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
def test_random_vectors_repeat(kind):
    """One seed gives one vector, with a part along every direction."""
    operator = rows_of(kind, alpha=0.1).operator()
    first = operator.random(3).rmatvec()
    assert np.array_equal(first, operator.random(3).rmatvec())
    assert distance(first, operator.random(4).rmatvec()) > 0.1
    assert np.all(first != 0)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_spread_is_that_of_weighted_columns(kind, fit_intercept):
    """Weighted means and variances, without an intercept zeros and mean squares."""
    rows = rows_of(kind, fit_intercept=fit_intercept)
    summed = rows.cross_products().spread(fit_intercept)
    spread = summed if kind == "summed" else rows.spread()
    mean = WEIGHTS @ X / WEIGHTS.sum() * fit_intercept
    np.testing.assert_allclose(spread.mean, mean, atol=1e-15)
    np.testing.assert_allclose(spread.variance, WEIGHTS @ (X - mean) ** 2 / WEIGHTS.sum())
    assert spread.varies.all()
    np.testing.assert_allclose(spread.scale, np.sqrt(spread.variance))
    standard = rows.cross_products(spread)
    Z = np.column_stack([np.ones(30), (X - mean) / spread.scale, Y])
    np.testing.assert_allclose(standard.sums, Z.T @ (WEIGHTS[:, None] * Z), atol=1e-12)


@pytest.mark.parametrize("kind", ["C", "CSR", "CSC", "strict"], indirect=True)
def test_a_spread_far_below_the_mean_is_measured(kind):
    """A deviation of 1e-9 of the mean is found, and a constant column does not vary."""
    far = np.column_stack([1e9 + X[:, 0], np.full(30, 0.1)])
    spread = rows_of(kind, X=far, w=None).spread()
    np.testing.assert_allclose(spread.variance[0], X[:, 0].var(), rtol=1e-6)
    assert spread.varies.tolist() == [True, False]
    assert spread.scale[1] == 1.0


@pytest.mark.parametrize(
    "X",
    [
        sparse.csr_array(([1.0, 2.0, 3.0], [0, 0, 1], [0, 2, 2, 3, 3]), shape=(4, 2)),
        sparse.csc_array(([1.0, 2.0, 3.0], [0, 0, 2], [0, 2, 3]), shape=(4, 2)),
    ],
)
def test_the_spread_of_sparse_rows_adds_duplicates_and_changes_none(X):
    """Two entries of one place are their sum, and stay two in the user's matrix."""
    spread = RowsInMemory(X, np.zeros((4, 1)), None, True).spread()
    np.testing.assert_allclose(spread.mean, [0.75, 0.75])
    np.testing.assert_allclose(spread.variance, X.toarray().var(axis=0))
    assert X.nnz == 3
