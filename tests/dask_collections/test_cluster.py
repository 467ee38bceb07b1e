"""A cluster of two worker processes: rows stay on the workers, and a worker may end."""

from __future__ import annotations

import logging
import os
import warnings

import dask.array as da
import joblib
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from helpers import PROMISED, assert_same, distance, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd.dask import PartitionKFold

distributed = pytest.importorskip("distributed")

X, Y = regression(n=200, d=5)


@pytest.fixture(autouse=True)
def scheduler():
    """The client's; that of other tests is not set."""


@pytest.fixture(scope="module")
def client():
    """Two workers in processes of their own, of one thread each; every port is a free one."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.CRITICAL
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def lazy(chunks=50):
    return da.from_array(X, chunks=(chunks, 5)), da.from_array(Y, chunks=chunks)


def dies_once(block, block_id, file, reading):
    """Return the block; end the worker that holds it at reading number `reading`."""
    if block_id[0] == 2:
        with open(file, "a+") as readings:
            readings.write("x")
            readings.flush()
            readings.seek(0)
            if len(readings.read()) == reading:
                os._exit(1)
    return block


@pytest.mark.filterwarnings("ignore:The best score is that of the last")
def test_fit_predict_and_tune_are_those_in_memory(client):
    """Sums from all workers; predictions are made where the rows are."""
    rows, targets = lazy()
    model = GDLinearRegressor(tol=0.7).fit(rows, targets)
    assert_same(model, GDLinearRegressor(tol=0.7).fit(X, Y))
    assert distance(model.predict(rows).compute(), model.predict(X)) <= PROMISED
    assert model.score(rows, targets) == pytest.approx(model.score(X, Y), abs=1e-12)
    cv = PartitionKFold(4)
    tuned = GDLinearRegressorCV(3, 40, cv=cv).fit(rows, targets)
    expected = GDLinearRegressorCV(3, 40, cv=list(cv.split(rows))).fit(X, Y)
    assert distance(tuned.scores_path_, expected.scores_path_) <= PROMISED
    assert_same(tuned, expected)


def test_errors_travel(client):
    """What is wrong with a partition is said here, in the words that it has in memory."""
    rows, targets = lazy()
    rows = rows.map_blocks(
        lambda block, block_id: block * np.nan if block_id[0] == 3 else block, meta=rows._meta
    )
    with pytest.raises(ValueError, match="Partition 3: Input X contains NaN"):
        GDLinearRegressor().fit(rows, targets)


@pytest.mark.parametrize("kind", ["moments", "second pass", "krylov"])
def test_a_worker_killed_in_the_middle_of_a_fit_changes_nothing(client, tmp_path, kind):
    """In the only pass, in the second, and in the fourth of many, whose left vectors are lost."""
    model, reading = GDLinearRegressor(tol=0.7), 1
    rows, targets = lazy()
    if kind == "second pass":
        model, reading = GDLinearRegressor(max_iter=10**6), 2
        rows = rows * np.geomspace(1, 1e-4, 5)
    if kind == "krylov":
        model, reading = GDLinearRegressor(tol=0.7, solver="krylov"), 4
    file = tmp_path / "readings"
    deadly = rows.map_blocks(dies_once, file=str(file), reading=reading, meta=rows._meta)
    before = set(client.scheduler_info()["workers"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = model.fit(deadly, targets)
        in_memory = [c.compute(scheduler="synchronous") for c in (rows, targets)]
        expected = GDLinearRegressor(**model.get_params()).fit(*in_memory)
    assert len(file.read_text()) > reading  # the reading that was lost was made again
    assert not before <= set(client.scheduler_info()["workers"])
    assert_same(found, expected)


def test_grid_search_over_lr_runs_on_the_cluster(client):
    """By joblib's backend for Dask; the fits are of rows in memory, one on each worker."""
    search = GridSearchCV(GDLinearRegressor(tol=0.7), {"lr": [0.01, 0.1, 0.3]}, cv=3)
    with joblib.parallel_config(backend="dask"):
        search.fit(X, Y)
    alone = GridSearchCV(GDLinearRegressor(tol=0.7), {"lr": [0.01, 0.1, 0.3]}, cv=3).fit(X, Y)
    assert search.best_params_ == alone.best_params_
    scores = [s.cv_results_["mean_test_score"] for s in (search, alone)]
    assert distance(*scores) <= PROMISED
