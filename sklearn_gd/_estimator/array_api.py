"""Arrays of other libraries, on any device, by the array API standard.

No other module imports array-api-compat or distinguishes between libraries.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config

from sklearn_gd._data import LARGEST_SIZE, NumPyLibrary
from sklearn_gd._optional import optional

# The largest size of numbers that can be squared and summed in float32.
LARGEST_IN_FLOAT32 = 1e15
# What libraries raise if they do not support one of the conversions in `to_numpy`.
NO_WAY = (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Device:
    """A namespace of the array API and one of its devices, which holds the rows of a fit."""

    xp: Any
    device: Any

    @classmethod
    def of(cls, array: Any) -> Device:
        compat = _compat()
        return cls(compat.array_namespace(array), compat.device(array))

    def __str__(self) -> str:
        return f"{self.xp.__name__.removeprefix('array_api_compat.')} on device {self.device}"

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """Return the dtypes that X may have: float64 if the device has it, and float32."""
        has = self.xp.__array_namespace_info__().dtypes(device=self.device, kind="real floating")
        return tuple(has[name] for name in ("float64", "float32") if name in has)

    @property
    def floats(self) -> Any:
        """Return the dtype of sums."""
        return self.dtypes[0]

    @property
    def unit(self) -> float:
        """Return the machine epsilon of sums."""
        return float(self.xp.finfo(self.floats).eps)

    @property
    def largest_size(self) -> float:
        """Return the largest size of numbers that can be squared and summed."""
        return LARGEST_SIZE if len(self.dtypes) > 1 else LARGEST_IN_FLOAT32

    def to_device(self, numbers: Any) -> Any:
        """Return a NumPy array as an array on the device, in the dtype of sums."""
        return self.xp.asarray(np.array(numbers), dtype=self.floats, device=self.device)

    def to_host(self, numbers: Any) -> NDArray[np.float64]:
        """Return a small array of the device as a NumPy array of float64."""
        return np.array(to_numpy(numbers), dtype=np.float64)

    def take(self, array: Any, index: Any) -> Any:
        """Return rows of an array of the device, by a slice or by indices."""
        if isinstance(index, slice):
            return array[index, ...]
        indices = self.xp.asarray(np.array(index, dtype=np.int64), device=self.device)
        return self.xp.take(array, indices, axis=0)

    def asarray(self, array: Any) -> Any:
        """Return an array of any library on the device, of the same dtype if the device has it."""
        if is_foreign(array) and self == Device.of(array):
            return array
        array = np.asarray(to_numpy(array))
        # Other libraries take no foreign byte order, negative strides or read-only memory.
        array = array.astype(array.dtype.newbyteorder("="), order="C", copy=True)
        dtypes = self.xp.__array_namespace_info__().dtypes(device=self.device)
        dtype = dtypes.get(array.dtype.name, self.floats)
        return self.xp.asarray(array, dtype=dtype, device=self.device)

    def in_floats(self, array: Any) -> Any:
        """Return an array of the device in the dtype of sums."""
        return self.xp.astype(array, self.floats, copy=False)

    def promote(self, *arrays: Any) -> list[Any]:
        """Return the arrays in their common dtype, which not every library finds by itself."""
        dtype = self.xp.result_type(*arrays)
        return [self.xp.astype(array, dtype, copy=False) for array in arrays]


class _NumPy(NumPyLibrary, Device):
    """NumPy and SciPy, whose arrays stay as they are."""

    def __str__(self) -> str:
        return "numpy"

    @property
    def dtypes(self) -> tuple[Any, ...]:
        return np.float64, np.float32

    def asarray(self, array: Any) -> Any:
        """Return an array of another library as a NumPy array if array API dispatch is on."""
        return to_numpy(array) if get_config()["array_api_dispatch"] else array

    def promote(self, *arrays: Any) -> list[Any]:
        return [to_numpy(array) for array in arrays]


NUMPY = _NumPy(np, "cpu")


def device_of(X: Any) -> Device:
    """Return the device of X; NUMPY if array API dispatch is off."""
    return Device.of(X) if get_config()["array_api_dispatch"] and is_foreign(X) else NUMPY


def to_numpy(array: Any) -> Any:
    """Return an array of another library as a NumPy array, other values as they are."""
    if not is_foreign(array):
        return array
    with suppress(*NO_WAY):
        return np.from_dlpack(array, device="cpu")  # NumPy 2.1 and libraries of that age
    with suppress(*NO_WAY):
        return np.from_dlpack(array)
    return np.asarray(_compat().to_device(array, "cpu"))


def same_device(estimator: Any, X: Any, method: str) -> Device:
    """Return the device of X; raise ValueError if the estimator was fitted on another one."""
    fitted, now = device_of(estimator.coef_), device_of(X)
    if fitted == now:
        return now
    raise ValueError(
        f"Inputs passed to {type(estimator).__name__}.{method}() must use the same namespace and "
        f"the same device as those passed to fit(): that was {fitted}, and this is {now}."
    )


def is_foreign(array: Any) -> bool:
    """Return whether a value is an array, and not of NumPy; lists and frames are no arrays."""
    # Most arrays are recognised without importing array-api-compat.
    if isinstance(array, (np.ndarray, np.generic)) or not hasattr(array, "__dlpack__"):
        return False
    return bool(_compat().is_array_api_obj(array))


def _compat() -> Any:
    return optional("array_api_compat", "sklearn.set_config(array_api_dispatch=True)")
