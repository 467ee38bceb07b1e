"""Predictions for collections are lazy, in the chunks and with the index of the rows."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from dask_data import MANY, NAMES, WEIGHTS, X, Y, column, frames, rows
from helpers import PROMISED, distance
from sklearn_gd import GDLinearRegressor


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


@pytest.mark.parametrize("y", [Y, MANY], ids=["flat", "many"])
def test_scores_are_those_of_rows_in_memory(y):
    """Weighted or not, and for targets of any number."""
    model = GDLinearRegressor(lr=0.1, tol=7.0).fit(X, y)
    unlike = model.score(rows(), column(y)), model.score(rows(), column(y), column(WEIGHTS))
    assert unlike == pytest.approx((model.score(X, y), model.score(X, y, WEIGHTS)), rel=1e-12)
    assert abs(unlike[0] - unlike[1]) > 1e-6


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
