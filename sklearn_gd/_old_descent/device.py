"""The problem as rows on a device: an array library's arrays go in, sums come out.

The rows stay where they are; matrices of p x p numbers and vectors of p come back, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.device_sides import DeviceSides
from sklearn_gd._descent.moments import Moments, assembled, check_sums
from sklearn_gd._descent.quiet import products_of_finite
from sklearn_gd._descent.rows import NotFinite
from sklearn_gd._descent.spectrum import Spectrum
from sklearn_gd._descent.whitening import Whitening

Floats = NDArray[np.float64]

# Large enough that a device is busy while the next block is asked for; copies are this large.
BLOCK_BYTES = 1 << 26
# A processor's cache holds what is multiplied (measured with PyTorch: five times faster at 50
# columns than with the above).
BLOCK_BYTES_ON_CPU = 1 << 20
DLPACK_CPU = 1  # kDLCPU in dlpack.h


class Place(Protocol):
    """A namespace of the array API and one of its devices."""

    @property
    def xp(self) -> Any: ...
    @property
    def device(self) -> Any: ...
    @property
    def floats(self) -> Any: ...  # the dtype of sums: float64, or float32 where there is none
    @property
    def unit(self) -> float: ...  # its rounding
    @property
    def largest_size(self) -> float: ...  # numbers up to here can be squared and summed
    def put(self, numbers: Any) -> Any: ...
    def fetch(self, numbers: Any) -> Floats: ...
    def take(self, array: Any, index: Any) -> Any: ...


@dataclass(frozen=True, eq=False)
class DeviceRows:
    """n rows of features X (float32 or float64), targets y (n, k) and weights in `place.floats`."""

    X: Any
    y: Any
    sample_weight: Any
    fit_intercept: bool
    place: Place
    rounding: float  # of the coefficients, which have the dtype of X

    is_sparse = False
    afar = False
    loops = False
    are_few = False

    def effective_rank(self) -> float | None:
        """Not worth bringing rows here for."""
        return None

    @property
    def n_samples(self) -> int:
        return int(self.X.shape[0])

    @property
    def n_parameters(self) -> int:
        return int(self.X.shape[1]) + self.fit_intercept

    @property
    def n_targets(self) -> int:
        return int(self.y.shape[1])

    @property
    def nonzeros(self) -> int:
        return self.n_samples * self.n_parameters

    @property
    def n_weighted(self) -> int:
        """Rows of a weight above zero."""
        if self.sample_weight is None:
            return self.n_samples
        xp, positive = self.place.xp, self.sample_weight > 0
        return int(xp.sum(xp.astype(positive, xp.int32)))

    @cached_property
    def weight(self) -> float:
        """W: the sum of the weights, the number of rows where there are none."""
        if self.sample_weight is None:
            return float(self.n_samples)
        return float(self.place.xp.sum(self.sample_weight))

    def moments(self) -> Moments:
        """One pass over the rows."""
        xp, d, k = self.place.xp, self.X.shape[1], self.n_targets
        gram, across, within = self._zeros(d, d), self._zeros(d, 1 + k), self._zeros(1 + k, 1 + k)
        with np.errstate(over="ignore", invalid="ignore"):  # of namespaces that are NumPy inside
            for X, y, w in self.blocks():
                dense = xp.concat([self._ones(X), y], axis=1)
                if w is not None:
                    root = xp.sqrt(w)[:, None]
                    X, dense = X * root, dense * root
                gram = gram + X.T @ X
                across = across + X.T @ dense
                within = within + dense.T @ dense
            gram, across, within = map(self.place.fetch, (gram, across, within))
            # A product of a matrix with itself need not be symmetric in its last digits.
            sums = assembled(0.5 * (gram + gram.T), across, 0.5 * (within + within.T))
        check_sums(sums, self.place.largest_size)
        return Moments(sums, k, self.n_samples, self.place.unit)

    def whitened_sums(self, white: Whitening) -> Floats:
        """A second pass, as `whitening.whitened_sums`.

        The array API has no triangular solve. Y = Z R^-1 is off by the condition of R in
        roundings, which is far from one since the curvatures are held above their rounding; what
        Y R misses of Z is then taken to R^-1 as well, and Y is as good as from a solve.
        """
        xp, put = self.place.xp, self.place.put
        p, k = white.start.shape
        inverse, R, known = map(put, (np.linalg.inv(white.factor), white.factor, white.known))
        gram, across, within = self._zeros(p, p), self._zeros(p, k), self._zeros(k, k)
        for X, y, w in self.blocks():
            Z = xp.concat([self._ones(X), X], axis=1) if self.fit_intercept else X
            error = self._residual(X, y, white.start)
            if w is not None:
                root = xp.sqrt(w)[:, None]
                Z, error = Z * root, error * root
            with products_of_finite():
                Y = Z @ inverse
                Y = Y + (Z - Y @ R) @ inverse
                error = error - Y @ known
                gram, across = gram + Y.T @ Y, across + Y.T @ error
            within = within + error.T @ error
        gram, across, within = map(self.place.fetch, (gram, across, within))
        return np.block([[0.5 * (gram + gram.T), across], [across.T, within]])

    def seen_blocks(self, spectrum: Spectrum) -> Iterator[Floats]:
        """R factors of row blocks of diag(sqrt(w)) [Z Q, y - Z start]: rows stay on the device."""
        xp = self.place.xp
        directions = self.place.put(spectrum.seen(np.asarray))
        for X, y, w in self.blocks():
            seen = [self.predict(X, directions), self._residual(X, y, spectrum.start)]
            block = xp.concat(seen, axis=1)
            if w is not None:
                block = block * xp.sqrt(w)[:, None]
            yield self.place.fetch(xp.linalg.qr(block, mode="reduced")[1])

    def taken(self, index: Any) -> DeviceRows:
        """Some of the rows, by a slice or by indices."""
        place, w = self.place, self.sample_weight
        w = None if w is None else place.take(w, index)
        X, y = place.take(self.X, index), place.take(self.y, index)
        return replace(self, X=X, y=y, sample_weight=w)

    def reweighted(self, counts: Floats) -> DeviceRows:
        """All rows, each weighing so much more: nothing is copied."""
        factors, w = self.place.put(counts), self.sample_weight
        return replace(self, sample_weight=factors if w is None else w * factors)

    def weight_of(self, index: Any) -> float:
        """The weights of some rows together."""
        w = self.sample_weight
        return float(len(index) if w is None else self.place.xp.sum(self.place.take(w, index)))

    def sides(self) -> DeviceSides:
        """The rows as a matrix to multiply with; they have no sums of squares, so look for nan."""
        self._check_finite()
        return DeviceSides(self)

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """J(theta) and its partial derivatives, each row block read once for both."""
        xp, (p, k), first = self.place.xp, theta.shape, int(self.fit_intercept)
        loss, gradient, total = self._zeros(1), self._zeros(p - first, k), self._zeros(1, k)
        for X, y, w in self.blocks():
            residual = self._residual(X, y, theta)
            weighted = residual if w is None else residual * w[:, None]
            loss = loss + xp.sum(residual * weighted)
            with products_of_finite():
                gradient = gradient + X.T @ weighted
            total = total + xp.sum(weighted, axis=0, keepdims=True)
        pulls = [self.place.fetch(total)] * first + [self.place.fetch(gradient)]
        fetched = float(self.place.fetch(loss)[0])
        return fetched / (2.0 * self.weight), -np.concatenate(pulls) / self.weight

    def loss(self, theta: Floats) -> float:
        """J(theta) alone."""
        total = self._zeros(1)
        for X, y, w in self.blocks():
            squares = self._residual(X, y, theta) ** 2
            total = total + self.place.xp.sum(squares if w is None else squares * w[:, None])
        return float(self.place.fetch(total)[0]) / (2.0 * self.weight)

    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """(X, y, w) of each row block, X in the dtype of sums."""
        xp, floats, w = self.place.xp, self.place.floats, self.sample_weight
        for rows in self.slices():
            X = xp.astype(self.X[rows, :], floats, copy=False)
            yield X, self.y[rows, :], None if w is None else w[rows]

    def slices(self) -> Iterator[slice]:
        # A block has more rows than columns, so that products of p x p numbers do not prevail.
        on_cpu = self.X.__dlpack_device__()[0] == DLPACK_CPU
        size = BLOCK_BYTES_ON_CPU if on_cpu else BLOCK_BYTES
        step = max(self.n_parameters, size // (8 * (self.n_parameters + 1)))
        for start in range(0, self.n_samples, step):
            yield slice(start, min(start + step, self.n_samples))

    def predict(self, X: Any, theta: Any) -> Any:
        """Z theta for a block of X, all on the device."""
        with products_of_finite():
            return X @ theta[1:, :] + theta[:1, :] if self.fit_intercept else X @ theta

    def _residual(self, X: Any, y: Any, theta: Floats) -> Any:
        return y - self.predict(X, self.place.put(theta)) if theta.any() else y

    def _check_finite(self) -> None:
        """For engines without sums of squares."""
        xp, squares = self.place.xp, self._zeros(1)
        with np.errstate(over="ignore"):
            for X, _, _ in self.blocks():
                squares = squares + xp.sum(X * X)
            total = float(self.place.fetch(squares)[0])
        # A comparison that is also false for nan.
        if not total <= self.place.largest_size**2 * self.n_samples:
            raise NotFinite(self.place.largest_size)

    def _zeros(self, *shape: int) -> Any:
        place = self.place
        return place.xp.zeros(shape, dtype=place.floats, device=place.device)

    def _ones(self, X: Any) -> Any:
        place = self.place
        return place.xp.ones((X.shape[0], 1), dtype=place.floats, device=place.device)
