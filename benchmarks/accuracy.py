"""How far descents are from exact arithmetic: ``python -m benchmarks.accuracy [--quick]``.

At 10**3, 10**6 and 10**9 updates, on data of every awkward kind, the largest relative error of
coefficients and loss over the iterates 1, 10, 100, .. up to the stop, against 80 decimal digits;
roundings that every loss has which is formed row by row are taken off. "spectral, summed" takes
sums of products and, where they lack digits, a second pass over the rows, as for many rows; so few
are decomposed. The literal loop in float64 is asked the same up to 1000 updates (10**6 in a full
run), and in 80 bits, where the machine has them, to show that the two truths agree.
"""

from __future__ import annotations

import argparse
import warnings
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import _exact
from benchmarks._harness import Report, Row, options
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent.problem import RowsInMemory

CONTRACT = 1e-12
UPDATES = (10**3, 10**6, 10**9)
SUMMED = "spectral, summed"
SOLVERS = ("auto", "spectral", SUMMED, "krylov", "loop")
ERRORS = ("coefficients", "loss")
LOOP, TRUTH = "literal loop, float64", "literal loop, 80 bits"


def fitted(X: Any, y: Any, lr: float, max_iter: int, solver: str) -> tuple[Any, Any, list[int]]:
    """Thetas and losses at the iterates asked for, up to the stop."""
    summed = patch.object(RowsInMemory, "are_few", False) if solver == SUMMED else nullcontext()
    with warnings.catch_warnings(), summed:
        warnings.simplefilter("ignore")
        name = "spectral" if solver == SUMMED else solver
        model = GDLinearRegressor(lr, max_iter=max_iter, solver=name).fit(X, y)
    steps = _exact.asked(model.n_iter_)
    path = model.path_
    thetas = np.column_stack([path.intercept(steps), path.coef(steps)])
    return thetas, path.loss(steps), steps


def line(who: str, steps: list[int], found: Any, truth: Any, y: Any) -> Row:
    theta = _exact.theta_error(found[0], truth[0])
    loss = _exact.loss_error(found[1], truth[1], y)
    return {
        "solver": who,
        "made": f"{steps[-1]:,}",
        "coefficients": float(theta.max()),
        "loss": float(loss.max()),
    }


def errors(name: str, X: Any, y: Any, relative_rate: float, walk: int) -> list[Row]:
    """A row for each solver and number of updates; the loop alone walks `walk` of them."""
    lr = relative_rate / _exact.largest_curvature(X)
    case = {"problem": name, "rate": relative_rate}
    rows, steps = [], _exact.asked(walk)
    truth = _exact.exact(X, y, lr, steps)
    for who, dtype in ((LOOP, np.float64), (TRUTH, np.longdouble)):
        found = _exact.walked(X, y, lr, steps, dtype)
        rows.append(case | {"T": f"{walk:,}"} | line(who, steps, found, truth, y))
    for max_iter in UPDATES:
        for solver in SOLVERS:
            if solver == "loop" and max_iter > walk:
                continue
            *found, steps = fitted(X, y, lr, max_iter, solver)
            row = line(solver, steps, found, _exact.exact(X, y, lr, steps), y)
            row = case | {"T": f"{max_iter:,}"} | row
            within = all(row[what] <= bound(what, row, rows[0]) for what in ERRORS)
            rows.append(row | {"contract": "met" if within else "NOT MET"})
    return rows


def bound(what: str, row: Row, loop: Row) -> float:
    """What is promised: twelve digits, or those of the literal loop where it has fewer."""
    made = int(row["made"].replace(",", ""))
    far = _exact.LONG_LOOPS.get((row["problem"], made, row["rate"]), 0.0)
    return max(CONTRACT, loop[what], far if what == "coefficients" else 0.0)


def draw(axes: Any, report: Report) -> None:
    rows = report.tables["distance to exact arithmetic"]
    names = list(dict.fromkeys(r["problem"] for r in rows))
    for who in dict.fromkeys(r["solver"] for r in rows):
        known = [r for r in rows if r["solver"] == who]
        errors = [max(r["coefficients"], 1e-17) for r in known]
        axes.semilogx(errors, [names.index(r["problem"]) for r in known], ".", label=who)
    axes.axvline(CONTRACT, color="k")
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel="relative error of coefficients")
    axes.legend(fontsize=7)


def main(chosen: argparse.Namespace) -> None:
    report = Report("accuracy", chosen.quick)
    rows: list[Row] = []
    for rate in (1.0,) if chosen.quick else (0.3, 1.0, 1.9):
        for name, X, y in _exact.problems():
            walk = 10**6 if not chosen.quick and rate == 1.0 else 10**3
            rows += errors(name, X, y, rate, walk)
    report.add("distance to exact arithmetic", rows)
    loops = {(r["problem"], r["rate"]): r for r in rows if r["solver"] == LOOP}
    for solver in SOLVERS[:-1]:
        of = [r for r in rows if r["solver"] == solver]
        for what in ERRORS:
            promised = [bound(what, r, loops[r["problem"], r["rate"]]) for r in of]
            worst, most = max(
                zip(of, promised, strict=True), key=lambda pair, what=what: pair[0][what] / pair[1]
            )
            case = f"{solver}: error of {what}, the nearest ({worst['problem']}, T = {worst['T']})"
            report.target(case, most, worst[what])
    report.finish(chosen, draw)


if __name__ == "__main__":
    main(options(__doc__))
