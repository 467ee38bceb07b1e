"""Problems of many kinds, small enough for a literal loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from helpers import from_singular_values, largest_curvature, literal_loop, regression
from sklearn_gd._data import RowsInMemory, zeros


@dataclass(frozen=True, eq=False)
class World:
    """A problem, its start, and its textbook loop."""

    X: Any
    y: Any
    w: Any = None
    fit_intercept: bool = True
    alpha: float = 0.0
    started: bool = False

    @property
    def problem(self):
        y = self.y.reshape(len(self.y), -1)
        return RowsInMemory(self.X, y, self.w, self.fit_intercept, self.alpha)

    @property
    def start(self):
        start = zeros(self.problem)
        return np.linspace(-2, 2, start.size).reshape(start.shape) if self.started else start

    @property
    def dense(self):
        return self.X.toarray() if sparse.issparse(self.X) else self.X

    @property
    def largest(self):
        return largest_curvature(self.dense, self.w, self.fit_intercept) + self.alpha

    def loop(self, rule, updates):
        """Thetas and losses of the literal loop."""
        return literal_loop(
            self.dense,
            self.y,
            rule.lr,
            updates,
            sample_weight=self.w,
            fit_intercept=self.fit_intercept,
            start=self.start,
            alpha=self.alpha,
            momentum=rule.momentum,
            nesterov=rule.nesterov,
        )


def _worlds():
    rng = np.random.default_rng(42)
    X, y = regression(n=40)
    many = regression(n=40, k=3)
    w = rng.uniform(0.2, 3.0, 40)
    thin = np.where(rng.random((40, 12)) < 0.4, rng.standard_normal((40, 12)), 0.0)
    wide = regression(n=8, d=20)
    yield "plain", World(X, y)
    yield "no intercept", World(X, y, fit_intercept=False)
    yield "several targets", World(*many)
    yield "weighted", World(X, y, w)
    yield "started", World(*many, started=True)
    yield "penalised, weighted, started", World(*many, w, alpha=0.3, started=True)
    yield "wide", World(*wide)
    yield "wide, weighted, started", World(*wide, w[:8], started=True)
    yield "wide, penalised, started", World(*wide, alpha=0.3, started=True)
    yield "sparse", World(sparse.csr_array(thin), many[1], w)
    yield "sparse, started", World(sparse.csc_array(thin), y, started=True, fit_intercept=False)
    yield "sparse, penalised", World(sparse.csr_array(thin), y, alpha=0.1)
    yield "sparse wide", World(sparse.csr_array(thin[:7]), y[:7])
    yield "float32", World(X.astype(np.float32), y)
    yield "one row", World(X[:1], y[:1])
    yield "one column", World(X[:, :1], y)
    yield "constant column", World(np.column_stack([X, np.ones(40)]), y)
    yield "duplicate columns", World(np.column_stack([X, X]), y)
    yield "zero column", World(np.column_stack([X, np.zeros(40)]), y)
    yield "nothing but zeros", World(np.zeros((5, 3)), np.zeros(5), fit_intercept=False)
    yield "constant target", World(X, np.full(40, 3.0))
    yield "zero target beside another", World(X, np.column_stack([np.zeros(40), y]))
    yield "interpolating", World(X, X @ np.arange(1.0, 5.0) + 2.0)
    yield "offset", World(X + 100.0, y + 1000.0)
    yield "scales", World(X * [1e-2, 1.0, 10.0, 100.0], y)
    decaying = from_singular_values(40, 12, 10.0 ** -np.linspace(0, 6, 12))
    yield "decaying", World(decaying, rng.random(40))
    yield (
        "summed of 60 columns",
        World(from_singular_values(90, 60, np.geomspace(9, 1, 60)), rng.random(90)),
    )


WORLDS = dict(_worlds())
