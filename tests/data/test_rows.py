"""Every kind of rows is the same problem."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from data.kinds_of_rows import KINDS, WEIGHTS, PlainProblem, X, Y, rows_of
from helpers import distance
from sklearn_gd._data import LARGEST_SIZE, NotFinite, RowsInMemory, local_rows
from sklearn_gd._linalg import Preconditioner, factor_of

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


@pytest.mark.parametrize("kind", ["C", "strict"], indirect=True)
def test_a_spread_far_below_the_mean_is_measured(kind):
    """A deviation of 1e-9 of the mean is found, and a constant column does not vary."""
    far = np.column_stack([1e9 + X[:, 0], np.full(30, 0.1)])
    spread = rows_of(kind, X=far, w=None).spread()
    np.testing.assert_allclose(spread.variance[0], X[:, 0].var(), rtol=1e-6)
    assert spread.varies.tolist() == [True, False]
    assert spread.scale[1] == 1.0


@SETTINGS
@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
def test_a_second_pass_sees_orthonormal_columns(kind, w, fit_intercept, alpha):
    """[Y E]'[Y E] over all rows and the penalty's is that of the matrices formed at once."""
    rows = rows_of(kind, w=w, fit_intercept=fit_intercept, alpha=alpha)
    plain, theta = PlainProblem(w=w, fit_intercept=fit_intercept, alpha=alpha), start(fit_intercept)
    eigenvalues, vectors = np.linalg.eigh(plain.A.T @ plain.A)
    known = np.random.default_rng(2).standard_normal(theta.shape)
    preconditioner = Preconditioner(*factor_of(eigenvalues, vectors, 1e-15), known, theta)
    products = rows.preconditioned_products(preconditioner) / rows.weight
    inverse = preconditioner.inverse
    both = np.hstack([plain.A @ inverse, plain.b - plain.A @ theta - plain.A @ inverse @ known])
    if not alpha:
        assert distance(products, both.T @ both) <= 1e-14
    p = len(theta)
    np.testing.assert_allclose(products[:p, :p], np.eye(p), atol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_a_penalty_is_extra_rows(alpha):
    """J with alpha is J of rows continued by sqrt(alpha W) I with targets zero."""
    rows = RowsInMemory(X, Y, WEIGHTS, False, alpha)
    extra = np.vstack([X, np.sqrt(alpha * WEIGHTS.sum()) * np.eye(5)])
    longer = RowsInMemory(
        extra, np.vstack([Y, np.zeros((5, 2))]), np.r_[WEIGHTS, np.ones(5)], False
    )
    theta = THETA[1:]
    assert rows.loss(theta) * rows.weight == pytest.approx(longer.loss(theta) * longer.weight)
    ours, theirs = (r.loss_and_gradient(theta)[1] * r.weight for r in (rows, longer))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
def test_weights_are_repetitions(kind):
    """A row of weight 3 is the row three times, and one of weight 0 is none."""
    counts = np.random.default_rng(3).integers(0, 4, 30)
    weighted = rows_of(kind, w=counts.astype(float), alpha=0.1)
    repeated = rows_of(kind, X=np.repeat(X, counts, axis=0), Y=np.repeat(Y, counts, axis=0), w=None)
    sums = repeated.cross_products().sums
    assert distance(weighted.cross_products().sums, sums) <= 1e-14
    again = rows_of(kind, w=None).counted(np.repeat(np.arange(30), counts))
    assert distance(again.cross_products().sums, sums) <= 1e-14
    assert weighted.weight_of(np.array([0, 5])) == counts[[0, 5]].sum()


@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
def test_parts_add_up(kind):
    """Cross-products of some rows and of the others add up to those of all."""
    rows = rows_of(kind)
    index = np.array([3, 1, 4, 15, 9, 2, 6])
    others = np.setdiff1d(np.arange(30), index)
    for first, second in ((slice(0, 11), slice(11, 30)), (index, others)):
        total = rows.taken(first).cross_products() + rows.taken(second).cross_products()
        assert distance(total.sums, rows.cross_products().sums) <= 1e-15
        assert total.n_samples == 30


@pytest.mark.parametrize("kind", WITH_ROWS, indirect=True)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 10 * LARGEST_SIZE])
def test_numbers_that_no_sum_survives_are_refused(kind, bad):
    """nan, inf and numbers whose squares overflow are refused by sums and by the operator."""
    if "float32" in kind and np.isfinite(bad):
        return  # float32 holds no such number
    spoilt = np.array(X)
    spoilt[7, 2] = bad
    with pytest.raises(NotFinite, match="X must hold numbers below"):
        rows_of(kind, X=spoilt).cross_products()
    with pytest.raises(NotFinite, match="X must hold numbers below"):
        rows_of(kind, X=spoilt).operator()


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_rows_are_never_copied_whole(layout, monkeypatch):
    """Sums of 8 MB of rows take less than 1.5 MB beside them."""
    import tracemalloc

    monkeypatch.undo()
    monkeypatch.setattr(local_rows, "BLOCK_NUMBERS", 1 << 14)
    big = rows_of(layout, X=np.tile(X, (6000, 1)), Y=np.tile(Y, (6000, 1)), w=None)
    assert big.X.nbytes >= 7_000_000
    tracemalloc.start()
    try:
        big.cross_products()
        big.loss_and_gradient(THETA)
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


def test_the_error_on_huge_numbers_comes_back_from_a_worker():
    """A pickled NotFinite has the message of the original."""
    error = NotFinite(1e15)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
