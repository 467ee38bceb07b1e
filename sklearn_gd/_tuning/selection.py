"""Which entry of a grid is chosen for its scores, and what a user should know of the grid."""

from collections.abc import Callable
from math import log2
from numbers import Integral
from typing import Any

import numpy as np

from sklearn_gd._descent import rounded_down
from sklearn_gd._linalg import EPS, Floats
from sklearn_gd._tuning.grid import Grid

# A name of SELECTIONS, or a function from mean scores (n_lrs, n_iters) to the index of an entry.
Selection = str | Callable[[Floats], Any]
SELECTIONS = ("best", "one_se")

# Scores closer than this, relative to the best, are equal: losses are known no better.
TIE_RTOL = 1e-10
# Scores are also equal if they differ by less than this times what the best has gained over the
# start: the mean squared error of a perfect fit is rounding.
GAIN_RTOL = 4 * EPS
# A score that rose by more than this share of itself with each doubling of t is still rising.
STILL_RISING = 0.01
# Entries of a grid more doublings apart than this do not tell whether it is.
MOST_DOUBLINGS = 4.0


def choose(scores: Floats, grid: Grid, selection: Selection) -> tuple[int, int]:
    """Return the index in (n_lrs, n_iters) for scores (n_lrs, n_iters, n_folds)."""
    mean = scores.mean(axis=-1)
    if not np.isfinite(mean).any():
        raise ValueError("No entry of the grid has a finite score.")
    if callable(selection):
        return _checked(selection(mean.copy()), mean.shape)
    mean = np.where(np.isnan(mean), -np.inf, mean)  # a score that is no number is the worst
    tied = _ties(mean)
    if selection == "one_se":  # the smallest lr * t within one standard error of the best
        best = _first(tied, grid.lrs)
        within = mean >= mean[best] - standard_error(scores[best])
        descent = np.where(within, np.outer(grid.lrs, grid.iters.astype(float)), np.inf)
        tied = descent <= descent.min() * (1.0 + TIE_RTOL)
    return _first(tied, grid.lrs)


def about_unstable_rates(grid: Grid, stable: float) -> str | None:
    """Say that every rate diverges on all rows, if that is so."""
    if not grid.lrs.min() > stable:
        return None
    return (
        f"Every learning rate tried is above the largest stable one, {stable:.4g}; the smallest is "
        f"{grid.lrs.min():.4g}. All descents diverge, and the model is hardly better than its "
        f"start. Give lrs below {rounded_down(stable)}, or an integer, which spreads rates below "
        "it."
    )


def about_the_edge(
    mean: Floats, chosen: tuple[int, int], grid: Grid, stable: float, given: tuple[str, ...]
) -> str | None:
    """Say that a longer descent would score better, if the chosen one is the longest of its rate.

    A larger rate that ends sooner, with updates to spare, is no better: it only gets there faster.
    `given` names the parameters that the user gave as lists.
    """
    i, j = chosen
    lr, last = float(grid.lrs[i]), grid.last
    if j < len(grid.iters) - 1 or lr > stable or not _still_rises(mean[i], grid):
        return None
    said = (
        f"The best score is that of the last number of updates tried, {last:,}, at lr={lr:.4g}, "
        "and it was still rising. A longer descent would score better."
    )
    if "lrs" in given and lr == grid.lrs.max() and 2.0 * lr < stable:
        return f"{said} Raise lrs: rates below {rounded_down(stable)} are stable."
    return f"{said} Give larger iters." if "iters" in given else f"{said} Raise max_iter."


def _still_rises(scores: Floats, grid: Grid) -> bool:
    """Whether the scores of one rate rise up to the last t: from about half of it on."""
    half = int(np.searchsorted(grid.iters, grid.last // 2, side="right")) - 1
    if half < 0 or grid.iters[half] == 0:
        return False
    doublings = log2(grid.last / grid.iters[half])
    gained = float(scores[-1] - scores[half]) / doublings
    return doublings <= MOST_DOUBLINGS and gained > STILL_RISING * abs(float(scores[-1]))


def standard_error(scores: Floats) -> float:
    """Return the standard error of the mean over folds."""
    if scores.size < 2:
        raise ValueError(
            "selection='one_se' needs the scores of two folds or more for a standard error; cv "
            "makes only one. Give more folds, or selection='best'."
        )
    return float(scores.std(ddof=1) / np.sqrt(scores.size))


def _ties(mean: Floats) -> Floats:
    """Return which entries are as good as the best."""
    best = float(mean.max())
    first = mean[:, 0][np.isfinite(mean[:, 0])]
    gained = best - float(np.median(first)) if first.size else 0.0
    return np.asarray(mean >= best - TIE_RTOL * abs(best) - GAIN_RTOL * gained)


def _first(tied: Floats, lrs: Floats) -> tuple[int, int]:
    """Return the entry with the fewest updates, and of those the one with the smallest rate."""
    j = int(np.argmax(tied.any(axis=0)))
    return int(np.argmin(np.where(tied[:, j], lrs, np.inf))), j


def _checked(index: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    pair = tuple(index) if isinstance(index, (tuple, list, np.ndarray)) else ()
    if len(pair) != 2 or not all(
        isinstance(n, Integral) and 0 <= int(n) < size for n, size in zip(pair, shape, strict=True)
    ):
        raise ValueError(
            f"selection must return the index (i, j) of a learning rate and a number of updates, "
            f"below {shape}; got {index!r}."
        )
    return int(pair[0]), int(pair[1])
