"""A regression of 200 rows as Dask arrays and dataframes, which fits and tuning are tested on."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from scipy import sparse

from helpers import regression

X, Y = regression(n=200, d=5)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.random.default_rng(3).integers(0, 4, 200).astype(float)
NAMES = list("abcde")


def rows(chunks=((50, 80, 70), (2, 3)), data=X):
    """Return X as a Dask array."""
    return da.from_array(data, chunks=chunks)


def column(data=Y, chunks=(50, 80, 70)):
    """Return targets or weights as a Dask array."""
    return da.from_array(data, chunks=(chunks,) if data.ndim == 1 else (chunks, 1))


def sparse_rows(data, chunks, container=sparse.csr_matrix):
    """Return sparse data as a Dask array of sparse blocks."""
    return da.from_array(data.toarray(), chunks=chunks).map_blocks(container)


def wide():
    """Return sparse X with too many columns for cross-products, and targets."""
    rng = np.random.default_rng(0)
    data = sparse.random(90, 9000, density=0.01, random_state=0, format="csr")
    return data, data @ rng.standard_normal(9000) + 1.0


def frames(npartitions=4):
    """Return a dataframe of all columns in memory, and the same as a collection."""
    pd = pytest.importorskip("pandas")
    dd = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X, columns=NAMES).assign(y=Y, z=MANY[:, 1], w=WEIGHTS)
    return frame, dd.from_pandas(frame, npartitions=npartitions)
