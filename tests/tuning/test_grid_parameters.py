"""Laws of the pieces that tuning is made of: grids, splits and sums over folds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_gd._data import FoldsInMemory, FoldSums, RowsInMemory, Split, is_partition
from sklearn_gd._data import folds as folds_module
from sklearn_gd._data.folds import pieces, sums_of_others
from sklearn_gd._estimator.grid_parameters import check_iters, check_rates, spread_rates


def _serial(function, items):
    return [function(i) for i in items]


def _splits(*tests, n=6):
    return [Split(np.setdiff1d(np.arange(n), test), np.array(test)) for test in tests]


def test_a_partition_holds_every_row_out_once():
    """Each row is held out exactly once and its fold is fitted on all the others."""
    assert is_partition(_splits([0, 1], [2, 3], [4, 5]), 6)
    assert is_partition(_splits([5, 0, 3], [4, 2, 1]), 6)
    assert not is_partition(_splits([0, 1], [2, 3]), 6)
    assert not is_partition(_splits([0, 1, 2], [2, 3], [4, 5]), 6)
    assert not is_partition(_splits([0, 1, 2, 3, 4, 5]), 6)
    less = _splits([0, 1, 2], [3, 4, 5])
    less[1] = Split(np.array([0, 1]), less[1].test)
    assert not is_partition(less, 6)
    less[1] = Split(np.array([0, 1, 1]), less[1].test)
    assert not is_partition(less, 6)
    less[1] = Split(np.array([0, 1, 3]), less[1].test)
    assert not is_partition(less, 6)


@pytest.mark.parametrize("sums", [[1, 2], [1, 2, 4], [1, 2, 4, 8, 16]])
def test_sums_of_others_leave_one_out(sums):
    """Each is the sum of all but its own."""
    assert sums_of_others(sums) == [sum(sums) - own for own in sums]


def _rows(kind, n=20):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3)) * (rng.random((n, 3)) < 0.7)
    w = rng.random(n) if kind == "weighted" else None
    X = sparse.csr_matrix(X) if kind == "csr" else X
    return RowsInMemory(X, rng.normal(size=(n, 2)), w, True)


@pytest.mark.parametrize("kind", ["dense", "weighted", "csr"])
@pytest.mark.parametrize(
    "index", [[3, 4, 5, 6], [7, 1, 2, 19, 7], [1, 2, 4], [1, 5, 2, 4], [5, 4, 3], [8], []]
)
def test_pieces_are_the_rows_of_an_index(kind, index, monkeypatch):
    """In their order, with targets and weights, repeated where the index repeats."""
    rows = _rows(kind)
    monkeypatch.setattr(folds_module, "TAKEN_BYTES", 80)  # two rows or so
    taken = list(pieces(rows, np.array(index, dtype=int)))
    together = np.vstack([_dense(part.X) for part in taken])
    assert np.array_equal(together, _dense(rows.X)[index])
    assert np.array_equal(np.vstack([part.y for part in taken]), rows.y[index])
    assert all(part.fit_intercept for part in taken)
    if kind == "weighted":
        weights = np.concatenate([part.sample_weight for part in taken])
        assert np.array_equal(weights, rows.sample_weight[index])
    else:
        assert all(part.sample_weight is None for part in taken)


def _dense(X):
    return X.toarray() if sparse.issparse(X) else X


def test_rows_that_stand_together_are_not_copied(monkeypatch):
    """A run of rows is one view however long; others are copied a bounded number at a time."""
    rows = _rows("dense")
    monkeypatch.setattr(folds_module, "TAKEN_BYTES", 3 * 12 * 4)  # of three features and the ones
    (run,) = pieces(rows, np.arange(4, 18))
    assert np.shares_memory(run.X, rows.X)
    taken = list(pieces(rows, np.array([1, 3, 5, 7, 9, 11, 13])))
    assert [part.n_samples for part in taken] == [3, 3, 1]
    sparse_rows = _rows("csr")
    each = 12 * sparse_rows.nonzeros // 20  # bytes of a row of the mean number of entries
    monkeypatch.setattr(folds_module, "TAKEN_BYTES", 4 * each)
    taken = list(pieces(sparse_rows, np.array([1, 3, 5, 7, 9, 11, 13])))
    assert [part.n_samples for part in taken] == [4, 3]


@pytest.mark.parametrize("kind", ["dense", "weighted"])
@pytest.mark.parametrize("held", [0, 1 << 30])
@pytest.mark.parametrize("tests", [[[0, 1, 2], [3, 4], [5]], [[0, 1], [1, 2]]])
def test_sums_of_folds_are_sums_over_their_rows(kind, held, tests, monkeypatch):
    """Held together or made one by one, of a partition or not: training, held-out and total."""
    monkeypatch.setattr(folds_module, "HELD_SUMS_BYTES", held)
    rows = _rows(kind, n=6)
    folds = FoldsInMemory(rows, _splits(*tests), _serial)
    assert folds.add_up == (held > 0 and len(tests) == 3)
    asked = []
    sums = FoldSums(folds, lambda part: asked.append(part.n_samples) or part.y.sum(axis=0))
    for i, split in enumerate(folds.splits):
        assert_allclose(sums.train(i), rows.y[split.train].sum(axis=0))
        assert_allclose(sums.test(i), rows.y[split.test].sum(axis=0))
        w = np.ones(6) if kind == "dense" else rows.sample_weight
        training = folds.training(i)
        assert training.X is rows.X
        assert_allclose(training.sample_weight, w * np.isin(np.arange(6), split.train))
    assert_allclose(sums.total(), rows.y.sum(axis=0))
    if folds.add_up:
        assert sum(asked) == 6  # every row once


@pytest.mark.parametrize("count", [1, 2, 10, 40])
@pytest.mark.parametrize("limit", [np.inf, 4.0, 0.25])
def test_rates_are_spread_below_the_stable_limit(count, limit):
    """Each is the same factor above the one before, a thousandth of the limit at least."""
    stable = min(limit, 2.0) if limit == np.inf else limit
    rates = spread_rates(count, limit)
    assert len(rates) == count
    if count == 1:
        assert rates[0] == stable / 2
    else:
        factor = 2.0 ** (10 / count)
        assert_allclose(rates[1:] / rates[:-1], factor)
        assert rates[0] == pytest.approx(stable / 1024)
        assert rates[-1] * factor == pytest.approx(stable)


def test_what_is_no_grid_of_rates_is_refused():
    """A number of rates counts from 1; rates are positive numbers in a flat list."""
    assert check_rates(np.int64(3)) == 3
    assert check_rates([1, 2.5]).tolist() == [1.0, 2.5]
    for bad, error, words in (
        (0, ValueError, "lrs must be an integer of at least 1"),
        (2.0, TypeError, "lrs must be an integer"),
        ([0.1, 0.0], ValueError, r"a list of numbers above 0; got \[0.1, 0.0\]"),
        ([[0.1]], ValueError, r"got \[\[0.1\]\]"),
        ([0.1, np.nan], ValueError, "lrs"),
    ):
        with pytest.raises(error, match=words):
            check_rates(bad)


def test_numbers_of_updates_rise_without_repeats():
    """None means every one up to a thousand, a number so many, spread; a list is sorted."""
    assert check_iters(None, 1000).tolist() == list(range(1001))
    spread = check_iters(None, 1001)
    assert (spread[0], spread[-1]) == (0, 1001)
    assert 100 < len(spread) <= 200
    assert check_iters(2, 9).tolist() == [0, 9]
    assert check_iters(4, 100).tolist() == [0, 1, 10, 100]
    assert check_iters(3, 2**62).tolist() == [0, 1, 2**62]
    assert check_iters([5, 0, 5, 2], 1).tolist() == [0, 2, 5]
    assert check_iters([2**62], 1).tolist() == [2**62]


def test_what_is_no_grid_of_updates_is_refused():
    """What was expected and what came is said."""
    for iters, last, error, words in (
        (None, 0, ValueError, "max_iter must be an integer of at least 1"),
        (None, 2**62 + 1, ValueError, r"max_iter must be at most 2\*\*62 in a grid; got 4"),
        (1, 9, ValueError, "iters must be an integer of at least 2"),
        ([], 9, TypeError, r"a list of integers; got \[\]"),
        ([0.5], 9, TypeError, r"got \[0.5\]"),
        ([[1]], 9, TypeError, r"got \[\[1\]\]"),
        ([-1, 3], 9, ValueError, r"between 0 and 2\*\*62; got \[-1, 3\]"),
        ([2**62 + 1], 9, ValueError, "between 0 and"),
    ):
        with pytest.raises(error, match=words):
            check_iters(iters, last)
