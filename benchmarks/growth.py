"""How the time of a fit grows with rows, columns, updates and non-zeros.

``python -m benchmarks.growth [--quick]`` fits slopes in log-log over the larger half of the sizes,
where the growth has overtaken what a fit costs anyway, and prints the expected ones beside them.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks._harness import Report, Row, interleaved, medians, options
from sklearn_gd import GDLinearRegressor

EXPECTED = {"rows": 1, "columns": 2, "updates": 0, "non-zeros": 1}
UPDATES = [10**k for k in range(1, 13)]
# No descent ends before all its updates are made: the rate is too small, or some columns are. The
# second needs the rows once more from some number of updates on, and that counts.
LONG = (("tiny rate", 0.1, 1e-12), ("tiny columns", 1e-7, "auto"))


def dense(n: int, d: int, least: float = 0.1) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) * np.geomspace(1.0, least, d)
    return X, X @ rng.standard_normal(d) + 1.0 + rng.standard_normal(n)


def scattered(n: int, d: int, nonzeros: int) -> tuple[Any, Any]:
    """CSR with as many non-zeros in each row, positive as counts are."""
    rng = np.random.default_rng(0)
    per_row = nonzeros // n
    X = sparse.csr_matrix(
        (
            rng.random(n * per_row),
            rng.integers(0, d, n * per_row, dtype=np.int32),
            np.arange(0, n * per_row + 1, per_row),
        ),
        (n, d),
    )
    X.sum_duplicates()
    return X, X @ rng.standard_normal(d) + rng.standard_normal(n)


def sizes(quick: bool) -> dict[str, dict[int, tuple[Any, Any]]]:
    """For each thing that grows, the problems by its size."""
    rows = (2_000, 8_000, 32_000, 128_000) + (() if quick else (512_000, 2_048_000))
    columns = (32, 64, 128, 256) + (() if quick else (512, 1_024))
    nonzeros = (100_000, 300_000, 1_000_000) + (() if quick else (3_000_000, 10_000_000))
    n, d = (10_000, 10_000) if quick else (50_000, 20_000)
    return {
        "rows": {n: dense(n, 20) for n in rows},
        "columns": {d: dense(10_000 if quick else 20_000, d) for d in columns},
        "non-zeros": {m: scattered(n, d, m) for m in nonzeros},
    }


def fits(cases: dict[int, tuple[Any, Any]], repeats: int) -> dict[int, float]:
    tasks = {
        str(size): lambda X=X, y=y: GDLinearRegressor(max_iter=1_000).fit(X, y)
        for size, (X, y) in cases.items()
    }
    took = medians(interleaved(tasks, repeats))
    return {size: took[str(size)] for size in cases}


def by_updates(
    X: Any, y: Any, lr: float | str, repeats: int
) -> tuple[dict[int, float], dict[int, int]]:
    """Seconds, and the updates really made."""
    models = {T: GDLinearRegressor(lr, max_iter=T) for T in UPDATES}
    took = medians(
        interleaved({str(T): lambda m=m: m.fit(X, y) for T, m in models.items()}, repeats)
    )
    return {T: took[str(T)] for T in UPDATES}, {T: m.n_iter_ for T, m in models.items()}


def slope(took: dict[int, float]) -> float:
    """Of the larger half of the sizes, at least three of them."""
    largest = sorted(took)[-max(3, len(took) // 2) :]
    return float(np.polyfit(np.log(largest), np.log([took[s] for s in largest]), 1)[0])


def rows_of(what: str, took: dict[int, float]) -> list[Row]:
    first = took[min(took)]
    return [
        {"grows": what, "size": f"{size:,}", "seconds": s, "/ the first": s / first}
        for size, s in took.items()
    ]


def draw(axes: Any, report: Report) -> None:
    for title, rows in report.tables.items():
        if title.startswith("by "):
            x = [int(r["size"].replace(",", "")) for r in rows]
            axes.loglog(x, [r["seconds"] for r in rows], "-o", label=title)
    axes.set(xlabel="size", ylabel="seconds of a fit")
    axes.legend()


def main(chosen: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    report, repeats = Report("growth", chosen.quick), 3 if chosen.quick else 7
    slopes = {}
    for what, cases in sizes(chosen.quick).items():
        took = fits(cases, repeats)
        report.add(f"by {what}", rows_of(what, took))
        slopes[what] = slope(took)
    for case, least, lr in LONG:
        took, made = by_updates(*dense(20_000, 10, least), lr, repeats)
        rows = rows_of("updates", took)
        rows = [r | {"made": f"{made[T]:,}"} for r, T in zip(rows, took, strict=True)]
        report.add(f"by updates, {case}", rows)
        slopes[f"updates, {case}"] = slope(took)
        for power in (9, 12):
            really = made[10**power] == 10**power
            measured = took[10**power] / took[10**3] if really else None
            what = f"fit(max_iter=10**{power}) / 10**3, 20000 x 10, {case}"
            report.target(what, 4, measured)
    expected = {what: EXPECTED[what.partition(",")[0]] for what in slopes}
    rows = [{"grows": w, "slope": s, "expected": expected[w]} for w, s in slopes.items()]
    report.add("slopes", rows)
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
