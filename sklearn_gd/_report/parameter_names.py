"""What parameters, targets and directions are called: shapes and numbers go in, words come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

INTERCEPT = "intercept"
# A direction is named by the parameters that weigh at least this much of its heaviest ...
TELLING_WEIGHT = 0.5
# ... and by no more than so many of them.
MOST_NAMES = 3


def parameter_names(
    n_features: int, fit_intercept: bool, feature_names: Sequence[str] | None
) -> tuple[str, ...]:
    """One name per row of theta; features without a name are x0, x1, ... as in scikit-learn."""
    names = [f"x{j}" for j in range(n_features)] if feature_names is None else feature_names
    return (*((INTERCEPT,) if fit_intercept else ()), *map(str, names))


def direction_name(direction: Floats, names: Sequence[str]) -> str:
    """A direction by its heaviest parameters, as "s1 - s2": s1 rises where s2 falls."""
    weight = np.abs(direction)
    heaviest = np.argsort(-weight, kind="stable")[:MOST_NAMES]
    telling = weight[heaviest] >= TELLING_WEIGHT * weight[heaviest[0]]
    first, *others = map(int, heaviest[telling])
    alike = direction * direction[first] > 0
    return names[first] + "".join((" + " if alike[j] else " - ") + names[j] for j in others)
