"""What tuning costs: `python -m benchmarks.tuning` prints medians of interleaved runs and ratios.

20 rates, every number of updates from 0 to 1000 and 5 folds on 100,000 x 50, against one
LinearRegression().fit on the same rows, against searches that refit, and against RidgeCV.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

RATES, MAX_ITER, FOLDS = 20, 1000, 5
# Updates of the plain loop that are timed; a full search would make 10,000 times as many.
TIMED_UPDATES = 10


def timed(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def plain_loop(X: np.ndarray, y: np.ndarray, lr: float, updates: int) -> np.ndarray:
    """The descent as every course writes it."""
    Z = np.column_stack([np.ones(len(X)), X])
    theta = np.zeros(Z.shape[1])
    for _ in range(updates):
        theta = theta - lr * Z.T @ (Z @ theta - y) / len(Z)
    return theta


def main(n: int, d: int, repeats: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + rng.standard_normal(n)
    lrs = GDLinearRegressorCV(RATES, 1).fit(X, y).lrs_
    shuffled = KFold(FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(
        GDLinearRegressor(max_iter=MAX_ITER),
        {"lr": lrs},
        cv=FOLDS,
        scoring="neg_mean_squared_error",
    )
    tasks: dict[str, Callable[[], object]] = {
        "LinearRegression().fit": lambda: LinearRegression().fit(X, y),
        "surface, 5 folds": lambda: GDLinearRegressorCV(lrs, MAX_ITER, cv=FOLDS).fit(X, y),
        "surface, 5 folds shuffled": lambda: GDLinearRegressorCV(lrs, MAX_ITER, cv=shuffled).fit(
            X, y
        ),
        "surface, cv=None (GCV)": lambda: GDLinearRegressorCV(lrs, MAX_ITER).fit(X, y),
        "surface, 5 folds, max_iter=10**6": lambda: GDLinearRegressorCV(lrs, 10**6, cv=FOLDS).fit(
            X, y
        ),
        "RidgeCV, 20 penalties, cv=None": lambda: RidgeCV(np.logspace(-3, 6, 20)).fit(X, y),
        "RidgeCV, 20 penalties, 5 folds": lambda: RidgeCV(np.logspace(-3, 6, 20), cv=FOLDS).fit(
            X, y
        ),
        "GridSearchCV over 20 rates, one t": lambda: search.fit(X, y),
        f"plain loop, {TIMED_UPDATES} updates": lambda: plain_loop(X, y, 0.1, TIMED_UPDATES),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(repeats):
            for name, task in tasks.items():
                times[name].append(timed(task))
    medians = {name: float(np.median(seconds)) for name, seconds in times.items()}
    loops = medians[f"plain loop, {TIMED_UPDATES} updates"] / TIMED_UPDATES
    # Training sets are 4/5 of the rows; one descent to 1000 passes through all smaller t.
    share = (FOLDS - 1) / FOLDS
    medians["plain loop, the whole surface (extrapolated)"] = (
        loops * share * RATES * MAX_ITER * FOLDS
    )
    unit, ours = medians["LinearRegression().fit"], medians["surface, 5 folds"]
    print(f"{n:,} x {d}; {RATES} rates x {MAX_ITER + 1} iterates x {FOLDS} folds; {repeats} runs")
    print(f"{'':46}{'median s':>10}{'/ LinReg':>10}{'/ surface':>10}")
    for name, seconds in medians.items():
        print(f"{name:46}{seconds:10.4f}{seconds / unit:10.2f}{seconds / ours:10.1f}")
    paired = np.array(times["surface, 5 folds"]) / np.array(times["LinearRegression().fit"])
    print(f"surface / LinearRegression, run by run: median {np.median(paired):.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    main(options.rows, options.columns, options.repeats)
