"""Few rows are decomposed themselves: what that must give, and when it is done."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from helpers import EPS, literal_loop, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, diagnose
from sklearn_gd._descent import choice, few, prices, solve, turned
from sklearn_gd._descent.problem import RowsInMemory, zeros
from sklearn_gd.display import LossSurfaceDisplay


def rows(n=12, d=4, k=1, weighted=False, fit_intercept=True, seed=0):
    X, y = regression(n=n, d=d, k=k, seed=seed)
    w = np.random.default_rng(seed).integers(0, 4, n).astype(float) if weighted else None
    return RowsInMemory(X, y, w, fit_intercept)


@pytest.mark.parametrize(
    ("n", "p", "expected"),
    [
        (1, 1, True),
        (4096, 4, True),
        (4097, 4, False),
        (639, 400, True),
        (640, 400, False),
        (1025, 1023, True),
        (1025, 1024, False),
        (3000, 3000, True),
    ],
)
def test_rows_are_few_where_they_hold_few_numbers_or_hardly_more_rows_than_columns(n, p, expected):
    """Up to 16,384 numbers, nearly as many columns as rows up to 2**20, or as many of any."""
    assert few.are_few(n, p) is expected


def test_sparse_rows_are_never_few():
    """They would have to be filled in."""
    X, y = sparse.eye_array(6, format="csr"), np.ones((6, 1))
    assert not RowsInMemory(X, y, None, False).are_few
    assert RowsInMemory(X.toarray(), y, None, False).are_few


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(("n", "d", "k"), [(12, 4, 1), (12, 4, 3), (3, 6, 2), (5, 5, 1), (1, 2, 1)])
def test_the_descent_is_the_literal_loop(n, d, k, started, fit_intercept, weighted):
    """Tall, square and wide, from any start, for any number of targets."""
    problem = rows(n, d, k, weighted and n > 1, fit_intercept)
    start = zeros(problem) + started * np.linspace(-1, 2, zeros(problem).size).reshape(-1, k)
    kept = start.copy()
    descent, _, _ = solve.solve(problem, start, solve.Terms(None, None, 40), "spectral")
    thetas, losses = literal_loop(
        problem.X,
        problem.y,
        descent.lr,
        40,
        sample_weight=problem.sample_weight,
        fit_intercept=fit_intercept,
        start=start,
    )
    np.testing.assert_array_equal(start, kept)
    size = np.abs(thetas).max()
    np.testing.assert_allclose(descent.theta(np.arange(41)), thetas, rtol=1e-12, atol=1e-13 * size)
    np.testing.assert_allclose(descent.losses(40), losses, rtol=1e-12, atol=1e-14 * losses[0])
    assert descent.spectrum.basis.shape == (start.shape[0], min(n, start.shape[0]))


def test_a_loss_that_is_tiny_beside_the_targets_keeps_its_digits():
    """A residual of a millionth of y: the loss has ten digits all the same."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((30, 3)))[0]
    X, off = Q[:, :2], 1e-6 * Q[:, 2:]  # beside the span of X, so that all of it remains
    spectrum = few.decomposed(
        RowsInMemory(X, X @ [[3.0], [-4.0]] + off, None, False), np.zeros((2, 1)), 10**9
    )
    assert spectrum.least_loss == pytest.approx(0.5e-12 / 30, rel=1e-8, abs=0)
    assert spectrum.rounding == pytest.approx(4 * EPS**2 * 25 / 30, rel=1e-6, abs=0)


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_are_rounded_with_the_size_of_targets_and_start(weighted):
    """Both are squared, weighted and summed, whatever is left of their difference."""
    problem = rows(20, 3, 2, weighted)
    start = np.full((4, 2), 2.0)
    spectrum = few.decomposed(problem, start, 10**9)
    w = np.ones(20) if problem.sample_weight is None else problem.sample_weight
    squares = problem.y**2 + (2 + 2 * problem.X.sum(axis=1, keepdims=True)) ** 2
    size = np.sum(w[:, np.newaxis] * squares) / w.sum()
    assert spectrum.rounding == pytest.approx(4 * EPS**2 * size, rel=1e-12, abs=0)


def test_singular_values_that_are_not_found_are_an_error(monkeypatch):
    """LAPACK says so by a number."""
    monkeypatch.setattr(turned.lapack, "dgesdd", lambda *args, **options: (None, None, None, 1))
    for n in (12, 3):
        with pytest.raises(np.linalg.LinAlgError, match="^Singular values did not converge$"):
            few.decomposed(rows(n), np.zeros((5, 1)), 10**9)


def test_what_lies_in_flat_directions_stays_in_the_loss():
    """Two equal columns: the residual along their difference is nothing that descent could take."""
    X = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    y = np.array([[2.0], [1.0], [0.0]])
    spectrum = few.decomposed(RowsInMemory(X, y, None, False), np.zeros((2, 1)), 10**9)
    assert spectrum.least_loss == pytest.approx((5 - 4**2 / 14) / 6, rel=1e-14)
    assert spectrum.residual[~spectrum.felt].tolist() == [[0.0]]
    assert spectrum.felt.sum() == 1
    assert spectrum.largest_curvature == pytest.approx(28 / 3, rel=1e-14)


def test_columns_on_very_different_scales_keep_their_small_singular_values():
    """Whatever the order in which they come."""
    scales = 10.0 ** np.array([-6, 0, -3, 2, -9])
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((20, 5)))[0]
    spectrum = few.decomposed(
        RowsInMemory(Q * scales, Q @ np.ones((5, 1)), None, False), np.zeros((5, 1)), 10**9
    )
    sigma = np.sqrt(20 * spectrum.curvature)
    np.testing.assert_allclose(sigma, np.sort(scales)[::-1], rtol=1e-13)


def test_rows_on_very_different_scales_keep_their_small_singular_values():
    """Fewer rows than columns have the digits that as many columns of the same scales have."""
    scales = 10.0 ** np.array([-6, 0, -3, 2, -9])
    Z = scales[:, np.newaxis] * np.random.default_rng(1).standard_normal((5, 8))
    wide, tall = (
        few.decomposed(RowsInMemory(X, np.ones((m, 1)), None, False), np.zeros((13 - m, 1)), 10**9)
        for m, X in ((5, Z), (8, Z.T))
    )
    np.testing.assert_allclose(5 * wide.curvature, 8 * tall.curvature, rtol=1e-13)


def test_directions_of_wide_rows_are_formed_only_when_asked_for():
    """They are orthonormal, lift as they do unformed, and do not travel."""
    problem = rows(12, 800, 2)
    spectrum = few.decomposed(problem, zeros(problem), 10**9)
    along = np.random.default_rng(0).standard_normal((4, 2, 12))
    lifted = spectrum.lift(along)
    assert "basis" not in vars(spectrum)
    np.testing.assert_allclose(spectrum.basis.T @ spectrum.basis, np.eye(12), atol=1e-14)
    np.testing.assert_allclose(lifted, along @ spectrum.basis.T, rtol=0, atol=1e-14)
    assert spectrum.lift(along[:0]).shape == (0, 2, 801)
    again = pickle.loads(pickle.dumps(spectrum))
    assert "basis" not in vars(again)
    np.testing.assert_array_equal(again.basis, spectrum.basis)


def test_auto_takes_them_where_a_krylov_space_would_be_dearer():
    """Fifty rows of many columns are decomposed; two thousand are not."""
    shapes = {n: choice.Shape(n, 5000, 1, 5000 * n, False, 1000, few=True) for n in (50, 2000)}
    assert shapes[50].best_engine() == prices.SPECTRAL
    assert shapes[2000].best_engine() == prices.KRYLOV_ON_ROWS
    wider = choice.Shape(20, 100_000, 1, 2_000_000, False, 1000, few=True)
    assert wider.best_engine() == prices.SPECTRAL  # beyond the columns that can be summed


def test_a_wide_fit_keeps_a_basis_as_small_as_its_rows():
    """20 rows of 3000 columns: no 3000 x 3000 matrix, neither on the way nor in a pickle."""
    X, y = regression(n=20, d=3000)
    with pytest.warns(ConvergenceWarning, match="still falling") as caught:
        model = GDLinearRegressor(max_iter=5, solver="spectral").fit(X, y)
    assert len(pickle.dumps(model)) < 3 * X.nbytes
    assert "StandardScaler" not in str(caught[0].message)  # that would take 3000 x 3000 sums


def test_rows_of_few_more_columns_are_still_told_of_scaling():
    """And `diagnose` says it of any."""
    X, y = regression(n=30, d=40)
    X *= np.logspace(0, -3, 40)
    with pytest.warns(ConvergenceWarning, match="StandardScaler"):
        GDLinearRegressor(max_iter=50).fit(X, y)
    X, y = regression(n=10, d=300)
    assert diagnose(X, y).standardised is not None


def test_folds_of_wide_rows_are_priced_as_sums(monkeypatch):
    """A tuner never decomposes rows themselves: wide folds take Krylov spaces, not p x p sums."""
    for n, p, iterates in ((20, 601, 10), (100, 3001, 100), (50, 401, 10)):
        few_rows = choice.Shape(n, p, 1, n * p, False, 1000, few=True)
        many = choice.Shape(n, p, 1, n * p, False, 1000, few=False)
        assert few_rows.folds_take_spaces(5, iterates) is many.folds_take_spaces(5, iterates)
    monkeypatch.setattr("sklearn_gd.regressor_cv.FoldsInMoments", lambda *_: 1 / 0)
    X, y = regression(n=20, d=600)
    assert GDLinearRegressorCV(lrs=3, iters=[10, 100], cv=5).fit(X, y).n_iter_ in (10, 100)


@pytest.mark.parametrize(
    ("size", "weight", "words"), [(np.inf, 0.0, "contains infinity"), (1e300, 1e20, "rescale")]
)
def test_what_cannot_be_squared_is_refused_without_a_warning(size, weight, words):
    """Whatever the weight of its row."""
    X, y = regression(n=20, d=5)
    w = np.ones(20)
    X[3, 2], w[3] = size, weight
    with pytest.raises(ValueError, match=words):
        GDLinearRegressor(solver="spectral").fit(X, y, w)


def test_moments_that_are_known_are_not_made_again(monkeypatch):
    """A tuner's sums serve the advice on scaling after its last descent."""
    problem = rows(30, 4)
    known = problem.moments()
    monkeypatch.setattr(RowsInMemory, "moments", lambda _: 1 / 0)
    _, _, have = solve.solve(problem, zeros(problem), solve.Terms(None, None, 5), "auto", known)
    assert have.made() is known


def test_a_single_row_spans_no_surface():
    """Its one direction is said, and two parameters still make a picture."""
    display = pytest.importorskip("matplotlib") and LossSurfaceDisplay
    model = GDLinearRegressor().fit([[1.0, 2.0, -1.0]], [1.0])
    with pytest.raises(
        ValueError, match="single row has one: pass parameters, two of intercept, x0"
    ):
        display.from_estimator(model)
    assert display.from_estimator(model, parameters=("x0", "x1")).names == ("x0", "x1")
