"""One collection in blocks of whole rows: an array or a dataframe goes in, its blocks come out."""

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
    """A Dask array or dataframe by rows."""

    name: str
    collection: Any

    @property
    def is_array(self) -> bool:
        return isinstance(self.collection, da.Array)

    @property
    def lengths(self) -> tuple[int, ...] | None:
        """Rows of each block; None where they are not known."""
        chunks = self.collection.chunks[0] if self.is_array else (np.nan,)
        return None if any(map(isnan, chunks)) else tuple(map(int, chunks))

    def __len__(self) -> int:
        """How many blocks there are."""
        made: int = self.collection.numblocks[0] if self.is_array else self.collection.npartitions
        return made

    def delayed(self) -> list[Delayed]:
        """The blocks, each with all its columns.

        Arrays are left as they are, so that what X and y are both made of is made once: optimised
        one by one each makes its own. Frames are simplified, so that of a file only the columns
        that are used are read, and no more: what fuses partitions fuses those of X and y otherwise.
        """
        collection = self.collection
        if not self.is_array:
            return list(collection.simplify().to_delayed(optimize_graph=False))
        if collection.ndim > 1:
            collection = collection.rechunk({1: -1})
        return list(collection.to_delayed(optimize_graph=False).ravel())

    def pattern(self) -> Any:
        """One row of such columns, names and dtypes; its numbers are made up."""
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
        """The columns' names, which every block must have."""
        door = FeatureChecker()
        validate_data(door, self.pattern(), skip_check_array=True)
        return names_seen(door)


def blocks_of(name: str, collection: Any) -> Blocks:
    """The blocks of what may be X, y or weights."""
    if getattr(collection, "ndim", None) == 0:
        raise ValueError(
            f"{name} must have a value for each row; got a Dask collection of a single one. Call "
            f"compute() on it first."
        )
    if isinstance(collection, da.Array) or _is_frame(collection):
        return Blocks(name, collection)
    raise TypeError(
        f"X, y and sample_weight must all be Dask arrays or dataframes where one of them is; "
        f"{name} is of type {type(collection).__name__}. dask.array.from_array makes an array one."
    )


def aligned(blocks: Blocks, X: Blocks) -> Blocks:
    """The same rows in the blocks of X."""
    mine, others = blocks.lengths, X.lengths
    if mine is not None and others is not None:
        if sum(mine) != sum(others):
            raise ValueError(
                f"X and {blocks.name} have inconsistent numbers of samples: "
                f"[{sum(others)}, {sum(mine)}]."
            )
        return Blocks(blocks.name, blocks.collection.rechunk({0: others}))
    if len(blocks) != len(X) or _divided_otherwise(blocks, X):
        raise ValueError(
            f"X and {blocks.name} must be split at the same rows where lengths are not known; X "
            f"has {len(X)} partitions and {blocks.name} {len(blocks)}, or their divisions differ. "
            f"Repartition them alike, or call compute_chunk_sizes() on both as arrays."
        )
    return blocks


def _divided_otherwise(blocks: Blocks, X: Blocks) -> bool:
    """Whether the index says that partitions hold other rows."""
    if blocks.is_array or X.is_array:
        return False
    mine, others = blocks.collection, X.collection
    known = mine.known_divisions and others.known_divisions
    return bool(known and mine.divisions != others.divisions)


def _is_frame(collection: Any) -> bool:
    # By the name of its module, since importing dask.dataframe takes a second.
    return type(collection).__module__.startswith("dask.dataframe") and hasattr(
        collection, "to_delayed"
    )
