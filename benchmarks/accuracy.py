"""The distance of a fit to exact arithmetic, by condition number and solver.

``python -m benchmarks.accuracy [--quick]`` compares coefficients and losses after 10**3, 10**6 and
10**9 updates with 80 decimal digits. The table has the largest error over the iterates 1, 10, 100
up to the stop, relative; losses without the rounding that every loss of float64 rows has. The
contract is 1e-10, or 4 roundings times the condition number of Z if that is more.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks import _exact
from benchmarks._harness import Report, Row, run
from sklearn_gd import GDLinearRegressor

CONDITIONS, QUICK_CONDITIONS = (1e1, 1e3, 1e5, 1e7), (1e1, 1e5)
UPDATES = (10**3, 10**6, 10**9)
SOLVERS = ("auto", "spectral", "krylov", "loop")
LONGEST_LOOP = 10**3
CONTRACT, ROUNDINGS = 1e-10, 4


def contract(X: Any) -> float:
    """Return the error that is promised."""
    condition = np.linalg.cond(_exact.design(X))
    return max(CONTRACT, ROUNDINGS * float(np.finfo(float).eps * condition))


def errors(X: Any, y: Any, max_iter: int, solver: str) -> Row:
    """Return the largest errors of one fit."""
    lr = 1.0 / _exact.largest_curvature(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = GDLinearRegressor(lr, max_iter=max_iter, solver=solver).fit(X, y).path_
    steps = _exact.asked(path.n_iter)
    thetas, losses = _exact.exact(X, y, lr, steps)
    row: Row = {"updates made": f"{path.n_iter:,}"}
    row |= {"coefficients": float(_exact.theta_error(path.parameters(steps), thetas).max())}
    return row | {"loss": float(_exact.loss_error(path.loss(steps), losses, y).max())}


def compare(condition: float) -> list[Row]:
    """Return one row for each solver and number of updates."""
    X, y = _exact.conditioned(condition)
    promised, rows = contract(X), []
    for max_iter in UPDATES:
        for solver in SOLVERS:
            if solver != "loop" or max_iter <= LONGEST_LOOP:
                row = {"condition": f"{condition:.0e}", "solver": solver, "T": f"{max_iter:,}"}
                found = row | errors(X, y, max_iter, solver)
                rows.append(found | {"contract": promised})
    return rows


def measure(report: Report) -> None:
    conditions = QUICK_CONDITIONS if report.quick else CONDITIONS
    rows = [row for condition in conditions for row in compare(condition)]
    report.add("distance to exact arithmetic", rows)
    worst = {what: max(r[what] / r["contract"] for r in rows) for what in ("coefficients", "loss")}
    what = "largest error / contract, condition 10 to 1e7, up to 10**9 updates"
    report.target(what, worst, at_most=1)


if __name__ == "__main__":
    run("accuracy", __doc__, measure)
