"""How a cross-validation is split: folds of checked indices."""

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
    for i, split in enumerate(splits):
        for name, chosen in (("fitted", split.train), ("scored", split.test)):
            if not rows.weight_of(chosen) > 0:
                raise ValueError(NO_ROWS.format(i, name))
    return FoldsInMemory(rows, splits, each)


def checked(made: Iterable[tuple[Any, Any]], n_samples: int, cv: Any) -> list[Split]:
    """Return the splits as indices; each must have rows to fit and rows to score."""
    everything = np.arange(n_samples)

    def index(chosen: Any) -> Any:
        # Lists, masks and negative indices become indices; an empty list has no dtype.
        kind = None if len(chosen) else np.intp
        return np.asarray(everything[np.asarray(chosen, dtype=kind)])

    splits = [Split(index(train), index(test)) for train, test in made]
    if not splits:
        raise ValueError(f"cv={cv!r} made no splits.")
    for i, split in enumerate(splits):
        for name, chosen in (("fitted", split.train), ("scored", split.test)):
            if len(chosen) == 0:
                raise ValueError(NO_ROWS.format(i, name))
    return splits
