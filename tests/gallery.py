"""The pictures that are held to their text: every display with every option, on tiny problems."""

from __future__ import annotations

import warnings

import numpy as np
from matplotlib import pyplot
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

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
)


def _fitted(X, y, **terms):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GDLinearRegressor(**terms).fit(X, y)


x = np.linspace(0.0, 2.0, 12)
X = x[:, np.newaxis]
y = 1.0 + 2.0 * x + np.cos(9.0 * x) / 4
Y = np.column_stack([y, 3.0 - x + np.sin(7.0 * x) / 3])
X3 = np.column_stack([x, np.sin(3.0 * x), 0.3 * np.cos(5.0 * x)])
WIDE = np.column_stack([np.cos(k * x) / k for k in range(1, 11)])

LINE = _fitted(X, y, lr=0.2, tol=0.05)
TWO_TARGETS = _fitted(X, Y, lr=0.2, max_iter=12)
SLOPE = _fitted(X, y, lr=0.3, max_iter=6, fit_intercept=False)
LONG = _fitted(X, y, lr=0.001, max_iter=3000)
DIVERGING = _fitted(X, y, lr=1.05 * LINE.path_.max_stable_lr)
EXACT = _fitted(X, 1.0 + x, lr=0.3, max_iter=60)
THREE = _fitted(X3, y, lr=0.2, max_iter=20)
THREE_TARGETS = _fitted(X3, Y, lr=0.2, max_iter=20)
NO_INTERCEPT = _fitted(X3, y, lr=0.2, max_iter=3, fit_intercept=False)
MANY = _fitted(WIDE, y, lr=0.5, max_iter=30)
BENT = make_pipeline(
    PolynomialFeatures(2, include_bias=False),
    GDLinearRegressor(lr=0.1, tol=0.4, fit_intercept=False),
).fit(X, y)
FOLDS = GDLinearRegressorCV(lrs=[0.01, 0.05, 0.2], max_iter=20, cv=3).fit(X, y)
ONE_FOLD = GDLinearRegressorCV(lrs=[0.05, 0.1, 0.2], max_iter=20).fit(X, y)


def flat():
    return pyplot.figure(figsize=(3.0, 2.0)).add_subplot()


def solid():
    return pyplot.figure(figsize=(3.0, 2.0)).add_subplot(projection="3d")


def _fits():
    yield "fit", lambda: FitDisplay.from_estimator(LINE, X, y)
    yield (
        "fit of a target, styled",
        lambda: FitDisplay.from_estimator(
            TWO_TARGETS,
            X,
            Y,
            t=[7, 0, 2, 5],
            target=1,
            ax=flat(),
            between=1,
            scatter_kw={"s": 9, "marker": "x", "color": "black", "edgecolors": None},
            first_kw={"c": "orange", "lw": 1},
            line_kw={"ls": ":"},
            between_kw={"alpha": 0.2, "lw": 3},
        ),
    )
    yield "fit at one iterate", lambda: FitDisplay.from_estimator(LINE, X, y, t=3)
    yield "fit of a pipeline", lambda: FitDisplay.from_estimator(BENT, X, y)
    yield "fit of a long descent", lambda: FitDisplay.from_estimator(LONG, X, y, between=6)
    yield "fit of 1001 rows", lambda: _own_fit(1001).plot(between=0)
    yield "fit of 1000 rows", lambda: _own_fit(1000).plot(between=-1)
    yield "fit of a constant", lambda: _constant_fit().plot(between=9)


def _own_fit(rows):
    at = np.linspace(-1.0, 1.0, rows)
    lines = [[0.0, 0.0], [0.5, np.inf], [np.nan, 1.0]]
    return FitDisplay(x=at, y=at**2, grid=[-1, 1], lines=lines, t=[0, 5, 1234], loss=[4, 3, 2.5])


def _constant_fit():
    return FitDisplay(
        x=[1, 2],
        y=[3, 3],
        grid=[1, 2],
        lines=[[3, 3], [3, 3], [3, 3]],
        t=[0, 1, 2],
        loss=[0, 0, 0],
        x_name="age",
        y_name="risk",
    )


def _curves():
    yield "curve", lambda: LossCurveDisplay.from_estimator(LINE)
    yield "curve that diverges", lambda: LossCurveDisplay.from_estimator(DIVERGING)
    yield "curve of a long descent", lambda: LossCurveDisplay.from_estimator(LONG)
    yield "curve of an exact fit", lambda: LossCurveDisplay.from_estimator(EXACT)
    yield (
        "curve, styled",
        lambda: LossCurveDisplay.from_estimator(
            LINE,
            t_max=30,
            labels=["mine"],
            ax=flat(),
            line_kw={"c": "black"},
            beyond_kw={"lw": 4},
            stop_kw={"marker": "v"},
            floor_kw={"ls": "--"},
            tol_kw={"alpha": 0.5},
        ),
    )
    yield "curve before its stop", lambda: LossCurveDisplay.from_estimator(LINE, t_max=5)
    yield "curve of a path", lambda: LossCurveDisplay.from_estimator(LINE.path_)
    yield "curves of two models", lambda: LossCurveDisplay.from_estimator([LINE, DIVERGING])
    yield (
        "curves of three models",
        lambda: LossCurveDisplay.from_estimator((LINE, DIVERGING, LONG), labels=["a", "b", "c"]),
    )
    rates = [0.01, "auto", "best", 1.1 * LINE.path_.max_stable_lr]
    yield "curves of four rates", lambda: LossCurveDisplay.from_estimator(LINE, lrs=rates)
    yield (
        "curves of two rates, further",
        lambda: LossCurveDisplay.from_estimator(
            LINE, lrs=[0.1, "auto"], labels=["a", "b"], t_max=300
        ),
    )
    one = _fitted(X, y, lr=0.2, max_iter=1)
    yield (
        "curves compared a little further",
        lambda: LossCurveDisplay.from_estimator(one, lrs=[0.1]),
    )
    yield "curves, more than colours", lambda: LossCurveDisplay(_ten_curves()).plot()
    yield "curve, own numbers", lambda: _own_curve([4.0, 2.0, np.inf, np.nan, 1.0], tol=1.5).plot()
    yield "curve of zeros", lambda: _own_curve([0.0, 0.0]).plot()
    yield "curve that stays", lambda: _own_curve([2.0, 2.0], 0, loss_floor=2.0).plot()
    yield "curve of 41 points", lambda: _own_curve(1e7 * 0.8 ** np.arange(41.0), tol=0).plot()
    yield "curve that doubles", lambda: _own_curve([1.0, 2.0, 0.9]).plot()
    yield "curve that rises by half", lambda: _own_curve([1.0, 1.5, 0.9]).plot()
    yield "curve that falls to a thirtieth", lambda: _own_curve([30.0, 1.0]).plot()
    yield "curve of a tiny loss", lambda: _own_curve([0.3, 2e-5]).plot()


def _own_curve(loss, stop=None, **levels):
    curve = LossCurve(t=np.arange(len(loss)), loss=np.array(loss), stop=stop)
    return LossCurveDisplay([curve], max_stable_lr=np.inf, **levels)


def _ten_curves():
    t = np.arange(4)
    for k in range(10):
        yield LossCurve(t, 2.0 - 0.1 * k * t / 3, f"number {k}", stop=2, ending="why not")


def _slopes():
    yield "slope", lambda: LossSlopeDisplay.from_estimator(SLOPE)
    yield (
        "slope, styled",
        lambda: LossSlopeDisplay.from_estimator(
            THREE_TARGETS,
            parameter="x1",
            t=[0, 1, 2, 4, 8, 9],
            target=1,
            ax=flat(),
            tangents=[1, 2, 4, 8],
            parabola_kw={"c": "black"},
            points_kw={"marker": "v"},
            tangent_kw={"lw": 1},
            step_kw={"color": "red", "arrowstyle": "->"},
        ),
    )
    yield "slope of the intercept", lambda: LossSlopeDisplay.from_estimator(LINE, parameter=0)
    yield "slope, no tangent", lambda: LossSlopeDisplay.from_estimator(LINE, tangents=[])
    yield "slope of a long descent", lambda: LossSlopeDisplay.from_estimator(LONG, tangents=[3000])
    yield "slope at one iterate", lambda: LossSlopeDisplay.from_estimator(SLOPE, t=[6])
    yield "slope, level", lambda: _own_slope(0.0, [0.0, 0.0]).plot()
    yield "slope of a straight line", lambda: _own_slope(0.0, [2.0, 2.0]).plot(tangents=[5])
    yield "slope at the lowest point", lambda: _own_slope(2.0, [0.0, 0.0]).plot()
    yield "slope at zero", lambda: _own_slope(2.0, [0.0], value=[0.0], loss=[3.0], t=[4]).plot()
    yield "slope, diverging", lambda: LossSlopeDisplay.from_estimator(DIVERGING, parameter=-1)


def _own_slope(curvature, slope, **more):
    value = [1.5, 1.5 - 0.1 * slope[0]]
    loss = [3.0, 3.0 - 0.1 * slope[0] ** 2]
    iterates = {"value": value, "loss": loss, "slope": slope, "t": [0, 5]} | more
    return LossSlopeDisplay(**iterates, curvature=curvature, lr=0.1)


def _surfaces():
    yield "surface", lambda: LossSurfaceDisplay.from_estimator(LINE)
    yield "surface, solid", lambda: LossSurfaceDisplay.from_estimator(LINE, kind="surface")
    yield (
        "surface, styled",
        lambda: LossSurfaceDisplay.from_estimator(
            THREE_TARGETS,
            parameters=["x2", 0],
            t=[0, 1, 2, 5],
            target=1,
            ax=flat(),
            arrow_at=2,
            surface_kw={"cmap": "Greens", "alpha": 0.3},
            line_kw={"c": "black", "ms": 1},
            arrow_kw={"linewidth": 5},
        ),
    )
    yield (
        "surface, solid and styled",
        lambda: LossSurfaceDisplay.from_estimator(
            TWO_TARGETS,
            kind="surface",
            ax=solid(),
            target=1,
            arrow_at=1,
            surface_kw={"cmap": "Greens", "rstride": 20},
            line_kw={"lw": 3},
            arrow_kw={"color": "red", "alpha": 0.5},
        ),
    )
    yield "surface over directions", lambda: LossSurfaceDisplay.from_estimator(THREE)
    yield (
        "surface over directions of a target",
        lambda: LossSurfaceDisplay.from_estimator(THREE_TARGETS, target=1, arrow_at=None),
    )
    yield "surface of a long descent", lambda: LossSurfaceDisplay.from_estimator(LONG, arrow_at=3)
    yield (
        "surface over directions, no intercept",
        lambda: LossSurfaceDisplay.from_estimator(NO_INTERCEPT),
    )
    yield (
        "surface at 25 iterates",
        lambda: LossSurfaceDisplay.from_estimator(LONG, t=np.arange(25)),
    )
    yield "surface, diverging", lambda: LossSurfaceDisplay.from_estimator(DIVERGING, arrow_at=77)
    yield (
        "surface at one iterate",
        lambda: LossSurfaceDisplay.from_estimator(LINE, t=[4], arrow_at=4),
    )
    yield "surface, level", lambda: _own_surface([[1, 1]], 0.0, labels=("a", "b")).plot()
    yield "surface, level and solid", lambda: _own_surface([[1, 1]], 0.0).plot(kind="surface")
    yield "surface, one side still", lambda: _own_surface([[3, 1], [2, 1]], 1.0, held="so").plot()
    yield "surface, wide", lambda: _own_surface([[9, 1], [3, 2], [np.inf, 0]], 1.0).plot(arrow_at=2)


def _own_surface(path, curvature, **words):
    return LossSurfaceDisplay(
        path=path,
        t=np.arange(len(path)),
        lowest=[1, 1],
        loss_floor=0.5,
        curvature=curvature * np.array([[2.0, 0.5], [0.5, 1.0]]),
        **words,
    )


def _coefs():
    yield "coefficients", lambda: CoefPathDisplay.from_estimator(THREE)
    yield (
        "coefficients, styled",
        lambda: CoefPathDisplay.from_estimator(
            THREE_TARGETS,
            intercept=True,
            t_max=9,
            target=1,
            ax=flat(),
            n_named=2,
            line_kw={"lw": 5},
            rest_kw={"c": "red"},
            mark_kw={"marker": "s", "ms": 2},
        ),
    )
    yield "coefficients, many", lambda: CoefPathDisplay.from_estimator(MANY)
    yield "coefficients, diverging", lambda: CoefPathDisplay.from_estimator(DIVERGING)
    yield "coefficients of a long descent", lambda: CoefPathDisplay.from_estimator(LONG)
    yield "coefficients, none named", lambda: CoefPathDisplay.from_estimator(THREE, n_named=0)
    yield "coefficients, own numbers", lambda: _own_coefs([9.0, -1.0, 4.0]).plot()
    yield "coefficients without limits", lambda: _own_coefs(None).plot()
    yield "coefficients, all zero", lambda: _zero_coefs().plot()
    yield "coefficients, all positive", lambda: _positive_coefs().plot()
    yield "coefficients, crowded", lambda: _crowded_coefs().plot(n_named=8)


def _own_coefs(limit):
    coef = [[0, 0, 0], [1, -2, np.nan], [2, -1, np.inf]]
    return CoefPathDisplay(t=[0, 1, 300], coef=coef, names=("a", "b", "c"), limit=limit)


def _zero_coefs():
    return CoefPathDisplay(t=[0], coef=[[0.0, 0.0]], names=["a", "b"], limit=[0.0, 0.5])


def _positive_coefs():
    coef = [[1.0, 2.0, 1.0, 1.0], [1.5, 3.0, np.nan, -np.inf]]
    return CoefPathDisplay(t=[0, 250], coef=coef, names=list("abcd"), limit=[7.0, 6.0, 1.0, 1.0])


def _crowded_coefs():
    end = [1.0, 1.01, -1.0, -1.01, 1.02, 0.0, 0.01, 0.6, 0.3]
    return CoefPathDisplay(t=[0, 7], coef=[np.zeros(9), end], names=list("abcdefghi"))


def _tunings():
    yield "tuning", lambda: TuningDisplay.from_estimator(FOLDS)
    yield "tuning, curves", lambda: TuningDisplay.from_estimator(FOLDS, kind="curves")
    yield "tuning without folds", lambda: TuningDisplay.from_estimator(ONE_FOLD)
    yield (
        "tuning, curves without folds",
        lambda: TuningDisplay.from_estimator(ONE_FOLD, kind="curves"),
    )
    yield (
        "tuning, styled",
        lambda: TuningDisplay.from_estimator(
            FOLDS,
            ax=flat(),
            surface_kw={"cmap": "Greens"},
            chosen_kw={"c": "blue", "ms": 3},
        ),
    )
    yield (
        "tuning, styled curves",
        lambda: TuningDisplay.from_estimator(
            FOLDS,
            ax=flat(),
            kind="curves",
            line_kw={"alpha": 0.5},
            chosen_kw={"marker": "v"},
        ),
    )
    yield "tuning, some diverging", lambda: _own_tuning(4).plot()
    yield "tuning, curves, some diverging", lambda: _own_tuning(4).plot(kind="curves")
    yield "tuning, eight curves", lambda: _own_tuning(8).plot(kind="curves")
    yield "tuning, nine curves", lambda: _own_tuning(9).plot(kind="curves")
    yield "tuning of one rate", lambda: _own_tuning(1).plot()
    yield "tuning of one number of updates", lambda: _own_tuning(4, iters=[7]).plot()
    yield "tuning of equal scores", lambda: _equal_scores().plot()
    yield "tuning of equal scores, curves", lambda: _equal_scores().plot(kind="curves")
    yield "tuning at a point of my own", lambda: _chosen_elsewhere().plot()
    yield (
        "tuning at a point of my own, curves",
        lambda: _chosen_elsewhere().plot(kind="curves"),
    )


def _own_tuning(rates, iters=(0, 1, 10, 1000)):
    lrs, t = 0.01 * 4.0 ** np.arange(rates)[::-1], np.array(iters)
    mean = -1.0 - (1.0 - 0.1 * np.log(lrs)[:, np.newaxis]) / (1.0 + t)
    mean[lrs > 0.3, 1:] = -np.inf
    return TuningDisplay(lrs=lrs, iters=t, mean=mean, std=np.abs(mean) / 8)


def _equal_scores():
    return TuningDisplay(lrs=[0.1, 0.2, 0.4], iters=[0, 1], mean=np.full((3, 2), 0.5))


def _chosen_elsewhere():
    mean = [[1.0, 2.0, 3.0], [2.0, 4.0, 3.5], [1.5, 1.25, 0.5]]
    return TuningDisplay(
        lrs=[0.0, 0.1, 0.2], iters=[0, 2, 4], mean=mean, lr=0.12, n_iter=3, score_name="R2"
    )


PICTURES = {
    name: draw
    for family in (_fits, _curves, _slopes, _surfaces, _coefs, _tunings)
    for name, draw in family()
}


def _animations():
    fit = {"scatter_kw": {"s": 9}, "first_kw": {"lw": 1}, "line_kw": {"c": "black"}}
    slope = {"parabola_kw": {"lw": 1}, "points_kw": {"ms": 9}, "tangent_kw": {"c": "black"}}
    surface = {"surface_kw": {"cmap": "Greens"}, "line_kw": {"lw": 3}}
    yield "fit, moving", lambda: FitDisplay.from_estimator(LINE, X, y), {}
    yield (
        "fit, moving, styled",
        lambda: FitDisplay.from_estimator(LINE, X, y),
        {"interval": 7, "ax": flat, **fit},
    )
    yield "slope, moving", lambda: LossSlopeDisplay.from_estimator(SLOPE), {}
    yield (
        "slope, moving, styled",
        lambda: LossSlopeDisplay.from_estimator(THREE),
        {"interval": 7, "ax": flat, **slope},
    )
    yield "surface, moving", lambda: LossSurfaceDisplay.from_estimator(LINE), {}
    yield (
        "surface, moving, styled",
        lambda: LossSurfaceDisplay.from_estimator(THREE),
        {"interval": 7, "ax": flat, **surface},
    )
    yield (
        "surface, solid and moving",
        lambda: LossSurfaceDisplay.from_estimator(LINE, kind="surface"),
        {"kind": "surface", "ax": solid},
    )


ANIMATIONS = {name: (draw, options) for name, draw, options in _animations()}
