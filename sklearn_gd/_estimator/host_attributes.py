"""Fitted attributes that are NumPy arrays although the rows are on another device."""

from __future__ import annotations

from typing import Any


def host_attribute(name: str) -> Any:
    """Return a property that does not exist before `fit`, an item of the dictionary `_records`.

    scikit-learn moves arrays among the variables of an estimator to the device of the rows.
    """

    def get(estimator: Any) -> object:
        records = vars(estimator).get("_records", {})
        if name not in records:
            raise AttributeError(f"{type(estimator).__name__!r} object has no attribute {name!r}")
        return records[name]

    def keep(estimator: Any, value: Any) -> None:
        # A new dict, so that a fit that fails can restore the old one.
        estimator._records = {**vars(estimator).get("_records", {}), name: value}

    return property(get, keep)
