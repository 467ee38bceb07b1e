"""Dask collections: partitions go in, sums come out; no row leaves the worker that holds it."""

from sklearn_gd._optional import optional

optional("dask", "sklearn_gd.dask")

from sklearn_gd.dask._splitter import PartitionKFold  # noqa: E402  (says first what is missing)

__all__ = ["PartitionKFold"]
