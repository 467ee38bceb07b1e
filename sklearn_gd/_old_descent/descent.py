"""One spectrum descended at one rate: loss, parameters and gradient after any number of updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.contraction import LARGEST_SIZE, Contraction, held
from sklearn_gd._descent.exactness import Exactness
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# A path computed in this many numbers at once stays within a processor's last-level cache.
CHUNK_NUMBERS = 1 << 18


@dataclass(frozen=True, eq=False)
class Descent(Exactness):
    """theta_{t+1} = theta_t - lr * gradient(theta_t), in closed form.

    t may be a scalar or an array of any shape; answers have the shape of t first.
    """

    spectrum: Spectrum
    lr: float

    def __getstate__(self) -> dict[str, object]:
        # What is cached is made again from the fields.
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @property
    def last_known(self) -> int | None:
        """The last t that can be asked for; None where any can."""
        return None

    def check_known(self, t: ArrayLike) -> None:
        """Raise where some t lies beyond `last_known`."""
        last = self.last_known
        if last is not None and np.any(np.asarray(t).astype(object) > last):
            raise ValueError(
                f"This descent was resolved up to t = {last:,}; t = {int(np.max(t)):,} is beyond. "
                "Fit again with max_iter at least that large."
            )

    @cached_property
    def moving(self) -> NDArray[np.bool_] | slice:
        """Directions along which the start is not yet at its limit; the others never matter."""
        residual = self.spectrum.residual
        if residual.all():
            return slice(None)  # which does not copy the basis
        moving = np.asarray((residual != 0).any(axis=1), dtype=bool)
        return slice(None) if moving.all() else moving

    @cached_property
    def contraction(self) -> Contraction:
        return Contraction(self.spectrum.curvature[self.moving], self.lr)

    @cached_property
    def residual(self) -> Floats:
        return self.spectrum.residual[self.moving]

    @cached_property
    def sigma(self) -> Floats:
        return np.sqrt(self.spectrum.curvature[self.moving])

    @cached_property
    def slopes(self) -> Floats:
        """Of the loss at the start, downwards along each direction."""
        return self.residual * self.sigma[:, np.newaxis]

    @cached_property
    def amplitudes(self) -> Floats:
        """How far there is to go along each direction."""
        return self.residual / self.sigma[:, np.newaxis]

    @cached_property
    def basis(self) -> Floats:
        return self.spectrum.basis[:, self.moving]

    @cached_property
    def energy(self) -> Floats:
        """Each direction's part of the loss at the start, summed over targets."""
        return np.asarray(0.5 * np.sum(self.residual**2, axis=1))

    @property
    def diverging(self) -> bool:
        """Whether some direction grows with every update."""
        return self.contraction.any_growing

    def loss_at(self, t: int) -> float:
        """J_t, kept: of the start and of the stop it is asked more than once."""
        return self._asked_once(self.loss, t)

    def fall_at(self, t: int) -> float:
        """J_t - J_{t+1}, kept as well."""
        return self._asked_once(self.fall, t)

    def _asked_once(self, question: Callable[[int], Floats], t: int) -> float:
        asked = question.__name__, t
        if asked not in self._answers:
            self._answers[asked] = float(question(t))
        return self._answers[asked]

    @cached_property
    def _answers(self) -> dict[tuple[str, int], float]:
        return {}

    def loss(self, t: ArrayLike) -> Floats:
        """J_t: a sum of non-negative terms, so it neither wobbles nor falls below zero.

        To the bit the same for one t as among others, where a product with a matrix is not: a `tol`
        may be a loss that was read off a history.
        """
        return self._above_zero(self.excess(t))

    def about(self, loss: float, t: int) -> int:
        """Near the first update after which the loss is below `loss`, where `t` are too few."""
        excess = loss - self.spectrum.floor
        if self.diverging or not excess > 0 or self.loss_at(t) < loss:
            return t
        found = self.contraction.falls_to(self.energy, excess, float(t))
        return t if found is None else ceil(found - 0.5)

    def excess(self, t: ArrayLike) -> Floats:
        """J_t above the floor."""
        with self.contraction.overflowing():
            return self._over_directions(t, self.energy)

    def _over_directions(self, t: ArrayLike, weights: Floats) -> Floats:
        return np.asarray(np.add.reduce(self.contraction.squared(t) * weights, axis=-1))

    def _above_zero(self, excess: Floats) -> Floats:
        return np.maximum(excess + self.spectrum.floor, 0.0)

    def fall(self, t: ArrayLike) -> Floats:
        """J_t - J_{t+1}, with its own digits, not those of the two losses."""
        with self.contraction.overflowing():
            return self._over_directions(t, self._falls)

    @cached_property
    def _falls(self) -> Floats:
        """What each direction loses of its energy with the first update."""
        return self.energy * self.contraction.lost_per_update

    def theta(self, t: ArrayLike) -> Floats:
        """theta_t, shape t.shape + (p, k); infinite where an iterate leaves the float range."""
        shortfall = self.contraction.shortfall(t)
        moved = self._expand(self.contraction.held(shortfall), self.amplitudes.T)
        return self._out_of_range(shortfall, self.spectrum.start + moved)

    def theta_at(self, t: int) -> Floats:
        """theta_t, not to be changed; kept until another is asked for, as those at a stop are."""
        if t not in self._thetas_asked:
            self._thetas_asked.clear()
            self._thetas_asked[t] = self.theta(t)
        return self._thetas_asked[t]

    @cached_property
    def _thetas_asked(self) -> dict[int, Floats]:
        return {}

    def gradient(self, t: ArrayLike) -> Floats:
        """The partial derivatives of J at theta_t, shape t.shape + (p, k)."""
        power = self.contraction.power(t)
        partial = self._expand(self.contraction.held(power), -self.slopes.T)
        return self._out_of_range(power, partial)

    def dof(self, t: ArrayLike) -> Floats:
        """The trace of the matrix that takes y to the predictions at t: sum (1 - r^t)."""
        felt = Contraction(self.spectrum.felt_curvature, self.lr)
        return np.asarray(np.sum(felt.shortfall(t), axis=-1))

    def size(self, t: int) -> Floats:
        """|theta_t| of each target, (k,)."""
        theta = self.contraction.held(self.theta_at(t))
        return np.asarray(np.sqrt(np.einsum("pk,pk->k", theta, theta)))

    def update_weights(self, unit: Floats) -> Floats:
        """So that `largest(t, weights)` is the largest over targets of (|update_t| / unit)^2."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            steps = held(self.lr * self.slopes / unit) ** 2
        return np.where(self.residual == 0, 0.0, steps)  # 0 / 0 is a target that never moves

    def largest(self, t: ArrayLike, weights: Floats) -> Floats:
        """The largest over targets of sum weights r^(2 t); weights (r, k)."""
        with self.contraction.overflowing():
            return np.asarray((self.contraction.squared(t) @ weights).max(axis=-1))

    def measured(self, t: int, loss: float) -> Descent:
        """The same descent, its losses counted from J_t as the rows have it at theta_t.

        What was lost since the start is known to a share of itself, which may be much beside what
        is left. Of what was lost since some t it is little, and the loss at t is larger.
        """
        floor = loss - float(self.excess(t))
        measured = Descent(replace(self.spectrum, floor=floor, measured_at=t), self.lr)
        measured._thetas_asked.update(self._thetas_asked)  # these are the same
        return measured

    def losses(self, last: int) -> Floats:
        """J_0 .. J_last, as `loss` has them."""
        return np.concatenate([self.loss(steps) for steps in self._chunks(last)])

    def thetas(self, last: int) -> Floats:
        """theta_0 .. theta_last, shape (last + 1, p, k)."""
        path = np.empty((last + 1, *self.spectrum.start.shape))
        for steps in self._chunks(last):
            path[steps[0] : steps[0] + steps.size] = self.theta(steps)
        return path

    def _chunks(self, last: int) -> Iterator[NDArray[np.int64]]:
        """0 .. last in parts."""
        chunk = max(1, CHUNK_NUMBERS // max(self.energy.size, 1))
        for first in range(0, last + 1, chunk):
            yield np.arange(first, min(first + chunk, last + 1))

    def _expand(self, shares: Floats, amplitudes: Floats) -> Floats:
        """From directions to parameters: shares t.shape + (r,), amplitudes (k, r)."""
        along = shares[..., np.newaxis, :] * amplitudes
        if not isinstance(self.moving, slice):
            moving, along = along, np.zeros((*along.shape[:-1], self.moving.size))
            along[..., self.moving] = moving
        return np.swapaxes(self.spectrum.lift(along), -1, -2)

    def _out_of_range(self, power: Floats, parameters: Floats) -> Floats:
        """The parameters, infinite where a power had to be held; parameters (..., p, k)."""
        if not self.contraction.any_growing or np.abs(power).max() <= LARGEST_SIZE:
            return parameters
        out = np.any(np.abs(power) > LARGEST_SIZE, axis=-1)[..., np.newaxis, np.newaxis]
        return np.where(out & (parameters != 0), np.copysign(np.inf, parameters), parameters)


@dataclass(frozen=True, eq=False)
class RecordedDescent(Descent):
    """A descent whose iterates up to the stop were computed one by one and kept."""

    record: Floats  # (last + 1, p, k)
    loss_record: Floats  # (last + 1,)

    def loss(self, t: ArrayLike) -> Floats:
        return self._recorded(t, self.loss_record, super().loss(t))

    def theta(self, t: ArrayLike) -> Floats:
        return self._recorded(t, self.record, super().theta(t))

    def losses(self, last: int) -> Floats:
        return self.loss(np.arange(last + 1))

    def _recorded(self, t: ArrayLike, record: Floats, beyond: Floats) -> Floats:
        last = len(record) - 1
        steps = np.asarray(np.minimum(t, last), dtype=np.intp)
        inside = np.asarray(np.asarray(t) <= last, dtype=bool)
        return np.where(
            inside.reshape(inside.shape + (1,) * (record.ndim - 1)), record[steps], beyond
        )
