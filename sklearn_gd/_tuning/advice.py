"""What a user should know of the grid that was searched, in words."""

from __future__ import annotations

from math import log2

import numpy as np

from sklearn_gd._descent import rounded_down
from sklearn_gd._linalg import Floats
from sklearn_gd._tuning.grid import Grid

# A score that rose by more than this share of itself with each doubling of t is still rising.
STILL_RISING = 0.01
# Entries of a grid more doublings apart than this do not tell whether it is.
MOST_DOUBLINGS = 4.0


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
