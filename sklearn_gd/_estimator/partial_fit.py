"""Fit on rows in parts: cross-products are summed, and the descent is computed on access."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._data import zeros
from sklearn_gd._estimator.array_api import NUMPY, Device
from sklearn_gd._estimator.callbacks import fitting
from sklearn_gd._estimator.moments import Moments
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._solvers import DescentOptions
from sklearn_gd.path import NotKnownError

# Attributes that a descent sets.
FITTED = ("path_", "n_iter_", "lr_", "stop_reason_", "coef_", "intercept_")
# Attributes that `partial_fit` sets: sums over rows, their number, an array of their device.
ACCUMULATED = ("_moments", "n_samples_seen_", "_device_sample")
BEGINS_ANEW = (
    "partial_fit begins anew with these rows: the earlier fit kept no sums of its own to add to. "
    "To add to earlier rows give them to partial_fit as well."
)


class PartialFitMixin:
    """Mixin: `partial_fit` and `fit_moments` for an estimator with a method `_descend`."""

    fit_intercept: bool
    alpha: float

    # Methods of the estimator.
    _check_options: Callable[[], DescentOptions]
    _start: Callable[..., Any]
    _descend: Callable[..., list[Warning]]

    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | float | None = None) -> Self:
        """Add rows: the model becomes that of `fit` on all rows so far.

        It is the full-batch descent on all rows, in any order and in any parts, and not one more
        step on the last rows. The descent is computed on the first access to one of its
        attributes, as by a notebook that shows the model.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features, as many as in the first call and of the same names; at most 8191.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, n_targets)
            Targets, as many as in the first call.
        sample_weight : array-like of shape (n_samples,) or float, default=None
            Non-negative weights; one number is the weight of each of these rows.

        Returns
        -------
        GDLinearRegressor
            Itself.

        Raises
        ------
        TypeError, ValueError
            If a parameter or an argument is not as described; no rows are added then.

        Notes
        -----
        The start is all zeros. Callbacks are not called. A `ConvergenceWarning` is issued on the
        first access to an attribute of the descent. `fit` and `fit_moments` keep no sums to add to:
        `partial_fit` after one of them begins anew, and warns.
        """
        with fitting(self) as said:
            self._check_options()
            moments = vars(self).get("_moments")
            data, is_first = (X, y, sample_weight), moments is None
            fit_input = prepare(self, data, True, reset=is_first, part=True)
            device = fit_input.device
            if not is_first and device != self._device():
                raise ValueError(
                    f"partial_fit takes rows of one library and device; got {device} after "
                    f"{self._device()}."
                )
            batch = Moments._of(fit_input)
            if is_first and "path_" in vars(self):
                said.append(UserWarning(BEGINS_ANEW))
            self._forget()
            self._moments = batch if is_first else moments + batch
            self.n_samples_seen_ = self._moments.n_samples
            if device is not NUMPY:
                self._device_sample = device.to_device(())  # can be pickled, as a device cannot
        return self

    def fit_moments(
        self,
        moments: Moments,
        *,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
    ) -> Self:
        """Descend on the moments of rows, without the rows.

        Parameters
        ----------
        moments : Moments
            Moments of the rows, as `Moments.from_rows` returns them.
        coef_init : array-like of shape (n_features,) or (n_targets, n_features), default=None
            The coefficients to start from. None: zeros, or those of the last fit with `warm_start`.
        intercept_init : float or array-like of shape (n_targets,), default=None
            The intercept to start from.

        Returns
        -------
        GDLinearRegressor
            Itself, fitted.

        Raises
        ------
        TypeError, ValueError
            If a parameter or an argument is not as described; an earlier fit is then kept.
        """
        if not isinstance(moments, Moments):
            raise TypeError(
                f"fit_moments takes Moments, as Moments.from_rows returns them; "
                f"got {type(moments).__name__}."
            )
        with fitting(self) as said:
            options = self._check_options()
            fit_input = moments._input(self.fit_intercept, self.alpha)
            start = self._start(fit_input, coef_init, intercept_init)
            self._forget()
            self.n_features_in_ = moments.n_features
            vars(self).pop("feature_names_in_", None)
            if moments.feature_names is not None:
                self.feature_names_in_ = np.array(moments.feature_names, dtype=object)
            said += self._descend(fit_input, start, options)
        return self

    def __getattr__(self, name: str) -> Any:
        moments = vars(self).get("_moments")
        if moments is None or name not in FITTED:
            return object.__getattribute__(self, name)  # raises the AttributeError again
        with fitting(self) as said:
            try:
                options = self._check_options()
                fit_input = moments._input(self.fit_intercept, self.alpha, self._device())
                said += self._descend(fit_input, zeros(fit_input.problem), options)
            except (TypeError, ValueError) as error:
                raise NotKnownError(str(error)) from error
        return vars(self)[name]

    def _device(self) -> Device:
        """Return the device of the rows so far."""
        sample = vars(self).get("_device_sample")
        return NUMPY if sample is None else Device.of(sample)

    def _forget(self) -> None:
        """Drop earlier rows and the descent on them."""
        for name in (*FITTED, *ACCUMULATED):
            vars(self).pop(name, None)
