"""One partition: the features and targets it must have, and a measure of its checked rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_gd._data import RowsInMemory
from sklearn_gd._estimator.prepare import naming_what_is_not_finite
from sklearn_gd._estimator.validation import FeatureChecker, check_rows


@dataclass(frozen=True)
class ExpectedFeatures:
    """The features that every partition must have."""

    owner: str  # the class of the estimator, which messages name
    n_features: int
    feature_names: tuple[str, ...] | None

    def checker(self) -> Any:
        """Return an estimator of the owner's name, fitted on such features."""
        checker = type(self.owner, (FeatureChecker,), {})()
        checker.n_features_in_ = self.n_features
        if self.feature_names is not None:
            checker.feature_names_in_ = np.array(self.feature_names, dtype=object)
        return checker


@dataclass(frozen=True)
class ExpectedRows(ExpectedFeatures):
    """The features and targets that every partition of a problem must have."""

    n_targets: int
    y_layout: str  # as in Layout
    fit_intercept: bool


@dataclass(frozen=True, eq=False)
class Partition:
    """The blocks of a partition: delayed on the client, arrays or dataframes on a worker."""

    number: int
    X: Any
    y: Any
    sample_weight: Any  # a block, one number for all rows, or None
    index: Any = None  # rows of the partition, each counted as often as listed; None: all once


def measured(
    measure: Callable[..., Any], expected: ExpectedRows, partition: Partition, *argument: Any
) -> Any:
    """Return the measure of a partition's checked rows; errors name the partition."""
    with naming_partition(partition.number):
        rows = checked_rows(expected, partition)
        if partition.index is not None:
            rows = rows.counted(partition.index)
        with naming_what_is_not_finite(rows):
            return measure(rows, *argument)


def checked_rows(expected: ExpectedRows, partition: Partition) -> RowsInMemory:
    """Return the rows as a problem without a penalty, which the client adds once."""
    X, y = partition.X, partition.y
    if X.shape[0] == y.shape[0] == 0:
        nothing = np.empty((0, expected.n_features)), np.empty((0, expected.n_targets))
        return RowsInMemory(*nothing, None, expected.fit_intercept)
    data, how = (X, y, partition.sample_weight), {"reset": False, "part": True}
    rows, y_layout = check_rows(expected.checker(), data, expected.fit_intercept, **how)
    if (y_layout, rows.n_targets) != (expected.y_layout, expected.n_targets):
        shape = (
            "(n_samples,)" if expected.y_layout == "1d" else f"(n_samples, {expected.n_targets})"
        )
        raise ValueError(f"y must have shape {shape}, as its collection says; got {y.shape}.")
    return rows


@contextmanager
def naming_partition(number: int) -> Iterator[None]:
    """Put the number of the partition before the message of an error."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        # The cause is dropped because it may hold objects that cannot be pickled to the client.
        raise kind(f"Partition {number}: {error}") from None
