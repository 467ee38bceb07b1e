"""Fits too large to decompose against the textbook loop: DESIGN section 6, sparse and dense.

Run as ``python -m benchmarks.large [sparse] [dense] [--quick]``. The loop is not run to its end:
its time is the median of some iterations, those before and after the fit, times the updates made.
The distance to it is that of the coefficients after 30 updates; further out, a fit of ten times as
many updates, which grows a larger basis, is asked for the same iterate.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, options, seconds
from sklearn_gd import GDLinearRegressor

ITERATIONS_TIMED = 15
COMPARED = 30
TARGETS = {
    ("sparse", 1_000): 40,
    ("sparse", 10_000): 200,
    ("dense", 1_000): 5,
    ("dense", 10_000): 18,
}
FULL = {"sparse": "sparse 200000 x 100000", "dense": "dense 9000 x 8000"}
UPDATES = (1_000, 10_000)


def sparse_rows(n: int = 200_000, d: int = 100_000, per_row: int = 100) -> Any:
    """CSR with `per_row` uniformly placed non-zeros in each row, positive as counts are.

    With values of both signs the curvatures fill an interval with a hard upper edge, and lr="auto"
    pays for its digits: the largest one alone then takes some 300 vectors.
    """
    rng = np.random.default_rng(0)
    indices = rng.integers(0, d, n * per_row, dtype=np.int32)
    X = sparse.csr_matrix(
        (rng.random(n * per_row), indices, np.arange(0, n * per_row + 1, per_row)), (n, d)
    )
    X.sum_duplicates()
    return X


def dense_rows(n: int = 9_000, d: int = 8_000) -> Any:
    return np.random.default_rng(0).standard_normal((n, d))


def update(X: Any, transposed: Any, y: Any, theta: Any, lr: float) -> None:
    """One of the plain loop's: two products, the transposed one on a view; no loss."""
    residual = X @ theta[1:]
    residual += theta[0]
    residual -= y
    theta[1:] -= lr / len(y) * (transposed @ residual)
    theta[0] -= lr / len(y) * residual.sum()


def updates_timed(X: Any, y: Any) -> list[float]:
    theta, transposed = np.zeros(1 + X.shape[1]), X.T
    return [seconds(lambda: update(X, transposed, y, theta, 0.0)) for _ in range(ITERATIONS_TIMED)]


def distance(coef: Any, expected: Any) -> float:
    return float(np.linalg.norm(coef - expected) / np.linalg.norm(expected))


def loop_distance(model: GDLinearRegressor, X: Any, y: Any) -> float:
    """Of the coefficients after a few updates, to the loop's."""
    theta = np.zeros(1 + X.shape[1])
    for _ in range(COMPARED):
        update(X, X.T, y, theta, model.lr_)
    return distance(model.path_.coef(COMPARED), theta[1:])


def compare(name: str, X: Any, repeats: int) -> list[Row]:
    rng = np.random.default_rng(1)
    y = X @ rng.standard_normal(X.shape[1]) + rng.standard_normal(X.shape[0])
    rows, models = [], {T: GDLinearRegressor(max_iter=T) for T in UPDATES}
    for model in models.values():
        loops, fits = updates_timed(X, y), []
        for _ in range(repeats):
            fits.append(seconds(lambda m=model: m.fit(X, y)))
            loops += updates_timed(X, y)
        fit, each = statistics.median(fits), statistics.median(loops)
        pieces = getattr(model.path_._descent, "pieces", ())
        rows.append(
            {
                "X": f"{name} {X.shape[0]} x {X.shape[1]}",
                "updates made": model.n_iter_,
                "fit, s": fit,
                "vectors": sum(piece.spectrum.curvature.size for piece in pieces) or None,
                "loop, ms an update": 1e3 * each,
                "loop, s extrapolated": each * model.n_iter_,
                "times faster": each * model.n_iter_ / fit,
                f"distance to the loop at t = {COMPARED}": loop_distance(model, X, y),
            }
        )
    few, many = models.values()
    further = GDLinearRegressor(few.lr_, max_iter=few.n_iter_ * 10).fit(X, y)
    rows[0]["distance to a larger basis"] = distance(few.coef_, further.path_.coef(few.n_iter_))
    rows[1]["distance to a larger basis"] = None
    return rows


def draw(axes: Any, report: Report) -> None:
    rows = [row for rows in report.tables.values() for row in rows]
    names = [f"{r['X']}, {r['updates made']:,} updates" for r in rows]
    axes.barh(names, [r["loop, s extrapolated"] for r in rows], label="plain loop, extrapolated")
    axes.barh(names, [r["fit, s"] for r in rows], height=0.4, label="sklearn_gd")
    axes.set(xlabel="seconds", xscale="log")
    axes.legend()


def main(chosen: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    report, quick = Report("large", chosen.quick), chosen.quick
    cases = {"sparse": sparse_rows, "dense": dense_rows}
    sizes = {"sparse": (20_000, 10_000, 50), "dense": (1_500, 1_200)} if quick else {}
    for name in chosen.cases or cases:
        X = cases[name](*sizes.get(name, ()))
        rows = report.add(name, compare(name, X, 3))
        for T, row in zip(UPDATES, rows, strict=True):
            what = f"times faster than the plain loop, {FULL[name]}, T = {T:,}"
            measured = None if quick else row["times faster"]
            report.target(what, TARGETS[name, T], measured, least=True)
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__, lambda p: p.add_argument("cases", nargs="*", help="sparse, dense")))
