"""Held-out errors of a grid against textbook loops over folds and rates."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from helpers import from_singular_values
from sklearn_gd._data import FoldsInMemory, RowsInMemory, Split
from sklearn_gd._solvers import DescentOptions, cross_product_basis
from sklearn_gd._tuning import Grid, refit, strategies
from sklearn_gd._tuning import grid as grid_module
from sklearn_gd._tuning import held_out as held_out_module
from sklearn_gd._tuning.strategies import KrylovFolds, SpectralFolds
from tuning.literal_grid import hessian, literal_errors, regression

RTOL = 1e-10
LRS = np.array([0.003, 0.03, 0.3, 0.9, 2.5])  # the last diverges on columns of unit variance
GROUPS = np.arange(60) % 7
SPLITTERS = {
    "k-fold": KFold(3),
    "shuffled": KFold(5, shuffle=True, random_state=0),
    "repeated": RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
    "grouped": GroupKFold(3),
    "predefined": PredefinedSplit(np.arange(60) % 4 - 1),
    "time series": TimeSeriesSplit(4),
    "shuffle split": ShuffleSplit(4, train_size=0.5, test_size=0.3, random_state=0),
    "one row": LeaveOneOut(),
}
KINDS = {"spectral": SpectralFolds, "krylov": KrylovFolds}


def each(task, folds):
    """Serial."""
    return [task(i) for i in folds]


def folds_of(X, y, splits, *, w=None, intercept=True, alpha=0.0):
    """Folds of rows in memory."""
    return FoldsInMemory(RowsInMemory(X, y, w, intercept, alpha), [Split(*s) for s in splits], each)


def compared(X, y, splits, grid, *, kind="spectral", rtol=RTOL, **problem):
    """Assert that the errors are those of the loops."""
    found = KINDS[kind](folds_of(X, y, splits, **problem)).errors(grid)
    dense = X.toarray() if sparse.issparse(X) else X
    rule = {"momentum": grid.momentum, "nesterov": grid.nesterov}
    expected = literal_errors(dense, y, grid.lrs, grid.iters, splits, **problem, **rule)
    assert_allclose(found, expected, rtol=rtol)


@pytest.mark.parametrize("splitter", SPLITTERS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_any_split_are_those_of_loops(splitter, weighted, kind):
    """Every entry is the held-out error of a literal descent on the training rows."""
    X, y = regression()
    w = np.random.default_rng(1).uniform(0.1, 3, 60) if weighted else None
    groups = {"groups": GROUPS} if splitter == "grouped" else {}
    splits = list(SPLITTERS[splitter].split(X, y, **groups))
    compared(X, y, splits, Grid(LRS, np.arange(41)), kind=kind, w=w)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_penalty_intercept_and_targets(alpha, intercept, targets, kind):
    """A penalty is in the descent and not in the held-out error."""
    X, y = regression(targets=targets)
    grid = Grid(LRS, np.array([0, 1, 2, 7, 30, 200]))
    splits = list(KFold(3).split(X))
    compared(X, y, splits, grid, kind=kind, intercept=intercept, alpha=alpha)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.3, 0.9])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_momentum(nesterov, momentum, alpha):
    """The grid is descended with momentum, diverging rates included."""
    X, y = regression()
    grid = Grid(LRS, np.array([0, 1, 2, 7, 30, 200]), momentum, nesterov)
    compared(X, y, list(KFold(3).split(X)), grid, alpha=alpha)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("n", [15, 80])
@pytest.mark.parametrize("kind", KINDS)
def test_wide_and_sparse_rows(container, n, kind):
    """Fewer rows than columns, and sparse rows, have the errors of the loop on dense rows."""
    X, y = regression(n=n, d=30)
    X[np.abs(X) < 1] = 0
    grid = Grid(np.array([0.01, 0.1]), np.arange(61))
    compared(container(X), y, list(KFold(3).split(X)), grid, kind=kind, alpha=0.05)


def test_zero_weights():
    """Rows that weigh nothing count neither in training nor in errors."""
    X, y = regression()
    w = (np.arange(60) % 3).astype(float)
    compared(X, y, list(KFold(4).split(X)), Grid(LRS, np.arange(41)), w=w)


@pytest.mark.parametrize("kind", KINDS)
def test_late_iterates(kind):
    """Beyond the t after which p_t is rounding the errors are those of the limit, as in loops."""
    X, y = regression()
    grid = Grid(np.array([0.02, 0.3]), np.array([0, 10, 500, 3000]))
    compared(X, y, list(KFold(3).split(X)), grid, kind=kind)


@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_errors_far_below_the_rounding_of_sums(shift):
    """A target known to many digits has the errors of the loop, not the rounding of its square."""
    X, _ = regression()
    noise = np.random.default_rng(2).standard_normal((60, 1))
    y = X @ np.arange(1.0, 5.0)[:, None] + 1e-5 * noise + shift
    grid = Grid(np.array([0.3, 0.5]), np.array([0, 1, 10, 100, 1000, 4000]))
    # Residuals of 1e-5 are differences of numbers as large as y.
    rounding = RTOL + 100 * np.finfo(float).eps * np.abs(y).max() / 1e-5
    compared(X, y, list(KFold(4).split(X)), grid, rtol=rounding)


def test_an_ill_conditioned_problem():
    """Errors of columns with a large offset keep ten digits, or those of the rows."""
    X, y = regression()
    X = X + 300.0
    rate = 1 / np.linalg.eigvalsh(hessian(X))[-1]
    grid = Grid(np.array([0.5, 1.5]) * rate, np.array([0, 1, 10, 1000, 5000]))
    compared(X, y, list(KFold(3).split(X)), grid, rtol=1e-9)


def test_one_heavy_fold_does_not_spoil_the_others():
    """Training sums are added and never subtracted."""
    X, y = regression(n=40)
    y[:10] *= 1e9
    compared(X, y, list(KFold(4).split(X)), Grid(np.array([0.1]), np.arange(51)))


def test_cross_products_and_rows_agree(monkeypatch):
    """Errors from the square root of the Gram matrix are those of TSQR, in blocks of any size."""
    X, y = regression(n=200)
    folds = folds_of(X, y, list(KFold(4).split(X)))
    grid = Grid(LRS, np.arange(301))
    errors = SpectralFolds(folds).errors(grid)
    monkeypatch.setattr(grid_module, "BLOCK_NUMBERS", 64)
    assert_allclose(SpectralFolds(folds).errors(grid), errors, rtol=1e-13)
    monkeypatch.setattr(held_out_module, "ERROR_ROUNDINGS", 1e30)
    assert_allclose(SpectralFolds(folds).errors(grid), errors, rtol=1e-12)
    monkeypatch.setattr(strategies, "has_few_rows", lambda problem: True)
    assert_allclose(SpectralFolds(folds).errors(grid), errors, rtol=1e-12)


def test_a_diverging_rate_keeps_the_iterate_of_least_loss():
    """From the first update on a huge rate does worse, so the start stands for all of its row."""
    X, y = regression()
    folds = folds_of(X, y, list(KFold(4).split(X)))
    errors = SpectralFolds(folds).errors(Grid(np.array([10.0, 1e5, 1e300]), np.arange(101)))
    assert np.isfinite(errors).all()
    assert (errors == errors[:, :1]).all()


def test_targets_that_are_zero():
    """Nothing moves, and every error is zero."""
    X, _ = regression()
    for kind in KINDS.values():
        folds = folds_of(X, np.zeros((60, 1)), list(KFold(4).split(X)))
        assert (kind(folds).errors(Grid(LRS, np.arange(5))) == 0).all()


def test_all_rows_are_decomposed_once(monkeypatch):
    """A partition reads each row once, and the rates and the refit share one eigenbasis."""
    read, bases = [], []
    products, basis = RowsInMemory.cross_products, cross_product_basis.eigenbasis
    monkeypatch.setattr(
        RowsInMemory,
        "cross_products",
        lambda rows, *given: read.append(rows.n_samples) or products(rows, *given),
    )
    monkeypatch.setattr(
        cross_product_basis, "eigenbasis", lambda *given: bases.append(1) or basis(*given)
    )
    X, y = regression()
    folds = folds_of(X, y, list(KFold(5).split(X)))
    strategy = SpectralFolds(folds)
    strategy.largest_eigenvalue()
    strategy.errors(Grid(LRS, np.arange(30)))
    refit(folds.problem, DescentOptions(0.1, None, 7), 29, "auto", strategy.whole)
    assert sum(read) == 60
    assert len(bases) == 6


@pytest.mark.parametrize("seed", range(4))
def test_errors_of_few_held_out_rows_keep_ten_digits(seed):
    """Also with columns of falling scale, where the held-out Gram matrix has roundings alone."""
    rng = np.random.default_rng(seed)
    X = 30 * from_singular_values(60, 5, 10.0 ** -np.linspace(0, 5, 5), seed)
    y, w = rng.standard_normal((60, 2)), rng.uniform(0.5, 1.5, 60)
    splits = list(ShuffleSplit(2, random_state=seed).split(X))
    grid = Grid(np.array([1e-4, 1e-3, 1e-2]), np.array([0, 1, 3, 22, 500]))
    folds = folds_of(X, y, splits, w=w)
    expected = KrylovFolds(folds).errors(grid)
    assert_allclose(SpectralFolds(folds).errors(grid), expected, rtol=1e-11)
