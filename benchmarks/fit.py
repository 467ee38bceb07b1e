"""The time of a fit of 1000 updates beside other implementations.

``python -m benchmarks.fit [--quick]``. Loops are timed over as many updates as fit into a time
budget, and extrapolated to 1000. Tables give the time of others over that of the fit, with one BLAS
thread and with two; the distance is that of the coefficients to those of the plain loop, relative.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from benchmarks import _peers
from benchmarks._harness import Report, Row, interleaved, medians, run, seconds
from benchmarks._machine import limited, thread_counts
from sklearn_gd import GDLinearRegressor

T = 1000
OURS, PRODUCT = "sklearn_gd", "X.T @ X"
# Tall: at least 20 rows for each column.
SHAPES = [(100, 3), (442, 10), (20_640, 8), (100_000, 50), (200_000, 200), (20_000, 1_000)]
QUICK_SHAPES = [(100, 3), (442, 10), (20_640, 8), (20_000, 50)]
# LinearRegression must take at least 5 times as long from so many numbers on.
LARGE = 20_000 * 8
# n < d / 2, and the rest.
WIDE = [(30, 2000), (60, 400), (120, 2000), (200, 1000), (400, 1000), (50, 20_000), (2000, 5000)]
REST = [(50, 40), (90, 80), (150, 100), (300, 30), (300, 250), (300, 300), (600, 500)]
REST += [(800, 700), (1000, 100), (1000, 1000), (700, 1000)]
# Updates of the two fits whose times must be nearly the same.
FEW, MANY, LONG_SHAPE = 10**3, 10**12, (20_000, 10)
# Seconds of one run of a loop, and rounds.
BUDGET, REPEATS = 0.3, 5
QUICK_BUDGET, QUICK_REPEATS = 0.02, 3


def problem(n: int, d: int, least: float = 0.1) -> tuple[Any, Any]:
    """Return X with columns of scales from 1 down to `least`, and y: all updates are made."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    X *= np.geomspace(1.0, least, d)
    return X, X @ rng.standard_normal(d) + 1.0 + rng.standard_normal(n)


def updates_in(budget: float, descend: Callable[[int], object]) -> int:
    """Return how many updates fit into so many seconds."""
    few = 3
    each = min(seconds(lambda: descend(few)) for _ in range(2)) / few
    return int(np.clip(budget / each, few, T))


def compare(n: int, d: int, budget: float, repeats: int, loops: dict[str, Any]) -> Row:
    """Return one row: the seconds of our fit, and the ratios of all others to it."""
    X, y = problem(n, d)
    model = GDLinearRegressor(max_iter=T).fit(X, y)
    tasks: dict[str, Callable[[], object]] = {OURS: lambda: GDLinearRegressor(max_iter=T).fit(X, y)}
    made: dict[str, int] = {}
    for name, descend in loops.items():
        made[name] = updates_in(budget, lambda k, f=descend: f(X, y, model.lr_, k))
        tasks[name] = lambda f=descend, k=made[name]: f(X, y, model.lr_, k)
    tasks |= {name: lambda e=e: e.fit(X, y) for name, e in _peers.direct(n, d).items()}
    tasks[PRODUCT] = lambda: X.T @ X
    took = medians(interleaved(tasks, repeats, patience=20 * budget))
    row: Row = {"shape": f"{n:,} x {d:,}", f"{OURS}, s": took[OURS]}
    row |= {k: took[k] * T / made.get(k, T) / took[OURS] for k in tasks if k != OURS}
    reached = _peers.numpy_loop(X, y, model.lr_, made[_peers.LOOP])
    off = np.linalg.norm(model.path_.coef(made[_peers.LOOP]) - reached)
    return row | {"distance": float(off / np.linalg.norm(reached))}


def beside_linear_regression(n: int, d: int, repeats: int) -> tuple[float, float]:
    """Return seconds of our fit, and those of LinearRegression over them."""
    X, y = problem(n, d)
    ours, theirs = GDLinearRegressor(max_iter=T), LinearRegression()
    tasks = {"ours": lambda: ours.fit(X, y), "theirs": lambda: theirs.fit(X, y)}
    took = medians(interleaved(tasks, repeats, patience=2.0))
    return took["ours"], took["theirs"] / took["ours"]


def many_updates(n: int, d: int, repeats: int) -> list[Row]:
    """Return times of few and of many updates, all of which are made."""
    rows: list[Row] = []
    # The first rate is too small to arrive; the second problem needs the rows a second time.
    for case, least, lr in (("tiny rate", 0.1, 1e-12), ("ill-conditioned", 1e-7, "auto")):
        X, y = problem(n, d, least)
        models = {T: GDLinearRegressor(lr, max_iter=T) for T in (FEW, MANY)}
        tasks = {str(T): partial(m.fit, X, y) for T, m in models.items()}
        took = medians(interleaved(tasks, repeats))
        row: Row = {"case": case, "shape": f"{n:,} x {d}", "10**3, s": took[str(FEW)]}
        row |= {"10**12, s": took[str(MANY)], "ratio": took[str(MANY)] / took[str(FEW)]}
        rows.append(row | {"updates made": f"{models[MANY].n_iter_:,}"})
    return rows


def peers(report: Report) -> None:
    """Measure tall shapes with all peers, and set the targets."""
    budget, repeats = (QUICK_BUDGET, QUICK_REPEATS) if report.quick else (BUDGET, REPEATS)
    shapes, found = QUICK_SHAPES if report.quick else SHAPES, {}
    for threads in thread_counts():
        loops = _peers.loops() if threads == 1 else {_peers.LOOP: _peers.numpy_loop}
        with limited(threads):
            rows = [compare(n, d, budget, repeats, loops) for n, d in shapes]
        found[name_of(threads)] = dict(zip(shapes, rows, strict=True))
        report.add(f"time of others over that of the fit, {name_of(threads)}", rows)

    def of(who: str, shapes: list[tuple[int, int]]) -> dict[str, float]:
        """Return the least ratio over some shapes."""
        return {k: min(rows[s][who] for s in shapes) for k, rows in found.items()}

    large = [(n, d) for n, d in shapes if n * d >= LARGE]
    n, d = (100_000, 50) if (100_000, 50) in shapes else shapes[-1]
    what = f"plain NumPy loop of 1,000 updates / fit, {n:,} x {d}"
    report.target(what, of(_peers.LOOP, [(n, d)]), at_least=150, headline=True)
    what = "LinearRegression / fit, least of the tall shapes from 20,000 x 8 on"
    report.target(what, of(_peers.LINREG, large), at_least=5, headline=True)
    what = "LinearRegression / fit, least of 100 x 3 and 442 x 10"
    report.target(what, of(_peers.LINREG, [s for s in shapes if s not in large]), at_least=1)
    if _peers.INTELEX in next(iter(found.values()))[shapes[0]]:
        what = "scikit-learn-intelex LinearRegression / fit, least of the tall shapes"
        report.target(what, of(_peers.INTELEX, shapes), at_least=1)
    n, d = (200_000, 200) if (200_000, 200) in shapes else shapes[-1]
    limit = {k: 1 / ratio for k, ratio in of(PRODUCT, [(n, d)]).items()}
    report.target(f"fit / one X.T @ X, {n:,} x {d}", limit, at_most=1.3, headline=True)


def other_shapes(report: Report) -> None:
    """Measure LinearRegression on wide shapes and on the rest."""
    repeats = QUICK_REPEATS if report.quick else 3 * REPEATS
    for kind, shapes, least in (("n < d / 2", WIDE, 1.0), ("the rest", REST, 0.5)):
        shapes, rows = shapes[:3] if report.quick else shapes, []
        for n, d in shapes:
            row: Row = {"shape": f"{n:,} x {d:,}"}
            for threads in thread_counts():
                with limited(threads):
                    took, ratio = beside_linear_regression(n, d, repeats)
                row |= {f"fit, s, {name_of(threads)}": took, name_of(threads): ratio}
            rows.append(row)
        report.add(f"LinearRegression / fit, {kind}", rows)
        worst = {name_of(k): min(r[name_of(k)] for r in rows) for k in thread_counts()}
        what = f"LinearRegression / fit, least of {len(shapes)} shapes: {kind}"
        report.target(what, worst, at_least=least)


def name_of(threads: int) -> str:
    return "one thread" if threads == 1 else "two threads"


def measure(report: Report) -> None:
    peers(report)
    other_shapes(report)
    with limited(1):
        rows = many_updates(*LONG_SHAPE, QUICK_REPEATS if report.quick else 2 * REPEATS)
    report.add("fit(max_iter=10**12) and fit(max_iter=10**3)", rows)
    what = f"fit(max_iter=10**12) / fit(max_iter=10**3), {LONG_SHAPE[0]:,} x {LONG_SHAPE[1]}"
    report.target(what, {r["case"]: r["ratio"] for r in rows}, at_most=4, headline=True)


if __name__ == "__main__":
    run("fit", __doc__, measure)
