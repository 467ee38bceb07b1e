"""GDLinearRegressorCV: the learning rate and the stop, from few decompositions."""

from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils.parallel import Parallel, delayed

from sklearn_gd._data import Each, FoldsInMemory, LocalRows
from sklearn_gd._descent import UpdateRule
from sklearn_gd._estimator.blas_threads import one_thread_if_medium
from sklearn_gd._estimator.callbacks import CallbackRunner, fitting, with_callbacks
from sklearn_gd._estimator.cross_validation import CLOSED_FORM_SCORER, MetadataMixin, folds_of
from sklearn_gd._estimator.grid_parameters import check_iters, check_rates, spread_rates
from sklearn_gd._estimator.parameters import check_choice, check_descent
from sklearn_gd._estimator.prediction import DescentEstimator
from sklearn_gd._estimator.prepare import FitInput, naming_what_is_not_finite, prepare
from sklearn_gd._report.convergence_message import convergence_message
from sklearn_gd._report.errstate import without_underflow
from sklearn_gd._scored_iterate import HeldOutRows, score_iterates
from sklearn_gd._solvers import DescentOptions, SpectralProblem
from sklearn_gd._tuning import (
    SELECTIONS,
    Grid,
    Selection,
    about_the_edge,
    about_unstable_rates,
    choose,
    generalised_cross_validation,
    problem_for_gcv,
    refit,
    strategy_for,
)
from sklearn_gd.path import DescentPath

Floats = NDArray[np.float64]
# A grid, whose scores are kept, and the problem of all rows, if it has been decomposed.
Scored = tuple[Grid, SpectralProblem | None]

# The default of `max_iter`. A grid of defaults is not said to be too small.
MAX_ITER = 1000
SCORERS_NEED_ROWS = (
    "scoring={!r} is called with the held-out rows, which stay on the workers: with Dask "
    f"collections leave scoring at None or {CLOSED_FORM_SCORER!r}, or tune on a sample that fits "
    "into memory."
)
# GCV is not consistent when the number of parameters is of the order of the number of rows.
GCV_NEEDS_ROWS = (
    "cv='gcv' is unreliable here: {:,} parameters are more than half of the {:,.6g} rows, and "
    "generalised cross-validation then tends to choose descents that are too long. Use cv=5."
)


class GDLinearRegressorCV(MetadataMixin, DescentEstimator):
    """Linear regression by gradient descent, with its learning rate and its stop tuned together.

    One decomposition of each training set gives the iterates of every learning rate at every number
    of updates, so that the whole grid costs about as much as a few fits.

    Parameters
    ----------
    lrs : int or array-like of float, default=10
        The learning rates to try. An integer is how many to spread geometrically, from 1/1024 of
        the largest stable rate on all rows up to that rate, which is not reached. Without momentum
        the largest of the default ten is 1 / largest curvature, as with ``lr="auto"``.
    max_iter : int, default=1000
        The largest number of updates to try. Not used if `iters` is a list.
    iters : None, int or array-like of int, default=None
        The numbers of updates to try, 0 being the start. None: all of ``0, 1, ..., max_iter`` up to
        ``max_iter=1000``, and beyond that 200 of them spread logarithmically. An integer: at most
        that many, spread logarithmically from 0 to `max_iter`. A list: those, sorted.
    cv : None, int, "gcv", cross-validation splitter or iterable, default=None
        None: 5 folds. "gcv": no folds, but generalised cross-validation on all rows, which is
        cheaper, and unreliable if there are not many more rows than parameters (see Notes).
        Otherwise what :func:`sklearn.model_selection.check_cv` takes; an integer is a number of
        folds. For Dask collections also :class:`~sklearn_gd.dask.PartitionKFold`, whose folds are
        whole partitions; other splitters are given the number of rows and no row.
    scoring : None, str or callable, default=None
        None: minus the mean squared error, weighted if there are weights and averaged over
        targets, in closed form. Otherwise a scorer as scikit-learn defines it, called with each
        iterate and the held-out rows, into which it cannot write. A score that is not a finite
        number counts as minus infinity. With ``cv="gcv"`` there are no held-out rows, and it must
        be None; for Dask collections None or "neg_mean_squared_error", which is the same.
    fit_intercept : bool, default=True
        Whether a column of ones stands before X; its coefficient is the intercept and descends
        like every other.
    solver : {"auto", "spectral", "krylov", "loop"}, default="auto"
        How the chosen descent is computed, as in `GDLinearRegressor`. Scores of folds come from a
        Krylov space of each training set with "krylov", and with "auto" if that is cheaper (wide
        or sparse X) or the only way (more than 8192 parameters); else from the eigenbasis of each
        training set.
    n_jobs : int or None, default=None
        How many folds to work on at a time, in threads. The result does not depend on it.
    selection : {"best", "one_se"} or callable, default="best"
        Which entry of the grid is chosen. "best": the one with the greatest mean score. "one_se":
        the one with the smallest ``lr * t`` of those whose mean score is at most one standard error
        (over folds) below the best. A callable is given the mean scores, an array of shape
        (n_lrs, n_iters), and returns the index of an entry, a pair of integers.
    momentum : float, default=0.0
        Momentum of every descent, at least 0 and below 1, as in `GDLinearRegressor`. It is not
        tuned, and `solver` must not be "krylov" with it.
    nesterovs_momentum : bool, default=False
        Whether to use Nesterov's momentum.
    alpha : float, default=0.0
        The L2 penalty of every descent, as in `GDLinearRegressor`. It is not tuned, and scores are
        without it.

    Attributes
    ----------
    lr_ : float
        The learning rate chosen.
    n_iter_ : int
        The number of updates made in the descent on all rows: the number chosen,
        ``iters_[best_index_[1]]``, or less if that descent came to rest before. 1 instead of 0 if
        the first update at the chosen rate raises the loss.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients after `n_iter_` updates on all rows, in the dtype of X; those of least loss if
        the descent diverged.
    intercept_ : float or ndarray of shape (n_targets,)
        The intercept that belongs to `coef_`; 0.0 with ``fit_intercept=False``.
    stop_reason_ : {"max_iter", "stationary", "diverged"}
        Why the descent on all rows ended there; "max_iter" is the number of updates chosen.
    path_ : DescentPath
        That descent as a function of the number of updates, up to the largest number tried at
        least. ``solver="loop"`` goes beyond the chosen number up to the 10,000th update at most.
    loss_history_, coef_path_, intercept_path_ : ndarray of shape (`n_iter_` + 1, ...)
        That descent's iterates, as in `GDLinearRegressor`.
    lrs_ : ndarray of shape (n_lrs,)
        The rates tried, in the order given.
    iters_ : ndarray of shape (n_iters,)
        The numbers of updates tried, rising.
    scores_path_ : ndarray of shape (n_lrs, n_iters, n_folds)
        The score of every iterate in every fold, greater is better. With ``cv="gcv"`` there is one
        "fold", and the score is minus `gcv_path_`.
    best_score_ : float
        The mean over folds of the chosen entry's scores.
    best_index_ : tuple of int
        The index of that entry in `lrs_` and `iters_`.
    gcv_path_ : ndarray of shape (n_lrs, n_iters)
        Generalised cross-validation of every iterate; infinite if no degree of freedom is left.
        Only with ``cv="gcv"``.
    dof_path_ : ndarray of shape (n_lrs, n_iters)
        Effective degrees of freedom of every iterate. Only with ``cv="gcv"``.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`; only if X had string column names.

    See Also
    --------
    GDLinearRegressor : The descent at one rate.
    sklearn.linear_model.RidgeCV : Tunes a penalty instead, by default with leave-one-out errors.

    Notes
    -----
    The entry (lr, t) of a fold is the score of the iterate that
    ``GDLinearRegressor(lr=lr, max_iter=t)`` ends at on its training rows. If a rate diverges, that
    is the iterate of least training loss for every later t, so that all scores are finite, and no
    rate wins by its overflow.

    Scores within 1e-10 of the best are equal; the fewest updates win, then the smallest rate.

    Generalised cross-validation [1]_ needs no folds: with effective degrees of freedom
    dof = sum(1 - (1 - lr * curvature)**t)::

        GCV(lr, t) = mean squared error on all rows / (1 - dof / n)**2

    averaged over targets. It estimates the error on new rows from the training error, which holds
    only if there are many more rows than parameters: with p parameters and n rows it is not
    consistent when p is of the order of n [2]_, and it prefers descents that are too long. A
    warning says so if p > n / 2. A row of weight 2 counts as two rows, hence n is the sum of the
    weights; weights that are not counts should be scaled so that their mean is 1.

    In comparison with `RidgeCV`: that tunes the penalty of a problem solved to its end, and this
    the length of a descent, with similar models at their best [3]_. By default `RidgeCV` has the
    leave-one-out errors of each penalty in closed form, which is neither GCV nor 5-fold
    cross-validation, so that the two may choose differently even if their models are alike. It
    leaves the intercept out of the penalty, while here the intercept descends with the
    coefficients: centre the columns of X first to compare them.

    Arrays of other libraries stay on their device, as with `GDLinearRegressor`; scores, rates and
    numbers of updates are NumPy's.

    When scaling is to be learned in each fold as well, put ``GDLinearRegressor`` into a pipeline
    and tune that with ``GridSearchCV``; scaling all rows beforehand changes the scores little.

    References
    ----------
    .. [1] G. H. Golub, M. Heath and G. Wahba, "Generalized Cross-Validation as a Method for
       Choosing a Good Ridge Parameter", Technometrics 21 (1979), 215-223.
    .. [2] P. Patil, Y. Wu and R. J. Tibshirani, "Failures and Successes of Cross-Validation for
       Early-Stopped Gradient Descent", AISTATS 2024, arXiv:2402.16793.
    .. [3] A. Ali, J. Z. Kolter and R. J. Tibshirani, "A Continuous-Time View of Early Stopping
       for Least Squares", AISTATS 2019, arXiv:1810.10082.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from sklearn_gd import GDLinearRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = GDLinearRegressorCV(lrs=[0.01, 0.1]).fit(scale(X), y)
    >>> model.lr_, model.scores_path_.shape
    (0.1, (2, 1001, 5))
    >>> bool(model.best_score_ == model.scores_path_.mean(axis=2).max())
    True
    """

    lrs_: Floats
    iters_: NDArray[np.int64]
    scores_path_: Floats
    gcv_path_: Floats
    dof_path_: Floats
    best_score_: float
    best_index_: tuple[int, int]

    def __init__(
        self,
        lrs: int | ArrayLike = 10,
        max_iter: int = MAX_ITER,
        *,
        iters: None | int | ArrayLike = None,
        cv: Any = None,
        scoring: str | Callable[..., float] | None = None,
        fit_intercept: bool = True,
        solver: str = "auto",
        n_jobs: int | None = None,
        selection: Selection = "best",
        momentum: float = 0.0,
        nesterovs_momentum: bool = False,
        alpha: float = 0.0,
    ) -> None:
        self.lrs = lrs
        self.max_iter = max_iter
        self.iters = iters
        self.cv = cv
        self.scoring = scoring
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.n_jobs = n_jobs
        self.selection = selection
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.alpha = alpha

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None, **params: Any) -> Self:
        """Score the whole grid, then descend on all rows as the winner does.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features. float32 and float64 are kept, everything else becomes float64. The rows of a
            Dask collection stay where they are: see the page on large data.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like or Dask collection of shape (n_samples,) or float, default=None
            Non-negative weights, used in fitting and in scoring. With metadata routing they reach
            a scorer that requests them.
        **params : dict
            Metadata for the splitter and the scorer. Without metadata routing only `groups`, for
            the splitter.

        Returns
        -------
        GDLinearRegressorCV
            Itself, fitted.

        Raises
        ------
        TypeError, ValueError
            If a parameter or an argument is not as described; an earlier fit is then kept.
        """
        with fitting(self) as said:
            said += self._fit(X, y, sample_weight, params)
        return self

    @with_callbacks
    @without_underflow
    def _fit(self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]) -> list[Warning]:
        """Score the grid, choose, descend and keep the path; return what there is to say."""
        # Kept apart, since scikit-learn moves an estimator's own arrays to the device of the rows.
        iters = check_iters(self.iters, self.max_iter)
        self._records: dict[str, Any] = {"lrs_": check_rates(self.lrs), "iters_": iters}
        self._check_params()
        fit_input = prepare(self, (X, y, sample_weight), self.fit_intercept).with_alpha(self.alpha)
        callbacks = CallbackRunner(self, X, y, fit_input)
        each = callbacks.tuning_begins(self._each)
        problem: Any = fit_input.problem
        with naming_what_is_not_finite(problem), one_thread_if_medium(problem):
            if self._is_gcv:
                grid, whole = self._score_by_gcv(fit_input, params)
            else:
                grid, whole = self._score_by_folds(fit_input, params, each)
            i, j = self.best_index_ = choose(self.scores_path_, grid, self.selection)
            self.best_score_ = float(self.scores_path_[i, j].mean())
            lr, t = float(grid.lrs[i]), int(grid.iters[j])
            rule, on_growth = (grid.momentum, grid.nesterov), callbacks.on_krylov_growth
            options = DescentOptions(lr, None, t, *rule, on_growth)
            stopped = refit(problem, options, grid.last, self.solver, whole)
        path = fit_input.path(stopped)
        self.__dict__.update(fit_input.attributes(callbacks.descends(path)))
        return self._messages(path, problem, grid)

    @property
    def _is_gcv(self) -> bool:
        return isinstance(self.cv, str) and self.cv == "gcv"

    def _check_params(self) -> None:
        momentum, _ = check_descent(self)
        if not callable(self.selection):
            check_choice("selection", self.selection, SELECTIONS)
        if momentum and self.solver == "krylov":
            raise ValueError(
                f"solver='krylov' takes no momentum; got momentum={self.momentum!r}. Use "
                "solver='auto' or 'spectral', or momentum=0."
            )
        if isinstance(self.scoring, (list, tuple, set, dict)):
            raise ValueError(f"scoring must be None or one scorer; got {self.scoring!r}.")
        if self._is_gcv and self.scoring is not None:
            raise ValueError(
                f"scoring={self.scoring!r} needs held-out rows, and cv='gcv' makes none: give "
                "folds, for instance cv=5."
            )
        if self._is_gcv and self.selection == "one_se":
            raise ValueError("selection='one_se' needs folds, and cv='gcv' makes none: give cv=5.")

    def _score_by_gcv(self, fit_input: FitInput, params: dict[str, Any]) -> Scored:
        problem: Any = fit_input.problem
        if params:
            raise ValueError(f"cv='gcv' makes no folds and takes no {', '.join(params)}.")
        if fit_input.sample_weight is not None and problem.weight <= 1:
            raise ValueError(
                f"With cv='gcv' a row of weight 2 counts as two rows, so the weights must sum to "
                f"more than one row; got {problem.weight:.4g}. Scale them to a mean of 1, or give "
                f"cv."
            )
        whole = problem_for_gcv(problem)
        grid = self._grid(lambda: whole.spectrum.largest)
        gcv, dof = generalised_cross_validation(whole, grid)
        scores = -gcv[..., np.newaxis]
        self._records |= {"gcv_path_": gcv, "dof_path_": dof, "scores_path_": scores}
        return grid, whole

    def _score_by_folds(self, fit_input: FitInput, params: dict[str, Any], each: Each) -> Scored:
        for_splitter, for_scorer = self._route(fit_input.sample_weight, params)
        in_closed_form = self._in_closed_form(fit_input.sample_weight)
        if not in_closed_form and not isinstance(fit_input.problem, LocalRows):
            raise ValueError(SCORERS_NEED_ROWS.format(self.scoring))
        folds = folds_of(fit_input, self.cv, for_splitter, each)
        options = DescentOptions(max_iter=int(self.iters_[-1]), momentum=float(self.momentum))
        strategy = strategy_for(folds, self.solver, options)
        grid = self._grid(strategy.largest_eigenvalue)
        if in_closed_form:
            self._records["scores_path_"] = -strategy.errors(grid)
            return grid, strategy.whole
        assert isinstance(folds, FoldsInMemory)
        splits, scorer = folds.splits, check_scoring(self, self.scoring)

        def score(i: int) -> NDArray[Any]:
            held_out = HeldOutRows(fit_input, splits[i].test, for_scorer)
            return score_iterates(scorer, strategy.spectrum(grid, i), held_out, grid)

        self._records["scores_path_"] = np.stack(each(score, range(len(folds))), axis=-1)
        return grid, strategy.whole

    def _grid(self, largest: Callable[[], float]) -> Grid:
        """Return the grid, with rates spread below the largest stable one if a number is given."""
        rates, rule = self.lrs_, check_descent(self)
        if isinstance(rates, int):
            rates = spread_rates(rates, UpdateRule(1.0, *rule).stable_below(largest()))
        self._records["lrs_"] = rates
        return Grid(rates, self.iters_, *rule)

    def _messages(self, path: DescentPath, problem: Any, grid: Grid) -> list[Warning]:
        """Return what a user should know of GCV, the descent, and a grid that was asked for."""
        said: list[Warning] = []
        if self._is_gcv and problem.n_parameters > problem.weight / 2:
            said.append(UserWarning(GCV_NEEDS_ROWS.format(problem.n_parameters, problem.weight)))
        stable = getattr(path, "max_stable_lr", np.inf)  # unknown in a Krylov space
        lost = getattr(getattr(path._descent, "spectrum", None), "columns_lost", False)
        message = None if path.stop_reason == "stationary" else about_unstable_rates(grid, stable)
        if message is None and (lost or path.stop_reason == "diverged"):
            message = convergence_message(path, problem, None, path.lr)
        given = tuple(name for name in ("lrs", "iters") if np.ndim(getattr(self, name)) > 0)
        asked_for = given or self.iters is not None or self.max_iter != MAX_ITER
        if message is None and asked_for and self.selection == "best":
            mean = self.scores_path_.mean(axis=-1)
            message = about_the_edge(mean, self.best_index_, grid, stable, given)
        return said if message is None else [*said, ConvergenceWarning(message)]

    def __getattr__(self, name: str) -> Any:
        records = vars(self).get("_records", {})
        return records[name] if name in records else object.__getattribute__(self, name)

    def _each(self, task: Callable[[int], Any], folds: Iterable[int]) -> list[Any]:
        # Threads: no copies, and the same BLAS as in serial, so the same digits.
        run = Parallel(n_jobs=self.n_jobs, prefer="threads")
        return list(run(delayed(task)(i) for i in folds))
