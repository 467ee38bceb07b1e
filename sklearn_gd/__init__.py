"""Linear regression by gradient descent, exact and fast, as a scikit-learn estimator."""

from sklearn_gd._estimator.moments import Moments
from sklearn_gd._report.comparison import Comparison
from sklearn_gd._report.diagnosis import Diagnosis, SlowDirection
from sklearn_gd._report.explanation import Explanation
from sklearn_gd.diagnosis import diagnose
from sklearn_gd.display import (
    CoefPathDisplay,
    FitDisplay,
    LossCurve,
    LossCurveDisplay,
    LossSlopeDisplay,
    LossSurfaceDisplay,
    TuningDisplay,
)
from sklearn_gd.path import DescentPath
from sklearn_gd.regressor import GDLinearRegressor
from sklearn_gd.regressor_cv import GDLinearRegressorCV

__all__ = [
    "CoefPathDisplay",
    "Comparison",
    "DescentPath",
    "Diagnosis",
    "Explanation",
    "FitDisplay",
    "GDLinearRegressor",
    "GDLinearRegressorCV",
    "LossCurve",
    "LossCurveDisplay",
    "LossSlopeDisplay",
    "LossSurfaceDisplay",
    "Moments",
    "SlowDirection",
    "TuningDisplay",
    "diagnose",
]
__version__ = "0.1.0"
