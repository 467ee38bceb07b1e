"""scikit-learn's own estimator checks."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

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
    GDLinearRegressor(solver="krylov", lr=0.5),
    GDLinearRegressor(lr=1e-3, max_iter=10**12),
    GDLinearRegressor(lr=0.1),
    GDLinearRegressor(lr=0.01, momentum=0.9),
    GDLinearRegressor(lr=1.0, momentum=0.9, nesterovs_momentum=True, alpha=0.01),
    GDLinearRegressorCV(),
    GDLinearRegressorCV(lrs=3, max_iter=10**6, fit_intercept=False),
    GDLinearRegressorCV(lrs=[0.1], max_iter=20),
]


# Checks fit tiny and unscaled data with the defaults, where descent rightly says that it is slow.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_estimator_checks(estimator, check):
    """Every check that scikit-learn makes of a regressor passes."""
    _skip_without_cuda(check)
    check(estimator)


# Rates from far too low to far too high, for every solver; loops are short, since they are slow.
RATES = [
    GDLinearRegressor(lr, solver=solver, max_iter=30 if solver == "loop" else 1000)
    for lr in (1e-4, 1e-3, 0.01, 0.1, 0.5, 1.0, 10.0, 1e6)
    for solver in (("loop", "krylov") if lr in (0.01, 1.0, 1e6) else ("spectral",))
]
RATES += [GDLinearRegressor(lr, momentum=0.9, nesterovs_momentum=lr > 1) for lr in (1e-3, 0.1, 1e6)]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", RATES, ids=repr)
def test_any_rate_makes_an_estimator(estimator):
    """At no rate does a check fail, but for those of a good fit where it is honestly a bad one."""
    honestly_bad = estimator.lr in (1e-4, 10.0, 1e6) or estimator.solver == "loop"
    for candidate, check in estimator_checks_generator(estimator):
        name = check.func.__name__
        if "array_api" in name or (honestly_bad and name == "check_regressors_train"):
            continue
        check(candidate)
