"""The textbook loop: a problem and a rate go in, every iterate comes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.problem import Gathered, Problem
from sklearn_gd._descent.stopping import Stop, Stopping

Floats = NDArray[np.float64]


class Iterate(NamedTuple):
    """Parameters with the loss and its partial derivatives there."""

    theta: Floats
    loss: float
    gradient: Floats


def iterates(problem: Problem | Gathered, theta: Floats, lr: float) -> Iterator[Iterate]:
    """The start, and what every update makes of it, for ever."""
    while True:
        loss, gradient = problem.loss_and_gradient(theta)
        yield Iterate(theta, loss, gradient)
        theta = theta - lr * gradient


def fall(now: Iterate, after: Iterate) -> float:
    """By how much an update lowers the loss, with its own digits.

    J is quadratic, so its change is the mean of the two gradients times the step taken.
    """
    return 0.5 * float(np.vdot(now.gradient + after.gradient, now.theta - after.theta))


def descend(
    problem: Problem | Gathered, theta: Floats, lr: float, stopping: Stopping, keep: int
) -> tuple[Stop, Floats, Floats]:
    """The stop and the first `keep` iterates, as thetas (t, p, k) and losses (t,)."""
    thetas, losses = [], []
    for t, (now, after) in enumerate(pairwise(iterates(problem, theta, lr))):
        if t < keep:
            thetas.append(now.theta)
            losses.append(now.loss)
        reason = stopping.reason(t, now.loss, fall(now, after))
        if reason is not None:
            return Stop(t, reason), np.array(thetas), np.array(losses)
    raise AssertionError("iterates have no end")
