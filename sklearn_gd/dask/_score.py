"""R^2 of predictions on workers: a fitted estimator, X, y and weights go in, a number comes out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_gd._estimator.array_api import to_numpy
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._estimator.validation import FeatureChecker
from sklearn_gd.dask._partition import Part

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spread:
    """Squares of y about its mean, and of what predictions miss; of two sets of rows they add."""

    n_samples: int
    weight: float
    mean: Floats  # (k,), of y
    about: Floats  # (k,)
    missed: Floats  # (k,)

    def __add__(self, other: Spread) -> Spread:
        """Chan, Golub and LeVeque 1983: no difference of large sums."""
        weight = self.weight + other.weight
        share = other.weight / weight if weight > 0 else 0.0
        apart = other.mean - self.mean
        return Spread(
            self.n_samples + other.n_samples,
            weight,
            self.mean + share * apart,
            self.about + other.about + self.weight * share * apart**2,
            self.missed + other.missed,
        )


def r2_score(estimator: Any, X: Any, y: Any, sample_weight: Any) -> float:
    """As scikit-learn's `r2_score`, averaged over targets; every partition is read once."""
    door = type(type(estimator).__name__, (FeatureChecker,), {})()  # its name is in messages
    door.n_features_in_ = estimator.n_features_in_
    if hasattr(estimator, "feature_names_in_"):
        door.feature_names_in_ = estimator.feature_names_in_
    problem: Any = prepare(door, X, y, sample_weight, True, reset=False).problem
    coef, intercept = np.atleast_2d(to_numpy(estimator.coef_)), to_numpy(estimator.intercept_)
    if problem.n_targets != len(coef):
        raise ValueError(
            f"y must have as many targets as in fit, {len(coef)}; got {problem.n_targets}."
        )
    spread = problem.parts.total(partial(_spread, coef=coef, intercept=intercept))
    problem._check(spread.n_samples, spread.weight)
    if spread.n_samples < 2:
        words = "R^2 score is not well-defined with less than two samples."
        warnings.warn(words, UndefinedMetricWarning, stacklevel=3)
        return float("nan")
    # As there: a constant target is predicted perfectly, or not at all.
    perfect = np.where(spread.missed == 0, 1.0, 0.0)
    constant = spread.about == 0
    r2 = 1.0 - spread.missed / np.where(constant, 1.0, spread.about)
    return float(np.where(constant, perfect, r2).mean())


def _spread(part: Part, coef: Floats, intercept: Any) -> Spread:
    part.check_finite()
    w = np.ones(part.n_samples) if part.sample_weight is None else part.sample_weight
    weight, k = float(w.sum()), part.n_targets
    mean = w @ part.y / weight if weight > 0 else np.zeros(k)
    missed = part.y - (np.asarray(part.X @ coef.T) + intercept)
    return Spread(part.n_samples, weight, mean, w @ (part.y - mean) ** 2, w @ missed**2)
