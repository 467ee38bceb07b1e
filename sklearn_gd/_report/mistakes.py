"""Well-known mistakes in a gradient descent, as ways to descend that can be simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.simulation import Problem, Slip, Way

Floats = NDArray[np.float64]

# A column whose standard deviation is below this share of its root mean square is constant.
CONSTANT = 1e-7


def multiples(weight: float) -> dict[str, float]:
    """Factors that a sum of squares or its gradient may have relative to J, by their names."""
    return {"twice": 2.0, "summed": weight, "twice summed": 2 * weight}


def loss_conventions(weight: float) -> list[tuple[float, tuple[Slip, ...]]]:
    """Factors of the losses and what each means; equal factors are named together."""
    what = {
        "twice": ("are without the 1/2 of J", "Halve the losses"),
        "summed": (
            "are sums over the rows instead of means",
            "Divide the losses by the number of rows",
        ),
        "twice summed": (
            "are plain sums of squares, with neither 1/2 nor 1/m",
            "Divide the losses by twice the number of rows",
        ),
    }
    by_factor: dict[float, list[str]] = {}
    for name, factor in multiples(weight).items():
        by_factor.setdefault(factor, []).append(name)
    slips = [
        Slip("the losses " + " or ".join(what[n][0] for n in names), what[names[0]][1], factor)
        for factor, names in by_factor.items()
        if factor != 1.0
    ]
    return [(1.0, ()), *((slip.factor, (slip,)) for slip in slips)]


def gradient_conventions(problem: Problem) -> list[tuple[float, tuple[Slip, ...]]]:
    """Factors of the gradient and what each means, the equivalent rate included."""
    what = {
        "twice": ("has the factor 2/m instead of 1/m", "Leave out the 2"),
        "summed": (
            "is summed over the rows instead of averaged",
            "Divide the gradient by the number of rows",
        ),
        "twice summed": (
            "is a sum over the rows with the factor 2",
            "Leave out the 2 and divide the gradient by the number of rows",
        ),
    }
    slips = []
    for name, factor in multiples(problem.weight).items():
        rates = f"lr = {factor * problem.lr:.6g} instead of {problem.lr:.6g}"
        words = f"the gradient {what[name][0]} (the same as {rates})"
        slips.append(Slip(words, what[name][1], factor))
    return [(1.0, ()), *((slip.factor, (slip,)) for slip in slips)]


def ways(problem: Problem) -> Iterator[Way]:
    """Every combination of a gradient convention and at most one mistake in the update."""
    together = list(_together(problem))
    for factor, convention in gradient_conventions(problem):
        lr = factor * problem.lr
        apart = () if problem.momentum else _one_after_the_other(problem, lr)
        for way in (*together, *apart):
            if convention or way.slips:
                yield replace(way, slips=convention + way.slips, lr=way.sign * lr)


def _together(problem: Problem) -> Iterator[Way]:
    """Updates of all parameters at once, whose P does not depend on the rate."""
    yield Way(())
    uphill = Slip("the sign of the gradient is wrong, so that every update goes uphill", SUBTRACT)
    yield Way((uphill,), sign=-1)
    if problem.momentum or not problem.intercept:  # with momentum only rates are simulated
        return
    turn = np.eye(len(problem.hessian))
    turn[0, 0] = 0.0
    yield Way((Slip("the intercept is not updated", RESIDUAL),), turn=turn)
    if not problem.alpha:
        yield from _transformed(problem)


RESIDUAL = "Update it with its own derivative, the mean residual"
SUBTRACT = "Subtract lr times the gradient of the squared error"
TOGETHER = "Compute all partial derivatives before any parameter changes"


def _one_after_the_other(problem: Problem, lr: float) -> Iterator[Way]:
    p = len(problem.hessian)
    each, others = np.arange(p), np.minimum(np.arange(p), 1)
    if problem.intercept:
        orders = {
            "the intercept is updated first, and the coefficients then see the new one": others,
            "the coefficients are updated first, and the intercept then sees the new ones": -others,
        }
        if p > 2:
            one = "the parameters are updated one after the other, each with the new values of the"
            orders[f"{one} others, the intercept first"] = each
            orders[f"{one} others, the intercept last"] = np.where(each == 0, p, each)
    else:
        orders = {"the coefficients are updated one after the other": each} if p > 1 else {}
    for what, order in orders.items():
        # Derivative i sees the new values of all j before it, L = `before`:
        # new = old - lr (L new + (H - L) old), so new = old - lr (I + lr L)^-1 H old.
        before = problem.hessian * (order < order[:, np.newaxis])
        turn = np.asarray(np.linalg.inv(np.eye(p) + lr * before), dtype=float)
        yield Way((Slip(what, TOGETHER),), turn=turn)


def _transformed(problem: Problem) -> Iterator[Way]:
    mean, square = problem.hessian[0, 1:], np.diag(problem.hessian)[1:]
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    deviation = np.where(deviation <= CONSTANT * np.sqrt(square), 1.0, deviation)
    one, rows = np.ones_like(mean), max(problem.weight, 1.0 + 1e-9)
    features = {
        "standardised": (mean, deviation),
        "standardised with the n - 1 of pandas": (mean, deviation * np.sqrt(rows / (rows - 1))),
        "centred": (mean, one),
        "divided by their standard deviations": (0 * mean, deviation),
    }
    for name, (centre, scale) in features.items():
        columns = np.diag(np.concatenate([[1.0], 1 / scale]))
        columns[0, 1:] = -centre / scale
        slip = Slip(f"the features are {name} before the descent", "Give both the same features")
        way = Way((slip,), turn=columns @ columns.T, columns=columns)
        yield from (way, replace(way, turned_back=True))
