"""Rows in parts: each part becomes cross-products, and the descent is made when asked for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd._data import zeros
from sklearn_gd._estimator.array_api import Device
from sklearn_gd._estimator.callbacks import refuse_nested_fit, restore
from sklearn_gd._estimator.moments import Moments
from sklearn_gd._estimator.prepare import FitInput, prepare
from sklearn_gd._solvers import DescentOptions

# Attributes that a descent gives.
FITTED = ("path_", "n_iter_", "lr_", "stop_reason_", "coef_", "intercept_")
# What is kept of rows: their sums, how many there were, an array of their library and device.
SEEN = ("_seen", "n_samples_seen_", "_sample_of_rows")
BEGINS_ANEW = (
    "partial_fit begins anew with these rows: the earlier fit kept no sums of its own to add to. "
    "To add to earlier rows give them to partial_fit as well."
)


class NoDescentError(AttributeError, ValueError):
    """An attribute that cannot be made: `hasattr` and a notebook's display take it for absent."""


class PartialFitMixin:
    """Mixin: `partial_fit` and `fit_moments` for an estimator that can `_descend` on a problem."""

    fit_intercept: bool
    alpha: float

    if TYPE_CHECKING:  # what the estimator brings

        def _check_options(self) -> DescentOptions: ...
        def _start(self, fit_input: FitInput, coef_init: Any, intercept_init: Any) -> Any: ...
        def _descend(
            self, fit_input: FitInput, start: Any, options: DescentOptions
        ) -> str | None: ...

    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | float | None = None) -> Self:
        """Add rows: the model becomes what `fit` would give on all rows so far.

        It is the full-batch descent on all of them, in whatever order and parts they came, and not
        one more step on the last ones. The descent is made when one of its attributes is asked
        for, and only then; a notebook that shows the model asks for them.

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
            Where a parameter or an argument is not as described; nothing is added then.

        Notes
        -----
        The start is all zeros. Callbacks are not played to. A `ConvergenceWarning` comes with the
        descent, when its first attribute is read. `fit` and `fit_moments` keep no sums to add to:
        after them it begins anew, and warns that it does.
        """
        refuse_nested_fit(self)
        earlier = dict(vars(self))
        try:
            self._check_options()
            seen = vars(self).get("_seen")
            fit_input = prepare(self, X, y, sample_weight, True, reset=seen is None, part=True)
            home = vars(self).get("_sample_of_rows")
            if seen is not None:
                _check_device(home, fit_input.device)
            batch = Moments._of(fit_input)
            anew = seen is None and "path_" in vars(self)
            self._forget()
            self._seen = batch if seen is None else seen + batch
            self.n_samples_seen_ = self._seen.n_samples
            if fit_input.device is not None:
                self._sample_of_rows = fit_input.device.sample()
        except BaseException:
            restore(self, earlier)
            raise
        if anew:
            warnings.warn(BEGINS_ANEW, UserWarning, stacklevel=2)
        return self

    def fit_moments(
        self,
        moments: Moments,
        *,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
    ) -> Self:
        """Descend on rows of which only the moments are at hand.

        Parameters
        ----------
        moments : Moments
            Of the rows.
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
            Where a parameter or an argument is not as described; an earlier fit is then kept.
        """
        if not isinstance(moments, Moments):
            raise TypeError(
                f"fit_moments takes Moments, as Moments.from_rows makes them; "
                f"got {type(moments).__name__}."
            )
        refuse_nested_fit(self)
        earlier = dict(vars(self))
        try:
            options = self._check_options()
            fit_input = moments._fit_input(self.fit_intercept).with_alpha(self.alpha)
            start = self._start(fit_input, coef_init, intercept_init)
            self._forget()
            self._name_features(moments)
            message = self._descend(fit_input, start, options)
        except BaseException:
            restore(self, earlier)
            raise
        if message is not None:
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        return self

    def __getattr__(self, name: str) -> Any:
        seen = vars(self).get("_seen")
        if seen is None or name not in FITTED:
            return object.__getattribute__(self, name)  # raises again, with the reason it had
        home = vars(self).get("_sample_of_rows")
        try:
            options = self._check_options()
            device = None if home is None else Device.of(home)
            fit_input = seen._fit_input(self.fit_intercept, device).with_alpha(self.alpha)
            message = self._descend(fit_input, zeros(fit_input.problem), options)
        except (TypeError, ValueError) as error:
            raise NoDescentError(str(error)) from error
        if message is not None:
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        return vars(self)[name]

    def _forget(self) -> None:
        """Drop earlier rows and the descent on them."""
        for name in (*FITTED, *SEEN):
            vars(self).pop(name, None)

    def _name_features(self, moments: Moments) -> None:
        self.n_features_in_ = moments.n_features
        vars(self).pop("feature_names_in_", None)
        if moments.feature_names is not None:
            self.feature_names_in_ = np.array(moments.feature_names, dtype=object)


def _check_device(home: Any, device: Device | None) -> None:
    """Coefficients come back where all the rows were."""
    before = None if home is None else Device.of(home)
    if before is device or (
        before is not None and device is not None and before.is_that_of(device)
    ):
        return
    raise ValueError(
        f"partial_fit takes rows of one library and device; got {device or 'numpy'} after "
        f"{before or 'numpy'}."
    )
