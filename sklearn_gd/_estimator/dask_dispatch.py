"""Recognise Dask collections and import their modules, without importing Dask otherwise."""

import sys
from importlib import import_module
from typing import Any


def is_dask(*values: Any) -> bool:
    """Return whether some value is a Dask collection, which needs an imported Dask."""
    dask = sys.modules.get("dask")
    return dask is not None and any(dask.is_dask_collection(value) for value in values)


def dask_module(name: str) -> Any:
    """Return a module of `sklearn_gd.dask`."""
    return import_module(f"sklearn_gd.dask.{name}")
