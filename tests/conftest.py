"""Problems of every kind that the contract tests run over."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import Phase, settings

from helpers import from_singular_values, regression
from sklearn_gd._descent.problem import RowsInMemory

# The same examples in every run; the long profile is for a developer's own nights.
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=5000, deadline=None)
# A mutant needs one example that fails, not the smallest.
settings.register_profile(
    "mutation",
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _problems():
    rng = np.random.default_rng(42)
    X, y = regression()
    yield "plain", X, y
    yield "several targets", *regression(k=3)
    yield "column target", X, y[:, None]
    yield "one row", X[:1], y[:1]
    yield "one column", X[:, :1], y
    yield "wide", *regression(n=8, d=20)
    yield "constant column", np.column_stack([X, np.ones(len(X))]), y
    yield "duplicate columns", np.column_stack([X, X]), y
    yield "zero column", np.column_stack([X, np.zeros(len(X))]), y
    yield "constant target", X, np.full(len(X), 3.0)
    yield "zero target", X, np.zeros(len(X))
    yield "interpolating", X, X @ np.arange(1.0, 5.0) + 2.0
    yield "offset", X + 100.0, y + 1000.0
    yield "scales", X * [1e-2, 1.0, 10.0, 100.0], y
    yield "decaying", from_singular_values(50, 12, 10.0 ** -np.linspace(0, 6, 12)), rng.random(50)


PROBLEMS = {name: (X, y) for name, X, y in _problems()}


@pytest.fixture(params=list(PROBLEMS))
def problem(request):
    """(X, y) of one kind."""
    return PROBLEMS[request.param]


@pytest.fixture(params=["spectral", "spectral on sums", "loop"])
def solver(request, monkeypatch):
    """Every engine that takes any data; tests are small, so that few of them would need sums."""
    if request.param == "spectral on sums":
        monkeypatch.setattr(RowsInMemory, "are_few", False)
    return request.param.split()[0]
