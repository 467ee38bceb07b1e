"""Fits too large to decompose against the textbook loop: DESIGN section 6, sparse and dense.

Run as ``python -m benchmarks.large [sparse] [dense]``. The loop is not run to its end: its time is
the median of some iterations times the number of updates, and the table says so.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_gd import GDLinearRegressor

ITERATIONS_TIMED = 15
TARGETS = {
    ("sparse", 1_000): 40,
    ("sparse", 10_000): 200,
    ("dense", 1_000): 5,
    ("dense", 10_000): 18,
}


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


def seconds_per_update(X: Any, y: Any, lr: float) -> float:
    theta, taken = np.zeros(1 + X.shape[1]), []
    for _ in range(ITERATIONS_TIMED):
        begin = time.perf_counter()
        update(X, X.T, y, theta, lr)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def relative_error(model: GDLinearRegressor, X: Any, y: Any, updates: int = 30) -> float:
    """Of the coefficients after a few updates, against the loop's."""
    theta = np.zeros(1 + X.shape[1])
    for _ in range(updates):
        update(X, X.T, y, theta, model.lr_)
    theta = theta[1:]
    return float(np.linalg.norm(model.path_.coef(updates) - theta) / np.linalg.norm(theta))


def run(name: str, make: Callable[[], Any]) -> None:
    X = make()
    rng = np.random.default_rng(1)
    y = X @ rng.standard_normal(X.shape[1]) + rng.standard_normal(X.shape[0])
    for max_iter in (1_000, 10_000):
        model = GDLinearRegressor(max_iter=max_iter)
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
        fit = time.perf_counter() - begin
        each = seconds_per_update(X, y, model.lr_)
        pieces = getattr(model.path_._descent, "pieces", ())
        vectors = sum(piece.spectrum.curvature.size for piece in pieces)
        print(
            f"{name:>7} {X.shape[0]} x {X.shape[1]}, {model.n_iter_:,} updates "
            f"({model.stop_reason_}): fit {fit:.2f} s with {vectors} vectors; loop "
            f"{1e3 * each:.1f} ms an update, {each * model.n_iter_:.0f} s extrapolated: "
            f"{each * model.n_iter_ / fit:.1f} x (target {TARGETS[name, max_iter]} x at "
            f"{max_iter:,}); distance to the loop at t = 30: {relative_error(model, X, y):.1e}",
            flush=True,
        )


def main() -> None:
    chosen = sys.argv[1:] or ["sparse", "dense"]
    if "sparse" in chosen:
        run("sparse", sparse_rows)
    if "dense" in chosen:
        run("dense", dense_rows)


if __name__ == "__main__":
    main()
