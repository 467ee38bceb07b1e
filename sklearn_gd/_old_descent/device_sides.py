"""A = diag(sqrt(w / W)) Z on a device: rows go in, products with A and A' come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.quiet import products_of_finite

if TYPE_CHECKING:
    from sklearn_gd._descent.device import DeviceRows

Floats = NDArray[np.float64]


class DeviceSides:
    """A = diag(sqrt(w / W)) Z on a device, one column of every product per target."""

    short_left = False  # vectors of the long side stay on the device, and need no keeping

    def __init__(self, rows: DeviceRows) -> None:
        self._rows = rows
        self.shape = (rows.n_samples, rows.n_parameters)
        self.unit = rows.place.unit

    def residual_at(self, theta: Floats) -> DeviceLeft:
        """The left vectors diag(sqrt(w / W)) (Y - Z theta)."""
        return DeviceLeft(self, [r * root for r, root in self._residuals(theta)])

    def image(self, right: Floats) -> DeviceLeft:
        """The left vectors A right."""
        right = self._rows.place.put(right)
        return DeviceLeft(
            self, [self._rows.predict(X, right) * root for X, _, root in self.blocks()]
        )

    def random(self, seed: Any) -> DeviceLeft:
        """Left vectors, for one target, that see every curvature."""
        noise = np.random.default_rng(seed)
        sizes = [rows.stop - rows.start for rows in self._rows.slices()]
        put = self._rows.place.put
        return DeviceLeft(self, [put(noise.standard_normal((size, 1))) for size in sizes])

    def loss(self, theta: Floats) -> float:
        """J(theta), over all targets."""
        return self._rows.loss(theta)

    def sizes(self, start: Floats) -> float:
        """Mean squares of y and of the first predictions: what a loss is measured against."""
        xp, fetch = self._rows.place.xp, self._rows.place.fetch
        total = self._rows._zeros(1)
        for (_, y, root), (residual, _) in zip(self.blocks(), self._residuals(start), strict=True):
            total = total + xp.sum((y * root) ** 2) + xp.sum(((y - residual) * root) ** 2)
        return float(fetch(total)[0])

    def squares(self) -> float:
        """The trace of A'A: the sum of all curvatures."""
        xp, total = self._rows.place.xp, self._rows._zeros(1)
        for X, _, root in self.blocks():
            lengths = xp.sum(X * X, axis=1, keepdims=True) + float(self._rows.fit_intercept)
            total = total + xp.sum(lengths * root**2)
        return float(self._rows.place.fetch(total)[0])

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """(X, y, root of the weights over W as a column, or as a number) of each row block."""
        xp, weight = self._rows.place.xp, self._rows.weight
        for X, y, w in self._rows.blocks():
            yield X, y, weight**-0.5 if w is None else xp.sqrt(w / weight)[:, None]

    def _residuals(self, theta: Floats) -> Iterator[tuple[Any, Any]]:
        for X, y, root in self.blocks():
            yield self._rows._residual(X, y, theta), root


class DeviceLeft:
    """Vectors as long as there are rows, one per target, in blocks on the device."""

    def __init__(self, sides: DeviceSides, parts: list[Any]) -> None:
        self._sides = sides
        self._place = sides._rows.place
        self._parts = parts

    def sizes(self) -> Floats:
        """Their lengths, (k,)."""
        squares = self._sides._rows._zeros(self._parts[0].shape[1])
        for part in self._parts:
            squares = squares + self._place.xp.sum(part * part, axis=0)
        return np.sqrt(self._place.fetch(squares))

    def scale(self, factors: Floats) -> None:
        """Each times a factor, (k,)."""
        factors = self._place.put(factors)
        self._parts = [part * factors for part in self._parts]

    def back(self) -> Floats:
        """A' left."""
        return self._across(None, None)

    def advance(self, right: Floats, alpha: Floats) -> Floats:
        """left <- A right - left * alpha; gives A' left, each row block read once for both."""
        return self._across(self._place.put(right), self._place.put(alpha))

    def _across(self, right: Any, alpha: Any) -> Floats:
        rows, k = self._sides._rows, self._parts[0].shape[1]
        across, total = rows._zeros(rows.X.shape[1], k), rows._zeros(1, k)
        for i, (X, _, root) in enumerate(self._sides.blocks()):
            if right is not None:
                self._parts[i] = rows.predict(X, right) * root - self._parts[i] * alpha
            weighted = self._parts[i] * root
            with products_of_finite():
                across = across + X.T @ weighted
            total = total + self._place.xp.sum(weighted, axis=0, keepdims=True)
        pulls = [self._place.fetch(total)] * rows.fit_intercept + [self._place.fetch(across)]
        return np.concatenate(pulls)
