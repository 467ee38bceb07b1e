"""Fits too large to decompose beside the textbook loop, sparse and dense.

``python -m benchmarks.large [--quick]``. The loop is not run to its end: its time is the median of
some updates, before and after the fit, times the updates made. The distance to the loop is that of
the coefficients after 30 updates. Further out, the iterate is compared with that of a fit of ten
times as many updates, which grows a larger Krylov space.
"""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, run, seconds
from sklearn_gd import GDLinearRegressor

ITERATIONS_TIMED, COMPARED, REPEATS = 15, 30, 3
# Updates, and how many times as long the loop must take.
BOUNDS = {"sparse": {1_000: 40, 10_000: 200}, "dense": {1_000: 5, 10_000: 18}}
SIZES = {"sparse": (200_000, 100_000, 100), "dense": (9_000, 8_000)}
QUICK_SIZES = {"sparse": (20_000, 10_000, 50), "dense": (1_500, 1_200)}


def sparse_rows(n: int, d: int, per_row: int) -> Any:
    """Return CSR rows with `per_row` non-zeros each, uniformly placed and positive, like counts.

    With values of both signs the eigenvalues fill an interval with a hard upper edge, and
    lr="auto" takes some 300 vectors for the largest of them.
    """
    rng = np.random.default_rng(0)
    indices = rng.integers(0, d, n * per_row, dtype=np.int32)
    X = sparse.csr_matrix(
        (rng.random(n * per_row), indices, np.arange(0, n * per_row + 1, per_row)), (n, d)
    )
    X.sum_duplicates()
    return X


def dense_rows(n: int, d: int) -> Any:
    return np.random.default_rng(0).standard_normal((n, d))


def update(X: Any, transposed: Any, y: Any, theta: Any, lr: float) -> None:
    """Make one update of the plain loop: two products, the transposed one on a view; no loss."""
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
    """Return the distance of the coefficients to the loop's after a few updates."""
    theta = np.zeros(1 + X.shape[1])
    for _ in range(COMPARED):
        update(X, X.T, y, theta, model.lr_)
    return distance(model.path_.coef(COMPARED), theta[1:])


def compare(X: Any, y: Any, max_iter: int) -> tuple[GDLinearRegressor, Row]:
    """Return the fitted model, and its time beside that of the loop."""
    model, loops, fits = GDLinearRegressor(max_iter=max_iter), updates_timed(X, y), []
    for _ in range(REPEATS):
        fits.append(seconds(lambda: model.fit(X, y)))
        loops += updates_timed(X, y)
    fit, each = statistics.median(fits), statistics.median(loops)
    bases = getattr(model.path_._descent.spectrum, "bases", ())
    row: Row = {"X": f"{X.shape[0]:,} x {X.shape[1]:,}", "updates made": f"{model.n_iter_:,}"}
    row |= {"fit, s": fit, "vectors": sum(basis.size for basis in bases) or None}
    row |= {"loop, ms an update": 1e3 * each, "loop, s, extrapolated": each * model.n_iter_}
    row |= {"loop / fit": each * model.n_iter_ / fit}
    return model, row | {f"distance to the loop at t = {COMPARED}": loop_distance(model, X, y)}


def measure(report: Report) -> None:
    rng = np.random.default_rng(1)
    for name, make in {"sparse": sparse_rows, "dense": dense_rows}.items():
        X = make(*(QUICK_SIZES if report.quick else SIZES)[name])
        y = X @ rng.standard_normal(X.shape[1]) + rng.standard_normal(X.shape[0])
        (few, first), (many, second) = (compare(X, y, T) for T in BOUNDS[name])
        away = distance(few.coef_, many.path_.coef(few.n_iter_))
        report.add(name, [first | {"distance to the larger space": away}, second])
        for row, (T, least) in zip((first, second), BOUNDS[name].items(), strict=True):
            nonzeros = f", {X.nnz / 1e6:.3g}M non-zeros" if name == "sparse" else ""
            what = f"plain loop of {T:,} updates / fit, {name} {row['X']}{nonzeros}"
            report.target(what, row["loop / fit"], at_least=least, headline=name == "sparse")


if __name__ == "__main__":
    run("large", __doc__, measure)
