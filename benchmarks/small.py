"""Small fits beside LinearRegression, few rows decomposed beside summed, and sums in place.

Run as ``python -m benchmarks.small``; ``--quick`` repeats less. Fits of both estimators alternate,
with noise (R2 about 0.75 at three columns) and nearly without, where sums lack digits of the loss.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
from sklearn.linear_model import LinearRegression

from benchmarks._harness import Report, Row, interleaved, medians, options
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent import lapack, solve
from sklearn_gd._descent.problem import RowsInMemory, zeros

SHAPES = [(100, 3), (442, 10), (30, 2000), (100, 500), (60, 400), (120, 2000), (200, 1000)]
SHAPES += [(50, 20_000), (400, 1000)]
# About as many columns as rows, and hundreds of either: nothing is there to be gained.
SQUARES = [(50, 40), (50, 50), (90, 80), (150, 100), (300, 30), (300, 250), (300, 300)]
SQUARES += [(600, 500), (1000, 100), (1000, 1000)]
FEW = [(100, 3), (442, 10), (60, 100), (30, 300), (300, 250)]
BIDIAGONAL = [(90, 80), (150, 120), (300, 250), (300, 300), (600, 500), (200, 1000)]
SUMMED = [(20_640, 8), (100_000, 8), (100_000, 30), (100_000, 50), (100_000, 80), (200_000, 200)]
NOISES = (1.0, 0.01)
TERMS = solve.Terms(None, None, 1000)


def problem(n: int, d: int, noise: float) -> RowsInMemory:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + 1.0 + noise * rng.standard_normal(n)
    return RowsInMemory(X, y[:, np.newaxis], None, True)


def beside_linear_regression(n: int, d: int, noise: float, repeats: int) -> Row:
    rows, ours, theirs = problem(n, d, noise), GDLinearRegressor(), LinearRegression()
    X, y = rows.X, rows.y[:, 0]
    took = medians(
        interleaved({"ours": lambda: ours.fit(X, y), "theirs": lambda: theirs.fit(X, y)}, repeats)
    )
    row: Row = {"shape": f"{n} x {d}", "noise": noise, "sklearn_gd, s": took["ours"]}
    return row | {
        "LinearRegression, s": took["theirs"],
        "LinearRegression / sklearn_gd": took["theirs"] / took["ours"],
    }


def few_beside_sums(n: int, d: int, noise: float, repeats: int) -> Row:
    """The numerics alone: what `solve` takes with few rows and as if they were many."""
    rows, start = problem(n, d, noise), zeros(problem(n, d, noise))

    def summed() -> None:
        with patch.object(RowsInMemory, "are_few", False):
            solve.solve(rows, start, TERMS, "spectral")

    tasks = {"few": lambda: solve.solve(rows, start, TERMS, "spectral"), "sums": summed}
    took = medians(interleaved(tasks, repeats))
    row: Row = {"shape": f"{n} x {d}", "noise": noise, "decomposed, s": took["few"]}
    return row | {"summed, s": took["sums"], "summed / decomposed": took["sums"] / took["few"]}


def by_a_bidiagonal_form(n: int, d: int, repeats: int) -> Row:
    """Few rows decomposed with what SciPy has for Cython alone, and with dgesdd.

    For 1000 updates singular vectors stay divided, for very many they are formed.
    """
    rows = problem(n, d, 1.0)

    def without() -> None:
        with patch.object(lapack, "HAS_BIDIAGONAL", False):
            rows.decomposed(zeros(rows), TERMS.max_iter)

    tasks: dict[str, Callable[[], object]] = {
        "divided": lambda: rows.decomposed(zeros(rows), TERMS.max_iter),
        "formed": lambda: rows.decomposed(zeros(rows), 10**9),
        "by dgesdd": without,
    }
    took = medians(interleaved(tasks, repeats))
    row: Row = {"shape": f"{n} x {d}"} | {f"{way}, s": seconds for way, seconds in took.items()}
    ratio = {f"{way} / dgesdd": took[way] / took["by dgesdd"] for way in ("divided", "formed")}
    return row | ratio


def summed_in_place(n: int, d: int, repeats: int) -> Row:
    """Sums of products of X where it is, and of copies beside [1 y]; which of them is taken."""
    rows = problem(n, d, 1.0)

    def summed(in_place: bool) -> None:
        with patch.object(RowsInMemory, "summed_in_place", in_place):
            rows.moments()

    tasks = {"in place": lambda: summed(True), "copied": lambda: summed(False)}
    took = medians(interleaved(tasks, repeats))
    row: Row = {"shape": f"{n} x {d}", "in place, s": took["in place"], "copied, s": took["copied"]}
    ratio = took["in place"] / took["copied"]
    return row | {"ratio": ratio, "taken": "in place" if rows.summed_in_place else "copied"}


def main(chosen: argparse.Namespace) -> None:
    report, repeats = Report("small", chosen.quick), 30 if chosen.quick else 300
    beside_linear_regression(*SHAPES[0], NOISES[0], repeats)  # warms up
    fits = [
        beside_linear_regression(n, d, noise, repeats if n * d < 10**4 else repeats // 10)
        for n, d in SHAPES + SQUARES
        for noise in NOISES
    ]
    report.add("fit", fits)
    report.add("few rows", [few_beside_sums(*s, z, repeats // 3) for s in FEW for z in NOISES])
    report.add("bidiagonal", [by_a_bidiagonal_form(*s, repeats // 10) for s in BIDIAGONAL])
    report.add("sums", [summed_in_place(*s, repeats // 15) for s in SUMMED])
    for row in fits:
        what = f"times faster than LinearRegression, {row['shape']}, noise {row['noise']:g}"
        report.target(what, 1.0, row["LinearRegression / sklearn_gd"], least=True)
    report.finish(chosen)


if __name__ == "__main__":
    main(options(__doc__))
