"""Fewer rows than columns: the eigenbasis of H, with nothing of p x p numbers formed.

With A = diag(sqrt(w / W)) Z, of shape (n, p), and A A' = U diag(eigenvalues) U', the right singular
vectors are A'U / sigma. Nothing of p x p numbers is formed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt

import numpy as np

from sklearn_gd._data import RowsInMemory, RowSpace
from sklearn_gd._descent import Accuracy, Spectrum
from sklearn_gd._linalg import EPS, Floats, rank_tolerance
from sklearn_gd._solvers.cross_product_basis import CrossProductBasis
from sklearn_gd._solvers.options import LOSS_ROUNDINGS

# Eigenvalues and left singular vectors from products of rows are off by so many roundings of the
# largest eigenvalue: 1.3 were the most in thousands of fits to random rows.
ROW_ROUNDINGS = 4


@dataclass(frozen=True, eq=False)
class FewRows:
    """A without a penalty's rows, and the first residual (n, k) divided by sqrt(W)."""

    A: Floats
    residual: Floats
    start: Floats
    squares: float  # mean squares of y and of the first predictions

    @classmethod
    def of(cls, rows: RowsInMemory, start: Floats) -> FewRows:
        A, y = rows.matrix()
        A *= rows.weight**-0.5
        y = y * rows.weight**-0.5
        predicted = A @ start
        return cls(A, y - predicted, start, float(np.sum(y**2) + np.sum(predicted**2)))

    @cached_property
    def coarse(self) -> Spectrum:
        """The spectrum as products of rows have it."""
        eigenvalues, left = self._eigh
        zero_below = rank_tolerance(len(left)) * float(eigenvalues[0])
        return self._spectrum(left, zero_below, ROW_ROUNDINGS * EPS)

    @property
    def measured(self) -> Spectrum:
        """The same: its least loss is that of the rows."""
        return self.coarse

    @cached_property
    def refined(self) -> Spectrum:
        """The spectrum of A to its own rounding, by CholeskyQR2 of A'U."""
        eigenvalues, left = self._eigh
        size = np.sqrt(np.maximum(eigenvalues, rank_tolerance(len(left)) * eigenvalues[0]))
        size[size == 0.0] = 1.0
        nearly_orthonormal = (left / size).T @ self.A
        squares, vectors = np.linalg.eigh(nearly_orthonormal @ nearly_orthonormal.T)
        root = np.sqrt(np.maximum(squares, 0.0))[:, np.newaxis] * vectors.T
        # Columns that fall in size from the first to the last leave an SVD the digits of the small.
        right = np.linalg.svd(np.linalg.qr(root, mode="r") * size)[2]
        return self._spectrum(left @ right.T, 0.0, 0.0)

    @cached_property
    def _eigh(self) -> tuple[Floats, Floats]:
        """Eigenvalues of A A', the largest first, and eigenvectors."""
        eigenvalues, left = np.linalg.eigh(self.A @ self.A.T)
        return np.maximum(eigenvalues[::-1], 0.0), left[:, ::-1]

    def _spectrum(self, left: Floats, zero_below: float, error: float) -> Spectrum:
        """Return the spectrum of left singular vectors that are known to an error.

        The least loss is what the residual has along directions that no column has.
        """
        across = left.T @ self.A
        sigma = np.sqrt(np.einsum("ip,ip->i", across, across))
        seen = sigma > rank_tolerance(max(self.A.shape)) * float(sigma.max())
        if not seen.all():  # a copy takes longer than the product
            across, left, sigma = across[seen], left[:, seen], sigma[seen]
        across /= sigma[:, np.newaxis]
        rotated = left.T @ self.residual
        outside = self.residual - left @ rotated
        floor, eigenvalues = 0.5 * float(np.sum(outside**2)), sigma**2
        energy = 0.5 * np.sum(rotated**2, axis=1)
        # The least loss takes as much of other directions as left singular vectors are off.
        mixed = float(energy @ (error * eigenvalues.max(initial=0.0) / eigenvalues) ** 2)
        rounding = LOSS_ROUNDINGS * EPS**2 * self.squares + mixed + 2.0 * sqrt(floor * mixed)
        return Spectrum(
            start=self.start,
            eigenvalues=eigenvalues,
            rotated_residual=rotated,
            floor=floor,
            accuracy=Accuracy(self.squares, rounding, error=error, from_first=True),
            basis=across.T,
            zero_below=zero_below,
        )


class PenalisedFewRows:
    """The eigenbasis of the rows in their row space, as directions of all columns."""

    def __init__(self, rows: RowsInMemory, start: Floats) -> None:
        self._start, self._alpha, self._space = start, rows.alpha, RowSpace.of(rows)
        self._inside = CrossProductBasis(self._space.reduced, self._space.restrict(start))

    @cached_property
    def coarse(self) -> Spectrum:
        return self._lifted(self._inside.coarse)

    @cached_property
    def measured(self) -> Spectrum:
        return self._lifted(self._inside.measured)

    @cached_property
    def refined(self) -> Spectrum:
        return self._lifted(self._inside.refined)

    def _lifted(self, spectrum: Spectrum) -> Spectrum:
        """Return the spectrum of all columns, with what no row sees of the start: it decays."""
        basis = self._space.expand(spectrum.basis)
        lifted = replace(spectrum, start=self._start, basis=basis)
        directions, lengths = self._space.perpendicular(self._start)
        if not len(lengths):
            return lifted
        share, alpha = np.zeros(len(lengths)), self._alpha
        assert lifted.data_share is not None
        return replace(
            lifted,
            basis=np.concatenate([basis, directions], axis=1),
            eigenvalues=np.append(lifted.eigenvalues, share + alpha),
            rotated_residual=np.concatenate([lifted.rotated_residual, -sqrt(alpha) * lengths]),
            data_share=np.append(lifted.data_share, share),
        )
