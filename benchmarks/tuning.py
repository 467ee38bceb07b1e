"""What tuning costs: ``python -m benchmarks.tuning [--quick]``.

20 rates, every number of updates from 0 to 1000 and 5 folds on 100,000 x 50, against one
LinearRegression().fit on the same rows, against searches that refit, and against RidgeCV.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold

from benchmarks._harness import Report, Row, interleaved, medians, options
from benchmarks._peers import numpy_loop
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

RATES, MAX_ITER, FOLDS = 20, 1000, 5
# Updates of the plain loop that are timed; a full search would make 10,000 times as many.
TIMED_UPDATES = 10
LOOP, ONE_FIT, SURFACE = "plain loop", "LinearRegression().fit", "surface, 5 folds"


def contenders(X: Any, y: Any) -> dict[str, Callable[[], object]]:
    lrs = GDLinearRegressorCV(RATES, 1).fit(X, y).lrs_
    penalties = np.logspace(-3, 6, RATES)
    search = GridSearchCV(
        GDLinearRegressor(max_iter=MAX_ITER),
        {"lr": lrs},
        cv=FOLDS,
        scoring="neg_mean_squared_error",
    )
    models = {
        ONE_FIT: LinearRegression(),
        SURFACE: GDLinearRegressorCV(lrs, MAX_ITER, cv=FOLDS),
        "surface, 5 folds shuffled": GDLinearRegressorCV(
            lrs, MAX_ITER, cv=KFold(FOLDS, shuffle=True, random_state=0)
        ),
        "surface, cv=None (GCV)": GDLinearRegressorCV(lrs, MAX_ITER),
        "surface, 5 folds, max_iter=10**6": GDLinearRegressorCV(lrs, 10**6, cv=FOLDS),
        "RidgeCV, 20 penalties, cv=None": RidgeCV(penalties),
        "RidgeCV, 20 penalties, 5 folds": RidgeCV(penalties, cv=FOLDS),
        "GridSearchCV over 20 rates, one t": search,
    }
    tasks = {name: lambda m=m: m.fit(X, y) for name, m in models.items()}
    return tasks | {LOOP: lambda: numpy_loop(X, y, 0.1, TIMED_UPDATES)}


def compare(n: int, d: int, repeats: int) -> tuple[list[Row], float]:
    """The table, and the surface's time over that of one fit."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    taken = interleaved(contenders(X, y), repeats)
    took = medians(taken)
    # Training sets are 4/5 of the rows; one descent to 1000 passes through all smaller t.
    updates = RATES * MAX_ITER * (FOLDS - 1)
    took["plain loop, the whole surface (extrapolated)"] = took.pop(LOOP) / TIMED_UPDATES * updates
    rows = [
        {"who": name, "seconds": s, "/ LinearRegression": s / took[ONE_FIT]}
        | {"/ surface": s / took[SURFACE]}
        for name, s in took.items()
    ]
    return rows, took[SURFACE] / took[ONE_FIT]


def draw(axes: Any, report: Report) -> None:
    rows = next(iter(report.tables.values()))
    axes.barh([r["who"] for r in rows], [r["seconds"] for r in rows], log=True)
    axes.set(xlabel="seconds")


def main(chosen: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    report = Report("tuning", chosen.quick)
    n, d = (10_000, 20) if chosen.quick else (100_000, 50)
    rows, ratio = compare(n, d, 3 if chosen.quick else 7)
    report.add(f"{n} x {d}; {RATES} rates x {MAX_ITER + 1} iterates x {FOLDS} folds", rows)
    measured = None if chosen.quick else ratio
    report.target("whole surface / LinearRegression, 100000 x 50", 0.35, measured)
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
