"""Errors for collections say what is wrong, and in which partition."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from dask_data import MANY, NAMES, WEIGHTS, X, Y, column, frames, rows
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV


def spoiled(where, value):
    data = X.copy()
    data[where, 1] = value
    return data


@pytest.mark.parametrize("solver", ["auto", "krylov"])
@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "Input X contains NaN"), (np.inf, "infinity"), (1e90, "Rescale the columns")],
)
def test_what_is_wrong_with_a_partition_is_said_with_its_number(solver, value, words):
    """An earlier fit is kept; predictions say the same when they are made."""
    model = GDLinearRegressor(tol=0.7, solver=solver).fit(rows(), column())
    kept = model.coef_.copy()
    bad = rows(data=spoiled(60, value))
    with pytest.raises(ValueError, match=rf"Partition 1: .*{words}"):
        model.fit(bad, column())
    assert np.array_equal(model.coef_, kept)
    if not np.isfinite(value):
        with pytest.raises(ValueError, match=rf"Partition 1: .*{words}"):
            model.predict(bad).compute()
        with pytest.raises(ValueError, match=rf"Partition 1: .*{words}"):
            model.score(bad, column())


def test_what_is_wrong_with_targets_or_weights_is_said_with_the_partition():
    """Not numbers, below zero, too large."""
    for y, weight, words in (
        (np.where(np.arange(200) == 199, np.nan, Y), None, "Partition 2: Input y contains NaN"),
        (np.where(np.arange(200) == 3, 1e80, Y), None, "Partition 0: y must have sizes"),
        (Y, np.where(np.arange(200) == 70, -1.0, 1.0), "Partition 1: .* must not be negative"),
        (Y, np.where(np.arange(200) == 70, np.nan, 1.0), "Partition 1: .*sample_weight.* NaN"),
    ):
        weights = None if weight is None else da.from_array(weight, chunks=50)
        with pytest.raises(ValueError, match=words):
            GDLinearRegressor().fit(rows(), column(y), weights)
    _, lazy = frames()
    with pytest.raises(ValueError, match="Partition 2: Input X contains NaN"):
        GDLinearRegressor().fit(lazy[NAMES].mask(lazy["y"] == Y[120]), lazy["y"])


def test_chunks_that_do_not_match_are_refused():
    """Where lengths are known by them, else by their number, else in the partition."""
    model = GDLinearRegressor()
    with pytest.raises(ValueError, match=r"X and y have inconsistent .* \[200, 150\]"):
        model.fit(rows(), column(Y[:150], (150,)))
    with pytest.raises(ValueError, match=r"sample_weight have inconsistent"):
        model.fit(rows(), column(), da.ones(150))
    picked = rows()[da.ones(200, chunks=((50, 80, 70),), dtype=bool)]
    with pytest.raises(ValueError, match="X has 3 partitions and y 2"):
        model.fit(picked, column(chunks=(100, 100)))
    with pytest.raises(ValueError, match=r"Partition 2: .*inconsistent.* \[70, 69\]"):
        model.fit(picked, column(Y[:199], (50, 80, 69)))
    _, lazy = frames()
    moved = lazy.repartition(divisions=[0, 10, 20, 30, 199])
    with pytest.raises(ValueError, match="split at the same rows"):
        model.fit(lazy[NAMES], moved["y"])


def test_rows_that_are_not_collections_do_not_mix_with_them():
    """The error says what to do; nothing is computed behind one's back."""
    bag = pytest.importorskip("dask.bag")
    model = GDLinearRegressor(tol=0.7).fit(rows(), column())
    for X_, y, weight, name in (
        (rows(), Y, None, "y is of type ndarray"),
        (X, column(), None, "X is of type ndarray"),
        (rows(), column(), WEIGHTS, "sample_weight is of type ndarray"),
        (bag.from_sequence([1, 2]), column(), None, "X is of type Bag"),
    ):
        with pytest.raises(TypeError, match=name):
            model.fit(X_, y, weight)
    with pytest.raises(TypeError, match="X is of type ndarray"):
        model.fit(X, Y, column(WEIGHTS))
    for X_, y, weight, name in (
        (X, column(), None, "X is of type ndarray"),
        (X, Y, column(WEIGHTS), "X is of type ndarray"),
        (rows(), Y, None, "y is of type ndarray"),
        (rows(), column(), WEIGHTS, "sample_weight is of type ndarray"),
    ):
        with pytest.raises(TypeError, match=name):
            model.score(X_, y, weight)


def test_columns_that_are_not_numbers_are_refused_before_anything_is_computed():
    """Dates and text, as in memory; so are rows without columns or of unknown ones."""
    _, lazy = frames()
    with pytest.raises(ValueError, match="must hold real numbers"):
        GDLinearRegressor().fit(lazy.assign(a=lazy["a"].astype("datetime64[ns]"))[NAMES], lazy["y"])
    with pytest.raises(ValueError, match="must hold real numbers"):
        GDLinearRegressor().fit(rows().astype("U8"), column())
    with pytest.raises(ValueError, match="2D"):
        GDLinearRegressor().fit(column(), column())
    with pytest.raises(ValueError, match="number of columns of X must be known"):
        GDLinearRegressor().fit(rows()[:, da.ones(5, chunks=5, dtype=bool)], column())


def test_nothing_to_fit_is_an_error():
    """No rows at all, or no weight on any."""
    with pytest.raises(ValueError, match="at least one row"):
        GDLinearRegressor().fit(rows()[:0], column()[:0])
    for solver in ("auto", "krylov"):
        with pytest.raises(ValueError, match="all zero"):
            GDLinearRegressor(solver=solver).fit(rows(), column(), da.zeros(200, chunks=50))


def test_partitions_that_are_not_what_their_collection_says_are_refused():
    """A wrong number of columns or targets inside of one."""

    def narrow(block, block_id=None):
        return block[:, :2] if block_id[0] == 1 else block

    lying = rows((50, 5)).map_blocks(narrow, meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match="Partition 1: X has 2 features, but GDLinearRegressor"):
        GDLinearRegressor().fit(lying, column())
    targets = column(np.c_[MANY, Y]).rechunk((50, 3)).map_blocks(narrow, meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match=r"Partition 1: y must have shape \(n_samples, 3\)"):
        GDLinearRegressor().fit(rows((50, 5)), targets)


def test_wrong_targets_are_refused_by_score_and_scalars_and_splitters_by_fit():
    """With what was expected, not with a number or in the words of Python."""
    many = da.from_array(np.c_[Y, Y], chunks=((50, 80, 70), 2))
    model = GDLinearRegressor(tol=0.7).fit(rows(), column())
    with pytest.raises(ValueError, match="as many targets as in fit, 1; got 2"):
        model.score(rows(), many)
    with pytest.raises(ValueError, match="GDLinearRegressor is expecting"):
        model.score(rows()[:, :2], column())
    with pytest.raises(ValueError, match="a value for each row"):
        GDLinearRegressor().fit(rows(), column(), column().max())
    with pytest.raises(TypeError, match="stay on the workers"):
        GDLinearRegressorCV(cv=StratifiedKFold(3)).fit(rows(), column())
