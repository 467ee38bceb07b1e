"""Prepare Dask collections X, y and weights as the problem of their partitions.

The client checks columns, dtypes and chunks; workers check the rows.
"""

from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.delayed import Delayed
from scipy import sparse

from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd._estimator.validation import Data, check_rows, check_weights
from sklearn_gd.dask._partitions import ExpectedRows, Partition, Partitions
from sklearn_gd.dask._rows import RowsOnWorkers


def prepare(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> FitInput:
    """Return the problem, as `sklearn_gd._estimator.prepare.prepare` does for rows in memory."""
    X, y = checked_collection("X", data[0]), checked_collection("y", data[1])
    one = one_row(X), one_row(y), None
    row, layout = check_rows(estimator, one, fit_intercept, reset=reset, part=part)
    expected = ExpectedRows(type(estimator).__name__, one[0][:0], one[1].shape[1:], fit_intercept)
    weights = _weights(data[2], X, part)
    columns = zip(_blocks(X), _blocks(_aligned("y", y, X)), weights, strict=True)
    members = [Partition(number, *blocks) for number, blocks in enumerate(columns)]
    is_weighted = weights[0] is not None
    problem = RowsOnWorkers(
        Partitions(members, expected),
        fit_intercept,
        n_parameters=row.n_parameters,
        n_targets=row.n_targets,
        is_sparse=row.is_sparse,
        rounding=row.rounding,
        is_weighted=is_weighted,
        known_lengths=_lengths(X),
        may_weigh_nothing=part,
    )
    return FitInput(problem, layout, data[2] if is_weighted else None)


def checked_collection(name: str, value: Any) -> Any:
    """Return X, y or weights if they are a Dask array, with whole rows in each block, or dataframe.

    Others raise TypeError or ValueError.
    """
    if getattr(value, "ndim", None) == 0:
        raise ValueError(
            f"{name} must have a value for each row; got a Dask collection of a single value. Call "
            f"compute() on it first."
        )
    if hasattr(type(value), "_meta_nonempty"):  # to import dask.dataframe would take a second
        return value
    if not isinstance(value, da.Array):
        raise TypeError(
            f"X, y and sample_weight must all be Dask arrays or dataframes when one of them is; "
            f"{name} is of type {type(value).__name__}. Convert arrays by dask.array.from_array."
        )
    if np.isnan(value.shape[1:]).any():
        raise ValueError(
            f"The number of columns of {name} must be known: call {name}.compute_chunk_sizes()."
        )
    return value.rechunk({1: -1}) if value.ndim > 1 else value


def one_row(collection: Any) -> Any:
    """Return one row of arbitrary numbers with the columns, names and dtypes of all rows."""
    if not isinstance(collection, da.Array):
        return collection._meta_nonempty.iloc[:1]
    shape = (1, *collection.shape[1:])
    if sparse.issparse(collection._meta):
        return type(collection._meta)(shape, dtype=collection.dtype)
    return np.zeros(shape, dtype=collection.dtype)


def _weights(sample_weight: Any, X: Any, part: bool) -> list[Any]:
    """Return for each partition of X its block of weights, one weight for all its rows, or None."""
    if dask.is_dask_collection(sample_weight) or np.ndim(sample_weight) > 0:
        weights = checked_collection("sample_weight", sample_weight)
        return _blocks(_aligned("sample_weight", weights, X))
    weight = check_weights(sample_weight, 1, part=part)
    return [None if weight is None else float(weight[0])] * X.npartitions


def _aligned(name: str, collection: Any, X: Any) -> Any:
    """Return y or weights split at the same rows as X."""
    lengths, of_X = _lengths(collection), _lengths(X)
    if lengths is not None and of_X is not None:
        if sum(lengths) == sum(of_X):
            return collection.rechunk({0: of_X})
        raise ValueError(
            f"X and {name} have inconsistent numbers of samples: [{sum(of_X)}, {sum(lengths)}]."
        )
    divisions = {c.divisions for c in (collection, X) if getattr(c, "known_divisions", False)}
    if collection.npartitions != X.npartitions or len(divisions) > 1:
        raise ValueError(
            f"X and {name} must be split at the same rows when lengths are not known; X has "
            f"{X.npartitions} partitions and {name} {collection.npartitions}, or their divisions "
            f"differ. Repartition them alike, or call compute_chunk_sizes() on both as arrays."
        )
    return collection


def _lengths(collection: Any) -> tuple[int, ...] | None:
    """Return the number of rows of each partition; None if it is unknown."""
    chunks = collection.chunks[0] if isinstance(collection, da.Array) else (np.nan,)
    return None if np.isnan(chunks).any() else tuple(map(int, chunks))


def _blocks(collection: Any) -> list[Delayed]:
    """Return the blocks of rows.

    Graphs of arrays are not optimised, so that tasks which X and y share run once; the optimiser
    would copy them for each collection. Dataframes are simplified, so that only the columns in use
    are read from a file, but not fused, since X and y could be fused in different groups.
    """
    if isinstance(collection, da.Array):
        return list(collection.to_delayed(optimize_graph=False).ravel())
    return list(collection.simplify().to_delayed(optimize_graph=False))
