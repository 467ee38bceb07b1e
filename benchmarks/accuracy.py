"""The distance of a fit to exact arithmetic, by condition number and solver.

``python -m benchmarks.accuracy [--quick]`` compares coefficients and losses after 10**3, 10**6 and
10**9 updates with 80 decimal digits. The table has the largest error over the iterates 1, 10, 100
up to the stop, relative; losses without the rounding that every loss of float64 rows has. The
contract is 1e-10, or 4 eps times the condition number of Z if that is more.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from benchmarks._harness import Report, Row, run
from sklearn_gd import GDLinearRegressor

Floats = NDArray[np.float64]

CONDITIONS, QUICK_CONDITIONS = (1e1, 1e3, 1e5, 1e7), (1e1, 1e5)
UPDATES = (10**3, 10**6, 10**9)
SOLVERS = ("auto", "spectral", "krylov", "loop")
LONGEST_LOOP = 10**3
CONTRACT, EPS = 1e-10, float(np.finfo(float).eps)
# Decimal digits of the truth; an eigenvalue of H below FLAT is zero to these digits.
DIGITS, FLAT = 80, 1e-60
# A loss of float64 rows is off by up to so many roundings of each prediction, added like roots.
LOSS_ROUNDINGS = 4


def conditioned(condition: float, n: int = 40, d: int = 6) -> tuple[Floats, Floats]:
    """Return X and y: eigenvalues of X'X / n fall from 1 to 1 / `condition` ** 2."""
    rng = np.random.default_rng(7)
    left = np.linalg.qr(rng.standard_normal((n, d)))[0]
    right = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = (np.sqrt(n) * left * np.geomspace(1, 1 / condition, d)) @ right.T
    return X, left.sum(axis=1) + 0.1 * rng.standard_normal(n)


def exact(Z: Floats, y: Floats, lr: float, steps: list[int]) -> tuple[Floats, Floats]:
    """Return parameters (t, p) and losses (t,) of the descent from zeros."""
    import mpmath

    with mpmath.workdps(DIGITS):
        rows, target, rate = mpmath.matrix(Z.tolist()), mpmath.matrix(y.tolist()), mpmath.mpf(lr)
        eigenvalues, basis = mpmath.eigsy(rows.T * rows / len(y))
        slope = basis.T * (rows.T * target) / len(y)
        thetas, losses = [], []
        for t in steps:
            along = [
                slope[i] * (rate * t if abs(c) < FLAT else (1 - (1 - rate * c) ** t) / c)
                for i, c in enumerate(eigenvalues)
            ]
            theta = basis * mpmath.matrix(along)
            residual = rows * theta - target
            thetas.append([float(v) for v in theta])
            losses.append(float(mpmath.fsum(v * v for v in residual) / (2 * len(y))))
    return np.array(thetas), np.array(losses)


def loss_error(actual: Floats, expected: Floats, y: Floats) -> float:
    """Return the largest relative error, less the rounding of y and of the predictions."""
    n, squares = len(y), float(y @ y)
    noise = (8 * EPS) ** 2 * squares + LOSS_ROUNDINGS * EPS / n * np.sqrt(2 * squares * expected)
    return float((np.maximum(np.abs(actual - expected) - noise, 0.0) / expected).max())


def errors(X: Floats, y: Floats, max_iter: int, solver: str) -> Row:
    """Return the largest errors of one fit."""
    Z = np.column_stack([np.ones(len(X)), X])
    lr = len(y) / float(np.linalg.norm(Z, 2) ** 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = GDLinearRegressor(lr, max_iter=max_iter, solver=solver).fit(X, y).path_
    last = path.n_iter
    steps = sorted({10**k for k in range(len(str(last))) if 10**k <= last} | {last})
    thetas, losses = exact(Z, y, lr, steps)
    off = np.linalg.norm(path.parameters(steps) - thetas, axis=1)
    row: Row = {"updates made": f"{last:,}"}
    row |= {"coefficients": float((off / np.linalg.norm(thetas, axis=1)).max())}
    promised = max(CONTRACT, 4 * EPS * float(np.linalg.cond(Z)))
    return row | {"loss": loss_error(path.loss(steps), losses, y), "contract": promised}


def measure(report: Report) -> None:
    rows = []
    for condition in QUICK_CONDITIONS if report.quick else CONDITIONS:
        X, y = conditioned(condition)
        for max_iter in UPDATES:
            for solver in SOLVERS:
                if solver != "loop" or max_iter <= LONGEST_LOOP:
                    case = {"condition": f"{condition:.0e}", "solver": solver, "T": f"{max_iter:,}"}
                    rows.append(case | errors(X, y, max_iter, solver))
    report.add("distance to exact arithmetic", rows)
    worst = {what: max(r[what] / r["contract"] for r in rows) for what in ("coefficients", "loss")}
    what = "largest error / contract, condition 10 to 1e7, up to 10**9 updates"
    report.target(what, worst, at_most=1)


if __name__ == "__main__":
    run("accuracy", __doc__, measure)
