"""Fits with one BLAS thread and with one for each core, beside a busy process too.

Run as ``python -m benchmarks.threads``; ``--quick`` has fewer fits and rounds. Numbers of threads
take turns, each turn in a fresh process, since BLAS reads its number once; so do a machine as it is
and the same beside a process that computes without a pause. `--case "300 x 20"`, any number of
times, asks for other shapes, with ", sparse", ", little noise" (a second pass over the rows) or
", tuning" behind.
"""

from __future__ import annotations

import argparse
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
from scipy import sparse
from sklearn.linear_model import LinearRegression

from benchmarks._harness import Report, Row, child, options, seconds
from benchmarks._machine import cores
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

QUICK = ("442 x 10", "400 x 1000", "2000 x 800", "5000 x 500, little noise")
CASES = ("100 x 3", "600 x 45", "120 x 2000", "5000 x 500", "9000 x 7000, sparse")
CASES += ("2000 x 30, tuning", "5000 x 500, LinearRegression", *QUICK)
# A sparse X has one entry in so many.
SPARSE = 1000
# A turn fits each case for so long, and so often at least.
TURN, FEWEST_FITS = 0.3, 3
# What each BLAS asks for its number of threads.
VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
VARIABLES += ("VECLIB_MAXIMUM_THREADS",)
CODE = "import sys; from benchmarks import threads; threads.turn(*sys.argv[1:])"


def case(name: str) -> tuple[Any, Any, Any]:
    """The estimator, X and y."""
    shape, _, kind = name.partition(", ")
    n, d = (int(size) for size in shape.split(" x "))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    if kind == "sparse":
        X = sparse.random(n, d, 1 / SPARSE, format="csr", random_state=rng)
    noise = 1e-6 if kind == "little noise" else 1.0
    y = X @ rng.standard_normal(d) + noise * rng.standard_normal(n)
    if kind == "little noise":
        return GDLinearRegressor(solver="spectral"), X, y
    kinds = {"tuning": GDLinearRegressorCV, "LinearRegression": LinearRegression}
    return kinds.get(kind, GDLinearRegressor)(), X, y


def turn(*names: str) -> None:
    """Print the median seconds of each case's fits in this process."""
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
    """A process that computes without a pause, as long as the context lasts."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def compare(names: Sequence[str], rounds: int, most: int) -> list[Row]:
    """One row for each case and state of the machine: one thread beside `most` of them."""
    taken: dict[tuple[str, str, int], list[float]] = {}
    states = {"as it is": contextlib.nullcontext, "beside a busy process": busy_core}
    for _ in range(rounds):
        for state, context in states.items():
            for threads in (1, most):
                limit = dict.fromkeys(VARIABLES, str(threads))
                with context():
                    took = json.loads(child(CODE, *names, **limit))
                for name in names:
                    taken.setdefault((name, state, threads), []).append(took[name])
    return [row(name, state, taken, most) for name in names for state in states]


def row(name: str, state: str, taken: dict[tuple[str, str, int], list[float]], most: int) -> Row:
    one, many = (median(taken[name, state, threads]) for threads in (1, most))
    times: Row = {"fit": name, "machine": state, "one thread, s": one, f"{most} threads, s": many}
    return times | {f"{most} threads / one": many / one}


def main(chosen: argparse.Namespace) -> None:
    if (most := cores()) < 2:
        print("This process may use one core only: a second thread would have nowhere to run.")
        return
    report = Report("threads", chosen.quick)
    names = chosen.case or (QUICK if chosen.quick else CASES)
    report.add("fits", compare(names, 2 if chosen.quick else 5, most))
    report.finish(chosen)


if __name__ == "__main__":
    main(options(__doc__, lambda parser: parser.add_argument("--case", action="append")))
