"""What a descent is up against: stable rates, waiting times and slow directions, by name."""

from dataclasses import replace
from itertools import compress
from numbers import Real
from typing import Any

from sklearn_gd._data import zeros
from sklearn_gd._estimator.parameters import check_flag, check_number
from sklearn_gd._estimator.path_of import names_of, path_of
from sklearn_gd._estimator.prepare import fit_path, prepare
from sklearn_gd._estimator.validation import FeatureChecker
from sklearn_gd._report.diagnosis import SHARES, Diagnosis, diagnosis_of
from sklearn_gd._report.errstate import without_underflow
from sklearn_gd._report.forecast import goal, lost_columns, scaled_path, scaler_for
from sklearn_gd._solvers import DescentOptions
from sklearn_gd.path import DescentPath

# Enough updates to make the solver see every direction with all the digits it can have.
AS_MANY_AS_IT_TAKES = 10**12


@without_underflow
def diagnose(
    estimator_or_X: Any,
    y: Any = None,
    *,
    lr: float | str = "auto",
    fit_intercept: bool = True,
    sample_weight: Any = None,
    momentum: float = 0.0,
    nesterovs_momentum: bool = False,
    alpha: float = 0.0,
) -> Diagnosis:
    """Tell what a gradient descent is up against: stable rates, waiting times, slow directions.

    Parameters
    ----------
    estimator_or_X : fitted GDLinearRegressor, Pipeline, DescentPath or array-like of shape \
            (n_samples, n_features)
        A descent made, or the features of one not made yet; Dask collections are taken too.
    y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
        Targets, when features are given.
    lr : float or "auto", default="auto"
        When rows are given, the rate to count updates for; "auto" is 1 / largest curvature.
        A descent made has its own.
    fit_intercept : bool, default=True
        When rows are given, whether there is an intercept.
    sample_weight : array-like of shape (n_samples,), default=None
        When rows are given, their weights.
    momentum : float, default=0.0
        When rows are given, the momentum of the descent.
    nesterovs_momentum : bool, default=False
        When rows are given, whether that is Nesterov's.
    alpha : float, default=0.0
        When rows are given, the L2 penalty.

    Returns
    -------
    Diagnosis
        Prints as a few lines, in a notebook as a table.

    Notes
    -----
    A descent made knows its curvatures, so it answers for rates, condition number and updates, from
    the start that it had. It does not keep the rows: what standardising would change, and which
    columns are constant, is told only when rows are given; the start is then all zeros.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_gd import diagnose
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> diagnose(X[["bmi", "bp"]], y)
    learning rate     0.0001016: stable below 0.0002031; best constant rate 0.0002031
    condition number  772.5
    loss              14537.2 at the start, 1790.84 at least
    updates           193,394 to come within 10 % of the least loss, 880,376 for 1 %, ...
    slowest           intercept: 2.7 % of the loss to lose, falling e-fold every 596,705 updates
                      bmi: 2.2 % of the loss to lose, falling e-fold every 510 updates
    standardised      condition number 1.519, stable below 1.433, updates 2, 3 and 4
    """
    if isinstance(estimator_or_X, DescentPath) or hasattr(estimator_or_X, "fit"):
        if y is not None:
            raise TypeError(
                "diagnose takes a fitted estimator alone; for what needs rows call "
                "diagnose(X, y, lr=estimator.lr_)."
            )
        return diagnosis_of(path_of(estimator_or_X), names_of(estimator_or_X))
    if y is None:
        came = type(estimator_or_X).__name__
        raise TypeError(
            f"diagnose needs a fitted GDLinearRegressor, or X and y; got {came} without y."
        )
    auto = isinstance(lr, str) and lr == "auto"
    rate = None if auto else check_number("lr", lr, Real, above=0)
    momentum = float(check_number("momentum", momentum, Real, least=0, below=1))
    nesterov = check_flag("nesterovs_momentum", nesterovs_momentum) and momentum > 0
    rows = (estimator_or_X, y, sample_weight)
    found = prepare(FeatureChecker(), rows, check_flag("fit_intercept", fit_intercept))
    found = found.with_alpha(check_number("alpha", alpha, Real, least=0))
    options = DescentOptions(rate, None, AS_MANY_AS_IT_TAKES, momentum, nesterov)
    path = fit_path(found, zeros(found.problem), options, "spectral")
    return _with_rows(path, found.problem)


def _with_rows(path: DescentPath, problem: Any) -> Diagnosis:
    """The diagnosis of a path, with what its rows know of its columns."""
    scaled, names = scaled_path(path, problem), path.parameter_names
    # The floors are one number without a penalty, but each is known to its own rounding only.
    goals = {s: max(goal(path, s), scaled.loss_floor * (1 + s)) for s in SHARES}
    constant = compress(names[1:], ~problem.spread().varies) if path._layout.fit_intercept else ()
    lost = path._all_directions.spectrum.columns_lost
    return replace(
        diagnosis_of(path, names),
        standardised=diagnosis_of(scaled, names, goals),
        constant_columns=tuple(constant),
        lost_columns=tuple(lost_columns(path, problem)) if lost else (),
        scaler=scaler_for(problem),
    )
