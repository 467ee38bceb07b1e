"""Small singular values, beside which errors of the largest are large."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from benchmarks import _exact
from helpers import contract, regression
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent import sharp, solve
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.pieces import KrylovDescent
from sklearn_gd._descent.problem import RowsInMemory, refine, zeros
from sklearn_gd._descent.spectrum import eigenbasis
from sklearn_gd._descent.weak import sharpened

# Kinds of singular values between 1 and the smallest.
SIZES = {
    "two": lambda r, small: np.repeat([1.0, small], [r - r // 2, r // 2]),
    "three": lambda r, small: np.sort([1.0, np.sqrt(small), small] * r)[::-3],
    "falling": lambda r, small: np.geomspace(1.0, small, r),
}
# How much of y lies along the larger half, and how much is outside of the columns.
TARGETS = {"weak": (0.0, 0.0), "any": (1.0, 0.0), "noisy": (0.01, 1.0), "little noise": (1.0, 1e-6)}


def problem(small, n=40, d=8, kind="two", targets="weak"):
    """Centred columns of given singular values, and y."""
    rng = np.random.default_rng(1)
    r = min(n - 1, d)
    left = rng.standard_normal((n, r))
    left = np.linalg.qr(left - left.mean(axis=0))[0]
    right = np.linalg.qr(rng.standard_normal((d, r)))[0]
    sizes = SIZES[kind](r, small) * np.exp(0.3 * rng.standard_normal(r))
    along, (large, noise) = rng.standard_normal(r), TARGETS[targets]
    along[: r - r // 2] *= large
    outside = rng.standard_normal(n)
    outside -= left @ (left.T @ outside) + outside.mean()
    return np.sqrt(n) * (left * sizes) @ right.T, left @ along + noise * outside


def fitted(X, y, max_iter, *, sample_weight=None, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GDLinearRegressor(max_iter=max_iter, **how).fit(X, y, sample_weight)


def parameters(path, steps):
    return np.concatenate([path.intercept(steps)[..., np.newaxis], path.coef(steps)], axis=-1)


@pytest.fixture(params=[True, False], ids=["few", "sums"])
def few(request, monkeypatch):
    """Whether rows are decomposed, or summed and asked a second time."""
    monkeypatch.setattr(RowsInMemory, "are_few", request.param)
    return request.param


@pytest.mark.parametrize("small", [1e-2, 1e-4, 1e-7])
@pytest.mark.parametrize(("shape", "few"), [((40, 8), True), ((40, 8), False), ((20, 30), True)])
@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("targets", TARGETS)
def test_small_singular_values_keep_twelve_digits(small, shape, few, kind, targets, monkeypatch):
    """Of coefficients and losses, from few rows or sums, on rows of rank below p as well."""
    monkeypatch.setattr(RowsInMemory, "are_few", few)
    X, y = problem(small, *shape, kind, targets)
    lr = 1 / _exact.largest_curvature(X)
    steps = [100, 10**6, 10**11]
    thetas, losses = _exact.exact(X, y, lr, steps)
    for t, theta, loss in zip(steps, thetas, losses, strict=True):
        path = fitted(X, y, t, lr=lr, solver="spectral").path_
        assert _exact.theta_error(parameters(path, [t]), [theta]).max() <= contract()
        if loss > 1e-20 * np.mean(y**2):  # else it is roundings of y
            assert _exact.loss_error(path.loss([t]), np.array([loss]), y).max() <= contract()


@pytest.mark.parametrize("shape", [(40, 8), (20, 30)])
@pytest.mark.parametrize("T", [10**2, 10**6])
def test_a_krylov_space_that_lacks_digits_is_given_up(shape, T, monkeypatch):
    """For a decomposition, unless that takes too long."""
    X, y = problem(1e-5, *shape)
    lr = 1 / _exact.largest_curvature(X)
    how = {"lr": lr, "solver": "krylov"}
    steps = _exact.asked(T)
    path = fitted(X, y, T, **how).path_
    errors = _exact.theta_error(parameters(path, steps), _exact.exact(X, y, lr, steps)[0])
    assert errors.max() <= contract()
    assert not isinstance(path._descent, KrylovDescent)
    monkeypatch.setattr(solve, "MOST_FLOPS_FOR_KRYLOV", 1.0)
    assert isinstance(fitted(X, y, T, **how).path_._descent, KrylovDescent)


@pytest.mark.parametrize("limit", ["MOST_SHARPENED", "MOST_FLOPS"])
def test_rows_beyond_a_limit_are_not_asked_again(limit, monkeypatch):
    """As of a table so wide that its directions would take much more memory than it does."""
    X, y = problem(1e-5)
    for sharp_too in (True, False):
        assert fitted(X, y, 100).path_._descent.spectrum.sharp is sharp_too
        monkeypatch.setattr(solve, limit, 1)


def test_weights_and_several_targets_of_many_blocks(few):
    """A weight of two is a row twice; a target descends as it would alone."""
    X, y = problem(1e-5, n=3000)
    counts = np.random.default_rng(0).integers(1, 4, len(y))
    X, y = X / np.sqrt(counts)[:, np.newaxis], y / np.sqrt(counts)  # weak with these weights
    how = {"fit_intercept": False, "solver": "spectral"}
    repeated = fitted(np.repeat(X, counts, axis=0), np.repeat(y, counts), 10**4, **how).path_
    kinds = [X] if few else [X, sparse.csr_array(X)]
    for table in kinds:
        both = np.column_stack([y, -3 * y])
        path = fitted(table, both, 10**4, lr=repeated.lr, sample_weight=counts, **how).path_
        assert path._descent.spectrum.sharp
        steps = [1, 100, 10**4]
        for j, factor in enumerate((1.0, -3.0)):
            error = _exact.theta_error(path.coef(steps)[:, j], factor * repeated.coef(steps))
            assert error.max() <= contract()


def test_from_a_start_the_way_is_that_of_what_is_left():
    """Of y, from zeros: along weak directions, where the start was not."""
    X, y = problem(1e-5)
    right = np.linalg.svd(X)[2]
    start = (0.5 * right[0] + 0.25 * right[1])[:, np.newaxis]
    rows = RowsInMemory(X, y[:, np.newaxis] + X @ start, None, False)
    left_over = RowsInMemory(X, rows.y - X @ start, None, False)
    spectrum, alone = (
        sharpened(r.decomposed(s, 10**3), r) for r, s in ((rows, start), (left_over, zeros(rows)))
    )
    assert_allclose(spectrum.curvature, alone.curvature, rtol=contract())
    assert_allclose(abs(spectrum.residual), abs(alone.residual), rtol=contract(), atol=1e-14)


@pytest.mark.parametrize("small", [1e-2, 1e-7, 1e-10, 1e-14])
@pytest.mark.parametrize("targets", TARGETS)
def test_a_sharpened_spectrum_has_the_loss_at_the_start(small, targets):
    """Whatever is told from zero: what is not lies with the least loss."""
    X, y = problem(small, targets=targets)
    rows = RowsInMemory(X, y[:, np.newaxis], None, True)
    for spectrum in (
        rows.decomposed(zeros(rows), 10**3),
        refine(rows, eigenbasis(moments_of(rows), zeros(rows), True)),
    ):
        found = sharpened(spectrum, rows)
        first = found.floor + 0.5 * np.sum(found.residual**2)
        assert first == pytest.approx(0.5 * np.mean(y**2), rel=1e-14)
        assert (found.residual[~found.felt] == 0).all()
        assert_allclose(found.basis.T @ found.basis, np.eye(9), atol=1e-8)


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_a_second_fit_from_the_first_asks_no_rows_again(solver):
    """What is left lies along weak directions, but the coefficients are not small."""
    X, y = problem(1e-4, targets="any")
    model = GDLinearRegressor(max_iter=10**3, warm_start=True, solver=solver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(2):
            model.fit(X, y)
    assert not model.path_._descent.spectrum.sharp
    assert isinstance(model.path_._descent, KrylovDescent) is (solver == "krylov")


def test_ordinary_fits_ask_no_rows_again():
    """Nor do targets of nothing, or columns of zeros."""
    X, y = regression()
    for table, targets in ((X, y), (X, 0 * y), (0 * X, y), (0 * X, 0 * y)):
        assert not fitted(table, targets, 10**5).path_._descent.spectrum.sharp


def test_a_least_loss_of_little_noise_is_measured(few):
    """Of columns that are somewhat alike: their singular vectors lean on the noise."""
    X, y = problem(5e-3, targets="any")
    y = y + 1e-6 * problem(5e-3, targets="noisy")[1]
    lr = 1 / _exact.largest_curvature(X)
    path = fitted(X, y, 10**7, lr=lr, solver="spectral").path_
    losses = _exact.exact(X, y, lr, [10**7])[1]
    assert _exact.loss_error(path.loss([10**7]), losses, y).max() <= contract()
    assert path._descent.spectrum.measured_at is not None


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
