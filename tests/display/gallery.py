"""The pictures that are held to their text: every display with every option, on tiny problems."""

from __future__ import annotations

import numpy as np
from matplotlib import pyplot

from display.gallery_models import (
    BENT,
    DIVERGING,
    EXACT,
    FOLDS,
    LINE,
    LONG,
    MANY,
    NO_INTERCEPT,
    ONE_FOLD,
    ONE_UPDATE,
    RATES,
    SLOPE,
    THREE,
    THREE_TARGETS,
    TWO_TARGETS,
    X,
    Y,
    chosen_elsewhere,
    constant_fit,
    crowded_coefs,
    equal_scores,
    own_coefs,
    own_curve,
    own_fit,
    own_slope,
    own_surface,
    own_tuning,
    positive_coefs,
    ten_curves,
    y,
    zero_coefs,
)
from sklearn_gd import (
    CoefPathDisplay,
    FitDisplay,
    LossCurveDisplay,
    LossSlopeDisplay,
    LossSurfaceDisplay,
    TuningDisplay,
)


def flat():
    """Small axes of a caller's own."""
    return pyplot.figure(figsize=(3.0, 2.0)).add_subplot()


def solid():
    """The same in three dimensions."""
    return pyplot.figure(figsize=(3.0, 2.0)).add_subplot(projection="3d")


def read(kind, /, *fitted, ax=None, **options):
    """What draws a display of something fitted; `ax` makes the axes it is drawn on."""
    return lambda: kind.from_estimator(*fitted, ax=ax and ax(), **options)


FITS = {
    "fit": read(FitDisplay, LINE, X, y),
    "fit of a target, styled": read(
        FitDisplay,
        TWO_TARGETS,
        X,
        Y,
        t=[7, 0, 2, 5],
        target=1,
        ax=flat,
        between=1,
        scatter_kw={"s": 9, "marker": "x", "color": "black", "edgecolors": None},
        first_kw={"c": "orange", "lw": 1},
        line_kw={"ls": ":"},
        between_kw={"alpha": 0.2, "lw": 3},
    ),
    "fit without intercept": read(FitDisplay, SLOPE, X, y),
    "fit at one iterate": read(FitDisplay, LINE, X, y, t=3),
    "fit of a pipeline": read(FitDisplay, BENT, X, y),
    "fit of a long descent": read(FitDisplay, LONG, X, y, between=6),
    "fit of 1001 rows": lambda: own_fit(1001).plot(between=0),
    "fit of 1000 rows": lambda: own_fit(1000).plot(between=-1),
    "fit of a constant": lambda: constant_fit().plot(between=9),
}
CURVES = {
    "curve": read(LossCurveDisplay, LINE),
    "curve that diverges": read(LossCurveDisplay, DIVERGING),
    "curve of a long descent": read(LossCurveDisplay, LONG),
    "curve of an exact fit": read(LossCurveDisplay, EXACT),
    "curve, styled": read(
        LossCurveDisplay,
        LINE,
        t_max=30,
        labels=["mine"],
        ax=flat,
        line_kw={"c": "black"},
        beyond_kw={"lw": 4},
        stop_kw={"marker": "v"},
        floor_kw={"ls": "--"},
        tol_kw={"alpha": 0.5},
    ),
    "curve before its stop": read(LossCurveDisplay, LINE, t_max=5),
    "curve of a path": read(LossCurveDisplay, LINE.path_),
    "curves of two models": read(LossCurveDisplay, [LINE, DIVERGING]),
    "curves of three models": read(
        LossCurveDisplay, (LINE, DIVERGING, LONG), labels=["a", "b", "c"]
    ),
    "curves of four rates": read(LossCurveDisplay, LINE, lrs=RATES),
    "curves of two rates, further": read(
        LossCurveDisplay, LINE, lrs=[0.1, "auto"], labels=["a", "b"], t_max=300
    ),
    "curves compared a little further": read(LossCurveDisplay, ONE_UPDATE, lrs=[0.1]),
    "curves, more than colours": lambda: LossCurveDisplay(ten_curves()).plot(),
    "curve, own numbers": lambda: own_curve([4.0, 2.0, np.inf, np.nan, 1.0], tol=1.5).plot(),
    "curve of zeros": lambda: own_curve([0.0, 0.0]).plot(),
    "curve that stays": lambda: own_curve([2.0, 2.0], 0, loss_floor=2.0).plot(),
    "curve of 41 points": lambda: own_curve(1e7 * 0.8 ** np.arange(41.0), tol=0).plot(),
    "curve from a million": lambda: own_curve([1e6, 500.0]).plot(),
    "curve to a ten-thousandth": lambda: own_curve([1.0, 1e-4]).plot(),
    "curve of tiny losses": lambda: own_curve([6e-5, 1e-6]).plot(),
    "curve that doubles": lambda: own_curve([1.0, 2.0, 0.9]).plot(),
    "curve that rises by half": lambda: own_curve([1.0, 1.5, 0.9]).plot(),
    "curve that falls to a thirtieth": lambda: own_curve([30.0, 1.0]).plot(),
    "curve of a tiny loss": lambda: own_curve([0.3, 2e-5]).plot(),
}
SLOPES = {
    "slope": read(LossSlopeDisplay, SLOPE),
    "slope, styled": read(
        LossSlopeDisplay,
        THREE_TARGETS,
        parameters="x1",
        t=[0, 1, 2, 4, 8, 9],
        target=1,
        ax=flat,
        tangents=[1, 2, 4, 8],
        parabola_kw={"c": "black"},
        points_kw={"marker": "v"},
        tangent_kw={"lw": 1},
        step_kw={"color": "red", "arrowstyle": "->"},
    ),
    "slope of the intercept": read(LossSlopeDisplay, LINE, parameters=0),
    "slope, no tangent": read(LossSlopeDisplay, LINE, tangents=[]),
    "slope of a long descent": read(LossSlopeDisplay, LONG, tangents=[3000]),
    "slope at one iterate": read(LossSlopeDisplay, SLOPE, t=[6]),
    "slope, level": lambda: own_slope(0.0, [0.0, 0.0]).plot(),
    "slope of a straight line": lambda: own_slope(0.0, [2.0, 2.0]).plot(tangents=[5]),
    "slope at the lowest point": lambda: own_slope(2.0, [0.0, 0.0]).plot(),
    "slope at zero": lambda: own_slope(2.0, [0.0], value=[0.0], loss=[3.0], t=[4]).plot(),
    "slope, diverging": read(LossSlopeDisplay, DIVERGING, parameters=-1),
}
SURFACES = {
    "surface": read(LossSurfaceDisplay, LINE),
    "surface, solid": read(LossSurfaceDisplay, LINE, kind="3d"),
    "surface, styled": read(
        LossSurfaceDisplay,
        THREE_TARGETS,
        parameters=["x2", 0],
        t=[0, 1, 2, 5],
        target=1,
        ax=flat,
        arrow_at=2,
        surface_kw={"cmap": "Greens", "alpha": 0.3},
        line_kw={"c": "black", "ms": 1},
        arrow_kw={"linewidth": 5},
    ),
    "surface, solid and styled": read(
        LossSurfaceDisplay,
        TWO_TARGETS,
        kind="3d",
        ax=solid,
        target=1,
        arrow_at=1,
        surface_kw={"cmap": "Greens", "rstride": 20},
        line_kw={"lw": 3},
        arrow_kw={"color": "red", "alpha": 0.5},
    ),
    "surface over directions": read(LossSurfaceDisplay, THREE),
    "surface over directions of a target": read(
        LossSurfaceDisplay, THREE_TARGETS, target=1, arrow_at=None
    ),
    "surface of a long descent": read(LossSurfaceDisplay, LONG, arrow_at=3),
    "surface over directions, no intercept": read(LossSurfaceDisplay, NO_INTERCEPT),
    "surface at 25 iterates": read(LossSurfaceDisplay, LONG, t=np.arange(25)),
    "surface, diverging": read(LossSurfaceDisplay, DIVERGING, arrow_at=77),
    "surface at one iterate": read(LossSurfaceDisplay, LINE, t=[4], arrow_at=4),
    "surface, level": lambda: own_surface([[1, 1]], 0.0, labels=("a", "b")).plot(),
    "surface, level and solid": lambda: own_surface([[1, 1]], 0.0).plot(kind="3d"),
    "surface, one side still": lambda: own_surface([[3, 1], [2, 1]], 1.0, held="so").plot(),
    "surface, wide": lambda: own_surface([[9, 1], [3, 2], [np.inf, 0]], 1.0).plot(arrow_at=2),
}
COEFFICIENTS = {
    "coefficients": read(CoefPathDisplay, THREE),
    "coefficients, styled": read(
        CoefPathDisplay,
        THREE_TARGETS,
        parameters=range(4),
        t_max=9,
        target=1,
        ax=flat,
        n_named=2,
        line_kw={"lw": 5},
        rest_kw={"c": "red"},
        mark_kw={"marker": "s", "ms": 2},
    ),
    "coefficients, many": read(CoefPathDisplay, MANY),
    "coefficients, diverging": read(CoefPathDisplay, DIVERGING),
    "coefficients of a long descent": read(CoefPathDisplay, LONG),
    "coefficients, none named": read(CoefPathDisplay, THREE, n_named=0),
    "coefficients, own numbers": lambda: own_coefs([9.0, -1.0, 4.0]).plot(),
    "coefficients without limits": lambda: own_coefs(None).plot(),
    "coefficients, all zero": lambda: zero_coefs().plot(),
    "coefficients, all positive": lambda: positive_coefs().plot(),
    "coefficients, crowded": lambda: crowded_coefs().plot(n_named=8),
}
TUNINGS = {
    "tuning": read(TuningDisplay, FOLDS),
    "tuning, curves": read(TuningDisplay, FOLDS, kind="curves"),
    "tuning without folds": read(TuningDisplay, ONE_FOLD),
    "tuning, curves without folds": read(TuningDisplay, ONE_FOLD, kind="curves"),
    "tuning, styled": read(
        TuningDisplay,
        FOLDS,
        ax=flat,
        heatmap_kw={"cmap": "Greens"},
        chosen_kw={"c": "blue", "ms": 3},
    ),
    "tuning, styled curves": read(
        TuningDisplay,
        FOLDS,
        ax=flat,
        kind="curves",
        line_kw={"alpha": 0.5},
        chosen_kw={"marker": "v"},
    ),
    "tuning, some diverging": lambda: own_tuning(4).plot(),
    "tuning, curves, some diverging": lambda: own_tuning(4).plot(kind="curves"),
    "tuning, eight curves": lambda: own_tuning(8).plot(kind="curves"),
    "tuning, nine curves": lambda: own_tuning(9).plot(kind="curves"),
    "tuning of one rate": lambda: own_tuning(1).plot(),
    "tuning of one number of updates": lambda: own_tuning(4, iters=[7]).plot(),
    "tuning of equal scores": lambda: equal_scores().plot(),
    "tuning of equal scores, curves": lambda: equal_scores().plot(kind="curves"),
    "tuning at a point of my own": lambda: chosen_elsewhere().plot(),
    "tuning at a point of my own, curves": lambda: chosen_elsewhere().plot(kind="curves"),
}

PICTURES = FITS | CURVES | SLOPES | SURFACES | COEFFICIENTS | TUNINGS

# What is drawn before, and how it is animated.
ANIMATIONS = {
    "fit, moving": (read(FitDisplay, LINE, X, y), {}),
    "fit, moving, styled": (
        read(FitDisplay, LINE, X, y),
        {
            "interval": 7,
            "ax": flat,
            "scatter_kw": {"s": 9},
            "first_kw": {"lw": 1},
            "line_kw": {"c": "black"},
        },
    ),
    "slope, moving": (read(LossSlopeDisplay, SLOPE), {}),
    "slope, moving, styled": (
        read(LossSlopeDisplay, THREE),
        {
            "interval": 7,
            "ax": flat,
            "parabola_kw": {"lw": 1},
            "points_kw": {"ms": 9},
            "tangent_kw": {"c": "black"},
        },
    ),
    "surface, moving": (read(LossSurfaceDisplay, LINE), {}),
    "surface, moving, styled": (
        read(LossSurfaceDisplay, THREE),
        {"interval": 7, "ax": flat, "surface_kw": {"cmap": "Greens"}, "line_kw": {"lw": 3}},
    ),
    "surface, solid and moving": (
        read(LossSurfaceDisplay, LINE, kind="3d"),
        {"kind": "3d", "ax": solid},
    ),
}
