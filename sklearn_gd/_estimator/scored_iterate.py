"""Scorers on iterates: a spectrum and held-out rows go in, a score per (lr, t) comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.pieces import descent_along
from sklearn_gd._descent.spectrum import Spectrum
from sklearn_gd._estimator.array_api import Device
from sklearn_gd._estimator.prediction import predicted_there
from sklearn_gd._tuning.grid_errors import Grid
from sklearn_gd.path import Layout
from sklearn_gd.regressor import GDLinearRegressor

Floats = NDArray[np.floating[Any]]

# Predictions and coefficients of iterates that are held at once.
PREDICTION_NUMBERS = 1 << 20


class Iterate(GDLinearRegressor):
    """One iterate as a scorer sees it: fitted, its predictions for the held-out rows ready."""

    def predict(self, X: Any) -> Floats:
        """The predictions that are ready, or those for other rows."""
        return self._ready if X is self._held_out else super().predict(X)

    def _show(self, X: Any, coef: Floats, intercept: Any, predictions: Floats) -> Iterate:
        self._held_out, self._ready = X, predictions
        self.coef_, self.intercept_, self.n_features_in_ = coef, intercept, X.shape[1]
        self.lr_, self.n_iter_ = float(self.lr), self.max_iter
        return self


@dataclass(frozen=True, eq=False)
class HeldOutRows:
    """What a scorer is given beside the estimator."""

    X: Any
    y: Any
    params: dict[str, Any]
    device: Device | None


def score_iterates(
    scorer: Callable[..., float],
    spectrum: Spectrum,
    held_out: HeldOutRows,
    grid: Grid,
    look: Layout,
) -> Floats:
    """The scores (n_lrs, n_iters); a score that is not a finite number counts as minus infinity."""
    rows = [
        np.array(
            [
                scorer(iterate, held_out.X, held_out.y, **held_out.params)
                for iterate in _iterates(descent_along(spectrum, float(lr)), steps, held_out, look)
            ],
            dtype=float,
        )
        for lr, steps in zip(grid.lrs, grid.steps(spectrum), strict=True)
    ]
    scores = grid.filled(rows)
    return np.where(np.isfinite(scores), scores, -np.inf)


def _iterates(
    descent: Descent, steps: NDArray[Any], held_out: HeldOutRows, look: Layout
) -> Iterator[Iterate]:
    X, device = held_out.X, held_out.device
    p, k = descent.spectrum.start.shape
    at_once = max(1, PREDICTION_NUMBERS // ((X.shape[0] + p) * k))
    for first in range(0, len(steps), at_once):
        theta = descent.theta(steps[first : first + at_once])
        coef, intercept = look.coef(theta), look.intercept(theta)
        if device is None:
            shown: Iterable[Any] = _predicted(X, coef, intercept)
        else:
            shown = predicted_there(device, X, coef, intercept)
            coef, intercept = device.as_result(coef), device.as_result(intercept)
        for i, prediction in enumerate(shown):
            iterate = Iterate(descent.lr, max_iter=int(steps[first + i]))
            at = i if device is None else (i, ...)  # the standard has no other way to index
            yield iterate._show(X, coef[at], intercept[at], prediction)


def _predicted(X: Any, coef: Floats, intercept: Floats) -> Iterator[Floats]:
    predictions = np.asarray(X @ coef.reshape(-1, X.shape[1]).T)
    predictions = np.moveaxis(predictions.reshape(X.shape[0], *coef.shape[:-1]), 0, 1)
    for prediction, shift in zip(predictions, intercept, strict=True):
        yield np.ascontiguousarray(prediction + shift)
