"""Pictures of a descent, from plain data or from a fitted estimator; they read its public path."""

from sklearn_gd.display._curves import LossCurve
from sklearn_gd.display.coef_path import CoefPathDisplay
from sklearn_gd.display.fit import FitDisplay
from sklearn_gd.display.loss_curve import LossCurveDisplay
from sklearn_gd.display.loss_slope import LossSlopeDisplay
from sklearn_gd.display.loss_surface import LossSurfaceDisplay
from sklearn_gd.display.tuning import TuningDisplay

__all__ = [
    "CoefPathDisplay",
    "FitDisplay",
    "LossCurve",
    "LossCurveDisplay",
    "LossSlopeDisplay",
    "LossSurfaceDisplay",
    "TuningDisplay",
]
