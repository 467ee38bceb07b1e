"""Row blocks of Dask arrays and dataframes, aligned between X, y and weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Any

import dask.array as da
import numpy as np
from dask.delayed import Delayed
from scipy import sparse
from sklearn.utils.validation import validate_data

from sklearn_gd._estimator.validation import FeatureChecker, names_seen


@dataclass(frozen=True, eq=False)
class Blocks:
    """The row blocks of a Dask array or dataframe; `name` is X, y or sample_weight."""

    name: str
    collection: Any

    @property
    def is_array(self) -> bool:
        return isinstance(self.collection, da.Array)

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """The number of rows of each block; None if it is unknown."""
        chunks = self.collection.chunks[0] if self.is_array else (np.nan,)
        return None if any(map(isnan, chunks)) else tuple(map(int, chunks))

    def __len__(self) -> int:
        count: int = self.collection.numblocks[0] if self.is_array else self.collection.npartitions
        return count

    def delayed(self) -> list[Delayed]:
        """Return the blocks, each with all its columns.

        Graphs of arrays are not optimised, so that tasks which X and y share run once; the
        optimiser would copy them for each collection. Dataframes are simplified, so that only the
        columns in use are read from a file, but not fused, since X and y could be fused in
        different groups.
        """
        collection = self.collection
        if not self.is_array:
            return list(collection.simplify().to_delayed(optimize_graph=False))
        if collection.ndim > 1:
            collection = collection.rechunk({1: -1})
        return list(collection.to_delayed(optimize_graph=False).ravel())

    def pattern(self) -> Any:
        """Return one row of arbitrary numbers with the columns, names and dtypes of all rows."""
        collection = self.collection
        if not self.is_array:
            return collection._meta_nonempty.iloc[:1]
        shape = (1, *collection.shape[1:])
        if any(map(isnan, shape)):
            raise ValueError(
                f"The number of columns of {self.name} must be known: call "
                f"{self.name}.compute_chunk_sizes()."
            )
        if sparse.issparse(collection._meta):
            return type(collection._meta)(shape, dtype=collection.dtype)
        return np.zeros(shape, dtype=collection.dtype)

    def names(self) -> tuple[str, ...] | None:
        """Return the names of the columns, which every block must have."""
        checker = FeatureChecker()
        validate_data(checker, self.pattern(), skip_check_array=True)
        return names_seen(checker)


def blocks_of(name: str, collection: Any) -> Blocks:
    """Return the blocks of X, y or weights; raise TypeError if it is no Dask collection."""
    if getattr(collection, "ndim", None) == 0:
        raise ValueError(
            f"{name} must have a value for each row; got a Dask collection of a single value. Call "
            f"compute() on it first."
        )
    if isinstance(collection, da.Array) or _is_frame(collection):
        return Blocks(name, collection)
    raise TypeError(
        f"X, y and sample_weight must all be Dask arrays or dataframes when one of them is; "
        f"{name} is of type {type(collection).__name__}. Convert arrays by dask.array.from_array."
    )


def aligned(blocks: Blocks, X: Blocks) -> Blocks:
    """Return the blocks split at the same rows as those of X."""
    lengths, of_X = blocks.lengths, X.lengths
    if lengths is not None and of_X is not None:
        if sum(lengths) != sum(of_X):
            raise ValueError(
                f"X and {blocks.name} have inconsistent numbers of samples: "
                f"[{sum(of_X)}, {sum(lengths)}]."
            )
        return Blocks(blocks.name, blocks.collection.rechunk({0: of_X}))
    if len(blocks) != len(X) or _divided_otherwise(blocks, X):
        raise ValueError(
            f"X and {blocks.name} must be split at the same rows when lengths are not known; X "
            f"has {len(X)} partitions and {blocks.name} {len(blocks)}, or their divisions differ. "
            f"Repartition them alike, or call compute_chunk_sizes() on both as arrays."
        )
    return blocks


def _divided_otherwise(blocks: Blocks, X: Blocks) -> bool:
    """Return whether divisions are known and differ, so that partitions have different rows."""
    if blocks.is_array or X.is_array:
        return False
    one, other = blocks.collection, X.collection
    known = one.known_divisions and other.known_divisions
    return bool(known and one.divisions != other.divisions)


def _is_frame(collection: Any) -> bool:
    # By the name of the module, since importing dask.dataframe takes a second.
    return type(collection).__module__.startswith("dask.dataframe") and hasattr(
        collection, "to_delayed"
    )
