"""Folds of checked indices for cross-validation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from sklearn_gd._data import Each, Folds, FoldsInMemory, LocalRows, Split
from sklearn_gd._estimator.dask_dispatch import dask_module
from sklearn_gd._estimator.prepare import FitInput

NO_ROWS = "Fold {} is {} on no rows with a weight above zero."


def folds_of(fit_input: FitInput, cv: Any, params: dict[str, Any], each: Each) -> Folds:
    """Return the folds of a splitter, or of anything else that `check_cv` of scikit-learn takes."""
    rows = fit_input.problem
    if not isinstance(rows, LocalRows):
        folds: Folds = dask_module("_folds").folds_on_workers(rows, cv, params, each)
        return folds
    y = rows.y[:, 0] if fit_input.layout.y_layout == "1d" else rows.y
    splits = checked(check_cv(cv, y).split(rows.X, y, **params), rows.n_samples, cv)
    check_folds((rows.weight_of(split.train), rows.weight_of(split.test)) for split in splits)
    return FoldsInMemory(rows, splits, each)


def checked(splits: Iterable[tuple[Any, Any]], n_samples: int, cv: Any) -> list[Split]:
    """Return splits as indices; raise ValueError if a fold has no rows to fit or to score."""
    everything = np.arange(n_samples)

    def as_index(chosen: Any) -> Any:
        # Lists, masks and negative indices become indices; an empty list has no dtype.
        kind = None if len(chosen) else np.intp
        return np.asarray(everything[np.asarray(chosen, dtype=kind)])

    indices = [Split(as_index(train), as_index(test)) for train, test in splits]
    if not indices:
        raise ValueError(f"cv={cv!r} made no splits.")
    check_folds((len(split.train), len(split.test)) for split in indices)
    return indices


def check_folds(weights: Iterable[tuple[float, float]]) -> None:
    """Raise ValueError if rows that a fold is fitted on, or scored on, have no weight."""
    for i, pair in enumerate(weights):
        for name, weight in zip(("fitted", "scored"), pair, strict=True):
            if not weight > 0:
                raise ValueError(NO_ROWS.format(i, name))
