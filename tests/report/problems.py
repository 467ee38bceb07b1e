"""Problems on which a fit has something to say: rows, targets and parameters of each by name."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

WIDE, NARROW = [1.0, 10.0, 100.0], [1.0, 1.0, 1.0]


def _rows(n=200, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, X @ np.arange(1.0, d + 1.0) + rng.standard_normal(n)


def _seconds(start, duration, step):
    """Times, and a target that rises by ten over their duration, with noise of 0.5."""
    t = start + np.arange(0.0, duration, step)
    noise = np.random.default_rng(1).standard_normal(len(t))
    return t[:, np.newaxis], 10.0 * (t - t.mean()) / duration + 0.5 * noise


def _sparse():
    rng = np.random.default_rng(2)
    X = sparse.random(500, 10, density=0.2, random_state=0, format="csr")
    X = (X @ sparse.diags(10.0 ** np.linspace(-1, 1.5, 10))).tocsr()
    return X, np.asarray(X.sum(axis=1)).ravel() + rng.standard_normal(500)


def _problems():
    raw, progress = load_diabetes(return_X_y=True, scaled=False)
    standard = StandardScaler().fit_transform(raw)
    yield "diabetes as shipped", load_diabetes(return_X_y=True)[0], progress, {}
    yield "diabetes raw", raw, progress, {}
    yield "diabetes raw float32", raw.astype(np.float32), progress, {}
    yield "diabetes raw, a rate of one's own", raw, progress, {"lr": 1e-5}
    yield "diabetes standardised", standard, progress, {"max_iter": 5}
    for lr in (1e-12, 1e-5, 1e-3):
        yield f"diabetes standardised, lr={lr}", standard, progress, {"lr": lr}
    X, y = _rows()
    for lr in (1e-12, 1e-3, 0.02):
        yield f"one scale, lr={lr}", X, y, {"lr": lr, "max_iter": 20}
    yield "momentum, low lr", X, y, {"lr": 1e-3, "momentum": 0.9, "max_iter": 100}
    nesterov = {"momentum": 0.9, "nesterovs_momentum": True}
    yield "Nesterov, low lr", X, y, {"lr": 1e-3, "max_iter": 50, **nesterov}
    yield "momentum, scales", X * WIDE, y, {"momentum": 0.9}
    yield "scales", X * WIDE, y, {}
    yield "scales, lr", X * WIDE, y, {"lr": 1e-4}
    yield "scales, weights", X * WIDE, y, {"sample_weight": np.linspace(0.0, 2.0, 200)}
    yield "scales, several targets", X * WIDE, np.column_stack([y, y - X[:, 1]]), {}
    yield "scales, penalty", X * WIDE, y, {"alpha": 0.1}
    yield "scales, penalty, low lr", X * WIDE, y, {"alpha": 0.1, "lr": 1e-9}
    yield "offset", X + 50.0, y, {}
    yield "large offset", X + 1e4, y, {}
    yield "offset of y", X * WIDE, y + 1e6, {}
    yield "tiny y", X * WIDE, 1e-9 * y, {}
    yield "no intercept", X * WIDE, y, {"fit_intercept": False}
    yield "no intercept, offset", X + 50.0, y, {"fit_intercept": False}
    yield "constant column", np.column_stack([X * WIDE, np.full(200, 100.0)]), y, {}
    constant = np.column_stack([X * WIDE, np.full(200, 100.0)])
    yield "constant column, no intercept", constant, y, {"fit_intercept": False}
    yield "duplicate columns", np.column_stack([X, X]) * (WIDE * 2), y, {}
    yield "sparse", *_sparse(), {}
    yield "sparse, no intercept", *_sparse(), {"fit_intercept": False}
    yield "sparse, low lr", *_sparse(), {"lr": 1e-6}
    yield "exact", np.arange(5.0)[:, np.newaxis], 4.0 * np.arange(5.0) + 3.0, {"max_iter": 30}
    exact = X @ np.arange(1.0, 4.0) + 1.0
    yield "exact, scales", X * WIDE, exact, {}
    yield "exact, low lr", X, exact, {"lr": 1e-4}
    yield "exact, float32", (X * WIDE).astype(np.float32), exact, {}
    yield "exact, offset of y", X * WIDE, exact + 1e6, {"max_iter": 130_000}
    pressures = 101325.0 + 5.0 * X[:, :1]
    yield "pressures", pressures, 2.0 * pressures[:, 0] - 202000.0 + X[:, 1], {}
    years = 1990.0 + np.arange(200) % 34
    mileage = 200_000.0 * np.random.default_rng(3).random(200)
    rows = np.column_stack([years, mileage]).astype(np.float32)
    yield "years and mileage float32", rows, 0.1 * years + y, {}
    centred = 1e6 * (X[:, :2] - X[:, :2].mean(axis=0))
    yield "two centred columns of 1e6", centred, 1e-6 * centred.sum(axis=1) + X[:, 2] + 5.0, {}
    small = 1e-9 * (X[:, :1] - X[:, :1].mean())
    yield "a centred column of 1e-9", small, 1e9 * small[:, 0] + X[:, 1], {}
    rng = np.random.default_rng(4)
    scales = 10.0 ** rng.uniform(-2, 2, 60)
    yield "wide", rng.standard_normal((20, 60)) * scales, rng.standard_normal(20), {}
    yield "krylov", X * WIDE, y, {"solver": "krylov"}
    yield "krylov, low lr", X, y, {"solver": "krylov", "lr": 1e-4}


def _lost():
    rng = np.random.default_rng(5)
    temperature = 20.0 + 5.0 * rng.standard_normal(300)
    noise = 0.5 * rng.standard_normal(300)
    stamps = 1.7e18 + 1e9 * np.arange(300.0)
    rows = np.column_stack([stamps, temperature])
    yield "nanoseconds and a temperature", rows, 3.0 * temperature + noise, {"x0", "x1"}
    ids = np.column_stack([4e9 + np.arange(300.0), temperature])
    yield "ids and a temperature", ids, 3.0 * temperature + noise, {"x0"}
    yield "a minute of epoch seconds at 10 Hz", *_seconds(1.7e9, 60.0, 0.1), {"x0"}
    yield "ten minutes of epoch seconds", *_seconds(1.7e9, 600.0, 2.0), {"x0"}
    yield "an hour of epoch seconds at 10 Hz", *_seconds(1.7e9, 3600.0, 0.1), {"x0"}


PROBLEMS = {name: (X, y, parameters) for name, X, y, parameters in _problems()}
# Columns too far apart in scale for float64, and the names of those.
LOST = {name: (X, y, columns) for name, X, y, columns in _lost()}


def floor_by_lstsq(X, y, *, sample_weight=None, fit_intercept=True, alpha=0.0):
    """The least possible loss, from least squares on standardised columns."""
    X = X.toarray() if sparse.issparse(X) else np.asarray(X, float)
    Y = np.asarray(y, float).reshape(len(X), -1)
    w = np.ones(len(X)) if sample_weight is None else sample_weight
    if fit_intercept:
        mean = w @ X / w.sum()
        X, Y = X - mean, Y - w @ Y / w.sum()
        X = np.where(np.abs(X).max(axis=0) > 1e-13 * np.abs(mean), X, 0.0)
    scale = np.sqrt(w @ X**2 / w.sum())
    scale[scale == 0] = 1.0
    root = np.sqrt(w / w.sum())[:, np.newaxis]
    A, b = X / scale * root, Y * root
    A = np.concatenate([A, np.diag(np.sqrt(alpha) / scale)])
    b = np.concatenate([b, np.zeros((len(scale), b.shape[1]))])
    return 0.5 * float(np.sum((A @ np.linalg.lstsq(A, b, rcond=1e-13)[0] - b) ** 2))
