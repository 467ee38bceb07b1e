"""Dask collections: the same descent, the rows left where they are; on one machine's schedulers."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.model_selection import KFold, LeaveOneGroupOut, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from helpers import PROMISED, assert_same, distance, from_singular_values, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments, diagnose
from sklearn_gd._descent import krylov

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

from sklearn_gd.dask import PartitionKFold  # noqa: E402  (only where Dask is)

X, Y = regression(n=200, d=5)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.random.default_rng(3).integers(0, 4, 200).astype(float)
NAMES = list("abcde")


@pytest.fixture(autouse=True, params=["synchronous"])
def scheduler(request):
    """Tasks run one after the other, in this thread, where a test does not ask for others."""
    with dask.config.set(scheduler=request.param):
        yield request.param


def rows(chunks=((50, 80, 70), (2, 3)), data=X):
    return da.from_array(data, chunks=chunks)


def column(data=Y, chunks=(50, 80, 70)):
    return da.from_array(data, chunks=(chunks,) if data.ndim == 1 else (chunks, 1))


def sparse_rows(data, chunks, container=sparse.csr_matrix):
    return da.from_array(data.toarray(), chunks=chunks).map_blocks(container)


def wide():
    """Too many columns for sums of their products, sparse."""
    rng = np.random.default_rng(0)
    data = sparse.random(90, 9000, density=0.01, random_state=0, format="csr")
    return data, data @ rng.standard_normal(9000) + 1.0


def frames(npartitions=4):
    pd = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X, columns=NAMES).assign(y=Y, z=MANY[:, 1], w=WEIGHTS)
    return frame, dd.from_pandas(frame, npartitions=npartitions)


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"], indirect=True)
@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("solver", ["auto", "krylov", "loop"])
def test_fit_is_fit_in_memory(solver, weight):
    """With any solver and scheduler; rows, targets and weights may be chunked as they like."""
    model = GDLinearRegressor(tol=0.7, solver=solver)
    weights = None if weight is None else da.from_array(weight, chunks=90)
    fitted = clone(model).fit(rows(), column(chunks=(100, 100)), weights)
    assert_same(fitted, clone(model).fit(X, Y, weight))


@pytest.mark.parametrize("y", [Y, Y[:, None], MANY], ids=["flat", "column", "many"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_targets_have_the_shapes_that_they_have_in_memory(y, fit_intercept):
    """Also without an intercept, and from a start of one's own."""
    model = GDLinearRegressor(lr=0.1, max_iter=10**6, tol=3.0, fit_intercept=fit_intercept)
    start = np.ones((2, 5) if y is MANY else 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = clone(model).fit(rows(), column(y), coef_init=start)
        expected = clone(model).fit(X, y, coef_init=start)
    assert_same(fitted, expected)
    predicted = fitted.predict(rows())
    assert predicted.shape == expected.predict(X).shape
    assert distance(predicted.compute(), expected.predict(X)) <= PROMISED
    assert fitted.score(rows(), column(y)) == pytest.approx(expected.score(X, y), abs=1e-12)


def test_lengths_need_not_be_known():
    """Rows picked by a condition, dense and with a Krylov space; predictions are as unknown."""
    few = X[:, 0] > 0
    for solver in ("auto", "krylov"):
        picked = rows((50, 5))[da.from_array(few, chunks=50)]
        targets = column(chunks=(50,) * 4)[da.from_array(few, chunks=50)]
        fitted = GDLinearRegressor(tol=0.7, solver=solver).fit(picked, targets)
        assert_same(fitted, GDLinearRegressor(tol=0.7, solver=solver).fit(X[few], Y[few]))
    predicted = fitted.predict(picked)
    assert np.isnan(predicted.shape[0])
    assert distance(predicted.compute(), fitted.predict(X[few])) <= PROMISED


def test_the_client_gets_no_rows(monkeypatch):
    """What comes back from every computation of a fit is smaller than a tenth of the rows."""
    long, targets = regression(n=5000, d=5)
    lazy, there = da.from_array(long, chunks=(200, 5)), da.from_array(targets, chunks=200)
    sizes, compute = [], dask.base.compute

    def watched(*collections, **how):
        results = compute(*collections, **how)
        sizes.extend(len(pickle.dumps(result)) for result in results)
        return results

    monkeypatch.setattr(dask.base, "compute", watched)
    for model in (
        GDLinearRegressor(tol=0.7),
        GDLinearRegressor(tol=0.7, solver="loop", max_iter=3),
        GDLinearRegressorCV(2, 10, cv=3),
        GDLinearRegressorCV(2, 10),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(lazy, there)
        model.score(lazy, there)
    assert len(sizes) > 8
    assert max(sizes) < long.nbytes / 10


def test_what_rows_and_targets_are_made_of_is_made_once_a_pass():
    """Arrays that come from one array; a fit of few columns is one pass."""
    read = []
    whole = rows((50, 5)).map_blocks(lambda block: read.append(1) or block, meta=np.empty((0, 0)))
    GDLinearRegressor(tol=0.7).fit(whole, whole[:, 4] + whole @ np.ones(5))
    assert len(read) == 4


@pytest.mark.parametrize("cv", [3, PartitionKFold(3)], ids=["rows", "partitions"])
def test_tuning_reads_rows_of_unknown_lengths_twice(cv):
    """Once to count them and once for the sums of all folds; the descent needs no third time."""
    read = []
    whole = rows((50, 5)).map_blocks(lambda block: read.append(1) or block, meta=np.empty((0, 0)))
    picked = whole[da.ones(200, chunks=50, dtype=bool)]
    GDLinearRegressorCV(3, 40, cv=cv).fit(picked, picked[:, 4] + 1.0)
    assert len(read) == 8


def test_predictions_are_lazy_and_lie_as_the_rows_do():
    """Chunks, dtype and kind are known beforehand; float32 stays float32."""
    model = GDLinearRegressor(tol=0.7).fit(rows(data=X.astype(np.float32)), column())
    assert model.coef_.dtype == np.float32
    predicted = model.predict(rows(data=X.astype(np.float32)))
    assert isinstance(predicted, da.Array)
    assert predicted.chunks == ((50, 80, 70),)
    assert predicted.dtype == predicted.compute().dtype == np.float32
    assert isinstance(predicted._meta, np.ndarray)
    stages = list(model.staged_predict(rows(data=X.astype(np.float32))))
    assert len(stages) == model.n_iter_ + 1
    assert all(isinstance(stage, da.Array) for stage in stages)
    assert distance(stages[-1].compute(), predicted.compute()) == 0


def test_dataframes_bring_their_names():
    """Features are called as their columns, and are held to that at predict."""
    frame, lazy = frames()
    model = GDLinearRegressor(tol=0.7).fit(lazy[NAMES], lazy["y"], lazy["w"])
    assert_same(model, GDLinearRegressor(tol=0.7).fit(frame[NAMES], frame["y"], frame["w"]))
    assert list(model.feature_names_in_) == NAMES
    assert model.path_.parameter_names == ("intercept", *NAMES)
    expected = model.score(frame[NAMES], Y)
    assert model.score(lazy[NAMES], lazy["y"]) == pytest.approx(expected, abs=1e-12)
    with pytest.warns(UserWarning, match="does not have valid feature names") as warned:
        nameless = [model.score(rows(), column()), model.predict(rows()).compute()]
    assert nameless[0] == pytest.approx(expected, abs=1e-12)
    assert len(warned) == 2  # one each, and none from the partitions
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(lazy[NAMES[::-1]])
    with (
        pytest.warns(UserWarning, match="does not have valid feature names"),
        pytest.raises(ValueError, match="expecting 5 features"),
    ):
        model.predict(rows()[:, :4])


def test_predictions_for_a_dataframe_have_its_index_and_partitions():
    """A series for one target, a dataframe for several; they can be columns beside the others."""
    frame, lazy = frames()
    one = GDLinearRegressor(tol=0.7).fit(lazy[NAMES], lazy["y"])
    predicted = one.predict(lazy[NAMES])
    assert predicted.divisions == lazy.divisions
    assert predicted.name == "prediction"
    beside = lazy.assign(guess=predicted).compute()
    assert distance(beside["guess"], one.predict(frame[NAMES])) <= PROMISED
    several = GDLinearRegressor(tol=3.0).fit(lazy[NAMES], lazy[["y", "z"]])
    predicted = several.predict(lazy[NAMES])
    assert list(predicted.columns) == ["prediction_0", "prediction_1"]
    assert distance(predicted.compute(), several.predict(frame[NAMES])) <= PROMISED
    assert list(predicted.compute().index) == list(frame.index)


def test_dataframe_and_array_go_together():
    """Partition by partition; an index is not looked at, as it is not in memory."""
    frame, lazy = frames()
    lengths = tuple(map(len, lazy.partitions))
    model = GDLinearRegressor(tol=0.7).fit(lazy[NAMES], column(chunks=lengths))
    assert_same(model, GDLinearRegressor(tol=0.7).fit(frame[NAMES], Y))


def test_partial_fit_and_moments_take_collections():
    """As they take rows; a part may weigh nothing."""
    model = GDLinearRegressor(tol=0.7)
    model.partial_fit(rows(), column(), 3).partial_fit(X, Y)
    model.partial_fit(rows(), column(), da.zeros(200, chunks=50))
    assert model.n_samples_seen_ == 600
    assert_same(
        model, GDLinearRegressor(tol=0.7).fit(np.r_[X, X], np.r_[Y, Y], np.repeat([3, 1], 200))
    )
    moments = Moments.from_rows(rows(), column(), da.from_array(WEIGHTS, chunks=60))
    assert distance(moments._sums.sums, Moments.from_rows(X, Y, WEIGHTS)._sums.sums) <= 1e-14
    frame, lazy = frames()
    assert Moments.from_rows(lazy[NAMES], lazy["y"]).feature_names == tuple(NAMES)


def test_diagnose_takes_collections():
    """It needs sums only."""
    found, expected = diagnose(rows(), column()), diagnose(X, Y)
    assert found.condition_number == pytest.approx(expected.condition_number, rel=1e-10)
    assert str(found) == str(expected)


def test_twelve_digits_by_the_second_pass():
    """Ill-conditioned rows are read twice, on the workers too."""
    data = from_singular_values(120, 6, 10.0 ** -np.linspace(0, 4, 6))
    y = data @ np.ones(6) + 0.01 * np.random.default_rng(1).standard_normal(120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = GDLinearRegressor(max_iter=10**6).fit(
            da.from_array(data, chunks=(50, 6)), da.from_array(y, chunks=50)
        )
        expected = GDLinearRegressor(max_iter=10**6).fit(data, y)
    assert distance(found.coef_, expected.coef_) <= 1e-12
    assert found.path_.loss_floor == pytest.approx(expected.path_.loss_floor, rel=1e-12)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows_of_too_many_columns_take_a_krylov_space(container):
    """Blocks of columns are joined; left vectors stay with the rows."""
    data, y = wide()
    lazy = sparse_rows(data, ((30, 30, 30), (4000, 5000)), container).persist()
    for tol in (0.1, 1e-8):
        model = GDLinearRegressor(tol=tol)
        fitted = clone(model).fit(lazy, da.from_array(y, chunks=30))
        assert type(fitted.path_._descent).__name__ == "KrylovDescent"
        assert_same(fitted, clone(model).fit(data, y))
    assert distance(fitted.predict(lazy).compute(), fitted.predict(data)) <= PROMISED


def test_a_space_too_large_for_memory_starts_again(monkeypatch):
    """Its largest curvature then comes from spaces started at directions of its own."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    monkeypatch.setattr(krylov, "LEAST_VECTORS", 8)
    data, y = wide()
    lazy = sparse_rows(data, (30, 9000)).persist()
    fitted = GDLinearRegressor(tol=1e-6).fit(lazy, da.from_array(y, chunks=30))
    assert len(fitted.path_._descent.pieces) > 1
    monkeypatch.undo()
    assert_same(fitted, GDLinearRegressor(tol=1e-6).fit(data, y))


def test_few_sparse_columns_are_summed():
    """Sparse blocks whose products are few, with weights."""
    data = sparse.random(300, 20, density=0.2, random_state=0, format="csr")
    y = data @ np.arange(20.0) + 1.0
    weight = np.linspace(0, 2, 300)
    fitted = GDLinearRegressor(tol=2.0).fit(
        sparse_rows(data, (100, 20)),
        da.from_array(y, chunks=100),
        da.from_array(weight, chunks=100),
    )
    assert_same(fitted, GDLinearRegressor(tol=2.0).fit(data, y, weight))


@pytest.mark.parametrize("solver", ["auto", "krylov"])
def test_some_partitions_may_be_empty_or_weigh_nothing(solver):
    """As long as others have rows of a weight."""
    weight = np.where(np.arange(200) < 50, 0.0, WEIGHTS + 1)
    chunks = (50, 0, 80, 70, 0)
    fitted = GDLinearRegressor(tol=0.7, solver=solver).fit(
        rows((chunks, 5)), column(chunks=chunks), da.from_array(weight, chunks=(chunks,))
    )
    assert_same(fitted, GDLinearRegressor(tol=0.7, solver=solver).fit(X, Y, weight))
    assert distance(fitted.predict(rows((chunks, 5))).compute(), fitted.predict(X)) <= PROMISED
    assert fitted.score(rows((chunks, 5)), column(chunks=chunks)) == pytest.approx(
        fitted.score(X, Y), abs=1e-12
    )


def spoiled(where, value):
    data = X.copy()
    data[where, 1] = value
    return data


@pytest.mark.parametrize("solver", ["auto", "krylov"])
@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "Input X contains NaN"), (np.inf, "infinity"), (1e90, "rescale the columns")],
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


@pytest.mark.parametrize("y", [Y, MANY], ids=["flat", "many"])
def test_scores_are_those_of_rows_in_memory(y):
    """Weighted or not, and for targets of any number."""
    model = GDLinearRegressor(lr=0.1, tol=7.0).fit(X, y)
    unlike = model.score(rows(), column(y)), model.score(rows(), column(y), column(WEIGHTS))
    assert unlike == pytest.approx((model.score(X, y), model.score(X, y, WEIGHTS)), rel=1e-12)
    assert abs(unlike[0] - unlike[1]) > 1e-6


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
    with pytest.raises(ValueError, match="Partition 1: y must have 3 targets"):
        GDLinearRegressor().fit(rows((50, 5)), targets)


def test_the_score_is_undefined_for_a_single_row_and_perfect_for_a_constant():
    """As scikit-learn has it."""
    model = GDLinearRegressor(tol=0.7).fit(rows(), column())
    with pytest.warns(UndefinedMetricWarning, match="less than two"):
        assert np.isnan(model.score(rows()[:1], column()[:1]))
    flat = np.full(200, 3.0)
    constant = GDLinearRegressor().fit(rows(data=0 * X), column(flat))
    for targets in (flat, Y):
        expected = constant.score(0 * X, targets)
        assert constant.score(rows(data=0 * X), column(targets)) == pytest.approx(expected)


CVS = [None, 4, KFold(3, shuffle=True, random_state=0), ShuffleSplit(2, random_state=0)]


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
    """Sparse rows, a space for each fold, whose left vectors stay with the rows."""
    data, y = wide()
    lazy = sparse_rows(data, ((30, 30, 30), 9000)).persist()
    model = GDLinearRegressorCV([0.5, 2.0], 20, cv=3)
    found = clone(model).fit(lazy, da.from_array(y, chunks=30))
    tuned_alike(found, clone(model).fit(data, y))


def test_degrees_of_freedom_of_columns_that_repeat_each_other():
    """Curvatures that a space can't find are zero, which the sum of all of them tells."""
    twice = np.c_[X, X]
    model = GDLinearRegressorCV(3, 40, solver="krylov")
    found = clone(model).fit(da.from_array(twice, chunks=(60, 10)), column())
    tuned_alike(found, clone(model).fit(twice, Y))
    assert distance(found.dof_path_, clone(model).fit(X, Y).dof_path_) > 0.01


def test_long_tuning_takes_a_second_pass():
    """Folds whose sums lose digits are read again, whitened, and held-out rows by QR factors."""
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
    assert repr(PartitionKFold(2)) == "PartitionKFold(n_splits=2, shuffle=False, random_state=None)"


def test_a_pipeline_and_routing_leave_collections_alone():
    """Steps that keep them lazy may stand before; weights are routed as they are."""
    model = make_pipeline(FunctionTransformer(), GDLinearRegressor(tol=0.7)).fit(rows(), column())
    assert isinstance(model.predict(rows()), da.Array)
    weights = da.from_array(WEIGHTS, chunks=50)
    with config_context(enable_metadata_routing=True):
        found = GDLinearRegressorCV(3, 40, cv=4).fit(rows(), column(), weights)
    tuned_alike(found, GDLinearRegressorCV(3, 40, cv=4).fit(X, Y, WEIGHTS))


def test_dask_is_imported_only_when_it_is_asked_for():
    """And `sklearn_gd.dask` says plainly what is missing where it is absent."""
    script = (
        "import sys, sklearn_gd; print('dask' in sys.modules, 'distributed' in sys.modules)\n"
        "sys.modules['dask'] = None; import sklearn_gd.dask"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.split() == ["False", "False"]
    assert "ImportError: sklearn_gd.dask needs dask, which cannot be imported" in found.stderr


def test_what_is_public_is_in_the_api_page():
    """With a docstring, as everything public."""
    import sklearn_gd.dask as public

    page = (Path(__file__).resolve().parent.parent / "docs" / "api.rst").read_text()
    for name in public.__all__:
        assert f"   dask.{name}\n" in page
        assert "Parameters\n" in getattr(public, name).__doc__


def test_parquet_files_whose_columns_are_read_apart(tmp_path):
    """Partitions stay as they are, though X and y read different shares of the columns."""
    pytest.importorskip("pyarrow")
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    data = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 5)), columns=list("abcde"))
    for i in range(20):
        data[20 * i : 20 * i + 20].to_parquet(tmp_path / f"{i:02d}.parquet")
    frame = dd.read_parquet(tmp_path)
    model = GDLinearRegressor(max_iter=20, lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = clone(model).fit(data[list("abcd")], data["e"])
        model.fit(frame[list("abcd")], frame["e"])
    assert distance(model.coef_, expected.coef_) <= 1e-10
    assert model.score(frame[list("abcd")], frame["e"]) == pytest.approx(
        expected.score(data[list("abcd")], data["e"]), rel=1e-10
    )


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
