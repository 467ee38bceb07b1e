"""What users pass in goes through here once; what comes out can be trusted."""

from __future__ import annotations

import math
from math import isfinite
from numbers import Integral, Number, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sklearn_gd._data import LARGEST_SIZE, RowsInMemory
from sklearn_gd._estimator.array_api import to_numpy

Floats = NDArray[np.float64]
# X, y and sample_weight as a user passes them.
Data = tuple[Any, Any, Any]

SPARSE_FORMATS = ("csr", "csc")
DTYPES = (np.float64, np.float32)
# Smaller numbers have squares whose squares vanish.
SMALLEST_SIZE = 1.0 / LARGEST_SIZE
# Arrays of booleans, integers and floats need no check of the names of their dtypes.
NUMBER_KINDS = "biuf"
MANY_TARGETS = 50
# How the names of dtypes begin that convert to floats of no meaning.
NOT_NUMBERS = ("<u", ">u", "|s", "str", "bytes", "date", "time", "duration", "<m8", ">m8")


class FeatureChecker(BaseEstimator):
    """Lets rows in with the checks of an estimator; keeps the features' names."""


def check_X(estimator: Any, X: Any) -> Any:
    """X to predict for: checked against the features seen in fit."""
    return validated(estimator, numbers("X", X), reset=False)


def check_rows(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> tuple[RowsInMemory, str]:
    """The rows to fit, and whether y was "1d", a "column" or "2d".

    Features are kept by the estimator or, without `reset`, must be those it has. A `part` of the
    rows may have no weight at all.
    """
    X, y, sample_weight = data
    if y is None:  # validation with reset=False would take it for rows to predict for
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            f"is None."
        )
    X, y = _validated_rows(estimator, numbers("X", X), dense_numbers("y", y), reset)
    y_layout = "1d" if y.ndim == 1 else "column" if y.shape[1] == 1 else "2d"
    with np.errstate(over="ignore"):  # of extended precision; its size is then refused
        table = y.astype(np.float64, copy=False).reshape(len(y), -1)
    _check_sizes(X, table, fit_intercept)
    weights = check_weights(sample_weight, len(y), part=part)
    return RowsInMemory(X, table, weights, fit_intercept), y_layout


def validated(estimator: Any, *arrays: Any, dtype: Any = DTYPES, **how: Any) -> Any:
    """As scikit-learn checks it; what overflows becomes infinite, and is then refused by name."""
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            return validate_data(
                estimator, *arrays, accept_sparse=SPARSE_FORMATS, dtype=dtype, **how
            )
        except OverflowError as error:
            raise ValueError("X and y must hold numbers within the range of float64.") from error


def _validated_rows(estimator: Any, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
    """Both, nan and inf refused in y alone: in X they show in its sums, see prepare.py."""
    how = {"ensure_all_finite": False, "reset": reset}
    X, y = validated(estimator, X, y, y_numeric=True, multi_output=True, **how)
    return X, y


def numbers(name: str, value: Any) -> Any:
    """The value, lists as an array, where it holds numbers: no dates, no text, nothing masked.

    What scikit-learn's validation would turn into floats without a word.
    """
    if isinstance(value, (list, tuple)):
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise ValueError(
                f"{name} must have rows of one length, all numbers; got a ragged list: {error}"
            ) from error
    if type(value) is np.ndarray and value.dtype.kind in NUMBER_KINDS:
        return value
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise ValueError(f"{name} must have no masked values: fill them, or drop their rows.")
    dtypes = getattr(value, "dtypes", None)
    dtypes = [getattr(value, "dtype", None)] if dtypes is None else dtypes
    for dtype in np.atleast_1d(np.asarray(dtypes, dtype=object)):
        if str(dtype).lower().startswith(NOT_NUMBERS):
            raise ValueError(
                f"{name} must hold real numbers; got dtype {dtype}{_column_of(value, dtype)}. "
                "Convert it to float first."
            )
    _check_columns_of_objects(name, value)
    return value


def _check_columns_of_objects(name: str, value: Any) -> None:
    """Name the first column of a pandas frame that holds words or other things as objects."""
    columns = getattr(value, "columns", None)
    if columns is None or not hasattr(value, "iloc"):
        return
    for j, (column, dtype) in enumerate(zip(columns, value.dtypes, strict=True)):
        if str(dtype) in ("object", "category"):
            try:
                value.iloc[:, j].astype(float)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"{name} must hold real numbers; got dtype {dtype} in column {column!r}: "
                    f"{error}"
                ) from error


def _column_of(value: Any, dtype: Any) -> str:
    """Name the first column of a frame that has this dtype."""
    columns = getattr(value, "columns", None)
    if columns is None:
        return ""
    found = [c for c, d in zip(columns, value.dtypes, strict=True) if d == dtype]
    return f" in column {found[0]!r}" if found else ""


def floats(name: str, value: Any, **how: Any) -> Floats:
    """An array of any shape beside X and y, as float64; what overflows is refused as infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            array: Floats = check_array(
                numbers(name, value), ensure_2d=False, dtype=np.float64, input_name=name, **how
            )
        except OverflowError as error:
            raise ValueError(f"{name} must hold numbers within the range of float64.") from error
    return array


def dense_numbers(name: str, value: Any) -> Any:
    if sparse.issparse(value):
        raise TypeError(f"{name} must be dense; got a sparse matrix. Pass {name}.toarray().")
    return numbers(name, value)


def _check_sizes(X: Any, y: Floats, fit_intercept: bool) -> None:
    """Numbers whose squares vanish or overflow would be taken for zeros or infinity."""
    # The largest of each of a few columns is found ten times sooner where they are columns.
    sizes = np.abs(y, order="F" if y.shape[1] < MANY_TARGETS else "K")
    check_sizes_of_y(sizes.max(axis=0).tolist())
    x = X.data if sparse.issparse(X) else X
    if fit_intercept or x.size == 0 or np.abs(x[:1]).max() >= SMALLEST_SIZE:
        return  # with a column of ones, or a first row of some size, X as a whole has some size
    check_size_of_X(float(max(x.max(), -x.min())))


def check_sizes_of_y(sizes: list[float], most: float = LARGEST_SIZE) -> None:
    """The largest size of each target."""
    least = 1.0 / most
    if not all(size == 0 or least <= size <= most for size in sizes):
        raise ValueError(
            f"y must have sizes between {least:.0e} and {most:.0e}, "
            f"or be all zero; its largest is {max(sizes):.3g}: rescale y."
        )


def check_size_of_X(largest: float, most: float = LARGEST_SIZE) -> None:
    """The largest size in X where there is nothing else of some size."""
    if 0 < largest < 1.0 / most:
        raise ValueError(
            f"X must have sizes of {1.0 / most:.0e} or more, or be all zero; its largest is "
            f"{largest:.3g}: rescale the columns, for instance with StandardScaler."
        )


def names_seen(estimator: Any) -> tuple[str, ...] | None:
    """The features' names that the last checked X had, None where it had none."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(names)


def check_weights(sample_weight: Any, n_samples: int, *, part: bool = False) -> Floats | None:
    """Weights of shape (n,), or None where all rows weigh the same.

    Of a `part` of the rows all may weigh the same, which is not what others weigh, or nothing.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, (Number, str)) or getattr(sample_weight, "ndim", None) == 0:
        weight = check_number("sample_weight", _scalar(sample_weight), Real, above=0)
        if not part:
            return None
        sample_weight = np.full(n_samples, float(weight))
    weights = floats("sample_weight", dense_numbers("sample_weight", sample_weight))
    check_shape_of_weights(weights, n_samples)
    if not part:
        weights = _in_range(weights)
    check_sizes_of_weights(weights.min(), weights.max(), part)
    return weights


def _in_range(weights: Floats) -> Floats:
    """Return tiny or huge weights times a power of two: J does not depend on their scale."""
    largest = float(weights.max())
    if 0 < largest < math.inf and not 1.0 / LARGEST_SIZE <= largest <= LARGEST_SIZE:
        return np.ldexp(weights, -math.frexp(largest)[1])
    return weights


def check_shape_of_weights(weights: Any, n_samples: int) -> None:
    if tuple(weights.shape) != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per row, shape ({n_samples},); "
            f"got shape {tuple(weights.shape)}."
        )


def check_sizes_of_weights(
    least: float, largest: float, part: bool, most: float = LARGEST_SIZE
) -> None:
    """The smallest and the largest weight."""
    if least < 0:
        raise ValueError(f"sample_weight must not be negative; the least weight is {least:.6g}.")
    if largest == 0:
        if part:
            return
        raise ValueError("sample_weight must not be all zero: some weight must be positive.")
    if not 1.0 / most <= largest <= most:
        raise ValueError(
            f"The largest sample_weight must lie between {1.0 / most:.0e} and "
            f"{most:.0e}; got {largest:.3g}: divide the weights by their mean."
        )


def check_start(name: str, value: Any, *shapes: tuple[int, ...]) -> Floats:
    """An initial value given by the user, of the first shape or one that reshapes to it."""
    value = to_numpy(value)
    if np.ndim(value) == 0:
        start = np.asarray(check_number(name, _scalar(value), Real), dtype=np.float64)
    else:
        start = floats(name, value, ensure_min_samples=0)
    if start.shape not in shapes:
        raise ValueError(f"{name} must have shape {shapes[0]}; got shape {start.shape}.")
    return start.reshape(shapes[0])


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def check_number(
    name: str,
    value: Any,
    kind: type[Any],
    *,
    above: float | None = None,
    least: int | None = None,
    most: int | None = None,
) -> Any:
    """A finite number of this kind; `above` is exclusive, `least` inclusive."""
    what = "an integer" if kind is Integral else "a real number"
    if above is not None:
        what = f"{what} above {above}"
    if least is not None:
        what = f"{what} of at least {least}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {what}; got {value!r} of type {type(value).__name__}.")
    if most is not None and value > most:
        raise ValueError(f"{name} must be {what} and at most 2**{most.bit_length() - 1}; got more.")
    try:
        # Integers of any size are finite; as floats they might overflow.
        finite = kind is Integral or isfinite(value)
    except OverflowError:
        raise ValueError(f"{name} must be {what} within the range of floats.") from None
    too_small = (above is not None and value <= above) or (least is not None and value < least)
    if not finite or too_small:
        raise ValueError(f"{name} must be {what} and finite; got {value!r}.")
    return value


def check_nonnegative(name: str, value: Any, below: float = math.inf) -> float:
    """Return a finite number of at least 0 and below a limit."""
    number = float(check_number(name, value, Real))
    if not 0.0 <= number < below:
        limit = "" if below == math.inf else f" and below {below:g}"
        raise ValueError(f"{name} must be at least 0{limit}; got {value!r}.")
    return number


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
