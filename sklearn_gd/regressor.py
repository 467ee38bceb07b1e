"""GDLinearRegressor: least squares by full-batch gradient descent in closed form."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd._data import zeros
from sklearn_gd._descent import MOST_UPDATES
from sklearn_gd._estimator.callbacks import CallbackRunner, fitting, with_callbacks
from sklearn_gd._estimator.parameters import check_descent, check_flag, check_number
from sklearn_gd._estimator.partial_fit import PartialFitMixin
from sklearn_gd._estimator.prediction import DescentEstimator
from sklearn_gd._estimator.prepare import FitInput, fit_path, prepare
from sklearn_gd._estimator.validation import check_start
from sklearn_gd._report.convergence_message import convergence_message
from sklearn_gd._report.errstate import without_underflow
from sklearn_gd._solvers import DescentOptions


class GDLinearRegressor(PartialFitMixin, DescentEstimator):
    r"""Linear regression fitted by full-batch gradient descent.

    The iterates are those of the textbook loop, intercept and coefficients descending together,
    but they are computed in closed form, so a fit costs about one product X'X however many updates
    are made.

    Parameters
    ----------
    lr : float or "auto", default="auto"
        The learning rate. "auto" is 1 / largest curvature, the classical safe rate; the rate used
        is `lr_`.
    tol : float or None, default=None
        The **loss threshold**: descent stops at the first iterate, the start included, whose loss J
        is below `tol`. It is not a change of loss and not a gradient norm, as it is in most other
        estimators. None: no threshold.
    max_iter : int, default=1000
        The largest number of updates. The cost of a fit does not depend on it, so ``10**12`` is
        fine, except with ``solver="loop"``.
    fit_intercept : bool, default=True
        Whether a column of ones stands before X; its coefficient is the intercept and descends
        like every other.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit's coefficients.
    solver : {"auto", "loop", "spectral", "krylov"}, default="auto"
        All give the same iterates. "spectral" is the closed form in the eigenbasis of H, for few
        columns or few rows. "krylov" is the closed form in a Krylov space that grows until the
        iterates up to the stop are known, for many columns and sparse X, which it only multiplies
        with vectors; its `path_` is known up to the stop, and beyond as far as the space allows.
        "loop" is the textbook loop and nothing else, whose `path_` knows the iterates it visited.
        "auto" tries "krylov" first if that may be cheaper, and gives it up for "spectral" once it
        has cost a third of that.
    momentum : float, default=0.0
        The share of an update that the next one repeats, at least 0 and below 1:
        v <- momentum * v - lr * gradient, theta <- theta + v. If both rows and columns are above
        8192, no closed form takes momentum, and "auto" walks the loop.
    nesterovs_momentum : bool, default=False
        Whether momentum looks ahead as Nesterov's does: theta <- theta + momentum * v -
        lr * gradient, with the updated v. Without effect when `momentum` is 0.
    alpha : float, default=0.0
        The L2 penalty: alpha / 2 * \|coef\|^2 is added to the loss. The intercept is not penalised.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients at the stop, in the dtype of X. Of shape (n_features,) also for
        `y` of shape (n_samples, 1), as in `Ridge`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept at the stop; 0.0 with ``fit_intercept=False``.
    n_iter_ : int
        The number of updates made; 0 if the start already satisfied `tol`. A diverged descent
        counts the update that raised the loss.
    lr_ : float
        The learning rate used.
    stop_reason_ : {"tol", "stationary", "max_iter", "diverged", "callback"}
        Why the descent stopped: the loss fell below `tol`; no later iterate differs from the limit
        by more than the rounding of the coefficients; `max_iter` updates were made; a callback
        asked for it; or an update raised the loss, and all later ones would, because `lr` is too
        large: `coef_` is then the iterate of least loss, and the histories end with the risen one.
    loss_history_ : ndarray of shape (`n_iter_` + 1,)
        The loss of every iterate, the start first.
    coef_path_ : ndarray of shape (`n_iter_` + 1, ...)
        The coefficients of every iterate, each of the shape of `coef_`. Iterates come first; in
        `Lars.coef_path_` they come last.
    intercept_path_ : ndarray of shape (`n_iter_` + 1, ...)
        The intercept of every iterate, each of the shape of `intercept_`.
    path_ : DescentPath
        The descent as a function of the number of updates, also beyond the stop where that is
        known.
    n_samples_seen_ : int
        Number of rows given to `partial_fit` so far; only after `partial_fit`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`; only if X had string column names.

    See Also
    --------
    sklearn.linear_model.LinearRegression : The limit of this descent, solved directly.
    sklearn.linear_model.SGDRegressor : Stochastic gradient descent, one row at a time.

    Notes
    -----
    With weights w >= 0 (1 if none are given), W their sum, and Z = [1 X] or X, the loss is half
    the weighted mean squared error, summed over targets::

        J(theta)      = 1 / (2 W) * sum_i w_i (z_i . theta - y_i)**2 + alpha / 2 * |coef|**2
        theta_{t + 1} = theta_t - lr * grad J(theta_t)

    Histories are read-only, computed on first access and not pickled. Access to one of more than
    256 MiB raises `AttributeError`; `path_` evaluates any iterate instead.

    A fit warns with a `ConvergenceWarning`, which names one thing to do, if the loss was still
    falling, the rate diverges, the columns are too far apart in scale for float64, or `tol` is
    below the least possible loss.

    With ``sklearn.set_config(array_api_dispatch=True)`` arrays of PyTorch, CuPy and others stay on
    their device, where passes over the rows run. `coef_`, `intercept_` and predictions are on that
    device in the dtype of X; `path_` and histories hold NumPy arrays.

    With scikit-learn 1.9 or newer `set_callbacks` takes the callbacks of ``sklearn.callback``.
    The descent is computed first; each growth of a Krylov space is a task. Then each iterate is a
    task, or each block of iterates if there are more than 1000.

    References
    ----------
    .. [1] A. Cauchy, "Methode generale pour la resolution des systemes d'equations simultanees",
       C. R. Acad. Sci. Paris 25 (1847), 536-538.
    .. [2] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
       USSR Computational Mathematics and Mathematical Physics 4 (1964), 1-17.

    Examples
    --------
    The first line is y = 0; each update moves it against the gradient of the loss.

    >>> from sklearn_gd import GDLinearRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y)
    >>> model.n_iter_, model.stop_reason_
    (8, 'tol')
    >>> model.loss_history_[:3].round(3)
    array([5.833, 3.387, 1.969])
    """

    def __init__(
        self,
        lr: float | str = "auto",
        tol: float | None = None,
        max_iter: int = 1000,
        *,
        fit_intercept: bool = True,
        warm_start: bool = False,
        solver: str = "auto",
        momentum: float = 0.0,
        nesterovs_momentum: bool = False,
        alpha: float = 0.0,
    ) -> None:
        self.lr = lr
        self.tol = tol
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept
        self.warm_start = warm_start
        self.solver = solver
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.alpha = alpha

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        coef_init: ArrayLike | None = None,
        intercept_init: ArrayLike | None = None,
    ) -> Self:
        """Descend on the given rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features. float32 and float64 are kept, everything else becomes float64. The rows of a
            Dask collection stay where they are: see the page on large data.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like or Dask collection of shape (n_samples,) or float, default=None
            Non-negative weights. A row of weight 2 counts as two rows.
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
        with fitting(self) as said:
            said += self._fit(X, y, sample_weight, (coef_init, intercept_init))
        return self

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, given: tuple[Any, Any]) -> list[Warning]:
        """Fit and run callbacks."""
        options = self._check_options()
        fit_input = prepare(self, (X, y, sample_weight), self.fit_intercept).with_alpha(self.alpha)
        start = self._start(fit_input, *given)
        self._forget()
        callbacks = CallbackRunner(self, X, y, fit_input)
        options = replace(options, on_growth=callbacks.on_krylov_growth)
        return self._descend(fit_input, start, options, callbacks)

    @without_underflow
    def _descend(
        self,
        fit_input: FitInput,
        start: Any,
        options: DescentOptions,
        callbacks: CallbackRunner | None = None,
    ) -> list[Warning]:
        """Descend and keep the path."""
        path = fit_path(fit_input, start, options, self.solver)
        path = path if callbacks is None else callbacks.descends(path)
        self.__dict__.update(fit_input.attributes(path))
        message = convergence_message(path, fit_input.problem, options.tol, options.lr)
        return [] if message is None else [ConvergenceWarning(message)]

    def _check_options(self) -> DescentOptions:
        if isinstance(self.lr, str) and self.lr != "auto":
            raise ValueError(f"lr must be 'auto' or a real number above 0; got {self.lr!r}.")
        lr = None if isinstance(self.lr, str) else float(check_number("lr", self.lr, Real, above=0))
        if self.tol is not None:
            check_number("tol", self.tol, Real, above=0)
        if check_number("max_iter", self.max_iter, Integral, least=1) > MOST_UPDATES:
            most = f"2**{MOST_UPDATES.bit_length() - 1}"
            raise ValueError(
                f"max_iter must be an integer of at least 1 and at most {most}; got more."
            )
        check_flag("warm_start", self.warm_start)
        return DescentOptions(lr, self.tol, int(self.max_iter), *check_descent(self))

    def _start(self, fit_input: FitInput, coef_init: Any, intercept_init: Any) -> Any:
        """Return theta_0 (p, k): the given values, those of the last fit, or zeros."""
        theta, y_layout = zeros(fit_input.problem), fit_input.layout.y_layout
        d, k = len(theta) - self.fit_intercept, theta.shape[1]
        if self.warm_start and hasattr(self, "path_"):
            coef_init = self.coef_ if coef_init is None else coef_init
            if intercept_init is None and self.fit_intercept:
                intercept_init = self.intercept_
        if coef_init is not None:
            shape = (k, d) if y_layout == "2d" else (d,)
            theta[-d:] = check_start("coef_init", coef_init, shape).reshape(k, d).T
        if intercept_init is not None:
            if not self.fit_intercept:
                raise ValueError("intercept_init needs fit_intercept=True; got False.")
            shapes = {"1d": ((), (1,)), "column": ((1,), ()), "2d": ((k,),)}
            theta[0] = check_start("intercept_init", intercept_init, *shapes[y_layout])
        return theta
