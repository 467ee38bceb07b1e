"""Pictures are drawn without a screen, in matplotlib's own style, and leave nothing behind."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def pyplot():
    """Pyplot; afterwards all figures are closed, and no setting has changed."""
    matplotlib = pytest.importorskip("matplotlib")
    from matplotlib import pyplot

    matplotlib.use("Agg")
    pyplot.close("all")  # an example in a docstring may have left some
    with matplotlib.style.context("default"):
        settings = dict(matplotlib.rcParams)
        yield pyplot
        assert dict(matplotlib.rcParams) == settings
    pyplot.close("all")
