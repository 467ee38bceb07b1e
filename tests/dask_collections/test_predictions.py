"""Predictions for collections and their scores are those for rows in memory."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import UndefinedMetricWarning

from dask_helpers import CHUNKS, MANY, NAMES, WEIGHTS, X, Y, lazily, lazy
from helpers import PROMISED, distance
from sklearn_gd import GDLinearRegressor


def test_scores_are_those_in_memory_with_any_weights():
    """Small ones, partitions without any, two rows, tiny features, targets missed or not."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    some = np.where(np.arange(40) < 26, 0.0, 0.01)
    model.intercept_ = 0.5  # sums of it have no rounding
    for rows, targets, weight in (
        (X, Y, WEIGHTS),
        (X, Y, some),
        (X, Y, 1e-3 * some),
        (X, 1e4 + Y, None),
        (X[:2], Y[:2], None),
        (1e-100 * X, Y, None),
        (0 * X, np.full(40, 0.5), None),
        (0 * X, np.full(40, 3.0), None),
    ):
        chunks = (1, 1) if len(rows) == 2 else CHUNKS
        found = model.score(*lazily(rows, targets, weight, chunks=chunks))
        assert found == pytest.approx(model.score(rows, targets, weight), rel=1e-10, abs=1e-12)


def test_a_score_of_one_row_warns_in_scikit_learns_words():
    """Once, and the score is nan."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    words = "R^2 score is not well-defined with less than two samples."
    for rows in ((X[:1], Y[:1]), lazily(X[:1], Y[:1], chunks=(1,))):
        with pytest.warns(UndefinedMetricWarning, match=".") as warned:
            assert np.isnan(model.score(*rows))
        assert [str(w.message) for w in warned] == [words]


def test_the_warning_of_a_score_points_at_the_users_line():
    """As those of a fit do."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    with pytest.warns(UndefinedMetricWarning, match="two samples") as warned:
        model.score(*lazily(X[:1], Y[:1], chunks=(1,)))
    assert warned[0].filename == __file__


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("y", [Y, MANY], ids=["one", "many"])
def test_predictions_have_the_dtype_that_they_have_in_memory(y, dtype, fit_intercept):
    """Also without an intercept, of empty blocks, of rows in another dtype, and at every stage."""
    model = GDLinearRegressor(lr=0.1, tol=6.0, fit_intercept=fit_intercept)
    model.fit(X.astype(dtype), y.astype(dtype))
    for kind in (np.float32, np.float64, np.int64):
        rows = X.astype(kind)
        there = da.from_array(rows, chunks=((5, 0, 35), (2, 1)))
        expected = model.predict(rows)
        found = model.predict(there)
        assert found.dtype == found._meta.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.chunks[0] == (5, 0, 35)
        for block in found.to_delayed().ravel():
            made = block.compute()
            assert made.dtype == expected.dtype
            assert made.shape[1:] == expected.shape[1:]
        assert distance(found.compute(), expected) <= np.finfo(expected.dtype).eps
        stages = zip(model.staged_predict(there), model.staged_predict(rows), strict=True)
        assert all(stage.dtype == e.dtype and stage.shape == e.shape for stage, e in stages)


def test_predictions_keep_their_dtype_where_a_block_has_another():
    """As Dask was told it; of sparse rows they are NumPy's arrays too."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X.astype(np.float32), Y.astype(np.float32))
    wider = lazy(X.astype(np.float32)).map_blocks(
        lambda block: block.astype(np.float64), dtype=np.float32, meta=np.empty((0, 0), np.float32)
    )
    assert model.predict(wider).compute().dtype == np.float32
    thin = sparse.csr_matrix(np.where(X > 0.5, X, 0.0))
    there = lazy(thin)
    found = model.predict(there)
    assert type(found._meta) is type(found.compute()) is np.ndarray
    assert found.ndim == found._meta.ndim == 1
    assert distance(found.compute(), model.predict(thin)) <= PROMISED


def test_predictions_say_what_they_were_not_made_for():
    """Where they are asked for if that can be told, else with the partition and the estimator."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X.copy(), columns=NAMES)
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(frame, Y)
    frame.iloc[39, 1] = np.nan
    with pytest.raises(ValueError, match="Partition 3: Input X contains NaN"):
        model.predict(dd.from_pandas(frame, npartitions=4)).compute()
    with pytest.raises(ValueError, match="^X must have a value for each row"):
        model.predict(lazy(Y).max())

    class Mine(GDLinearRegressor):
        pass

    def narrow(block, block_id=None):
        return block[:, :2] if block_id[0] == 2 else block

    mine = Mine(lr=0.1, tol=0.7).fit(X, Y)
    rows = lazy(X).map_blocks(narrow, meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match="Partition 2: X has 2 features, but Mine is expecting 3"):
        mine.predict(rows).compute()


def test_predictions_for_a_dataframe_are_known_before_they_are_made():
    """Name, dtype and columns; nothing is read for that."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X, columns=NAMES, index=np.arange(40) * 3)
    there = dd.from_pandas(frame, npartitions=3)
    for y, names in ((Y, "prediction"), (MANY, ["prediction_0", "prediction_1"])):
        found = GDLinearRegressor(lr=0.1, tol=0.7).fit(frame, y).predict(there)
        made = found.compute()
        for each in (found._meta, made):
            assert type(each) is (pd.Series if y is Y else pd.DataFrame)
            assert each.name == names if y is Y else list(each.columns) == names
        assert list(made.index) == list(frame.index)
