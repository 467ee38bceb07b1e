"""Fitted attributes that are NumPy arrays although the rows are on another device."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, overload

Kept = TypeVar("Kept")


class HostAttribute(Generic[Kept]):
    """A fitted attribute that stays a NumPy array, and does not exist before `fit`.

    scikit-learn moves arrays among the variables of an estimator to the device of the rows, so
    that these attributes are items of one dictionary instead.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, estimator: None, owner: type) -> Self: ...
    @overload
    def __get__(self, estimator: object, owner: type | None = None) -> Kept: ...
    def __get__(self, estimator: object, owner: type | None = None) -> Self | Kept:
        if estimator is None:
            return self
        try:
            kept: Kept = vars(estimator)["_records"][self._name]
            return kept
        except KeyError:
            raise AttributeError(
                f"{type(estimator).__name__!r} object has no attribute {self._name!r}"
            ) from None

    def __set__(self, estimator: Any, value: Kept) -> None:
        # A new dict, so that a fit that fails can restore the old one.
        estimator._records = {**vars(estimator).get("_records", {}), self._name: value}

    def __delete__(self, estimator: Any) -> None:
        kept = vars(estimator).get("_records", {})
        estimator._records = {name: value for name, value in kept.items() if name != self._name}
