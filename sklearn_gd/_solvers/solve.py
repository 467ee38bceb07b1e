"""From a problem to a stopped descent: select a solver, solve, stop."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sklearn_gd._data import LARGEST_SIZE, Problem, SummedRows
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers.krylov import solve_krylov
from sklearn_gd._solvers.loop import solve_loop
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent
from sklearn_gd._solvers.select import select_solver
from sklearn_gd._solvers.spectral import solve_spectral

Solver = Callable[[Problem | SummedRows, Floats, DescentOptions], StoppedDescent | None]
SOLVERS: dict[str, Solver] = {
    "spectral": solve_spectral,
    "krylov": solve_krylov,
    "loop": solve_loop,
}


def solve(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions, solver: str
) -> StoppedDescent:
    """Descend from `start` by "auto", "spectral", "krylov" or "loop"."""
    _check_start(problem, start)
    if solver == "auto":
        solver, most_vectors = select_solver(problem, options.max_iter, options.momentum)
        options = replace(options, most_vectors=most_vectors)
    if solver == "krylov" and options.momentum:
        raise ValueError(
            "solver='krylov' takes no momentum: the bound it grows by holds for plain descent. Use "
            "solver='auto', 'spectral' or 'loop', or momentum=0."
        )
    return SOLVERS[solver](problem, start, options) or solve_spectral(problem, start, options)


def _check_start(problem: Problem | SummedRows, start: Floats) -> None:
    if start.any():
        with np.errstate(over="ignore", invalid="ignore"):
            loss = problem.loss(start)
        if not loss <= LARGEST_SIZE**2:
            raise ValueError(
                f"The start is too far off: its loss {loss:.3g} is above {LARGEST_SIZE**2:.0e}. "
                f"Give smaller coef_init and intercept_init."
            )
