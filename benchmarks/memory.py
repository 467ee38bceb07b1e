"""Peak memory of a fit beyond X, as the operating system counts it, in a child process per case.

``python -m benchmarks.memory [--quick]``. The child makes X and y, fits a few rows so that the
libraries' buffers exist, resets its peak if the system can do that, fits, and reads the peak.
"""

from __future__ import annotations

import ctypes
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._harness import Report, Row, child, run

# The second reads the rows a second time: columns of falling scale, and many updates.
OURS, TWICE = "GDLinearRegressor", "GDLinearRegressor, ill-conditioned, 10**9 updates"
CASES = (OURS, TWICE, "LinearRegression", "Ridge")
SHAPE, QUICK_SHAPE = (1_000_000, 100), (100_000, 100)
SMALLEST_SCALE = 1e-6


def resident_peak() -> int:
    """Return the peak in bytes; from /proc if possible: ru_maxrss starts at the parent's there."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def reset_peak() -> None:
    """Reset the peak on Linux; elsewhere the making of X counts as part of it.

    Memory that malloc kept after a free is given back first: a fit could use it unseen.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def estimator(case: str) -> Any:
    from sklearn.linear_model import LinearRegression, Ridge

    from sklearn_gd import GDLinearRegressor

    known = {"LinearRegression": LinearRegression(), "Ridge": Ridge()}
    return known.get(case) or GDLinearRegressor(max_iter=10**9 if case == TWICE else 1000)


def measured(case: str, n: int, d: int) -> Row:
    """Return, in the child, the bytes of X and those that a fit takes beyond what was there."""
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    scales = np.geomspace(1.0, SMALLEST_SCALE if case == TWICE else 1.0, d)
    X = np.empty((n, d))
    for rows in np.array_split(X, max(1, n // 10_000)):
        rng.standard_normal(out=rows)
        rows *= scales
    y = X @ (1 / scales) + rng.standard_normal(n)
    estimator(case).fit(X[: 10 * d].copy(), y[: 10 * d])
    reset_peak()
    before = resident_peak()
    estimator(case).fit(X, y)
    return {"X": X.nbytes, "beyond": resident_peak() - before}


def compare(n: int, d: int, cases: tuple[str, ...] = CASES) -> list[Row]:
    code = "import json, sys; from benchmarks.memory import measured; "
    code += "print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))"
    rows = []
    for case in cases:
        found = json.loads(child(code, case, str(n), str(d)))
        row: Row = {"who": case, "shape": f"{n:,} x {d}", "X, MiB": found["X"] / 2**20}
        row |= {"beyond X, MiB": found["beyond"] / 2**20}
        rows.append(row | {"% of X": 100 * found["beyond"] / found["X"]})
    return rows


def measure(report: Report) -> None:
    n, d = QUICK_SHAPE if report.quick else SHAPE
    rows = report.add("peak memory of a fit beyond X", compare(n, d))
    shares = {"1,000 updates": rows[0]["% of X"], "rows read twice": rows[1]["% of X"]}
    what = f"peak memory of a fit beyond X, % of X, {n:,} x {d}"
    report.target(what, shares, at_most=5, headline=True)


if __name__ == "__main__":
    run("memory", __doc__, measure)
