"""How readers get at a descent: an estimator, a pipeline or a path goes in, the path comes out."""

from contextlib import suppress
from typing import Any

from sklearn.exceptions import NotFittedError

from sklearn_gd.path import DescentPath


def path_of(estimator: Any) -> DescentPath:
    """The path of a fitted estimator, also as the last step of a pipeline, or a path as it is."""
    if isinstance(estimator, DescentPath):
        return estimator
    last = last_step(estimator)
    path = getattr(last, "path_", None)
    if isinstance(path, DescentPath):
        return path
    if hasattr(last, "fit") and hasattr(last, "lr"):
        raise NotFittedError(f"This {type(last).__name__} is not fitted yet: call fit first.")
    raise TypeError(
        f"Expected a fitted GDLinearRegressor, a pipeline that ends in one, or its path_; "
        f"got {type(last).__name__}."
    )


def names_of(estimator: Any) -> tuple[str, ...]:
    """The parameters' names; in a pipeline those that the steps before give to its columns."""
    path, before = path_of(estimator), _steps_before(estimator)
    names = path.parameter_names
    if path._layout.feature_names is None and before is not None:
        with suppress(AttributeError, ValueError, NotFittedError):  # a step has no names to give
            given = before.get_feature_names_out()
            return (*names[: len(names) - len(given)], *map(str, given))
    return names


def transform(estimator: Any, X: Any) -> Any:
    """X as the last step of a pipeline sees it; as it is where there is no pipeline."""
    before = _steps_before(estimator)
    return X if before is None else before.transform(X)


def _steps_before(estimator: Any) -> Any:
    return estimator[:-1] if len(getattr(estimator, "steps", ())) > 1 else None


def last_step(estimator: Any) -> Any:
    """The last step of a pipeline; anything else as it is."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
