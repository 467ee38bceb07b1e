"""What `sklearn_gd.dask` offers, and when Dask is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_dask_is_imported_only_when_it_is_asked_for():
    """And `sklearn_gd.dask` says plainly what is missing where it is absent."""
    script = (
        "import sys, sklearn_gd; print('dask' in sys.modules, 'distributed' in sys.modules)\n"
        "sys.modules['dask'] = None; import sklearn_gd.dask"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert found.stdout.split() == ["False", "False"]
    assert "ImportError: sklearn_gd.dask needs dask, which cannot be imported" in found.stderr


def test_what_is_public_is_in_the_api_page():
    """With a docstring, as everything public."""
    import sklearn_gd.dask as public

    page = (Path(__file__).resolve().parents[2] / "docs" / "api.rst").read_text()
    for name in public.__all__:
        assert f"   dask.{name}\n" in page
        assert "Parameters\n" in getattr(public, name).__doc__
