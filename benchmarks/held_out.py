"""The time of a curve of 1001 held-out losses beside ``staged_predict``.

``python -m benchmarks.held_out [--quick]``. ``path_.loss(t, X, y)`` writes the held-out rows in the
eigenbasis once; ``staged_predict`` predicts them for every iterate, and is extrapolated from a few.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from benchmarks._harness import Report, Row, interleaved, medians, run
from benchmarks._machine import limited
from benchmarks.fit import problem
from sklearn_gd import GDLinearRegressor

SHAPE, QUICK_SHAPE, REPEATS = (100_000, 50), (10_000, 20), 5
VALUES, STAGED = 1001, 20
CURVE, PREDICTIONS = "path_.loss(t, X, y)", "staged_predict, extrapolated"


def staged_losses(model: GDLinearRegressor, X: Any, y: Any) -> list[float]:
    """Return the first held-out losses, from predictions."""
    stages = islice(model.staged_predict(X), STAGED)
    return [float(np.mean((predicted - y) ** 2)) / 2 for predicted in stages]


def compare(n: int, d: int, repeats: int) -> list[Row]:
    """Return the times of both, of one prediction and of one product of the rows."""
    X, y = problem(2 * n, d)
    model, t = GDLinearRegressor(max_iter=VALUES - 1).fit(X[:n], y[:n]), np.arange(VALUES)
    X, y = X[n:].copy(), y[n:].copy()
    tasks = {
        CURVE: lambda: model.path_.loss(t, X, y),
        PREDICTIONS: lambda: staged_losses(model, X, y),
        "one predict(X)": lambda: model.predict(X),
        "one X.T @ X": lambda: X.T @ X,
    }
    took = medians(interleaved(tasks, repeats))
    took[PREDICTIONS] *= VALUES / STAGED
    rows: list[Row] = [
        {"what": k, "seconds": s, "/ curve": s / took[CURVE]} for k, s in took.items()
    ]
    known = np.array(staged_losses(model, X, y))
    off = np.abs(model.path_.loss(t[:STAGED], X, y) / known - 1).max()
    return [rows[0] | {"largest relative difference": float(off)}, *rows[1:]]


def measure(report: Report) -> None:
    n, d = QUICK_SHAPE if report.quick else SHAPE
    with limited(1):
        rows = report.add(f"{VALUES:,} held-out losses, {n:,} x {d}", compare(n, d, REPEATS))
    what = f"{VALUES:,} losses by staged_predict / by path_.loss, {n:,} x {d}"
    report.target(what, rows[1]["/ curve"])


if __name__ == "__main__":
    run("held_out", __doc__, measure)
