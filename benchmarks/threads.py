"""Fits beside a busy process, with one BLAS thread and with two.

``python -m benchmarks.threads [--quick]``. Two threads that wait for each other are slow when one
of them shares its core with another process. A turn is a fresh process, since BLAS reads its number
of threads at its start. Turns with one and with two threads alternate, and so do a machine as it is
and one with a process that computes without a pause.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from benchmarks._harness import Report, Row, child, run, seconds
from benchmarks._machine import cores
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

QUICK_CASES = ("442 x 10", "400 x 1000")
CASES = ("100 x 3", "120 x 2000", "5000 x 500", "2000 x 30, tuning", "5000 x 500, LinearRegression")
CASES += QUICK_CASES
QUICK_ROUNDS, ROUNDS = 1, 3
# A turn fits each case for so many seconds, and at least so often.
TURN, FEWEST_FITS = 0.3, 3
# The variables by which each BLAS learns its number of threads.
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
CODE = "import sys; from benchmarks import threads; threads.turn(*sys.argv[1:])"


def case(name: str) -> tuple[Any, Any, Any]:
    """Return the estimator, X and y of a case."""
    shape, _, kind = name.partition(", ")
    n, d = (int(size) for size in shape.split(" x "))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    kinds = {"tuning": GDLinearRegressorCV, "LinearRegression": LinearRegression}
    return kinds.get(kind, GDLinearRegressor)(), X, y


def turn(*names: str) -> None:
    """Print the median seconds of the fits of each case in this process."""
    warnings.simplefilter("ignore")
    took = {}
    for name in names:
        estimator, X, y = case(name)
        estimator.fit(X, y)
        fit, runs, end = partial(estimator.fit, X, y), [], time.perf_counter() + TURN
        while len(runs) < FEWEST_FITS or time.perf_counter() < end:
            runs.append(seconds(fit))
        took[name] = median(runs)
    print(json.dumps(took))


@contextlib.contextmanager
def busy_core() -> Iterator[subprocess.Popen[bytes]]:
    """Keep a process that computes without a pause as long as the context lasts."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def compare(names: Sequence[str], rounds: int) -> list[Row]:
    """Return one row for each case: seconds by threads and state of the machine."""
    taken: dict[tuple[str, str], list[float]] = {}
    states = {"": contextlib.nullcontext, ", busy": busy_core}
    for _ in range(rounds):
        for state, context in states.items():
            for threads in ("1", "2"):
                with context():
                    took = json.loads(child(CODE, *names, **dict.fromkeys(VARIABLES, threads)))
                for name in names:
                    taken.setdefault((name, threads + state), []).append(took[name])
    return [row(name, {k: median(v) for (n, k), v in taken.items() if n == name}) for name in names]


def row(name: str, took: dict[str, float]) -> Row:
    times: Row = {"fit": name} | {f"{kind}, s": seconds for kind, seconds in took.items()}
    return times | {
        "2 / 1": took["2"] / took["1"],
        "2 / 1, busy": took["2, busy"] / took["1, busy"],
    }


def measure(report: Report) -> None:
    if cores() < 2:
        print("This process may use one core only: a second thread would have nowhere to run.")
        return
    names, rounds = (QUICK_CASES, QUICK_ROUNDS) if report.quick else (CASES, ROUNDS)
    report.add("one BLAS thread and two, beside a busy process too", compare(names, rounds))


if __name__ == "__main__":
    run("threads", __doc__, measure)
