"""Tuning on collections is tuning on the same rows in memory."""

from __future__ import annotations

import re

import dask.array as da
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import KFold, LeaveOneGroupOut, ShuffleSplit

from dask_data import NAMES, WEIGHTS, X, Y, column, frames, rows, sparse_rows, wide
from helpers import PROMISED, assert_same, distance, from_singular_values
from sklearn_gd import GDLinearRegressorCV
from sklearn_gd.dask import PartitionKFold

# The grids here are small on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:The best score is that of the last")

CVS = ["gcv", 4, KFold(3, shuffle=True, random_state=0), ShuffleSplit(2, random_state=0)]


def tuned_alike(found, expected):
    assert distance(found.scores_path_, expected.scores_path_) <= PROMISED
    assert distance(found.lrs_, expected.lrs_) <= PROMISED
    assert found.best_index_ == expected.best_index_
    assert_same(found, expected)


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("solver", ["auto", "krylov"])
@pytest.mark.parametrize("cv", CVS, ids=["GCV", "4", "shuffled", "ShuffleSplit"])
def test_tuning_is_tuning_in_memory(cv, solver, weight):
    """The same folds of rows, from sums and from Krylov spaces."""
    model = GDLinearRegressorCV(3, 40, cv=cv, solver=solver)
    weights = None if weight is None else da.from_array(weight, chunks=90)
    found = clone(model).fit(rows(), column(), weights)
    tuned_alike(found, clone(model).fit(X, Y, weight))


@pytest.mark.parametrize("cv", [3, PartitionKFold(3)], ids=["rows", "partitions"])
def test_tuning_reads_rows_of_unknown_lengths_twice(cv):
    """One pass counts the rows and one sums all folds; the descent needs no third pass."""
    read = []
    whole = rows((50, 5)).map_blocks(lambda block: read.append(1) or block, meta=np.empty((0, 0)))
    picked = whole[da.ones(200, chunks=50, dtype=bool)]
    GDLinearRegressorCV(3, 40, cv=cv).fit(picked, picked[:, 4] + da.cos(7 * picked[:, 0]))
    assert len(read) == 8


def test_groups_go_to_the_splitter():
    """It sees how many rows there are, and what it is given."""
    groups = np.repeat([0, 1, 2, 1], 50)
    model = GDLinearRegressorCV(3, 40, cv=LeaveOneGroupOut())
    found = clone(model).fit(rows(), column(), groups=groups)
    tuned_alike(found, clone(model).fit(X, Y, groups=groups))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("solver", ["auto", "krylov"])
def test_folds_of_partitions_are_folds_of_their_rows(solver, shuffle):
    """`PartitionKFold` holds out whole partitions, whatever their lengths; none may be known."""
    chunks = (20, 50, 30, 60, 0, 40)
    cv = PartitionKFold(3, shuffle=shuffle, random_state=0)
    lazy = rows((chunks, 5)), column(chunks=chunks), da.from_array(WEIGHTS, chunks=(chunks,))
    index = list(cv.split(lazy[0]))
    assert len(index) == cv.get_n_splits() == 3
    model = GDLinearRegressorCV(3, 40, solver=solver)
    expected = clone(model).set_params(cv=index).fit(X, Y, WEIGHTS)
    found = clone(model).set_params(cv=cv).fit(*lazy)
    tuned_alike(found, expected)
    everything = da.ones(200, chunks=(chunks,), dtype=bool)
    unknown = [collection[everything] for collection in lazy]
    tuned_alike(clone(model).set_params(cv=cv).fit(*unknown), expected)


def test_folds_of_partitions_in_dataframes():
    """Where no length is known beforehand."""
    frame, lazy = frames()
    cv = PartitionKFold(2)
    ends = np.cumsum([0, *map(len, lazy.partitions)])
    owner = np.repeat(cv.folds(4), np.diff(ends))
    index = [(np.flatnonzero(owner != i), np.flatnonzero(owner == i)) for i in range(2)]
    found = GDLinearRegressorCV(3, 40, cv=cv).fit(lazy[NAMES], lazy["y"])
    tuned_alike(found, GDLinearRegressorCV(3, 40, cv=index).fit(frame[NAMES], Y))
    again = GDLinearRegressorCV(3, 40, cv=3).fit(lazy[NAMES], lazy["y"])
    tuned_alike(again, GDLinearRegressorCV(3, 40, cv=3).fit(frame[NAMES], Y))


def test_tuning_on_too_many_columns_takes_spaces():
    """Each fold has a Krylov space, whose left vectors stay with the rows."""
    data, y = wide()
    lazy = sparse_rows(data, ((30, 30, 30), 9000)).persist()
    model = GDLinearRegressorCV([0.5, 2.0], 20, cv=3)
    found = clone(model).fit(lazy, da.from_array(y, chunks=30))
    tuned_alike(found, clone(model).fit(data, y))


def test_degrees_of_freedom_of_columns_that_repeat_each_other():
    """Zero eigenvalues add no degrees of freedom, though a Krylov space never finds them."""
    twice = np.c_[X, X]
    model = GDLinearRegressorCV(3, 40, solver="krylov", cv="gcv")
    found = clone(model).fit(da.from_array(twice, chunks=(60, 10)), column())
    tuned_alike(found, clone(model).fit(twice, Y))
    assert distance(found.dof_path_, clone(model).fit(X, Y).dof_path_) > 0.01


def test_long_tuning_takes_a_second_pass():
    """Ill-conditioned training rows are read twice, and held-out errors come from QR factors."""
    data = from_singular_values(120, 4, 10.0 ** -np.linspace(0, 4, 4))
    y = data @ np.ones(4) + 1e-6 * np.random.default_rng(1).standard_normal(120)
    model = GDLinearRegressorCV([1.0, 50.0], 10**6, iters=20, cv=3)
    found = clone(model).fit(da.from_array(data, chunks=(50, 4)), da.from_array(y, chunks=50))
    tuned_alike(found, clone(model).fit(data, y))


def test_tuning_on_collections_says_what_it_cannot_do():
    """Scorers that need rows, folds without rows, more folds than partitions."""
    lazy = rows((50, 5)), column(chunks=(50,) * 4)
    for scoring in ("r2", lambda model, X_, y_: 0.0):
        words = re.escape(f"scoring={scoring!r} is called with the held-out rows, which stay on")
        with pytest.raises(ValueError, match=words):
            GDLinearRegressorCV(cv=3, scoring=scoring).fit(*lazy)
    named = GDLinearRegressorCV(3, 40, cv=4, scoring="neg_mean_squared_error").fit(*lazy)
    tuned_alike(named, GDLinearRegressorCV(3, 40, cv=4).fit(X, Y))
    with pytest.raises(ValueError, match="collection has 4"):
        GDLinearRegressorCV(cv=PartitionKFold(5)).fit(*lazy)
    with pytest.raises(ValueError, match="n_splits must be an integer of at least 2"):
        GDLinearRegressorCV(cv=PartitionKFold(1)).fit(*lazy)
    weight = da.from_array(np.where(np.arange(200) < 50, 0.0, 1.0), chunks=50)
    for cv in (4, PartitionKFold(4)):
        with pytest.raises(ValueError, match="Fold 0 is scored on no rows with a weight"):
            GDLinearRegressorCV(cv=cv).fit(*lazy, weight)
    nothing = da.from_array(X, chunks=((0, 200), 5)), da.from_array(Y, chunks=((0, 200),))
    with pytest.raises(ValueError, match="Fold 0 is scored on no rows"):
        GDLinearRegressorCV(cv=PartitionKFold(2)).fit(*nothing)
    with pytest.raises(ValueError, match="fitted on no rows"):
        GDLinearRegressorCV(cv=[([], [1, 2])]).fit(*lazy)
    with pytest.raises(TypeError, match="PartitionKFold splits the rows of a Dask array"):
        GDLinearRegressorCV(cv=PartitionKFold(2)).fit(X, Y)
    assert repr(PartitionKFold(2)) == "PartitionKFold(n_splits=2, random_state=None, shuffle=False)"


def test_weights_are_routed_as_collections():
    """With scikit-learn's metadata routing."""
    weights = da.from_array(WEIGHTS, chunks=50)
    with config_context(enable_metadata_routing=True):
        found = GDLinearRegressorCV(3, 40, cv=4).fit(rows(), column(), weights)
    tuned_alike(found, GDLinearRegressorCV(3, 40, cv=4).fit(X, Y, WEIGHTS))
