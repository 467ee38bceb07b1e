"""The textbook loop, step by step: no decomposition is formed."""

from __future__ import annotations

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


@dataclass
class Record:
    """What the loop visited."""

    keep: int
    losses: list[float] = field(default_factory=list)
    thetas: list[Floats] = field(default_factory=list)
    gradients: list[Floats] = field(default_factory=list)

    def add(self, theta: Floats, loss: float, gradient: Floats) -> None:
        """Keep the iterate; beyond the first ones only the last."""
        if len(self.thetas) > self.keep:
            del self.thetas[-1], self.gradients[-1]
        self.losses.append(loss)
        self.thetas.append(theta)
        self.gradients.append(gradient)

    def cut(self, t: int) -> Record:
        """Return the record up to t."""
        return Record(
            self.keep, self.losses[: t + 1], self.thetas[: t + 1], self.gradients[: t + 1]
        )


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
    kept = record.cut(stop.t)
    descent = RecordedDescent(
        rule, np.array(kept.losses), np.array(kept.thetas), np.array(kept.gradients), largest
    )
    return StoppedDescent(descent, stop)


def _walk(
    problem: Problem | SummedRows, theta: Floats, options: DescentOptions, rule: UpdateRule
) -> tuple[Stop, Record]:
    record = Record(RECORD_LIMIT_BYTES // (16 * theta.size + 1))
    velocity, t = np.zeros_like(theta), 0
    size = problem.loss(velocity)  # half the mean square of y, which losses are rounded like
    while True:
        loss, gradient = problem.loss_and_gradient(theta)
        loss, gradient = _infinite_for_nan(loss), np.asarray(_infinite_for_nan(gradient))
        record.add(theta, loss, gradient)
        if options.tol is not None and loss < options.tol:
            return Stop(t, "tol", t), record
        risen = _risen(record.losses, rule, max(size, record.losses[0]))
        if risen is not None:
            return Stop(risen, "diverged", int(np.argmin(record.losses[: risen + 1]))), record
        if t >= options.max_iter:
            return Stop(t, "max_iter", t), record
        after, velocity = rule.step(theta, gradient, velocity)
        if t >= 1 and np.array_equal(after, theta) and not velocity.any():
            return Stop(t, "stationary", t), record
        theta, t = after, t + 1


def _infinite_for_nan(numbers: Any) -> Any:
    """A recorded iterate that leaves the float range is infinite, never nan."""
    return np.nan_to_num(numbers, nan=np.inf, posinf=np.inf, neginf=-np.inf)


def _risen(losses: list[float], rule: UpdateRule, size: float) -> int | None:
    """Return the update that raised the loss for good; None: none did so far."""
    now = losses[-1]
    if len(losses) < 2:
        return None
    if rule.loss_is_convex:
        before = losses[-2]
        rounding = RISE_ROUNDINGS * (EPS * np.sqrt(size * before) + EPS**2 * size)
        return None if now - before <= rounding + 0.0 * now else len(losses) - 1
    if now <= OUTGROWN * losses[0]:
        return None
    below = np.flatnonzero(~(np.array(losses) > losses[0]))
    return int(below[-1]) + 1
