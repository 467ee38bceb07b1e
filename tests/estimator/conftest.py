"""The solvers that take any data."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["spectral", "loop"])
def solver(request):
    """A solver's name."""
    return request.param
