"""What a descent has before it, in numbers: warnings and diagnoses say the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._data import CrossProducts, RowsInMemory
from sklearn_gd._descent import (
    ACCURACY_RTOL,
    MOST_UPDATES,
    SMALLEST_LOSS_SHARE,
    ClosedForm,
    Stop,
    first_true,
)
from sklearn_gd._solvers import SpectralProblem, eigenbasis, has_few_rows, scaled_products

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Floats = NDArray[np.float64]

# A floor within so many times its error is not told from zero: the data are fitted exactly.
FLOOR_ERRORS = 4.0
# Losses may be off by this share of the mean square of y.
SMALLEST_ERROR_SHARE = ACCURACY_RTOL * SMALLEST_LOSS_SHARE
# Updates with momentum that are looked at one by one for a sentence; beyond, their envelope counts.
MOST_SCANNED = 1 << 15
# Names of lost columns that are said.
MOST_LISTED = 3


def is_exact(path: DescentPath) -> bool:
    """Whether the least possible loss is not told from zero, so that nothing is near it."""
    return path.loss_floor <= least_told(path)


def least_told(path: DescentPath) -> float:
    """Return the largest loss that may be the rounding of X in its dtype, or of the floor.

    Less than the error that every loss may have, by the contract of accuracy, is not told either.
    """
    share = max(0.5 * float(np.finfo(path._layout.dtype).eps) ** 2, SMALLEST_ERROR_SHARE)
    squares = path._closed_form.spectrum.accuracy.squares
    return max(FLOOR_ERRORS * path._floor_error, share * squares)


def goal(path: DescentPath, share: float) -> float:
    """Return the loss `share` above the least one or, if that is zero, `share` of the first."""
    if is_exact(path):
        return max(share * float(path.loss(0)), least_told(path))
    return path.loss_floor * (1.0 + share)


def loss_of_the_mean(path: DescentPath, problem: Any) -> float:
    """Return half the variance of y, summed over targets; half its mean square without intercept.

    It is the loss that a model has which uses no column.
    """
    loss, gradient = problem.loss_and_gradient(np.zeros_like(path._descent.start))
    means = gradient[: int(problem.fit_intercept)]  # times -1
    return max(float(loss - 0.5 * np.sum(means**2)), 0.0)


def updates_to(path: DescentPath, loss: float, after: int = -1) -> int | None:
    """Return updates after which the loss is at most that; None: never, or not known.

    They are the first ones or, if momentum may have carried the loss up again by t = `after`, the
    first ones above that; with momentum, if they are very many, a bound on them.
    """
    if after < 0 and float(path.loss(0)) <= loss:
        return 0
    descent = path._descent
    if isinstance(descent, ClosedForm) and descent.rule.momentum and not descent.diverges:
        # From this t on the loss is below that, by the envelope of its oscillations.
        envelope, room = descent.factors.envelope, loss - descent.spectrum.floor
        bound = first_true(lambda t: envelope(t) ** 2 @ descent.energy < room, MOST_UPDATES)
        if bound is None or bound > MOST_SCANNED:
            return bound
        first = after + 1 if after < bound else 1
        reached = np.flatnonzero(path.loss(range(first, bound + 1)) <= loss)
        return first + int(reached[0]) if reached.size else bound
    try:
        return path.iterations_to(loss)
    except (AttributeError, ValueError):
        return None


def scaler_for(problem: Any) -> str:
    """Return the scaler of scikit-learn to advise."""
    return "StandardScaler()" if _may_centre(problem) else "StandardScaler(with_mean=False)"


def _may_centre(problem: Any) -> bool:
    """Centring would change a model without intercept, and fill sparse rows."""
    return bool(problem.fit_intercept and not problem.is_sparse)


def scaled_path(path: DescentPath, problem: Any) -> DescentPath:
    """Return the descent from zeros with lr="auto" on columns as the advised scaler makes them."""
    start = np.zeros_like(path._descent.start)
    if has_few_rows(problem):
        spectrum = SpectralProblem(_scaled_rows(problem), start).spectrum
    else:
        quadratic = _scaled_products(problem).quadratic(problem.fit_intercept, problem.alpha)
        spectrum = eigenbasis(quadratic, start)
    descent = ClosedForm(spectrum, replace(path._descent.rule, lr=auto_rate(spectrum.largest)))
    return path._sibling(descent, Stop(0, "max_iter", 0), path._layout)


def auto_rate(largest: float) -> float:
    """Return what lr="auto" is for this largest eigenvalue."""
    return 1.0 / largest if largest > 0 else 1.0


def _scaled_rows(rows: RowsInMemory) -> RowsInMemory:
    spread = replace(rows, fit_intercept=True).spread()
    return replace(rows, X=(rows.X - spread.mean * rows.fit_intercept) / spread.scale)


def _scaled_products(problem: Any) -> CrossProducts:
    """The cross-products after the scaler; a constant column becomes zeros, or stays."""
    products: CrossProducts = problem.cross_products()
    if not _may_centre(problem):
        spread = products.spread(centred=True)
        return products.standardised(replace(spread, mean=0.0 * spread.mean), spread.scale)
    scaled, spread = scaled_products(problem, products)
    kept = np.concatenate([[True], spread.varies, np.ones(products.n_targets, dtype=bool)])
    return replace(scaled, sums=scaled.sums * np.outer(kept, kept))


def listed(names: Sequence[str]) -> str:
    """Return the first names, and dots if there are more."""
    return ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")


def lost_columns(path: DescentPath, problem: Any) -> list[str]:
    """Return names of the largest column and of those that vary too little beside its size.

    A direction is lost when its share of the squares is below the rank tolerance.
    """
    spread = problem.spread()
    sizes, deviations = np.sqrt(spread.mean**2 + spread.variance), np.sqrt(spread.variance)
    spectrum = path._closed_form.spectrum
    tolerance = np.sqrt(spectrum.zero_below / max(spectrum.largest, np.finfo(float).tiny))
    named = spread.varies & (deviations <= 2.0 * tolerance * sizes.max(initial=1.0))
    named[np.argmax(sizes)] = True
    names = path.parameter_names[int(problem.fit_intercept) :]
    return [names[j] for j in np.argsort(-sizes, kind="stable") if named[j]]
