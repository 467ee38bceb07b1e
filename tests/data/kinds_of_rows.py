"""The same rows, targets and weights in every container that `_data` knows, and as plain NumPy."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_gd._data import ArrayAPIRows, RowsInMemory, SummedRows

KINDS = ["C", "F", "strided", "float32", "CSR", "CSC", "strict", "strict float32", "summed"]
N, D, K = 30, 5, 2
_RNG = np.random.default_rng(0)
# Sparse, and exact in float32, so that all kinds hold the same numbers.
X = (_RNG.standard_normal((N, D)) * (_RNG.random((N, D)) < 0.6)).astype(np.float32).astype(float)
Y = _RNG.standard_normal((N, K)) + X @ _RNG.standard_normal((D, K))
WEIGHTS = _RNG.uniform(0.5, 2.0, N)


def rows_of(kind, X=X, Y=Y, w=WEIGHTS, fit_intercept=True, alpha=0.0):
    """The problem in this container."""
    if kind.startswith("strict"):
        return _strict_rows(kind, X, Y, w, fit_intercept, alpha)
    if kind == "summed":
        products = RowsInMemory(X, Y, w, fit_intercept).cross_products()
        return SummedRows(products, fit_intercept, np.finfo(float).eps, alpha)
    containers = {
        "C": np.ascontiguousarray,
        "F": np.asfortranarray,
        "strided": lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
        "float32": lambda X: X.astype(np.float32),
        "CSR": sparse.csr_array,
        "CSC": sparse.csc_array,
    }
    return RowsInMemory(containers[kind](X), Y, w, fit_intercept, alpha)


def _strict_rows(kind, X, Y, w, fit_intercept, alpha):
    import array_api_strict as xp

    from sklearn_gd._estimator.array_api import Device

    device = Device(xp, xp.Device("device1"))
    dtype = xp.float32 if "float32" in kind else xp.float64
    there = xp.asarray(X, dtype=dtype, device=device.device)
    y, w = device.to_device(Y), None if w is None else device.to_device(w)
    return ArrayAPIRows(there, y, w, fit_intercept, device, float(xp.finfo(dtype).eps), alpha)


class PlainProblem:
    """Z, y, w, H, b and J written out."""

    def __init__(self, X=X, Y=Y, w=WEIGHTS, fit_intercept=True, alpha=0.0):
        self.Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
        self.Y = Y
        self.w = np.ones(len(X)) if w is None else w
        self.penalty = np.full((self.Z.shape[1], 1), alpha)
        self.penalty[: int(fit_intercept)] = 0.0
        root = np.sqrt(self.w / self.w.sum())[:, None]
        self.A = np.vstack([root * self.Z, np.diag(np.sqrt(self.penalty[:, 0]))])
        self.b = np.vstack([root * Y, np.zeros((self.Z.shape[1], Y.shape[1]))])

    def loss(self, theta):
        return 0.5 * np.sum((self.A @ theta - self.b) ** 2)

    def gradient(self, theta):
        return self.A.T @ (self.A @ theta - self.b)
