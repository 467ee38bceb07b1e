"""The descent of one target: its parameters by name, by symbol and by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.path_of import names_of, path_of

if TYPE_CHECKING:
    from sklearn_gd import DescentPath

Floats = NDArray[np.float64]
Symbols = Mapping[str, str] | None


@dataclass(frozen=True, eq=False)
class Descent:
    """The path of one of several targets, the parameters' names, and what pictures call them."""

    path: DescentPath
    target: int
    names: tuple[str, ...]
    symbols: tuple[str, ...]

    @property
    def n_intercepts(self) -> int:
        """One if the first parameter is an intercept, else zero."""
        return int(self.path.parameters(0).shape[-1] - self.path.coef(0).shape[-1])

    def of_target(self, numbers: NDArray[Any]) -> Floats:
        """Return the numbers of the target, if they are laid out for several."""
        several = self.path.coef(0).ndim == 2
        return np.asarray(numbers[..., self.target, :] if several else numbers, dtype=float)

    def parameters(self, t: Any) -> Floats:
        """Return all parameters of the target after `t` updates, (len(t), p)."""
        return self.of_target(self.path.parameters(t))


def descent_of(estimator: Any, target: int, symbols: Symbols = None) -> Descent:
    """Return the descent of one target of a fitted estimator."""
    path, names = path_of(estimator), names_of(estimator)
    targets = len(path.coef(0)) if path.coef(0).ndim == 2 else 1
    if not 0 <= target < targets:
        raise ValueError(f"target must be from 0 to {targets - 1}; got {target!r}.")
    symbols = symbols or {}
    unknown = [name for name in symbols if name not in names]
    if unknown:
        raise ValueError(
            f"symbols must be for parameters, which are {', '.join(names)}; got {unknown}."
        )
    return Descent(path, int(target), names, tuple(symbols.get(name, name) for name in names))


def check_parameter(names: tuple[str, ...], parameter: str | int) -> int:
    """Return the position of a parameter given by name or by position."""
    if isinstance(parameter, str):
        if parameter not in names:
            raise ValueError(f"parameters must be among {', '.join(names)}; got {parameter!r}.")
        return names.index(parameter)
    if not -len(names) <= parameter < len(names):
        raise ValueError(f"There are {len(names)} parameters; got number {parameter!r}.")
    return int(parameter) % len(names)
