"""Prepare Dask collections X, y and weights as the problem of their partitions.

The client checks columns, dtypes and chunks; workers check the rows.
"""

from __future__ import annotations

from typing import Any

import dask
import numpy as np

from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd._estimator.validation import Data, check_rows, check_weights, names_seen
from sklearn_gd._report.layout import Layout
from sklearn_gd.dask._blocks import Blocks, aligned, blocks_of
from sklearn_gd.dask._partition import ExpectedRows, Partition
from sklearn_gd.dask._partitions import Partitions
from sklearn_gd.dask._rows import RowsOnWorkers


def prepare(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> FitInput:
    """Return the problem, as `sklearn_gd._estimator.prepare.prepare` does for rows in memory."""
    X, y = blocks_of("X", data[0]), blocks_of("y", data[1])
    pattern, how = (X.pattern(), y.pattern(), None), {"reset": reset, "part": part}
    row, y_layout = check_rows(estimator, pattern, fit_intercept, **how)
    expected = ExpectedRows(
        owner=type(estimator).__name__,
        n_features=row.X.shape[1],
        feature_names=X.names(),
        n_targets=row.n_targets,
        y_layout=y_layout,
        fit_intercept=fit_intercept,
    )
    weights = _weights(data[2], part)
    problem = RowsOnWorkers(
        Partitions(_partitions(X, y, weights), expected),
        is_sparse=row.is_sparse,
        is_weighted=weights is not None,
        rounding=row.rounding,
        known_lengths=X.lengths,
        may_weigh_nothing=part,
    )
    layout = Layout(fit_intercept, y_layout, row.X.dtype, names_seen(estimator))
    return FitInput(problem, layout, None if weights is None else data[2])


def _weights(sample_weight: Any, part: bool) -> Blocks | float | None:
    is_collection = dask.is_dask_collection(sample_weight)
    if is_collection or (sample_weight is not None and np.ndim(sample_weight) > 0):
        return blocks_of("sample_weight", sample_weight)  # raises TypeError for an array
    weights = check_weights(sample_weight, 1, part=part)
    return None if weights is None else float(weights[0])


def _partitions(X: Blocks, y: Blocks, weights: Blocks | float | None) -> list[Partition]:
    """Return the blocks of X, y and weights that hold the same rows as partitions."""
    weighing = aligned(weights, X).delayed() if isinstance(weights, Blocks) else [weights] * len(X)
    columns = zip(X.delayed(), aligned(y, X).delayed(), weighing, strict=True)
    return [Partition(number, *blocks) for number, blocks in enumerate(columns)]
