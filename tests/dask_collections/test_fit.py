"""A fit to collections is the fit to the same rows in memory; no row comes to the client."""

from __future__ import annotations

import pickle
import warnings

import dask
import dask.array as da
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from dask_data import MANY, NAMES, WEIGHTS, X, Y, column, frames, rows, sparse_rows, wide
from helpers import PROMISED, assert_same, distance, from_singular_values, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments, diagnose
from sklearn_gd.dask._rows import RowsOnWorkers


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


def test_tasks_that_X_and_y_share_run_once_a_pass():
    """A fit of few columns is one pass over the array that both come from."""
    read = []
    whole = rows((50, 5)).map_blocks(lambda block: read.append(1) or block, meta=np.empty((0, 0)))
    GDLinearRegressor().fit(whole, whole[:, 4] ** 2 + whole @ np.ones(5))
    assert len(read) == 4


def test_dataframes_bring_their_names():
    """Features get the names of the columns, which predict and score check."""
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


def test_dataframe_and_array_go_together():
    """Partition by partition; an index is not looked at, as it is not in memory."""
    frame, lazy = frames()
    lengths = tuple(map(len, lazy.partitions))
    model = GDLinearRegressor(tol=0.7).fit(lazy[NAMES], column(chunks=lengths))
    assert_same(model, GDLinearRegressor(tol=0.7).fit(frame[NAMES], Y))


def test_partial_fit_and_moments_take_collections():
    """As they take rows in memory; all rows of one part may have weight zero."""
    model = GDLinearRegressor(tol=0.7)
    model.partial_fit(rows(), column(), 3).partial_fit(X, Y)
    model.partial_fit(rows(), column(), da.zeros(200, chunks=50))
    assert model.n_samples_seen_ == 600
    assert_same(
        model, GDLinearRegressor(tol=0.7).fit(np.r_[X, X], np.r_[Y, Y], np.repeat([3, 1], 200))
    )
    moments = Moments.from_rows(rows(), column(), da.from_array(WEIGHTS, chunks=60))
    assert distance(moments._products.sums, Moments.from_rows(X, Y, WEIGHTS)._products.sums) <= 1e-14
    frame, lazy = frames()
    assert Moments.from_rows(lazy[NAMES], lazy["y"]).feature_names == tuple(NAMES)


def test_diagnose_takes_collections():
    """The diagnosis is the one of the same rows in memory."""
    found, expected = diagnose(rows(), column()), diagnose(X, Y)
    assert found.condition_number == pytest.approx(expected.condition_number, rel=1e-10)
    assert str(found) == str(expected)


def test_ten_digits_by_the_second_pass():
    """Ill-conditioned rows are read twice, on workers as in memory."""
    data = from_singular_values(120, 6, 10.0 ** -np.linspace(0, 4, 6))
    y = data @ np.ones(6) + 0.01 * np.random.default_rng(1).standard_normal(120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = GDLinearRegressor(max_iter=10**6).fit(
            da.from_array(data, chunks=(50, 6)), da.from_array(y, chunks=50)
        )
        expected = GDLinearRegressor(max_iter=10**6).fit(data, y)
    assert distance(found.coef_, expected.coef_) <= PROMISED
    assert found.path_.loss_floor == pytest.approx(expected.path_.loss_floor, rel=PROMISED)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array])
def test_sparse_rows_of_too_many_columns_take_a_krylov_space(container, monkeypatch):
    """Blocks of columns are joined; no cross-products are formed."""
    monkeypatch.setattr(RowsOnWorkers, "cross_products", pytest.fail)
    data, y = wide()
    lazy = sparse_rows(data, ((30, 30, 30), (4000, 5000)), container).persist()
    for tol in (0.1, 1e-8):
        model = GDLinearRegressor(tol=tol)
        fitted = clone(model).fit(lazy, da.from_array(y, chunks=30))
        assert_same(fitted, clone(model).fit(data, y))
    assert distance(fitted.predict(lazy).compute(), fitted.predict(data)) <= PROMISED


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


def test_a_pipeline_leaves_collections_alone():
    """If the steps before keep them lazy."""
    model = make_pipeline(FunctionTransformer(), GDLinearRegressor(tol=0.7)).fit(rows(), column())
    assert isinstance(model.predict(rows()), da.Array)


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
