"""How parameters are shown: with or without intercept, for one target, a column or many."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Layout:
    """From theta (..., p, k) to what users see."""

    fit_intercept: bool
    y_layout: str  # "1d": y of shape (n,); "column": (n, 1); "2d": (n, k)
    dtype: DTypeLike
    feature_names: tuple[str, ...] | None = None

    def parameter_names(self, n_features: int) -> tuple[str, ...]:
        """Return one name per row of theta; x0, x1, ... as in scikit-learn if X had no names."""
        names = self.feature_names or [f"x{j}" for j in range(n_features)]
        return tuple(map(str, ("intercept", *names) if self.fit_intercept else names))

    def coef(self, theta: Floats) -> Floats:
        """Return coefficients (..., d) or (..., k, d)."""
        return self.gradient(theta[..., int(self.fit_intercept) :, :])

    def intercept(self, theta: Floats) -> Floats:
        """Return intercepts (...,) or (..., k); zeros without an intercept."""
        if not self.fit_intercept:
            return np.zeros(theta.shape[:-2], self.dtype)[()]
        intercept = self._cast(theta[..., 0, :])
        return intercept[..., 0][()] if self.y_layout == "1d" else intercept

    def gradient(self, gradient: Floats) -> Floats:
        """Return all parameters' numbers, (..., p) or (..., k, p)."""
        partial = np.swapaxes(self._cast(gradient), -1, -2)
        return partial if self.y_layout == "2d" else partial[..., 0, :]

    def _cast(self, numbers: Floats) -> Floats:
        if numbers.dtype == self.dtype:
            return numbers.copy()
        with np.errstate(over="ignore"):  # infinite when they leave the range, as documented
            return numbers.astype(self.dtype)
