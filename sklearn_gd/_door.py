"""Where data comes in: rows go in, a problem and how to show its parameters come out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite

from sklearn_gd._afar import afar, is_afar
from sklearn_gd._array_api import Place, here, place_of
from sklearn_gd._descent.device import DeviceRows
from sklearn_gd._descent.moments import HaveMoments, Moments
from sklearn_gd._descent.path import DescentPath, Layout
from sklearn_gd._descent.problem import Gathered, Problem, RowsInMemory
from sklearn_gd._descent.rows import NotFinite
from sklearn_gd._descent.solve import Terms, solve
from sklearn_gd._device_checks import check_device_rows
from sklearn_gd._validation import check_rows, names_seen

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posed:
    """A problem to descend on, and the layout of what is found."""

    problem: Problem | Gathered
    layout: Layout
    sample_weight: Any = None  # as checked
    place: Place | None = None  # where the rows are; None: here, in NumPy


def pose(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    fit_intercept: bool,
    *,
    reset: bool = True,
    part: bool = False,
) -> Posed:
    """The checked problem; the estimator keeps, or without `reset` is asked for, the features.

    `part`: more rows will come, so all of these may have no weight.
    """
    if is_afar(X, y, sample_weight):
        door = afar("_door")
        posed: Posed = door.pose(estimator, X, y, sample_weight, fit_intercept, reset, part)
        return posed
    place = place_of(X)
    if place is not None:
        rows_there, targets = check_device_rows(
            place, estimator, X, y, sample_weight, fit_intercept, reset=reset, part=part
        )
        dtype = place.dtype_of(rows_there.X)
        layout = Layout(fit_intercept, targets, dtype)  # these arrays have no names
        return Posed(rows_there, layout, rows_there.sample_weight, place)
    y, sample_weight = here(y), here(sample_weight)
    rows, targets = check_rows(
        estimator, X, y, sample_weight, fit_intercept, reset=reset, part=part
    )
    layout = Layout(fit_intercept, targets, rows.X.dtype, names_seen(estimator))
    return Posed(rows, layout, rows.sample_weight)


def moments_of(posed: Posed) -> Moments:
    """One pass over the rows, which may turn out not to be finite."""
    with naming_what_is_not_finite(posed.problem):
        return posed.problem.moments()


def from_moments(moments: Moments, layout: Layout, place: Place | None = None) -> Posed:
    """What is left to do where the rows are gone."""
    rounding = float(np.finfo(layout.dtype).eps)
    return Posed(Gathered(moments, layout.fit_intercept, rounding), layout, place=place)


def descended(
    posed: Posed, start: Floats, terms: Terms, solver: str, known: Moments | None = None
) -> tuple[DescentPath, HaveMoments | None]:
    """The way through: the path, and how to have the moments where they cost little now.

    `known` are the moments where they are there already.
    """
    with naming_what_is_not_finite(posed.problem):
        descent, stop, moments = solve(posed.problem, start, terms, solver, known)
    layout = replace(posed.layout, weight=float(posed.problem.weight))
    return DescentPath(descent, stop, layout), moments


@contextmanager
def naming_what_is_not_finite(problem: Problem | Gathered) -> Iterator[None]:
    """Sums over X turned out not to be finite: say so in scikit-learn's words where X is not."""
    try:
        yield
    except NotFinite:
        if isinstance(problem, (RowsInMemory, DeviceRows)):
            with np.errstate(invalid="ignore"):  # the sum of infinities of both signs
                assert_all_finite(problem.X, input_name="X")
        raise
