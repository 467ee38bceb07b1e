"""Lazy predictions for the rows of a Dask collection, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.validation import check_X
from sklearn_gd.dask._blocks import Blocks, blocks_of
from sklearn_gd.dask._partition import ExpectedFeatures, naming_partition

Floats = NDArray[np.floating[Any]]

# The column of predictions for a dataframe; with several targets their numbers are appended.
NAME = "prediction"


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Coefficients, the features that they belong to, and the dtype of predictions."""

    features: ExpectedFeatures
    coef: Floats
    intercept: Any
    dtype: Any

    def predict(self, X: Any, number: int) -> Floats:
        """Return predictions for the rows of block `number`."""
        if X.shape[0] == 0:
            return np.empty((0, *self.coef.shape[:-1]), self.dtype)
        with naming_partition(number):
            rows = check_X(self.features.checker(), X)
        return np.asarray(rows @ self.coef.T + self.intercept, dtype=self.dtype)


def predicted(estimator: Any, X: Any, coef: Floats, intercept: Any) -> Any:
    """Return lazy predictions for X.

    They are an array in the same chunks for an array. For a dataframe they are a series, or a
    dataframe with a column for each target, with the same index and partitions.
    """
    blocks = blocks_of("X", X)
    pattern = check_X(estimator, blocks.pattern())
    features = ExpectedFeatures(type(estimator).__name__, pattern.shape[1], blocks.names())
    # From NumPy, since the intercept 0.0 of a model without one is a Python number without dtype.
    dtype = np.asarray(pattern @ coef.T + intercept).dtype
    model = LinearModel(features, coef, intercept, dtype)
    return _array(blocks, model) if blocks.is_array else _frame(blocks, model)


def _array(blocks: Blocks, model: LinearModel) -> Any:
    X, targets = blocks.collection.rechunk({1: -1}), model.coef.shape[:-1]
    shape = {"chunks": (X.chunks[0], targets)} if targets else {"drop_axis": 1}
    return X.map_blocks(_of_block, model, dtype=model.dtype, **shape)


def _of_block(X: Any, model: LinearModel, block_id: tuple[int, ...] = (0,)) -> Floats:
    return model.predict(X, block_id[0])


def _frame(blocks: Blocks, model: LinearModel) -> Any:
    X = blocks.collection
    return X.map_partitions(_of_frame, model, meta=_of_frame(X._meta, model))


def _of_frame(X: Any, model: LinearModel, partition_info: dict[str, int] | None = None) -> Any:
    number = 0 if partition_info is None else partition_info["number"]
    one = model.coef.ndim == 1
    names = [NAME] if one else [f"{NAME}_{j}" for j in range(len(model.coef))]
    table = model.predict(X, number).reshape(len(X), len(names))
    frame = type(X)(table, index=X.index, columns=names)
    return frame[NAME] if one else frame
