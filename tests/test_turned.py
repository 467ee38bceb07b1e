"""Singular vectors kept as reflections: those of a whole decomposition, whatever the shape."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import regression
from sklearn_gd._descent import few, lapack
from sklearn_gd._descent.problem import RowsInMemory, zeros
from sklearn_gd._descent.turned import FEWEST_COLUMNS, FEWEST_NUMBERS, singular

# Small; long; nearly square; square; long with many columns; a single column.
SHAPES = [(9, 4), (3000, 5), (130, 110), (120, 120), (400, 101), (20_000, 1), (1, 1)]


@pytest.fixture(params=[True, False], ids=["bidiagonal", "dgesdd"])
def _routines(request, monkeypatch):
    """With and without what SciPy has for Cython alone."""
    monkeypatch.setattr(lapack, "HAS_BIDIAGONAL", request.param)


@pytest.mark.usefixtures("_routines")
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_a_matrix_is_put_together_again(m, n):
    """U diag(sigma) V', with orthonormal columns of either, sigma as LAPACK has it."""
    matrix = np.random.default_rng(m).standard_normal((m, n))
    left, sigma, right = singular(np.array(matrix, order="F"))
    U, V = left.of(np.eye(n)), right.of(np.eye(n))
    assert (U.shape, V.shape) == ((m, n), (n, n))
    size = np.linalg.norm(matrix, 2)
    assert_allclose(sigma, np.linalg.svd(matrix, compute_uv=False), rtol=0, atol=1e-14 * size)
    assert_allclose((U * sigma) @ V.T, matrix, rtol=0, atol=1e-14 * size)
    for columns in (U, V):
        assert_allclose(columns.T @ columns, np.eye(n), atol=1e-13)
    some = np.random.default_rng(0).standard_normal((m, 3))
    kept = some.copy()
    assert_allclose(left.back(some), U.T @ some, atol=1e-13 * np.sqrt(m))
    assert_allclose(right.back(some[:n]), V.T @ some[:n], atol=1e-13 * np.sqrt(m))
    assert_array_equal(some, kept)


def test_which_are_reflected_and_which_are_not():
    """Many numbers by a triangle first, many columns by a bidiagonal matrix."""
    numbers, columns = FEWEST_NUMBERS, FEWEST_COLUMNS
    of = {
        (9, 4): (0, 0),
        (numbers // 8, 8): (0, 0),
        (numbers // 8 + 1, 8): (1, 0),
        (columns, columns): (1, 1),
        (columns, columns - 1): (0, 0),
        (2 * columns, columns): (2, 1),
    }
    for (m, n), expected in of.items():
        left, _, right = singular(np.asfortranarray(np.random.default_rng(0).random((m, n))))
        assert (len(left.reflections), len(right.reflections)) == expected


@pytest.mark.usefixtures("_routines")
@pytest.mark.parametrize("m", [110, 300])
def test_graded_columns_keep_their_small_singular_values(m):
    """Large ones first, each to its own digits."""
    scales = np.geomspace(1.0, 1e-9, 105)
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((m, 105)))[0]
    assert_allclose(singular(np.asfortranarray(Q * scales))[1], scales, rtol=1e-12)


@pytest.mark.usefixtures("_routines")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "d"), [(150, 110), (110, 110), (105, 150), (105, 400)])
def test_many_columns_of_few_rows_descend_as_sums_of_them_say(n, d, weighted):
    """J at the start, its slopes, and the directions, unformed or formed."""
    X, y = regression(n=n, d=d, k=2)
    w = np.random.default_rng(0).uniform(0.5, 2.0, n) if weighted else None
    rows = RowsInMemory(X, y, w, True)
    start = np.linspace(-1, 1, zeros(rows).size).reshape(-1, 2)
    spectrum = few.decomposed(rows, start)
    loss, gradient = rows.loss_and_gradient(start)
    assert 0.5 * np.sum(spectrum.residual**2) + spectrum.floor == pytest.approx(loss, rel=1e-12)
    slopes = -np.sqrt(spectrum.curvature)[:, np.newaxis] * spectrum.residual
    size = np.abs(gradient).max()
    assert_allclose(spectrum.lift(slopes.T).T, gradient, rtol=0, atol=1e-12 * size)
    assert_allclose(spectrum.basis @ slopes, gradient, rtol=0, atol=1e-12 * size)
    again = pickle.loads(pickle.dumps(spectrum))
    assert_array_equal(again.lift(slopes.T), spectrum.lift(slopes.T))


def test_a_routine_is_taken_only_with_the_arguments_it_is_called_with():
    """Another integer or another name and there is none: nothing is called by accident."""
    assert lapack.HAS_BIDIAGONAL
    assert lapack._routine("dgebrd", "iididddddii") is not None
    assert lapack._routine("dgebrd", "iididddddi") is None
    assert lapack._routine("sgebrd", "iisisssssii") is None
    assert lapack._routine("dnothing", "i") is None


def test_singular_values_that_are_not_found_are_an_error():
    """LAPACK says so by a number, and finds none of what is not finite."""
    with pytest.raises(np.linalg.LinAlgError, match="^Singular values did not converge$"):
        lapack.singular(np.array([1.0, np.nan, 2.0]), np.ones(2))


def test_reflections_of_no_columns_are_none():
    """As of a path whose every direction is at rest."""
    matrix = np.random.default_rng(0).standard_normal((300, 120))
    left, _, right = singular(np.asfortranarray(matrix))
    for side, size in ((left, 300), (right, 120)):
        assert side.of(np.empty((120, 0))).shape == (size, 0)
