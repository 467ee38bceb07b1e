"""Where Dask collections come in: X, y and weights go in, the problem of their partitions out."""

from __future__ import annotations

from typing import Any

import dask
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd.path import Layout
from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd._estimator.validation import check_rows, check_weights, names_seen
from sklearn_gd.dask._blocks import Blocks, aligned, blocks_of
from sklearn_gd.dask._partition import Expected
from sklearn_gd.dask._partitions import Partition, Partitions
from sklearn_gd.dask._rows import RowsOnWorkers


def prepare(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    fit_intercept: bool,
    reset: bool,
    part: bool,
) -> FitInput:
    """The problem; what can be told without a row is checked, the rows where they are."""
    blocks, targets = blocks_of("X", X), blocks_of("y", y)
    pattern, kind = check_rows(
        estimator, blocks.pattern(), targets.pattern(), None, fit_intercept, reset=reset, part=part
    )
    layout = Layout(fit_intercept, kind, pattern.X.dtype, names_seen(estimator))
    expected = Expected(
        type(estimator).__name__,
        pattern.X.shape[1],
        blocks.names(),
        pattern.n_targets,
        kind,
        fit_intercept,
    )
    weights = _weights(sample_weight, part)
    problem = RowsOnWorkers(
        Partitions(_lying(blocks, targets, weights), expected),
        is_sparse=sparse.issparse(pattern.X),
        is_weighted=weights is not None,
        rounding=pattern.rounding,
        known_lengths=blocks.lengths,
        may_weigh_nothing=part,
    )
    return FitInput(problem, layout, sample_weight if weights is not None else None)


def _weights(sample_weight: Any, part: bool) -> Blocks | float | None:
    if dask.is_dask_collection(sample_weight):
        return blocks_of("sample_weight", sample_weight)
    if sample_weight is None or np.ndim(sample_weight) == 0:
        weights: NDArray[np.float64] | None = check_weights(sample_weight, 1, part=part)
        return None if weights is None else float(weights[0])
    return blocks_of("sample_weight", sample_weight)  # says what it takes


def _lying(X: Blocks, y: Blocks, weights: Blocks | float | None) -> list[Partition]:
    """The partitions of all three, side by side."""
    weighing = aligned(weights, X).delayed() if isinstance(weights, Blocks) else [weights] * len(X)
    columns = zip(X.delayed(), aligned(y, X).delayed(), weighing, strict=True)
    return [Partition(number, *of) for number, of in enumerate(columns)]
