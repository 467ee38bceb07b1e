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


def first_difference(numbers: Floats, reference: Floats, tolerance: Floats) -> int | None:
    """The first iterate at which `numbers` differ from `reference`, both (T, k, m).

    Differences are relative to the largest number of the reference so far, target by target.
    """
    size, far = np.abs(reference).max(axis=2), _far(reference)
    size = np.maximum.accumulate(np.where(far, 0.0, size), axis=0)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(numbers - reference).max(axis=2)
        same = np.where(far, _far(numbers), gap <= tolerance[:, np.newaxis] * size)
    different = ~same.all(axis=1)
    return int(different.argmax()) if different.any() else None


def _far(numbers: Floats) -> NDArray[np.bool_]:
    """Which targets of which iterates are on their way out of the range of floats, or beyond."""
    return np.asarray(~(np.abs(numbers) <= FAR).all(axis=2))


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Iterates of a descent, by the names of the histories, as `History.comparable` has them."""

    numbers: dict[str, Floats]

    def agrees(self, history: History, offset: int, factor: float, tolerance: Floats) -> bool:
        """Whether `history`, of a loss `factor` times as large, starts `offset` updates later."""
        reference = self.numbers[history.name][offset : offset + len(history.values)]
        numbers = history.comparable(factor)[: len(reference)]
        return first_difference(numbers, reference, tolerance[: len(reference)]) is None


def of_parameters(thetas: Floats, losses: Floats, intercept: bool) -> Trajectory:
    """From parameters (T, p, k), the intercept first if there is one, and losses (T,)."""
    turned = np.swapaxes(thetas, 1, 2)
    first = turned[..., :1] if intercept else np.zeros((*turned.shape[:2], 1))
    return Trajectory(
        {
            "losses": signed_root(losses[:, np.newaxis, np.newaxis]),
            "coefs": turned[..., int(intercept) :],
            "intercepts": first,
        }
    )


def of_path(path: Path, shape: Shape, length: int, with_parameters: bool) -> Trajectory:
    """The path's own iterates t = 0 .. length - 1."""
    p = shape.d + shape.intercept
    chunk = max(1, CHUNK_NUMBERS // (p * shape.k))
    parts = [np.arange(t, min(t + chunk, length)) for t in range(0, length, chunk)]
    losses = np.concatenate([np.asarray(path.loss(t), dtype=float) for t in parts])
    thetas = np.zeros((length, p, shape.k)) if not with_parameters else _thetas(path, parts, p)
    return of_parameters(thetas, losses, shape.intercept)


def _thetas(path: Path, parts: list[NDArray[np.int64]], p: int) -> Floats:
    thetas = [np.asarray(path.parameters(t), float).reshape(len(t), -1, p) for t in parts]
    return np.swapaxes(np.concatenate(thetas), 1, 2)
