"""Linear regression by gradient descent, exact and fast, as a scikit-learn estimator."""

from sklearn_gd._descent.path import DescentPath
from sklearn_gd.regressor import GDLinearRegressor
from sklearn_gd.regressor_cv import GDLinearRegressorCV

__all__ = ["DescentPath", "GDLinearRegressor", "GDLinearRegressorCV"]
__version__ = "0.1.0.dev0"
