"""The descent on all rows with the chosen rate and number of updates."""

from __future__ import annotations

from dataclasses import replace

from sklearn_gd._data import Problem, SummedRows, zeros
from sklearn_gd._descent import Stop
from sklearn_gd._solvers import DescentOptions, SpectralProblem, StoppedDescent, solve

# The textbook loop goes no further than this beyond its stop to know the iterates that follow.
MOST_LOOPED = 10_000


def refit(
    problem: Problem | SummedRows,
    options: DescentOptions,
    last: int,
    solver: str,
    whole: SpectralProblem | None,
) -> StoppedDescent:
    """Stop as `solve` does, and know the iterates up to `last`, the largest t searched.

    With `max_iter` 0 the start is the answer; an update that diverges at once is still made and
    seen, as in every fit. `whole` holds the decomposition of all rows, if there is one.
    """
    if solver == "loop":
        last = min(last, max(options.max_iter, MOST_LOOPED))
    longer = replace(options, max_iter=max(last, 1))
    if whole is not None and solver in ("auto", "spectral"):
        found = whole.descend(longer)
    else:
        found = solve(problem, zeros(problem), longer, solver)
    stop, t = found.stop, options.max_iter
    if stop.t <= max(t, 1) and (stop.t <= t or stop.reason == "diverged"):
        return found
    return replace(found, stop=Stop(t, "max_iter", t))
