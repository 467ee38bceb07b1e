"""From a problem to a stopped descent: select a solver, solve, stop."""

from __future__ import annotations

import numpy as np

from sklearn_gd._data import LARGEST_SIZE, Problem, SummedRows
from sklearn_gd._descent import ClosedForm, is_accurate
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers.krylov import solve_krylov, solve_lanczos
from sklearn_gd._solvers.loop import solve_loop
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent
from sklearn_gd._solvers.select import select
from sklearn_gd._solvers.spectral import SpectralProblem, solve_spectral


def solve(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions, solver: str
) -> StoppedDescent:
    """Descend from `start` by "auto", "spectral", "krylov" or "loop"."""
    _check_start(problem, start)
    if solver == "auto":
        solver = select(problem, options)
    if solver == "loop":
        return solve_loop(problem, start, options)
    if solver == "spectral":
        return solve_spectral(problem, start, options)
    if options.momentum:
        raise ValueError(
            "solver='krylov' takes no momentum: the bound it grows by holds for plain descent. Use "
            "solver='auto', 'spectral' or 'loop', or momentum=0."
        )
    if isinstance(problem, SummedRows):
        return solve_lanczos(problem, start, options)
    if solver == "lanczos":
        return _lanczos_or_spectral(problem, start, options)
    return solve_krylov(problem, start, options)


def _lanczos_or_spectral(
    problem: Problem, start: Floats, options: DescentOptions
) -> StoppedDescent:
    """Lanczos on H; when H does not hold the digits of the stop, the rows are asked again."""
    found = solve_lanczos(problem, start, options)
    assert isinstance(found.descent, ClosedForm)
    if is_accurate(found.descent, found.stop.t):
        return found
    return SpectralProblem(problem, start, found.products).descend(options)


def _check_start(problem: Problem | SummedRows, start: Floats) -> None:
    if start.any():
        with np.errstate(over="ignore", invalid="ignore"):
            loss = problem.loss(start)
        if not loss <= LARGEST_SIZE**2:
            raise ValueError(
                f"The start is too far off: its loss {loss:.3g} is above {LARGEST_SIZE**2:.0e}. "
                f"Give smaller coef_init and intercept_init."
            )
