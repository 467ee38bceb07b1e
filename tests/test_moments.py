"""Sums of products: what they are sums of, what they add up to, and what is read off them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from helpers import EPS
from sklearn_gd._descent import rows
from sklearn_gd._descent.moments import Moments, check_sums, moments_of
from sklearn_gd._descent.rows import NotFinite, Rows


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


@pytest.mark.parametrize("block_rows", [1, 7, 50, 128])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("d", "k"), [(1, 1), (3, 2), (9, 2), (10, 2), (20, 1)])
def test_dense_rows_are_summed_block_by_block(d, k, weighted, block_rows, monkeypatch):
    """Narrow or wide, in however many blocks: the sums are those of the whole, and symmetric."""
    for name, size in (("BLOCK_BYTES", 0), ("BLOCK_NUMBERS", 0), ("BLOCK_ROWS", block_rows)):
        monkeypatch.setattr(rows, name, size)
    X, y, w = problem(d=d, k=k)
    found = moments_of(Rows(X, y, w if weighted else None, True))
    expected = products(X, y, w if weighted else None)
    assert_allclose(found.sums, expected, rtol=1e-13, atol=1e-12)
    assert_array_equal(found.sums, found.sums.T)
    assert (found.n_samples, found.n_targets, found.unit) == (50, k, EPS)
    assert found.weight == expected[0, 0]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("d", [1, 5, 12, 64])
@pytest.mark.parametrize(("numbers", "per_column"), [(1, 1), (64, 0), (64, 2), (10**6, 8)])
def test_rows_are_summed_where_they_are(numbers, per_column, d, order, monkeypatch):
    """In blocks of one part or several, the last ones shorter."""
    monkeypatch.setattr(rows, "NUMBERS_IN_PLACE", numbers)
    monkeypatch.setattr(rows, "ROWS_PER_COLUMN", per_column)
    X, y, _ = problem(n=150, d=d, k=1)
    given = Rows(np.asarray(X, order=order), y, None, True)
    assert given.summed_in_place
    found = moments_of(given)
    assert_allclose(found.sums, products(X, y), rtol=1e-13, atol=1e-12)
    assert_array_equal(found.sums, found.sums.T)
    assert found.weight == 150


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_rows_have_the_sums_of_dense_ones(container, dtype, weighted):
    """Weighted or not, in float64 whatever they come in, and they are not changed."""
    X, y, w = problem(dtype=dtype)
    given = container(X)
    found = moments_of(Rows(given, y, w if weighted else None, True))
    assert_allclose(found.sums, products(X, y, w if weighted else None), rtol=1e-13, atol=1e-12)
    assert found.sums.dtype == np.float64
    assert_array_equal(given.toarray(), X)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_all_that_a_descent_needs_is_read_off_sums(fit_intercept):
    """H, b and the mean squares of each target, all over the weight of the rows."""
    X, y, w = problem()
    found = moments_of(Rows(X, y, w, fit_intercept))
    Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    weighted = w[:, np.newaxis] / w.sum()
    assert_allclose(found.hessian(fit_intercept), Z.T @ (weighted * Z), rtol=1e-12)
    assert_allclose(found.products_with_y(fit_intercept), Z.T @ (weighted * y), rtol=1e-12)
    assert_allclose(found.mean_squares_of_y(), np.sum(weighted * y**2, axis=0), rtol=1e-12)


def test_sums_add_up_to_those_of_all_rows():
    """With the coarser of two roundings, whichever comes first."""
    X, y, _ = problem()
    parts = [moments_of(Rows(X[part], y[part], None, True)) for part in np.split(np.arange(50), 2)]
    coarse = Moments(parts[1].sums, 2, 25, unit=1e-7)
    for total in (parts[0] + coarse, coarse + parts[0]):
        assert_allclose(total.sums, products(X, y), rtol=1e-13, atol=1e-12)
        assert (total.n_samples, total.n_targets, total.unit) == (50, 2, 1e-7)
    assert (parts[0] + parts[1]).unit == EPS


@pytest.mark.parametrize(("weight", "most"), [(4.0, 400.0), (1.0, 100.0), (0.25, 100.0)])
def test_sums_of_squares_are_bounded_by_those_of_the_largest_numbers(weight, most):
    """Numbers up to 10 have mean squares up to 100; light rows are not asked for less."""
    check_sums(np.diag([weight, most, 0.0]), 10.0)
    for square in (np.nextafter(most, np.inf), np.inf, np.nan):
        with pytest.raises(NotFinite, match=r"^X must hold numbers below 1e\+01 in size"):
            check_sums(np.diag([weight, 1.0, square]), 10.0)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("value", [1e200, np.inf, np.nan])
def test_overflow_is_told_of_numbers_not_of_arithmetic(container, value):
    """Also where a caller makes numpy raise, in X and in y."""
    for at in (0, 1):
        X, y, _ = problem()
        (X, y)[at][3, 1] = value
        with (
            np.errstate(all="raise", under="ignore"),
            pytest.raises(NotFinite, match=r"^X must hold numbers below 1e\+70 in size"),
        ):
            moments_of(Rows(container(X), y, None, True))


def test_a_signaling_nan_of_float32_is_one_like_any():
    """A cast to float64 reports it, which is not what the user is to hear of."""
    X = np.zeros((4, 1), np.float32)
    X.view(np.uint32)[2] = 0x7FA00000
    rows = Rows(X, np.zeros((4, 1)), None, True)
    for ask in (moments_of, Rows.check_finite):
        with np.errstate(all="raise"), pytest.raises(NotFinite, match="^X must hold numbers"):
            ask(rows)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_standardised_sums_are_those_of_standardised_rows(fit_intercept):
    """Columns that do not move keep their numbers; without an intercept none is centred."""
    X, y, _ = problem()
    X = np.column_stack([X, np.full(50, 3.0), np.zeros(50)])
    scaled = StandardScaler(with_mean=fit_intercept).fit_transform(X)
    if fit_intercept:
        scaled[:, 3] = 3.0
    else:
        scaled = X / np.sqrt(np.mean(X**2, axis=0) + (X == 0).all(axis=0))
    given = moments_of(Rows(X, y, None, fit_intercept))
    found = Moments(given.sums, 2, 50, unit=1e-12).standardised(fit_intercept)
    assert_allclose(found.sums, products(scaled, y), rtol=1e-12, atol=1e-11)
    assert (found.n_samples, found.n_targets, found.unit) == (50, 2, 1e-12)


def test_columns_that_repeat_the_intercept_are_found():
    """Constant ones and zero ones, by their place."""
    X, y, w = problem()
    X[:, 1] = -3.0
    X = np.column_stack([X, np.zeros(50)])
    assert moments_of(Rows(X, y, w, True)).constant_columns() == [1, 3]
    assert moments_of(Rows(X[:, [0, 2]], y, w, True)).constant_columns() == []


def test_a_variance_of_sixteen_roundings_is_none():
    """That is what a difference of squares may be off by."""
    for roundings, constant in ((16, [0]), (17, [])):
        sums = np.array([[1.0, 1.0, 0.0], [1.0, 1.0 + roundings * EPS, 0.0], [0.0, 0.0, 1.0]])
        assert Moments(sums, 1, 1).constant_columns() == constant
