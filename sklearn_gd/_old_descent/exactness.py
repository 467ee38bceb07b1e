"""How well a descent is known: errors of its spectrum go in, bounds on those of iterates out."""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.spectrum import CONTRACT, Spectrum

Floats = NDArray[np.float64]

# Losses are off by this share, at most, of what leaning directions could do to them.
LEANING = 0.4
# At so many points in time losses are asked for their errors, once one of them was measured.
MEASURED_AROUND = 30


class Exactness:
    """Mixin for a descent: whether its iterates are known within the contract."""

    if TYPE_CHECKING:  # what the descent brings
        spectrum: Spectrum
        lr: float

        @property
        def contraction(self) -> Contraction: ...
        @property
        def energy(self) -> Floats: ...
        def loss(self, t: ArrayLike) -> Floats: ...
        def loss_at(self, t: int) -> float: ...
        def size(self, t: int) -> Floats: ...

    def coefficient_error(self, t: int) -> float:
        """A relative bound on what the error of curvatures and slopes does to theta_t.

        A direction's slope enters theta_t times (1 - r^t) / curvature, which is at most lr t and
        at most 1 / curvature: long descents of ill-conditioned problems amplify the most.
        """
        if self.energy.size == 0:
            return 0.0
        gain = self.contraction.shortfall(t) / self.contraction.curvature
        return float(self.spectrum.error * self.spectrum.curvature.max() * gain.max())

    def leaning_error(self, t: int) -> float:
        """About what singular vectors do to theta_t, relatively, as they lean on others.

        By a rounding of the largest singular value, so that slopes are off by that times the first
        residual. By 80 digits, on 300 problems, errors were 1.7 times as large at most (few rows),
        or as large (a second pass); of sums, on 200, five times.
        """
        size = self.size(t)
        length = sqrt(float(size @ size))
        if self.spectrum.sharp or not 0 < length < np.inf:
            return 0.0
        gain, lean = self._leaning(t)
        return lean * sqrt(gain * self.spectrum.squares) / length

    def floor_leans(self, t: int) -> bool:
        """Whether the least loss lacks digits beside J_t that one measured at theta_t would have.

        Directions lean on what the columns leave of y, too, and sharp ones round y itself; by
        roundings of theta_t a measured loss is moved along its slope.
        """
        spectrum = self.spectrum
        floor, lean = spectrum.least_loss, spectrum.unit if spectrum.sharp else self._leaning(t)[1]
        error = LEANING * lean * sqrt(0.5 * spectrum.squares * floor)
        if error <= CONTRACT * floor:
            return False
        size = self.size(t)
        moved = spectrum.unit * sqrt(float(size @ size)) * self._slope(t)
        return error > max(CONTRACT * self.loss_at(t), moved)

    def rounds_predictions(self, t: int) -> bool:
        """Whether J_t lacks digits where predictions are rounded row by row.

        Such errors add up as roots: a quarter of their sizes is more than what is left of them.
        """
        size = self.size(t)
        sizes = sqrt(self._extremes[1] * float(size @ size))
        return self.spectrum.unit * sizes > 4.0 * CONTRACT * sqrt(self.loss_at(t))

    def _slope(self, t: int) -> float:
        """The length of the gradient of J at theta_t."""
        squares = 2.0 * self.energy * self.contraction.curvature
        return sqrt(float(self.contraction.squared(t) @ squares))

    def _leaning(self, t: int) -> tuple[float, float]:
        """About the largest (1 - r^t) / curvature; and how far what is felt by then may lean."""
        least, largest = self._extremes
        gain = min(self.lr * t, 1.0 / least)
        return gain, self.spectrum.unit * sqrt(gain * largest)

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        curvature = self.contraction.curvature
        return float(curvature.min(initial=np.inf)), float(curvature.max(initial=0.0))

    def loss_error(self, t: int) -> float:
        """A bound on the error of the loss: that at the start, and what was lost since."""
        gone = self.contraction.held(1.0 - self.contraction.squared(t))
        return self.spectrum.rounding + float(self._spread_error(gone))

    def _spread_error(self, shares: Floats) -> Floats:
        """A bound on the error of the loss in shares (..., r) of each direction's energy."""
        amplified = shares**2 @ (2.0 * self.energy / self.contraction.curvature)
        return np.asarray(self.spectrum.slope_error * np.sqrt(amplified))

    def holds(self, t: int, loss: float) -> bool:
        """Whether iterates up to t, with losses down to `loss`, are known within the contract.

        Roundings of y and of predictions aside, once a loss was measured on the rows.
        """
        if not self._coefficients_hold(t):
            return False
        if self.spectrum.measured_at is not None:
            return self._holds_around(self.spectrum.measured_at, t)
        return self.loss_error(t) <= CONTRACT * loss

    def lacks_only_the_loss(self, t: int) -> bool:
        """Whether measuring J_t on the rows might be all that is missing for `holds`."""
        return self._coefficients_hold(t) and not self.holds(t, self.loss_at(t))

    def _coefficients_hold(self, t: int) -> bool:
        return max(self.coefficient_error(t), self.leaning_error(t)) <= CONTRACT

    def _holds_around(self, measured: int, t: int) -> bool:
        """Whether losses up to t, of which one was measured, are known within the contract.

        Or as well as the literal loop knows them, where roundings of y and of predictions take
        more digits than the contract leaves.
        """
        last = max(measured, t)
        spread = np.floor(np.geomspace(1.0, float(last) + 1.0, MEASURED_AROUND)) - 1.0
        spread[-1] = last
        shares = self.contraction.squared(spread) - self.contraction.squared(measured)
        error = self._spread_error(self.contraction.held(shares)) + self._measured_error(measured)
        losses = self.loss(spread)
        known = error <= CONTRACT * losses + self.spectrum.row_rounding * np.sqrt(losses)
        return bool(known.all() and losses[-1] > self.spectrum.resolution)

    @property
    def floor_error(self) -> float:
        """By how much the least possible loss may be off, at most."""
        measured = self.spectrum.measured_at
        if measured is None:
            return self.spectrum.resolution
        left = self.contraction.held(self.contraction.squared(measured))
        rounding = self.spectrum.row_rounding * sqrt(self.loss_at(measured))
        return float(self._spread_error(left)) + self._measured_error(measured) + rounding

    def _measured_error(self, t: int) -> float:
        """A bound on the error of J_t as the rows had it at theta_t as it was known."""
        if self.energy.size == 0:
            return 0.0
        size, curvature = float(np.linalg.norm(self.size(t))), self.contraction.curvature
        gain = self.contraction.held(self.contraction.shortfall(t)) / curvature
        off = self.spectrum.slope_error + self.spectrum.error * curvature.max() * size
        moved = off * float((gain * np.sqrt(curvature)).max())  # of predictions
        return float(self._slope(t) * self.coefficient_error(t) * size + 0.5 * moved**2)
