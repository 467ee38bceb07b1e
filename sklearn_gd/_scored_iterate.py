"""Score iterates by scikit-learn's scorers, as fitted estimators."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._data import LocalRows
from sklearn_gd._descent import ClosedForm, Spectrum
from sklearn_gd._estimator.array_api import NUMPY, Device, is_foreign
from sklearn_gd._estimator.prediction import predicted
from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd._tuning import Grid
from sklearn_gd.regressor import GDLinearRegressor

Floats = NDArray[np.floating[Any]]

# The largest number of predictions and coefficients of iterates in memory.
PREDICTION_NUMBERS = 1 << 20


class Iterate(GDLinearRegressor):
    """One iterate as a fitted estimator that has the predictions for the held-out rows."""

    def predict(self, X: Any) -> Floats:
        """Return the stored predictions for the held-out rows, or compute those for other rows."""
        return self._predictions if X is self._held_out else super().predict(X)


class HeldOutRows:
    """The held-out rows of a fold and the metadata for them, which a scorer cannot modify."""

    def __init__(self, fit_input: FitInput, test: NDArray[np.intp], params: dict[str, Any]) -> None:
        rows: Any = fit_input.problem
        part, self.layout, self.device = rows.taken(test), fit_input.layout, fit_input.device
        y = part.y[:, 0] if self.layout.y_layout == "1d" else part.y
        self.X, self.y = read_only(part.X), read_only(y)
        self.params = {k: read_only(_taken(value, test, rows)) for k, value in params.items()}

    def score(self, scorer: Callable[..., float], iterate: Iterate) -> float:
        """Return the score of one iterate."""
        X, y = self.X, self.y
        if self.device is not NUMPY:  # arrays of other libraries cannot be made read-only
            X, y = (self.device.xp.asarray(array, copy=True) for array in (X, y))
            iterate._held_out = X
        return scorer(iterate, X, y, **self.params)


def score_iterates(
    scorer: Callable[..., float], spectrum: Spectrum, held_out: HeldOutRows, grid: Grid
) -> Floats:
    """Return scores (n_lrs, n_iters); one that is not a finite number counts as minus infinity."""
    rows = []
    for descent, steps in grid.descents(spectrum):
        iterates = _iterates(descent, steps, held_out)
        rows.append(np.array([held_out.score(scorer, one) for one in iterates], dtype=float))
    scores = grid.filled(rows)
    return np.where(np.isfinite(scores), scores, -np.inf)


def read_only(value: Any) -> Any:
    """Return a view of an array, or of a sparse matrix, that cannot be written to."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    elif hasattr(value, "tocsr"):
        value = value.copy()
        for name in ("data", "indices", "indptr"):
            if isinstance(getattr(value, name, None), np.ndarray):
                getattr(value, name).flags.writeable = False
    return value


def _iterates(descent: ClosedForm, steps: NDArray[Any], held_out: HeldOutRows) -> Iterator[Iterate]:
    X, device, layout = held_out.X, held_out.device, held_out.layout
    p, k = descent.start.shape
    at_once = max(1, PREDICTION_NUMBERS // ((X.shape[0] + p) * k))
    for first in range(0, len(steps), at_once):
        theta = descent.theta(steps[first : first + at_once])
        coef, intercept = layout.coef(theta), layout.intercept(theta)
        for i, predictions in enumerate(predicted(device, X, coef, intercept)):
            iterate = Iterate(descent.rule.lr, max_iter=int(steps[first + i]))
            iterate._held_out, iterate._predictions = X, predictions
            iterate.coef_ = device.asarray(coef[i])
            iterate.intercept_ = device.asarray(intercept[i])
            iterate.lr_, iterate.n_iter_ = descent.rule.lr, iterate.max_iter
            iterate.n_features_in_ = X.shape[1]
            yield iterate


def _taken(value: Any, index: NDArray[np.intp], rows: LocalRows) -> Any:
    """Return metadata of one fold: its rows if there is a value per row, else the value itself."""
    foreign, array = is_foreign(value), value
    if not foreign and (isinstance(value, (list, tuple)) or hasattr(value, "__array__")):
        array = np.asarray(value)
    if getattr(array, "shape", ())[:1] != (rows.n_samples,):
        return value
    return Device.of(array).take(array, index) if foreign else array[index]
