"""Where data comes in: rows go in, a problem and how to show its parameters come out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite

from sklearn_gd._estimator.dask_dispatch import dask_module, is_dask
from sklearn_gd._estimator.array_api import Device, to_numpy_if_dispatched, device_of
from sklearn_gd._data import ArrayAPIRows
from sklearn_gd._data import LazyMoments, Moments
from sklearn_gd.path import DescentPath, Layout
from sklearn_gd._data import SummedRows, Problem, RowsInMemory
from sklearn_gd._data import NotFinite
from sklearn_gd._solvers import DescentOptions, solve
from sklearn_gd._estimator.array_api_validation import check_device_rows
from sklearn_gd._estimator.validation import check_rows, names_seen

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FitInput:
    """A problem to descend on, and the layout of what is found."""

    problem: Problem | SummedRows
    layout: Layout
    sample_weight: Any = None  # as checked
    device: Device | None = None  # where the rows are; None: here, in NumPy


def prepare(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    fit_intercept: bool,
    *,
    reset: bool = True,
    part: bool = False,
) -> FitInput:
    """The checked problem; the estimator keeps, or without `reset` is asked for, the features.

    `part`: more rows will come, so all of these may have no weight.
    """
    if is_dask(X, y, sample_weight):
        door = dask_module("_door")
        fit_input: FitInput = door.prepare(estimator, X, y, sample_weight, fit_intercept, reset, part)
        return fit_input
    device = device_of(X)
    if device is not None:
        rows_there, targets = check_device_rows(
            device, estimator, X, y, sample_weight, fit_intercept, reset=reset, part=part
        )
        dtype = device.dtype_of(rows_there.X)
        layout = Layout(fit_intercept, targets, dtype)  # these arrays have no names
        return FitInput(rows_there, layout, rows_there.sample_weight, device)
    y, sample_weight = to_numpy_if_dispatched(y), to_numpy_if_dispatched(sample_weight)
    rows, targets = check_rows(
        estimator, X, y, sample_weight, fit_intercept, reset=reset, part=part
    )
    layout = Layout(fit_intercept, targets, rows.X.dtype, names_seen(estimator))
    return FitInput(rows, layout, rows.sample_weight)


def moments_of(fit_input: FitInput) -> Moments:
    """One pass over the rows, which may turn out not to be finite."""
    with naming_what_is_not_finite(fit_input.problem):
        return fit_input.problem.moments()


def from_moments(moments: Moments, layout: Layout, device: Device | None = None) -> FitInput:
    """What is left to do where the rows are gone."""
    rounding = float(np.finfo(layout.dtype).eps)
    return FitInput(SummedRows(moments, layout.fit_intercept, rounding), layout, device=device)


def fit_path(
    fit_input: FitInput, start: Floats, terms: DescentOptions, solver: str, known: Moments | None = None
) -> tuple[DescentPath, LazyMoments | None]:
    """The way through: the path, and how to have the moments where they cost little now.

    `known` are the moments where they are there already.
    """
    with naming_what_is_not_finite(fit_input.problem):
        descent, stop, moments = solve(fit_input.problem, start, terms, solver, known)
    return DescentPath(descent, stop, fit_input.layout), moments


@contextmanager
def naming_what_is_not_finite(problem: Problem | SummedRows) -> Iterator[None]:
    """Sums over X turned out not to be finite: say so in scikit-learn's words where X is not."""
    try:
        yield
    except NotFinite:
        if isinstance(problem, (RowsInMemory, ArrayAPIRows)):
            with np.errstate(invalid="ignore"):  # the sum of infinities of both signs
                assert_all_finite(problem.X, input_name="X")
        raise
