"""Iterates as named columns: losses and parameters go in, what a data frame needs comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def columns_of(loss: Floats, parameters: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """Columns of equal length; parameters (t, p), or (t, k, p) for k targets."""
    names = column_names(names, parameters.shape[1:])
    columns = np.moveaxis(parameters, 0, -1).reshape(len(names), -1)
    return {"loss": loss, **dict(zip(names, columns, strict=True))}


def column_names(names: Sequence[str], shape: tuple[int, ...]) -> Sequence[str]:
    """One name for each parameter of an iterate, whose shape is (p,) or (k, p)."""
    if len(shape) == 1:
        return names
    return [f"{name} (y{target})" for target in range(shape[0]) for name in names]
