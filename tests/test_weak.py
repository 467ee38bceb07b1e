"""Targets along weak directions alone, beside which errors of the largest are large."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from benchmarks import _exact
from helpers import contract
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent import sharp, solve
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.problem import RowsInMemory, refine, zeros
from sklearn_gd._descent.spectrum import WEAK, eigenbasis
from sklearn_gd._descent.weak import sharpened


def weak(size, n=40, d=8):
    """Centred columns, half of their singular values about 1, half about `size`; y along these."""
    rng = np.random.default_rng(1)
    r = min(n - 1, d) // 2 * 2
    left = rng.standard_normal((n, r))
    left = np.linalg.qr(left - left.mean(axis=0))[0]
    right = np.linalg.qr(rng.standard_normal((d, r)))[0]
    sizes = np.repeat([1.0, size], r // 2) * np.exp(0.3 * rng.standard_normal(r))
    return np.sqrt(n) * (left * sizes) @ right.T, left[:, r // 2 :] @ rng.standard_normal(r // 2)


def path_of(X, y, max_iter, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weight = how.pop("sample_weight", None)
        return GDLinearRegressor(max_iter=max_iter, **how).fit(X, y, weight).path_


def parameters(path, steps):
    return np.concatenate([path.intercept(steps)[..., np.newaxis], path.coef(steps)], axis=-1)


@pytest.mark.parametrize("size", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("shape", [(40, 8), (20, 30)])
@pytest.mark.parametrize(
    ("few", "solver"), [(True, "spectral"), (False, "spectral"), (True, "krylov")]
)
@pytest.mark.parametrize("T", [10**2, 10**6, 10**11])
def test_weak_targets_keep_twelve_digits(size, shape, few, solver, T, monkeypatch):
    """From few rows, from sums and a second pass, after a Krylov space that lacks the digits.

    Right singular vectors of fewer rows than columns are in the space of the rows.
    """
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = weak(size, *shape)
    lr = 1 / _exact.largest_curvature(X)
    path = path_of(X, y, T, lr=lr, solver=solver)
    steps = _exact.asked(path.n_iter)
    thetas, losses = _exact.exact(X, y, lr, steps)
    assert _exact.theta_error(parameters(path, steps), thetas).max() <= contract()
    assert _exact.loss_error(path.loss(steps), losses, y).max() <= contract()


@pytest.mark.parametrize(
    ("few", "kind"), [(True, np.asarray), (False, np.asarray), (False, sparse.csr_array)]
)
def test_weights_and_several_targets_of_many_blocks(few, kind, monkeypatch):
    """A weight of two is a row twice; a target descends as it would alone."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = weak(1e-5, n=3000)
    counts = np.random.default_rng(0).integers(1, 4, len(y))
    X, y = X / np.sqrt(counts)[:, np.newaxis], y / np.sqrt(counts)  # weak with these weights
    how = {"fit_intercept": False, "solver": "spectral"}
    repeated = path_of(np.repeat(X, counts, axis=0), np.repeat(y, counts), 10**4, **how)
    targets = np.column_stack([y, -3 * y])
    both = path_of(kind(X), targets, 10**4, lr=repeated.lr, sample_weight=counts, **how)
    assert both._descent.spectrum.is_weak
    steps = [1, 100, 10**4]
    for j, factor in enumerate((1.0, -3.0)):
        error = _exact.theta_error(both.coef(steps)[:, j], factor * repeated.coef(steps))
        assert error[0] <= contract(1e6)
        assert error[1:].max() <= contract()


def test_from_a_start_the_way_is_that_of_what_is_left():
    """Of y, from zeros: along weak directions, where the start was not."""
    X, y = weak(1e-5)
    right = np.linalg.svd(X)[2]
    start = 0.5 * right[0] + 0.25 * right[1]
    rows = RowsInMemory(X, (y + X @ start)[:, np.newaxis], None, False)
    spectrum = rows.decomposed(start[:, np.newaxis], 10**3)
    assert spectrum.is_weak
    left_over = RowsInMemory(X, rows.y - X @ start[:, np.newaxis], None, False)
    alone = left_over.decomposed(zeros(left_over), 10**3)
    assert_allclose(spectrum.curvature, alone.curvature, rtol=contract())
    assert_allclose(abs(spectrum.residual), abs(alone.residual), rtol=contract(), atol=1e-14)


def test_what_takes_too_long_to_sharpen_stays_a_krylov_space(monkeypatch):
    """As of rows so many or so wide that nobody can decompose them."""
    X, y = weak(1e-5)
    assert path_of(X, y, 100, solver="krylov").loss_floor >= 0
    monkeypatch.setattr(solve, "MOST_NANOSECONDS_FOR_WEAK", 0.0)
    path = path_of(X, y, 100, solver="krylov")
    with pytest.raises(AttributeError, match="condition number"):
        _ = path.condition_number


def test_targets_of_some_size_along_large_directions_are_left_alone():
    """Whatever else they have along weak ones; the rows are not asked."""
    X, y = weak(1e-5)
    for strong, same in ((1.0, True), (2 * WEAK, True), (0.2 * WEAK, False)):
        targets = y / np.linalg.norm(y) + strong * X[:, 0] / np.linalg.norm(X[:, 0])
        rows = RowsInMemory(X, targets[:, np.newaxis], None, True)
        for spectrum in (
            rows.decomposed(zeros(rows), 10**3),
            refine(rows, eigenbasis(moments_of(rows), zeros(rows), True)),
        ):
            again = sharpened(spectrum, None if same else rows)
            assert (again is spectrum) is same


def test_a_residual_of_nothing_is_not_weak():
    """Nor are columns of zeros."""
    X, _ = weak(1e-5)
    for table in (X, np.zeros_like(X)):
        rows = RowsInMemory(table, np.zeros((40, 1)), None, False)
        spectrum = rows.decomposed(zeros(rows), 10**3)
        assert sharpened(spectrum, None) is spectrum


def exactly(left, right):
    """left @ right in fractions."""
    left, right = (np.vectorize(Fraction, otypes=[object])(a) for a in (left, right))
    return left @ right


@pytest.mark.parametrize("shape", [(3, 5, 2), (2, 1000, 1), (1, 1, 1), (3, 0, 2)])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_a_sharp_product_is_off_by_a_millionth_of_a_rounding(shape, spread):
    """Of the largest products, whatever the scales; zeros are products as well."""
    rng, (m, q, k) = np.random.default_rng(0), shape
    left, right = (
        rng.standard_normal(s) * 10.0 ** rng.uniform(-spread, spread, s) for s in ((m, q), (q, k))
    )
    left[:, ::3] = 0.0
    high, low = sharp.product(left, right)
    exact = exactly(left, right)
    off = exactly(high, np.eye(k)) + exactly(low, np.eye(k)) - exact
    largest = np.abs(left).max(axis=1, initial=0)[:, None] * np.abs(right).max(axis=0, initial=0)
    assert (np.abs(off.astype(float)) <= 2.0**-20 * np.finfo(float).eps * q * largest).all()


def test_a_sum_keeps_what_cancels():
    """Parts a hundred million million times as large as what is left of them."""
    total, parts = sharp.Sum((2,)), [1e14, 1.0, -3e13, 1e-9, 0.1, -7e13]
    for part in parts:
        total.add(np.array([part, -part]), np.array([1e-20, 0.0]))
    left = float(sum(map(Fraction, parts)))
    assert_array_equal(total.high + total.low, [left + 6e-20, -left])
