"""Checks of arrays on a device, as `validation` checks those of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, check_array

from sklearn_gd._data import ArrayAPIRows
from sklearn_gd._estimator.array_api import Device, is_foreign, to_numpy
from sklearn_gd._estimator.validation import (
    Data,
    check_shape_of_weights,
    check_size_of_X,
    check_sizes_of_weights,
    check_sizes_of_y,
    check_weights,
    dense_numbers,
    validated,
)


def check_device_X(estimator: Any, X: Any, device: Device) -> Any:
    """Return X to predict for, checked against the features seen in fit."""
    return validated(estimator, _real("X", X, device), dtype=device.dtypes, reset=False)


def check_device_rows(
    estimator: Any, data: Data, fit_intercept: bool, *, reset: bool = True, part: bool = False
) -> tuple[ArrayAPIRows, str]:
    """Check rows as `check_rows` does, with y and the weights moved to the device of X."""
    X, y, sample_weight = data
    device = Device.of(X)
    X, y = validated(
        estimator,
        _real("X", X, device),
        bring_targets(y, device),
        dtype=device.dtypes,
        multi_output=True,
        ensure_all_finite=False,  # sums over X find nan and inf: see prepare.py
        reset=reset,
    )
    xp = device.xp
    y_layout = "1d" if y.ndim == 1 else "column" if y.shape[1] == 1 else "2d"
    table = xp.reshape(xp.astype(y, device.floats, copy=False), (y.shape[0], -1))
    _check_sizes(X, table, fit_intercept, device)
    weights = check_device_weights(sample_weight, y.shape[0], device, part=part)
    rounding = float(xp.finfo(X.dtype).eps)
    return ArrayAPIRows(X, table, weights, fit_intercept, device, rounding), y_layout


def bring_targets(y: Any, device: Device) -> Any:
    """Return the targets on the device of X; those of NumPy are checked before the move."""
    if y is None or is_foreign(y):
        return y if y is None else _real("y", device.asarray(y), device)
    y = check_array(dense_numbers("y", y), ensure_2d=False, input_name="y")
    return device.asarray(y)


def check_device_weights(
    sample_weight: Any, n_samples: int, device: Device, *, part: bool = False
) -> Any:
    """Return weights (n,) on the device of X, or None if all rows weigh the same."""
    if is_foreign(sample_weight) and sample_weight.ndim == 0:
        sample_weight = to_numpy(sample_weight).item()
    if not is_foreign(sample_weight):
        weights = check_weights(sample_weight, n_samples, part=part)
        return None if weights is None else device.to_device(weights)
    xp = device.xp
    weights = _real("sample_weight", device.asarray(sample_weight), device)
    weights = xp.astype(weights, device.floats, copy=False)
    check_shape_of_weights(weights, n_samples)
    assert_all_finite(weights, input_name="sample_weight")
    least, largest = float(xp.min(weights)), float(xp.max(weights))
    check_sizes_of_weights(least, largest, part, device.largest_size)
    return weights


def _real(name: str, array: Any, device: Device) -> Any:
    if not device.xp.isdtype(array.dtype, ("bool", "integral", "real floating")):
        raise ValueError(f"Complex data not supported: {name} must hold real numbers.")
    return array


def _check_sizes(X: Any, y: Any, fit_intercept: bool, device: Device) -> None:
    xp, most = device.xp, device.largest_size
    check_sizes_of_y(device.to_host(xp.max(xp.abs(y), axis=0)).tolist(), most)
    if not fit_intercept and float(xp.max(xp.abs(X[:1, :]))) < 1.0 / most:
        with np.errstate(invalid="ignore"):
            largest = max(float(xp.max(X)), -float(xp.min(X)))
        check_size_of_X(largest, most)
