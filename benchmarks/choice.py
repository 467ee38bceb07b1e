"""The time of ``solver="auto"`` over that of the fastest solver.

``python -m benchmarks.choice [--quick]`` takes shapes that are drawn at random, dense and sparse,
with columns of one scale and of falling scales, and few or many updates. The rule was not changed
after a look at them; another seed draws others. Times are those of the numerics alone, the choice
included, with one BLAS thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, interleaved, medians, run, seconds
from benchmarks._machine import limited
from sklearn_gd._data import RowsInMemory, zeros
from sklearn_gd._solvers import DescentOptions, select_solver, solve

# (n, d, share of non-zeros; None: dense)
Shape = tuple[int, int, float | None]
# Which shapes are drawn, and how many of each kind.
SEED, N_DENSE, N_SPARSE = 20261201, 9, 5
# Rows, columns, numbers of X and shares of non-zeros lie between these, evenly by their logarithms.
ROWS, COLUMNS, NUMBERS = (50, 100_000), (5, 10_000), (2_000, 5_000_000)
MOST_SPARSE_NUMBERS, DENSITIES = 50_000_000, (0.001, 0.1)
QUICK_SHAPES: list[Shape] = [(130, 7, None), (260, 180, None), (400, 300, 0.02)]
# Columns of scale j ** -decay: 1.5 over hundreds of columns is a condition number of about 1e4.
DECAYS = (0.0, 0.5, 1.5)
UPDATES = (20, 1_000, 100_000)
SOLVERS = ("spectral", "krylov", "loop")
# The loop is not tried for more updates, nor a decomposition of more columns: both take long.
LONGEST_LOOP, MOST_COLUMNS = 1_000, 2_000
# A solver whose first run takes so many times as long as the fastest is not timed again.
HOPELESS = 5.0
AUTO, ROUNDS = "auto", 3


def drawn_shapes() -> list[Shape]:
    """Return random shapes, dense ones first."""
    rng = np.random.default_rng(SEED)

    def drawn(low: float, high: float) -> float:
        return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.2g}")

    shapes: list[Shape] = []
    while len(shapes) < N_DENSE + N_SPARSE:
        is_sparse = len(shapes) >= N_DENSE
        n, d = int(drawn(*ROWS)), int(drawn(*COLUMNS))
        most = MOST_SPARSE_NUMBERS if is_sparse else NUMBERS[1]
        if NUMBERS[0] <= n * d <= most:
            shapes.append((n, d, drawn(*DENSITIES) if is_sparse else None))
    return shapes


def rows_of(n: int, d: int, density: float | None, decay: float) -> tuple[Any, Any]:
    """Return X with columns of falling scale and a noisy linear target."""
    rng = np.random.default_rng(0)
    scales = np.arange(1, d + 1) ** -decay
    X: Any
    if density is None:
        X = rng.standard_normal((n, d)) * scales
    else:
        X = sparse.random(n, d, density, format="csr", random_state=0) @ sparse.diags(scales)
        X = sparse.csr_matrix(X)
    return X, X @ rng.standard_normal(d) + rng.standard_normal(n)


def descend(X: Any, y: Any, options: DescentOptions, solver: str) -> None:
    """Solve a fresh problem: an old one keeps its cross-products."""
    problem = RowsInMemory(X, y[:, np.newaxis], None, True)
    solve(problem, zeros(problem), options, solver)


def candidates(n: int, d: int, max_iter: int, is_sparse: bool) -> Iterator[str]:
    """Yield the solvers that are tried."""
    for solver in SOLVERS:
        side = d if is_sparse else min(n, d)
        if solver == "krylov" or (
            max_iter <= LONGEST_LOOP if solver == "loop" else side <= MOST_COLUMNS
        ):
            yield solver


def timed(shape: Shape, decay: float, max_iter: int) -> Row:
    """Return the seconds of each solver and the ratio of "auto" to the fastest."""
    n, d, density = shape
    X, y = rows_of(n, d, density, decay)
    options = DescentOptions(max_iter=max_iter)
    tasks: dict[str, Callable[[], object]] = {
        solver: partial(descend, X, y, options, solver)
        for solver in (*candidates(n, d, max_iter, density is not None), AUTO)
    }
    first = {name: seconds(task) for name, task in tasks.items()}
    limit = HOPELESS * min(first.values())
    near = {name: task for name, task in tasks.items() if first[name] <= limit or name == AUTO}
    took = first | medians(interleaved(near, ROUNDS, patience=2.0))
    best = min((s for s in took if s != AUTO), key=lambda s: took[s])
    size = f"{n:,} x {d:,}" + ("" if density is None else f", {density:.1%} non-zeros")
    row: Row = {"shape": size, "decay": decay, "updates": f"{max_iter:,}"}
    row |= {solver: took.get(solver) for solver in SOLVERS}
    name, most = select_solver(RowsInMemory(X, y[:, np.newaxis], None, True), max_iter, 0.0)
    picked = name if most is None else f"{name} up to {most}"
    ratio = took[AUTO] / took[best]
    return row | {"tries": picked, "fastest": best, "auto, s": took[AUTO], "auto / fastest": ratio}


def measure(report: Report) -> None:
    shapes = QUICK_SHAPES if report.quick else drawn_shapes()
    with limited(1):
        timed((50, 5, None), 0.0, 20)  # the first run in a process is slow
        rows = [timed(s, decay, T) for s in shapes for decay in DECAYS for T in UPDATES]
    rows.sort(key=lambda row: -row["auto / fastest"])
    report.add(f"worst of {len(rows)} cases", rows[:12])
    ratios = np.array([row["auto / fastest"] for row in rows])
    shares = {f"within {k} x": f"{np.mean(ratios <= k):.1%}" for k in (1.5, 2, 4)}
    report.add("share of cases", [shares | {"median": float(np.median(ratios))}])
    what = f'share of {len(rows)} cases in which solver="auto" / fastest solver is at most'
    report.target(f"{what} 2", float(np.mean(ratios <= 2)), at_least=0.95)
    report.target(f"{what} 4", float(np.mean(ratios <= 4)), at_least=1.0)


if __name__ == "__main__":
    run("choice", __doc__, measure)
