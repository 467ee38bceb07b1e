"""Lazy predictions for the rows of a Dask collection, and the R^2 of predictions in one pass."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_gd._data import RowsInMemory
from sklearn_gd._estimator.array_api import to_numpy
from sklearn_gd._estimator.validation import check_X
from sklearn_gd.dask._partitions import Sums, checker_of, naming_partition
from sklearn_gd.dask._prepare import checked_collection, one_row, prepare
from sklearn_gd.dask._rows import centred_squares

# The column of predictions for a dataframe; with several targets their numbers are appended.
NAME = "prediction"


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Coefficients, X without rows, whose features they belong to, and the dtype of predictions."""

    owner: str
    X: Any
    coef: NDArray[Any]
    intercept: Any
    dtype: Any


def predicted(estimator: Any, X: Any, coef: NDArray[Any], intercept: Any) -> Any:
    """Return lazy predictions for X.

    They are an array in the same chunks for an array. For a dataframe they are a series, or a
    dataframe with a column for each target, with the same index and partitions.
    """
    X = checked_collection("X", X)
    row = one_row(X)
    # From NumPy, since the intercept 0.0 of a model without one is a Python number without dtype.
    dtype = np.asarray(check_X(estimator, row) @ coef.T + intercept).dtype
    model = LinearModel(type(estimator).__name__, row[:0], coef, intercept, dtype)
    if not isinstance(X, da.Array):
        return X.map_partitions(_of_frame, model, meta=_of_frame(X._meta, model, {"number": 0}))
    targets = coef.shape[:-1]
    shape = {"chunks": (X.chunks[0], targets)} if targets else {"drop_axis": 1}
    return X.map_blocks(_of_block, model, dtype=dtype, **shape)


def _of_block(X: Any, model: LinearModel, block_id: tuple[int, ...] = (0,)) -> NDArray[Any]:
    if X.shape[0] == 0:
        return np.empty((0, *model.coef.shape[:-1]), model.dtype)
    with naming_partition(block_id[0]):
        X = check_X(checker_of(model.owner, model.X), X)
    return np.asarray(X @ model.coef.T + model.intercept, dtype=model.dtype)


def _of_frame(X: Any, model: LinearModel, partition_info: dict[str, int]) -> Any:
    names = [NAME] if model.coef.ndim == 1 else [f"{NAME}_{j}" for j in range(len(model.coef))]
    table = _of_block(X, model, (partition_info["number"],)).reshape(len(X), len(names))
    frame = type(X)(table, index=X.index, columns=names)
    return frame[NAME] if model.coef.ndim == 1 else frame


def r2_score(estimator: Any, X: Any, y: Any, sample_weight: Any) -> float:
    """Return R^2 as scikit-learn's `r2_score` defines it, averaged over targets."""
    problem: Any = prepare(estimator, (X, y, sample_weight), True, reset=False).problem
    coef, intercept = np.atleast_2d(to_numpy(estimator.coef_)), to_numpy(estimator.intercept_)
    fitted, got = len(coef), problem.n_targets
    if got != fitted:
        raise ValueError(f"y must have as many targets as in fit, {fitted}; got {got}.")
    sums = problem.partitions.total(lambda rows: _squares(rows, coef, intercept))
    targets, errors = sums["targets"], sums["errors"]
    problem.check_totals(sums["n_samples"], targets.weight)
    if sums["n_samples"] < 2:
        words = "R^2 score is not well-defined with less than two samples."
        warnings.warn(words, UndefinedMetricWarning, stacklevel=3)
        return float("nan")
    # As in scikit-learn, the score of a constant target is 1 if all errors are 0, else 0.
    constant = targets.squares == 0
    r2 = 1.0 - errors / np.where(constant, 1.0, targets.squares)
    return float(np.where(constant, errors == 0, r2).mean())


def _squares(rows: RowsInMemory, coef: NDArray[Any], intercept: Any) -> Sums:
    """Return the number of rows, the squares of y about its mean and those of the errors."""
    rows.operator()  # raises NotFinite for nan and inf in X
    error = rows.y - (np.asarray(rows.X @ coef.T) + intercept)
    w = np.ones(rows.n_samples) if rows.sample_weight is None else rows.sample_weight
    targets = centred_squares(replace(rows, X=rows.y))
    return Sums(n_samples=rows.n_samples, targets=targets, errors=w @ error**2)
