"""Iterates as named columns: losses and parameters go in, what a data frame needs comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def columns_of(loss: Floats, parameters: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """Columns of equal length; parameters (t, p), or (t, k, p) for k targets."""
    columns = {"loss": loss}
    if parameters.ndim == 2:
        return columns | {name: parameters[:, j] for j, name in enumerate(names)}
    for target in range(parameters.shape[1]):
        for j, name in enumerate(names):
            columns[f"{name} (y{target})"] = parameters[:, target, j]
    return columns
