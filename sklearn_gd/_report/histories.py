"""Read the histories of a user's descent, and compare them with iterates to within rounding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Floats = NDArray[np.float64]

# Relative difference below which two numbers agree: ten times the error that a path may have.
SMALLEST_TOLERANCE = 1e-9
# Roundings of the user's dtype that are tolerated per update.
ROUNDINGS_PER_UPDATE = 8
# Condition number of Z above which the tolerance grows no further; a path that lost columns has an
# infinite one.
LARGEST_CONDITION = 1e10
# Absolute value above which all numbers agree: a loop and a closed form overflow at different t.
FAR = 1e100


@dataclass(frozen=True, eq=False)
class History:
    """The losses, coefs or intercepts of a descent, one entry per iterate."""

    name: str
    values: Floats  # (T, k, m): m numbers of each of k targets; for losses (T, 1, 1)
    rounding: float  # the machine epsilon of the arithmetic that made the values
    condition: float  # of Z

    @property
    def n_finite(self) -> int:
        """The number of iterates before the first one that is infinite or nan."""
        infinite = np.flatnonzero(~np.isfinite(self.values).all(axis=(1, 2)))
        return int(infinite[0]) if infinite.size else len(self.values)

    @property
    def tolerance(self) -> Floats:
        """The relative differences (T,) that rounding explains.

        Roundings add up until the slowest direction forgets them, after condition**2 updates.
        """
        updates = np.minimum(1.0 + np.arange(len(self.values)), self.condition**2)
        smallest = max(SMALLEST_TOLERANCE, 4 * float(np.finfo(np.float64).eps) * self.condition)
        return np.asarray(np.maximum(smallest, ROUNDINGS_PER_UPDATE * self.rounding * updates))

    def cut(self, length: int | None) -> History:
        """The first `length` iterates; all if None."""
        return replace(self, values=self.values[:length])


@dataclass(frozen=True, eq=False)
class Iterates:
    """What a path or a simulated descent has for each history, by the history's name."""

    values: dict[str, Floats]  # as in `History`
    sizes: dict[str, Floats]  # (T, k): the numbers that rounding is relative to

    @classmethod
    def of(cls, losses: Floats, parameters: dict[str, Floats], steps: dict[str, float]) -> Iterates:
        """From losses (T,), parameters (T, k, m), and lr times the rms of their columns of Z.

        An update of a parameter is at most this step times the rms of the residuals, and rounded
        relative to this product: a mean of residuals that cancel has few digits.
        """
        values, sizes = {"losses": losses[:, np.newaxis, np.newaxis], **parameters}, {}
        roots = _signed_root(values["losses"])
        with np.errstate(over="ignore", invalid="ignore"):
            residuals = np.sqrt(2) * np.concatenate([[[0.0]], roots[:-1, 0]])
            for name, numbers in (values | {"losses": roots}).items():
                size = np.maximum(np.abs(numbers).max(axis=2), steps.get(name, 0.0) * residuals)
                sizes[name] = np.maximum.accumulate(np.where(size <= FAR, size, 0.0), axis=0)
        return cls(values, sizes)

    def differ(self, history: History, late: int = 0, factor: float = 1.0) -> int | None:
        """The first entry that differs, if entry 0 has t = `late`; None if all agree.

        Losses may be `factor` times J. Their roots are compared, which are norms of residuals:
        their rounding is relative to the largest one before.
        """
        window = slice(late, late + len(history.values))
        reference, size = self.values[history.name][window], self.sizes[history.name][window]
        values = history.values[: len(reference)]
        if history.name == "losses":
            values, reference = _signed_root(values / factor), _signed_root(reference)
        tolerated = history.tolerance[: len(reference), np.newaxis] * size
        with np.errstate(over="ignore", invalid="ignore"):
            near = np.abs(values - reference).max(axis=2) <= tolerated
        far, reference_far = (~(np.abs(n) <= FAR).all(axis=2) for n in (values, reference))
        different = ~np.where(reference_far, far, near).all(axis=1)
        return int(different.argmax()) if different.any() else None


def _signed_root(losses: Floats) -> Floats:
    """sign(J) sqrt(|J|), so that a negative loss stays a number."""
    return np.asarray(np.copysign(np.sqrt(np.abs(losses)), losses))


def read(path: DescentPath, given: dict[str, Any]) -> tuple[History, ...]:
    """The histories that were given, checked against each other and the shape of the path."""
    coef = path.coef(0)
    k, d = coef.shape if coef.ndim == 2 else (1, len(coef))
    sizes = {"losses": (1, 1), "coefs": (k, d), "intercepts": (k, 1)}
    condition = min(getattr(path, "condition_number", 1.0), LARGEST_CONDITION)
    histories = []
    for name, values in given.items():
        if values is not None:
            numbers, rounding = _numbers(name, values, sizes[name])
            rounding = max(rounding, float(np.finfo(coef.dtype).eps))
            histories.append(History(name, numbers, rounding, condition))
    if not histories:
        raise ValueError("compare needs losses, coefs or intercepts; got none of them.")
    if len({len(history.values) for history in histories}) > 1:
        came = ", ".join(f"{len(history.values)} {history.name}" for history in histories)
        raise ValueError(f"All histories must have equally many entries; got {came}.")
    return tuple(histories)


def _numbers(name: str, values: Any, size: tuple[int, int]) -> tuple[Floats, float]:
    """The values (T, k, m) of a history, and the machine epsilon of their dtype."""
    shape = tuple(n for n in size if n != 1)
    expected = str(("T", *shape)).replace("'", "")
    try:
        raw = np.asarray(list(values) if isinstance(values, Iterator) else values)
        numbers = raw.astype(np.float64, casting="same_kind")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be real numbers, of shape {expected}.") from None
    if not (numbers.ndim and numbers.size) or tuple(n for n in raw.shape[1:] if n != 1) != shape:
        message = f"{name} must have shape {expected}, T iterates; got {raw.shape}."
        if name == "coefs" and raw.shape[-1:] == (size[1] + 1,):
            message += " Give the intercept as intercepts, not among the coefs."
        raise ValueError(message)
    with np.errstate(over="ignore"):  # numbers that float32 holds were probably made in it
        single = np.array_equal(numbers.astype(np.float32), numbers, equal_nan=True)
    dtype = "f2" if raw.dtype == np.float16 else "f4" if single else "f8"
    return numbers.reshape(-1, *size), float(np.finfo(dtype).eps)
