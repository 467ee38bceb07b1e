"""Dask collections X, y and weights as the problem of their partitions.

What the collections tell of themselves is checked here; workers check the rows.
"""

from __future__ import annotations

from typing import Any

import dask
import numpy as np
from scipy import sparse

from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd._estimator.validation import check_rows, check_weights, names_seen
from sklearn_gd._report.layout import Layout
from sklearn_gd.dask._blocks import Blocks, aligned, blocks_of
from sklearn_gd.dask._partition import ExpectedRows, Partition
from sklearn_gd.dask._partitions import Partitions
from sklearn_gd.dask._rows import RowsOnWorkers


def prepare(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    fit_intercept: bool,
    reset: bool = True,
    part: bool = False,
    alpha: float = 0.0,
) -> FitInput:
    """Return the problem, as `sklearn_gd._estimator.prepare.prepare` does for rows in memory."""
    blocks, targets = blocks_of("X", X), blocks_of("y", y)
    pattern, y_layout = check_rows(
        estimator, blocks.pattern(), targets.pattern(), None, fit_intercept, reset=reset, part=part
    )
    expected = ExpectedRows(
        owner=type(estimator).__name__,
        n_features=pattern.X.shape[1],
        feature_names=blocks.names(),
        n_targets=pattern.n_targets,
        y_layout=y_layout,
        fit_intercept=fit_intercept,
    )
    weights = _weights(sample_weight, part)
    problem = RowsOnWorkers(
        Partitions(_partitions(blocks, targets, weights), expected),
        is_sparse=sparse.issparse(pattern.X),
        is_weighted=weights is not None,
        rounding=pattern.rounding,
        known_lengths=blocks.lengths,
        may_weigh_nothing=part,
        alpha=alpha,
    )
    layout = Layout(fit_intercept, y_layout, pattern.X.dtype, names_seen(estimator))
    return FitInput(problem, layout, sample_weight if weights is not None else None)


def _weights(sample_weight: Any, part: bool) -> Blocks | float | None:
    if dask.is_dask_collection(sample_weight):
        return blocks_of("sample_weight", sample_weight)
    if sample_weight is None or np.ndim(sample_weight) == 0:
        weights = check_weights(sample_weight, 1, part=part)
        return None if weights is None else float(weights[0])
    return blocks_of("sample_weight", sample_weight)  # raises TypeError


def _partitions(X: Blocks, y: Blocks, weights: Blocks | float | None) -> list[Partition]:
    """Return the blocks of X, y and weights that hold the same rows, side by side."""
    weighing = aligned(weights, X).delayed() if isinstance(weights, Blocks) else [weights] * len(X)
    columns = zip(X.delayed(), aligned(y, X).delayed(), weighing, strict=True)
    return [Partition(number, *blocks) for number, blocks in enumerate(columns)]
