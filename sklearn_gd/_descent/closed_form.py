"""A spectrum descended by an update rule: loss, parameters and gradient after any t updates.

t may be a scalar or an array of any shape; answers have the shape of t first. With p_t the rule's
residual polynomial at each eigenvalue::

    theta_t = theta_0 + V (1 - p_t) / sigma * g,    grad J(theta_t) = -V sigma p_t g
    J_t     = floor + 1/2 sum g^2 p_t^2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.residual_polynomials import (
    LARGEST_FACTOR,
    MomentumFactors,
    PlainFactors,
    clip_overflow,
)
from sklearn_gd._descent.spectrum import Spectrum
from sklearn_gd._descent.update_rule import UpdateRule
from sklearn_gd._linalg import EPS, Floats

# Numbers that one block of iterates may take in between: they stay in a processor's cache.
BLOCK_NUMBERS = 1 << 18
# A limit shorter than this, in roundings of the start's length, is the rounding of zero.
ZERO_LIMIT = 16
# A loss has risen once it rises by more than so many roundings of itself.
RISE_ROUNDINGS = 4


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """theta_t, J_t and its gradient for every t; `last_known` bounds t in a Krylov space."""

    spectrum: Spectrum
    rule: UpdateRule
    last_known: int | None = None

    def __getstate__(self) -> dict[str, object]:
        # What is cached is made again from the fields.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def start(self) -> Floats:
        return self.spectrum.start

    @cached_property
    def moving(self) -> NDArray[np.bool_] | slice:
        """Directions along which the start is not yet at its limit; the others never matter."""
        moving = np.asarray((self.spectrum.rotated_residual != 0).any(axis=1), dtype=bool)
        return slice(None) if moving.all() else moving  # a slice does not copy the basis

    @cached_property
    def factors(self) -> PlainFactors | MomentumFactors:
        return self.rule.factors(self.eigenvalues)

    @cached_property
    def eigenvalues(self) -> Floats:
        return self.spectrum.eigenvalues[self.moving]

    @cached_property
    def residual(self) -> Floats:
        return self.spectrum.rotated_residual[self.moving]

    @cached_property
    def amplitudes(self) -> Floats:
        """How far there is to go along each direction, (r, k)."""
        return np.asarray(self.residual / np.sqrt(self.eigenvalues)[:, np.newaxis])

    @cached_property
    def slopes(self) -> Floats:
        """Minus the gradient at the start along each direction, (r, k)."""
        return np.asarray(self.residual * np.sqrt(self.eigenvalues)[:, np.newaxis])

    @cached_property
    def energy(self) -> Floats:
        """Each direction's part of the loss at the start, summed over targets, (r,)."""
        return np.asarray(0.5 * np.sum(self.residual**2, axis=1))

    @cached_property
    def limit(self) -> Floats:
        """The parameters that a stable rate leads to, (p, k)."""
        return self._parameters(np.ones(len(self.energy)))

    @cached_property
    def diverges(self) -> bool:
        """Whether some direction grows with every update."""
        return bool(self.factors.diverges.any())

    def loss(self, t: ArrayLike) -> Floats:
        """Return J_t: a sum of non-negative terms, so it neither wobbles nor falls below zero."""
        return self.excess(t) + self.spectrum.floor

    def excess(self, t: ArrayLike) -> Floats:
        """Return J_t above the floor.

        It is the same to the bit for one t as among others, which a product with a matrix is not: a
        `tol` may be a loss that was read off a history.
        """
        return self._in_blocks(
            t, lambda s: np.add.reduce(self.factors.squared(s) * self.energy, axis=-1)
        )

    def decrease(self, t: ArrayLike) -> Floats:
        """Return J_t - J_{t+1} of plain descent, with its own digits."""
        assert isinstance(self.factors, PlainFactors)
        lost = self.energy * self.factors.lost_per_update
        squared = self.factors.squared
        return self._in_blocks(t, lambda s: np.add.reduce(squared(s) * lost, axis=-1))

    def theta(self, t: ArrayLike, rows: slice = slice(None)) -> Floats:
        """Return theta_t, t.shape + (p, k); infinite when an iterate leaves the float range.

        `rows` selects parameters, so that one of many takes no more memory than it needs.
        """
        filters = self.factors.filter_factor
        return self._in_blocks(t, lambda s: self._parameters(filters(s))[..., rows, :])

    def gradient(self, t: ArrayLike) -> Floats:
        """Return the partial derivatives of J at theta_t, t.shape + (p, k)."""
        return self._in_blocks(t, self._gradient)

    def dof(self, t: ArrayLike) -> Floats:
        """Return tr(H_0 H^+ (I - p_t(H))), the trace of the map from y to predictions."""
        factors = self.rule.factors(self.spectrum.nonzero_eigenvalues)
        shares = self.spectrum.shares
        return self._in_blocks(t, lambda s: factors.filter_factor(s) @ shares)

    def distance_bound(self, t: ArrayLike) -> Floats:
        """Return at least |theta_limit - theta_s| of each target for all s >= t, t.shape + (k,)."""
        envelope = self.factors.envelope(t)
        # Scaled so that no square overflows.
        scale = float(np.abs(self.amplitudes).max(initial=0.0)) or 1.0
        return np.asarray(np.sqrt(envelope**2 @ (self.amplitudes / scale) ** 2) * scale)

    @cached_property
    def limit_scale(self) -> Floats:
        """|theta_limit| of each target, (k,); that of the start when the limit is zero."""
        limit, start = (np.linalg.norm(theta, axis=0) for theta in (self.limit, self.start))
        return np.asarray(np.where(limit > ZERO_LIMIT * EPS * start, limit, start))

    def has_risen(self, t: ArrayLike) -> NDArray[np.bool_]:
        """Whether plain descent's update t + 1 raises the loss by more than rounding."""
        with np.errstate(over="ignore", invalid="ignore"):
            rise = -self.decrease(t)
            return np.asarray((rise > RISE_ROUNDINGS * EPS * self.loss(t)) | ~np.isfinite(rise))

    def at(self, rule: UpdateRule) -> ClosedForm:
        """Return the same problem descended by another rule."""
        return replace(self, rule=rule)

    def _parameters(self, filters: Floats) -> Floats:
        moved = self._expand(clip_overflow(filters), self.amplitudes)
        return self._infinite_if_clipped(filters, self.start + moved)

    def _gradient(self, t: ArrayLike) -> Floats:
        left = self.factors.residual_factor(t)
        return self._infinite_if_clipped(left, -self._expand(clip_overflow(left), self.slopes))

    def _expand(self, factors: Floats, amplitudes: Floats) -> Floats:
        """Return parameters t.shape + (p, k) of factors t.shape + (r,) times amplitudes (r, k)."""
        along = factors[..., np.newaxis, :] * amplitudes.T
        if not isinstance(self.moving, slice):
            moved, along = along, np.zeros((*along.shape[:-1], self.moving.size))
            along[..., self.moving] = moved
        return np.swapaxes(self.spectrum.to_parameters(along), -1, -2)

    def _infinite_if_clipped(self, factors: Floats, parameters: Floats) -> Floats:
        if not self.diverges or np.abs(factors).max() <= LARGEST_FACTOR:
            return parameters
        out = np.any(np.abs(factors) > LARGEST_FACTOR, axis=-1)[..., np.newaxis, np.newaxis]
        return np.where(out & (parameters != 0), np.copysign(np.inf, parameters), parameters)

    def _in_blocks(self, t: ArrayLike, question: Callable[[NDArray[np.generic]], Floats]) -> Floats:
        """Ask for so many t at a time that what is formed in between stays small.

        Factors of growing directions overflow to infinity, and sums of them to nan, without a word.
        """
        self._check_known(t)
        steps = np.asarray(t)
        width = max(1, self.energy.size * self.start.shape[1], self.start.size)
        at_once = max(1, BLOCK_NUMBERS // width)
        with np.errstate(over="ignore", invalid="ignore"):
            if steps.size <= at_once:
                return np.asarray(question(steps))
            flat = steps.ravel()
            for first in range(0, flat.size, at_once):
                block = question(flat[first : first + at_once])
                if first == 0:
                    out = np.empty((flat.size, *block.shape[1:]))
                out[first : first + at_once] = block
        return out.reshape(*steps.shape, *out.shape[1:])

    def _check_known(self, t: ArrayLike) -> None:
        last = self.last_known
        if last is not None and np.any(np.asarray(t).astype(object) > last):
            raise ValueError(
                f"This descent was resolved up to t = {last:,}; t = {int(np.max(t)):,} is beyond. "
                "Fit again with max_iter at least that large."
            )
