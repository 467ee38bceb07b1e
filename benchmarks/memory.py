"""Peak memory of a fit beyond X, as the operating system counts it, in a child process per case.

``python -m benchmarks.memory [--quick]``. The child makes X and y, fits some small rows so that
libraries and their buffers are there, resets its peak where the system can, fits, and reads it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import Report, Row, child, options

ESTIMATORS = ("GDLinearRegressor", "LinearRegression", "Ridge")


def resident_peak() -> int:
    """Bytes, the most so far. From /proc where there is one: a child's ru_maxrss on Linux starts
    at its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def reset_peak() -> None:
    """Linux only; elsewhere what X's making took besides counts as there before.

    What was freed and kept by malloc is given back first, or a fit could live on it unseen.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def estimator(name: str) -> Any:
    from sklearn.linear_model import LinearRegression, Ridge

    from sklearn_gd import GDLinearRegressor

    known = {"LinearRegression": LinearRegression, "Ridge": Ridge}
    return known.get(name, GDLinearRegressor)()


def measure(name: str, n: int, d: int) -> Row:
    """In the child: bytes of X and bytes that a fit takes beyond what was there before."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X = np.empty((n, d))
    for rows in np.array_split(X, max(1, n // 10_000)):
        rng.standard_normal(out=rows)
    y = X[:, 0] + rng.standard_normal(n)
    estimator(name).fit(X[: 10 * d].copy(), y[: 10 * d])
    reset_peak()
    before = resident_peak()
    estimator(name).fit(X, y)
    return {"X": X.nbytes, "beyond": resident_peak() - before}


def compare(n: int, d: int, names: tuple[str, ...] = ESTIMATORS, repeats: int = 3) -> list[Row]:
    code = "import json, sys; from benchmarks.memory import measure; "
    code += "print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))"
    rows = []
    for name in names:
        found = [json.loads(child(code, name, str(n), str(d))) for _ in range(repeats)]
        found.sort(key=lambda f: f["beyond"])
        middle = found[len(found) // 2]
        share = 100 * middle["beyond"] / middle["X"]
        row = {"who": name, "shape": f"{n} x {d}", "X, MiB": middle["X"] / 2**20}
        rows.append(row | {"beyond X, MiB": middle["beyond"] / 2**20, "% of X": share})
    return rows


def draw(axes: Any, report: Report) -> None:
    rows = report.tables["peak memory of a fit beyond X"]
    axes.barh([r["who"] for r in rows], [r["% of X"] for r in rows])
    axes.set(xlabel="% of X", title=rows[0]["shape"])


def main(chosen: argparse.Namespace) -> None:
    report = Report("memory", chosen.quick)
    n, d = (200_000 if chosen.quick else 1_000_000), 100
    rows = report.add(
        "peak memory of a fit beyond X", compare(n, d, repeats=1 if chosen.quick else 3)
    )
    report.target(f"peak memory beyond X, % of X, {n} x {d}", 5, rows[0]["% of X"])
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
