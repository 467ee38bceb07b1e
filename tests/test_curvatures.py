"""What a few rows tell of all curvatures, and what the rule of choice makes of it."""

from __future__ import annotations

from math import exp, inf, sqrt

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from sklearn_gd._descent import prices
from sklearn_gd._descent.choice import Shape
from sklearn_gd._descent.curvatures import ROWS_ASKED, Curvatures, effective_rank, power_of
from sklearn_gd._descent.prices import KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS, SPECTRAL
from sklearn_gd._descent.problem import Gathered, RowsInMemory, moments_of
from sklearn_gd._descent.solve import Terms, solve


def rows(n, d, decay, fit_intercept=False):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) * np.arange(1, d + 1) ** -decay
    return RowsInMemory(X, X[:, :1] + 1.0, None, fit_intercept)


@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 1.0])
def test_a_few_rows_tell_the_effective_rank(decay):
    """64 of 5000 rows come near tr(H)^2 / tr(H^2), which is known from how columns are made.

    Within two standard errors of a mean square over so many rows.
    """
    curvature = np.arange(1, 401) ** (-2 * decay)
    expected = curvature.sum() ** 2 / (curvature**2).sum()
    assert rows(5000, 400, decay).effective_rank() == pytest.approx(
        expected, rel=2 / sqrt(ROWS_ASKED)
    )


def test_rows_are_asked_all_over_the_table():
    """Rows sorted by a group, each with a direction of its own, are not taken for one group."""
    group = np.repeat(np.arange(4), 250)
    rng = np.random.default_rng(0)
    X = np.eye(4)[group].repeat(2, axis=1) * rng.standard_normal((1000, 8))
    problem = RowsInMemory(X, X[:, :1], None, False)
    assert problem.effective_rank() == pytest.approx(8, rel=0.3)


def test_the_column_of_ones_counts():
    """Beside small features an intercept is nearly all there is; without one it is not there."""
    small = rows(500, 40, 0.0).X * 1e-3
    with_ones, without = (
        RowsInMemory(small, small, None, i).effective_rank() for i in (True, False)
    )
    assert with_ones == pytest.approx(1.0, abs=1e-3)
    assert without == pytest.approx(40, rel=0.3)


def test_rows_that_do_not_tell():
    """One row, rows of zeros, and numbers that are not finite, which are refused elsewhere."""
    assert effective_rank(np.ones((1, 5)), False) is None
    assert effective_rank(np.zeros((9, 5)), False) is None
    assert effective_rank(np.full((9, 5), np.nan), True) is None
    assert effective_rank(np.ones((9, 5)), False) == 1.0
    single = np.ones((9, 5), dtype=np.float32)
    assert RowsInMemory(single, np.ones((9, 1)), None, True).effective_rank() == pytest.approx(1.0)


def test_sums_know_their_effective_rank():
    """That of H, exactly; none where all is zero."""
    problem = rows(300, 20, 0.5, fit_intercept=True)
    Z = np.column_stack([np.ones(300), problem.X])
    curvature = np.linalg.eigvalsh(Z.T @ Z)
    gathered = Gathered(moments_of(problem), True, 1e-16)
    expected = curvature.sum() ** 2 / (curvature**2).sum()
    assert gathered.effective_rank() == pytest.approx(expected, rel=1e-12)
    nothing = RowsInMemory(np.zeros((9, 3)), np.ones((9, 1)), None, False)
    assert Gathered(moments_of(nothing), False, 1e-16).effective_rank() is None


def test_the_ratio_of_alike_columns_is_that_of_random_numbers():
    """Within a few percent on a matrix of them; infinite where it is square."""
    sizes = np.linalg.svd(rows(2000, 500, 0.0).X, compute_uv=False)
    assert Curvatures(2000, 500, 500.0).ratio == pytest.approx(sizes[0] / sizes[-1], rel=0.05)
    assert Curvatures(500, 2000, 2000.0).ratio == Curvatures(2000, 500, 500.0).ratio == 3.0
    assert Curvatures(2000, 500, 250.0).ratio == 6.0
    assert Curvatures(2000, 500, 999.0).ratio == 3.0  # a share above one is noise
    assert Curvatures(500, 500, 500.0).ratio == inf


@pytest.mark.parametrize("updates", [1, 5, 100, 10**6])
def test_the_gain_of_errors(updates):
    """At most the updates and the spread, and (1 - r^t) / curvature of the smallest curvature."""
    curvatures = Curvatures(2000, 500, 25.0)
    assert curvatures.gain(updates) <= min(updates, curvatures.spread)
    smallest = 1 / curvatures.spread
    exact = (1 - (1 - smallest) ** updates) / smallest
    assert curvatures.gain(updates) == pytest.approx(exact, rel=2e-3)
    assert Curvatures(500, 500, 500.0).gain(updates) == updates


@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize(("n", "d"), [(8000, 200), (2000, 500), (700, 500)])
def test_the_spread_of_curvatures_is_that_of_rows(n, d, decay):
    """As far as a thousand updates feel it, from the effective rank that rows were drawn from."""
    Z = np.column_stack([np.ones(n), rows(n, d, decay).X])
    curvature = np.linalg.eigvalsh(Z.T @ Z)
    curvature /= curvature[-1]
    gain = np.max((1 - (1 - curvature) ** 1000) / curvature)
    scales = np.append(1.0, np.arange(1.0, d + 1) ** -(2 * decay))
    rank = scales.sum() ** 2 / (scales**2).sum()
    assert Curvatures(n, d + 1, rank).gain(1000) == pytest.approx(gain, rel=0.25)


@pytest.mark.parametrize("p", [130, 8000])
@pytest.mark.parametrize("power", [0.3, 0.5, 1.0, 2.0])
def test_an_effective_rank_tells_how_fast_curvatures_fall_off(power, p):
    """1, and j^-power beside it; ranks beyond any such power are at an end."""
    curvature = np.append(1.0, np.arange(1.0, p) ** -power)
    rank = curvature.sum() ** 2 / (curvature**2).sum()
    assert power_of(rank, p) == pytest.approx(power, abs=0.05)
    assert (power_of(2.0 * p, p), round(power_of(1.0, p), 2)) == (0.0, 4.0)


@pytest.mark.parametrize(
    ("n", "d", "decay", "updates", "vectors"),
    [
        (1800, 1100, 0.0, 100, 55),
        (1800, 1100, 0.0, 10_000, 132),
        (3500, 450, 0.25, 100, 37),
        (1800, 1100, 0.5, 1000, 53),
        (1800, 1100, 0.5, 10_000, 114),
        (3500, 450, 1.0, 20, 12),
        (3500, 450, 1.0, 10_000, 45),
    ],
)
def test_how_many_vectors_a_space_needed(n, d, decay, updates, vectors):
    """Within a fifth of what the Krylov engine took on such rows at a given rate."""
    curvature = np.arange(1, d + 1) ** (-2.0 * decay)
    rank = float(curvature.sum() ** 2 / (curvature**2).sum())
    assert Curvatures(n, d, rank).vectors_for(updates) == pytest.approx(vectors, rel=0.2)


def test_how_many_vectors_found_the_top():
    """As many as the engine took; a largest curvature that stands apart is found in passing."""
    for n, p, vectors in ((2500, 1500, 75), (10_000, 900, 75), (60_000, 120, 48)):
        found = Curvatures(n, p, float(p)).vectors_to_the_top
        assert found == pytest.approx(vectors, rel=0.1)
    assert Curvatures(2500, 1500, 0.89 * 1500).vectors_to_the_top == 0.0
    assert Curvatures(2500, 1500, 0.91 * 1500).vectors_to_the_top > 0.0


def shape(n, p, max_iter, rank, **more):
    return Shape(n, p, 1, n * p, False, max_iter, rank=rank, **more)


def test_a_given_rate_needs_no_top():
    """And never more vectors than updates and one."""
    alike = shape(10_000, 900, 1000, 900.0)
    assert alike.vectors == alike.curvatures.vectors_to_the_top
    given = shape(10_000, 900, 1000, 900.0, rate_given=True)
    assert given.vectors == given.curvatures.vectors_for(1000) < alike.vectors
    assert shape(10_000, 900, 5, 900.0, rate_given=True).vectors == 6
    assert shape(10_000, 900, 1, 3.0).vectors == prices.FEWEST_VECTORS
    assert Shape(10_000, 900, 1, 10**6, False, 3, rate_given=True).vectors == 4
    absurd, long = (shape(10**6, 8000, t, 3.0) for t in (10**400, 10**12))
    assert absurd.vectors == long.vectors < 8000
    assert absurd.lacking == long.lacking == 1.0


def test_how_often_moments_lack_digits(monkeypatch):
    """By the gain of errors: as in the engines' runs on these shapes, or unknown in between."""
    assert shape(900, 900, 20, 900.0).lacking == 1.0  # fitted exactly
    assert shape(1500, 1000, 20, 1000.0).lacking == prices.LACKING_SHORT
    assert shape(1500, 1000, 100, 1000.0).lacking == prices.LACKING_ON_THE_WAY
    assert shape(1500, 1000, 1000, 1000.0).lacking == prices.LACKING_SHORT
    assert shape(10_000, 900, 1000, 27.0).lacking > 0.9
    between = shape(6000, 350, 1000, 24.0)
    for deviations, share in ((0.0, 0.5), (1.0, 0.841), (-1.0, 0.159), (-3.0, 0.1)):
        gain = between.curvatures.gain(1000)
        monkeypatch.setattr(prices, "LACKING_FROM", gain * exp(-deviations * prices.GAIN_ERROR))
        assert between.lacking == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize(
    ("n", "p", "max_iter", "rank", "engine"),
    [
        (10_000, 901, 1000, 900.0, KRYLOV_ON_MOMENTS),
        (10_000, 901, 1000, 27.0, KRYLOV_ON_ROWS),
        (2500, 1501, 1000, 1500.0, KRYLOV_ON_MOMENTS),
        (2500, 1501, 1000, 29.0, KRYLOV_ON_ROWS),
        (3500, 451, 10_000, 440.0, KRYLOV_ON_MOMENTS),
        (3500, 451, 10_000, 3.3, KRYLOV_ON_ROWS),
    ],
)
def test_one_shape_two_kinds_of_data(n, p, max_iter, rank, engine):
    """The engine that was the fastest, or within a tenth of it, where both kinds were timed."""
    assert shape(n, p, max_iter, rank).best_engine() == engine


def test_rows_that_stay_in_cache_are_read_faster():
    """Up to 1.5 million numbers or so; of twice as many none stays, and half of those between."""
    most = prices.NEAR_NUMBERS
    reads = [
        Shape(1, size, 1, size, False, 100)._read
        for size in (9, most, 3 * most // 2, 2 * most, 9 * most)
    ]
    between = (prices.NEAR_READ + prices.READ) / 2
    assert reads == pytest.approx(2 * [prices.NEAR_READ] + [between] + 2 * [prices.READ])
    assert Shape(1000, 1000, 1, 3000, True, 100)._read == prices.SPARSE_READ


@pytest.mark.parametrize(("d", "asked"), [(128, False), (129, True)])
def test_rows_of_few_columns_are_not_asked(d, asked):
    """Nor sparse ones: whatever they said, the engine would be the same."""
    problem = rows(300, d, 0.5)
    assert (Shape.of(problem, 10).rank is not None) is asked
    assert Shape.of(problem, 10, True).rate_given
    assert Shape.of(RowsInMemory(csr_matrix(problem.X), problem.y, None, False), 10).rank is None


@pytest.mark.parametrize(
    ("max_iter", "rate_given", "loops", "near", "asked"),
    [
        (1, False, True, True, True),
        (10, True, False, True, False),
        (11, True, False, True, True),
        (11, True, True, False, True),
        (30, True, True, True, False),
        (31, True, True, True, True),
    ],
)
def test_few_updates_at_a_given_rate_need_no_answer(
    max_iter, rate_given, loops, near, asked, monkeypatch
):
    """A space holds ten whatever the curvatures; of thirty on rows in cache the loop is faster."""
    monkeypatch.setattr(prices, "NEAR_NUMBERS", 300 * 130 if near else 1)
    monkeypatch.setattr(RowsInMemory, "loops", loops)
    problem = rows(300, 130, 0.5)
    assert (Shape.of(problem, max_iter, rate_given).rank is not None) is asked


@pytest.mark.parametrize(("n", "asked"), [(100, False), (200, True)])
def test_few_rows_that_are_decomposed_at_once_are_not_asked(n, asked):
    """A space of a dozen vectors would take longer, whatever they said."""
    shape = Shape.of(rows(n, 700, 0.5), 1000)
    assert (shape.rank is not None) is asked
    assert shape.best_engine() == SPECTRAL


def test_what_rows_say_decides(monkeypatch):
    """A fit on columns that fall off and one on alike ones of that shape take different engines."""
    taken = []
    monkeypatch.setattr(
        Shape, "with_rows", lambda s, solver: taken.append(s.best_engine()) or SPECTRAL
    )
    for decay in (0.0, 0.5):
        problem = rows(3000, 800, decay)
        solve(problem, np.zeros((800, 1)), Terms(None, None, 1000), "auto")
    assert taken == [KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS]
