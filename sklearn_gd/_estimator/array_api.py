"""Arrays of other libraries, on any device: they come in as they are, results go back to them.

The one place that knows array-api-compat, and that tells libraries apart at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config

from sklearn_gd._data import LARGEST_SIZE
from sklearn_gd._optional import optional

Floats = NDArray[np.float64]

# Numbers that can be squared and summed where there is no float64.
LARGEST_IN_FLOAT32 = 1e15
# What libraries raise where they cannot hand memory over in one of the ways of `_to_numpy`.
NO_WAY = (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class Device:
    """A namespace of the array API and one of its devices: where the rows of a fit are."""

    xp: Any
    device: Any

    @classmethod
    def of(cls, array: Any) -> Device:
        compat = _compat()
        return cls(compat.array_namespace(array), compat.device(array))

    def __str__(self) -> str:
        return f"{self.xp.__name__.removeprefix('array_api_compat.')} on device {self.device}"

    def holds(self, array: Any) -> bool:
        """Whether an array of any library is here."""
        return is_foreign(array) and self.is_that_of(Device.of(array))

    def is_that_of(self, other: Device) -> bool:
        return bool(self.xp is other.xp and self.device == other.device)

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """Those that X may have: float64 first, where the device has it."""
        has = self.xp.__array_namespace_info__().dtypes(device=self.device, kind="real floating")
        return tuple(has[name] for name in ("float64", "float32") if name in has)

    @property
    def floats(self) -> Any:
        """The dtype of sums."""
        return self.dtypes[0]

    @property
    def unit(self) -> float:
        """The rounding of sums."""
        return float(self.xp.finfo(self.floats).eps)

    @property
    def largest_size(self) -> float:
        """Numbers up to here can be squared and summed."""
        return LARGEST_SIZE if len(self.dtypes) > 1 else LARGEST_IN_FLOAT32

    def to_device(self, numbers: Any) -> Any:
        """NumPy's numbers in the dtype of sums."""
        return self.xp.asarray(np.array(numbers), dtype=self.floats, device=self.device)

    def to_host(self, numbers: Any) -> Floats:
        """A few numbers of this place as NumPy's."""
        return np.array(_to_numpy(numbers), dtype=np.float64)

    def take(self, array: Any, index: Any) -> Any:
        """Rows of an array of this place, by a slice or by NumPy's indices."""
        if isinstance(index, slice):
            return array[index, ...]
        there = self.xp.asarray(np.array(index, dtype=np.int64), device=self.device)
        return self.xp.take(array, there, axis=0)

    def dtype_of(self, array: Any) -> np.dtype[Any]:
        """NumPy's dtype for an array of float32 or float64."""
        return np.dtype(f"float{self.xp.finfo(array.dtype).bits}")

    def as_result(self, result: Any) -> Any:
        """A result in the dtype it has."""
        result = np.array(result)
        dtype = getattr(self.xp, result.dtype.name)
        return self.xp.asarray(result, dtype=dtype, device=self.device)

    def asarray(self, array: Any) -> Any:
        """An array of any library, in the dtype it has where that is to be had here."""
        if not is_foreign(array):
            array = np.asarray(array)
            # Bytes of another order, negative strides and read-only memory are NumPy's alone.
            array = array.astype(array.dtype.newbyteorder("="), order="C", copy=True)
            known = getattr(self.xp, array.dtype.name, None)
            known = self.floats if known is None or array.dtype.kind == "f" else known
            return self.xp.asarray(array, dtype=known, device=self.device)
        if self.holds(array):
            return array
        return self.asarray(_to_numpy(array))

    def promote(self, *arrays: Any) -> list[Any]:
        """The arrays in the dtype that holds them all; not every library does this by itself."""
        dtype = self.xp.result_type(*arrays)
        return [self.xp.astype(array, dtype, copy=False) for array in arrays]

    def sample(self) -> Any:
        """An array without numbers, which a fitted estimator remembers the place by: it pickles."""
        return self.xp.empty((0,), dtype=self.dtypes[-1], device=self.device)


def device_of(X: Any) -> Device | None:
    """Where the rows are; None where they are NumPy's to work on, as always without dispatch."""
    return Device.of(X) if get_config()["array_api_dispatch"] and is_foreign(X) else None


def to_numpy_if_dispatched(array: Any) -> Any:
    """As NumPy's where dispatch lets it come from another library; all follow X."""
    foreign = get_config()["array_api_dispatch"] and is_foreign(array)
    return _to_numpy(array) if foreign else array


def to_numpy(array: Any) -> Any:
    """Fitted coefficients as NumPy's, whatever dispatch says now."""
    return _to_numpy(array) if is_foreign(array) else array


def same_device(estimator: Any, X: Any, method: str) -> Device | None:
    """Where X is, if the estimator was fitted there; in words of scikit-learn's if not."""
    if not get_config()["array_api_dispatch"]:
        return None
    fitted, now = device_of(estimator.coef_), device_of(X)
    if fitted is now or (fitted is not None and now is not None and fitted.is_that_of(now)):
        return now
    raise ValueError(
        f"Inputs passed to {type(estimator).__name__}.{method}() must use the same namespace and "
        f"the same device as those passed to fit(): that was {fitted or 'numpy'}, and this is "
        f"{now or 'numpy'}."
    )


def is_foreign(array: Any) -> bool:
    """Whether it is an array, and not NumPy's; lists and frames are NumPy's to convert."""
    # The first two need no library.
    if isinstance(array, (np.ndarray, np.generic)) or not hasattr(array, "__dlpack__"):
        return False
    return bool(_compat().is_array_api_obj(array))


def _to_numpy(array: Any) -> Any:
    try:
        return np.from_dlpack(array, device="cpu")  # NumPy 2.1 and libraries of that age
    except NO_WAY:
        pass
    try:
        return np.from_dlpack(array)
    except NO_WAY:
        return np.asarray(_compat().to_device(array, "cpu"))


def _compat() -> Any:
    return optional("array_api_compat", "sklearn.set_config(array_api_dispatch=True)")
