"""What users pass in goes through here once; what comes out can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import validate_data

from sklearn_gd._descent.rows import NotFinite, Rows

Floats = NDArray[np.float64]

SPARSE_FORMATS = ("csr", "csc")
DTYPES = (np.float64, np.float32)


def check_X(estimator: Any, X: Any) -> Any:
    """X to predict for: checked against the features seen in fit."""
    return validate_data(estimator, X, accept_sparse=SPARSE_FORMATS, dtype=DTYPES, reset=False)


def check_rows(
    estimator: Any, X: Any, y: Any, sample_weight: Any, fit_intercept: bool
) -> tuple[Rows, str]:
    """The rows to fit, and whether y was "flat", a "column" or "many" targets."""
    if sparse.issparse(y):
        raise TypeError("y must be dense; got a sparse matrix. Pass y.toarray().")
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse=SPARSE_FORMATS,
        dtype=DTYPES,
        y_numeric=True,
        multi_output=True,
        ensure_all_finite=False,  # of X alone; nan and inf show in its sums: `naming_what_is_not`
    )
    if y.dtype.kind not in "biuf":
        raise ValueError(f"y must hold real numbers; got dtype {y.dtype}.")
    targets = "flat" if y.ndim == 1 else "column" if y.shape[1] == 1 else "many"
    table = y.astype(np.float64, copy=False).reshape(len(y), -1)
    return Rows(X, table, check_weights(sample_weight, len(y)), fit_intercept), targets


def names_seen(estimator: Any) -> tuple[str, ...] | None:
    """The features' names that the last checked X had, None where it had none."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(names)


@contextmanager
def naming_what_is_not_finite(X: Any) -> Iterator[None]:
    """Sums over X turned out not to be finite: say so in scikit-learn's words where X is not."""
    try:
        yield
    except NotFinite:
        assert_all_finite(X, input_name="X")
        raise


def check_weights(sample_weight: Any, n_samples: int) -> Floats | None:
    """Weights of shape (n,), or None where all rows weigh the same."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        check_number("sample_weight", sample_weight, Real, above=0)
        return None
    weights: Floats = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per row, shape ({n_samples},); "
            f"got shape {weights.shape}."
        )
    if (weights < 0).any():
        raise ValueError(
            f"sample_weight must not be negative; the least weight is {weights.min():.6g}."
        )
    if not weights.any():
        raise ValueError("sample_weight must not be all zero: some weight must be positive.")
    return weights


def check_start(name: str, value: Any, *shapes: tuple[int, ...]) -> Floats:
    """An initial value given by the user, of the first shape or one that reshapes to it."""
    if np.ndim(value) == 0:
        number = value.item() if isinstance(value, np.ndarray) else value
        start = np.asarray(check_number(name, number, Real), dtype=np.float64)
    else:
        start = check_array(
            value, ensure_2d=False, dtype=np.float64, ensure_min_samples=0, input_name=name
        )
    if start.shape not in shapes:
        raise ValueError(f"{name} must have shape {shapes[0]}; got shape {start.shape}.")
    return start.reshape(shapes[0])


def check_number(
    name: str, value: Any, kind: type[Any], *, above: float | None = None, least: int | None = None
) -> Any:
    """A finite number of this kind; `above` is exclusive, `least` inclusive."""
    what = "an integer" if kind is Integral else "a real number"
    if above is not None:
        what = f"{what} above {above}"
    if least is not None:
        what = f"{what} of at least {least}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {what}; got {value!r} of type {type(value).__name__}.")
    # Integers of any size are finite; as floats they might overflow.
    finite = kind is Integral or isfinite(value)
    too_small = (above is not None and value <= above) or (least is not None and value < least)
    if not finite or too_small:
        raise ValueError(f"{name} must be {what} and finite; got {value!r}.")
    return value


def check_flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> Any:
    """One of a few names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return value
