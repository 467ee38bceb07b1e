"""How long a fit of 1000 updates takes beside its peers: ``python -m benchmarks.fit [--quick]``.

Loops that would take long are timed over fewer updates, as many as the column says, and
extrapolated. Distances are those of coefficients, relative: of a peer's descent to ours after the
updates it made, and of ours to the plain loop's.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import _peers
from benchmarks._harness import Report, Row, interleaved, medians, options, seconds, spread
from benchmarks._second_pass import problem, second_pass
from sklearn_gd import GDLinearRegressor

T = 1000
OURS, LIMIT, READ = "sklearn_gd", "limit: X.T @ X", "limit: X read once"
LOOP, LINREG, FASTEST = "plain NumPy loop", "LinearRegression", "sklearnex LinearRegression"
SHAPES = [(100, 3), (442, 10), (20_640, 8), (100_000, 50), (200_000, 200), (20_000, 1_000)]
SHAPES += [(2_000, 5_000)]
QUICK_SHAPES = [(100, 3), (442, 10), (20_640, 8), (20_000, 50), (20_000, 200), (6_000, 300)]
QUICK_SHAPES += [(400, 1_000)]


def distance(actual: Any, expected: Any) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def updates_in(budget: float, descend: Callable[[int], object]) -> int:
    """How many updates fit into so many seconds."""
    few = 3
    each = min(seconds(lambda: descend(few)) for _ in range(2)) / few
    return int(np.clip(budget / each, few, T))


def compare(n: int, d: int, repeats: int, budget: float) -> list[Row]:
    """One row of the table for each peer."""
    X, y = problem(n, d)
    model = GDLinearRegressor(max_iter=T).fit(X, y)
    lr = model.lr_
    tasks: dict[str, Callable[[], object]] = {OURS: lambda: GDLinearRegressor(max_iter=T).fit(X, y)}
    made: dict[str, int] = {}
    for name, descend in _peers.loops().items():
        if descend is not None:
            made[name] = updates_in(budget, lambda k, f=descend: f(X, y, lr, k))
            tasks[name] = lambda f=descend, k=made[name]: f(X, y, lr, k)
    direct = _peers.direct()
    tasks |= {name: lambda e=e: e.fit(X, y) for name, e in direct.items() if e is not None}
    tasks[LIMIT] = lambda: X.T @ X
    tasks[READ] = lambda: X.ravel() @ X.ravel()
    taken = interleaved(tasks, repeats, patience=repeats * 2 * budget + 1)
    took, spreads = medians(taken), spread(taken)
    distances = {
        name: distance(tasks[name](), _counterpart(name, model, X, y, k))
        for name, k in made.items()
        if name != _peers.OTHER_UPDATES
    }
    far = T if took[LOOP] / made[LOOP] * T < 20 * budget else made[LOOP]
    distances[OURS] = distance(model.path_.coef(far), _peers.numpy_loop(X, y, lr, far))
    rows = []
    for name in [OURS, *_peers.loops(), *direct, LIMIT, READ]:
        row: Row = {"shape": f"{n} x {d}", "who": name}
        if name not in took:
            rows.append(row | {"note": "not installed"})
            continue
        k = made.get(name, T)
        total = took[name] * T / k
        row |= {"seconds": total, "spread": spreads[name], "/ sklearn_gd": total / took[OURS]}
        row |= {"updates timed": made.get(name), "distance": distances.get(name)}
        row["at t"] = far if name == OURS else k if name in distances else None
        row["note"] = _note(name, k, X.nbytes / took[READ])
        rows.append(row)
    return rows


def _note(name: str, made: int, bandwidth: float) -> str:
    if name == READ:
        return f"{bandwidth / 1e9:.1f} GB/s"
    if name == _peers.OTHER_UPDATES:
        return "another descent: one row at a time" + ("; extrapolated" if made < T else "")
    return "extrapolated" if made < T else ""


def _counterpart(name: str, model: GDLinearRegressor, X: Any, y: Any, updates: int) -> Any:
    """Our coefficients after as many updates from where the peer starts."""
    if name == _peers.OTHER_START:
        start = _peers.network_start(X, y)
        model = GDLinearRegressor(model.lr_, max_iter=updates).fit(X, y, **start)
    return model.path_.coef(updates)


def targets(report: Report, fits: list[Row], passes: list[Row]) -> None:
    ratio = {(r["shape"], r["who"]): r.get("/ sklearn_gd") for r in fits}
    limit = ratio.get(("200000 x 200", LIMIT))
    report.target(
        "times faster than the plain loop, 100000 x 50",
        150,
        ratio.get(("100000 x 50", LOOP)),
        least=True,
    )
    for shape in dict.fromkeys(r["shape"] for r in fits):
        n, d = map(int, shape.split(" x "))
        tall, measured = n >= 20 * d, ratio[shape, LINREG]
        what = f"times faster than LinearRegression, {shape}"
        report.target(what, 5 if tall else 1, measured, least=True)
        report.target(f"times faster than sklearnex, {shape}", 1, ratio[shape, FASTEST], least=True)
    report.target("times X.T @ X, 200000 x 200", 1.3, None if limit is None else 1 / limit)
    report.target(
        "second pass taken / not taken", 3.5, passes[1]["ratio"] if passes[1]["taken"] else None
    )


def draw(axes: Any, report: Report) -> None:
    rows = [r for r in report.tables["fit"] if r.get("seconds")]
    shapes = list(dict.fromkeys(r["shape"] for r in rows))
    for who in dict.fromkeys(r["who"] for r in rows):
        known = {r["shape"]: r["seconds"] for r in rows if r["who"] == who}
        style = "k-o" if who == OURS else "--." if who.startswith("limit") else "-."
        axes.semilogy(shapes, [known.get(s, np.nan) for s in shapes], style, label=who)
    axes.set(xlabel="rows x columns", ylabel=f"seconds for {T} updates")
    axes.legend(fontsize=7)


def main(chosen: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    report = Report("fit", chosen.quick)
    repeats, budget = (3, 0.1) if chosen.quick else (7, 1.0)
    fits: list[Row] = []
    for n, d in QUICK_SHAPES if chosen.quick else SHAPES:
        fits += report.add(f"{n} x {d}", compare(n, d, repeats, budget))
    report.tables = {"fit": fits}
    shape = (20_000, 50) if chosen.quick else (200_000, 200)
    passes = report.add(f"second pass, {shape[0]} x {shape[1]}", second_pass(*shape, T, repeats))
    targets(report, fits, passes)
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
