"""A user's own descent beside a path: histories and a path go in, a paragraph comes out."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._report.histories import History, Path, Shape, read
from sklearn_gd._report.search import (
    MOST_ITERATES,
    MOST_PARAMETERS,
    Explanation,
    Search,
    explanations,
)
from sklearn_gd._report.simulation import Problem, Way
from sklearn_gd._report.trajectory import Trajectory, of_path
from sklearn_gd._report.wording import (
    NOTHING_FINITE,
    TOO_LARGE,
    TOO_LITTLE,
    beside,
    hidden,
    lengths,
    named,
    not_explained,
    reproduced,
)

LINE_WIDTH = 88


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
    The first difference is at t = 1: x0 in coefs[1] is 1.3, the path has 0.433333 (+0.867);
    intercepts[1] is 0.9, the path has 0.3 (+0.6). The path went on to t = 8. One mistake
    reproduces all your numbers: the gradient is summed over the rows instead of averaged
    (the same as lr = 0.3 instead of 0.1). Divide the gradient by the number of rows.
    """

    agrees: bool
    first_difference: int | None
    mistakes: tuple[str, ...]
    hidden_mistakes: tuple[str, ...]
    sentences: tuple[str, ...]

    def __repr__(self) -> str:
        return fill(" ".join(self.sentences), LINE_WIDTH, break_on_hyphens=False)


def compare(
    path: Path,
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
    shape = Shape.of(path)
    given = read(shape, {"losses": losses, "coefs": coefs, "intercepts": intercepts})
    last = path.last_known
    known = given if last is None else tuple(history.cut(last + 1) for history in given)
    problem, why_not = _problem(path, shape)
    truth, condition = _truth(path, shape, known, problem), _condition(path)
    first = [truth.first_difference(history, condition) for history in known]
    differing = [t for t in first if t is not None]
    found, searched = _search(path, known, truth, problem)
    fewest = min(map(len, found), default=0)
    mistakes = [e for e in found if differing and fewest and len(e) == fewest]
    same = [named(e) for e in found if not differing and len(e) == 1 < known[0].length]
    if mistakes:
        conclusion = reproduced(mistakes, known[0].length, searched)
    elif differing and found:
        conclusion = [f"Your first {searched:,} iterates are those of the path."]
    elif differing:
        conclusion = not_explained(min(differing), known, why_not if searched else NOTHING_FINITE)
    else:
        conclusion = hidden(same, known[0].length)
    return Comparison(
        agrees=not differing,
        first_difference=min(differing, default=None),
        mistakes=tuple(map(named, mistakes)),
        hidden_mistakes=tuple(same),
        sentences=(
            *beside(known, first, truth, path),
            *lengths(path.n_iter, last, given[0].length),
            *conclusion,
        ),
    )


def _search(
    path: Path, histories: tuple[History, ...], truth: Trajectory, problem: Problem | None
) -> tuple[list[Explanation], int]:
    """The explanations, and of how many iterates."""
    length = min(MOST_ITERATES, *(history.n_finite for history in histories))
    if not length:
        return [], 0
    search = Search(tuple(h.cut(length) for h in histories), path.weight, _condition(path))
    return explanations(search, truth, problem), length


def _truth(
    path: Path, shape: Shape, histories: tuple[History, ...], problem: Problem | None
) -> Trajectory:
    """The path's iterates; one more than the user's, which may begin after the first update."""
    length, last = histories[0].length, path.last_known
    end = length + 1 if last is None else min(length, last) + 1
    step = None
    if any(history.name != "losses" for history in histories):
        p = shape.d + shape.intercept
        step = np.zeros(p) if problem is None else problem.step(Way((), problem.lr))
    return of_path(path, shape, end, step)


def _condition(path: Path) -> float:
    return float(getattr(path, "condition_number", 1.0))  # a Krylov path has none


def _problem(path: Path, shape: Shape) -> tuple[Problem | None, str]:
    if shape.d > MOST_PARAMETERS:
        return None, TOO_LARGE
    try:
        return Problem.of(path, shape), ""
    except ValueError:
        return None, TOO_LITTLE
