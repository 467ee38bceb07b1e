"""Prepare what users pass as a problem, and keep a solver's answer as a path and attributes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from sklearn_gd._data import LocalRows, NotFinite, Problem, SummedRows
from sklearn_gd._estimator.array_api import NUMPY, Device, device_of
from sklearn_gd._estimator.blas_threads import one_thread_if_medium
from sklearn_gd._estimator.dask_dispatch import dask_module, is_dask
from sklearn_gd._estimator.validation import Data, check_rows
from sklearn_gd._report.layout import Layout
from sklearn_gd._solvers import DescentOptions, StoppedDescent, solve
from sklearn_gd.path import DescentPath


@dataclass(frozen=True, eq=False)
class FitInput:
    """A problem to descend on, and the layout of what is found."""

    problem: Problem | SummedRows
    layout: Layout
    sample_weight: Any = None  # as checked
    device: Device = NUMPY  # of the rows

    def with_alpha(self, alpha: float) -> FitInput:
        """Return the same rows with a penalty."""
        return replace(self, problem=replace(self.problem, alpha=float(alpha)))  # type: ignore[type-var]

    def path(self, stopped: StoppedDescent) -> DescentPath:
        """Return the path of a stopped descent."""
        problem = self.problem
        return DescentPath(stopped, self.layout, weight=problem.weight, alpha=problem.alpha)

    def attributes(self, path: DescentPath) -> dict[str, Any]:
        """Return the fitted attributes of an estimator that descended along a path."""
        theta = path._descent.theta(path.best_iter)
        coef, intercept = self.layout.coef(theta), self.layout.intercept(theta)
        if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
            raise ValueError(
                f"The coefficients are too large for {coef.dtype}, the dtype of X: pass X as "
                f"float64, or rescale X or y."
            )
        return {
            "path_": path,
            "n_iter_": path.n_iter,
            "lr_": path.lr,
            "stop_reason_": path.stop_reason,
            "coef_": self.device.asarray(coef),
            "intercept_": self.device.asarray(intercept) if self.layout.fit_intercept else 0.0,
        }


def prepare(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> FitInput:
    """Return the checked problem of X, y and weights.

    The estimator keeps the features of X; without `reset` X must have those that it kept before.
    With `part` more rows follow, so that all of these may have weight zero.
    """
    how = {"reset": reset, "part": part}
    if is_dask(*data):
        prepared: FitInput = dask_module("_prepare").prepare(estimator, data, fit_intercept, **how)
        return prepared
    rows, layout = check_rows(estimator, data, fit_intercept, **how)
    return FitInput(rows, layout, rows.sample_weight, device_of(rows.X))


def fit_path(fit_input: FitInput, start: Any, options: DescentOptions, solver: str) -> DescentPath:
    """Return the descent from `start`."""
    problem = fit_input.problem
    with naming_what_is_not_finite(problem), one_thread_if_medium(problem):
        return fit_input.path(solve(problem, start, options, solver))


@contextmanager
def naming_what_is_not_finite(problem: Any) -> Iterator[None]:
    """If sums over X are not finite, raise the error of scikit-learn for nan or inf in X."""
    try:
        yield
    except NotFinite:
        if isinstance(problem, LocalRows):
            with np.errstate(invalid="ignore"):  # the sum of infinities of both signs
                assert_all_finite(problem.X, input_name="X")
        raise
