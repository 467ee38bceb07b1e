"""Linear regression by gradient descent, exact and fast, as a scikit-learn estimator."""

from sklearn_gd._descent.explanation import Explanation
from sklearn_gd._descent.outlook import SlowDirection
from sklearn_gd._descent.path import DescentPath
from sklearn_gd.diagnosis import Diagnosis, diagnose
from sklearn_gd.regressor import GDLinearRegressor

__all__ = [
    "DescentPath",
    "Diagnosis",
    "Explanation",
    "GDLinearRegressor",
    "SlowDirection",
    "diagnose",
]
__version__ = "0.1.0.dev0"
