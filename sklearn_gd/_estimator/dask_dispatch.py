"""Dask collections: values go in, told without importing Dask; what takes them comes out."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def is_dask(*values: Any) -> bool:
    """Whether some value is a Dask collection, which there can't be before Dask is imported."""
    dask = sys.modules.get("dask")
    return dask is not None and any(dask.is_dask_collection(value) for value in values)


def dask_module(name: str) -> Any:
    """A module of `sklearn_gd.dask`; where there are collections, there is Dask."""
    return import_module(f"sklearn_gd.dask.{name}")
