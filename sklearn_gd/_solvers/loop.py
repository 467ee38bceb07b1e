"""The textbook loop, step by step: no decomposition is formed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sklearn_gd._data import Problem, SummedRows
from sklearn_gd._descent import RecordedDescent, Stop, UpdateRule
from sklearn_gd._linalg import EPS, Floats
from sklearn_gd._solvers.krylov import largest_eigenvalue
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent

# Iterates and gradients that take more than this are not kept.
RECORD_LIMIT_BYTES = 1 << 28
# A loss has risen if it rose by more than so many roundings of itself and of y.
RISE_ROUNDINGS = 16
# With momentum a loss is above the first one for good once it is so many times as large.
OUTGROWN = 1e6

Iterate = tuple[int, Floats, Floats]  # t, theta and gradient


@dataclass
class Record:
    """What the loop visited: all losses, the first iterates, and those that a stop may need."""

    keep: int
    least: float = np.inf
    losses: list[float] = field(default_factory=list)
    first: list[Iterate] = field(default_factory=list)
    later: dict[str, Iterate] = field(default_factory=dict)

    def add(self, theta: Floats, loss: float, gradient: Floats) -> None:
        """Keep the loss and, if it is one of the first, the least, the last, ..., the iterate."""
        iterate, earlier = (len(self.losses), theta, gradient), self.losses
        if len(self.first) < self.keep:
            self.first.append(iterate)
        else:
            self.later["last"] = iterate
            if loss < self.least:
                self.later["least"] = iterate
            if earlier[-1] <= earlier[0] < loss:  # perhaps for good
                self.later["risen"] = iterate
        self.least = min(loss, self.least)
        self.losses.append(loss)

    def descent(self, rule: UpdateRule, t: int, largest: float | None) -> RecordedDescent:
        """Return the descent up to t."""
        kept = {number: (theta, gradient) for number, theta, gradient in self._iterates(t)}
        numbers = sorted(kept)
        thetas, gradients = (np.array([kept[n][i] for n in numbers]) for i in (0, 1))
        losses = np.array(self.losses[: t + 1])
        return RecordedDescent(rule, losses, np.array(numbers), thetas, gradients, largest)

    def _iterates(self, t: int) -> Iterator[Iterate]:
        return (kept for kept in (*self.first, *self.later.values()) if kept[0] <= t)


def solve_loop(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions
) -> StoppedDescent:
    """Walk; `lr="auto"` takes the largest eigenvalue from Lanczos steps."""
    largest = largest_eigenvalue(problem) if options.lr is None else None
    rule = options.rule(largest or 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # the updates after a divergence
        stop, record = _walk(problem, start, options, rule)
    if largest is None and stop.reason in ("diverged", "max_iter"):
        largest = largest_eigenvalue(problem)  # for the words on this ending
    return StoppedDescent(record.descent(rule, stop.t, largest), stop)


def _walk(
    problem: Problem | SummedRows, theta: Floats, options: DescentOptions, rule: UpdateRule
) -> tuple[Stop, Record]:
    record = Record(max(1, RECORD_LIMIT_BYTES // (16 * theta.size + 1)))
    velocity, t = np.zeros_like(theta), 0
    size = problem.loss(velocity)  # half the mean square of y, which losses are rounded like
    while True:
        loss, gradient = problem.loss_and_gradient(theta)
        loss, gradient = _infinite_for_nan(loss), np.asarray(_infinite_for_nan(gradient))
        record.add(theta, loss, gradient)
        if options.tol is not None and loss < options.tol:
            return Stop(t, "tol", t), record
        risen = _risen(
            record.losses,
            rule,
            _rounding(problem, max(size, record.losses[0]), record.losses[-2:][0]),
        )
        if risen is not None:
            return Stop(risen, "diverged", int(np.argmin(record.losses[: risen + 1]))), record
        if t >= options.max_iter:
            return Stop(t, "max_iter", t), record
        after, velocity = rule.step(theta, gradient, velocity)
        # A velocity may pass zero where the gradient does not: the next update would move on.
        stays = np.array_equal(after, theta) and np.array_equal(theta - rule.lr * gradient, theta)
        if t >= 1 and stays and not velocity.any():
            return Stop(t, "stationary", t), record
        theta, t = after, t + 1


def _infinite_for_nan(numbers: Any) -> Any:
    """A recorded iterate that leaves the float range is infinite, never nan."""
    return np.nan_to_num(numbers, nan=np.inf, posinf=np.inf, neginf=-np.inf)


def _rounding(problem: Problem | SummedRows, size: float, loss: float) -> float:
    """Return by how much a loss may rise by rounding; one from cross-products is a difference."""
    if isinstance(problem, SummedRows):
        return RISE_ROUNDINGS * problem.products.unit * size
    return float(RISE_ROUNDINGS * (EPS * np.sqrt(size * loss) + EPS**2 * size))


def _risen(losses: list[float], rule: UpdateRule, rounding: float) -> int | None:
    """Return the update that raised the loss for good; None: none did so far."""
    now = losses[-1]
    if len(losses) < 2:
        return None
    if rule.loss_is_convex:
        return None if now - losses[-2] <= rounding and now < np.inf else len(losses) - 1
    if now <= OUTGROWN * losses[0]:
        return None
    below = np.flatnonzero(~(np.array(losses) > losses[0]))
    return int(below[-1]) + 1
