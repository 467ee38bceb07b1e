"""Which engine is chosen, on both sides of every change from one to another, at given prices."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_gd._descent import choice, prices
from sklearn_gd._descent.choice import Shape
from sklearn_gd._descent.moments import Moments
from sklearn_gd._descent.prices import KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS, SPECTRAL
from sklearn_gd._descent.problem import Gathered

S, M, R = SPECTRAL, KRYLOV_ON_MOMENTS, KRYLOV_ON_ROWS

# Those measured on some machine: whoever measures anew need not move the changes in these tests.
PRICES = {
    "LACKING_SHORT": 0.1,
    "LACKING_LONG": 0.5,
    "DENSE_FACTOR": 18.0,
    "DENSE_POWER": 0.17,
    "SPARSE_FACTOR": 4.0,
    "SPARSE_POWER": 0.2,
    "FALLING_OFF": 0.9,
    "WORTH_LESS_KNOWN": 1.1,
    "MATRIX_FLOP": 0.02,
    "EIGEN_FLOPS": 8.0,
    "EIGEN_SQUARE": 0.0,
    "REFINED_FLOPS": 34.0,
    "REFINED_SQUARE": 0.0,
    "DECOMPOSED_FLOPS": 16.0,
    "SINGULAR_FLOPS": 6.0,
    "SINGULAR_SQUARE": 0.0,
    "FORMED_FLOPS": 0.0,
    "TURNED": 0.0,
    "WHITENED": 2.4,
    "READ": 0.7,
    "NEAR_READ": 0.7,
    "CACHED_READ": 0.35,
    "SPARSE_READ": 2.2,
    "ROW": 10.0,
    "SPARSE_PAIR": 1.45,
    "LOOP_NEAR_READ": 0.7,
    "LOOP_READ": 0.7,
    "LOOP_SPARSE_READ": 1.5,
    "LOOP_TARGET": 0.25,
    "LOOP_SPARSE_TARGET": 0.5,
    "LOOP_STEP": 10e3,
    "STEP": 60e3,
    "LOOK": 300e3,
    "SMALL": 12.0,
}


@pytest.fixture(autouse=True)
def _prices(monkeypatch):
    """All engines cost what they cost here."""
    for name, price in PRICES.items():
        monkeypatch.setattr(prices if hasattr(prices, name) else choice, name, price)


def dense(n, p, targets=1, max_iter=1000, **more):
    return Shape(n, p, targets, n * p, False, max_iter, **more)


def sparse(n, p, targets=1, max_iter=1000, per_row=3):
    return Shape(n, p, targets, per_row * n, True, max_iter)


def changes(ask, engines, at):
    """Assert that the answer is the first engine up to the first change, then the next, ..."""
    found = [(ask(p - 1), ask(p)) for p in at]
    assert found == list(zip(engines, engines[1:], strict=False))


@pytest.mark.parametrize(
    ("n", "max_iter", "targets", "engines", "at"),
    [
        (500, 10, 1, [S, M, R], [287, 413]),
        (500, 10, 4, [S, M, R], [390, 500]),
        (500, 1000, 4, [S, R], [500]),
        (500, 10**13, 1, [S, R], [1369]),
        (5000, 10, 1, [S, M, R], [314, 786]),
        (5000, 1000, 4, [S, M, R], [931, 2446]),
        (5000, 10**5, 1, [S, M, R], [742, 1608]),
        (5000, 10**13, 1, [S, R], [5640]),
        (50_000, 1000, 1, [S, M, R], [729, 1109]),
        (10**6, 10, 4, [S, M, R], [2269, 3400]),
        (10**6, 10**5, 1, [S, M, R], [1943, 2462]),
        (10**6, 10**13, 4, [S, R], [8193]),
    ],
)
def test_dense_rows(n, max_iter, targets, engines, at):
    """With more columns a space pays, at first on moments; targets and updates make it dear."""
    changes(lambda p: dense(n, p, targets, max_iter).best_engine(), engines, at)


@pytest.mark.parametrize(
    ("n", "max_iter", "targets", "per_row", "engines", "at"),
    [
        (500, 10, 1, 50, [S, R], [17]),
        (500, 1000, 4, 3, [S, R], [180]),
        (500, 10**5, 1, 50, [S, R, S, R], [17, 30, 86]),
        (5000, 10, 4, 3, [S, M, R], [179, 402]),
        (5000, 10**5, 4, 50, [S, R, S, R], [17, 20, 249]),
        (10**6, 10, 1, 3, [S, M, R], [65, 2356]),
        (10**6, 1000, 4, 3, [S, M, R], [149, 4518]),
        (10**6, 10**5, 4, 50, [S, R, S, R], [17, 21, 236]),
    ],
)
def test_sparse_rows(n, max_iter, targets, per_row, engines, at):
    """Non-zeros are what a space on rows reads, and their pairs what sums are made of."""
    changes(lambda p: sparse(n, p, targets, max_iter, per_row).best_engine(), engines, at)


@pytest.mark.parametrize(
    ("p", "max_iter", "targets", "engines", "at"),
    [
        (100, 10, 1, [S], []),
        (1000, 10, 1, [S, R], [149]),
        (1000, 10**5, 3, [S, R], [986]),
        (5000, 1000, 1, [S, R], [205]),
        (5000, 10**5, 3, [S, R], [1018]),
    ],
)
def test_few_rows(p, max_iter, targets, engines, at):
    """Of many columns a few dozen or hundred rows are decomposed, more are not."""
    changes(lambda n: dense(n, p, targets, max_iter, few=True).best_engine(), engines, at)
    assert dense(1, p, targets, max_iter, few=True).best_engine() == S
    at_most = dense(p, p, targets, max_iter, few=True).best_engine()
    assert at_most == engines[-1]


@pytest.mark.parametrize(
    ("max_iter", "targets", "p"),
    [(1, 1, 275), (10, 4, 438), (1000, 1, 453), (1000, 4, 805), (10**5, 1, 794), (10**5, 4, 1681)],
)
def test_moments_without_rows(max_iter, targets, p):
    """They are decomposed up to so many columns, unless a space is asked for by name."""
    changes(lambda p: dense(10**6, p, targets, max_iter).on_moments("auto"), [S, M], [p])
    assert dense(10**6, 2, targets, max_iter).on_moments("krylov") == M


@pytest.mark.parametrize(
    ("shape", "n", "folds", "iterates", "targets", "p"),
    [
        (dense, 2000, 3, 10, 1, 406),
        (dense, 2000, 3, 3000, 4, 486),
        (dense, 2000, 20, 10, 4, 800),
        (dense, 200_000, 3, 3000, 4, 3839),
        (dense, 200_000, 20, 10, 1, 1441),
        (sparse, 2000, 3, 10, 1, 150),
        (sparse, 2000, 20, 3000, 4, 91),
        (sparse, 200_000, 3, 3000, 4, 198),
    ],
)
def test_folds(shape, n, folds, iterates, targets, p):
    """From so many columns on every fold has a space of its own."""
    changes(lambda p: shape(n, p, targets).folds_take_spaces(folds, iterates), [False, True], [p])


@pytest.mark.parametrize(
    ("n", "p", "targets", "folds", "iterates"),
    [
        (100_000, 300, 1, 3, 288_918),
        (100_000, 1500, 4, 5, 46_567),
        (3000, 500, 2, 3, 2703),
        (250, 300, 3, 5, 105),
        (20_000, 200, 2, 3, 113_544),
    ],
)
def test_surfaces(n, p, targets, folds, iterates):
    """From so many iterates on a surface of fewer directions is worth a space of each fold."""
    shape = dense(n, p, targets)
    changes(lambda t: shape.folds_take_spaces(folds, t), [False, True], [iterates])


def test_columns_beyond_the_limit_are_never_summed():
    """Not one more than 8192, however long the rows; up to it they may be; 16 always."""
    most = choice.MOST_COLUMNS_OF_MOMENTS
    assert most == 8192
    huge = {"targets": 4, "max_iter": 10**13}
    assert dense(10**6, most, **huge).best_engine() == S
    assert dense(10**6, most + 1, **huge).best_engine() == R
    assert dense(10**8, most, max_iter=9, targets=20).best_krylov() == M
    assert dense(10**8, most + 1, max_iter=9, targets=20).best_krylov() == R
    assert not dense(10**6, most, **huge).folds_take_spaces(5, 10)
    assert dense(10**6, most + 1, **huge).folds_take_spaces(5, 10)
    assert dense(10**6, most + 1, afar=True, **huge).folds_take_spaces(5, 10)
    changes(lambda p: sparse(500, p, per_row=50).best_engine(), [S, R], [17])


def test_rows_that_are_dear_to_read_are_read_once_or_twice():
    """Never once for each vector of a space, unless it is asked for and moments would lack digits;
    sparse rows, whose sums fill in, are read all the same."""
    for p, engine in ((500, S), (3000, M)):
        assert dense(20_000, p, max_iter=400, afar=True).best_engine() == engine
        assert dense(20_000, p, max_iter=10**4, afar=True).best_engine() == S
        assert dense(20_000, p, max_iter=10**4, afar=True).with_rows("krylov") == R
        assert dense(20_000, p, max_iter=400, afar=True).with_rows("krylov") == M
        assert not dense(20_000, p, afar=True).folds_take_spaces(5, 10)
    assert dense(20_000, 3000).best_engine() == R
    assert Shape(20_000, 3000, 1, 60_000, True, 1000, afar=True).best_engine() == R
    assert Shape(20_000, 3000, 1, 60_000, True, 1000, afar=True).folds_take_spaces(5, 10)


@pytest.mark.parametrize(("max_iter", "drifts"), [(1, False), (450, False), (451, True)])
def test_moments_drift_with_updates(max_iter, drifts):
    """10 roundings for each update are more than the promised twelve digits from 451 on."""
    assert dense(1000, 100, max_iter=max_iter).drifts is drifts
    assert dense(1000, 100, max_iter=max_iter).lacking == (0.5 if drifts else 0.1)
    assert dense(100, 100, max_iter=max_iter).lacking == 1.0


def test_a_space_has_no_more_vectors_than_rows_columns_or_an_absurd_budget():
    """At least eight, else; and 10**400 updates are a number like any."""
    assert dense(1000, 1000, max_iter=1).vectors == 18
    assert sparse(1000, 1000, max_iter=1).vectors == 8
    assert (dense(5, 1000).vectors, dense(1000, 5).vectors) == (5, 5)
    huge = dense(10**6, 10**4, max_iter=10**12).vectors
    assert huge == pytest.approx(18 * 10**2.04)
    assert dense(10**6, 10**4, max_iter=10**400).vectors == huge


def test_the_shape_of_rows():
    """All that a problem says of itself, and whether its rows are few."""
    said = {
        "n_samples": 70,
        "n_parameters": 11,
        "n_targets": 3,
        "nonzeros": 42,
        "is_sparse": True,
        "afar": True,
        "loops": True,
    }
    for few in (False, True):
        expected = Shape(70, 11, 3, 42, sparse=True, max_iter=5, afar=True, few=few, loops=True)
        assert Shape.of(SimpleNamespace(**said, are_few=few), 5) == expected


@pytest.mark.parametrize(("fit_intercept", "p"), [(True, 4), (False, 3)])
def test_the_shape_of_gathered_sums(fit_intercept, p):
    """Of rows that are gone their number is known, and all columns are full."""
    gathered = Gathered(Moments(np.eye(6), n_targets=2, n_samples=50), fit_intercept, 1e-16)
    assert Shape.of(gathered, 7) == Shape(50, p, 2, 50 * p, sparse=False, max_iter=7)


def test_decompositions_of_few_rows_cost_something_for_each_pair_of_rows(monkeypatch):
    """Whichever side is the shorter."""
    for n, p in ((150, 400), (400, 150)):
        shape = dense(n, p, few=True)
        before = shape.cost(S)
        monkeypatch.setattr(prices, "SINGULAR_SQUARE", 100.0)
        assert shape.cost(S) - before == pytest.approx(100.0 * 150**2, rel=1e-9)
        monkeypatch.setattr(prices, "SINGULAR_SQUARE", 0.0)


def test_singular_vectors_of_few_rows_cost_something_where_they_are_formed(monkeypatch):
    """For more updates than they are left divided for."""
    monkeypatch.setattr(prices, "FORMED_FLOPS", 50.0)
    few, many = (dense(100, 900, 1, t, few=True).cost(S) for t in (2000, 2001))
    assert many - few == pytest.approx(prices.MATRIX_FLOP * 50 * 100**3)


def test_second_passes_cost_something_for_each_pair_of_columns(monkeypatch):
    """As often as moments lack digits."""
    before = dense(3000, 140, max_iter=10**4).cost(S)
    monkeypatch.setattr(prices, "REFINED_SQUARE", 100.0)
    after = dense(3000, 140, max_iter=10**4)
    assert after.cost(S) - before == pytest.approx(after.lacking * 100.0 * 140**2, rel=1e-9)
