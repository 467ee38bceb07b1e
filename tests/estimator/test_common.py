"""scikit-learn's own estimator checks."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV


def _skip_without_cuda(check):
    # scikit-learn asks how PyTorch was built and not whether there is a device.
    places = [getattr(at, "device", at) for at in getattr(check, "keywords", {}).values()]
    if "cuda" in places and not pytest.importorskip("torch").cuda.is_available():
        pytest.skip("needs CUDA")


ESTIMATORS = [
    GDLinearRegressor(),
    GDLinearRegressor(solver="spectral", fit_intercept=False, tol=0.2),
    GDLinearRegressor(solver="loop", max_iter=200),
    GDLinearRegressor(lr=1e-3, max_iter=10**12),
    GDLinearRegressorCV(),
    GDLinearRegressorCV(lrs=3, max_iter=10**6, fit_intercept=False),
]


# Checks fit tiny and unscaled data with the defaults, where descent rightly says that it is slow.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator_checks(estimator, check):
    """Every check that scikit-learn makes of a regressor passes."""
    _skip_without_cuda(check)
    check(estimator)
