"""Which mistakes reproduce a user's histories: each is made and compared, none is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report import mistakes as known
from sklearn_gd._report.histories import History, Iterates
from sklearn_gd._report.mistakes import NONE, Mistake

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Floats = NDArray[np.float64]
Mistakes = tuple[Mistake, ...]

# Iterates that are simulated with each mistake; the first ones exclude most of the mistakes.
FIRST_ITERATES, MOST_ITERATES = 4, 1000
# Parameters above which these simulations would take too long.
MOST_PARAMETERS = 500


class Simulation:
    """J = floor + 1/2 (theta - limit)' H (theta - limit), of a path that has all directions.

    Raises ValueError for other paths and for too many parameters.
    """

    def __init__(self, path: DescentPath) -> None:
        p = len(path.parameter_names)
        if p > MOST_PARAMETERS:
            raise ValueError("The problem has too many parameters to simulate mistakes.")
        self.path = path
        self.hessian = np.asarray(path.hessian_product(np.eye(p)), dtype=float)
        self.limit = np.asarray(path.limit(), dtype=float).reshape(-1, p).T  # (p, k)
        self.start = np.asarray(path.parameters(0), dtype=float).reshape(-1, p).T
        self.floor, self.n_intercepts = path.loss_floor, p - path.coef(0).shape[-1]

    def steps(self, lr: float, hessian: Floats) -> dict[str, float]:
        """The rate times the root mean square of the columns of Z, as `Iterates.of` takes it."""
        step = abs(lr) * np.sqrt(np.maximum(np.diag(hessian), 0.0))
        n = self.n_intercepts
        return {"coefs": float(step[n:].max()), "intercepts": float(step[:n].sum())}

    def descend(self, lr: float, update: Mistake, start: Floats, length: int) -> Iterates:
        """The first iterates of a descent with a mistake in its updates."""
        columns, path = update.columns(self.hessian), self.path
        hessian, limit = columns.T @ self.hessian @ columns, np.linalg.solve(columns, self.limit)
        theta, velocity, thetas = start.copy(), np.zeros_like(start), []
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(length):
                thetas.append(theta.copy())
                for block in update.blocks:
                    step = lr * hessian[block] @ (theta - limit)
                    velocity[block] = path.momentum * velocity[block] - step
                    ahead = path.momentum * velocity[block] - step
                    theta[block] += ahead if path.nesterovs_momentum else velocity[block]
            offset = np.array(thetas) - limit
            losses = self.floor + 0.5 * np.sum(offset * (hessian @ offset), axis=(1, 2))
        intercepts, coefs = np.split(np.swapaxes(thetas, 1, 2), [self.n_intercepts], axis=2)
        # The sum is the intercept, or 0 without one.
        parameters = {"coefs": coefs, "intercepts": intercepts.sum(axis=2, keepdims=True)}
        return Iterates.of(losses, parameters, self.steps(lr, hessian))


class Search:
    """The search for explanations of histories, which hold finite numbers only."""

    def __init__(self, path: DescentPath, histories: list[History]) -> None:
        self.path, self.histories = path, histories
        self.values = {history.name: history.values for history in histories}
        self.length = len(histories[0].values)
        self.losses = known.loss_conventions(path.weight) if "losses" in self.values else (NONE,)
        self.gradients = known.gradient_conventions(path.weight, path.lr)

    def explanations(self, iterates: Iterates, simulation: Simulation | None) -> list[Mistakes]:
        """All explanations; those with another start only if there are no others."""
        found = self._fitting(iterates, (), self.length)
        if simulation is not None:
            found += self._simulated(simulation, simulation.start, NONE)
            first = self._recorded(simulation)[0]
            start = np.where(np.isnan(first), simulation.start, first)
            if not found and self.length > 1 and not np.array_equal(start, simulation.start):
                found = self._simulated(simulation, start, known.START)
        return found

    def _fitting(self, iterates: Iterates, made: Mistakes, length: int) -> list[Mistakes]:
        """The mistakes made, with those in the records that give the first entries of histories."""
        parts, found = [history.cut(length) for history in self.histories], []
        for loss in self.losses:
            fit = [[t for t in (0, 1) if iterates.differ(h, t, loss.factor) is None] for h in parts]
            for late in product(*fit):
                mistakes = (*made, loss, known.late(*compress(self.values, late)))
                found.append(tuple(mistake for mistake in mistakes if mistake.what))
        return found

    def _simulated(self, simulation: Simulation, start: Floats, origin: Mistake) -> list[Mistakes]:
        """Explanations by mistakes in the updates, from one start."""
        updates = known.update_mistakes(simulation.n_intercepts, self.path.alpha)
        rates = [(rate, NONE) for rate in self._rates(simulation, start)]
        pairs, found = [*product(self.gradients, updates), *rates], []
        for gradient, update in pairs[origin == NONE :]:  # without NONE alone, which is the path
            made, lr = (origin, gradient, update), self.path.lr * gradient.factor * update.factor
            for length in (min(FIRST_ITERATES, self.length), self.length):
                iterates = simulation.descend(lr, update, start, length + 1)
                fitting = self._fitting(iterates, made, length)
                if not fitting:
                    break
            found += fitting
        return found

    def _recorded(self, simulation: Simulation) -> Floats:
        """Theta (T, p, k), nan in what was not recorded."""
        theta, n = np.full((self.length, *simulation.start.shape), np.nan), simulation.n_intercepts
        for name, rows in (("intercepts", slice(0, n)), ("coefs", slice(n, None))):
            if name in self.values:
                theta[:, rows] = np.swapaxes(self.values[name], 1, 2)
        return theta

    def _rates(self, simulation: Simulation, start: Floats) -> list[Mistake]:
        """Other rates: each is solved from one update, for the later ones to confirm."""
        rates = {}
        for exact in self._solved(simulation, start):
            # Users choose round rates, and some losses determine theirs to half of the digits only.
            for lr in (exact, float(f"{exact:.4g}")):
                factors = [abs(lr / self.path.lr) / gradient.factor for gradient in self.gradients]
                if lr and np.isfinite(lr) and not np.isclose(factors, 1.0, rtol=1e-6, atol=0).any():
                    rates[f"lr is {lr:.6g} instead of {self.path.lr:.6g}"] = lr / self.path.lr
        return [Mistake(what, "Give both the same rate", factor) for what, factor in rates.items()]

    def _solved(self, simulation: Simulation, start: Floats) -> Iterator[float]:
        """The rates that lead from the start to the first update that was recorded."""
        theta, offset = self._recorded(simulation), start - simulation.limit
        slope, recorded = simulation.hessian @ offset, ~np.isnan(theta[0])
        # The first update is -lr times this direction.
        direction = slope * (1 + self.path.momentum * self.path.nesterovs_momentum)
        along = direction[recorded]
        curved = simulation.hessian @ direction
        fall, bend = np.sum(slope * direction), np.sum(direction * curved) / 2
        for first in (1, 0):  # the entry after one update; at least two numbers must be left
            left = self.length - first
            if left * along.size > 1 and along.any():
                yield float(np.sum((start - theta[first])[recorded] * along) / np.sum(along**2))
            elif not along.size and "losses" in self.values and left > 1 and bend > 0:
                # J_1 = J_0 - lr fall + lr^2 bend
                before = simulation.floor + 0.5 * float(np.sum(offset * slope))
                for convention in self.losses:
                    below = before - self.values["losses"][first].item() / convention.factor
                    root = np.sqrt(max(fall**2 - 4 * bend * below, 0.0))
                    yield from ((fall + sign * root) / (2 * bend) for sign in (-1, 1))
