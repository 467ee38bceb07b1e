"""A user's own descent and a path, compared and described in a paragraph."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._report.histories import History, Iterates, read
from sklearn_gd._report.search import MOST_ITERATES, MOST_PARAMETERS, Mistakes, Search, Simulation

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

NOT_EXCLUDED = "This comparison cannot exclude that."
NO_MISTAKE = "No mistake that compare knows reproduces your numbers."
GIVE_ALL = "Give losses, coefs and intercepts together; some mistakes show in one only."
RECORDS_ONLY = (
    "Only mistakes in the records were tried: those in the updates need all directions of the "
    f"problem, which solver='spectral' finds, and at most {MOST_PARAMETERS} parameters."
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


def compare(
    path: DescentPath,
    losses: ArrayLike | None = None,
    coefs: ArrayLike | None = None,
    intercepts: ArrayLike | None = None,
) -> Comparison:
    """Compare the histories of a descent of one's own with a path.

    Parameters
    ----------
    path : DescentPath
        The descent to compare with.
    losses : array-like of shape (T,), default=None
        The losses, entry t after t updates; entry 0 is that of the start.
    coefs : array-like of shape (T, n_features) or (T, n_targets, n_features), default=None
        The coefficients.
    intercepts : array-like of shape (T,) or (T, n_targets), default=None
        The intercepts.

    Returns
    -------
    Comparison
        Prints as a paragraph.

    Raises
    ------
    ValueError
        If no history is given, if histories are not as long as each other, or if they do not have
        the numbers of features and targets of the path.
    """
    given = read(path, {"losses": losses, "coefs": coefs, "intercepts": intercepts})
    last = path.last_known
    histories = [history.cut(None if last is None else last + 1) for history in given]
    end = len(histories[0].values)
    simulation = None
    with suppress(AttributeError, ValueError):
        simulation = Simulation(path)
    truth = _truth(path, histories, simulation)
    first = [truth.differ(history) for history in histories]
    earliest = min((t for t in first if t is not None), default=None)
    searched = min(MOST_ITERATES, *(history.n_finite for history in histories))
    search = Search(path, [history.cut(searched) for history in histories])
    found = search.explanations(truth, simulation) if searched else []
    fewest = min(map(len, found), default=0)
    mistakes = {_named(e): e for e in found if earliest is not None and len(e) == fewest > 0}
    hidden = [_named(e) for e in found if earliest is None and len(e) == 1 < end]
    sentences = [_agreement(path, h, t, truth) for h, t in zip(histories, first, strict=True)]
    if len(given[0].values) > end:
        sentences.append(f"The path is known up to t = {last:,}; the rest was not compared.")
    if mistakes:
        numbers = "all your numbers" if searched == end else f"your first {searched:,} iterates"
        sentences += _reproduced(mistakes, numbers)
    elif earliest is not None:
        update = max(earliest, 1)
        sentences.append(NO_MISTAKE)
        if simulation is None:
            sentences.append(RECORDS_ONLY)
        elif len(given) < 3:
            sentences.append(GIVE_ALL)
        sentences.append(f"path.explain({update - 1}) shows update {update:,} in numbers.")
    elif hidden:
        each = "; or if ".join(hidden)
        sentences += [f"On this data the numbers are the same if {each}.", NOT_EXCLUDED]
    return Comparison(earliest is None, earliest, tuple(mistakes), tuple(hidden), tuple(sentences))


def _truth(path: DescentPath, histories: list[History], simulation: Simulation | None) -> Iterates:
    """The iterates of the path; one more than the user's, which may begin after one update."""
    length = len(histories[0].values) + 1
    t = np.arange(length if path.last_known is None else min(length, path.last_known + 1))
    asked = {"coefs": path.coef, "intercepts": path.intercept}
    parameters = {
        h.name: np.asarray(asked[h.name](t), dtype=float).reshape(len(t), *h.values.shape[1:])
        for h in histories
        if h.name in asked
    }
    steps = simulation.steps(path.lr, simulation.hessian) if simulation else {}
    return Iterates.of(np.asarray(path.loss(t), dtype=float), parameters, steps)


def _agreement(path: DescentPath, history: History, first: int | None, truth: Iterates) -> str:
    """How far one history agrees with the path, and the largest difference at the first one."""
    name, length = history.name, len(history.values)
    mine, theirs = history.values, truth.values[name][:length]
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(mine - theirs)
    if first is None:
        largest = np.max(gaps, where=np.isfinite(gaps), initial=0.0)
        return f"Your {name} agree with the path at t = 0 to {length - 1:,}, within {largest:.2g}."
    target, number = np.unravel_index(int(gaps[first].argmax()), gaps.shape[1:])
    words = {"losses": "the loss", "intercepts": "the intercept"}
    what = words.get(name) or f"the coefficient of {path.parameter_names[number - mine.shape[2]]}"
    if mine.shape[1] > 1:
        what += f" for target {target}"
    yours, right = float(mine[first, target, number]), float(theirs[first, target, number])
    values = f"{what} is {yours:.6g} instead of {right:.6g} ({yours - right:+.3g})"
    return f"Your {name} differ from the path first at t = {first:,}, when {values}."


def _named(explanation: Mistakes) -> str:
    return ", and ".join(mistake.what for mistake in explanation)


def _reproduced(mistakes: dict[str, Mistakes], numbers: str) -> list[str]:
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
