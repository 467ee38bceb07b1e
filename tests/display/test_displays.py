"""Displays: what is drawn is what the path and the textbook loop say."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from display.gallery_models import fitted, legend_words
from sklearn_gd import (
    CoefPathDisplay,
    FitDisplay,
    GDLinearRegressor,
    GDLinearRegressorCV,
    LossCurve,
    LossCurveDisplay,
    LossSlopeDisplay,
    LossSurfaceDisplay,
    TuningDisplay,
    diagnose,
)
from sklearn_gd._estimator.path_of import names_of, path_of, transform


def _data(n=40, d=1, k=None, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) + 1.0
    y = X @ rng.normal(size=(d, k or 1)) + 2.0 + 0.1 * rng.normal(size=(n, k or 1))
    return X, y if k else y[:, 0]


def _loop(X, y, lr, updates):
    """The textbook loop for one feature: the iterates (intercept, slope) and their losses."""
    Z, theta, thetas, losses = np.column_stack([np.ones(len(X)), X]), np.zeros(2), [], []
    for _ in range(updates + 1):
        residual = Z @ theta - y
        thetas.append(theta)
        losses.append(residual @ residual / 2 / len(y))
        theta = theta - lr * Z.T @ residual / len(y)
    return np.array(thetas), np.array(losses)


def _draw_all(model, X, y):
    yield FitDisplay.from_estimator(model, X, y)
    yield LossCurveDisplay.from_estimator(model)
    yield LossSlopeDisplay.from_estimator(model)
    yield LossSurfaceDisplay.from_estimator(model)
    yield LossSurfaceDisplay.from_estimator(model, kind="3d")
    yield CoefPathDisplay.from_estimator(model)


@pytest.mark.parametrize(
    "terms",
    [
        {"tol": 1e6},
        {"max_iter": 2},
        {"lr": 0.01, "max_iter": 2000},
        {"lr": 10.0},
        {"max_iter": 10**12},
    ],
    ids=["none", "two", "2000", "diverging", "trillion"],
)
def test_every_number_of_updates_can_be_drawn(terms):
    """Each display draws descents of none, two, 2000 and 10**12 updates, and diverging ones."""
    X, y = _data()
    for display in _draw_all(fitted(X, y, **terms), X, y):
        assert display.figure_ is display.ax_.figure
        assert display.ax_.get_xlabel()
        display.figure_.canvas.draw()


def test_axes_given_are_drawn_on_and_returned(pyplot):
    """`plot` draws on the axes it is given, makes no other figure and returns the display."""
    X, y = _data()
    model = fitted(X, y)
    _, axes = pyplot.subplots(2, 2)
    displays = [
        FitDisplay.from_estimator(model, X, y, ax=axes[0, 0]),
        LossCurveDisplay.from_estimator(model, ax=axes[0, 1]),
        LossSlopeDisplay.from_estimator(model, ax=axes[1, 0]),
        LossSurfaceDisplay.from_estimator(model, ax=axes[1, 1]),
    ]
    assert [display.ax_ for display in displays] == list(axes.ravel())
    assert len(pyplot.get_fignums()) == 1
    assert displays[0].plot(ax=axes[0, 0]) is displays[0]


def test_fit_display_draws_the_loops_first_and_last_line():
    """The first and the fitted line are those of the textbook loop, with its losses in words."""
    X, y = _data()
    display = FitDisplay.from_estimator(fitted(X, y, lr=0.1, max_iter=30), X, y)
    thetas, losses = _loop(X, y, 0.1, 30)
    for line, t in ((display.first_line_, 0), (display.line_, 30)):
        assert_allclose(line.get_ydata(), thetas[t, 0] + thetas[t, 1] * display.grid, atol=1e-12)
        assert f"t = {t}: J = {losses[t]:.3g}" in line.get_label()
    assert_allclose(display.scatter_.get_offsets(), np.column_stack([X[:, 0], y]))


def test_fit_display_bends_the_line_of_a_pipeline():
    """In a pipeline that makes polynomials the fitted line is the pipeline's own prediction."""
    X, y = _data()
    model = make_pipeline(PolynomialFeatures(3, include_bias=False), StandardScaler())
    model = make_pipeline(*[step for _, step in model.steps], GDLinearRegressor(tol=1.0))
    model.fit(X, y)
    display = FitDisplay.from_estimator(model, X, y)
    assert_allclose(display.line_.get_ydata(), model.predict(display.grid[:, None]))


def test_fit_display_takes_one_feature_and_one_of_several_targets():
    """Two features are refused with their shape; of several targets the one asked for is drawn."""
    X, y = _data(d=2)
    with pytest.raises(ValueError, match=r"one feature.*\(40, 2\)"):
        FitDisplay.from_estimator(fitted(X, y), X, y)
    X, Y = _data(k=3)
    model = fitted(X, Y)
    display = FitDisplay.from_estimator(model, X, Y, target=2)
    expected = model.predict(display.grid[:, None])[:, 2]
    assert_allclose(display.line_.get_ydata(), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="from 0 to 2; got 3"):
        FitDisplay.from_estimator(model, X, Y, target=3)


def test_styles_have_the_last_word():
    """A style dictionary overrules the default, under matplotlib's short names too."""
    X, y = _data()
    display = FitDisplay.from_estimator(fitted(X, y), X, y, line_kw={"c": "black", "lw": 5})
    assert display.line_.get_color() == "black"
    assert display.line_.get_linewidth() == 5


def test_loss_curve_is_the_loops():
    """The curve is the textbook loop's loss; stop, threshold and floor are where they belong."""
    X, y = _data()
    model = fitted(X, y, lr=0.1, tol=0.05)
    display = LossCurveDisplay.from_estimator(model)
    _, losses = _loop(X, y, 0.1, model.n_iter_)
    assert_allclose(display.lines_[0].get_ydata(), losses, rtol=1e-12)
    assert display.stops_[0].get_xdata() == [model.n_iter_]
    assert display.tol_line_.get_ydata()[0] == 0.05
    assert_allclose(display.floor_line_.get_ydata()[0], model.path_.loss_floor)
    assert f"stop at t = {model.n_iter_}, loss below tol" in legend_words(display)


def test_loss_curve_follows_a_divergence_beyond_its_stop():
    """Beyond the least loss of a diverging descent the path's rising losses are drawn."""
    X, y = _data()
    model = fitted(X, y, lr=10.0)
    display = LossCurveDisplay.from_estimator(model)
    beyond = display.beyond_[0]
    t = beyond.get_xdata().astype(int)
    assert t[0] == model.path_.best_iter
    assert t[-1] > model.n_iter_
    assert_allclose(beyond.get_ydata(), model.path_.loss(t))
    assert "diverges" in display.stops_[0].get_label()
    assert "stable below lr" in display.legend_.get_title().get_text()


def test_loss_curves_at_several_rates_are_those_of_fits_at_these_rates():
    """Rates compared without fitting again give the losses that fits would give."""
    X, y = _data()
    model = fitted(X, y, max_iter=20)
    stable = model.path_.max_stable_lr
    display = LossCurveDisplay.from_estimator(model, lrs=[0.01, "auto", "best", 1.1 * stable])
    for line, lr in zip(display.lines_, [0.01, stable / 2, None, 1.1 * stable], strict=True):
        if lr is not None:
            assert_allclose(line.get_ydata(), _loop(X, y, lr, 20)[1], rtol=1e-10)
    assert "diverges" in display.lines_[3].get_label()
    assert "(best)" in display.lines_[2].get_label()
    with pytest.raises(ValueError, match="one estimator; got 2"):
        LossCurveDisplay.from_estimator([model, model], lrs=[0.1])


def test_loss_curves_of_several_models_share_axes_and_name_themselves():
    """Several estimators are drawn side by side under their labels, whatever their lengths."""
    X, y = _data()
    models = [fitted(X, y, lr=0.1, max_iter=9), fitted(X, y, lr=0.2, max_iter=30)]
    display = LossCurveDisplay.from_estimator(models, labels=["slow", "fast"])
    assert [line.get_label().split(":")[0] for line in display.lines_] == ["slow", "fast"]
    assert_allclose(display.beyond_[0].get_xdata(), np.arange(9, 31))


def test_loss_curve_takes_plain_data():
    """A curve of someone's own numbers is drawn as it is."""
    curve = LossCurve(t=np.arange(3), loss=np.array([4.0, 2.0, 1.0]), label="mine")
    display = LossCurveDisplay([curve], loss_floor=0.5).plot()
    assert_allclose(display.lines_[0].get_ydata(), [4.0, 2.0, 1.0])
    assert display.tol_line_ is None


def test_an_exact_fit_has_no_floor_line():
    """Where the least possible loss is zero but for rounding, no level of noise is drawn."""
    X, _ = _data()
    display = LossCurveDisplay.from_estimator(fitted(X, X[:, 0], max_iter=50))
    assert display.floor_line_ is None


def test_slope_parabola_passes_through_all_iterates_of_one_parameter():
    """With a single parameter all iterates lie on one parabola, and each step leads to the next."""
    X, y = _data()
    model = fitted(X, y, lr=0.05, max_iter=10, fit_intercept=False)
    display = LossSlopeDisplay.from_estimator(model)
    assert len(display.parabolas_) == 1
    for value, loss in zip(*display.points_.get_data(), strict=True):
        residual = X[:, 0] * value - y
        assert_allclose(loss, residual @ residual / 2 / len(y), rtol=1e-12)
        assert_allclose(display._parabola(0, value), loss, rtol=1e-9)
    steps = display.value - display.lr * display.slope
    assert_allclose(steps[:-1], display.value[1:], rtol=1e-12)
    for i, arrow in enumerate(display.steps_):
        assert_allclose(arrow.xyann[0], display.value[i])
        assert_allclose(arrow.xy[0], display.value[i + 1])


def test_slope_tangent_has_the_partial_derivative_as_its_slope():
    """The tangent touches at the iterate and rises by the partial derivative of the loss there."""
    X, y = _data(d=3)
    model = fitted(X, y, max_iter=10)
    display = LossSlopeDisplay.from_estimator(model, parameters="x1", tangents=[0, 4])
    for line, t in zip(display.tangents_, [0, 4], strict=True):
        (left, right), (low, high) = line.get_data()
        assert_allclose((high - low) / (right - left), model.path_.gradient(t)[2])
        assert_allclose((left + right) / 2, model.path_.coef(t)[1], atol=1e-12)
    with pytest.raises(ValueError, match="among the iterates"):
        display.plot(tangents=[77])


def test_slope_parabola_of_several_parameters_holds_the_others():
    """Among several parameters the parabola through an iterate is J with the others held there."""
    X, y = _data(d=2)
    model = fitted(X, y, max_iter=10)
    display = LossSlopeDisplay.from_estimator(model, parameters="x0", tangents=[3])
    values = display.parabolas_[0].get_xdata()[[0, 100, -1]]
    path = model.path_
    for value, drawn in zip(values, display._parabola(3, values), strict=True):
        residual = path.intercept(3) + value * X[:, 0] + path.coef(3)[1] * X[:, 1] - y
        assert_allclose(drawn, residual @ residual / 2 / len(y), rtol=1e-10)


def test_rows_are_seen_through_all_steps_of_a_pipeline():
    """What the descent sees is what every step before it makes of X, names included."""
    X, y = _data(d=2)
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False))
    model = make_pipeline(*[step for _, step in model.steps], GDLinearRegressor(tol=1.0))
    model.fit(X, y)
    assert_allclose(transform(model, X), model[:-1].transform(X))
    assert names_of(model) == ("intercept", "x0", "x1", "x0^2", "x0 x1", "x1^2")
    assert transform(model[-1], X) is X
    assert names_of(model[-1]) == ("intercept", "x0", "x1", "x2", "x3", "x4")
    assert path_of(model) is path_of(model[-1]) is path_of(model[-1].path_)


def test_rates_are_compared_as_far_as_asked():
    """Curves of several rates end at t_max; without one at the stop, or a little further on."""
    X, y = _data()
    model = fitted(X, y, lr=0.1, max_iter=300)
    for t_max, last in ((7, 7), (500, 500), (None, 300)):
        display = LossCurveDisplay.from_estimator(model, lrs=[0.01, 0.1], t_max=t_max)
        assert {int(curve.t[-1]) for curve in display.curves} == {last}
        assert display.ax_.get_xlabel().startswith("number of updates t")


def test_slope_says_what_is_drawn():
    """The legend names parabola, iterates, tangent and step with their numbers, axes theirs."""
    X, y = _data()
    display = LossSlopeDisplay.from_estimator(fitted(X, y, max_iter=4, fit_intercept=False))
    slope, lr = display.slope[0], display.lr
    assert legend_words(display)[0] == "loss J"
    assert f"tangent at t = 0: slope {slope:.4g}" in legend_words(display)
    assert f"step −lr × slope = {-lr * slope:.4g}" in legend_words(display)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("parameter x0", "loss J")
    assert (len(display.tangents_), len(display.steps_)) == (2, 2)
    X, y = _data(d=2)
    model = fitted(X, y, max_iter=4)
    display = LossSlopeDisplay.from_estimator(model, parameters="x1", tangents=[0, 3])
    assert legend_words(display)[:2] == [f"loss J, others as at t = {t}" for t in (0, 3)]
    assert any(words.endswith(", at their own loss") for words in legend_words(display))
    assert display.ax_.get_xlabel() == "parameter x1"
    assert len(display.parabolas_) == 2
    assert len(LossSlopeDisplay.from_estimator(model).tangents_) == 1
    assert LossSlopeDisplay.from_estimator(model, t=[1, 3]).t.tolist() == [1, 3]


@pytest.mark.parametrize("share", [0.1, 1.0, 1.9])
def test_slope_shows_the_bottom_of_its_parabola(share):
    """In view are all iterates, the lowest point and some of the other branch, little beside."""
    X, y = _data()
    curvature = float(X[:, 0] @ X[:, 0] / len(y))
    model = fitted(X, y, lr=share / curvature, max_iter=10, fit_intercept=False)
    display = LossSlopeDisplay.from_estimator(model)
    (left, right), (low, high) = display.ax_.get_xlim(), display.ax_.get_ylim()
    bottom = float(X[:, 0] @ y / (X[:, 0] @ X[:, 0]))
    values, losses = display.points_.get_data()
    start = abs(bottom - values[0])
    assert bottom - 1.5 * start < left < min(bottom, *values)
    assert max(bottom, *values) < right < bottom + 1.5 * start
    assert min(right - bottom, bottom - left) > 0.6 * start
    assert low < losses.min()
    assert losses.max() < high < 1.5 * losses.max()
    assert low > losses.min() - 0.5 * (losses.max() - losses.min())


def test_surface_is_the_loss_and_its_path_the_loops():
    """Over two parameters heights are losses, the path is the loop's, the gradient the path's."""
    X, y = _data()
    display = LossSurfaceDisplay.from_estimator(fitted(X, y, lr=0.1, max_iter=20))
    thetas, losses = _loop(X, y, 0.1, 20)
    assert_allclose(np.column_stack(display.line_.get_data()), thetas, atol=1e-12)
    assert_allclose(display.loss(thetas), losses, rtol=1e-10)
    assert_allclose(display.gradient(0), (thetas[0] - thetas[1]) / 0.1, rtol=1e-10)
    line = LinearRegression().fit(X, y)
    assert_allclose(display.lowest, [line.intercept_, line.coef_[0]], rtol=1e-10)
    down = np.diff(np.column_stack(display.arrows_[0].get_data())[[0, -2]], axis=0)[0]
    assert_allclose(down / np.linalg.norm(down), -display.gradient(0) / _norm(display.gradient(0)))
    assert display.ax_.get_xlabel() == "intercept"


def _norm(vector):
    return np.linalg.norm(vector)


def test_surface_over_the_main_plane_is_a_descent_of_its_own():
    """On the plane of two directions each update of the drawn path is lr times the gradient."""
    X, y = _data(d=5)
    model = fitted(X, y, max_iter=20)
    display = LossSurfaceDisplay.from_estimator(model)
    gradients = (display.path - display.lowest) @ display.curvature
    assert_allclose(display.path[:-1] - model.lr_ * gradients[:-1], display.path[1:], atol=1e-12)
    assert "others held at least squares" in display.ax_.get_title(loc="left")


def test_surface_over_two_of_many_parameters_says_what_the_others_are_held_at():
    """Over any two parameters heights are losses with the others at least squares, as is said."""
    X, y = _data(d=3)
    display = LossSurfaceDisplay.from_estimator(fitted(X, y), parameters=["x2", "intercept"])
    best = LinearRegression().fit(X, y)
    residual = 1.5 + X @ [best.coef_[0], best.coef_[1], 0.5] - y
    assert_allclose(display.loss([0.5, 1.5]), residual @ residual / 2 / len(y), rtol=1e-10)
    assert "Others held at least squares" in display.ax_.get_title(loc="left")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        ({"parameters": ["x0", "x0"]}, "two different ones"),
        ({"parameters": ["x0"]}, "two different ones"),
        ({"parameters": ["x0", "nope"]}, "among intercept, x0"),
        ({"parameters": [0, 9]}, "There are 2 parameters"),
        ({"kind": "cube"}, "kind must be one of"),
    ],
)
def test_surface_says_what_it_expected(call, match):
    """A wrong pair of parameters or kind is answered with what would be right."""
    with pytest.raises(ValueError, match=match):
        LossSurfaceDisplay.from_estimator(fitted(*_data()), **call)


def test_surface_needs_two_parameters_and_solid_axes(pyplot):
    """One parameter is referred to the parabola; flat axes can't hold a 3-D surface."""
    X, y = _data()
    with pytest.raises(ValueError, match="LossSlopeDisplay"):
        LossSurfaceDisplay.from_estimator(fitted(X, y, fit_intercept=False))
    with pytest.raises(ValueError, match="projection='3d'"):
        LossSurfaceDisplay.from_estimator(fitted(X, y), kind="3d", ax=pyplot.figure().gca())


def test_coef_path_lines_end_at_coef_and_marks_at_least_squares():
    """Lines are coefficients by updates, ending at `coef_`; marks are the least-squares values."""
    X, y = _data(d=4)
    model = fitted(X, y, max_iter=30)
    display = CoefPathDisplay.from_estimator(model)
    assert_allclose([line.get_ydata()[-1] for line in display.lines_], model.coef_)
    assert_allclose(display.lines_[2].get_ydata(), model.coef_path_[:, 2], atol=1e-14)
    assert_allclose(display.limit, LinearRegression().fit(X, y).coef_, rtol=1e-10)
    assert {text.get_text() for text in display.texts_} == {"x0", "x1", "x2", "x3"}


def test_coef_path_of_many_features_names_the_largest():
    """Of many coefficients eight are named, no two names overlap, and the title counts the rest."""
    X, y = _data(n=100, d=40)
    display = CoefPathDisplay.from_estimator(fitted(X, y, max_iter=5))
    assert len(display.texts_) == 8
    heights = np.sort([text.xy[1] for text in display.texts_])
    assert (np.diff(heights) > 0.05).all()
    assert "32 smaller ones" in display.ax_.get_title(loc="left")


def test_names_come_from_the_data_or_from_the_pipeline():
    """Column names reach the picture, through a pipeline too."""
    pandas = pytest.importorskip("pandas")
    X, y = _data(d=2)
    X = pandas.DataFrame(X, columns=["age", "bmi"])
    scaled = make_pipeline(StandardScaler(), GDLinearRegressor(tol=1.0)).fit(X, y)
    for model in (fitted(X, y), scaled):
        display = CoefPathDisplay.from_estimator(model, parameters=range(3))
        assert display.names == ["intercept", "age", "bmi"]
    one = FitDisplay.from_estimator(
        fitted(X[["bmi"]], y), X[["bmi"]], pandas.Series(y, name="risk")
    )
    assert (one.ax_.get_xlabel(), one.ax_.get_ylabel()) == ("bmi", "risk")


def test_a_pipeline_without_names_has_those_of_positions():
    """Where no step can name its columns, and where there is no step before, they are x0, x1."""
    X, y = _data(d=2)
    for steps in ([FunctionTransformer(np.abs)], []):
        model = make_pipeline(*steps, GDLinearRegressor(tol=2.0)).fit(X, y)
        assert CoefPathDisplay.from_estimator(model).names == ["x0", "x1"]
    FitDisplay.from_estimator(
        make_pipeline(GDLinearRegressor(tol=9.0)).fit(X[:, :1], y), X[:, :1], y
    )


class Tuned:
    """What TuningDisplay reads of a fitted GDLinearRegressorCV."""

    lrs_ = np.array([0.01, 0.1, 1.0])
    iters_ = np.arange(5)
    lr_, n_iter_ = 0.1, 3


def _scores():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 5, 4))
    scores[2, 3:] = -np.inf
    return scores


@pytest.mark.parametrize("kind", ["heatmap", "curves"])
def test_tuning_marks_the_chosen_point(kind):
    """The chosen rate and iteration are marked and named, with mean and spread over folds."""
    tuned = Tuned()
    tuned.scores_path_ = _scores()
    display = TuningDisplay.from_estimator(tuned, kind=kind)
    mean, std = tuned.scores_path_[1, 3].mean(), tuned.scores_path_[1, 3].std()
    assert display.chosen_.get_xdata() == [3]
    assert display.chosen_.get_ydata() == [0.1 if kind == "heatmap" else mean]
    assert f"{mean:.4g} ± {std:.2g}" in display.chosen_.get_label()
    display.figure_.canvas.draw()


def test_tuning_curves_are_the_means_with_a_band_about_the_chosen():
    """Curves are mean scores by iteration; one standard deviation is shaded about the chosen."""
    tuned = Tuned()
    tuned.scores_path_ = _scores()
    display = TuningDisplay.from_estimator(tuned, kind="curves")
    chosen = next(line for line in display.lines_ if "chosen" in line.get_label())
    mean, std = tuned.scores_path_.mean(axis=-1), tuned.scores_path_[1].std(axis=-1)
    assert_allclose(chosen.get_ydata(), mean[1])
    band = display.band_.get_paths()[0].get_extents()
    assert_allclose([band.ymin, band.ymax], [(mean[1] - std).min(), (mean[1] + std).max()])
    words = legend_words(display)
    assert {"lr = 0.01", "lr = 1", "lr = 0.1, chosen", "± std over folds"} <= set(words)
    low, high = display.ax_.get_ylim()
    shown = mean[np.isfinite(mean)]
    assert low < shown[shown >= min(mean[:, 0])].min()
    assert shown.max() < high
    assert display.ax_.get_xlabel() == "number of updates t"
    assert display.ax_.get_ylabel() == display.score_name


def test_many_tuning_curves_share_one_word():
    """Of many rates the legend names the chosen one and the range of the others."""
    lrs = np.geomspace(1e-3, 1.0, 30)
    display = TuningDisplay(lrs=lrs, iters=[0, 1], mean=np.arange(60.0).reshape(30, 2))
    words = legend_words(display.plot(kind="curves"))
    assert "other rates, 0.001 to 1" in words
    assert len([word for word in words if "lr = " in word]) <= 2
    assert len(display.lines_) == 30


@pytest.mark.parametrize("cv", ["gcv", None, 3])
def test_tuning_reads_the_estimator(cv):
    """The picture of a fitted GDLinearRegressorCV marks its choice; its path is drawn by name."""
    X, y = _data(d=3)
    tuned = GDLinearRegressorCV(lrs=[0.01, 0.1], max_iter=5000, cv=cv).fit(X, y)
    display = TuningDisplay.from_estimator(tuned)
    assert display.chosen_.get_xdata() == [tuned.n_iter_]
    assert display.chosen_.get_ydata() == [tuned.lr_]
    assert_allclose(display.mean, tuned.scores_path_.mean(axis=-1))
    assert (display.std is None) == (cv == "gcv")
    assert CoefPathDisplay.from_estimator(tuned).names == ["x0", "x1", "x2"]


def test_tuning_without_folds_reads_the_gcv_error():
    """With cv="gcv" the score is minus the generalised cross-validation error, without spread."""
    tuned = Tuned()
    tuned.gcv_path_ = np.arange(15.0).reshape(3, 5)
    tuned.scores_path_ = -tuned.gcv_path_[..., np.newaxis]
    display = TuningDisplay.from_estimator(tuned, kind="curves")
    assert_allclose(display.mean, -tuned.gcv_path_)
    assert display.band_ is None


def test_tuning_takes_rates_in_any_order():
    """Rates are drawn in ascending order with their own scores."""
    display = TuningDisplay(lrs=[1.0, 0.1, 10.0], iters=[0, 1], mean=[[1, 5], [2, 3], [0, 0]])
    assert_allclose(display.lrs, [0.1, 1.0, 10.0])
    assert_allclose(display.mean, [[2, 3], [1, 5], [0, 0]])
    assert (display.lr, display.n_iter) == (1.0, 1)
    assert display.plot().heatmap_.get_array().shape == (3, 2)


def test_tuning_says_what_it_expected():
    """An estimator without scores, a wrong shape and a wrong kind are refused with a reason."""
    with pytest.raises(TypeError, match="GDLinearRegressorCV; got Tuned"):
        TuningDisplay.from_estimator(Tuned())
    with pytest.raises(ValueError, match=r"shape \(1, 2\); got \(2, 1\)"):
        TuningDisplay(lrs=[1.0], iters=[0, 1], mean=[[0.0], [1.0]])
    with pytest.raises(ValueError, match="kind must be"):
        TuningDisplay(lrs=[1.0], iters=[0, 1], mean=[[0.0, 1.0]]).plot(kind="cube")


def test_a_descent_known_in_part_is_drawn_as_far_as_it_is_known():
    """Of a Krylov descent curves are drawn as far as known; surfaces are refused with a reason."""
    X, y = _data(n=300, d=200)
    model = fitted(X, y, max_iter=5, solver="krylov")
    display = CoefPathDisplay.from_estimator(model)
    assert display.limit is None
    assert display.marks_ == []
    assert_allclose(display.lines_[7].get_ydata(), model.coef_path_[:, 7])
    curve = LossCurveDisplay.from_estimator(model)
    assert_allclose(curve.lines_[0].get_ydata(), model.loss_history_)
    assert curve.floor_line_ is None
    refused = (LossSurfaceDisplay.from_estimator, LossSlopeDisplay.from_estimator, diagnose)
    for ask in refused:
        with pytest.raises(ValueError, match="solver='spectral'"):
            ask(model)
    with pytest.raises(ValueError, match="solver='spectral'"):
        LossCurveDisplay.from_estimator(model, lrs=[0.1])


def test_what_is_no_descent_is_refused_by_name():
    """An unfitted estimator and a stranger are told apart."""
    with pytest.raises(NotFittedError, match="call fit first"):
        LossCurveDisplay.from_estimator(GDLinearRegressor())
    with pytest.raises(TypeError, match="got LinearRegression"):
        LossCurveDisplay.from_estimator(LinearRegression())


def test_without_matplotlib_a_plain_message_says_what_to_install(monkeypatch):
    """Without matplotlib the display says so and how to get it, also when it is to move."""
    X, y = _data()
    model = fitted(X, y)
    moving = FitDisplay.from_estimator(model, X, y)
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="LossCurveDisplay needs matplotlib.*pip install matpl"):
        LossCurveDisplay.from_estimator(model)
    with pytest.raises(ImportError, match="FitDisplay needs matplotlib.*pip install matplotlib"):
        moving.animate()


def test_importing_the_library_does_not_import_matplotlib():
    """The library itself does without matplotlib and pandas."""
    import subprocess

    code = "import sys, sklearn_gd; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
