"""Laws of cuts through the loss, and of the surface of errors that tuning searches."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import EPS, literal_loop
from sklearn_gd._descent import folds as folds_module
from sklearn_gd._descent import surface
from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.section import least_squares, most_telling, section, whole
from sklearn_gd._descent.short import _without_directions
from sklearn_gd._descent.spectrum import eigenbasis
from sklearn_gd._descent.surface import Grid

W = np.linspace(0.5, 2.0, 40)


def rows_of(seed=0, n=40, intercept=True, weighted=True):
    """Some rows with two targets."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3)) * [1.0, 0.6, 0.2] + 0.3
    y = X @ rng.standard_normal((3, 2)) + 0.5 * rng.standard_normal((n, 2)) + [1.0, 2.0]
    return RowsInMemory(X, y, W[:n] if weighted else None, intercept)


def spectrum_of(rows, start=None):
    start = np.zeros((rows.n_parameters, 2)) if start is None else start
    return eigenbasis(moments_of(rows), start, rows.fit_intercept)


def design(rows):
    return np.column_stack([np.ones(len(rows.X)), rows.X]) if rows.fit_intercept else rows.X


def mean_loss(rows, theta):
    """J, over both targets."""
    w = np.ones(len(rows.X)) if rows.sample_weight is None else rows.sample_weight
    return 0.5 * np.average(np.sum((rows.y - design(rows) @ theta) ** 2, axis=1), weights=w)


def test_a_cut_is_the_loss_along_directions():
    """J at least squares and a step along one target's directions is the cut's quadratic."""
    rows, rng = rows_of(), np.random.default_rng(1)
    start = rng.standard_normal((4, 2))
    descent = Descent(spectrum_of(rows, start), 0.1)
    best, directions = least_squares(descent), rng.standard_normal((4, 2))
    root = np.sqrt(rows.sample_weight)[:, None]
    assert_allclose(best, np.linalg.lstsq(root * design(rows), root * rows.y, rcond=None)[0])
    cut = section(descent, directions)
    for target in (0, 1):
        for offset in ([0.0, 0.0], [1.0, -0.5], [0.3, 2.0]):
            theta, offset = best.copy(), np.array(offset)
            theta[:, target] += directions @ offset
            assert cut.floor + 0.5 * offset @ cut.curvature @ offset == pytest.approx(
                mean_loss(rows, theta)
            )


def upright(directions):
    """Each with its heaviest parameter rising."""
    heaviest = np.abs(directions).argmax(axis=0)
    return directions * np.sign(directions[heaviest, np.arange(directions.shape[1])])


def test_the_most_telling_directions_hold_the_most_loss():
    """The two of the largest residuals of that target; of equal ones the first; of none, all."""
    spectrum = spectrum_of(rows_of())
    residual = np.array([[1.0, 0.5], [-3.0, 0.5], [2.0, 0.5], [0.0, 0.5]])
    turned = Descent(replace(spectrum, residual=residual), 0.1)
    directions, share = most_telling(turned, 0)
    assert np.array_equal(directions, upright(spectrum.basis[:, [1, 2]]))
    assert share == pytest.approx(13 / 14)
    directions, share = most_telling(turned, 1)
    assert np.array_equal(directions, upright(spectrum.basis[:, [0, 1]]))
    assert share == pytest.approx(0.5)
    directions, share = most_telling(Descent(replace(spectrum, residual=0 * residual), 0.1), 0)
    assert directions.shape == (4, 2)
    assert share == 1.0
    rng = np.random.default_rng(0)  # ties among many stay in their order
    many = replace(
        spectrum, basis=rng.random((60, 60)), curvature=np.ones(60), residual=np.ones((60, 1))
    )
    assert np.array_equal(most_telling(Descent(many, 0.1), 0)[0], many.basis[:, :2])


def test_a_cut_needs_all_directions():
    """Of a space with fewer no cut is made, and what to do instead is said."""
    spectrum = spectrum_of(rows_of())
    assert whole(spectrum) is spectrum
    message = (
        "This needs all directions of the problem, but the solver kept only what the descent "
        "needed. Fit with solver='spectral', where X has few enough columns."
    )
    fewer = _without_directions(spectrum.start, sizes=1.0)
    for ask in (
        lambda: whole(fewer),
        lambda: section(Descent(fewer, 0.1), np.eye(4)),
        lambda: least_squares(Descent(fewer, 0.1)),
        lambda: most_telling(Descent(fewer, 0.1), 0),
    ):
        with pytest.raises(ValueError, match="This needs") as caught:
            ask()
        assert str(caught.value) == message


@pytest.mark.parametrize(("p", "k", "most"), [(1000, 1, 44), (998, 3, 44), (4, 1, 1242756)])
def test_sums_that_may_be_held(p, k, most):
    """Three of every fold's square sums of (1 + p + k)^2 numbers fit in a gibibyte."""
    problem = SimpleNamespace(n_parameters=p, n_targets=k)
    assert folds_module.may_be_held(problem, most)
    assert not folds_module.may_be_held(problem, most + 1)


def test_sums_that_fit_exactly_may_be_held(monkeypatch):
    """The limit itself is allowed."""
    problem = SimpleNamespace(n_parameters=2, n_targets=1)
    monkeypatch.setattr(folds_module, "HELD_SUMS_BYTES", 3 * 8 * 16 * 5)
    assert folds_module.may_be_held(problem, 5)
    assert not folds_module.may_be_held(problem, 6)


@pytest.mark.parametrize("index", [[3, 4, 5], [9, 1, 1, 7, 30, 2], [12, 11, 13]])
def test_measures_of_an_index_add_up(index, monkeypatch):
    """However many pieces its rows come in; counted, a row weighs as often as it is named."""
    monkeypatch.setattr(folds_module, "TAKEN_BYTES", 1)
    rows, index = rows_of(), np.array(index)
    total = folds_module.over(rows, index, lambda part: part.y.T @ part.sample_weight)
    assert_allclose(total, rows.y[index].T @ W[index])
    counts = folds_module.counted(rows, index).sample_weight
    assert counts.shape == (40,)
    assert_allclose(counts, W * [np.sum(index == i) for i in range(40)])


def grid(lrs, iters, rounding=EPS):
    return Grid(np.asarray(lrs, float), np.asarray(iters), rounding)


def plain(curvature, residual):
    """A spectrum of these directions."""
    m, residual = len(curvature), np.asarray(residual, float)
    spectrum = spectrum_of(rows_of())
    return replace(
        spectrum,
        start=np.zeros((m, residual.shape[1])),
        basis=np.eye(m),
        curvature=np.asarray(curvature, float),
        residual=residual,
        floor=0.25,
        null_below=0.0,
    )


def test_a_grid_knows_its_size():
    """And whether so many updates below rounding would amount to something."""
    assert grid([0.1, 0.2], [0, 3, 7]).shape == (2, 3)
    assert grid([0.1, 0.2], [0, 3, 7]).last == 7
    assert not grid([1.0], [0, 4503]).rests
    assert grid([1.0], [0, 4504]).rests
    assert grid([1.0], [0, 1], rounding=1e-11).rests
    rows = [np.array([1.0, 2.0, 3.0]), np.array([4.0]), np.array([5.0, 6.0])]
    filled = grid([0.1, 0.2, 0.3], [0, 3, 7]).filled(rows)
    assert filled.tolist() == [[1.0, 2.0, 3.0], [4.0] * 3, [5.0, 6.0, 6.0]]


@pytest.mark.parametrize(
    ("lr", "iters", "steps"),
    [
        (0.5, [0, 10, 130], [0, 10, 130]),
        (0.5, [0, 10, 131], [0, 10, 131]),  # 0.75^131 is below half a rounding
        (0.5, [0, 10, 500, 900], [0, 10, 131]),
        (0.5, [0, 131, 500], [0, 131]),
        (0.1, [0, 10, 600], [0, 10, 600]),
        (2.0, [0, 10], [0, 1]),  # 1 - 2 * 1.0 stands and 1 - 2 * 0.5 is there at once
        (3.0, [0, 1, 2, 9], [0, 1, 2]),  # the loss rises soon
        (5.0, [0, 1, 2, 9], [0]),  # or at once
        (2.01, [0, 1, 2, 9], [0, 1]),
    ],
)
def test_updates_that_are_worth_scoring(lr, iters, steps):
    """Up to where no coefficient changes, or the loss rises; the last stands for the rest."""
    residual = [[1.0], [1.0], [0.0]] if lr < 2.0 else [[0.1], [1.0], [0.0]]
    if lr == 2.0:
        residual = [[0.0], [1.0], [0.0]]
    spectrum = plain([1.0, 0.5, 0.001], residual)
    (found,) = grid([lr], iters).steps(spectrum)
    assert found.tolist() == steps
    two = grid([0.1, lr], iters).steps(spectrum)
    assert two[1].tolist() == steps
    assert two[0][-1] == min(iters[-1], 730)


def test_where_nothing_moves_the_start_is_all():
    """A spectrum without residual, and one where rounding is coarse, end early."""
    assert grid([0.1, 9.0], [0, 5]).steps(plain([1.0], [[0.0]]))[0].tolist() == [0]
    spectrum = plain([1.0, 0.5], [[1.0], [1.0]])
    (rest,) = grid([0.5], [0, 10, 10**6], rounding=1e-3).steps(spectrum)
    assert rest[:2].tolist() == [0, 10]
    updates = 0.5 * np.sqrt(0.5) * 0.75 ** np.arange(100.0)  # along the slower direction
    size = np.sqrt(1.0 + 1.0 / 0.5)
    faster = 0.5 * 0.5 ** np.arange(100.0)
    first = int(np.argmax(np.hypot(updates, faster) <= 1e-3 * size))
    assert rest[2] == first


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_held_out_rows_are_seen_along_a_basis(intercept, weighted):
    """By moments or row by row the factor's square is that of the rows seen, over the weight."""
    spectrum = spectrum_of(rows_of(1, intercept=intercept), np.full((3 + intercept, 2), 0.7))
    rows = rows_of(2, n=15, intercept=intercept, weighted=weighted)
    Z, w = design(rows), W[:15] if weighted else np.ones(15)
    seen = np.column_stack([Z @ spectrum.basis, rows.y - Z @ spectrum.start])
    gram = seen.T @ (w[:, None] * seen) / w.sum()
    by_moments = surface.held_out_by_moments(spectrum, moments_of(rows), intercept)
    assert_allclose(by_moments.factor.T @ by_moments.factor, gram, atol=1e-12)
    squares = np.average(np.sum(rows.y**2, axis=1), weights=w)
    assert by_moments.resolution == pytest.approx(4 * EPS * squares, rel=1e-9, abs=0.0)
    whole_rows = surface.seen_along(spectrum, rows)
    assert whole_rows.weight == pytest.approx(w.sum())
    assert whole_rows.held_out().resolution == 0.0
    parts = [surface.seen_along(spectrum, rows.taken(part)) for part in (slice(0, 9), slice(9, 15))]
    added = parts[0] + parts[1]
    assert added.weight == pytest.approx(w.sum())
    width = len(spectrum.curvature) + 2
    for one in (whole_rows, added):
        factor = one.held_out().factor
        assert factor.shape == (width, width)
        assert_allclose(factor.T @ factor, gram, atol=1e-12)
        assert_allclose(one.held_out().along(3), factor[:, :3])
        assert_allclose(one.held_out().targets(3), factor[:, 3:])


@pytest.mark.parametrize(
    ("first", "second", "length"), [(0, 2, 2), (1, 2, 3), (2, 2, 3), (3, 9, 3)]
)
def test_factors_are_no_longer_than_wide(first, second, length):
    """What is appended keeps the square of both."""
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((first, 3)), rng.standard_normal((second, 3))
    both = surface.appended(A, B)
    assert both.shape == (length, 3)
    assert_allclose(both.T @ both, A.T @ A + B.T @ B, atol=1e-14)
    if first + second <= 3:
        assert np.array_equal(both, np.vstack([A, B]))


GRIDS = {
    "every": (np.arange(51), [0.05, 0.3, 0.9]),
    "few": (np.array([0, 1, 5, 7, 50]), [0.05, 0.3, 0.9]),
    "diverging": (np.arange(51), [0.3, 2.2, 2.01, 4.0]),
    "one": (np.array([3]), [0.3]),
    "two": (np.array([0, 1]), [0.3, 2.2]),
}


def brute(rows, held, lrs, iters):
    """Errors (n_lrs, n_iters) of textbook loops, each ended where its loss begins to rise."""
    w, out = W[: len(held.X)], []
    top = spectrum_of(rows).largest_curvature
    for lr in np.asarray(lrs) / top:
        thetas, losses = literal_loop(
            rows.X, rows.y, lr, int(iters[-1]) + 1, sample_weight=rows.sample_weight
        )
        rises = np.flatnonzero(np.diff(losses) >= 0)
        end = rises[0] if rises.size else int(iters[-1])
        squares = [(held.y - design(held) @ thetas[min(t, end)]) ** 2 for t in iters]
        out.append([np.average(s.mean(axis=1), weights=w) for s in squares])
    return np.array(out), top


@pytest.mark.parametrize("block", [1, 40, 300, 1 << 19])
@pytest.mark.parametrize("name", GRIDS)
def test_errors_are_those_of_textbook_loops(name, block, monkeypatch):
    """Of every rate and number of updates, in blocks of any size, tables or not."""
    monkeypatch.setattr(surface, "BLOCK_NUMBERS", block)
    rows, held = rows_of(), rows_of(5, n=20)
    iters, lrs = GRIDS[name]
    expected, top = brute(rows, held, lrs, iters)
    spectrum = spectrum_of(rows)
    for seen in (
        surface.held_out_by_moments(spectrum, moments_of(held), True),
        surface.seen_along(spectrum, held).held_out(),
    ):
        asked = grid(np.array(lrs) / top, iters)
        assert_allclose(surface.mean_squared_errors(spectrum, seen, asked), expected, rtol=1e-11)


@pytest.mark.parametrize("block", [1, 40, 1 << 19])
@pytest.mark.parametrize("name", GRIDS)
def test_gcv_by_hand(name, block, monkeypatch):
    """2 J over the targets and the squared share of freedom that is left; infinite without any."""
    monkeypatch.setattr(surface, "BLOCK_NUMBERS", block)
    rows = rows_of()
    iters, lrs = GRIDS[name]
    spectrum = spectrum_of(rows)
    lrs = np.array(lrs) / spectrum.largest_curvature
    felt, weight = spectrum.curvature, 3.5
    gcv, dof = surface.generalised_cross_validation(spectrum, felt, grid(lrs, iters), weight)
    for i, lr in enumerate(lrs):
        thetas, losses = literal_loop(
            rows.X, rows.y, lr, int(iters[-1]) + 1, sample_weight=rows.sample_weight
        )
        rises = np.flatnonzero(np.diff(losses) >= 0)
        end = rises[0] if rises.size else int(iters[-1])
        for j, t in enumerate(np.minimum(iters, end)):
            freedom = np.sum(1.0 - (1.0 - lr * felt) ** t)
            assert dof[i, j] == pytest.approx(freedom, abs=1e-12)
            left = 1.0 - freedom / weight
            value = losses[t] / left**2 if left > 0 else np.inf
            assert gcv[i, j] == pytest.approx(value, rel=1e-9)


def test_gcv_of_exact_fits():
    """With a loss of zero and no freedom left it is infinite, not a nan; freedom is exact."""
    spectrum = replace(plain([1.0, 1.0], [[1.0], [1.0]]), floor=0.0)
    gcv, dof = surface.generalised_cross_validation(
        spectrum, spectrum.curvature, grid([1.0, 0.5], [0, 1, 60]), 2.0
    )
    assert dof.tolist() == [[0.0, 2.0, 2.0], [0.0, 1.0, pytest.approx(2.0)]]
    assert gcv[0].tolist() == [2.0, np.inf, np.inf]
    # 1/4 of the loss of 2 J = 2 at half the freedom: (2 / 4) / (1/2)^2; and so on for ever.
    assert gcv[1] == pytest.approx([2.0, 2.0, 2.0])


def test_gcv_beyond_all_floats_is_infinite():
    """Where what is left of the freedom squares to nothing, no warning and no nan comes."""
    spectrum = plain([0.01], [[1.0]])
    asked = grid([1.0], [0, 1, 39, 60])
    gcv, dof = surface.generalised_cross_validation(spectrum, np.array([1 - 1e-4]), asked, 1.0)
    assert gcv[0, 0] == pytest.approx(1.5)
    assert gcv[0, 1] == pytest.approx((0.5 + 0.99**2) / 1e-8)
    assert gcv[0, 2:].tolist() == [np.inf, np.inf]
    assert dof[0] == pytest.approx([0.0, 1 - 1e-4, 1.0, 1.0])


def test_directions_without_curvature_score_as_they_stand():
    """A column of zeros moves nothing and divides nothing by zero."""
    spectrum = plain([1.0, 0.0], [[2.0], [0.0]])
    factor = np.array([[1.0, 3.0, 4.0], [0.0, 2.0, 1.0], [0.0, 0.0, 0.5]])
    seen = surface.HeldOut(factor, 0.0)
    asked = grid([0.5], [0, 1, 2])
    moved = 2.0 * np.array([0.0, 0.5, 0.75])
    expected = (4.0 - moved) ** 2 + 1.0 + 0.25
    assert_allclose(surface.mean_squared_errors(spectrum, seen, asked), [expected])
