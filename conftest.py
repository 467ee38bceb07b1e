"""Examples in docstrings and pages that need an optional library are skipped where it is absent."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pytest

# What in an example's source tells that it needs the library.
NEEDS = {"matplotlib": ("Display",), "pandas": ("as_frame=True", "to_frame(")}
ABSENT = {name: words for name, words in NEEDS.items() if find_spec(name) is None}


def pytest_collection_modifyitems(items):
    for item in items:
        if not isinstance(item, pytest.DoctestItem):
            continue
        source = "".join(example.source for example in item.dtest.examples)
        for name, words in ABSENT.items():
            if any(word in source for word in words):
                item.add_marker(pytest.mark.skip(reason=f"needs {name}"))


@pytest.fixture(autouse=True)
def _figures_are_closed():
    """Pictures of one example or test do not pile up in the next."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
