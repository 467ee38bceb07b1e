"""Targets along weak directions alone, beside which errors of the largest are large."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from benchmarks import _exact
from helpers import contract, regression
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.problem import RowsInMemory, refine, zeros
from sklearn_gd._descent.spectrum import eigenbasis
from sklearn_gd._descent.weak import WEAK, sharpened


def weak(size, n=40, d=8):
    """Centred columns, half of their singular values about 1, half about `size`; y along these."""
    rng = np.random.default_rng(1)
    left = rng.standard_normal((n, d))
    left = np.linalg.qr(left - left.mean(axis=0))[0]
    right = np.linalg.qr(rng.standard_normal((d, d)))[0]
    sizes = np.repeat([1.0, size], d // 2) * np.exp(0.3 * rng.standard_normal(d))
    return np.sqrt(n) * (left * sizes) @ right.T, left[:, d // 2 :] @ rng.standard_normal(d // 2)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no 80-bit arithmetic here")
@pytest.mark.parametrize("size", [1e-3, 1e-5])
@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("T", [10**3, 10**6, 10**9])
def test_weak_targets_keep_twelve_digits(size, few, T, monkeypatch):
    """Of coefficients, from few rows as after a second pass over many; and of the loss."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = weak(size)
    lr = 1 / _exact.largest_curvature(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        path = GDLinearRegressor(lr, max_iter=T, solver="spectral").fit(X, y).path_
    steps = _exact.asked(path.n_iter)
    thetas, losses = _exact.exact(X, y, lr, steps)
    ours = np.column_stack([path.intercept(steps), path.coef(steps)])
    assert _exact.theta_error(ours, thetas).max() <= contract()
    assert _exact.loss_error(path.loss(steps), losses, y).max() <= contract()


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


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, np.float32])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_slopes_are_those_of_the_loss(kind, intercept, weighted):
    """The gradient with the other sign, from any start, of blocks of rows."""
    X, y = regression(n=3000)
    X = kind(X)
    weights = np.random.default_rng(2).exponential(size=3000) if weighted else None
    rows = RowsInMemory(X, np.column_stack([y, -2 * y]), weights, intercept)
    for start in (zeros(rows), zeros(rows) + 0.5):
        gradient = rows.loss_and_gradient(start)[1]
        assert_allclose(rows.slopes(start), -gradient, rtol=1e-12, atol=1e-13)
