"""From a problem to a stopped descent: select a solver, solve, stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sklearn_gd._data import LARGEST_SIZE, Problem, SummedRows
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers.krylov import solve_krylov, solve_lanczos
from sklearn_gd._solvers.loop import solve_loop
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent
from sklearn_gd._solvers.select import attempts
from sklearn_gd._solvers.spectral import solve_spectral

Solver = Callable[[Problem | SummedRows, Floats, DescentOptions], StoppedDescent | None]
SOLVERS: dict[str, Solver] = {
    "spectral": solve_spectral,
    "krylov": solve_krylov,
    "lanczos": solve_lanczos,
    "loop": solve_loop,
}


def solve(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions, solver: str
) -> StoppedDescent:
    """Descend from `start` by "auto", "spectral", "krylov" or "loop"."""
    _check_start(problem, start)
    tried = attempts(problem, options.momentum) if solver == "auto" else [(solver, None)]
    if solver in ("krylov", "lanczos") and options.momentum:
        raise ValueError(
            "solver='krylov' takes no momentum: the bound it grows by holds for plain descent. Use "
            "solver='auto', 'spectral' or 'loop', or momentum=0."
        )
    for name, most_vectors in tried:
        found = SOLVERS[name](problem, start, replace(options, most_vectors=most_vectors))
        if found is not None:
            return found
    return solve_spectral(problem, start, options)


def _check_start(problem: Problem | SummedRows, start: Floats) -> None:
    if start.any():
        with np.errstate(over="ignore", invalid="ignore"):
            loss = problem.loss(start)
        if not loss <= LARGEST_SIZE**2:
            raise ValueError(
                f"The start is too far off: its loss {loss:.3g} is above {LARGEST_SIZE**2:.0e}. "
                f"Give smaller coef_init and intercept_init."
            )
