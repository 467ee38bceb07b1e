"""Rows on a cluster: rows per second beside a fit in memory and dask-ml, and peak memory.

``python -m benchmarks.dask [--quick]``. Clusters run on this machine: workers are processes of one
thread each. Memory is that of a fit in a fresh client with fresh workers, as the operating system
counts it; the workers make the rows from random numbers and do not keep them.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks._harness import Report, Row, child, interleaved, medians, run, seconds
from benchmarks.memory import reset_peak, resident_peak
from sklearn_gd import GDLinearRegressor

COLUMNS = 50
CHUNK_ROWS = 50_000
WORKERS = (1, 2)
# Rows of the three tables.
SIZES, QUICK_SIZES = (400_000, 5_000_000, 2_000_000), (100_000, 500_000, 500_000)


@contextmanager
def cluster(workers: int) -> Iterator[Any]:
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as made,
        Client(made) as client,
    ):
        yield client


def lazy_rows(n: int, d: int = COLUMNS, chunk: int = CHUNK_ROWS) -> tuple[Any, Any]:
    """Return X and y, made from random numbers on the workers."""
    import dask.array as da

    X = da.random.default_rng(0).standard_normal((n, d), chunks=(min(chunk, n), d))
    return X, X @ np.linspace(-1, 1, d) + X[:, 0] ** 2 + 1.0


def peer() -> Any:
    """Return the estimator of dask-ml with its own defaults; None when it is not installed."""
    try:
        from dask_ml.linear_model import LinearRegression
    except ImportError:
        return None
    return LinearRegression()


def throughput(n: int, repeats: int) -> list[Row]:
    """Return the times of fits in memory, on rows that workers hold, and by dask-ml on those."""
    with cluster(2):
        X, y = (c.persist() for c in lazy_rows(n))
        held, targets = X.compute(), y.compute()
        tasks: dict[str, Any] = {
            "sklearn_gd, in memory": lambda: GDLinearRegressor().fit(held, targets),
            "sklearn_gd, on 2 workers": lambda: GDLinearRegressor().fit(X, y),
        }
        other = peer()
        if other is not None:
            tasks["dask-ml LinearRegression, on 2 workers"] = lambda: other.fit(X, y)
        taken = interleaved(tasks, repeats, patience=60)
        found = medians(taken)
        expected = np.linalg.lstsq(np.c_[np.ones(n), held], targets, rcond=None)[0][1:]
        coefs = {
            "sklearn_gd, in memory": GDLinearRegressor().fit(held, targets).coef_,
            "sklearn_gd, on 2 workers": GDLinearRegressor().fit(X, y).coef_,
            "dask-ml LinearRegression, on 2 workers": None if other is None else other.coef_,
        }
    return [
        {
            "who": name,
            "shape": f"{n} x {COLUMNS}",
            "seconds": took,
            "rows per second": n / took,
            "distance to least squares": float(
                np.linalg.norm(coefs[name] - expected) / np.linalg.norm(expected)
            ),
        }
        for name, took in found.items()
    ]


def measured(n: int, d: int) -> Row:
    """Return, in the child, peaks of the client and of its workers while they fit."""
    warnings.simplefilter("ignore")
    with cluster(2) as client:
        few = lazy_rows(1000, d)
        GDLinearRegressor().fit(*few)
        client.run(reset_peak)
        reset_peak()
        before = [resident_peak(), *client.run(resident_peak).values()]
        took = seconds(lambda: GDLinearRegressor().fit(*lazy_rows(n, d)))
        peaks = [resident_peak(), *client.run(resident_peak).values()]
    return {"rows": 8 * n * d, "before": before, "peaks": peaks, "seconds": took}


def memory(n: int, d: int = COLUMNS) -> list[Row]:
    code = "import json, sys; from benchmarks.dask import measured; "
    code += "print(json.dumps(measured(int(sys.argv[1]), int(sys.argv[2]))))"
    found = json.loads(child(code, str(n), str(d)))
    names = ("client", *(f"worker {i}" for i in range(len(found["peaks"]) - 1)))
    return [
        {
            "process": name,
            "shape": f"{n} x {d}",
            "rows, MiB": found["rows"] / 2**20,
            "before, MiB": before / 2**20,
            "peak, MiB": peak / 2**20,
            "rows / peak": found["rows"] / peak,
        }
        for name, before, peak in zip(names, found["before"], found["peaks"], strict=True)
    ]


def growth(n: int) -> list[Row]:
    """Return the times of the same rows, made and fitted by one worker and by two."""
    rows: list[Row] = []
    for workers in WORKERS:
        with cluster(workers):
            GDLinearRegressor().fit(*lazy_rows(1000))
            took = seconds(lambda: GDLinearRegressor().fit(*lazy_rows(n)))
        first = rows[0]["seconds"] if rows else took
        rows.append({"workers": workers, "seconds": took, "times faster": first / took})
        rows[-1]["rows per second"] = n / took
    return rows


def measure(report: Report) -> None:
    if not find_spec("distributed"):
        print("not run: pip install 'dask[array,distributed]'")
        return
    sizes = QUICK_SIZES if report.quick else SIZES
    report.add("rows per second", throughput(sizes[0], 3))
    report.add("peak memory of a fit", memory(sizes[1]))
    report.add("more workers", growth(sizes[2]))


if __name__ == "__main__":
    run("dask", __doc__, measure)
