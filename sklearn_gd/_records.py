"""What a fit wrote down to be read: arrays go in, and are NumPy's wherever the rows were."""

from __future__ import annotations

from typing import Any


class Record:
    """An attribute that does not follow the rows to their library and device.

    scikit-learn takes arrays among the variables of an estimator for what goes along with its
    rows, so records are kept together in one variable. Before `fit` they do not exist.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self
        try:
            return vars(estimator)["_records"][self._name]
        except KeyError:
            raise AttributeError(
                f"{type(estimator).__name__!r} object has no attribute {self._name!r}"
            ) from None

    def __set__(self, estimator: Any, value: Any) -> None:
        # A new dict, so that a fit that fails can go back to the old one.
        estimator._records = {**vars(estimator).get("_records", {}), self._name: value}

    def __delete__(self, estimator: Any) -> None:
        kept = vars(estimator).get("_records", {})
        estimator._records = {name: value for name, value in kept.items() if name != self._name}
