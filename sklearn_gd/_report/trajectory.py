"""Iterates of a path or a simulated descent, and where a user's history differs from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.histories import History, Path, Shape, signed_root

Floats = NDArray[np.float64]

# Two numbers agree if their relative difference is below this one, ten times the error that the
# path itself may have ...
SMALLEST_TOLERANCE = 1e-9
# ... or this many roundings of the user's dtype per update.
ROUNDINGS_PER_UPDATE = 8
# Two numbers beyond this one agree: a loop and a closed form overflow at different iterates.
FAR = 1e100
# The path is evaluated for this many numbers at once.
CHUNK_NUMBERS = 1 << 20


def tolerances(rounding: float, condition: float, length: int) -> Floats:
    """The relative differences that rounding explains at t = 0 .. length - 1.

    Roundings add up over the updates until the slowest direction forgets them, after about
    condition**2 updates.
    """
    updates = np.minimum(1.0 + np.arange(length), max(condition, 1.0) ** 2)
    smallest = max(SMALLEST_TOLERANCE, 4 * float(np.finfo(np.float64).eps) * condition)
    return np.asarray(np.maximum(smallest, ROUNDINGS_PER_UPDATE * rounding * updates))


def first_difference(
    numbers: Floats, reference: Floats, size: Floats, tolerance: Floats
) -> int | None:
    """The first iterate at which `numbers` differ from `reference`, both (T, k, m).

    Differences are relative to `size` (T, k).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(numbers - reference).max(axis=2)
        same = np.where(_far(reference), _far(numbers), gap <= tolerance[:, np.newaxis] * size)
    different = ~same.all(axis=1)
    return int(different.argmax()) if different.any() else None


def _far(numbers: Floats) -> NDArray[np.bool_]:
    """Which targets of which iterates are on their way out of the range of floats, or beyond."""
    return np.asarray(~(np.abs(numbers) <= FAR).all(axis=2))


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Iterates of a descent, by the names of the histories, as `History.comparable` has them."""

    numbers: dict[str, Floats]  # (T, k, m)
    sizes: dict[str, Floats]  # (T, k): what their rounding is relative to

    def first_difference(
        self, history: History, condition: float, offset: int = 0, factor: float = 1.0
    ) -> int | None:
        """Where `history`, `offset` updates late and of a loss `factor` times as large, differs."""
        reference = self.numbers[history.name][offset : offset + history.length]
        size = self.sizes[history.name][offset : offset + history.length]
        tolerance = tolerances(history.rounding, condition, len(reference))
        numbers = history.comparable(factor)[: len(reference)]
        return first_difference(numbers, reference, size, tolerance)


def of_parameters(thetas: Floats, losses: Floats, intercept: bool, step: Floats) -> Trajectory:
    """From parameters (T, p, k), the intercept first if there is one, and losses (T,).

    `step` (p,) is lr times the root mean square of each column of Z. An update of a parameter is at
    most this times the root mean square of the residuals, and rounded relative to that: a mean of
    residuals that cancel has few digits.
    """
    turned, first = np.swapaxes(thetas, 1, 2), int(intercept)
    root = signed_root(losses[:, np.newaxis, np.newaxis])
    still = np.zeros((*turned.shape[:2], 1))
    numbers = {
        "losses": root,
        "coefs": turned[..., first:],
        "intercepts": turned[..., :1] if intercept else still,
    }
    steps = {"losses": 0.0, "coefs": step[first:].max(), "intercepts": step[:first].sum()}
    with np.errstate(over="ignore", invalid="ignore"):
        moved = np.concatenate([[0.0], np.sqrt(2) * root[:-1, 0, 0]])[:, np.newaxis]
        sizes = {name: _largest_so_far(numbers[name], steps[name] * moved) for name in numbers}
    return Trajectory(numbers, sizes)


def _largest_so_far(numbers: Floats, moved: Floats) -> Floats:
    size = np.maximum(np.abs(numbers).max(axis=2), moved)
    return np.maximum.accumulate(np.where(size <= FAR, size, 0.0), axis=0)


def of_path(path: Path, shape: Shape, length: int, step: Floats | None) -> Trajectory:
    """The path's own iterates t = 0 .. length - 1; without parameters if `step` is None."""
    p = shape.d + shape.intercept
    chunk = max(1, CHUNK_NUMBERS // (p * shape.k))
    parts = [np.arange(t, min(t + chunk, length)) for t in range(0, length, chunk)]
    losses = np.concatenate([np.asarray(path.loss(t), dtype=float) for t in parts])
    if step is None:
        return of_parameters(np.zeros((length, 2, 1)), losses, True, np.zeros(2))
    thetas = [np.asarray(path.parameters(t), float).reshape(len(t), -1, p) for t in parts]
    return of_parameters(np.swapaxes(np.concatenate(thetas), 1, 2), losses, shape.intercept, step)
