"""What all displays have in common: symbols, legends, limits, iterates, held-out rows, walls."""

from __future__ import annotations

import ast
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_gd.display
from display.gallery_models import DIVERGING, FOLDS, LINE, LONG, THREE, X, fitted, legend_words, y
from sklearn_gd import (
    CoefPathDisplay,
    FitDisplay,
    GDLinearRegressor,
    LossCurve,
    LossCurveDisplay,
    LossSlopeDisplay,
    LossSurfaceDisplay,
    TuningDisplay,
)

DRAW = {
    "fit": lambda **looks: FitDisplay.from_estimator(LINE, X, y, **looks),
    "curve": lambda **looks: LossCurveDisplay.from_estimator(LINE, **looks),
    "slope": lambda **looks: LossSlopeDisplay.from_estimator(LINE, **looks),
    "surface": lambda **looks: LossSurfaceDisplay.from_estimator(LINE, **looks),
    "coefficients": lambda **looks: CoefPathDisplay.from_estimator(LINE, **looks),
    "tuning": lambda **looks: TuningDisplay.from_estimator(FOLDS, **looks),
}
PATHS = {name: draw for name, draw in DRAW.items() if name != "tuning"}
OF_PARAMETERS = ("slope", "surface", "coefficients")


def test_displays_read_nothing_but_the_public_path():
    """No module of the pictures imports internals of the numerics or of the estimators."""
    checks = {"sklearn_gd._estimator.parameters", "sklearn_gd._estimator.path_of"}
    allowed = {"sklearn_gd.path", "sklearn_gd._optional", *checks}
    for file in Path(sklearn_gd.display.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("sklearn_gd"):
                ours = node.module.startswith("sklearn_gd.display")
                assert ours or node.module in allowed, (file.name, node.module)
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"_descent", "_stop", "_layout"}, (file.name, node.attr)


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
def test_every_display_can_do_without_its_legend(draw):
    """`legend=False` draws none, and a dict is what `ax.legend` is called with."""
    assert draw(legend=False).legend_ is None
    legend = draw(legend={"loc": "lower right", "title": "so"}).legend_
    assert legend.get_title().get_text() == "so"
    assert legend._loc_real == 4


@pytest.mark.parametrize("kind", ["fit", "slope", "surface"])
def test_an_animation_can_do_without_its_legend(kind):
    """`animate` takes the same `legend` as `plot`."""
    display = DRAW[kind]()
    animation = display.animate(legend=False)
    display.figure_.canvas.draw()  # an animation never drawn warns when it goes
    assert display.legend_ is None
    assert animation is not None


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_a_legend_stays_within_its_own_panel(draw, layout):
    """Among several axes no legend reaches into another panel."""
    figure, axes = pyplot.subplots(2, 2, figsize=(10, 7), layout=layout)
    display = draw(ax=axes[0, 0])
    figure.canvas.draw()
    if display.legend_ is not None:
        box = display.legend_.get_window_extent()
        for ax in (axes[0, 1], axes[1, 0]):
            assert not box.overlaps(ax.get_window_extent())


@pytest.mark.parametrize("kind", OF_PARAMETERS)
def test_symbols_name_parameters_as_a_lesson_does(kind):
    """Symbols stand on axes, at lines and in legends in the place of the parameters' names."""
    display = DRAW[kind](symbols={"x0": "w", "intercept": "b"})
    said = [text.get_text() for text in display.figure_.findobj(matplotlib.text.Text)]
    assert any("w" in words for words in said)
    assert not any("x0" in words or "intercept" in words for words in said)


def test_a_step_that_is_not_the_slopes_alone_says_so():
    """An update with momentum is drawn as far as it goes, and not called lr times the slope."""
    own = {"value": [0.0], "loss": [1.0], "slope": [-1.0], "t": [0], "curvature": 1.0, "lr": 0.1}
    plain = LossSlopeDisplay(**own).plot()
    further = LossSlopeDisplay(**own, step=[0.4]).plot()
    assert plain.steps_[0].xy[0] == pytest.approx(0.1)
    assert further.steps_[0].xy[0] == pytest.approx(0.4)
    assert "step −lr × slope = 0.1" in legend_words(plain)
    assert "step = 0.4" in legend_words(further)


def test_symbols_reach_directions():
    """A direction of many parameters is named by their symbols."""
    display = LossSurfaceDisplay.from_estimator(THREE, symbols={"x0": "u"})
    assert "u" in display.ax_.get_xlabel()
    assert "x0" not in display.ax_.get_xlabel()


@pytest.mark.parametrize("kind", OF_PARAMETERS)
def test_symbols_for_no_parameter_are_refused(kind):
    """A misspelt parameter is named, with those that there are."""
    with pytest.raises(ValueError, match=r"intercept, x0; got \['slope'\]"):
        DRAW[kind](symbols={"slope": "w"})


@pytest.mark.parametrize("draw", PATHS.values(), ids=PATHS)
def test_t_and_t_max_mean_the_same_everywhere(draw):
    """`t` picks iterates, `t_max` is the last one shown; both together are both."""
    for options, expected in (
        ({"t": [0, 2, 3]}, {0, 2, 3}),
        ({"t_max": 3}, {0, 1, 2, 3}),
        ({"t": [0, 2, 9], "t_max": 4}, {0, 2}),
    ):
        display = draw(**options)
        shown = display.curves[0].t if isinstance(display, LossCurveDisplay) else display.t
        assert set(shown.tolist()) <= expected
        assert {min(expected), max(expected)} <= set(shown.tolist())


def test_coefficients_are_chosen_by_name_or_position():
    """`parameters` selects and orders the lines; None is all but the intercept."""
    assert CoefPathDisplay.from_estimator(THREE).names == ["x0", "x1", "x2"]
    chosen = CoefPathDisplay.from_estimator(THREE, parameters=["x2", 0])
    assert chosen.names == ["x2", "intercept"]
    assert_allclose(chosen.lines_[0].get_ydata(), THREE.coef_path_[:, 2], atol=1e-14)
    assert_allclose(chosen.limit, THREE.path_.limit()[[3, 0]])


def test_limits_set_before_are_kept():
    """A display drawn on axes with limits of their own keeps these, a surface fills them."""
    ax = pyplot.figure().add_subplot()
    ax.set(xlim=(-3.0, 3.0), ylim=(-4.0, 4.0))
    display = LossSurfaceDisplay.from_estimator(LINE, ax=ax)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3.0, 3.0), (-4.0, 4.0))
    assert_allclose(display._window[0][[0, -1]], [-3.0, 3.0])
    ax = pyplot.figure().add_subplot()
    ax.set_ylim(1e-3, 1e3)
    LossCurveDisplay.from_estimator(LINE, ax=ax)
    assert ax.get_ylim() == (1e-3, 1e3)


def test_shared_axes_show_what_each_panel_needs():
    """Panels that share axes end with limits that hold the curves of both, whatever the order."""
    for models in ([LINE, LONG], [LONG, LINE]):
        _, axes = pyplot.subplots(1, 2, sharex=True, sharey=True)
        for model, ax in zip(models, axes, strict=True):
            LossCurveDisplay.from_estimator(model, ax=ax)
        assert axes[0].get_xlim() == axes[1].get_xlim() == (0, LONG.n_iter_)
        low, high = axes[0].get_ylim()
        assert low < min(m.loss_history_.min() for m in models)
        assert high > max(m.loss_history_.max() for m in models)


def test_a_fall_to_nothing_may_share_an_axis_with_a_plain_one():
    """A logarithmic panel beside one in proportion makes both logarithmic, without a warning."""
    _, axes = pyplot.subplots(1, 2, sharey=True)
    LossCurveDisplay([LossCurve([0, 1], [2.0, 1.9])]).plot(axes[0])
    axes[0].set_ylim(-1.0, 3.0)
    LossCurveDisplay([LossCurve([0, 1], [2.0, 0.001])]).plot(axes[1])
    axes[0].figure.canvas.draw()
    assert 0 < axes[0].get_ylim()[0] < 0.001


def test_only_the_fitted_line_is_called_fitted():
    """The last of the lines asked for is called fitted if it is that of `coef_`."""
    last = FitDisplay.from_estimator(LINE, X, y).line_.get_label()
    assert last.startswith(f"fitted line, t = {LINE.n_iter_}")
    other = FitDisplay.from_estimator(LINE, X, y, t=range(3)).line_.get_label()
    assert other.startswith("last line, t = 2")


def test_the_lines_of_a_diverging_descent_are_seen():
    """At least three lines rise beyond the one of least loss, which is the one called fitted."""
    display = FitDisplay.from_estimator(DIVERGING, X, y)
    losses = display.loss
    kept = int(np.argmin(losses))
    assert (losses[kept + 1 :] > losses[kept]).sum() >= 3
    assert display.first_line_.get_label().startswith("first and fitted line")
    assert display.line_.get_label().startswith("last line")
    assert_allclose(DIVERGING.coef_, DIVERGING.path_.coef(display.fitted))
    low, high = display.ax_.get_ylim()
    second = display.lines[1]
    assert low < second.min() < second.max() < high


@pytest.mark.parametrize("factor", [1.02, 1.5, 20.0])
def test_the_curve_of_a_diverging_descent_shows_its_rise(factor):
    """At whatever rate, at least three risen losses are in view, and the rate is named."""
    model = fitted(X, y, lr=factor * LINE.path_.max_stable_lr)
    display = LossCurveDisplay.from_estimator(model)
    t, loss = display.curves[0].t, display.curves[0].loss
    risen = loss[np.argmin(loss) + 1 :]
    assert (risen <= display.ax_.get_ylim()[1]).sum() >= 3
    assert display.ax_.get_xlim()[1] >= t[np.argmin(loss)] + 3
    assert f"lr = {model.lr_:.3g}" in display.lines_[0].get_label()
    further = LossCurveDisplay.from_estimator(model, t_max=8)
    assert further.ax_.get_ylim()[1] > model.path_.loss(8)


def test_a_rate_that_diverges_is_seen_to_rise_among_others():
    """Compared with stable rates, a diverging one shows at least three risen losses too."""
    rates = ["auto", 30 * LINE.path_.max_stable_lr]
    display = LossCurveDisplay.from_estimator(LINE, lrs=rates, t_max=100)
    risen = LINE.path_.at_lr(rates[1]).loss([1, 2, 3])
    assert (risen <= display.ax_.get_ylim()[1]).all()


def test_arrows_say_what_they_are():
    """The arrow is called the negative gradient, its components minus the partial derivatives."""
    display = LossSurfaceDisplay.from_estimator(LINE)
    gradient = LINE.path_.gradient(0)
    words = legend_words(display)
    assert any(said.startswith("negative gradient at t = 0") for said in words)
    assert f"−∂J/∂x0 = {-gradient[1]:.4g}" in words


@pytest.mark.parametrize("kind", ["contour", "3d"])
def test_arrows_have_heads(kind):
    """An arrow ends in two barbs of equal length that point back, also in three dimensions."""
    display = LossSurfaceDisplay.from_estimator(LINE, kind=kind)
    line = display.arrows_[0]
    points = np.column_stack((line.get_data_3d() if kind == "3d" else line.get_data())[:2])
    sides = np.array([np.ptp(side) for side in display._window])
    left, tip, right = points[-3:] / sides
    back = points[0] / sides - tip
    assert_allclose(np.linalg.norm(left - tip), np.linalg.norm(right - tip))
    assert (left - tip) @ back == pytest.approx((right - tip) @ back)
    assert (left - tip) @ back > 0
    if kind == "3d":
        assert_allclose(line.get_data_3d()[2], display.loss(points))


def test_a_solid_path_lies_on_the_surface():
    """Between iterates the path in 3-D follows the surface, with dots at the iterates."""
    display = LossSurfaceDisplay.from_estimator(LINE, kind="3d")
    u, v, loss = display.line_.get_data_3d()
    assert_allclose(loss, display.loss(np.column_stack([u, v])))
    dots = np.column_stack([u, v])[:: display.line_.get_markevery()]
    assert_allclose(dots, display.path)


def test_the_excess_is_the_loss_above_the_floor():
    """With `excess` the curve is J less its least possible value, on a logarithmic axis."""
    display = LossCurveDisplay.from_estimator(LINE, excess=True)
    expected = LINE.loss_history_ - LINE.path_.loss_floor
    assert_allclose(display.lines_[0].get_ydata(), expected, rtol=1e-9)
    assert display.ax_.get_yscale() == "log"
    assert display.floor_line_ is None
    assert_allclose(display.tol_line_.get_ydata()[0], 0.05 - LINE.path_.loss_floor)
    assert "above the least possible" in display.ax_.get_ylabel()


def test_a_threshold_has_no_level_above_different_floors():
    """The same `tol` is then a different excess for each descent."""
    other = GDLinearRegressor(lr=0.1, tol=0.05).fit(X, y + 0.1 * (np.arange(len(y)) % 2))
    same = LossCurveDisplay.from_estimator([LINE, LINE], excess=True)
    assert_allclose(same.tol_line_.get_ydata()[0], 0.05 - LINE.path_.loss_floor)
    assert LossCurveDisplay.from_estimator([LINE, other], excess=True).tol_line_ is None


def test_no_iterates_to_show_are_refused():
    """An empty list, or one that is all beyond `t_max`."""
    for t, t_max in (([], None), ([5, 6], 4)):
        with pytest.raises(ValueError, match="t must have some t to show"):
            LossCurveDisplay.from_estimator(LINE, t=t, t_max=t_max)


def test_an_excess_that_is_rounding_is_not_drawn():
    """A descent that has arrived has no excess left; a curve without a floor is refused."""
    model = GDLinearRegressor(max_iter=10**9).fit(X, y)
    display = LossCurveDisplay.from_estimator(model, excess=True, t_max=10**6)
    drawn = display.lines_[0].get_ydata()
    assert np.nanmin(drawn) > 1e-15 * model.path_.loss(0)
    with pytest.raises(ValueError, match="excess=True needs the least possible loss"):
        LossCurveDisplay([LossCurve([0, 1], [2.0, 1.0])]).plot(excess=True)


def test_own_numbers_may_be_lists_and_ranges():
    """Lists and ranges are drawn; a label without an ending stands alone in the legend."""
    curves = [LossCurve(range(3), [4, 2, 1], "mine"), LossCurve([0, 1], (4.0, 3.0), "yours")]
    display = LossCurveDisplay(curves).plot()
    assert legend_words(display) == ["mine", "yours"]
    assert_allclose(display.lines_[1].get_ydata(), [4.0, 3.0])
    with pytest.raises(ValueError, match=r"equally long; got shapes \(3,\) and \(2,\)"):
        LossCurve(range(3), [1.0, 2.0])


def test_a_loop_of_ones_own_is_drawn_from_t_losses_and_label():
    """`LossCurveDisplay(t, losses, label)` draws one curve; the legend says its label alone."""
    display = LossCurveDisplay(range(3), [4, 2, 1], "mine", loss_floor=0.5).plot()
    assert legend_words(display) == ["mine", "least possible loss 0.5"]
    assert_allclose(display.lines_[0].get_xydata(), [[0, 4], [1, 2], [2, 1]])
    assert display.stops_ == []
    assert legend_words(LossCurveDisplay([0, 1], [2.0, 1.0]).plot()) == ["loss J"]
    with pytest.raises(ValueError, match=r"equally long; got shapes \(3,\) and \(2,\)"):
        LossCurveDisplay(range(3), [2.0, 1.0])


def _overfitting(weights=False):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(80, 40)) * np.geomspace(1, 0.05, 40)
    b = A @ rng.normal(size=40) + rng.normal(size=80)
    weight = rng.uniform(0.5, 2.0, size=30) if weights else None
    return A[:50], b[:50], A[50:], b[50:], weight


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("max_iter", [30, 3000])
def test_held_out_rows_have_their_curve_and_its_minimum(weights, max_iter):
    """The second curve is the held-out loss of every iterate; the star stands at its minimum."""
    A, b, A_val, b_val, weight = _overfitting(weights)
    scaler = StandardScaler().fit(A)
    model = make_pipeline(scaler, fitted(scaler.transform(A), b, max_iter=max_iter))
    display = LossCurveDisplay.from_estimator(
        model, X_val=A_val, y_val=b_val, sample_weight_val=weight
    )
    path, seen = model[-1].path_, model[0].transform(A_val)
    all_t = np.arange(path.n_iter + 1)
    residual = seen @ path.coef(all_t).T + path.intercept(all_t) - b_val[:, np.newaxis]
    losses = np.average(residual**2, axis=0, weights=weight) / 2
    curve = display.curves[1]
    assert_allclose(curve.loss, losses[curve.t], rtol=1e-9)
    assert curve.best == np.argmin(losses)
    assert display.stops_[-1].get_xdata() == [curve.best]
    assert_allclose(display.lines_[0].get_ydata(), path.loss(display.lines_[0].get_xdata()))
    assert any(f"at t = {curve.best:,}" in said for said in legend_words(display))


def test_held_out_rows_are_those_of_one_estimator():
    """Several estimators have no common held-out curve, and two labels name the two curves."""
    with pytest.raises(ValueError, match="X_val holds out rows of one estimator; got 2"):
        LossCurveDisplay.from_estimator([LINE, LINE], X_val=X, y_val=y)
    display = LossCurveDisplay.from_estimator(LINE, X_val=X, y_val=y, labels=["seen", "new"])
    assert [said.split(":")[0] for said in legend_words(display)][:2] == ["seen", "new"]


def test_a_long_curve_is_smooth_where_its_axis_turns_logarithmic():
    """The axis of many updates has no kink at one, and the first iterates have dots."""
    display = LossCurveDisplay.from_estimator(LONG)
    assert display.ax_.get_xscale() == "asinh"
    assert display.lines_[0].get_markevery() == list(range(11))


def test_no_word_for_a_kind_means_two_things():
    """`kind` takes the words for what is seen: from above, in three dimensions, or as curves."""
    assert TuningDisplay.from_estimator(FOLDS, kind="heatmap").heatmap_ is not None
    assert LossSurfaceDisplay.from_estimator(LINE, kind="3d").ax_.name == "3d"
    for draw in (DRAW["surface"], DRAW["tuning"]):
        with pytest.raises(ValueError, match="kind must be one of"):
            draw(kind="surface")


def test_descents_with_momentum_are_told_apart():
    """Labels name the momentum, "auto" is one over the largest curvature, "best" is refused."""
    plain = fitted(X, y, lr=0.2)
    for nesterov, words in ((False, "momentum 0.6"), (True, "Nesterov's momentum 0.6")):
        auto = fitted(X, y, momentum=0.6, nesterovs_momentum=nesterov)
        both = LossCurveDisplay.from_estimator([plain, auto])
        assert [curve.label for curve in both.curves] == [
            "lr = 0.2",
            f"lr = {auto.lr_:.3g}, {words}",
        ]
        display = LossCurveDisplay.from_estimator(auto, lrs=["auto"])
        assert display.curves[0].label == f"lr = {auto.lr_:.3g} (auto)"
        assert_allclose(display.curves[0].loss, auto.path_.loss(display.curves[0].t), rtol=1e-12)
        with pytest.raises(ValueError, match=r"without momentum.*fastest_rates"):
            LossCurveDisplay.from_estimator(auto, lrs=["best"])


@pytest.mark.parametrize("others", [[], [LossCurve([0, 2], [1.0, 0.9])]])
@pytest.mark.parametrize("highest", [1.2, 1.5, 4.0])
def test_a_loss_that_rises_and_falls_stays_in_view(others, highest):
    """The axis holds the highest loss, and not ten times as much as that."""
    curves = [LossCurve([0, 1, 2], [1.0, highest, 0.8]), *others]
    low, high = LossCurveDisplay(curves).plot().ax_.get_ylim()
    assert low < 0.8
    assert highest < high < 1.5 * highest
