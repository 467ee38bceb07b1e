"""The problem of wide X in an orthonormal basis of its row space."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_gd._data.in_memory import RowsInMemory
from sklearn_gd._linalg import EPS, Floats

# A part of a start outside the row space counts as zero below this many roundings of the start.
PERPENDICULAR_ROUNDINGS = 64


@dataclass(frozen=True, eq=False)
class RowSpace:
    """X = reduced.X Q', so that coef = Q (Q' coef) + a part that is orthogonal to all rows."""

    reduced: RowsInMemory
    Q: Floats  # (d, n), orthonormal columns

    @classmethod
    def of(cls, rows: RowsInMemory) -> RowSpace:
        Q, R = np.linalg.qr(rows.X.T.astype(np.float64, copy=False))
        return cls(replace(rows, X=np.ascontiguousarray(R.T)), Q)

    def restrict(self, theta: Floats) -> Floats:
        """Return parameters (p, k) in the basis, the intercept as it is."""
        first = int(self.reduced.fit_intercept)
        return np.concatenate([theta[:first], self.Q.T @ theta[first:]])

    def expand(self, basis: Floats) -> Floats:
        """Return directions (1 + n, r) of the reduced problem as directions (p, r)."""
        first = int(self.reduced.fit_intercept)
        return np.concatenate([basis[:first], self.Q @ basis[first:]])

    def perpendicular(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return directions (p, m) and lengths (m, k) of the part orthogonal to all rows."""
        outside = theta - self.expand(self.restrict(theta))
        outside -= self.expand(self.restrict(outside))
        directions, lengths = np.linalg.qr(outside)
        size = np.linalg.norm(lengths, axis=1)
        nonzero = size > PERPENDICULAR_ROUNDINGS * EPS * np.linalg.norm(theta)
        return directions[:, nonzero], lengths[nonzero]
