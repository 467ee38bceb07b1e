"""Time each engine over a grid of shapes, and see what the rule of choice picked.

Run as ``python -m benchmarks.choice``; ``--fresh`` takes shapes that had no part in the rule,
``--quick`` leaves out the shapes that take minutes, and
``--patience 1`` engines that the rule itself expects to take longer than a second. The constants of
the rule were solved for from such times with one BLAS thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, options
from sklearn_gd._descent import choice, solve
from sklearn_gd._descent.problem import RowsInMemory

# (n, d, density or None for dense, decay of the column scales)
SHAPES: list[tuple[int, int, float | None]] = [
    (100, 3, None),
    (442, 10, None),
    (20_640, 8, None),
    (100_000, 50, None),
    (20_000, 200, None),
    (500, 300, None),
    (5_000, 500, None),
    (20_000, 1_000, None),
    (3_000, 2_000, None),
    (200, 1_000, None),
    (500, 4_000, None),
    (50, 20_000, None),
    (2_000, 500, 0.01),
    (20_000, 1_000, 0.01),
    (200_000, 200, 0.05),
    (20_000, 3_000, 0.002),
    (2_000, 20_000, 0.002),
]
SLOW: list[tuple[int, int, float | None]] = [(10_000, 3_000, None), (100_000, 500, None)]
# Shapes that had no part in the constants, to judge them by. Those that judged earlier ones have a
# part in these: 300 x 20, 5000 x 30, 30,000 x 150, 4000 x 250, 1500 x 1000, 10,000 x 900, 700 x
# 1200, 150 x 3000 and, sparse, 5000 x 800, 30,000 x 700, 8000 x 4000, 150,000 x 100; as have
# 2000 x 800, 12,000 x 600, 8000 x 400, 1000 x 1500, 50,000 x 100 and, sparse, 50,000 x 500,
# 100,000 x 60. At a given shape and number of updates which Krylov engine is faster also depends on
# how curvatures fall off: on all of these no function of the shape alone is always within 1.64 of
# the best.
FRESH: list[tuple[int, int, float | None]] = [
    (250, 15, None),
    (60, 400, None),
    (8_000, 40, None),
    (60_000, 120, None),
    (6_000, 350, None),
    (2_500, 1_500, None),
    (15_000, 700, None),
    (900, 1_400, None),
    (120, 2_000, None),
    (8_000, 600, 0.03),
    (40_000, 900, 0.01),
    (12_000, 5_000, 0.002),
    (120_000, 150, 0.05),
]
UPDATES = (20, 100, 1_000, 10_000)
# An engine that is not picked is not tried where the rule expects it to take longer than this.
PATIENCE = 20.0


def problem(n: int, d: int, density: float | None, decay: float) -> RowsInMemory:
    """Columns of falling scale (decay 0: the hard case, all alike) and a noisy linear target."""
    rng = np.random.default_rng(0)
    scales = np.arange(1, d + 1) ** -decay
    X: Any
    if density is None:
        X = rng.standard_normal((n, d)) * scales
    else:
        X = sparse.random(n, d, density, format="csr", random_state=0) @ sparse.diags(scales)
        X = sparse.csr_matrix(X)
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    return RowsInMemory(X, y[:, np.newaxis], None, True)


def seconds(engine: str, rows: RowsInMemory, terms: solve.Terms, times: int) -> float:
    start = np.zeros((rows.n_parameters, rows.y.shape[1]))
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        solve.solve(rows, start, terms, engine)
        taken.append(time.perf_counter() - begin)
        if sum(taken) > 3.0:
            break
    return statistics.median(taken)


def n_columns_fit(d: int) -> bool:
    return d < choice.MOST_COLUMNS_OF_MOMENTS


def compare(
    n: int, d: int, density: float | None, times: int, patience: float = PATIENCE
) -> list[Row]:
    """Every engine within patience, at every decay and number of updates."""
    rows = []
    for decay in (0.0, 0.5):
        data = problem(n, d, density, decay)
        for max_iter in UPDATES:
            terms, shape = solve.Terms(None, None, max_iter), choice.Shape.of(data, max_iter)
            picked = shape.best_engine()
            taken = {
                engine: seconds(engine, data, terms, times)
                for engine in choice.ENGINES
                if engine in (choice.KRYLOV_ON_ROWS, picked)
                or (n_columns_fit(d) and shape.cost(engine) < 1e9 * patience)
            }
            row: Row = {"decay": decay, "updates": max_iter}
            row |= {engine: taken.get(engine) for engine in choice.ENGINES}
            rows.append(row | {"picked": picked, "/ best": taken[picked] / min(taken.values())})
    return rows


def more_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument(
        "--fresh", action="store_true", help="other shapes than the rule was fitted to"
    )
    parser.add_argument("--patience", type=float, default=PATIENCE)


def main(chosen: argparse.Namespace) -> None:
    name = "choice-fresh" if chosen.fresh else "choice"
    report, worst = Report(name, chosen.quick), 1.0
    compare(50, 5, None, 1)  # warms up
    fitted = SHAPES if chosen.quick else SHAPES + SLOW
    for n, d, density in FRESH if chosen.fresh else fitted:
        what = f"{n} x {d}" + ("" if density is None else f", {density:.1%} non-zeros")
        rows = report.add(what, compare(n, d, density, chosen.times, chosen.patience))
        worst = max([worst, *(row["/ best"] for row in rows)])
    report.target("picked engine / best engine, worst", 1.5, worst)
    report.finish(chosen)


if __name__ == "__main__":
    main(options(__doc__, more_options))
