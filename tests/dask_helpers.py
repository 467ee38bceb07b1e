"""Rows in memory and the same rows as Dask collections, which the tests of Dask compare."""

from __future__ import annotations

import dask.array as da
import numpy as np
from scipy import sparse

from helpers import regression
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._estimator.validation import FeatureChecker

X, Y = regression(n=40, d=3)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.linspace(0.0, 0.09, 40)  # zero among them, and all of them small
CHUNKS = (10, 0, 16, 14)
NAMES = ["a", "b", "c"]


def lazy(array, chunks=CHUNKS):
    """Return the rows of an array or a sparse matrix in these chunks; None for None."""
    if array is None:
        return None
    if sparse.issparse(array):
        return lazy(array.toarray(), chunks).map_blocks(sparse.csr_matrix)
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def lazily(*arrays, chunks=CHUNKS):
    """Return all of them in the same chunks."""
    return [lazy(array, chunks) for array in arrays]


def counting_reads(read):
    """Return X; each reading of a block is noted in `read`."""
    meta = np.empty((0, 0))
    return lazy(X).map_blocks(lambda block: read.append(1) or block, meta=meta)


def problem_of(*rows, fit_intercept=True, alpha=0.0):
    """Return the problem of X, y and weights, in memory or not."""
    rows = (*rows, None)[:3]
    return prepare(FeatureChecker(), rows, fit_intercept).with_alpha(alpha).problem
