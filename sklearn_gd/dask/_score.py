"""R^2 of predictions for rows on workers, in one pass."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_gd._data import RowsInMemory
from sklearn_gd._estimator.array_api import to_numpy
from sklearn_gd._estimator.validation import names_seen
from sklearn_gd._linalg import Floats
from sklearn_gd.dask._partition import ExpectedFeatures
from sklearn_gd.dask._prepare import prepare
from sklearn_gd.dask._rows import RowsOnWorkers
from sklearn_gd.dask._sums import CentredSquares, SumTuple


def r2_score(estimator: Any, X: Any, y: Any, sample_weight: Any) -> float:
    """Return R^2 as scikit-learn's `r2_score` defines it, averaged over targets."""
    owner = type(estimator).__name__
    features = ExpectedFeatures(owner, estimator.n_features_in_, names_seen(estimator))
    problem = prepare(features.checker(), (X, y, sample_weight), True, reset=False).problem
    assert isinstance(problem, RowsOnWorkers)
    coef, intercept = np.atleast_2d(to_numpy(estimator.coef_)), to_numpy(estimator.intercept_)
    if problem.n_targets != len(coef):
        raise ValueError(
            f"y must have as many targets as in fit, {len(coef)}; got {problem.n_targets}."
        )
    measure = partial(_squares, coef=coef, intercept=intercept)
    n_samples, targets, errors = problem.partitions.total(measure).values
    problem.check_totals(n_samples, targets.weight)
    if n_samples < 2:
        words = "R^2 score is not well-defined with less than two samples."
        warnings.warn(words, UndefinedMetricWarning, stacklevel=3)
        return float("nan")
    # As in scikit-learn, the score of a constant target is 1 if all errors are 0, else 0.
    constant = targets.squares == 0
    r2 = 1.0 - errors / np.where(constant, 1.0, targets.squares)
    return float(np.where(constant, errors == 0, r2).mean())


def _squares(rows: RowsInMemory, coef: Floats, intercept: Any) -> SumTuple:
    """Return the number of rows, the squares of y about its mean and those of the errors."""
    rows.operator()  # raises NotFinite for nan and inf in X
    w = np.ones(rows.n_samples) if rows.sample_weight is None else rows.sample_weight
    weight = float(w.sum())
    mean = w @ rows.y / weight if weight > 0 else np.zeros(rows.n_targets)
    targets = CentredSquares(weight, mean, w @ (rows.y - mean) ** 2)
    error = rows.y - (np.asarray(rows.X @ coef.T) + intercept)
    return SumTuple((rows.n_samples, targets, w @ error**2))
