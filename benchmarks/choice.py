"""Time each engine over a grid of shapes, and see what the rule of choice picked.

Run as ``python -m benchmarks.choice``; ``--fresh`` takes shapes that had no part in the rule,
``--quick`` leaves out the shapes that take minutes, and
``--patience 1`` engines that the rule itself expects to take longer than a second. The constants of
the rule were solved for from such times with one BLAS thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, interleaved, medians, options
from sklearn_gd._descent import choice, loop, prices, solve
from sklearn_gd._descent.problem import RowsInMemory, zeros
from sklearn_gd._descent.stopping import Stopping

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
# Shapes that had no part in the constants, to judge them by: about 230 that judged earlier ones
# have a part in these. Columns fall off at other rates here, too.
FRESH: list[tuple[int, int, float | None]] = [
    (2_200, 75, None),
    (18_000, 170, None),
    (5_800, 300, None),
    (34_000, 420, None),
    (13_500, 560, None),
    (7_700, 640, None),
    (1_900, 1_050, None),
    (4_400, 1_150, None),
    (500, 1_250, None),
    (130, 4_000, None),
    (950, 380, None),
    (2_500, 2_200, None),
    (9_000, 1_800, 0.008),
    (4_000, 9_000, 0.003),
]
# Nearly square ones, on which the price of few rows was set.
SQUARE: list[tuple[int, int, float | None]] = [
    (140, 120, None),
    (150, 100, None),
    (300, 250, None),
    (300, 400, None),
    (600, 500, None),
    (700, 900, None),
    (900, 700, None),
    (200, 1_000, None),
    (500, 2_000, None),
    (1_000, 850, None),
    (1_000, 1_000, None),
]
DECAYS, FRESH_DECAYS = (0.0, 0.5), (0.0, 0.25, 0.5, 1.0)
# At a given rate, so few updates that the plain loop may be the fastest.
FEW_UPDATES = (5, 20, 30)
UPDATES = (20, 100, 1_000, 10_000)
# An engine that is not picked is not tried where the rule expects it to take longer than this.
PATIENCE = 20.0
# An engine that has taken so many seconds takes no more turns.
ENOUGH = 3.0
# The rule may take so many times as long as the fastest engine.
ALLOWED = 1.5


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


def looped(rows: RowsInMemory, lr: float, max_iter: int) -> None:
    """The textbook loop, told the rate and asked no more than to stop in time."""
    loop.descend(rows, zeros(rows), lr, Stopping(None, max_iter), keep=max_iter + 1)


def n_columns_fit(d: int) -> bool:
    return d < choice.MOST_COLUMNS_OF_MOMENTS


def compare(
    n: int,
    d: int,
    density: float | None,
    times: int,
    patience: float = PATIENCE,
    decays: tuple[float, ...] = DECAYS,
) -> list[Row]:
    """Every engine within patience, at every decay and number of updates."""
    rows = []
    for decay in decays:
        data = problem(n, d, density, decay)
        for max_iter in UPDATES:
            rows.append({"decay": decay} | timed(data, None, max_iter, times, patience))
        lr = largest_safe_rate(data)
        for max_iter in FEW_UPDATES:
            row = {"decay": decay} | timed(data, lr, max_iter, times, patience)
            rows.append(row)
    return rows


def largest_safe_rate(data: RowsInMemory) -> float:
    """1 / largest curvature, as lr="auto" finds it."""
    return solve.solve(data, zeros(data), solve.Terms(None, None, 20), "auto")[0].lr


def timed(data: RowsInMemory, lr: float | None, max_iter: int, times: int, patience: float) -> Row:
    """All engines, the plain loop among them where the rate is given, taking turns.

    Where the rule does badly they take three times as many turns more, and these count.
    """
    terms = solve.Terms(lr, None, max_iter)
    shape = choice.Shape.of(data, max_iter, lr is not None)
    picked = shape.best_engine()
    closed = shape.without_loop().best_engine()
    solved = partial(solve.solve, data, zeros(data), terms)
    tasks: dict[str, Callable[[], object]] = {
        engine: partial(solved, engine)
        for engine in prices.ENGINES
        if engine in (prices.KRYLOV_ON_ROWS, closed)
        or (n_columns_fit(data.n_parameters) and shape.cost(engine) < 1e9 * patience)
    }
    if lr is not None:
        tasks[prices.LOOP] = partial(looped, data, lr, max_iter)
    # As users have it: what the choice itself takes is part of the time.
    tasks["auto"] = partial(solved, "auto")
    for turns in (times, 3 * times):
        taken = medians(interleaved(tasks, turns, ENOUGH))
        ours = taken.pop("auto")
        if ours <= ALLOWED * min(taken.values()):
            break
    row: Row = {"lr": "auto" if lr is None else "given", "updates": max_iter}
    row |= {engine: taken.get(engine) for engine in (*prices.ENGINES, prices.LOOP)}
    return row | {"picked": picked, "auto, s": ours, "/ best": ours / min(taken.values())}


def more_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument(
        "--fresh", action="store_true", help="other shapes than the rule was fitted to"
    )
    parser.add_argument("--square", action="store_true", help="nearly square shapes alone")
    parser.add_argument("--patience", type=float, default=PATIENCE)


def main(chosen: argparse.Namespace) -> None:
    name = "choice-fresh" if chosen.fresh else "choice-square" if chosen.square else "choice"
    report, worst = Report(name, chosen.quick), dict.fromkeys(("auto", "given"), 1.0)
    compare(50, 5, None, 1)  # warms up
    fitted = SQUARE if chosen.square else SHAPES if chosen.quick else SHAPES + SLOW
    decays = FRESH_DECAYS if chosen.fresh else DECAYS
    for n, d, density in FRESH if chosen.fresh else fitted:
        what = f"{n} x {d}" + ("" if density is None else f", {density:.1%} non-zeros")
        rows = report.add(what, compare(n, d, density, chosen.times, chosen.patience, decays))
        for row in rows:
            worst[row["lr"]] = max(worst[row["lr"]], row["/ best"])
    report.target("auto / best engine, worst", ALLOWED, worst["auto"])
    report.target("the same at a given rate and few updates", ALLOWED, worst["given"])
    report.finish(chosen)


if __name__ == "__main__":
    main(options(__doc__, more_options))
