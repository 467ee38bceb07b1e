"""What directions, and parameters of several targets, are called."""

from collections.abc import Sequence

import numpy as np

from sklearn_gd._report.layout import Floats

# A direction is named by the parameters that weigh at least this much of its heaviest ...
TELLING_WEIGHT = 0.5
# ... and by no more than so many of them.
MOST_NAMES = 3


def direction_name(direction: Floats, names: Sequence[str]) -> str:
    """A direction by its heaviest parameters, as "s1 - s2": s1 rises where s2 falls."""
    weight = np.abs(direction)
    heaviest = np.argsort(-weight, kind="stable")[:MOST_NAMES]
    telling = weight[heaviest] >= TELLING_WEIGHT * weight[heaviest[0]]
    first, *others = map(int, heaviest[telling])
    alike = direction * direction[first] > 0
    return names[first] + "".join((" + " if alike[j] else " - ") + names[j] for j in others)


def column_names(names: Sequence[str], shape: tuple[int, ...]) -> Sequence[str]:
    """One name for each parameter of an iterate, whose shape is (p,) or (k, p)."""
    if len(shape) == 1:
        return names
    return [f"{name} (y{target})" for target in range(shape[0]) for name in names]
