"""Lazy predictions: a Dask collection and coefficients go in, one with a row for each row out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.validation import check_X
from sklearn_gd.dask._blocks import Blocks, blocks_of
from sklearn_gd.dask._partition import Features, naming_partition

Floats = NDArray[np.floating[Any]]

# What predictions for a dataframe are called, those of several targets with their number behind.
NAME = "prediction"


@dataclass(frozen=True, eq=False)
class Line:
    """Coefficients, the features that they are of, and the dtype of predictions."""

    features: Features
    coef: Floats
    intercept: Any
    dtype: Any

    def of(self, X: Any, number: int) -> Floats:
        """Predictions for the rows of one block."""
        if X.shape[0] == 0:
            return np.empty((0, *self.coef.shape[:-1]), self.dtype)
        with naming_partition(number):
            rows = check_X(self.features.door(), X)
        return np.asarray(rows @ self.coef.T + self.intercept, dtype=self.dtype)


def predicted(estimator: Any, X: Any, coef: Floats, intercept: Any) -> Any:
    """Predictions that are made when they are asked for, where the rows are.

    Of an array they are an array in the same chunks; of a dataframe they have its index and its
    partitions: a series, or a dataframe with a column for each target.
    """
    blocks = blocks_of("X", X)
    pattern = check_X(estimator, blocks.pattern())
    features = Features(type(estimator).__name__, pattern.shape[1], blocks.names())
    # Asked of NumPy: an intercept that is a Python number, as where there is none, has no dtype.
    dtype = np.asarray(pattern @ coef.T + intercept).dtype
    line = Line(features, coef, intercept, dtype)
    return _array(blocks, line) if blocks.is_array else _frame(blocks, line)


def _array(blocks: Blocks, line: Line) -> Any:
    X, targets = blocks.collection.rechunk({1: -1}), line.coef.shape[:-1]
    shape = {"chunks": (X.chunks[0], targets)} if targets else {"drop_axis": 1}
    return X.map_blocks(_of_block, line, dtype=line.dtype, **shape)


def _of_block(X: Any, line: Line, block_id: tuple[int, ...] = (0,)) -> Floats:
    return line.of(X, block_id[0])


def _frame(blocks: Blocks, line: Line) -> Any:
    X = blocks.collection
    return X.map_partitions(_of_frame, line, meta=_of_frame(X._meta, line))


def _of_frame(X: Any, line: Line, partition_info: dict[str, int] | None = None) -> Any:
    number = 0 if partition_info is None else partition_info["number"]
    one = line.coef.ndim == 1
    names = [NAME] if one else [f"{NAME}_{j}" for j in range(len(line.coef))]
    table = line.of(X, number).reshape(len(X), len(names))
    made = type(X)(table, index=X.index, columns=names)
    return made[NAME] if one else made
