"""The page to drag the line computes what the library computes."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd import GDLinearRegressor

DOCS = Path(__file__).resolve().parent.parent / "docs"
X = [1.0, 2.0, 3.0, 4.0]
Y = [3.0, 5.0, 7.5, 8.5]
MAX_ITER = 1000  # that of the page, and the library's default


@pytest.fixture(scope="module")
def page():
    """The page's functions, called with and answering in plain numbers, by a JavaScript engine."""
    quickjs = pytest.importorskip("quickjs", reason="needs quickjs-ng, which runs JavaScript")
    context = quickjs.Context()
    context.eval((DOCS / "_static" / "gd.js").read_text(encoding="utf-8"))

    def call(name, *arguments):
        written = ", ".join(json.dumps(argument) for argument in arguments)
        return json.loads(context.eval(f"JSON.stringify(GD.{name}({written}))"))

    return call


def fitted(start, lr, tol=None, **options):
    model = GDLinearRegressor(lr=lr, tol=tol, max_iter=MAX_ITER, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(np.c_[X], Y, coef_init=[start[1]], intercept_init=start[0])


STARTS = [(-1.0, 0.5), (0.0, 0.0), (4.5, -0.9), (-3.0, 4.0)]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("lr", [0.001, 0.05, 0.125, 0.239, 0.3])
def test_the_pages_lines_are_the_iterates(page, start, lr):
    """Every line that the page shows is the path's, below the largest stable rate and above it."""
    lines = page("iterates", X, Y, list(start), lr, 200)
    path = fitted(start, lr).path_
    t = np.arange(201)
    expected = np.column_stack([path.intercept(t), path.coef(t)[:, 0]])
    np.testing.assert_allclose(np.array(lines, float), expected, rtol=1e-10, atol=1e-10)
    losses = [page("loss", X, Y, line) for line in lines]
    np.testing.assert_allclose(np.array(losses, float), path.loss(t), rtol=1e-10)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("lr", "tol"), [(0.125, 0.1), (0.05, 1.0), (0.2, 0.0564), (0.125, 100.0)])
def test_the_page_stops_where_a_fit_does(page, start, lr, tol):
    """The first loss below tol, at the same number of updates."""
    model = fitted(start, lr, tol)
    assert page("stop", X, Y, list(start), lr, tol, MAX_ITER) == {
        "t": model.n_iter_,
        "reason": model.stop_reason_,
    }


def test_the_page_names_the_other_endings_as_a_fit_does(page):
    """A rate that is too large, and too few updates, in the library's words."""
    for lr, tol in ((0.3, 0.0), (0.001, 0.0)):
        ending = page("stop", X, Y, [-1.0, 0.5], lr, tol, MAX_ITER)
        assert ending["reason"] == fitted((-1.0, 0.5), lr).stop_reason_


def test_the_pages_limits_are_the_librarys(page):
    """The largest stable rate, the best line and its loss."""
    path = fitted((0.0, 0.0), 0.125).path_
    best = np.polyfit(X, Y, 1)[::-1]
    np.testing.assert_allclose(page("maxStableLr", X), path.max_stable_lr, rtol=1e-12)
    np.testing.assert_allclose(page("bestLine", X, Y), best, rtol=1e-12)
    np.testing.assert_allclose(page("loss", X, Y, list(best)), path.loss_floor, rtol=1e-12)


def test_every_language_says_the_same_things():
    """Both languages of the page have the same keys."""
    quickjs = pytest.importorskip("quickjs", reason="needs quickjs-ng, which runs JavaScript")
    context = quickjs.Context()
    context.eval((DOCS / "_static" / "descent-words.js").read_text(encoding="utf-8"))
    keys = """JSON.stringify(Object.values(DescentWords).map(words => {
        const names = (thing) => typeof thing !== "object" ? [] :
            Object.entries(thing).map(([key, value]) => [key, names(value)]);
        return names(words)}))"""
    english, chinese = json.loads(context.eval(keys))
    assert english == chinese


def test_a_reader_moves_the_page_in_a_browser(tmp_path, monkeypatch):
    """Buttons, keys and drags change what the page says, and it agrees with the library."""
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    from site_checks.browser import NoBrowser, browser, served
    from site_checks.interactive import check_interactive

    source = (DOCS / "interactive.rst").read_text(encoding="utf-8")
    markup = source.split(".. raw:: html")[1].split("\n\n")[1]
    copytree(DOCS / "_static", tmp_path / "_static")
    head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="_static/favicon.svg">'
    style = '<link rel="stylesheet" href="_static/interactive.css">'
    (tmp_path / "page.html").write_text(head + style + markup, encoding="utf-8")
    try:
        with browser(install=False) as chrome, served(tmp_path) as site:
            assert check_interactive(chrome, f"{site}/page.html") == []
    except NoBrowser as why:
        pytest.skip(f"needs a browser: {why}")
