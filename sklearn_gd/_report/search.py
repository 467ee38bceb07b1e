"""Which mistakes reproduce a user's histories: each is made and compared, none is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import compress, product
from typing import TYPE_CHECKING

import numpy as np

from sklearn_gd._report import mistakes as known
from sklearn_gd._report.histories import PARTS, History, Iterates
from sklearn_gd._report.layout import Floats
from sklearn_gd._report.mistakes import NONE, Mistake

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Mistakes = tuple[Mistake, ...]

# Iterates that are simulated with each mistake; the first ones exclude most of the mistakes.
FIRST_ITERATES, MOST_ITERATES = 4, 1000
# Parameters above which these simulations would take too long.
MOST_PARAMETERS = 500


def fitting(
    path: DescentPath, histories: list[History], iterates: Iterates, made: Mistakes = ()
) -> list[Mistakes]:
    """The mistakes made, with those in the records that give the histories from these iterates."""
    names, found = [history.name for history in histories], []
    for loss in known.loss_conventions(path.weight) if "losses" in names else (NONE,):
        fit = [[t for t in (0, 1) if iterates.agree(h, t, loss.factor).all()] for h in histories]
        for late in product(*fit):
            mistakes = (*made, loss, known.late(*compress(names, late)))
            found.append(tuple(mistake for mistake in mistakes if mistake.what))
    return found


def can_simulate(path: DescentPath) -> bool:
    """Whether the path has all directions of its problem, and not too many."""
    return len(path.parameter_names) <= MOST_PARAMETERS and hasattr(path, "_all_directions")


class Simulation:
    """J = floor + 1/2 (theta - limit)' H (theta - limit) of a path, to explain histories with.

    Theta has an intercept, which never moves if the path has none.
    """

    def __init__(self, path: DescentPath, histories: list[History]) -> None:
        p, missing = len(path.parameter_names), int(not path._layout.fit_intercept)
        self.path, self.histories, self.missing = path, histories, missing
        self.gradients = known.gradient_conventions(path.weight, path.lr)
        self.length = len(histories[0].values)
        self.hessian = np.pad(path.hessian_product(np.eye(p)), (missing, 0))
        descent = path._all_directions
        self.limit, self.start = (  # (1 + d, k)
            np.pad(theta, [(missing, 0), (0, 0)]) for theta in (descent.limit, descent.start)
        )
        values = {history.name: history.values for history in histories}
        self.losses = values.get("losses")
        self.theta = np.full((self.length, *self.start.shape), np.nan)  # nan: not recorded
        for name, rows in PARTS.items():
            if name in values:
                self.theta[:, rows] = np.swapaxes(values[name], 1, 2)
        self.theta[:, :missing] = np.nan

    def explanations(self) -> list[Mistakes]:
        """All explanations; those with another start only if there are no others."""
        found = self._explanations(self.start, NONE)
        start = np.where(np.isnan(self.theta[0]), self.start, self.theta[0])
        if found or self.length == 1 or np.array_equal(start, self.start):
            return found
        return self._explanations(start, known.START)

    def _explanations(self, start: Floats, origin: Mistake) -> list[Mistakes]:
        updates = known.update_mistakes(not self.missing, self.path.alpha)
        rates, found = product(self._rates(start), (NONE,)), []
        for gradient, update in (*product(self.gradients, updates), *rates):
            lr = self.path.lr * gradient.factor * update.factor
            for length in (min(FIRST_ITERATES, self.length), self.length):
                iterates = self._descend(lr, update, start, length + 1)
                fit = fitting(self.path, self.histories, iterates, (origin, gradient, update))
                if not fit:
                    break
            found += fit
        return found

    def _descend(self, lr: float, update: Mistake, start: Floats, length: int) -> Iterates:
        """The first iterates of a descent with a mistake in its updates."""
        columns, rule = update.columns(self.hessian), replace(self.path._descent.rule, lr=lr)
        hessian, limit = columns.T @ self.hessian @ columns, np.linalg.solve(columns, self.limit)
        offset, velocity = np.asarray(start - limit, dtype=float), np.zeros(start.shape)
        offsets = np.empty((length, *start.shape))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(length):
                offsets[t] = offset
                for block in update.blocks:
                    moved = rule.step(offset[block], hessian[block] @ offset, velocity[block])
                    offset[block], velocity[block] = moved
            excess = np.sum(offsets * (hessian @ offsets), axis=(1, 2), keepdims=True) / 2
        theta = np.swapaxes(offsets + limit, 1, 2)
        values = {name: theta[..., rows] for name, rows in PARTS.items()}
        return Iterates({"losses": self.path.loss_floor + excess, **values}, steps_of(lr, hessian))

    def _rates(self, start: Floats) -> list[Mistake]:
        """Other rates: each is solved from one update, for the later ones to confirm."""
        rates = {}
        for exact in self._solved(start):
            # Users choose round rates, and some losses determine theirs to half of the digits only.
            for lr in (exact, float(f"{exact:.4g}")):
                factors = [abs(lr / self.path.lr) / gradient.factor for gradient in self.gradients]
                if lr and np.isfinite(lr) and not np.isclose(factors, 1.0, rtol=1e-6, atol=0).any():
                    rates[f"lr is {lr:.6g} instead of {self.path.lr:.6g}"] = lr / self.path.lr
        return [Mistake(what, "Give both the same rate", factor) for what, factor in rates.items()]

    def _solved(self, start: Floats) -> Iterator[float]:
        """The rates that lead from the start to the first update that was recorded."""
        offset, recorded = start - self.limit, ~np.isnan(self.theta[0])
        slope = self.hessian @ offset
        # The first update is -lr times this direction.
        direction = slope * (1 + self.path.momentum * self.path.nesterovs_momentum)
        along = direction[recorded]
        fall, bend = np.sum(slope * direction), np.sum(direction * (self.hessian @ direction)) / 2
        for first in (1, 0):  # the entry after one update; at least two numbers must be left
            left = self.length - first
            if left * along.size > 1 and along.any():
                moved = (start - self.theta[first])[recorded]
                yield float(moved @ along / (along @ along))
            elif not along.size and self.losses is not None and left > 1 and bend > 0:
                # J_1 = J_0 - lr fall + lr^2 bend
                before = self.path.loss_floor + float(np.sum(offset * slope)) / 2
                for convention in known.loss_conventions(self.path.weight):
                    below = before - self.losses[first].item() / convention.factor
                    root = np.sqrt(max(fall**2 - 4 * bend * below, 0.0))
                    yield from ((fall + sign * root) / (2 * bend) for sign in (-1, 1))


def steps_of(lr: float, hessian: Floats) -> dict[str, Floats]:
    """The rate times the root mean square of each column of Z, as `Iterates` has them."""
    step = abs(lr) * np.sqrt(np.maximum(np.diag(hessian), 0.0))
    return {name: step[rows] for name, rows in PARTS.items()}
