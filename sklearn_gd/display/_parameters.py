"""The parameters of a path: by name, by symbol, by position, and those of one target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.path_of import names_of

if TYPE_CHECKING:
    from sklearn_gd import DescentPath

Floats = NDArray[np.float64]
Symbols = Mapping[str, str] | None


def symbols_of(estimator: Any, symbols: Symbols) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parameters' names, and what pictures call them."""
    names = names_of(estimator)
    unknown = [name for name in symbols or {} if name not in names]
    if unknown:
        raise ValueError(
            f"symbols must be for parameters, which are {', '.join(names)}; got {unknown}."
        )
    return names, tuple((symbols or {}).get(name, name) for name in names)


def check_parameter(names: tuple[str, ...], parameter: str | int) -> int:
    """Return the position of a parameter given by name or by position."""
    if isinstance(parameter, str):
        if parameter not in names:
            raise ValueError(f"parameters must be among {', '.join(names)}; got {parameter!r}.")
        return names.index(parameter)
    if not -len(names) <= parameter < len(names):
        raise ValueError(f"There are {len(names)} parameters; got number {parameter!r}.")
    return int(parameter) % len(names)


def has_intercept(path: DescentPath) -> bool:
    """Whether the first parameter is an intercept."""
    return bool(path.parameters(0).shape[-1] > path.coef(0).shape[-1])


def check_target(path: DescentPath, target: int) -> int:
    """Return the number of one of the targets."""
    targets = len(path.coef(0)) if path.coef(0).ndim == 2 else 1
    if not 0 <= target < targets:
        raise ValueError(f"target must be from 0 to {targets - 1}; got {target!r}.")
    return int(target)


def of_target(path: DescentPath, numbers: NDArray[Any], target: int) -> Floats:
    """Return the numbers of one target, if they are laid out for several."""
    several = path.coef(0).ndim == 2
    return np.asarray(numbers[..., target, :] if several else numbers, dtype=float)


def parameters_of(path: DescentPath, t: Any, target: int) -> Floats:
    """Return all parameters of one target after `t` updates, (len(t), p)."""
    return of_target(path, path.parameters(t), target)
