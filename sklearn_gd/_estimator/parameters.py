"""Checks of an estimator's parameters: numbers, flags and choices."""

from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

SOLVERS = ("auto", "loop", "spectral", "krylov")


def check_number(
    name: str,
    value: Any,
    kind: Any,
    *,
    above: float = -inf,
    least: float = -inf,
    below: float = inf,
) -> Any:
    """Return a finite number of this kind; of its bounds only `least` is inclusive."""
    bounds = {"above": above, "of at least": least, "and below": below}
    said = [f"{words} {bound}" for words, bound in bounds.items() if isfinite(bound)]
    what = " ".join(["an integer" if kind is Integral else "a real number", *said])
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {what}; got {value!r} of type {type(value).__name__}.")
    try:
        # Integers of any size are finite; as floats they might overflow.
        finite = kind is Integral or isfinite(value)
    except OverflowError:
        raise ValueError(f"{name} must be {what} within the range of floats.") from None
    if not finite or value <= above or value < least or value >= below:
        finitely = " and finite" if below == inf else ""
        raise ValueError(f"{name} must be {what}{finitely}; got {value!r}.")
    return value


def check_flag(name: str, value: Any) -> bool:
    """Return True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> Any:
    """Return one of a few names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return value


def check_descent(estimator: Any) -> tuple[float, bool]:
    """Check what all estimators have as parameters of a descent; return its momentum."""
    check_flag("fit_intercept", estimator.fit_intercept)
    check_choice("solver", estimator.solver, SOLVERS)
    momentum = float(check_number("momentum", estimator.momentum, Real, least=0, below=1))
    nesterov = check_flag("nesterovs_momentum", estimator.nesterovs_momentum) and momentum > 0
    check_number("alpha", estimator.alpha, Real, least=0)
    return momentum, nesterov
