"""Tests of Dask collections run only where Dask is, and one task after the other by default."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

collect_ignore_glob = ["test_*.py"] if find_spec("dask") is None else []


@pytest.fixture(autouse=True, params=["synchronous"])
def scheduler(request):
    """The scheduler of Dask's tasks, which a test may parametrise."""
    import dask

    with dask.config.set(scheduler=request.param):
        yield request.param
