"""Singular vectors kept as reflections: those of a whole decomposition, whatever the shape."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import CONTRACT, EPS, regression
from sklearn_gd._descent import few, lapack
from sklearn_gd._descent.divided import Divided
from sklearn_gd._descent.problem import RowsInMemory, zeros
from sklearn_gd._descent.solve import Terms, solve
from sklearn_gd._descent.spectrum import Spectrum
from sklearn_gd._descent.turned import (
    FEWEST_COLUMNS,
    FEWEST_IN_TRIANGLE,
    FEWEST_NUMBERS,
    RightReflections,
    decompose,
)

# Small; long; nearly square; square; long with many columns; a single column.
SHAPES = [(9, 4), (3000, 5), (130, 110), (120, 120), (400, 101), (20_000, 1), (1, 1)]


@pytest.fixture(params=["divided", "formed", "dgesdd"])
def divided(request, monkeypatch):
    """Whether singular vectors are left divided; or without what SciPy has for Cython alone."""
    monkeypatch.setattr(lapack, "HAS_BIDIAGONAL", request.param != "dgesdd")
    return request.param == "divided"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_a_matrix_is_put_together_again(m, n, wide, divided):
    """U diag(sigma) V', with orthonormal columns of either, sigma as LAPACK has it."""
    matrix = np.random.default_rng(m).standard_normal((m, n))
    rows = matrix.T if wide else matrix
    y = np.random.default_rng(0).standard_normal((len(rows), 3))
    kept = y.copy()
    sigma, along, left_over, directions = decompose(
        np.array(matrix, order="F"), y, wide=wide, divided=divided
    )
    assert_array_equal(y, kept)
    V = directions.of(np.eye(n))
    assert V.shape == (rows.shape[1], n)
    assert_allclose(V.T @ V, np.eye(n), atol=1e-13)
    size = sigma[0]
    assert_allclose(sigma, np.linalg.svd(matrix, compute_uv=False), rtol=0, atol=1e-14 * size)
    turned = rows @ V  # U diag(sigma)
    assert_allclose(turned @ V.T, rows, rtol=0, atol=1e-13 * size)
    assert_allclose(turned.T @ turned, np.diag(sigma**2), rtol=0, atol=1e-13 * size**2)
    assert_allclose(sigma[:, np.newaxis] * along, V.T @ rows.T @ y, atol=1e-12 * size)
    rest = y - rows @ np.linalg.lstsq(rows, y, rcond=None)[0]
    assert left_over == pytest.approx(np.sum(rest**2), rel=1e-12, abs=1e-24 * m)


def test_which_are_reflected_and_which_are_not():
    """Many numbers by a triangle first, many columns by a bidiagonal matrix."""
    numbers, columns, triangle = FEWEST_NUMBERS, FEWEST_COLUMNS, FEWEST_IN_TRIANGLE
    of = {
        (9, 4): (0, 0),
        (numbers // 8, 8): (0, 0),
        (numbers // 8 + 1, 8): (0, 1),
        (columns, columns): (1, 1),
        (columns, columns - 1): (0, 0),
        (2 * triangle + 1, triangle): (1, 2),
        (4 * triangle, triangle - 1): (0, 1),
    }
    for (m, n), expected in of.items():
        counts = []
        for wide in (False, True):
            matrix = np.asfortranarray(np.random.default_rng(0).random((m, n)))
            found = decompose(matrix, np.ones((n if wide else m, 1)), wide=wide, divided=True)
            counts.append(len(found.directions.reflections))
        assert tuple(counts) == expected


@pytest.mark.parametrize("m", [110, 300])
def test_graded_columns_keep_their_small_singular_values(m, divided):
    """Large ones first, each to its own digits, where singular vectors are formed."""
    scales = np.geomspace(1.0, 1e-9, 105)
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((m, 105)))[0]
    matrix, y = np.asfortranarray(Q * scales), np.ones((m, 1))
    sigma = decompose(matrix, y, wide=False, divided=divided).sigma
    digits = {"rtol": 0, "atol": lapack.DIVIDED_ERROR} if divided else {"rtol": 1e-12}
    assert_allclose(sigma, scales, **digits)


BIDIAGONAL = {
    "random": lambda rng, n: (rng.standard_normal(n), rng.standard_normal(n - 1)),
    "nothing": lambda rng, n: (np.zeros(n), np.zeros(n - 1)),
    "the identity": lambda rng, n: (np.ones(n), np.zeros(n - 1)),
    "a shift": lambda rng, n: (np.zeros(n), np.ones(n - 1)),
    "nearly a shift": lambda rng, n: (np.full(n, 1e-17), np.ones(n - 1)),
    "in blocks": lambda rng, n: (np.ones(n), np.where(np.arange(n - 1) % 5, 1.0, 0.0)),
    "lacking rank": lambda rng, n: (np.where(np.arange(n) % 7, 1.0, 0.0), np.ones(n - 1)),
    "graded": lambda rng, n: (np.geomspace(1, 1e-300, n), np.geomspace(1, 1e-300, n - 1)),
    "graded upwards": lambda rng, n: (np.geomspace(1e-20, 1, n), np.geomspace(1e-20, 1, n - 1)),
    "large": lambda rng, n: (1e200 * rng.standard_normal(n), 1e200 * rng.standard_normal(n - 1)),
    "small": lambda rng, n: (1e-200 * rng.standard_normal(n), 1e-200 * rng.standard_normal(n - 1)),
    "clusters": lambda rng, n: (np.repeat(np.arange(n), 4)[:n] + 1.0, np.full(n - 1, 1e-8)),
}


@pytest.mark.parametrize("turned_over", [False, True])
@pytest.mark.parametrize("n", [lapack.UNDIVIDED + 1, 34, 35, 200])
@pytest.mark.parametrize("kind", BIDIAGONAL)
def test_divided_vectors_are_singular_vectors(kind, n, turned_over):
    """Of bidiagonal matrices of every kind, whole or in blocks, of full rank or not."""
    diagonal, above = BIDIAGONAL[kind](np.random.default_rng(n), n)
    sigma, vectors = Divided.of_bidiagonal(diagonal, above, turned_over)
    matrix = np.diag(diagonal) + np.diag(above, 1)
    matrix = matrix.T if turned_over else matrix
    U, V = vectors.back(np.eye(n)).T, vectors.of(np.eye(n))
    for side in (U, V):
        assert_allclose(side.T @ side, np.eye(n), atol=1e-13)
    assert (np.diff(sigma) <= 0).all()
    assert sigma[-1] >= 0
    size = max(np.abs(diagonal).max(), np.abs(above).max())
    exact = np.linalg.svd(matrix, compute_uv=False)
    assert_allclose(sigma, exact, rtol=0, atol=lapack.DIVIDED_ERROR * exact[0])
    assert_allclose(U * sigma @ V.T, matrix, rtol=0, atol=4 * lapack.DIVIDED_ERROR * size)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "d"), [(150, 110), (110, 110), (105, 150), (105, 400)])
def test_many_columns_of_few_rows_descend_as_sums_of_them_say(n, d, weighted, divided):
    """J at the start, its slopes, and the directions, unformed or formed."""
    X, y = regression(n=n, d=d, k=2)
    w = np.random.default_rng(0).uniform(0.5, 2.0, n) if weighted else None
    rows = RowsInMemory(X, y, w, True)
    start = np.linspace(-1, 1, zeros(rows).size).reshape(-1, 2)
    updates = few.MOST_DIVIDED if divided else few.MOST_DIVIDED + 1
    spectrum = few.decomposed(rows, start, updates)
    loss, gradient = rows.loss_and_gradient(start)
    assert 0.5 * np.sum(spectrum.residual**2) + spectrum.floor == pytest.approx(loss, rel=1e-12)
    slopes = -np.sqrt(spectrum.curvature)[:, np.newaxis] * spectrum.residual
    size = np.abs(gradient).max()
    assert_allclose(spectrum.lift(slopes.T).T, gradient, rtol=0, atol=1e-12 * size)
    many = np.repeat(slopes.T, len(slopes), axis=0)  # for which directions are formed
    assert_allclose(spectrum.lift(many)[0], gradient[:, 0], rtol=0, atol=1e-12 * size)
    assert type(spectrum) is Spectrum or "basis" not in vars(spectrum)
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
    for find, lost in (
        (lapack.singular, np.nan),
        (lapack.divided, np.nan),
        (lapack.divided, np.inf),
    ):
        with pytest.raises(np.linalg.LinAlgError, match="^Singular values did not converge$"):
            find(np.array([1.0, lost, 2.0]), np.ones(2))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("m", [70, 300])
def test_a_product_leaves_the_reflections_alone(m, wide, divided):
    """Other threads may be multiplying, or a file be mapped to memory and not to be written to."""
    matrix = np.asfortranarray(np.random.default_rng(0).standard_normal((m, 66)))
    y = np.ones((66 if wide else m, 1))
    directions = decompose(matrix, y, wide=wide, divided=divided).directions
    once = directions.of(np.eye(66))
    for reflections in directions.reflections:
        vectors, count = reflections.vectors, reflections.factors.size
        assert (np.diagonal(vectors)[:count] == 1.0).all()
        if isinstance(reflections, RightReflections):
            assert (np.diagonal(vectors, 1)[: count - 1] == 1.0).all()
            assert len(vectors) == 66
        vectors.flags.writeable = False
    assert len(directions.reflections) == (divided or lapack.HAS_BIDIAGONAL) + (wide and m == 300)
    assert_array_equal(directions.of(np.eye(66)), once)
    assert_allclose(directions.of(np.eye(66)[:, :1]), once[:, :1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("wide", [False, True])
def test_reflections_of_no_columns_are_none(wide, divided):
    """As of a path whose every direction is at rest."""
    matrix = np.asfortranarray(np.random.default_rng(0).standard_normal((300, 120)))
    y = np.ones((120 if wide else 300, 1))
    directions = decompose(matrix, y, wide=wide, divided=divided).directions
    assert directions.of(np.empty((120, 0))).shape == (300 if wide else 120, 0)


def awkward(kind, n, d):
    """Columns whose singular values divide and conquer finds hard to tell apart, or from zero."""
    rng = np.random.default_rng(d)
    X = rng.standard_normal((n, d))
    left, right = (np.linalg.qr(rng.standard_normal((m, 60)))[0] for m in (n, d))
    return {
        "alike": np.c_[X[:, ::2], X[:, ::2] + 1e-6 * X[:, : d - d // 2]][:, :d],
        "offset": X + 100.0,
        "falling off": X * np.arange(1, d + 1) ** -1.5,
        "on many scales": X * np.geomspace(1.0, 1e-8, d),
        "lacking rank": X[:, :40] @ X[:40],
        # On their way after 2000 updates, and one almost as the next.
        "in a cluster": left
        * np.where(np.arange(60) < 5, 10.0, 0.2 + 1e-12 * np.arange(60))
        @ right.T,
    }[kind]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no 80-bit arithmetic here")
@pytest.mark.parametrize(("n", "d"), [(100, 80), (80, 100), (75, 300)])
@pytest.mark.parametrize(
    "kind", ["alike", "offset", "falling off", "on many scales", "lacking rank", "in a cluster"]
)
def test_divided_vectors_hold_the_contract(kind, n, d):
    """Twelve digits after as many updates as they are left divided for, against 80 bits."""
    X = awkward(kind, n, d)
    rng = np.random.default_rng(0)
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    rows, t = RowsInMemory(X, y[:, np.newaxis], None, True), few.MOST_DIVIDED
    descent, _, _ = solve(rows, zeros(rows), Terms(None, None, t), "spectral")
    assert isinstance(descent.spectrum.turned.numbers, Divided)
    Z = np.column_stack([np.ones(n), X]).astype(np.longdouble)
    hessian, slope = Z.T @ Z / n, Z.T @ y.astype(np.longdouble) / n
    theta = np.zeros(d + 1, np.longdouble)
    for _ in range(t):
        theta -= np.longdouble(descent.lr) * (hessian @ theta - slope)
    off = np.linalg.norm((descent.theta(t)[:, 0] - theta).astype(float))
    assert off <= CONTRACT * np.linalg.norm(theta.astype(float))
    loss = float(np.mean((Z @ theta - y) ** 2) / 2)
    roundings = 16 * EPS * np.sqrt(np.mean(y**2) * loss)
    assert abs(float(descent.loss(t)) - loss) <= CONTRACT * loss + roundings


def test_a_long_descent_has_its_vectors_formed():
    """Those of fewer updates need not be as exact."""
    rows = RowsInMemory(*regression(n=150, d=110, k=1), None, True)
    kinds = []
    for updates in (few.MOST_DIVIDED, few.MOST_DIVIDED + 1):
        descent, _, _ = solve(rows, zeros(rows), Terms(None, None, updates), "spectral")
        kinds.append(type(descent.spectrum.turned.numbers))
    assert kinds == [Divided, np.ndarray]
