"""Read the histories of a user's descent, and compare them with iterates to within rounding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.layout import Floats

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

# Relative difference below which two numbers agree: ten times the error that a path may have.
SMALLEST_TOLERANCE = 1e-9
# Roundings of the user's dtype that are tolerated per update.
ROUNDINGS_PER_UPDATE = 8
# Condition number of Z above which the tolerance grows no further; a path that lost columns has an
# infinite one.
LARGEST_CONDITION = 1e10
# Absolute value of the path above which all numbers agree: a loop overflows at a different t.
FAR = 1e100
# The parameters of each history.
PARTS = {"coefs": slice(1, None), "intercepts": slice(0, 1)}


@dataclass(frozen=True, eq=False)
class History:
    """The losses, coefs or intercepts of a descent, one entry per iterate."""

    name: str
    values: Floats  # (T, k, m): m numbers of each of k targets; for losses (T, 1, 1)
    tolerance: Floats  # (T,): the relative differences that rounding explains

    def cut(self, length: int) -> History:
        """The first `length` iterates."""
        return History(self.name, self.values[:length], self.tolerance[:length])


@dataclass(frozen=True, eq=False)
class Iterates:
    """What a path or a simulated descent has for each history, by the history's name."""

    values: dict[str, Floats]  # as in `History`
    steps: dict[str, Floats]  # (m,): lr times the root mean square of each parameter's column of Z

    def agree(self, history: History, late: int = 0, factor: float = 1.0) -> NDArray[np.bool_]:
        """Whether each entry agrees, if entry 0 has t = `late`.

        Losses may be `factor` times J. Their roots are compared, which are norms of residuals.
        Rounding is relative to the largest number before.
        """
        values, reference = history.values, self.values[history.name]
        if history.name == "losses":
            values, reference = _signed_root(values / factor), _signed_root(reference)
        size = np.abs(reference)
        with np.errstate(over="ignore", invalid="ignore"):
            if history.name in self.steps:
                # An update is at most its step times the rms of the residuals, and rounded relative
                # to this product: a mean of residuals that cancel has few digits.
                residual = np.sqrt(2.0 * np.abs(self.values["losses"][:-1]))
                size[1:] = np.maximum(size[1:], residual * self.steps[history.name])
            size = np.where(size <= FAR, size, 0.0).max(axis=2)
            size = np.maximum.accumulate(size, axis=0)[late : late + len(values)]
            values, reference = values[: len(size)], reference[late : late + len(size)]
            tolerated = history.tolerance[: len(size), np.newaxis] * size
            near = np.abs(values - reference).max(axis=2) <= tolerated
        far = ~(np.abs(reference) <= FAR).all(axis=2)
        return np.asarray((near | far).all(axis=1))


def _signed_root(losses: Floats) -> Floats:
    """sign(J) sqrt(|J|), so that a negative loss stays a number."""
    return np.asarray(np.copysign(np.sqrt(np.abs(losses)), losses))


def read(path: DescentPath, given: dict[str, Any]) -> list[History]:
    """The histories that were given, checked against each other and the shape of the path."""
    k, d = np.atleast_2d(path.coef(0)).shape
    sizes = {"losses": (1, 1), "coefs": (k, d), "intercepts": (k, 1)}
    histories = [_history(path, name, h, sizes[name]) for name, h in given.items() if h is not None]
    if not histories:
        raise ValueError("compare needs losses, coefs or intercepts; got none of them.")
    if len({len(history.values) for history in histories}) > 1:
        came = ", ".join(f"{len(history.values)} {history.name}" for history in histories)
        raise ValueError(f"All histories must have equally many entries; got {came}.")
    return histories


def _history(path: DescentPath, name: str, given: Any, size: tuple[int, int]) -> History:
    shape = tuple(n for n in size if n != 1)
    expected = str(("T", *shape)).replace("'", "")
    try:
        raw = np.asarray(list(given) if isinstance(given, Iterator) else given)
        numbers = raw.astype(np.float64, casting="same_kind")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be real numbers, of shape {expected}.") from None
    if not (numbers.ndim and numbers.size) or tuple(n for n in raw.shape[1:] if n != 1) != shape:
        message = f"{name} must have shape {expected}, T iterates; got {raw.shape}."
        if name == "coefs" and raw.shape[-1:] == (size[1] + 1,):
            message += " Give the intercept as intercepts, not among the coefs."
        raise ValueError(message)
    return History(name, numbers.reshape(-1, *size), _tolerance(path, raw.dtype, numbers))


def _tolerance(path: DescentPath, dtype: Any, numbers: Floats) -> Floats:
    """The relative differences (T,) that rounding explains.

    Roundings add up until the slowest direction forgets them, after condition**2 updates.
    """
    with np.errstate(over="ignore"):  # numbers that float32 holds were probably made in it
        single = np.array_equal(numbers.astype(np.float32), numbers, equal_nan=True)
    dtypes = [dtype if dtype == np.float16 else "f4" if single else "f8", path.coef(0).dtype]
    rounding = ROUNDINGS_PER_UPDATE * max(float(np.finfo(dtype).eps) for dtype in dtypes)
    condition = min(getattr(path, "condition_number", 1.0), LARGEST_CONDITION)
    smallest = max(SMALLEST_TOLERANCE, 4 * float(np.finfo(np.float64).eps) * condition)
    updates = np.minimum(1.0 + np.arange(len(numbers)), condition**2)
    return np.asarray(np.maximum(smallest, rounding * updates))
