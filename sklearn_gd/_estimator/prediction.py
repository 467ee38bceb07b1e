"""What a fitted estimator answers, however its rate and its stop were found: from its path."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.utils.validation import check_is_fitted

from sklearn_gd._data import products_of_finite
from sklearn_gd._estimator.array_api import NUMPY, Device, device_of, same_device, to_numpy
from sklearn_gd._estimator.callbacks import CallbackSupportMixin
from sklearn_gd._estimator.dask_dispatch import dask_module, is_dask
from sklearn_gd._estimator.validation import check_targets, check_weights, check_X
from sklearn_gd.path import DescentPath, Floats

# Histories, and what the path calls them; a display of the model shows those up to this size.
HISTORIES = {"loss_history_": "loss", "coef_path_": "coef", "intercept_path_": "intercept"}
SHOWN_BYTES = 1 << 20
# Predictions and parameters that staged_predict holds at once.
STAGED_NUMBERS = 1 << 20


class DescentEstimator(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Predictions and histories of the descent of which it has the attributes."""

    coef_: Floats
    intercept_: Any
    n_iter_: int
    lr_: float
    stop_reason_: str
    path_: DescentPath
    n_features_in_: int

    def predict(self, X: Any) -> Floats:
        """Predict with the coefficients where the descent stopped.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions. For a Dask array a Dask array in the same chunks of rows; for a Dask
            dataframe a series with its index and partitions, or a dataframe with a column for each
            target. They are made when they are computed.
        """
        check_is_fitted(self)
        if is_dask(X):
            coef, intercept = to_numpy(self.coef_), to_numpy(self.intercept_)
            lazy: Floats = dask_module("_predict").predicted(self, X, coef, intercept)
            return lazy
        device = same_device(self, X, "predict")
        X, coef = device.promote(check_X(self, X, device), self.coef_)
        intercept = to_numpy(self.intercept_) if device is NUMPY else self.intercept_
        with products_of_finite():
            predictions: Floats = X @ (coef if coef.ndim == 1 else coef.T) + intercept
        return predictions

    def staged_predict(self, X: Any) -> Iterator[Floats]:
        """Predict with every iterate in turn, the start first.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features.

        Yields
        ------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions after 0, 1, ..., `n_iter_` updates; for a Dask collection what `predict`
            makes of one.
        """
        check_is_fitted(self)
        if is_dask(X):
            lazy, path = dask_module("_predict").predicted, self.path_
            return (lazy(self, X, path.coef(t), path.intercept(t)) for t in range(path.n_iter + 1))
        device = same_device(self, X, "staged_predict")
        return self._stages(check_X(self, X, device), device)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination R^2 of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, n_targets)
            True targets.
        sample_weight : array-like of shape (n_samples,) or float, default=None
            Non-negative weights.

        Returns
        -------
        float
            1 for perfect predictions, 0 for those of the mean; an average over targets.
        """
        if is_dask(X, y, sample_weight):
            check_is_fitted(self)
            return float(dask_module("_predict").r2_score(self, X, y, sample_weight))
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        device = device_of(X)
        weights = check_weights(sample_weight, n_samples, device)
        return float(super().score(X, check_targets(y, device), weights))

    def to_linear_regression(self) -> LinearRegression:
        """A fitted `LinearRegression` with these coefficients, for what exports only that.

        Returns
        -------
        sklearn.linear_model.LinearRegression
            Predicts as this estimator does. It was not fitted to rows, so it has no `rank_` and no
            `singular_`; it shares no arrays with this estimator.

        Examples
        --------
        >>> from sklearn_gd import GDLinearRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).to_linear_regression().predict([[3.0]])
        array([5.979])
        """
        check_is_fitted(self)
        model = LinearRegression(fit_intercept=self.path_._layout.fit_intercept)
        model.coef_ = np.array(to_numpy(self.coef_))
        intercept = to_numpy(self.intercept_)
        # A Python number where there is none, which leaves float32 predictions as they are.
        model.intercept_ = intercept if isinstance(intercept, float) else np.array(intercept)[()]
        model.n_features_in_ = self.n_features_in_
        if hasattr(self, "feature_names_in_"):
            model.feature_names_in_ = self.feature_names_in_.copy()
        return model

    def _stages(self, X: Any, device: Device) -> Iterator[Floats]:
        p, k = self.path_._descent.start.shape
        stages = max(1, STAGED_NUMBERS // ((X.shape[0] + p) * k))
        for first in range(0, self.n_iter_ + 1, stages):
            t = np.arange(first, min(first + stages, self.n_iter_ + 1))
            yield from predicted(device, X, self.path_.coef(t), self.path_.intercept(t))

    @property
    def loss_history_(self) -> Floats:
        """The loss of every iterate, of shape (`n_iter_` + 1,), the start first."""
        return self._history("loss")

    @property
    def coef_path_(self) -> Floats:
        """The coefficients of every iterate, of shape (`n_iter_` + 1, ...) as `coef_`."""
        return self._history("coef")

    @property
    def intercept_path_(self) -> Floats:
        """The intercept of every iterate, of shape (`n_iter_` + 1, ...) as `intercept_`."""
        return self._history("intercept")

    def _history(self, name: str) -> Floats:
        # Before fit the histories do not exist, as any other fitted attribute.
        path: DescentPath | None = getattr(self, "path_", None)
        if path is None:
            raise AttributeError(f"this {type(self).__name__} is not fitted yet: call fit first.")
        return path._history(name)

    def __dir__(self) -> list[str]:
        """Leave out histories that would take long to make: a notebook's display reads them all."""
        path = vars(self).get("path_")
        sizes = {name: path._history_bytes(what) for name, what in HISTORIES.items() if path}
        # scikit-learn's own `__dir__` reads every attribute to see whether it is there.
        every = (*object.__dir__(self), *vars(self).get("_records", ()))
        return [name for name in every if sizes.get(name, 0) <= SHOWN_BYTES and hasattr(self, name)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags


def predicted(device: Device, X: Any, coef: Floats, intercept: Floats) -> Iterator[Any]:
    """Yield the predictions of several iterates, (t, d) or (t, k, d), for rows on a device."""
    many, k = coef.ndim == 3, coef[0].size // X.shape[1]
    X, flat = device.promote(X, device.asarray(coef.reshape(-1, X.shape[1])))
    products = X @ flat.T  # (n, t * k)
    shifts = np.broadcast_to(intercept.reshape(len(coef), -1), (len(coef), k))
    predictions = products + device.asarray(shifts.ravel())
    for i in range(len(coef)):
        one = predictions[:, i * k : (i + 1) * k] if many else predictions[:, i]
        yield np.ascontiguousarray(one) if device is NUMPY else one
