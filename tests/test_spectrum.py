"""Spectra of sums, of rows and of both together: one problem, with the digits that each has."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import EPS, regression
from sklearn_gd._descent.few import decomposed
from sklearn_gd._descent.moments import Moments, moments_of
from sklearn_gd._descent.problem import RowsInMemory, refine, zeros
from sklearn_gd._descent.spectrum import Spectrum, eigenbasis, from_singular_values
from sklearn_gd._descent.whitening import Whitening, _root, refined, whitened_sums


def problem(n=30, d=3, k=2, scale=1.0, seed=0, weighted=False):
    X, y = regression(n=n, d=d, k=k, seed=seed)
    w = np.random.default_rng(seed).random(n) if weighted else None
    return RowsInMemory(scale * X, y, w, True)


def by_hand(curvature, b, y_square, unit=EPS):
    """Sums of unit weight whose H is diagonal, of two columns and a target, without intercept."""
    sums = np.zeros((4, 4))
    sums[0, 0], sums[3, 3] = 1.0, y_square
    sums[[1, 2], [1, 2]] = curvature
    sums[3, 1:3] = sums[1:3, 3] = b
    return Moments(sums, 1, 100, unit)


def assert_same_problem(found, expected, start, digits):
    """The same losses, slopes and floor at the start, in however many directions."""
    for spectrum in (found, expected):
        assert_array_equal(spectrum.start, start)
    curvature = [np.sort(s.curvature[s.felt]) for s in (found, expected)]
    assert_allclose(*curvature, rtol=digits)
    assert found.least_loss == pytest.approx(expected.least_loss, rel=digits, abs=0)
    slopes = [
        s.basis @ (np.sqrt(s.curvature)[:, np.newaxis] * s.residual) for s in (found, expected)
    ]
    assert_allclose(*slopes, rtol=digits, atol=digits)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(("d", "k"), [(3, 2), (0, 3), (5, 1)])
def test_sums_rows_and_both_show_the_same_problem(d, k, started, scale, weighted):
    """Of any size, from any start, with more targets than parameters or fewer."""
    rows = problem(d=d, k=k, scale=scale, weighted=weighted)
    start = zeros(rows) + started * np.linspace(-1, 2, zeros(rows).size).reshape(-1, k)
    of_rows = decomposed(rows, start, 10**9)
    of_sums = eigenbasis(moments_of(rows), start, True)
    assert_same_problem(of_sums, of_rows, start, 1e-7)
    assert_same_problem(refine(rows, of_sums), of_rows, start, 1e-11)
    other = eigenbasis(moments_of(problem(d=d, k=k, scale=scale, seed=1)), start, True)
    assert_same_problem(refine(rows, other), of_rows, start, 1e-11)


def test_columns_of_several_blocks_show_the_same_problem():
    """More than are whitened at once, some nearly alike."""
    rows = problem(n=300, d=110)
    rows.X[:, 40:80] = rows.X[:, :40] + 1e-4 * rows.X[:, 40:80]
    start = np.linspace(-1, 2, zeros(rows).size).reshape(-1, 2)
    of_sums = eigenbasis(moments_of(rows), start, True)
    assert_same_problem(refine(rows, of_sums), decomposed(rows, start, 10**9), start, 1e-10)


def test_what_a_refined_spectrum_is_known_to():
    """Roundings of the rows' own, in their unit; curvatures have no error to speak of."""
    rows = problem()
    sums = moments_of(rows)
    for unit in (EPS, 1e-12):
        coarse = eigenbasis(Moments(sums.sums, 2, 30, unit), zeros(rows), True)
        assert (coarse.unit, coarse.error) == (unit, 10 * unit)
        size = float(np.sum(rows.y**2)) / 30
        assert coarse.rounding == pytest.approx(4 * unit * size, rel=1e-12, abs=0)
        white = Whitening.of(coarse)
        fine = refined(coarse, white, whitened_sums(rows, white) / rows.weight)
        assert (fine.unit, fine.error) == (unit, 0.0)
        assert fine.rounding == pytest.approx(unit * coarse.rounding, rel=1e-12, abs=0)
        assert fine.slope_error == 0.0


def test_a_factor_whitens_the_rows_it_was_made_of():
    """F'F is H, also along directions held above rounding; what is known lies in felt ones."""
    rows = problem()
    coarse = eigenbasis(moments_of(rows), zeros(rows), True)
    white = Whitening.of(coarse)
    assert_allclose(white.factor.T @ white.factor, moments_of(rows).hessian(True), rtol=1e-12)
    assert np.linalg.norm(white.known) == pytest.approx(np.linalg.norm(coarse.residual), rel=1e-13)
    Z = np.column_stack([np.ones(30), rows.X])
    sums = whitened_sums(rows, white) / 30
    assert_allclose(sums[:4, :4], np.eye(4), atol=1e-13)
    left = rows.y - Z @ np.linalg.lstsq(Z, rows.y, rcond=None)[0]
    assert_allclose(sums[4:, 4:], left.T @ left / 30, rtol=1e-12)
    twice = RowsInMemory(np.column_stack([rows.X, rows.X]), rows.y, None, True)
    coarse = eigenbasis(moments_of(twice), zeros(twice), True)
    assert coarse.felt.sum() == 4
    known = Whitening.of(coarse).known
    felt = coarse.residual[coarse.felt]
    assert np.linalg.norm(known) == pytest.approx(np.linalg.norm(felt), rel=1e-13)


def test_rows_of_nothing_have_no_directions():
    """All zeros: nothing to scale by, no slope, and all of the loss is its floor."""
    rows = RowsInMemory(np.zeros((6, 2)), np.arange(6.0)[:, np.newaxis], None, False)
    coarse = eigenbasis(moments_of(rows), zeros(rows), False)
    white = Whitening.of(coarse)
    assert_allclose(white.factor.T @ white.factor, np.eye(2), atol=1e-15)
    assert not white.known.any()
    for spectrum in (coarse, refine(rows, coarse), decomposed(rows, zeros(rows), 10**9)):
        assert spectrum.least_loss == pytest.approx(55 / 12, rel=1e-15)
        assert not spectrum.felt.any()
        assert not spectrum.residual.any()
        assert spectrum.largest_curvature == 0.0


@pytest.mark.parametrize(
    ("b", "y_square", "moves"),
    [(3e-9, 1e12, False), (4e-9, 1e12, True), (3e-15, 1.0, False), (4e-15, 1.0, True)],
)
@pytest.mark.parametrize("unit", [EPS, 16 * EPS])
def test_a_flat_direction_with_a_slope_is_no_rounding(b, y_square, moves, unit):
    """Slopes up to 16 roundings of the largest possible one are; others keep their descent."""
    b *= unit / EPS
    spectrum = eigenbasis(by_hand([1e-18, 1.0], [b, 0.5], y_square, unit), np.zeros((2, 1)), False)
    null = 18 * unit
    assert spectrum.null_below == null
    assert spectrum.curvature.tolist() == [null, 1.0]
    assert spectrum.felt.tolist() == [False, True]
    assert abs(spectrum.residual[0, 0]) == (pytest.approx(b / np.sqrt(null)) if moves else 0.0)
    assert abs(spectrum.residual[1, 0]) == pytest.approx(0.5)
    assert spectrum.felt_curvature.tolist() == [1.0]


def test_curvatures_of_exactly_nothing_are_held_too():
    """Beside a slope that they cannot have."""
    spectrum = eigenbasis(by_hand([0.0, 0.25], [0.0, 0.5], 1.0), np.zeros((2, 1)), False)
    assert spectrum.curvature.tolist() == [18 * EPS * 0.25, 0.25]
    assert abs(spectrum.residual.ravel()).tolist() == [0.0, 1.0]
    assert spectrum.least_loss == pytest.approx(0.0, abs=1e-15)


def test_singular_values_below_rounding_are_flat():
    """What lies along them stays in the loss; the others are squared."""
    unit = 1e-3
    spectrum = from_singular_values(
        np.zeros((4, 1)),
        np.array([2.0, 1.0, 0.03]),
        partial(Spectrum, basis=np.eye(4)[:, :3]),
        np.array([[1.0], [2.0], [3.0]]),
        left_over=0.5,
        rounding=1e-9,
        unit=unit,
    )
    null = 20 * unit * 2.0
    assert_allclose(spectrum.curvature, [4.0, 1.0, null**2], rtol=1e-15)
    assert spectrum.residual.tolist() == [[1.0], [2.0], [0.0]]
    assert spectrum.floor == 0.5 * (0.5 + 9.0)
    assert spectrum.null_below == pytest.approx(null**2, rel=1e-15)
    assert spectrum.felt.tolist() == [True, True, False]
    assert (spectrum.error, spectrum.rounding, spectrum.unit) == (0.0, 1e-9, unit)


def test_no_singular_values_are_a_spectrum_too():
    """Of no columns: the loss is what is left over."""
    kind = partial(Spectrum, basis=np.zeros((0, 0)))
    spectrum = from_singular_values(np.zeros((0, 1)), np.zeros(0), kind, np.zeros((0, 1)), 3.0, 0.0)
    assert (spectrum.least_loss, spectrum.largest_curvature, spectrum.unit) == (1.5, 0.0, EPS)


def test_the_resolution_is_what_slopes_and_roundings_leave():
    """The rounding of the first loss, and the error of slopes over their curvatures."""
    rows = problem()
    spectrum = eigenbasis(moments_of(rows), zeros(rows), True)
    size = spectrum.rounding / (4 * EPS)
    slope = 10 * EPS * np.sqrt(spectrum.curvature.max() * size)
    assert spectrum.slope_error == pytest.approx(slope, rel=1e-12, abs=0)
    far = np.sqrt(np.sum(spectrum.residual**2 / spectrum.curvature[:, np.newaxis]))
    expected = spectrum.rounding + slope * far
    assert spectrum.resolution == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("least", [1.0, 1e-6, 1e-14, 0.0])
def test_a_root_of_whitened_sums_is_one_and_solves_with_them(least):
    """By Cholesky where every direction is there, else without those that are not."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    gain = np.append(rng.uniform(0.5, 1.0, 7), least)
    squares, products = turn * gain @ turn.T, turn[:, :7] @ rng.standard_normal((7, 2))
    root, across = _root(squares, products, EPS)
    assert np.array_equal(root, np.triu(root)) == (least >= 1e-6)
    assert_allclose(root.T @ root, squares, rtol=0, atol=1e-14)
    assert_allclose(root.T @ across, products, rtol=0, atol=1e-13)
