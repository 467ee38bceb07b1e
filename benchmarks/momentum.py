"""The time of a fit with momentum beside that of plain descent.

``python -m benchmarks.momentum [--quick]``: at most a million updates without ``tol``. The loss is
not convex in t with momentum, so that a stop is found by a scan. The distance is that of the
coefficients after 100 updates to those of the literal loop, relative.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks._harness import Report, Row, interleaved, medians, run
from benchmarks._machine import limited
from benchmarks.fit import problem
from sklearn_gd import GDLinearRegressor

SHAPE, QUICK_SHAPE, REPEATS = (20_000, 10), (2_000, 10), 7
UPDATES, COMPARED, MOMENTUM = 10**6, 100, 0.9
# The scale of the last column, when that of the first is 1, and whether y depends on all columns
# alike, so that the slow ones keep the loss far above its floor.
CASES = {"stationary": (0.1, False), "all updates": (1e-5, False), "unfinished": (1e-5, True)}
# A task that has taken so many seconds is not repeated.
PATIENCE = 3.0
RULES = {"plain": (0.0, False), "heavy ball": (MOMENTUM, False), "Nesterov": (MOMENTUM, True)}


def loop(X: Any, y: Any, model: GDLinearRegressor, updates: int) -> Any:
    """Return the coefficients of the literal loop."""
    Z = np.column_stack([np.ones(len(X)), X])
    theta, velocity, beta = np.zeros(Z.shape[1]), np.zeros(Z.shape[1]), model.momentum
    for _ in range(updates):
        change = model.lr_ / len(y) * (Z.T @ (Z @ theta - y))
        velocity = beta * velocity - change
        theta = theta + (beta * velocity - change if model.nesterovs_momentum else velocity)
    return theta[1:]


def data(n: int, d: int, smallest: float, on_all: bool) -> tuple[Any, Any]:
    """Return X with columns of falling scale, and y."""
    X, y = problem(n, d, smallest)
    return X, (X / X.std(axis=0)).sum(axis=1) + 0.1 * y if on_all else y


def compare(X: Any, y: Any, repeats: int) -> list[Row]:
    """Return one row for each rule, then the literal loop's extrapolated time."""
    models = {
        name: GDLinearRegressor(max_iter=UPDATES, momentum=beta, nesterovs_momentum=nesterov)
        for name, (beta, nesterov) in RULES.items()
    }
    tasks: dict[str, Any] = {name: partial(model.fit, X, y) for name, model in models.items()}
    tasks["loop"] = lambda: loop(X, y, models["heavy ball"], COMPARED)
    took, rows = medians(interleaved(tasks, repeats, PATIENCE)), []
    for name, model in models.items():
        walked = loop(X, y, model, COMPARED)
        off = np.linalg.norm(model.path_.coef(COMPARED) - walked) / np.linalg.norm(walked)
        row: Row = {"rule": name, "updates made": f"{model.n_iter_:,}", "seconds": took[name]}
        rows.append(row | {"/ plain": took[name] / took["plain"], "distance": float(off)})
    total = took["loop"] * UPDATES / COMPARED
    literal = {"rule": "literal loop, extrapolated", "updates made": f"{UPDATES:,}"}
    return [*rows, literal | {"seconds": total, "/ plain": total / took["plain"]}]


def measure(report: Report) -> None:
    n, d = QUICK_SHAPE if report.quick else SHAPE
    ratios = {}
    for case, kind in CASES.items():
        with limited(1):
            rows = compare(*data(n, d, *kind), REPEATS)
        report.add(f"max_iter={UPDATES:,}, {n:,} x {d}, {case}", rows)
        ratios |= {f"{r['rule']}, {case}": r["/ plain"] for r in rows[1:3]}
    what = f"fit with momentum / plain descent's, {UPDATES:,} updates without tol, {n:,} x {d}"
    report.target(what, ratios, at_most=20)


if __name__ == "__main__":
    run("momentum", __doc__, measure)
