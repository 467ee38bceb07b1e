"""A program of a user's, fully typed: test_typing.py checks and runs it; nobody imports it."""

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from sklearn_gd import (
    DescentPath,
    Diagnosis,
    Explanation,
    GDLinearRegressor,
    GDLinearRegressorCV,
    LossCurveDisplay,
    Moments,
    SlowDirection,
    diagnose,
)

Floats = NDArray[np.floating[Any]]


class Quiet(GDLinearRegressor):
    """A subclass stays itself when it is fitted."""


def fitted(X: Floats, y: Floats) -> GDLinearRegressor:
    """Parameters of every kind, and what `fit` takes besides rows."""
    model = GDLinearRegressor(0.1, tol=0.5, max_iter=10**12, fit_intercept=True, solver="spectral")
    start: list[float] = [0.0] * X.shape[1]
    assert_type(Quiet().fit(X, y), Quiet)
    return model.fit(X, y, np.ones(len(y)), coef_init=start, intercept_init=0.0)


def read_model(model: GDLinearRegressor | GDLinearRegressorCV, X: Floats, y: Floats) -> float:
    """What a fitted estimator answers."""
    assert_type(model.predict(X), Floats)
    assert_type(model.staged_predict(X), Iterator[Floats])
    assert_type(model.coef_, Floats)
    assert_type(model.n_iter_, int)
    assert_type(model.lr_, float)
    assert_type(model.stop_reason_, str)
    assert_type(model.loss_history_, Floats)
    assert_type(model.coef_path_, Floats)
    assert_type(model.intercept_path_, Floats)
    assert_type(model.path_, DescentPath)
    return model.score(X, y)


def read_path(path: DescentPath) -> str:
    """What a path answers."""
    assert_type(path.loss([0, 1, 10**12]), Floats)
    assert_type(path.coef(3), Floats)
    assert_type(path.intercept(np.arange(3)), Floats)
    assert_type(path.gradient(0), Floats)
    assert_type(path.dof(0), Floats)
    assert_type(path.iterations_to(1.0), int | None)
    assert_type(path.explain(0), Explanation)
    assert_type(path.loss_floor, float)
    assert_type(path.max_stable_lr, float)
    assert_type(path.condition_number, float)
    assert_type(path.parameter_names, tuple[str, ...])
    return path.stop_reason


def streamed(X: Floats, y: Floats) -> GDLinearRegressor:
    """Rows in parts, and sums that add up."""
    assert_type(Quiet().partial_fit(X, y), Quiet)
    moments = Moments.from_rows(X, y, 2.0) + Moments.from_rows(X, y)
    assert_type(moments, Moments)
    assert_type(moments.n_samples, int)
    assert_type(moments.resolution, float)
    return GDLinearRegressor(tol=0.5).fit_moments(moments)


def tuned(X: Floats, y: Floats) -> tuple[int, int]:
    """A tuner's parameters and results."""
    model = GDLinearRegressorCV(lrs=[0.01, 0.1], iters=[0, 10, 100], cv=3, n_jobs=None).fit(X, y)
    assert_type(model, GDLinearRegressorCV)
    assert_type(model.scores_path_, NDArray[np.float64])
    assert_type(model.best_score_, float)
    return model.best_index_


def diagnosed(X: Floats, y: Floats) -> float:
    """A diagnosis before the first fit."""
    told = diagnose(X, y, lr="auto")
    assert_type(told, Diagnosis)
    assert_type(told.slowest, tuple[SlowDirection, ...])
    assert_type(told.standardised, Diagnosis | None)
    return told.max_stable_lr


def draw(path: DescentPath) -> LossCurveDisplay:
    """Displays are classes whose methods give them back."""
    return LossCurveDisplay.from_estimator(path).plot()


def main() -> None:
    """Run all but the picture."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = X @ np.array([1.0, 2.0]) + rng.normal(size=30)
    model = fitted(X, y)
    print(read_model(model, X, y), read_path(model.path_), tuned(X, y), diagnosed(X, y))
    print(read_model(streamed(X, y), X, y))


if __name__ == "__main__":
    main()
