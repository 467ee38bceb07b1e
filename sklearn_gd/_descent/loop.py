"""The textbook loop: a problem and a rate go in, every iterate comes out."""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.problem import Gathered, Problem
from sklearn_gd._descent.stopping import Stop, Stopping

Floats = NDArray[np.float64]


def descend(
    problem: Problem | Gathered, theta: Floats, lr: float, stopping: Stopping, keep: int
) -> tuple[Stop, Floats, Floats]:
    """The stop and the first `keep` iterates, as thetas (t, p, k) and losses (t,)."""
    thetas, losses = [theta], []
    loss, gradient = problem.loss_and_gradient(theta)
    for t in count():
        next_theta = theta - lr * gradient
        next_loss, next_gradient = problem.loss_and_gradient(next_theta)
        if t < keep:
            thetas.append(next_theta)
            losses.append(loss)
        # J is quadratic, so its change is the mean of the two gradients times the step taken.
        fall = 0.5 * float(np.vdot(gradient + next_gradient, theta - next_theta))
        reason = stopping.reason(t, loss, fall)
        if reason is not None:
            return Stop(t, reason), np.array(thetas[: len(losses)]), np.array(losses)
        theta, loss, gradient = next_theta, next_loss, next_gradient
    raise AssertionError("count() has no end")
