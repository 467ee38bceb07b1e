"""On the worker: a partition's blocks go in, checked rows are made of them and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import add
from typing import Any

import numpy as np

from sklearn_gd._data import counted
from sklearn_gd._data import RowsInMemory
from sklearn_gd._estimator.prepare import naming_what_is_not_finite
from sklearn_gd._estimator.validation import FeatureChecker, check_rows


@dataclass(frozen=True, eq=False)
class Part(RowsInMemory):
    """The rows of one partition."""

    number: int = 0


@dataclass(frozen=True)
class Features:
    """What the features of every partition must be like, and the estimator that asks for them."""

    owner: str
    n_features: int
    feature_names: tuple[str, ...] | None

    def door(self) -> Any:
        """As if it had been fitted on such features."""
        door = type(self.owner, (FeatureChecker,), {})()  # its name is in messages
        door.n_features_in_ = self.n_features
        if self.feature_names is not None:
            door.feature_names_in_ = np.array(self.feature_names, dtype=object)
        return door


@dataclass(frozen=True)
class Expected(Features):
    """What every partition to fit on must be like."""

    n_targets: int
    targets: str  # as in Layout
    fit_intercept: bool


@dataclass(frozen=True)
class SumTuple:
    """Several sums that are made in one pass."""

    values: tuple[Any, ...]

    def __add__(self, other: SumTuple) -> SumTuple:
        return SumTuple(tuple(map(add, self.values, other.values)))


def measured(
    measure: Callable[..., Any],
    expected: Expected,
    number: int,
    X: Any,
    y: Any,
    sample_weight: Any,
    chosen: Any,
    *argument: Any,
) -> Any:
    """The measure of a partition; what is wrong with that is said with its number."""
    with naming_partition(number):
        rows = _checked(expected, number, X, y, sample_weight)
        if chosen is not None:
            rows = _numbered(counted(rows, chosen), number)
        with naming_what_is_not_finite(rows):
            return measure(rows, *argument)


@contextmanager
def naming_partition(number: int) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        # Without the cause, which may not be made to travel; its words say it all.
        raise kind(f"Partition {number}: {error}") from None


def _checked(expected: Expected, number: int, X: Any, y: Any, sample_weight: Any) -> Part:
    if X.shape[0] == y.shape[0] == 0:
        nothing = np.empty((0, expected.n_features)), np.empty((0, expected.n_targets))
        return Part(*nothing, None, expected.fit_intercept, number)
    rows, targets = check_rows(
        expected.door(), X, y, sample_weight, expected.fit_intercept, reset=False, part=True
    )
    if (targets, rows.n_targets) != (expected.targets, expected.n_targets):
        raise ValueError(
            f"y must have {expected.n_targets} targets as its collection says, {expected.targets}; "
            f"got shape {y.shape}."
        )
    return _numbered(rows, number)


def _numbered(rows: RowsInMemory, number: int) -> Part:
    return Part(rows.X, rows.y, rows.sample_weight, rows.fit_intercept, number)
