"""Dask collections as input: workers compute sums over their partitions.

Functions take collections and return a problem, folds, scores or lazy predictions. Rows stay on
the workers.
Imports Dask, and `_estimator` and the chapters below it.
"""

from sklearn_gd._optional import optional

optional("dask", "sklearn_gd.dask")

from sklearn_gd.dask._splitter import PartitionKFold  # noqa: E402  (Dask is checked first)

__all__ = ["PartitionKFold"]
