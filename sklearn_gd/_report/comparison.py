"""A user's own descent beside a path: histories and a path go in, a paragraph comes out."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

from numpy.typing import ArrayLike

from sklearn_gd._report.histories import History, Path, Shape, has_parameters, read
from sklearn_gd._report.search import (
    MOST_ITERATES,
    MOST_PARAMETERS,
    Explanation,
    Search,
    explanations,
)
from sklearn_gd._report.simulation import Problem
from sklearn_gd._report.trajectory import Trajectory, first_difference, of_path, tolerances
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
    truth = of_path(path, shape, known[0].length, has_parameters(known))
    first = [_first_difference(history, truth, _condition(path)) for history in known]
    sentences = beside(known, first, truth, path)
    sentences += lengths(path.n_iter, last, given[0].length)
    found, searched, why_not = _search(path, shape, known)
    differing = [t for t in first if t is not None]
    fewest = min(map(len, found), default=0)
    mistakes = [e for e in found if differing and fewest and len(e) == fewest]
    same = [named(e) for e in found if not differing and len(e) == 1 < known[0].length]
    if mistakes:
        sentences += reproduced(mistakes, known[0].length, searched)
    elif differing and found:
        sentences.append(f"Your first {searched:,} iterates are those of the path.")
    elif differing:
        sentences += not_explained(max(min(differing) - 1, 0), known, why_not)
    else:
        sentences += hidden(same, known[0].length)
    return Comparison(
        agrees=not differing,
        first_difference=min(differing, default=None),
        mistakes=tuple(map(named, mistakes)),
        hidden_mistakes=tuple(same),
        sentences=tuple(sentences),
    )


def _condition(path: Path) -> float:
    return float(getattr(path, "condition_number", 1.0))  # a Krylov path has none


def _first_difference(history: History, truth: Trajectory, condition: float) -> int | None:
    tolerance = tolerances(history.rounding, condition, history.length)
    return first_difference(history.comparable(), truth.numbers[history.name], tolerance)


def _search(
    path: Path, shape: Shape, histories: tuple[History, ...]
) -> tuple[list[Explanation], int, str]:
    """The explanations, of how many iterates, and why no more mistakes were tried, if so."""
    length = min(MOST_ITERATES, *(history.n_finite for history in histories))
    if not length:
        return [], 0, NOTHING_FINITE
    problem, why_not = _problem(path, shape)
    # One iterate more than the user has, for histories that begin after the first update.
    end = length + 1 if path.last_known is None else min(length, path.last_known) + 1
    cut = tuple(history.cut(length) for history in histories)
    search = Search(cut, path.weight, _condition(path))
    truth = of_path(path, shape, end, has_parameters(cut))
    return explanations(search, truth, problem), length, why_not


def _problem(path: Path, shape: Shape) -> tuple[Problem | None, str]:
    if shape.d > MOST_PARAMETERS:
        return None, TOO_LARGE
    try:
        return Problem.of(path, shape), ""
    except ValueError:
        return None, TOO_LITTLE
