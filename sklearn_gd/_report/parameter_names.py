"""What parameters, targets and directions are called: shapes and numbers go in, words come out."""

from collections.abc import Sequence

import numpy as np

from sklearn_gd._report.layout import Floats

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


def columns_of(loss: Floats, parameters: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """Columns of a data frame of iterates; parameters (t, p), or (t, k, p) for k targets."""
    names = column_names(names, parameters.shape[1:])
    columns = np.moveaxis(parameters, 0, -1).reshape(len(names), -1)
    return {"loss": loss, **dict(zip(names, columns, strict=True))}


def column_names(names: Sequence[str], shape: tuple[int, ...]) -> Sequence[str]:
    """One name for each parameter of an iterate, whose shape is (p,) or (k, p)."""
    if len(shape) == 1:
        return names
    return [f"{name} (y{target})" for target in range(shape[0]) for name in names]
