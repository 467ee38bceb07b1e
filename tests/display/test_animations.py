"""Animations: a frame for each iterate, saved as GIF or as a player of their own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from display.gallery_models import X, y
from sklearn_gd import FitDisplay, GDLinearRegressor, LossSlopeDisplay, LossSurfaceDisplay

image = pytest.importorskip("PIL.Image")


def _display(kind):
    if kind == "slope":
        model = GDLinearRegressor(lr=0.1, tol=0.9, fit_intercept=False).fit(X, y)
        return LossSlopeDisplay.from_estimator(model), model
    model = GDLinearRegressor(lr=0.1, tol=0.9).fit(X, y)
    if kind == "fit":
        return FitDisplay.from_estimator(model, X, y, t=np.arange(model.n_iter_ + 1)), model
    return LossSurfaceDisplay.from_estimator(model), model


@pytest.mark.parametrize("kind", ["fit", "slope", "surface", "solid"])
def test_an_animation_has_a_frame_for_each_iterate(kind, tmp_path):
    """The GIF has a frame per iterate; the player holds as many and shows itself in a notebook."""
    display, model = _display(kind)
    options = {"kind": "3d"} if kind == "solid" else {}
    animation = display.animate(**options)
    animation.save(tmp_path / "descent.gif", writer="pillow", dpi=40)
    with image.open(tmp_path / "descent.gif") as gif:
        assert gif.n_frames == model.n_iter_ + 1
    player = animation.to_jshtml(default_mode="once")
    assert player.count("data:image/png;base64") == model.n_iter_ + 1
    assert "<script" in animation._repr_html_()


def test_frames_are_read_off_the_path():
    """At each frame line and point are where the path says, and the title has t and J."""
    display, model = _display("fit")
    animation = display.animate()
    display.figure_.canvas.draw()  # an animation never drawn warns when it goes
    animation._draw_frame(2)
    path = model.path_
    expected = path.intercept(2) + path.coef(2)[0] * display.grid
    assert_allclose(display.line_.get_ydata(), expected, atol=1e-12)
    assert display.ax_.get_title(loc="left") == f"t = 2, J = {path.loss(2):.4g}"

    display, model = _display("surface")
    moving = display.animate()
    display.figure_.canvas.draw()
    moving._draw_frame(1)
    at = [model.path_.intercept(1), model.path_.coef(1)[0]]
    assert_allclose(np.ravel(display.stop_.get_data()), at, atol=1e-12)
    assert len(display.line_.get_xdata()) == 2


def test_a_long_descent_has_no_more_frames_than_one_watches():
    """10**12 updates give an animation of at most sixty frames, the last at the stop."""
    model = GDLinearRegressor(lr=1e-6, max_iter=10**12).fit(X, y)
    display = FitDisplay.from_estimator(model, X, y)
    assert len(display.t) <= 60
    assert display.t[-1] == model.n_iter_
