"""Dask collections as input: workers compute the sums over the rows that they hold.

Collections come in; a problem, folds, scores and lazy predictions go out, and never a row.
Imports Dask, and `_estimator` and the chapters below it.
"""

from sklearn_gd._optional import optional

optional("dask", "sklearn_gd.dask")

from sklearn_gd.dask._splitter import PartitionKFold  # noqa: E402  (says first what is missing)

__all__ = ["PartitionKFold"]
