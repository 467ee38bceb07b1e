"""Tiny problems, fits and numbers of one's own: what the pictures of gallery.py show."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

import sklearn_gd as gd


def legend_words(display):
    """What the legend of a display says."""
    return [text.get_text() for text in display.legend_.get_texts()]


def fitted(X, y, kind=gd.GDLinearRegressor, **terms):
    """A fitted estimator, whether or not it warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind(**terms).fit(X, y)


x = np.linspace(0.0, 2.0, 12)
X = x[:, np.newaxis]
y = 1.0 + 2.0 * x + np.cos(9.0 * x) / 4
Y = np.column_stack([y, 3.0 - x + np.sin(7.0 * x) / 3])
X3 = np.column_stack([x, np.sin(3.0 * x), 0.3 * np.cos(5.0 * x)])
WIDE = np.column_stack([np.cos(k * x) / k for k in range(1, 11)])

LINE = fitted(X, y, lr=0.2, tol=0.05)
TWO_TARGETS = fitted(X, Y, lr=0.2, max_iter=12)
SLOPE = fitted(X, y, lr=0.3, max_iter=6, fit_intercept=False)
LONG = fitted(X, y, lr=0.001, max_iter=3000)
DIVERGING = fitted(X, y, lr=1.05 * LINE.path_.max_stable_lr)
ONE_UPDATE = fitted(X, y, lr=0.2, max_iter=1)
RATES = [0.01, "auto", "best", 1.1 * LINE.path_.max_stable_lr]
EXACT = fitted(X, 1.0 + x, lr=0.3, max_iter=60)
THREE = fitted(X3, y, lr=0.2, max_iter=20)
THREE_TARGETS = fitted(X3, Y, lr=0.2, max_iter=20)
NO_INTERCEPT = fitted(X3, y, lr=0.2, max_iter=3, fit_intercept=False)
MANY = fitted(WIDE, y, lr=0.5, max_iter=30)
BENT = make_pipeline(
    PolynomialFeatures(2, include_bias=False),
    gd.GDLinearRegressor(lr=0.1, tol=0.4, fit_intercept=False),
).fit(X, y)
FOLDS = fitted(X, y, gd.GDLinearRegressorCV, lrs=[0.01, 0.05, 0.2], max_iter=20, cv=3)
ONE_FOLD = fitted(X, y, gd.GDLinearRegressorCV, lrs=[0.05, 0.1, 0.2], max_iter=20, cv="gcv")


def own_fit(rows):
    at = np.linspace(-1.0, 1.0, rows)
    lines = [[0.0, 0.0], [0.5, np.inf], [np.nan, 1.0]]
    return gd.FitDisplay(
        x=at, y=at**2, grid=[-1, 1], lines=lines, t=[0, 5, 1234], loss=[4, 3, 2.5], fitted=1234
    )


def constant_fit():
    return gd.FitDisplay(
        x=[1, 2],
        y=[3, 3],
        grid=[1, 2],
        lines=[[3, 3], [3, 3], [3, 3]],
        t=[0, 1, 2],
        loss=[0, 0, 0],
        x_name="age",
        y_name="risk",
    )


def own_curve(loss, stop=None, **levels):
    curve = gd.LossCurve(t=np.arange(len(loss)), loss=np.array(loss), stop=stop)
    return gd.LossCurveDisplay([curve], max_stable_lr=np.inf, **levels)


def ten_curves():
    t = np.arange(4)
    for k in range(10):
        yield gd.LossCurve(t, 2.0 - 0.1 * k * t / 3, f"number {k}", stop=2, ending="why not")


def own_slope(curvature, slope, **more):
    value = [1.5, 1.5 - 0.1 * slope[0]]
    loss = [3.0, 3.0 - 0.1 * slope[0] ** 2]
    iterates = {"value": value, "loss": loss, "slope": slope, "t": [0, 5]} | more
    return gd.LossSlopeDisplay(**iterates, curvature=curvature, lr=0.1)


def own_surface(path, curvature, **words):
    return gd.LossSurfaceDisplay(
        path=path,
        t=np.arange(len(path)),
        lowest=[1, 1],
        loss_floor=0.5,
        curvature=curvature * np.array([[2.0, 0.5], [0.5, 1.0]]),
        **words,
    )


def own_coefs(limit):
    coef = [[0, 0, 0], [1, -2, np.nan], [2, -1, np.inf]]
    return gd.CoefPathDisplay(t=[0, 1, 300], coef=coef, names=("a", "b", "c"), limit=limit)


def zero_coefs():
    return gd.CoefPathDisplay(t=[0], coef=[[0.0, 0.0]], names=["a", "b"], limit=[0.0, 0.5])


def positive_coefs():
    coef = [[1.0, 2.0, 1.0, 1.0], [1.5, 3.0, np.nan, -np.inf]]
    return gd.CoefPathDisplay(t=[0, 250], coef=coef, names=list("abcd"), limit=[7.0, 6.0, 1.0, 1.0])


def crowded_coefs():
    end = [1.0, 1.01, -1.0, -1.01, 1.02, 0.0, 0.01, 0.6, 0.3]
    return gd.CoefPathDisplay(t=[0, 7], coef=[np.zeros(9), end], names=list("abcdefghi"))


def own_tuning(rates, iters=(0, 1, 10, 1000)):
    lrs, t = 0.01 * 4.0 ** np.arange(rates)[::-1], np.array(iters)
    mean = -1.0 - (1.0 - 0.1 * np.log(lrs)[:, np.newaxis]) / (1.0 + t)
    mean[lrs > 0.3, 1:] = -np.inf
    return gd.TuningDisplay(lrs=lrs, iters=t, mean=mean, std=np.abs(mean) / 8)


def equal_scores():
    return gd.TuningDisplay(lrs=[0.1, 0.2, 0.4], iters=[0, 1], mean=np.full((3, 2), 0.5))


def chosen_elsewhere():
    mean = [[1.0, 2.0, 3.0], [2.0, 4.0, 3.5], [1.5, 1.25, 0.5]]
    return gd.TuningDisplay(
        lrs=[0.0, 0.1, 0.2], iters=[0, 2, 4], mean=mean, lr=0.12, n_iter=3, score_name="R2"
    )
