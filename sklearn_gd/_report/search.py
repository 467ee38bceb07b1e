"""Which mistakes reproduce a user's histories: each is made and compared, none is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.histories import History
from sklearn_gd._report.mistakes import gradient_conventions, loss_conventions, ways
from sklearn_gd._report.simulation import Problem, Slip, Way
from sklearn_gd._report.trajectory import Trajectory

Floats = NDArray[np.float64]
Explanation = tuple[Slip, ...]

# Mistakes are made and compared over this many iterates at most.
MOST_ITERATES = 1000
# A problem with more parameters would take too long to descend on with every mistake.
MOST_PARAMETERS = 500
# So many iterates are simulated first; most mistakes are excluded by them.
FIRST_ITERATES = 4


@dataclass(frozen=True, eq=False)
class Search:
    """The histories to reproduce, and what a history must meet to be reproduced."""

    histories: tuple[History, ...]  # cut to finite numbers
    weight: float
    condition: float

    def fits(self, slips: Explanation, trajectory: Trajectory) -> list[Explanation]:
        """All fewest mistakes in the records, added to `slips`, with which `trajectory` fits."""
        options = [list(self._records(history, trajectory)) for history in self.histories]
        found = []
        for choice in product(*options):
            late = [h.name for (offset, _), h in zip(choice, self.histories, strict=True) if offset]
            loss = [slip for _, convention in choice for slip in convention]
            found.append((*slips, *loss, *_beginning_late(late)))
        return _fewest(found)

    def _records(
        self, history: History, trajectory: Trajectory
    ) -> Iterator[tuple[int, Explanation]]:
        conventions = loss_conventions(self.weight) if history.name == "losses" else [(1.0, ())]
        for offset, (factor, slips) in product((0, 1), conventions):
            if trajectory.first_difference(history, self.condition, offset, factor) is None:
                yield offset, slips

    def first(self, length: int) -> Search:
        """The same search over the first iterates."""
        return Search(
            tuple(history.cut(length) for history in self.histories), self.weight, self.condition
        )

    @property
    def length(self) -> int:
        """The number of iterates of every history."""
        return self.histories[0].length

    @property
    def recorded(self) -> dict[str, Floats]:
        """The values of each history, (T, k, m), by name."""
        return {history.name: history.values for history in self.histories}


def _fewest(found: list[Explanation]) -> list[Explanation]:
    least = min(map(len, found), default=0)
    return [explanation for explanation in dict.fromkeys(found) if len(explanation) == least]


def _beginning_late(names: list[str]) -> Explanation:
    if not names:
        return ()
    what = f"the {' and '.join(names)} begin after the first update, with t = 1"
    return (Slip(what, "Record the start, too, before the first update"),)


def explanations(search: Search, truth: Trajectory, problem: Problem | None) -> list[Explanation]:
    """All explanations of the histories, those with the fewest mistakes in the records each."""
    found = search.fits((), truth)
    if problem is None:
        return found
    found += _from(search, problem, problem.start, ())
    if not found and search.length > 1:
        start = _start(search, problem)
        if not np.array_equal(start, problem.start):
            rule = Slip("the start is another one", "Begin both with the same parameters")
            found = _from(search, problem, start, (rule,))
    return list(dict.fromkeys(found))


def _from(search: Search, problem: Problem, start: Floats, slips: Explanation) -> list[Explanation]:
    """Explanations by the mistakes in the update, from one start."""
    found = []
    plain = [Way((), problem.lr)] if slips else []
    for way in [*plain, *ways(problem), *_rates(search, problem, start)]:
        for length in sorted({min(FIRST_ITERATES, search.length), search.length}):
            part = search.first(length)
            fits = part.fits(slips + way.slips, problem.descend(way, start, length))
            if not fits:
                break
        else:
            found += fits
    return found


def _start(search: Search, problem: Problem) -> Floats:
    """The user's own start; what was not recorded of it is the path's."""
    start = problem.start.copy()
    for name, rows in _rows(search, problem).items():
        start[rows] = search.recorded[name][0].T
    return start


def _rows(search: Search, problem: Problem) -> dict[str, slice]:
    """Which rows of theta the histories that were given are."""
    first = int(problem.intercept)
    rows = {"coefs": slice(first, None), "intercepts": slice(0, first)}
    return {name: rows[name] for name in search.recorded if name in rows and rows[name].stop != 0}


def _rates(search: Search, problem: Problem, start: Floats) -> Iterator[Way]:
    """Rates that lead from the start to the first update, where more numbers can verify them."""
    known = [problem.lr * factor for factor, _ in gradient_conventions(problem)]
    known += [-rate for rate in known]
    seen: set[float] = set()
    for exact in _solved(search, problem, start):
        # Users choose round rates, and some losses determine theirs to half of the digits only.
        for rate in (exact, float(f"{exact:.4g}")):
            if rate in seen or not rate or np.isclose(rate, known, rtol=1e-6, atol=0).any():
                continue
            seen.add(rate)
            words = f"lr is {rate:.6g} instead of {problem.lr:.6g}"
            yield Way((Slip(words, "Give both the same rate"),), rate)


def _solved(search: Search, problem: Problem, start: Floats) -> Iterator[float]:
    slope = problem.gradient(start)
    scale = 1.0 + problem.momentum * problem.nesterov
    rows = _rows(search, problem)
    solved: Iterator[float] = iter(())
    if rows:
        solved = _from_parameters(search, start, slope, rows)
    elif "losses" in search.recorded:
        solved = _from_losses(search, problem, start, slope)
    yield from (rate / scale for rate in solved if np.isfinite(rate))


def _from_parameters(
    search: Search, start: Floats, slope: Floats, rows: dict[str, slice]
) -> Iterator[float]:
    """theta_1 - theta_0 = -lr * gradient, in the parameters that were recorded."""
    partial = np.concatenate([slope[r] for r in rows.values()])
    for offset in (0, 1):
        numbers = (search.length - 1 + offset) * partial.size
        if numbers >= 2 and search.length > 1 - offset and partial.any():
            first = np.concatenate([search.recorded[name][1 - offset].T for name in rows])
            moved = first - np.concatenate([start[r] for r in rows.values()])
            yield -float(np.sum(moved * partial) / np.sum(partial**2))


def _from_losses(search: Search, problem: Problem, start: Floats, slope: Floats) -> Iterator[float]:
    """J_1 - J_0 = -lr |g|^2 + lr^2 / 2 g'Hg, a quadratic equation for lr."""
    losses = search.recorded["losses"].ravel()
    before = float(problem.losses(start[np.newaxis])[0])
    fall, bend = float(np.sum(slope**2)), 0.5 * float(np.sum(slope * (problem.hessian @ slope)))
    for offset, (factor, _) in product((0, 1), loss_conventions(search.weight)):
        if len(losses) + offset >= 3 and bend > 0:
            below = before - losses[1 - offset] / factor
            root = np.sqrt(max(fall**2 - 4 * bend * below, 0.0))
            yield from ((fall - root) / (2 * bend), (fall + root) / (2 * bend))
