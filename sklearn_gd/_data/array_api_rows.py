"""Rows of another array library on its device; sums are copied to NumPy arrays."""

from dataclasses import dataclass
from typing import Any

from sklearn_gd._data.cross_products import Spread
from sklearn_gd._data.local_rows import LocalRows
from sklearn_gd._linalg import concat


@dataclass(frozen=True, eq=False)
class ArrayAPIRows(LocalRows):
    """n rows of features X (float32 or float64); targets y (n, k), weights in `device.floats`."""

    device: Any
    rounding: float  # the machine epsilon of the coefficients, which have the dtype of X
    alpha: float = 0.0

    is_sparse = False
    in_memory = False

    def block(self, rows: slice, standardise: Spread | None = None) -> Any:
        """Return diag(sqrt(w)) [1 X y] of some rows, X standardised if that is asked for."""
        xp, to_device = self.device.xp, self.device.to_device
        X, w = self.device.in_floats(self.X[rows, :]), self.sample_weight
        if standardise is not None:
            X = (X - to_device(standardise.mean)) / to_device(standardise.scale)
        block = concat(xp, [xp.ones_like(X[:, :1]), X, self.y[rows, :]])
        return block if w is None else block * xp.sqrt(w[rows])[:, None]
