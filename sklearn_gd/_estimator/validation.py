"""What users pass in goes through here once; what comes out can be trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Number, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.validation import validate_data

from sklearn_gd._data import LARGEST_SIZE, ArrayAPIRows, RowsInMemory
from sklearn_gd._estimator.array_api import NUMPY, Device, device_of, is_foreign, to_numpy
from sklearn_gd._estimator.parameters import check_number
from sklearn_gd._report.layout import Layout

Floats = NDArray[np.float64]
# X, y and sample_weight as a user passes them.
Data = tuple[Any, Any, Any]

SPARSE_FORMATS = ("csr", "csc")
# Arrays of booleans, integers and floats need no check of the names of their dtypes.
NUMBER_KINDS = "biuf"
# How the names of dtypes begin that convert to floats of no meaning.
NOT_NUMBERS = ("<u", ">u", "|s", "str", "bytes", "date", "time", "duration", "<m8", ">m8")


class FeatureChecker(RegressorMixin, BaseEstimator):
    """Check rows as an estimator does, and keep the features' names."""


def check_X(estimator: Any, X: Any, device: Device = NUMPY) -> Any:
    """Return X to predict for, checked against the features seen in fit."""
    how = {"accept_sparse": SPARSE_FORMATS, "dtype": device.dtypes, "reset": False}
    with _naming_overflow("X"):
        return validate_data(estimator, numbers("X", X, device), **how)


def check_rows(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> tuple[RowsInMemory, Layout]:
    """Return the rows to fit, on the device of X, and the layout of the results.

    The estimator keeps the features; without `reset` they must be those that it has. A `part` of
    the rows may have no weight at all.
    """
    X, y, sample_weight = data
    device = device_of(X)
    with _naming_overflow("X and y"):
        X, y = validate_data(
            estimator,
            numbers("X", X, device),
            check_targets(y, device),
            accept_sparse=SPARSE_FORMATS,
            dtype=device.dtypes,
            y_numeric=True,
            multi_output=True,
            ensure_all_finite=False,  # sums over X find nan and inf: see prepare.py
            reset=reset,
        )
        table = device.xp.reshape(device.in_floats(y), (y.shape[0], -1))
    y_layout = "1d" if y.ndim == 1 else "column" if y.shape[1] == 1 else "2d"
    _check_sizes(X, table, fit_intercept, device)
    weights = check_weights(sample_weight, y.shape[0], device, part=part)
    rows: Any = RowsInMemory(X, table, weights, fit_intercept)
    digits = device.xp.finfo(X.dtype)
    if device is not NUMPY:  # of the same protocol
        rows = ArrayAPIRows(X, table, weights, fit_intercept, device, float(digits.eps))
    names = tuple(getattr(estimator, "feature_names_in_", ())) or None
    return rows, Layout(fit_intercept, y_layout, np.dtype(f"float{digits.bits}"), names)


def check_targets(y: Any, device: Device) -> Any:
    """Return the targets on the device of X; those of NumPy are checked before the move."""
    if device is NUMPY or y is None:
        return dense_numbers("y", NUMPY.asarray(y))
    if is_foreign(y):
        return numbers("y", device.asarray(y), device)
    return device.asarray(check_array(dense_numbers("y", y), ensure_2d=False, input_name="y"))


def numbers(name: str, value: Any, device: Device = NUMPY) -> Any:
    """Return a value, lists as an array, that holds numbers: no dates, no text, nothing masked.

    Validation of scikit-learn would convert those to floats without an error.
    """
    if device is not NUMPY:
        if not device.xp.isdtype(value.dtype, ("bool", "integral", "real floating")):
            raise ValueError(f"Complex data not supported: {name} must hold real numbers.")
        return value
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
    _check_dtypes(name, value)
    return value


def _check_dtypes(name: str, value: Any) -> None:
    """Raise ValueError for the dtype of an array, or of a column of a frame, that is no number."""
    columns = [("", getattr(value, "dtype", None))]
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        pairs = zip(value.columns, value.dtypes, strict=True)
        columns = [(f" in column {column!r}", dtype) for column, dtype in pairs]
    for j, (where, dtype) in enumerate(columns):
        got = f"{name} must hold real numbers; got dtype {dtype}{where}"
        if str(dtype).lower().startswith(NOT_NUMBERS):
            raise ValueError(f"{got}. Convert it to float first.")
        if where and hasattr(value, "iloc") and str(dtype) in ("object", "category"):
            try:
                value.iloc[:, j].astype(float)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{got}: {error}") from error


def floats(name: str, value: Any, **how: Any) -> Floats:
    """Return an array of any shape beside X and y as float64, overflow refused as infinite."""
    how |= {"ensure_2d": False, "dtype": np.float64, "input_name": name}
    with _naming_overflow(name):
        array: Floats = check_array(dense_numbers(name, value), **how)
    return array


def dense_numbers(name: str, value: Any) -> Any:
    """Return a value that holds numbers and is not sparse."""
    if sparse.issparse(value):
        raise TypeError(f"{name} must be dense; got a sparse matrix. Pass {name}.toarray().")
    return numbers(name, value)


@contextmanager
def _naming_overflow(what: str) -> Iterator[None]:
    """Let overflow become infinite, which is then refused by name, and name huge integers."""
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            yield
        except OverflowError as error:
            raise ValueError(f"{what} must hold numbers within the range of float64.") from error


def _check_sizes(X: Any, y: Any, fit_intercept: bool, device: Device) -> None:
    """Raise ValueError for numbers whose squares vanish or overflow, seen as zeros or infinity."""
    xp, most = device.xp, device.largest_size
    sizes = [float(xp.max(xp.abs(y[:, j]))) for j in range(y.shape[1])]
    if not all(size == 0 or 1.0 / most <= size <= most for size in sizes):
        raise ValueError(
            f"y must have sizes between {1.0 / most:.0e} and {most:.0e}, "
            f"or be all zero; its largest is {max(sizes):.3g}: rescale y."
        )
    x = X.data if sparse.issparse(X) else X
    # With a column of ones, or a first row of some size, X as a whole has some size.
    if fit_intercept or 0 in x.shape or float(xp.max(xp.abs(x[:1, ...]))) >= 1.0 / most:
        return
    with np.errstate(invalid="ignore"):
        check_size_of_X(max(float(xp.max(x)), -float(xp.min(x))), most)


def check_size_of_X(largest: float, most: float = LARGEST_SIZE) -> None:
    """Raise ValueError for the largest size in X if its square vanishes."""
    if 0 < largest < 1.0 / most:
        raise ValueError(
            f"X must have sizes of {1.0 / most:.0e} or more, or be all zero; its largest is "
            f"{largest:.3g}: rescale the columns, for instance with StandardScaler."
        )


def check_weights(
    sample_weight: Any, n_samples: int, device: Device = NUMPY, *, part: bool = False
) -> Any:
    """Return weights of shape (n,) on the device of X, or None if all rows weigh the same.

    The rows of a `part` may all have the same weight, which other rows have not, or no weight.
    """
    if sample_weight is None:
        return None
    if device is not NUMPY and is_foreign(sample_weight) and sample_weight.ndim > 0:
        there = device.in_floats(numbers("sample_weight", device.asarray(sample_weight), device))
        return _checked_weights(there, n_samples, part, device.xp, device.largest_size)
    sample_weight = NUMPY.asarray(sample_weight)
    if isinstance(sample_weight, (Number, str)) or getattr(sample_weight, "ndim", None) == 0:
        sample_weight = np.asarray(sample_weight).item()
        weight = check_number("sample_weight", sample_weight, Real, above=0)
        if not part:
            return None
        sample_weight = np.full(n_samples, float(weight))
    weights, most = floats("sample_weight", sample_weight), device.largest_size
    largest = float(weights.max())
    if not part and largest > 0 and not 1.0 / most <= largest <= most:
        weights = np.ldexp(weights, -np.frexp(largest)[1])  # J does not depend on their scale
    return device.to_device(_checked_weights(weights, n_samples, part, np, most))


def _checked_weights(weights: Any, n_samples: int, part: bool, xp: Any, most: float) -> Any:
    if tuple(weights.shape) != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per row, shape ({n_samples},); "
            f"got shape {tuple(weights.shape)}."
        )
    assert_all_finite(weights, input_name="sample_weight")
    least, largest = float(xp.min(weights)), float(xp.max(weights))
    if least < 0:
        raise ValueError(f"sample_weight must not be negative; the least weight is {least:.6g}.")
    if largest == 0 and not part:
        raise ValueError("sample_weight must not be all zero: some weight must be positive.")
    if largest > 0 and not 1.0 / most <= largest <= most:
        raise ValueError(
            f"The largest sample_weight must lie between {1.0 / most:.0e} and "
            f"{most:.0e}; got {largest:.3g}: divide the weights by their mean."
        )
    return weights


def check_start(name: str, value: Any, *shapes: tuple[int, ...]) -> Floats:
    """Return an initial value in the first of the shapes; others must reshape to it."""
    value = to_numpy(value)
    if np.ndim(value) == 0:
        start = np.asarray(check_number(name, np.asarray(value).item(), Real), dtype=np.float64)
    else:
        start = floats(name, value, ensure_min_samples=0)
    if start.shape not in shapes:
        raise ValueError(f"{name} must have shape {shapes[0]}; got shape {start.shape}.")
    return start.reshape(shapes[0])
