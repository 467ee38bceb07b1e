"""Parts of pictures: which iterates, what ticks and words say, what wrong arguments are told."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import sklearn_gd as gd
from display import gallery
from display.gallery_models import (
    FOLDS,
    LINE,
    LONG,
    NO_INTERCEPT,
    SLOPE,
    THREE,
    TWO_TARGETS,
    X3,
    X,
    Y,
    y,
)
from sklearn_gd.display._axes import count_words
from sklearn_gd.display._curves import MOST_POINTS
from sklearn_gd.display._descents import Descent, choose, iterate_words, last_shown, spread
from sklearn_gd.display.coef_path import LINE_HEIGHT

KINDS = "kind must be one of {}; got 'cube'."
PAIR = "parameters must be two different ones; got {}."
REFUSED = {
    "FitDisplay draws one feature: X of shape (n, 1); got shape (12, 3).": (
        lambda: gd.FitDisplay.from_estimator(THREE, X3, y)
    ),
    "FitDisplay draws one feature: X of shape (n, 1); got shape (12,).": (
        lambda: gd.FitDisplay.from_estimator(LINE, X[:, 0], y)
    ),
    "FitDisplay draws one feature: X of shape (n, 1); got shape (12, 1, 1).": (
        lambda: gd.FitDisplay.from_estimator(LINE, X[..., np.newaxis], y)
    ),
    "target must be from 0 to 1; got 2.": (
        lambda: gd.CoefPathDisplay.from_estimator(TWO_TARGETS, target=2)
    ),
    "target must be from 0 to 1; got -1.": (
        lambda: gd.FitDisplay.from_estimator(TWO_TARGETS, X, Y, target=-1)
    ),
    "lrs compares rates of one estimator; got 2 of them.": (
        lambda: gd.LossCurveDisplay.from_estimator([LINE, LINE], lrs=[0.1])
    ),
    "estimator must name at least one; got an empty list.": (
        lambda: gd.LossCurveDisplay.from_estimator([])
    ),
    "lrs must name at least one; got an empty list.": (
        lambda: gd.LossCurveDisplay.from_estimator(LINE, lrs=[])
    ),
    "labels must name 2 descents; got 1 of them.": (
        lambda: gd.LossCurveDisplay.from_estimator([LINE, LINE], labels=["one"])
    ),
    "tangents must be among the iterates [0 1 2 3 4 5 6]; got [7, 9].": (
        lambda: gd.LossSlopeDisplay.from_estimator(SLOPE, tangents=[1, 7, 9])
    ),
    "parameters must be among intercept, x0; got 'x1'.": (
        lambda: gd.LossSlopeDisplay.from_estimator(LINE, parameters="x1")
    ),
    "There are 2 parameters; got number 2.": (
        lambda: gd.LossSlopeDisplay.from_estimator(LINE, parameters=2)
    ),
    "There are 2 parameters; got number -3.": (
        lambda: gd.LossSurfaceDisplay.from_estimator(LINE, parameters=[0, -3])
    ),
    PAIR.format("['x0', 'x0']"): (
        lambda: gd.LossSurfaceDisplay.from_estimator(THREE, parameters=["x0", "x0"])
    ),
    PAIR.format("[0]"): lambda: gd.LossSurfaceDisplay.from_estimator(THREE, parameters=[0]),
    PAIR.format("[0, 1, 2]"): lambda: gd.LossSurfaceDisplay.from_estimator(
        THREE, parameters=[0, 1, 2]
    ),
    PAIR.format("[0, 1, 0]"): lambda: gd.LossSurfaceDisplay.from_estimator(
        THREE, parameters=[0, 1, 0]
    ),
    "A surface needs two parameters, this descent has only x0; see LossSlopeDisplay.": (
        lambda: gd.LossSurfaceDisplay.from_estimator(SLOPE)
    ),
    KINDS.format("'contour', '3d'"): (
        lambda: gd.LossSurfaceDisplay.from_estimator(LINE, kind="cube")
    ),
    "LossSurfaceDisplay needs three-dimensional axes, made with projection='3d'; got Axes.": (
        lambda: gd.LossSurfaceDisplay.from_estimator(LINE, kind="3d", ax=gallery.flat())
    ),
    KINDS.format("'heatmap', 'curves'"): (
        lambda: gd.TuningDisplay.from_estimator(FOLDS, kind="cube")
    ),
    "mean must have shape (1, 2); got (2, 1).": (
        lambda: gd.TuningDisplay(lrs=[1.0], iters=[0, 1], mean=[[0.0], [1.0]])
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_wrong_argument_is_told_what_would_be_right(words):
    """The error says, word for word, what was expected and what came."""
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        REFUSED[words]()
    assert str(error.value) == words


def test_what_was_not_tuned_has_no_scores_to_draw():
    """An estimator without scores over rates is refused by its name."""
    words = "TuningDisplay needs a fitted GDLinearRegressorCV; got {}."
    for estimator in (LINE, gd.GDLinearRegressorCV(cv=3)):
        with pytest.raises(TypeError, match=re.escape(words.format(type(estimator).__name__))):
            gd.TuningDisplay.from_estimator(estimator)


@pytest.mark.parametrize("name", ["fit", "curve", "slope", "surface", "coefficients", "tuning"])
def test_each_display_says_what_it_needs(monkeypatch, name):
    """Without matplotlib a display says by its name what to install, and so does its animation."""
    display = gallery.PICTURES[name]()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    words = "needs matplotlib, which cannot be imported here: pip install matplotlib"
    for draw in filter(None, (display.plot, getattr(display, "animate", None))):
        with pytest.raises(ImportError, match=f"^{type(display).__name__} {words}$"):
            draw()


@pytest.mark.parametrize(
    ("last", "most", "expected"),
    [
        (0, 5, [0]),
        (3, 5, [0, 1, 2, 3]),
        (4, 5, [0, 1, 2, 3, 4]),
        (5, 5, [0, 1, 2, 3, 5]),
        (6, 5, [0, 1, 2, 3, 6]),
        (1000, 5, [0, 1, 10, 100, 1000]),
        (10, 8, [0, 1, 2, 3, 4, 5, 7, 10]),
    ],
)
def test_iterates_are_spread_from_all_to_ever_wider_apart(last, most, expected):
    """Few updates are all shown; of many the first ones and the last, as many as there is room."""
    assert_array_equal(spread(last, most), expected)


@pytest.mark.parametrize("by_loss", [False, True])
def test_iterates_end_at_the_largest_number_of_an_array(by_loss):
    """Updates beyond the integers of an array are shown up to the largest of these."""
    steps = choose(LINE.path_, None, 2**70, 3, by_loss=by_loss)
    assert steps.dtype == np.int64
    assert (steps[0], steps[-1]) == (0, 2**62)


@pytest.mark.parametrize("most", [3, 7, 60, 800])
def test_as_many_iterates_are_shown_as_there_is_room_for(most):
    """From as many updates as there is room for on, no place stays empty; none comes twice."""
    for last in (most, most + 1, 2 * most, 10**5, 10**12):
        steps = spread(last, most)
        assert len(steps) == most
        assert (np.diff(steps) > 0).all()
        assert steps[0] == 0
        assert steps[-1] == last


def _path(losses, known=None, stop="diverged", n_iter=1):
    losses = np.array(losses)
    return SimpleNamespace(
        loss=lambda t: losses[t],
        n_iter=n_iter,
        best_iter=int(np.argmin(losses[: n_iter + 1])),
        stop_reason=stop,
        last_known=known,
    )


def test_a_diverging_descent_is_followed_until_it_has_blown_up():
    """It is shown until the loss is ten times the first, 3 to 30 updates after its least loss."""
    assert last_shown(_path([1, 1, 2, 10, 11, *range(99)])) == 4
    assert last_shown(_path([1, 99, 99, 99, 99, 12, *range(99)])) == 3
    assert last_shown(_path([1.0] * 99)) == 30
    assert last_shown(_path([1.0] * 99, stop="tol")) == 1
    assert last_shown(_path([1.0] * 9, known=5)) == 5
    assert last_shown(_path([1.0] * 9, known=3, n_iter=4)) == 3


def test_a_parameter_is_asked_for_by_name_or_position():
    """Positions count from the front or from the back; None is all coefficients."""
    names = ("intercept", "x0", "x1")
    asked = ["intercept", "x1", 0, 2, -1, -3, np.int64(1)]
    descent = Descent(LINE.path_, 0, names, names)
    assert descent.positions(asked) == [0, 2, 0, 2, 2, 0, 1]
    assert descent.positions(None) == [2]  # the one coefficient of this path


@pytest.mark.parametrize(
    ("t", "words"),
    [
        ([3], "iterate t = 3"),
        ([12345], "iterate t = 12,345"),
        ([0, 1, 2], "iterates, t = 0 to 2"),
        ([999, 1000], "iterates, t = 999 to 1,000"),
        ([1000, 1002], "2 iterates, t = 1,000 to 1,002"),
    ],
)
def test_a_legend_says_which_iterates(t, words):
    """All between two, or how many of them; thousands have a comma."""
    assert iterate_words(np.array(t)) == words


@pytest.mark.parametrize(
    ("t", "words"),
    [
        (0, "0"),
        (1000, "1,000"),
        (99999, "99,999"),
        (1e5, "$10^{5}$"),
        (1e12, "$10^{12}$"),
        (123456, "1.2e+05"),
    ],
)
def test_a_number_of_updates_is_said_shortly(t, words):
    """In digits while they are few, as a power of ten where it is one."""
    assert count_words(t) == words


@pytest.mark.parametrize(
    ("last", "ticks"),
    [
        (0, "0 | 1"),
        (1, "0 | 1"),
        (3, "0 | 1 | 2 | 3"),
        (251, "0 | 1 | 10 | 100"),
        (9999999, "0 | 1 | 10 | 100 | 1,000 | 10,000 | $10^{5}$ | $10^{6}$"),
        (10**7, "0 | 1 | 100 | 10,000 | $10^{6}$"),
        (10**8, "0 | 1 | 100 | 10,000 | $10^{6}$ | $10^{8}$"),
    ],
)
def test_updates_are_counted_along_their_axis(last, ticks):
    """Whole numbers of updates, or powers of ten, every other one where they are many."""
    curve = gd.LossCurve(t=np.array([0, last]), loss=np.array([2.0, 1.0]))
    axis = gd.LossCurveDisplay([curve]).plot().ax_.xaxis
    places = [place for place in axis.get_majorticklocs() if 0 <= place <= max(last, 1)]
    assert " | ".join(axis.get_major_formatter().format_ticks(places)) == ticks
    assert len(axis.get_minorticklocs()) == 0


def test_names_at_the_edge_stand_apart():
    """No two names overlap; names that touch share their shift, the others stand at their lines."""
    end = [0.0, 0.01, 0.02, 1.0, -1.0]
    names = list("abcde")
    display = gd.CoefPathDisplay(t=[0, 1], coef=[np.zeros(5), end], names=names).plot()
    heights = {text.get_text(): text.xy[1] for text in display.texts_}
    low, high = display.ax_.get_ylim()
    at = {name: (each - low) / (high - low) for name, each in zip(names, end, strict=True)}
    assert_allclose([heights[name] for name in "dbe"], [at[name] for name in "dbe"])
    assert_allclose(heights["b"] - heights["a"], LINE_HEIGHT)
    assert_allclose(heights["c"] - heights["b"], LINE_HEIGHT)


def test_of_equal_coefficients_the_first_are_named():
    """The order of the features decides where sizes do not."""
    display = gd.CoefPathDisplay(t=[0], coef=np.tile([1.0, -1.0], 50)[np.newaxis], names=range(100))
    assert [text.get_text() for text in display.plot().texts_] == [str(k) for k in range(8)]


def test_equal_rates_keep_their_order():
    """Scores of rates that are equal stay in the order given."""
    mean = np.arange(100.0)[:, np.newaxis]
    display = gd.TuningDisplay(lrs=np.repeat([2.0, 1.0], 50), iters=[0], mean=mean)
    assert_array_equal(display.mean[:, 0], [*range(50, 100), *range(50)])


@pytest.mark.parametrize(
    ("lrs", "scale"), [([1, 10], "linear"), ([1, 10.5], "log"), ([0, 10], "linear")]
)
def test_rates_are_shown_by_powers_where_they_span_more_than_one(lrs, scale):
    """Rates that differ by more than ten times stand on a logarithmic axis, unless one is zero."""
    display = gd.TuningDisplay(lrs=lrs, iters=[0, 1], mean=[[0, 1], [0, 2]]).plot()
    assert display.ax_.get_yscale() == scale


def test_plain_data_may_be_numbers_of_any_kind():
    """Fractions, say, and rows of objects, are drawn as the floats they are."""
    half = np.array([[Fraction(1, 2), Fraction(3, 2)], [Fraction(5, 2), Fraction(1, 4)]])
    coef = gd.CoefPathDisplay(t=[0, 1], coef=half, names="ab", limit=half[0])
    assert {coef.coef.dtype, coef.limit.dtype} == {np.dtype(float)}
    surface = gd.LossSurfaceDisplay(
        path=half, t=[0, 1], lowest=half[0], loss_floor=0.0, curvature=half
    )
    kept = {surface.path.dtype, surface.lowest.dtype, surface.curvature.dtype}
    assert kept == {np.dtype(float)}
    tuning = gd.TuningDisplay(lrs=half[0], iters=[0, 1], mean=half, std=half)
    assert {tuning.lrs.dtype, tuning.mean.dtype, tuning.std.dtype} == {np.dtype(float)}
    fit = gd.FitDisplay.from_estimator(LINE, X.astype(object), y.astype(object))
    assert {fit.x.dtype, fit.y.dtype, fit.lines.dtype} == {np.dtype(float)}


def test_a_single_label_needs_no_list():
    """Of one descent; and any iterable names several."""
    assert gd.LossCurveDisplay.from_estimator(LINE, labels="mine").curves[0].label == "mine"
    both = gd.LossCurveDisplay.from_estimator([LINE, LINE], labels=(name for name in "ab"))
    assert [curve.label for curve in both.curves] == ["a", "b"]


def test_a_curve_holds_its_stop_and_no_point_beyond_its_end():
    """Of very many updates too the stop is a point of the curve, unless the curve ends before."""
    model = gd.GDLinearRegressor(lr=0.2, tol=0.02).fit(X, y)
    far = gd.LossCurveDisplay.from_estimator(LONG, t_max=50_000).curves[0]
    assert LONG.n_iter_ == far.stop
    assert far.stop not in spread(50_000, MOST_POINTS)  # where it would be by chance
    assert far.stop in far.t
    assert far.t[-1] == 50_000
    assert_allclose(far.loss, LONG.path_.loss(far.t))
    for t_max in (model.n_iter_ - 1, model.n_iter_):
        assert gd.LossCurveDisplay.from_estimator(model, t_max=t_max).curves[0].t[-1] == t_max


def test_directions_are_measured_from_the_start():
    """Wherever a descent starts, its plane of directions has the start at zero, and it descends."""
    model = gd.GDLinearRegressor(lr=0.2, tol=0.05).fit(X3, y, coef_init=[1.0, -2.0, 3.0])
    display = gd.LossSurfaceDisplay.from_estimator(model, t=range(5))
    assert_allclose(display.path[0], 0.0, atol=1e-12)
    steps = np.array([display.gradient(i) for i in range(len(display.t))])
    assert_allclose(display.path[:-1] - model.lr_ * steps[:-1], display.path[1:], atol=1e-12)


def test_parameters_held_are_said_where_there_are_any():
    """With three parameters a surface over two says what the third is held at, with two nothing."""
    three = gd.LossSurfaceDisplay.from_estimator(NO_INTERCEPT, parameters=[0, 2])
    assert three.held == "Others held at least squares;\nof the path this is the shadow"
    assert gd.LossSurfaceDisplay.from_estimator(LINE, parameters=[1, 0]).held == ""


@pytest.mark.parametrize(("folds", "name"), [(1, "score"), (2, "mean score over folds")])
def test_the_tuned_point_is_the_estimators_own(folds, name):
    """The point is the one chosen, whatever scores best; the score of one fold is no mean."""
    scores = np.arange(12.0 * folds).reshape(2, 6, folds)
    tuned = SimpleNamespace(
        lrs_=[0.1, 0.2], iters_=np.arange(6), lr_=0.1, n_iter_=2, scores_path_=scores.tolist()
    )
    display = gd.TuningDisplay.from_estimator(tuned)
    assert (display.lr, display.n_iter) == (0.1, 2)
    assert display.score_name == name
    assert (display.std is None) == (folds == 1)


@pytest.mark.parametrize("name", [name for name in gallery.SURFACES if "styled" not in name])
def test_a_surface_ends_within_its_figure(name):
    """Labels and the legend beside the axes are not cut at the figure's edges."""
    figure = gallery.SURFACES[name]().figure_
    figure.canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0, width - drawn.x1, height - drawn.y1) > -0.02
