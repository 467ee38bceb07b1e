"""A user's own descent and a path, compared and described in a paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report import search
from sklearn_gd._report.histories import History, Iterates, read

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Bools = NDArray[np.bool_]

NO_MISTAKE = "No mistake that compare knows reproduces your numbers."
GIVE_ALL = "Give losses, coefs and intercepts together; some mistakes show in one only."
RECORDS_ONLY = (
    "Only mistakes in the records were tried: those in the updates need all directions of the "
    f"problem, which solver='spectral' finds, and at most {search.MOST_PARAMETERS} parameters."
)


@dataclass(frozen=True)
class Comparison:
    """How far a descent of one's own agrees with a path, and which mistake explains the rest.

    Made by :meth:`DescentPath.compare`; it prints as a paragraph.

    Attributes
    ----------
    agrees : bool
        Whether all numbers are those of the path, to rounding.
    first_difference : int or None
        The first t at which some history differs; None if all agree.
    mistakes : tuple of str
        Explanations with the fewest mistakes, each of which reproduces all numbers that were
        given, up to the first 1000 iterates. Several if the numbers are the same for all of them.
    hidden_mistakes : tuple of str
        If all agree: single mistakes that would give the same numbers on this data, so that this
        comparison cannot exclude them.
    sentences : tuple of str
        The sentences that are printed.

    Notes
    -----
    Numbers agree if they differ by no more than rounding explains, relative to the largest number
    of the same history so far: 1e-9, more for float32 or if the data are ill-conditioned. Losses
    are compared by their square roots, which are norms of residuals. A mistake is named only if a
    descent with this mistake, simulated with the Hessian of the path, gives all numbers within
    this tolerance.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> path = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).path_
    >>> path.compare(coefs=[[0], [1.3], [1.68]], intercepts=[0, 0.9, 1.14])
    Your coefs differ from the path first at t = 1, when the coefficient of x0 is 1.3
    instead of 0.433333 (+0.867). Your intercepts differ from the path first at t = 1, when
    the intercept is 0.9 instead of 0.3 (+0.6). One mistake reproduces all your numbers: the
    gradient is summed over the rows instead of averaged (the same as lr = 0.3 instead of
    0.1). Divide the gradient by the number of rows.
    """

    agrees: bool
    first_difference: int | None
    mistakes: tuple[str, ...]
    hidden_mistakes: tuple[str, ...]
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return fill(" ".join(self.sentences), 88, break_on_hyphens=False)


def compare(path: DescentPath, **given: Any) -> Comparison:
    """Compare histories, which are given by name or None, with a path."""
    histories = read(path, given)
    length = len(histories[0].values)
    last = length if path.last_known is None else path.last_known
    known = min(length, last + 1)
    finite = np.all([np.isfinite(h.values).all(axis=(1, 2)) for h in histories], axis=0)
    searched = int(np.append(finite[: min(known, search.MOST_ITERATES)], False).argmin())
    cut = [history.cut(searched) for history in histories]
    simulation = search.Simulation(path, cut) if search.can_simulate(path) else None
    # One iterate more than the user's, which may begin after one update.
    truth = _truth(path, histories, np.arange(min(length, last) + 1), simulation)
    same = [truth.agree(history) for history in histories]
    said = [_agreement(path, h, s, truth) for h, s in zip(histories, same, strict=True)]
    if length > known:
        said.append(f"The path is known up to t = {last:,}; the rest was not compared.")
    found = search.fitting(path, cut, truth)
    if simulation is not None and searched:
        found += simulation.explanations()
    agreed = np.all(same, axis=0)
    if agreed.all():
        hidden = tuple(dict.fromkeys(_named(e) for e in found if len(e) == 1 and known > 1))
        if hidden:
            said += [f"On this data the numbers are the same if {'; or if '.join(hidden)}."]
            said += ["This comparison cannot exclude that."]
        return Comparison(True, None, (), hidden, tuple(said))
    first, fewest = int(agreed.argmin()), min(map(len, found), default=0)
    mistakes = {_named(e): e for e in found if len(e) == fewest > 0}
    if mistakes:
        numbers = "all your numbers" if searched == known else f"your first {searched:,} iterates"
        said += _reproduced(mistakes, numbers)
    else:
        incomplete = [GIVE_ALL] if len(histories) < len(given) else []
        said += [NO_MISTAKE, *(incomplete if simulation else [RECORDS_ONLY])]
        said.append(f"path.explain({max(first, 1) - 1}) shows update {max(first, 1):,} in numbers.")
    return Comparison(False, first, tuple(mistakes), (), tuple(said))


def _truth(
    path: DescentPath, histories: list[History], t: Any, simulation: search.Simulation | None
) -> Iterates:
    """The iterates of the path."""
    values = {"losses": np.reshape(path.loss(t), (-1, 1, 1))}
    asked = {"coefs": path.coef, "intercepts": path.intercept}
    for history in histories:
        if history.name in asked:
            _, k, m = history.values.shape
            numbers = np.reshape(asked[history.name](t), (len(t), -1, m))
            values[history.name] = numbers + np.zeros((k, m))  # one intercept of 0 for all targets
    steps = search.steps_of(path.lr, simulation.hessian) if simulation else {}
    return Iterates(values, steps)


def _agreement(path: DescentPath, history: History, same: Bools, truth: Iterates) -> str:
    """How far one history agrees with the path, and the largest difference at the first one."""
    name, last = history.name, len(same) - 1
    mine, theirs = history.values[: len(same)], truth.values[history.name][: len(same)]
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(mine - theirs)
    if same.all():
        largest = np.max(gaps, where=np.isfinite(gaps), initial=0.0)
        return f"Your {name} agree with the path at t = 0 to {last:,}, within {largest:.2g}."
    first = int(same.argmin())
    target, number = np.unravel_index(int(gaps[first].argmax()), gaps.shape[1:])
    words = {"losses": "the loss", "intercepts": "the intercept"}
    what = words.get(name) or f"the coefficient of {path.parameter_names[number - mine.shape[2]]}"
    if mine.shape[1] > 1:
        what += f" for target {target}"
    yours, right = float(mine[first, target, number]), float(theirs[first, target, number])
    values = f"{what} is {yours:.6g} instead of {right:.6g} ({yours - right:+.3g})"
    return f"Your {name} differ from the path first at t = {first:,}, when {values}."


def _named(explanation: search.Mistakes) -> str:
    return ", and ".join(mistake.what for mistake in explanation)


def _reproduced(mistakes: dict[str, search.Mistakes], numbers: str) -> list[str]:
    """Which mistakes reproduce the numbers, and what to do if it is clear which were made."""
    explanation, *others = mistakes.values()
    count = len(explanation)
    make = "One mistake reproduces" if count == 1 else f"{count} mistakes together reproduce"
    if others:
        each = "; or ".join(mistakes)
        return [f"{make} {numbers}, which are the same for each of these: {each}."]
    made, factors = f"{make} {numbers}: {_named(explanation)}.", [m.factor for m in explanation]
    if count == 2 and factors[0] == factors[1] != 1.0:
        return [made, f"They fit together: yours descends on {factors[0]:.6g} J, which is right."]
    return [made, *(f"{remedy}." for remedy in dict.fromkeys(m.remedy for m in explanation))]
