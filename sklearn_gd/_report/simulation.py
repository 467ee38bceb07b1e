"""A descent with mistakes in it, simulated on the quadratic that a path descends on.

Every mistake in the update is a descent theta <- theta - lr * P grad J(theta) with a matrix P of
its own and, if the features are transformed, other coordinates; so one loop makes them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.histories import Path, Shape
from sklearn_gd._report.trajectory import Trajectory, of_parameters

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Slip:
    """One mistake: what it is, and what to do about it."""

    what: str
    remedy: str
    factor: float = 1.0  # of the loss or of its gradient


@dataclass(frozen=True, eq=False)
class Way:
    """A way to descend: the mistakes in it, its rate, the matrix P, and coordinates."""

    slips: tuple[Slip, ...]
    lr: float = 1.0
    sign: int = 1  # -1 if the rate that `ways` gives is to be negative
    turn: Floats | None = None  # P; None is the identity
    columns: Floats | None = None  # A of the transformed features, Z A
    turned_back: bool = False  # the user's parameters are those of the untransformed features


@dataclass(frozen=True, eq=False)
class Problem:
    """J = floor + 1/2 (theta - limit)' H (theta - limit), and how the path descends on it."""

    hessian: Floats
    limit: Floats  # (p, k)
    start: Floats  # (p, k)
    slope: Floats  # (p, k): the gradient at the start
    floor: float
    lr: float
    weight: float
    intercept: bool
    momentum: float
    nesterov: bool
    alpha: float

    @classmethod
    def of(cls, path: Path, shape: Shape) -> Problem:
        """From the public methods of a path that holds all directions; else ValueError."""
        p = shape.d + shape.intercept

        def column(answer: Floats) -> Floats:
            return np.asarray(answer, dtype=float).reshape(shape.k, p).T

        return cls(
            hessian=np.asarray(path.hessian_product(np.eye(p)), dtype=float),
            limit=column(path.limit()),
            start=column(path.parameters(0)),
            slope=column(path.gradient(0)),
            floor=float(getattr(path, "loss_floor", 0.0)),
            lr=path.lr,
            weight=path.weight,
            intercept=shape.intercept,
            momentum=getattr(path, "momentum", 0.0),
            nesterov=getattr(path, "nesterovs_momentum", False),
            alpha=getattr(path, "alpha", 0.0),
        )

    def gradient(self, theta: Floats) -> Floats:
        """The partial derivatives of J at theta (p, k)."""
        return np.asarray(self.slope + self.hessian @ (theta - self.start))

    def losses(self, thetas: Floats) -> Floats:
        """J at each of thetas (T, p, k)."""
        offset = thetas - self.limit
        excess = 0.5 * np.sum(offset * (self.hessian @ offset), axis=(1, 2))
        return np.asarray(self.floor + np.maximum(excess, 0.0))

    def step(self, way: Way) -> Floats:
        """The rate times the root mean square of each column, (p,)."""
        seen = self.hessian
        if way.columns is not None and not way.turned_back:
            seen = way.columns.T @ seen @ way.columns
        return np.asarray(abs(way.lr) * np.sqrt(np.maximum(np.diag(seen), 0.0)))

    def descend(self, way: Way, start: Floats, updates: int) -> Trajectory:
        """The iterates t = 0 .. updates of one way, as its user would see them."""
        columns = None if way.turned_back else way.columns
        theta = start if columns is None else columns @ start
        thetas, velocity = np.empty((updates + 1, *start.shape)), np.zeros_like(start)
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(updates + 1):
                thetas[t] = theta
                gradient = self.gradient(theta)
                step = way.lr * (gradient if way.turn is None else way.turn @ gradient)
                velocity = self.momentum * velocity - step
                theta = theta + (self.momentum * velocity - step if self.nesterov else velocity)
            losses = self.losses(thetas)
            if columns is not None:
                thetas = np.linalg.inv(columns) @ thetas
        return of_parameters(thetas, losses, self.intercept, self.step(way))
