"""The time of tuning: 20 rates, every number of updates from 0 to 1000, and 5 folds.

``python -m benchmarks.tuning [--quick]`` compares it with one LinearRegression().fit on the same
rows, with searches that refit, and with RidgeCV. The plain loop is extrapolated from few updates.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks._harness import Report, Row, interleaved, medians, run
from benchmarks._machine import limited, thread_counts
from benchmarks._peers import numpy_loop
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

RATES, MAX_ITER, FOLDS = 20, 1000, 5
SHAPE, QUICK_SHAPE, REPEATS = (100_000, 50), (10_000, 20), 5
# The surface's time over that of LinearRegression, by BLAS threads.
BOUNDS = {1: 0.35, 2: 0.5}
# Updates of the plain loop that are timed; the whole search would make 80,000.
TIMED_UPDATES = 10
LOOP, ONE_FIT, SURFACE = "plain loop, extrapolated", "LinearRegression().fit", "surface, 5 folds"


def models(lrs: Any) -> dict[str, Any]:
    """Return the fast ones first."""
    penalties = np.logspace(-3, 6, RATES)
    scores = {"cv": FOLDS, "scoring": "neg_mean_squared_error"}
    shuffled = KFold(FOLDS, shuffle=True, random_state=0)
    return {
        ONE_FIT: LinearRegression(),
        SURFACE: GDLinearRegressorCV(lrs, MAX_ITER, cv=FOLDS),
        "surface, 5 folds, shuffled": GDLinearRegressorCV(lrs, MAX_ITER, cv=shuffled),
        "surface, 5 folds, max_iter=10**6": GDLinearRegressorCV(lrs, 10**6, cv=FOLDS),
        'surface, cv="gcv"': GDLinearRegressorCV(lrs, MAX_ITER, cv="gcv"),
        "RidgeCV, 20 penalties, leave-one-out": RidgeCV(penalties),
        "RidgeCV, 20 penalties, 5 folds": RidgeCV(penalties, cv=FOLDS),
        "GridSearchCV over 20 rates, one t": GridSearchCV(
            GDLinearRegressor(max_iter=MAX_ITER), {"lr": lrs}, **scores
        ),
    }


def compare(n: int, d: int, repeats: int, threads: int) -> list[Row]:
    """Return the times of all; with two threads only those that have a target."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    found = models(GDLinearRegressorCV(RATES, 1).fit(X, y).lrs_)
    tasks = {name: partial(model.fit, X, y) for name, model in found.items()}
    if threads > 1:
        tasks = {name: tasks[name] for name in (ONE_FIT, SURFACE)}
    tasks[LOOP] = partial(numpy_loop, X, y, 0.1, TIMED_UPDATES)
    took = medians(interleaved(tasks, repeats, patience=5))
    # Training sets hold 4/5 of the rows; a descent of 1000 updates passes through all smaller t.
    took[LOOP] *= RATES * MAX_ITER * (FOLDS - 1) / TIMED_UPDATES
    return [
        {"who": name, "seconds": s, "/ LinearRegression": s / took[ONE_FIT]}
        | {"/ surface": s / took[SURFACE]}
        for name, s in took.items()
    ]


def measure(report: Report) -> None:
    n, d = QUICK_SHAPE if report.quick else SHAPE
    for threads in thread_counts():
        with limited(threads):
            rows = compare(n, d, REPEATS, threads)
        size = f"{RATES} rates x {MAX_ITER + 1:,} iterates x {FOLDS} folds, {n:,} x {d}"
        report.add(f"{size}, BLAS threads: {threads}", rows)
        what = f"{size}: surface / one LinearRegression().fit, BLAS threads: {threads}"
        ratio = rows[1]["/ LinearRegression"]
        report.target(what, ratio, at_most=BOUNDS[threads], headline=threads == 1)


if __name__ == "__main__":
    run("tuning", __doc__, measure)
