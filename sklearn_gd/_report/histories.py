"""Histories of a user's own descent, read and checked against the shape of a path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Path(Protocol):
    """The public methods of a path that a comparison calls."""

    @property
    def lr(self) -> float: ...
    @property
    def n_iter(self) -> int: ...
    @property
    def parameter_names(self) -> tuple[str, ...]: ...
    @property
    def weight(self) -> float: ...
    @property
    def last_known(self) -> int | None: ...
    def loss(self, t: ArrayLike) -> Any: ...
    def coef(self, t: ArrayLike) -> Any: ...
    def gradient(self, t: ArrayLike) -> Any: ...
    def parameters(self, t: ArrayLike) -> Any: ...
    def limit(self) -> Any: ...
    def hessian_product(self, directions: ArrayLike) -> Any: ...


@dataclass(frozen=True)
class Shape:
    """Sizes of the path's parameters: k targets, d features, with or without intercept."""

    k: int
    d: int
    intercept: bool

    @classmethod
    def of(cls, path: Path) -> Shape:
        """The shape of the parameters of `path`."""
        parameters, d = path.parameters(0), path.coef(0).shape[-1]
        k = parameters.shape[0] if parameters.ndim == 2 else 1
        return cls(k, d, parameters.shape[-1] > d)


@dataclass(frozen=True, eq=False)
class History:
    """One number or several per iterate, as the user's descent recorded them."""

    name: str
    values: Floats  # (T, k, m): k targets of m numbers; losses (T, 1, 1)
    rounding: float  # the machine epsilon of the arithmetic that made the values

    @property
    def length(self) -> int:
        """The number of iterates."""
        return len(self.values)

    @property
    def n_finite(self) -> int:
        """How many iterates there are before the first one that is infinite or nan."""
        bad = np.flatnonzero(~np.isfinite(self.values).all(axis=(1, 2)))
        return int(bad[0]) if bad.size else len(self.values)

    def cut(self, length: int) -> History:
        """The first `length` iterates."""
        return History(self.name, self.values[:length], self.rounding)

    def comparable(self, factor: float = 1.0) -> Floats:
        """The values; of losses, which are divided by `factor` first, the square roots.

        A root is a norm of residuals, so its rounding is relative to the largest one before.
        """
        return signed_root(self.values / factor) if self.name == "losses" else self.values


def signed_root(values: Floats) -> Floats:
    """sign(x) sqrt(|x|), so that a negative loss stays a number."""
    return np.asarray(np.copysign(np.sqrt(np.abs(values)), values))


def read(shape: Shape, given: dict[str, Any]) -> tuple[History, ...]:
    """The histories that were given, checked against each other and the shape of the path."""
    k, d = shape.k, shape.d
    many = f"{k}, " if k > 1 else ""
    expected = {
        "losses": ("(T,)", 1, 1),
        "coefs": (f"(T, {many}{d})", k, d),
        "intercepts": (f"(T, {k})" if k > 1 else "(T,)", k, 1),
    }
    histories = [
        _read_one(name, values, *expected[name])
        for name, values in given.items()
        if values is not None
    ]
    if not histories:
        raise ValueError("compare needs losses, coefs or intercepts; got none of them.")
    lengths = {history.name: len(history.values) for history in histories}
    if len(set(lengths.values())) > 1:
        came = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise ValueError(
            f"All histories must have one entry per iterate, equally many; got {came}."
        )
    return tuple(histories)


def _read_one(name: str, values: Any, expected: str, k: int, m: int) -> History:
    try:
        raw = np.asarray(list(values) if isinstance(values, Iterator) else values)
        numbers = raw.astype(np.float64) if raw.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        raise ValueError(f"{name} must be real numbers, an array of shape {expected}.")
    shapes: set[tuple[int, ...]] = {(k, m)} if k > 1 and m > 1 else {(k, m), (k * m,), (k * m, 1)}
    if k * m == 1:
        shapes.add(())
    if not numbers.ndim or not len(numbers) or numbers.shape[1:] not in shapes:
        raise ValueError(
            f"{name} must have shape {expected}, T iterates; got {numbers.shape}."
            + " Give the intercept as intercepts, not among the coefs."
            * (name == "coefs" and numbers.shape[-1:] == (m + 1,))
        )
    return History(name, numbers.reshape(-1, k, m), _rounding(raw.dtype, numbers))


def _rounding(dtype: np.dtype[Any], numbers: Floats) -> float:
    """The machine epsilon of the user's arithmetic; floats made from float32 are recognised."""
    if dtype.kind == "f" and dtype.itemsize < 4:
        return float(np.finfo(dtype).eps)
    finite = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):
        single = (finite.astype(np.float32) == finite).all()
    return float(np.finfo(np.float32 if single else np.float64).eps)
