"""Pictures are drawn without a screen, in matplotlib's own style, and leave nothing behind."""

from __future__ import annotations

import pytest

try:
    import matplotlib
except ImportError:
    collect_ignore_glob = ["test_*.py"]  # without matplotlib there are no pictures
else:
    matplotlib.use("Agg")  # before pyplot is imported


@pytest.fixture(autouse=True)
def pyplot():
    """Pyplot; afterwards all figures are closed, and no setting has changed."""
    from matplotlib import pyplot

    pyplot.close("all")  # an example in a docstring may have left some
    with matplotlib.style.context("default"):
        settings = dict(matplotlib.rcParams)
        yield pyplot
        assert dict(matplotlib.rcParams) == settings
    pyplot.close("all")
