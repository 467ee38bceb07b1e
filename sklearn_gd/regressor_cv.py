"""GDLinearRegressorCV: one decomposition per fold answers for every rate and every iteration."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.parallel import Parallel, delayed

from sklearn_gd._data import Each, FoldsInMemory, LocalRows, Moments, Problem, SummedRows, zeros
from sklearn_gd._descent.choice import MOST_COLUMNS_OF_MOMENTS, Shape
from sklearn_gd._estimator.array_api import Device, is_foreign
from sklearn_gd._estimator.callbacks import CallbackRunner, restore, with_callbacks
from sklearn_gd._estimator.errstate import without_underflow
from sklearn_gd._estimator.grid_parameters import check_iters, check_rates, spread_rates
from sklearn_gd._estimator.host_attributes import HostAttribute
from sklearn_gd._estimator.prediction import PredictionMixin, attributes_of
from sklearn_gd._estimator.prepare import FitInput, fit_path, naming_what_is_not_finite, prepare
from sklearn_gd._estimator.scored_iterate import HeldOutRows, score_iterates
from sklearn_gd._estimator.splits import folds_of
from sklearn_gd._estimator.validation import (
    check_choice,
    check_flag,
)
from sklearn_gd._report.convergence_message import advice
from sklearn_gd._solvers import DescentOptions
from sklearn_gd._tuning.grid_errors import Grid
from sklearn_gd._tuning.selection import choose
from sklearn_gd._tuning.strategies import (
    FoldsInMoments,
    FoldsInSpaces,
    WholeInMoments,
    WholeInSpaces,
)
from sklearn_gd.regressor import SOLVERS

Floats = NDArray[np.float64]

Way = FoldsInMoments | FoldsInSpaces | WholeInMoments | WholeInSpaces

# What scoring=None computes in closed form.
CLOSED_FORM_SCORER = "neg_mean_squared_error"
SCORERS_NEED_ROWS = (
    "scoring={!r} is called with the held-out rows, which stay on the workers: with Dask "
    f"collections leave scoring at None or {CLOSED_FORM_SCORER!r}, or tune on a sample that fits "
    "into memory."
)


class GDLinearRegressorCV(PredictionMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear regression by gradient descent, its learning rate and its stop tuned together.

    What `RidgeCV` is to `Ridge`: one decomposition of each training set gives the iterates of every
    learning rate at every number of updates, so the whole surface costs about as much as a fit.

    Parameters
    ----------
    lrs : int or array-like of float, default=10
        The learning rates to try. An integer is how many to spread geometrically, rising towards
        the largest stable rate on all rows, 2 / largest curvature, from 1/1024 of it; the largest
        of the default ten is 1 / largest curvature, what ``lr="auto"`` is.
    max_iter : int, default=1000
        The largest number of updates to try. Not used where `iters` is a list.
    iters : None, int or array-like of int, default=None
        The numbers of updates to try, 0 being the start. None: all of ``0, 1, ..., max_iter`` up to
        ``max_iter=1000``, and beyond that 200 of them spread logarithmically. An integer: at most
        that many, spread logarithmically from 0 to `max_iter`. A list: those, sorted.
    cv : None, int, cross-validation splitter or iterable, default=None
        None: no folds, but generalised cross-validation on all rows. Otherwise what
        :func:`sklearn.model_selection.check_cv` takes; an integer is that many folds. For Dask
        collections also :class:`~sklearn_gd.dask.PartitionKFold`, folds of whole partitions; other
        splitters see then how many rows there are and none of them.
    scoring : None, str or callable, default=None
        None: minus the mean squared error, weighted where there are weights and averaged over
        targets, in closed form. Otherwise a scorer as scikit-learn defines it, called with each
        iterate and the held-out rows. A score that is not a finite number counts as minus infinity.
        With ``cv=None`` there are no held-out rows, and it must be None; for Dask collections
        None or "neg_mean_squared_error", which is the same.
    fit_intercept : bool, default=True
        Whether a column of ones stands before X; its coefficient is the intercept and descends
        like every other.
    solver : {"auto", "spectral", "krylov", "loop"}, default="auto"
        How the chosen descent is made in the end, as in `GDLinearRegressor`. Scores always come
        from the closed form: in a Krylov space of each fold's rows with "krylov", and with "auto"
        where that is cheaper (wide and sparse X) or the only way (more than 8192 parameters), else
        from the eigenbasis of each fold's moments. Degrees of freedom for ``cv=None`` take all
        curvatures, which a Krylov space knows only where rows or columns are few.
    n_jobs : int or None, default=None
        How many folds to work on at a time, in threads. The result does not depend on it.

    Attributes
    ----------
    lr_ : float
        The learning rate chosen.
    n_iter_ : int
        The number of updates made in the descent on all rows: the number chosen,
        ``iters_[best_index_[1]]``, or less where that descent came to rest before.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients after `n_iter_` updates on all rows, in the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept after `n_iter_` updates; 0.0 with ``fit_intercept=False``.
    stop_reason_ : {"max_iter", "stationary", "diverged"}
        Why the descent on all rows ended there; "max_iter" is the number of updates chosen.
    path_ : DescentPath
        That descent as a function of the number of updates, also beyond `n_iter_`.
    loss_history_, coef_path_, intercept_path_ : ndarray of shape (`n_iter_` + 1, ...)
        That descent's iterates, as in `GDLinearRegressor`.
    lrs_ : ndarray of shape (n_lrs,)
        The rates tried, in the order given.
    iters_ : ndarray of shape (n_iters,)
        The numbers of updates tried, rising.
    scores_path_ : ndarray of shape (n_lrs, n_iters, n_folds)
        The score of every iterate in every fold, greater is better. With ``cv=None`` there is one
        "fold", and the score is minus `gcv_path_`.
    best_score_ : float
        The mean over folds of the chosen entry's scores.
    best_index_ : tuple of int
        That entry's device in `lrs_` and `iters_`.
    gcv_path_ : ndarray of shape (n_lrs, n_iters)
        Generalised cross-validation of every iterate; infinite where no degree of freedom is left.
        Only with ``cv=None``.
    dof_path_ : ndarray of shape (n_lrs, n_iters)
        Effective degrees of freedom of every iterate. Only with ``cv=None``.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`; only where X had string column names.

    See Also
    --------
    GDLinearRegressor : The descent at one rate.
    sklearn.linear_model.RidgeCV : Tunes a penalty instead, to much the same effect.

    Notes
    -----
    The entry (lr, t) of a fold is the score of the iterate that
    ``GDLinearRegressor(lr=lr, max_iter=t)`` ends at on its training rows. Where a rate diverges,
    that is the iterate of least training loss for every later t, so all scores are finite, and no
    rate wins by its overflow.

    Generalised cross-validation [1]_ needs no folds: with effective degrees of freedom
    dof = sum(1 - (1 - lr * curvature)**t)::

        GCV(lr, t) = mean squared error on all rows / (1 - dof / n)**2

    averaged over targets. A row of weight 2 counts as two rows, hence n is the sum of the weights;
    weights that are not counts should be scaled so that their mean is 1.

    Scores within 1e-10 of the best are equal; the fewest updates win, then the smallest rate.

    Arrays of other libraries stay on their device, as with `GDLinearRegressor`; scores, rates and
    numbers of updates are NumPy's.

    When scaling is to be learned in each fold as well, put ``GDLinearRegressor`` into a pipeline
    and tune that with ``GridSearchCV``; scaling all rows beforehand changes the scores little.

    References
    ----------
    .. [1] G. H. Golub, M. Heath and G. Wahba, "Generalized Cross-Validation as a Method for
       Choosing a Good Ridge Parameter", Technometrics 21 (1979), 215-223.
    .. [2] A. Ali, J. Z. Kolter and R. J. Tibshirani, "A Continuous-Time View of Early Stopping
       for Least Squares", AISTATS 2019, arXiv:1810.10082.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from sklearn_gd import GDLinearRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = GDLinearRegressorCV(lrs=[0.01, 0.1], cv=5).fit(scale(X), y)
    >>> model.lr_, model.scores_path_.shape
    (0.1, (2, 1001, 5))
    >>> bool(model.best_score_ == model.scores_path_.mean(axis=2).max())
    True
    """

    lrs_ = HostAttribute[Floats]()
    iters_ = HostAttribute[NDArray[np.int64]]()
    scores_path_ = HostAttribute[Floats]()
    gcv_path_ = HostAttribute[Floats]()
    dof_path_ = HostAttribute[Floats]()
    best_score_: float
    best_index_: tuple[int, int]

    def __init__(
        self,
        lrs: int | ArrayLike = 10,
        max_iter: int = 1000,
        *,
        iters: None | int | ArrayLike = None,
        cv: Any = None,
        scoring: str | Callable[..., float] | None = None,
        fit_intercept: bool = True,
        solver: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.lrs = lrs
        self.max_iter = max_iter
        self.iters = iters
        self.cv = cv
        self.scoring = scoring
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.n_jobs = n_jobs

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
            Where a parameter or an argument is not as described; an earlier fit is then kept.
        """
        message = self._fit(X, y, sample_weight, params)
        if message is not None:
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        return self

    @with_callbacks
    @without_underflow
    def _fit(self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]) -> str | None:
        """Tune, descend and keep the path; what there is to say of it comes back."""
        earlier = dict(vars(self))
        try:
            rates, iters = self._check_params()
            fit_input = prepare(self, X, y, sample_weight, self.fit_intercept)
            problem = fit_input.problem
            assert not isinstance(problem, SummedRows)  # `prepare` makes problems of rows
            shown = partial(attributes_of, device=fit_input.device)
            telling = CallbackRunner(self, X, y, fit_input.sample_weight, shown)
            each = telling.tuning_begins(self._each)
            with naming_what_is_not_finite(problem):
                if self.cv is None:
                    known = self._score_by_gcv(
                        fit_input, rates, iters, params, telling.on_krylov_growth
                    )
                else:
                    known = self._score_by_folds(fit_input, problem, rates, iters, params, each)
            self._choose()
            # The start itself may be best: then no update is made.
            terms = DescentOptions(
                self.lr_, None, int(self.iters_[self.best_index_[1]]), telling.on_krylov_growth
            )
            path, moments = fit_path(fit_input, zeros(problem), terms, self.solver, known)
            self._keep(telling.descends(path), fit_input.device)
        except BaseException:
            restore(self, earlier)
            raise
        return advice(self.path_, None, moments) if self.stop_reason_ == "diverged" else None

    def get_metadata_routing(self) -> MetadataRouter:
        """Which metadata goes to the splitter and which to the scorer.

        Returns
        -------
        MetadataRouter
            The routing, as scikit-learn's user guide describes it.
        """
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        to_split = MethodMapping().add(caller="fit", callee="split")
        to_score = MethodMapping().add(caller="fit", callee="score")
        # An integer or an iterable takes no metadata; asking check_cv would use an iterable up.
        if hasattr(self.cv, "split"):
            router.add(splitter=self.cv, method_mapping=to_split)
        if self.scoring is not None:
            router.add(scorer=check_scoring(self, self.scoring), method_mapping=to_score)
        return router

    def _check_params(self) -> tuple[int | Floats, NDArray[np.int64]]:
        rates, iters = check_rates(self.lrs), check_iters(self.iters, self.max_iter)
        check_flag("fit_intercept", self.fit_intercept)
        check_choice("solver", self.solver, SOLVERS)
        if isinstance(self.scoring, (list, tuple, set, dict)):
            raise ValueError(f"scoring must be None or one scorer; got {self.scoring!r}.")
        if self.cv is None and self.scoring is not None:
            raise ValueError(
                f"scoring={self.scoring!r} needs held-out rows, and cv=None makes none: give cv, "
                f"for instance cv=5."
            )
        return rates, iters

    def _score_by_gcv(
        self,
        fit_input: FitInput,
        rates: int | Floats,
        iters: NDArray[np.int64],
        params: dict[str, Any],
        watch: Callable[[], None],
    ) -> Moments | None:
        problem = fit_input.problem
        assert not isinstance(problem, SummedRows)
        if params:
            raise ValueError(f"cv=None makes no folds and takes no {', '.join(params)}.")
        if fit_input.sample_weight is not None and problem.weight <= 1:
            raise ValueError(
                f"With cv=None a row of weight 2 counts as two rows, so the weights must sum to "
                f"more than one row; got {problem.weight:.4g}. Scale them to a mean of 1, or give "
                f"cv."
            )
        # Moments know all degrees of freedom, so spaces are for where moments are not to be had.
        in_spaces = self.solver == "krylov" or problem.n_parameters > MOST_COLUMNS_OF_MOMENTS
        way = WholeInSpaces(problem, watch) if in_spaces else WholeInMoments(problem)
        grid = self._grid(problem, way, rates, iters)
        self.gcv_path_, self.dof_path_ = way.gcv(grid)
        self.scores_path_ = -self.gcv_path_[..., np.newaxis]
        return way.moments

    def _score_by_folds(
        self,
        fit_input: FitInput,
        problem: Problem,
        rates: int | Floats,
        iters: NDArray[np.int64],
        params: dict[str, Any],
        each: Each,
    ) -> Moments | None:
        for name in ("gcv_path_", "dof_path_"):
            delattr(self, name)  # those of an earlier fit without folds
        for_splitter, for_scorer = self._route(fit_input.sample_weight, params)
        in_closed_form = self._in_closed_form(fit_input.sample_weight)
        if problem.dask_module and not in_closed_form:
            raise ValueError(SCORERS_NEED_ROWS.format(self.scoring))
        folds = folds_of(fit_input, self.cv, for_splitter, each)
        n_rates = rates if isinstance(rates, int) else len(rates)
        in_spaces = self.solver == "krylov" or (
            self.solver == "auto"
            and Shape.of(problem, int(iters[-1])).folds_take_spaces(
                len(folds), n_rates * len(iters)
            )
        )
        way = FoldsInSpaces(folds) if in_spaces else FoldsInMoments(folds)
        grid = self._grid(problem, way, rates, iters)
        if in_closed_form:
            self.scores_path_ = -way.errors(grid)
            return way.moments
        assert isinstance(folds, FoldsInMemory)
        rows, look = folds.problem, fit_input.layout
        scorer, spectra = check_scoring(self, self.scoring), way.spectra(grid)

        def score(i: int) -> NDArray[Any]:
            test = folds.splits[i].test
            taken = {name: _taken(value, test, rows) for name, value in for_scorer.items()}
            part = rows.taken(test)
            y = part.y[:, 0] if look.targets == "flat" else part.y
            held_out = HeldOutRows(part.X, y, taken, fit_input.device)
            return score_iterates(scorer, spectra(i), held_out, grid, look)

        self.scores_path_ = np.stack(each(score, range(len(folds))), axis=-1)
        return way.moments

    def _route(
        self, sample_weight: Any, params: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What goes to the splitter and what to the scorer."""
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if get_config().get("enable_metadata_routing"):
            routed = process_routing(self, "fit", **weights, **params)
            splitter = routed.get("splitter", {"split": {}})
            scorer = routed.get("scorer", {"score": {}})
            return dict(splitter["split"]), dict(scorer["score"])
        unknown = set(params) - {"groups"}
        if unknown:
            raise ValueError(
                f"fit takes {', '.join(sorted(unknown))} only with metadata routing: "
                f"sklearn.set_config(enable_metadata_routing=True)."
            )
        return params, weights

    def _in_closed_form(self, sample_weight: Any) -> bool:
        if self.scoring is None:
            return True
        # With routing, whether weights count in a named scorer is for its request to say.
        routing = get_config().get("enable_metadata_routing") and sample_weight is not None
        return isinstance(self.scoring, str) and self.scoring == CLOSED_FORM_SCORER and not routing

    def _grid(
        self, problem: Problem, way: Way, rates: int | Floats, iters: NDArray[np.int64]
    ) -> Grid:
        if isinstance(rates, int):
            rates = spread_rates(rates, way.largest_curvature())
        self.lrs_, self.iters_ = rates, iters
        return Grid(rates, iters, problem.rounding)

    def _choose(self) -> None:
        scores = self.scores_path_.mean(axis=-1)
        if not np.isfinite(scores).any():
            raise ValueError("No entry of the grid has a finite score.")
        self.best_index_ = choose(scores, self.lrs_)
        self.best_score_ = float(scores[self.best_index_])
        self.lr_ = float(self.lrs_[self.best_index_[0]])

    def _each(self, task: Callable[[int], Any], folds: Iterable[int]) -> list[Any]:
        # Threads: no copies, and the same BLAS as in serial, so the same digits.
        run = Parallel(n_jobs=self.n_jobs, prefer="threads")
        return list(run(delayed(task)(i) for i in folds))


def _taken(value: Any, index: NDArray[np.intp], rows: LocalRows) -> Any:
    """Metadata of one fold: its rows where there is a value per row, else the value itself."""
    if is_foreign(value):
        return (
            Device.of(value).take(value, index) if value.shape[:1] == (rows.n_samples,) else value
        )
    if hasattr(value, "shape") or isinstance(value, (list, tuple)):
        per_row = value if hasattr(value, "tocsr") else np.asarray(value)
        if per_row.ndim and per_row.shape[0] == rows.n_samples:
            return per_row[index]
    return value
