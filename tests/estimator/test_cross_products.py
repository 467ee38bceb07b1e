"""Cross-products: what they are sums of, what they add up to, and what is read off them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from helpers import EPS
from sklearn_gd._data import CrossProducts, NotFinite, RowsInMemory


def problem(n=50, d=3, k=2, dtype=np.float64, seed=0):
    """X, y and weights, some of them zero."""
    rng = np.random.default_rng(seed)
    X = rng.normal(1.0, 2.0, (n, d)).astype(dtype)
    X[rng.random((n, d)) < 0.4] = 0.0
    return X, rng.normal(size=(n, k)), rng.integers(0, 4, n) + 0.0


def products(X, y, w=None):
    """[1 X y]' diag(w) [1 X y]."""
    E = np.column_stack([np.ones(len(X)), X.astype(float), y])
    return E.T @ (E if w is None else w[:, np.newaxis] * E)


@pytest.mark.parametrize("numbers", [1, 70, 10**6])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("d", "k"), [(1, 1), (3, 2), (20, 1)])
def test_dense_rows_are_summed_block_by_block(d, k, order, weighted, numbers, monkeypatch):
    """Narrow or wide, in however many blocks: the sums are those of the whole, and symmetric."""
    monkeypatch.setattr("sklearn_gd._data.local_rows.BLOCK_NUMBERS", numbers)
    X, y, w = problem(d=d, k=k)
    found = RowsInMemory(np.asarray(X, order=order), y, w if weighted else None, True)
    found = found.cross_products()
    expected = products(X, y, w if weighted else None)
    assert_allclose(found.sums, expected, rtol=1e-13, atol=1e-12)
    assert_array_equal(found.sums, found.sums.T)
    assert (found.n_samples, found.n_targets, found.unit) == (50, k, EPS)
    assert found.weight == pytest.approx(expected[0, 0], rel=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_rows_have_the_sums_of_dense_ones(container, dtype, weighted):
    """Weighted or not, in float64 whatever they come in, and they are not changed."""
    X, y, w = problem(dtype=dtype)
    given = container(X)
    found = RowsInMemory(given, y, w if weighted else None, True).cross_products()
    assert_allclose(found.sums, products(X, y, w if weighted else None), rtol=1e-13, atol=1e-12)
    assert found.sums.dtype == np.float64
    assert_array_equal(given.toarray(), X)


@pytest.mark.parametrize("alpha", [0.0, 0.25])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_all_that_a_descent_needs_is_read_off_sums(fit_intercept, alpha):
    """H with its penalty, b and the mean squares of each target, all over the sum of weights."""
    X, y, w = problem()
    found = RowsInMemory(X, y, w, fit_intercept).cross_products().quadratic(fit_intercept, alpha)
    Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    weighted = w[:, np.newaxis] / w.sum()
    penalty = alpha * np.diag(np.r_[[0.0] * fit_intercept, np.ones(3)])
    assert_allclose(found.hessian, Z.T @ (weighted * Z) + penalty, rtol=1e-12)
    assert_allclose(found.b, Z.T @ (weighted * y), rtol=1e-12)
    assert_allclose(found.squares_of_y, np.sum(weighted * y**2, axis=0), rtol=1e-12)


def test_sums_add_up_to_those_of_all_rows():
    """With the coarser of two roundings, whichever comes first."""
    X, y, _ = problem()
    halves = np.split(np.arange(50), 2)
    parts = [RowsInMemory(X[i], y[i], None, True).cross_products() for i in halves]
    coarse = CrossProducts(parts[1].sums, 2, 25, unit=1e-7)
    for total in (parts[0] + coarse, coarse + parts[0]):
        assert_allclose(total.sums, products(X, y), rtol=1e-13, atol=1e-12)
        assert (total.n_samples, total.n_targets, total.unit) == (50, 2, 1e-7)
    assert (parts[0] + parts[1]).unit == EPS


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("value", [1e200, np.inf, np.nan])
def test_overflow_is_told_of_numbers_not_of_arithmetic(container, value):
    """Also when a caller makes NumPy raise, in X and in y."""
    for at in (0, 1):
        X, y, _ = problem()
        (X, y)[at][3, 1] = value
        with (
            np.errstate(all="raise", under="ignore"),
            pytest.raises(NotFinite, match=r"^X must hold numbers below 1e\+70 in size"),
        ):
            RowsInMemory(container(X), y, None, True).cross_products()


def test_a_signaling_nan_of_float32_is_one_like_any():
    """A cast to float64 reports it, which is not what the user is to hear of."""
    X = np.zeros((4, 1), np.float32)
    X.view(np.uint32)[2] = 0x7FA00000
    rows = RowsInMemory(X, np.zeros((4, 1)), None, True)
    for ask in (rows.cross_products, rows.operator):
        with np.errstate(all="raise"), pytest.raises(NotFinite, match="^X must hold numbers"):
            ask()


@pytest.mark.parametrize("from_rows", [True, False])
def test_standardised_sums_are_those_of_standardised_rows(from_rows):
    """Columns that do not vary keep their numbers, whether sums or the rows are transformed."""
    X, y, _ = problem()
    X = np.column_stack([X, np.full(50, 3.0), np.zeros(50)])
    rows = RowsInMemory(X, y, None, True)
    spread = rows.cross_products().spread(True)
    given = rows.cross_products(spread)
    if not from_rows:
        given = rows.cross_products().standardised(spread, spread.scale)
    kept = np.r_[True, spread.varies, True, True]
    expected = products(StandardScaler().fit_transform(X), y)
    assert spread.varies.tolist() == [True, True, True, False, False]
    assert_allclose(given.sums[kept][:, kept], expected[kept][:, kept], rtol=1e-12, atol=1e-11)


def test_without_an_intercept_columns_are_scaled_and_not_centred():
    """The spread is then that about zero: means are zeros, variances mean squares."""
    X, y, _ = problem()
    spread = RowsInMemory(X, y, None, False).cross_products().spread(False)
    assert spread.mean.tolist() == [0.0] * 3
    assert_allclose(spread.variance, np.mean(X**2, axis=0), rtol=1e-12)


def test_a_variance_of_sixteen_roundings_is_none():
    """That is what a difference of squares may be off by."""
    for roundings, varies in ((16, False), (17, True)):
        sums = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + roundings * EPS, 0.0], [0.0, 0.0, 1.0]])
        assert CrossProducts(sums, 1, 1).spread(True).varies.tolist() == [varies]


@pytest.mark.parametrize(("offset", "blurred"), [(0.0, False), (1e3, False), (1e6, True)])
def test_a_variance_far_below_a_squared_mean_is_read_from_the_rows(offset, blurred):
    """Sums say so, and two passes over the rows give it to the digits of the data."""
    X, y, _ = problem(d=1)
    rows = RowsInMemory(X + offset, y, None, True)
    assert rows.cross_products().spread(True).is_blurred.tolist() == [blurred]
    assert_allclose(rows.spread().variance, X.var(axis=0), rtol=1e-8)
