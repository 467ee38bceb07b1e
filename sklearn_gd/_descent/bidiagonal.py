"""Golub-Kahan-Lanczos: rows and a start go in, a Krylov basis and small matrices come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._descent import ritz
from sklearn_gd._descent.basis import Basis, length
from sklearn_gd._descent.ritz import Ritz
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import EPS, MOMENTS_ROUNDING

Floats = NDArray[np.float64]

# A vector this short beside the matrix is the rounding of zero: the space is invariant.
BREAKDOWN = 10 * EPS
# Rows read once for a product with A and one with A' stay in cache in between; of smaller blocks
# (256 KiB) each step took a third longer.
STREAM_BYTES = 1 << 20
# A product of a matrix and a vector reads memory at full speed from this many rows on.
FEWEST_ROWS = 16


class ScaledRows:
    """A = diag(sqrt(w / W)) Z, and products with it and with A', one column per target.

    Nothing is formed: the ones column, the weights and the scale enter the products.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        weight = np.ones(1) if rows.sample_weight is None else rows.sample_weight
        self._root: Floats = np.sqrt(weight / rows.weight)[:, np.newaxis]
        self.shape = (rows.n_samples, rows.n_parameters)
        # Sparse products cost little beside keeping vectors of the long side orthogonal; dense ones
        # cost much, and read X once for both only if nothing must be done between them.
        self.short_left = rows._sparse_X is not None and self.shape[0] < self.shape[1]

    def residual(self, theta: Floats) -> Floats:
        """diag(sqrt(w / W)) (Y - Z theta), (n, k)."""
        if not theta.any():
            return self._rows.y * self._root
        out = np.empty_like(self._rows.y)
        for part, X, root in self._blocks():
            out[part] = (self._rows.y[part] - self._rows.predict(X, theta)) * root
        return out

    def loss(self, theta: Floats) -> float:
        """J(theta), over all targets."""
        residual = self.residual(theta)
        return 0.5 * float(np.vdot(residual, residual))

    def squares(self) -> float:
        """The trace of A'A: the sum of all curvatures."""
        total = 0.0
        for _, X, root in self._blocks():
            squared = X.power(2) if sparse.issparse(X) else X**2
            lengths = np.asarray(squared.sum(axis=1)).ravel() + float(self._rows.fit_intercept)
            total += float(np.sum(lengths * root[:, 0] ** 2))
        return total

    def advance(
        self, right: Floats, left: Floats, alpha: Floats, settle: Callable[[Floats], Floats]
    ) -> Floats:
        """left <- A right - left * alpha in place; gives A' left, each row block read once.

        `settle` sees the new left vectors before A' does; only sparse rows, one block, need it.
        """
        left *= -alpha
        return self._across(left, right, settle)

    def forward(self, right: Floats) -> Floats:
        """A right."""
        left = np.zeros((self.shape[0], right.shape[1]))
        self._across(left, right, None)
        return left

    def back(self, left: Floats) -> Floats:
        """A' left."""
        return self._across(left, None, None)

    def _across(
        self, left: Floats, right: Floats | None, settle: Callable[[Floats], Floats] | None
    ) -> Floats:
        first = int(self._rows.fit_intercept)
        across = np.zeros((self.shape[1], left.shape[1]))
        for part, X, root in self._blocks():
            block = left[part]
            if right is not None:
                block += self._rows.predict(X, right) * root
            if settle is not None and self.short_left:
                block[...] = settle(block)
            weighted = block * root
            across[first:] += X.T @ weighted
            across[:first] += weighted.sum(axis=0)
        return across

    def sizes(self, start: Floats) -> float:
        """Mean squares of y and of the first predictions: what a loss is measured against."""
        y = self._rows.y * self._root
        predictions = y - self.residual(start)
        return float(np.vdot(y, y) + np.vdot(predictions, predictions))

    def _blocks(self) -> Iterator[tuple[slice, Any, Floats]]:
        n = self.shape[0]
        if self._rows._sparse_X is not None:
            yield slice(0, n), self._rows._sparse_X, self._root
            return
        step = max(FEWEST_ROWS, STREAM_BYTES // (8 * self.shape[1]))
        for first in range(0, n, step):
            part = slice(first, min(first + step, n))
            root = self._root if len(self._root) == 1 else self._root[part]
            yield part, self._rows.X[part].astype(np.float64, copy=False), root


class Bidiagonalisation:
    """A V = U B for every target, all targets one step further with each pass over the rows.

    Vectors of one side are kept orthogonal, which keeps those of the other side so (Simon and Zha
    2000, doi 10.1137/S1064827597327309). V is kept, as iterates are made of it.
    """

    error = 0.0

    def __init__(self, rows: ScaledRows, residual: Floats, sizes: float) -> None:
        self._rows = rows
        n, p = rows.shape
        k = residual.shape[1]
        self.bases = [Basis(p) for _ in range(k)]
        self._left_bases = [Basis(n) for _ in range(k)]
        self._alphas: list[list[float]] = [[] for _ in range(k)]
        self._betas: list[list[float]] = [[] for _ in range(k)]
        self._sizes = sizes
        self.rounding = MOMENTS_ROUNDING * EPS * sizes
        self._first = np.linalg.norm(residual, axis=0)
        self._left = residual / np.where(self._first > 0, self._first, 1.0)
        for basis, u in zip(self._left_bases, self._left.T, strict=True):
            if rows.short_left:
                basis.append(u)
        self._right = self._settle_right(rows.back(self._left))

    @property
    def size(self) -> int:
        return max(len(betas) for betas in self._betas)

    @property
    def complete(self) -> bool:
        """Whether the spaces of all targets are invariant: nothing is left to be found."""
        return all(self._ended(j) for j in range(len(self.bases)))

    @property
    def whole(self) -> bool:
        """Whether the first target's space is as large as any: it has every curvature of H."""
        return self._ended(0) and len(self._betas[0]) >= min(self._rows.shape)

    def towards(self, j: int, vector: Floats) -> Bidiagonalisation:
        """A space started at a vector of this one, given in target j's basis."""
        left = self._rows.forward(self.bases[j].lift(vector)[:, np.newaxis])
        return Bidiagonalisation(self._rows, left, self._sizes)

    def grow(self, size: int) -> None:
        while self.size < size and not self.complete:
            self._step()

    def ritz(self) -> list[Ritz]:
        return [
            ritz.from_bidiagonal(np.array(alphas), np.array(betas), float(first))
            if betas
            else ritz.nothing(0.5 * float(first) ** 2)
            for alphas, betas, first in zip(self._alphas, self._betas, self._first, strict=True)
        ]

    def _step(self) -> None:
        alpha = np.array([alphas[-1] for alphas in self._alphas])
        left = self._left
        across = self._rows.advance(self._right, left, alpha, self._settle_left)
        beta = np.linalg.norm(left, axis=0)
        for j, size in enumerate(beta):
            if not self._ended(j):
                beta[j] = size if size > BREAKDOWN * self._scale(j) else 0.0
                self._betas[j].append(float(beta[j]))
        live = beta > 0
        left *= np.where(live, 1.0 / np.where(live, beta, 1.0), 0.0)
        across = across / np.where(live, beta, 1.0) - self._right * beta
        for basis, u, lives in zip(self._left_bases, left.T, live, strict=True):
            if self._rows.short_left and lives:
                basis.append(u)
        self._right = self._settle_right(across * live)

    def _settle_left(self, left: Floats) -> Floats:
        columns = zip(self._left_bases, left.T, strict=True)
        return np.column_stack([basis.orthogonalise(u) for basis, u in columns])

    def _settle_right(self, across: Floats) -> Floats:
        """The next right vectors, of length one, or zero where a space is invariant."""
        right = np.zeros_like(across)
        for j, basis in enumerate(self.bases):
            if self._ended(j):
                continue
            keep = self._rows.short_left
            v = across[:, j] if keep else basis.orthogonalise(across[:, j])
            alpha = length(v)
            full = len(self._betas[j]) >= min(self._rows.shape)
            if full or not alpha > BREAKDOWN * self._scale(j):
                alpha = 0.0
            else:
                right[:, j] = v / alpha
                basis.append(right[:, j])
            self._alphas[j].append(alpha)
        return right

    def _ended(self, j: int) -> bool:
        return self._alphas[j][-1:] == [0.0]

    def _scale(self, j: int) -> float:
        return max([0.0, *self._alphas[j], *self._betas[j]])
