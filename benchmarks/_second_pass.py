"""What the second pass over the rows costs: a shape goes in, times with and without it come out."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._harness import Row, interleaved, medians
from sklearn_gd._descent import solve
from sklearn_gd._descent.problem import RowsInMemory


def problem(n: int, d: int, least: float = 0.1) -> tuple[Any, Any]:
    """Columns of scales from 1 down to `least`: 1000 updates are really made."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    X *= np.geomspace(1.0, least, d)
    return X, X @ rng.standard_normal(d) + 1.0 + rng.standard_normal(n)


def pairs(n: int, d: int) -> tuple[Any, Any]:
    """Columns far from zero, every other one nearly that before it."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((n, d))
    X = noise + 50.0 * rng.standard_normal((n, 1))
    X[:, 1::2] = X[:, : d - d % 2 : 2] + 1e-4 * noise[:, 1::2]
    return X, X @ rng.standard_normal(d)


def second_pass(n: int, d: int, updates: int, repeats: int) -> list[Row]:
    """A descent whose moments hold enough digits, and two that need the rows once more."""
    terms = solve.Terms(None, None, updates)
    data = {
        "moments alone": problem(n, d, 0.1),
        "with the second pass": problem(n, d, 1e-6),
        "the same, columns nearly alike": pairs(n, d),
    }
    cases = {name: RowsInMemory(X, y[:, np.newaxis], None, True) for name, (X, y) in data.items()}
    taken = interleaved(
        {
            name: lambda r=r: solve.solve(r, np.zeros((d + 1, 1)), terms, "spectral")
            for name, r in cases.items()
        },
        repeats,
    )
    first, rows = None, []
    for name, median in medians(taken).items():
        first = first or median
        # The second pass leaves a spectrum without error of its own: it was taken.
        error = solve.solve(cases[name], np.zeros((d + 1, 1)), terms, "spectral")[0].spectrum.error
        rows.append({"case": name, "seconds": median, "ratio": median / first, "taken": error == 0})
    return rows
