"""Held-out errors of a whole grid from one spectrum."""

from __future__ import annotations

import numpy as np

from sklearn_gd._descent import ClosedForm, Spectrum
from sklearn_gd._linalg import Floats
from sklearn_gd._tuning.grid import Grid, Integers, blocks
from sklearn_gd._tuning.held_out import HeldOut


def mean_squared_errors(spectrum: Spectrum, held_out: HeldOut, grid: Grid) -> Floats:
    """Return the mean squared error, averaged over targets, of every (lr, t) of the grid.

    The error of target j is |F_y - F_V (1 - p_t) / sigma * g|^2 with the factor F of the held-out
    rows.
    """
    descents = grid.descents(spectrum)
    first, _ = descents[0]
    seen = held_out.along(first.moving)
    per_target = [
        (target, (seen * reach).T)
        for target, reach in zip(held_out.targets.T, first.amplitudes.T, strict=True)
    ]
    signs = held_out.signs
    return grid.filled([_errors(descent, steps, per_target, signs) for descent, steps in descents])


def _errors(
    descent: ClosedForm,
    steps: Integers,
    per_target: list[tuple[Floats, Floats]],
    signs: Floats,
) -> Floats:
    errors = np.zeros(len(steps))
    for part in blocks(len(steps), sum(per_target[0][1].shape)):
        filters = descent.factors.filter_factor(steps[part])
        for target, moved in per_target:
            left = filters @ moved
            left -= target
            errors[part] += np.square(left, out=left) @ signs
    return errors / len(per_target)
