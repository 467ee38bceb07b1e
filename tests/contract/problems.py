"""Small problems of condition 10 to 1e7, of every kind, and their descents in 60 digits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse

from contract.exact import ExactDescent
from helpers import from_singular_values
from sklearn_gd._data import RowsInMemory


@dataclass(frozen=True, eq=False)
class Case:
    """Rows as they are given, and what else a fit takes."""

    X: Any
    y: Any
    w: Any = None
    fit_intercept: bool = True
    alpha: float = 0.0

    @property
    def problem(self):
        return RowsInMemory(self.X, self.y[:, None], self.w, self.fit_intercept, self.alpha)

    @property
    def dense(self):
        return self.X.toarray() if sparse.issparse(self.X) else self.X

    @property
    def mean_square(self):
        return np.average(self.y**2, weights=self.w)


def _cases():
    rng = np.random.default_rng(7)
    n, d = 12, 5
    weights = rng.uniform(0.3, 3.0, n)

    def case(X, *, noise=0.5, **how):
        dense = X.toarray() if sparse.issparse(X) else X.astype(float)
        y = dense @ rng.standard_normal(X.shape[1]) + noise * rng.standard_normal(len(dense))
        return Case(X, y + 1.5 * how.get("fit_intercept", True), **how)

    for condition in (1e1, 1e3, 1e5, 1e7):
        X = 3.0 * from_singular_values(n, d, np.geomspace(1.0, 1.0 / condition, d))
        yield f"condition {condition:.0e}", case(X)
    random = rng.standard_normal((n, d))
    yield "condition 1e7, no intercept", case(X, fit_intercept=False)
    yield "condition 1e7, weighted", case(X, w=weights)
    yield "columns of all scales", case(random * np.geomspace(1e-3, 1e3, d))
    yield "offset", case(random + 1e3)
    yield "rank-deficient", case(random[:, [0, 1, 0, 1, 0]] * [1.0, 1.0, 2.0, -1.0, 0.5])
    yield "interpolating", case(random, noise=0.0)
    yield (
        "hardly any noise",
        case(3.0 * from_singular_values(n, d, np.geomspace(1, 1e-3, d)), noise=1e-6),
    )
    yield "wide", case(from_singular_values(4, 9, [3.0, 1.0, 0.1, 1e-3]))
    yield "wide, weighted", case(from_singular_values(4, 9, [3.0, 1.0, 0.1, 1e-5]), w=weights[:4])
    thin = random * (rng.random((n, d)) < 0.5) * np.geomspace(1.0, 1e-3, d)
    yield "sparse", case(sparse.csr_array(thin), w=weights)
    yield "sparse wide", case(sparse.csr_array(thin.T.copy()))
    yield "penalised", case(X, alpha=1e-4)
    yield "float32", case((random * np.geomspace(1.0, 1e-2, d)).astype(np.float32))


CASES = dict(_cases())


@cache
def exact(name):
    """The problem in 60 digits."""
    case = CASES[name]
    how = {"w": case.w, "fit_intercept": case.fit_intercept, "alpha": case.alpha}
    return ExactDescent(case.dense, case.y, **how)


@cache
def exact_iterate(name, rule, t):
    """theta_t and J_t as doubles."""
    return exact(name).theta(rule, t)
