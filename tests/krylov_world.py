"""A small least-squares problem with every matrix of the textbook at hand, for laws of spaces."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_gd._descent.bidiagonal import Bidiagonalisation
from sklearn_gd._descent.lanczos import Tridiagonalisation
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.scaled import ScaledRows

KINDS = ["rows", "sparse", "wide", "wide sparse", "moments"]


class World:
    """Rows of some kind with two targets and weights, and their A, b and H."""

    def __init__(self, kind, n=None, p=None):
        rng = np.random.default_rng(len(kind))
        n, p = n or (12 if "wide" in kind else 40), p or (30 if "wide" in kind else 14)
        X = rng.standard_normal((n, p)) * np.arange(1, p + 1) ** -0.5
        X[rng.random((n, p)) < 0.3] = 0.0
        y = rng.standard_normal((n, 2)) + X @ rng.standard_normal((p, 2))
        self.set_up(kind, X, y, rng.uniform(0.5, 2.0, n))

    def set_up(self, kind, X, y, weight, intercept=True):
        n, k = y.shape
        data = sparse.csr_matrix(X) if "sparse" in kind else X
        self.rows = RowsInMemory(data, y, weight, intercept)
        root = np.sqrt(weight / weight.sum())[:, None]
        self.A, self.b = root * (np.column_stack([np.ones(n), X]) if intercept else X), root * y
        self.H = self.A.T @ self.A
        self.start = np.linspace(-1, 1, self.A.shape[1] * k).reshape(-1, k)
        self.residual = self.b - self.A @ self.start

    def space(self, kind):
        if kind == "moments":
            return Tridiagonalisation(moments_of(self.rows), self.start, self.rows.fit_intercept)
        side = ScaledRows(self.rows)
        return Bidiagonalisation(side, side.residual_at(self.start), side.sizes(self.start))

    def iterate(self, j, lr, t):
        """theta_t - theta_0 by t textbook updates."""
        theta, pull = np.zeros(len(self.H)), self.A.T @ self.residual[:, j]
        for _ in range(t):
            theta = theta - lr * (self.H @ theta - pull)
        return theta


def vectors(basis, m):
    """The first m as columns."""
    return basis.lift(np.eye(m)).T
