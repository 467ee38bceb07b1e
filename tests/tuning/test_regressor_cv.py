"""GDLinearRegressorCV: the surface of scores, the choice, and the descent in the end."""

from __future__ import annotations

import pickle
import threading
from contextlib import nullcontext

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning, UnsetMetadataPassedError
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error, mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    LeavePOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, diagnose
from sklearn_gd._descent import rounded_down

# An explicit grid that ends too soon is said to, which is not what most tests are about.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
# What is promised for scores.
SCORES = 1e-10
LRS = [0.003, 0.03, 0.3, 0.9, 2.5]  # the last diverges on unit-variance columns
NEG_MSE = "neg_mean_squared_error"


def warns_of_few_rows(true=True):
    """The warning that GCV is unreliable, if it is due."""
    return pytest.warns(UserWarning, match="cv='gcv' is unreliable") if true else nullcontext()


ignore_convergence = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"  # GDLinearRegressor says so in each fold
)


def problem(n=60, d=4, targets=None, seed=0):
    """Correlated columns of unit size and a noisy linear target."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.5)
    X /= X.std(axis=0)
    shape = (n,) if targets is None else (n, targets)
    coef = rng.standard_normal((d, *shape[1:]))
    return X, X @ coef + 0.5 + rng.standard_normal(shape)


def literal_scores(X, y, lrs, iters, splits, w=None, intercept=True):
    """Minus the held-out mean squared errors by the textbook loop, stopped at its least loss."""
    Z = np.column_stack([np.ones(len(X)), X]) if intercept else X
    Y = y.reshape(len(y), -1)
    w = np.ones(len(X)) if w is None else w
    scores = np.empty((len(lrs), len(iters), len(splits)))
    for f, (train, test) in enumerate(splits):
        hessian = Z[train].T @ (w[train, np.newaxis] * Z[train]) / w[train].sum()
        for i, lr in enumerate(lrs):
            diverging = lr * np.linalg.eigvalsh(hessian)[-1] > 2
            theta, t, least = np.zeros((Z.shape[1], Y.shape[1])), 0, np.inf
            held = []
            for t in range(max(iters) + 1):
                residual = Z[train] @ theta - Y[train]
                loss = np.sum(w[train] * np.sum(residual**2, axis=1))
                if diverging and loss > least:  # convex in t, so it rises for ever
                    held += [held[-1]] * (max(iters) + 1 - t)
                    break
                least = loss
                held.append(
                    np.average(np.mean((Z[test] @ theta - Y[test]) ** 2, axis=1), weights=w[test])
                )
                step = Z[train].T @ (w[train, np.newaxis] * residual) / w[train].sum()
                theta = theta - lr * step
            scores[i, :, f] = -np.array(held)[iters]
    return scores


@pytest.mark.parametrize("targets", [None, 1, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_scores_are_those_of_the_brute_loop(targets, intercept, weighted):
    """Every entry of the surface is the held-out error of a literal descent, and so is the best."""
    X, y = problem(targets=targets)
    w = np.random.default_rng(1).uniform(0, 3, len(X)) if weighted else None
    cv = KFold(3, shuffle=True, random_state=0)
    model = GDLinearRegressorCV(LRS, 40, cv=cv, fit_intercept=intercept).fit(X, y, w)
    expected = literal_scores(X, y, LRS, np.arange(41), list(cv.split(X)), w, intercept)
    np.testing.assert_allclose(model.scores_path_, expected, rtol=SCORES)
    best = np.unravel_index(np.argmax(expected.mean(axis=-1)), (len(LRS), 41))
    assert model.best_index_ == best
    assert model.lr_ == LRS[best[0]]
    assert model.best_score_ == pytest.approx(expected.mean(axis=-1).max(), rel=SCORES)


@ignore_convergence
@pytest.mark.parametrize("max_iter", [1, 30, 3000, 10**7])
@pytest.mark.parametrize(
    "cv",
    [
        5,
        KFold(3, shuffle=True, random_state=0),
        LeaveOneOut(),
        LeavePOut(59),
        ShuffleSplit(4, train_size=0.5, test_size=0.3, random_state=0),
        RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
        TimeSeriesSplit(4),
        PredefinedSplit(np.arange(60) % 4 - 1),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_scores_are_those_of_a_grid_search(cv, max_iter):
    """GridSearchCV over the rates of GDLinearRegressor has the same scores and the same winner."""
    X, y = problem()
    model = GDLinearRegressorCV(LRS, iters=[max_iter], cv=cv).fit(X, y)
    search = GridSearchCV(
        GDLinearRegressor(max_iter=max_iter), {"lr": LRS}, cv=cv, scoring=NEG_MSE
    ).fit(X, y)
    expected = [
        search.cv_results_[f"split{i}_test_score"] for i in range(model.scores_path_.shape[2])
    ]
    np.testing.assert_allclose(model.scores_path_[:, 0], np.transpose(expected), rtol=SCORES)
    assert model.best_score_ == pytest.approx(search.best_score_, rel=SCORES)
    if max_iter <= 30:  # later several rates have converged, and tie
        assert model.lr_ == search.best_params_["lr"]
        np.testing.assert_allclose(model.coef_, search.best_estimator_.coef_, rtol=SCORES)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("n", [12, 80])
def test_wide_and_sparse_rows(container, n):
    """Fewer rows than columns, and sparse rows, have the scores of the loop on dense rows."""
    X, y = problem(n=n, d=30)
    X[np.abs(X) < 1] = 0
    cv = KFold(3)
    model = GDLinearRegressorCV([0.01, 0.1], 60, cv=cv).fit(container(X), y)
    expected = literal_scores(X, y, [0.01, 0.1], np.arange(61), list(cv.split(X)))
    np.testing.assert_allclose(model.scores_path_, expected, rtol=SCORES)


@pytest.mark.parametrize("cv", ["gcv", 4])
@pytest.mark.parametrize("solver", ["auto", "loop", "krylov"])
@pytest.mark.parametrize("targets", [None, 1, 2])
def test_the_descent_in_the_end_is_that_of_the_plain_estimator(cv, solver, targets):
    """With the rate and the number of updates chosen, GDLinearRegressor has the same path."""
    X, y = problem(targets=targets, n=25, d=8)
    model = GDLinearRegressorCV([0.005, 0.02], 200, cv=cv, solver=solver).fit(X, y)
    plain = GDLinearRegressor(model.lr_, max_iter=model.n_iter_, solver=solver)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        plain.fit(X, y)
    assert model.n_iter_ == model.iters_[model.best_index_[1]] == plain.n_iter_
    for name in ("coef_", "intercept_", "loss_history_", "coef_path_", "intercept_path_"):
        found, expected = getattr(model, name), getattr(plain, name)
        assert np.shape(found) == np.shape(expected)
        rounding = 1e-10 * np.max(np.abs(expected))
        np.testing.assert_allclose(found, expected, rtol=0, atol=rounding)
    np.testing.assert_allclose(model.predict(X), plain.predict(X), rtol=1e-9)
    *_, last = model.staged_predict(X)
    np.testing.assert_allclose(last, model.predict(X), rtol=1e-12)


@pytest.mark.parametrize("cv", ["gcv", 3])
def test_no_update_may_be_best(cv):
    """Where the target is noise about zero, descent may end at its start, with the path to show."""
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((12, 6)), rng.standard_normal(12)
    y -= X @ np.linalg.lstsq(X, y, rcond=None)[0]
    model = GDLinearRegressorCV([0.5], iters=[0, 500], cv=cv, fit_intercept=False).fit(X, y)
    assert model.n_iter_ == 0
    assert model.loss_history_.shape == (1,)
    np.testing.assert_array_equal(model.coef_, np.zeros(6))


def gcv_by_hand(X, y, lr, t, w=None, intercept=True):
    """GCV and degrees of freedom from the literal matrix that takes y to the predictions."""
    Z = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w = np.ones(len(X)) if w is None else w
    smoother = np.zeros((Z.shape[1], len(X)))
    for _ in range(t):
        smoother = smoother - lr * Z.T @ (w[:, np.newaxis] * (Z @ smoother - np.eye(len(X)))) / sum(
            w
        )
    dof = np.trace(Z @ smoother)
    residual = (y.T - (Z @ smoother @ y).T).T.reshape(len(y), -1)
    mse = np.average(np.mean(residual**2, axis=1), weights=w)
    return mse / (1 - dof / sum(w)) ** 2, dof


@pytest.mark.parametrize("targets", [None, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("n", [40, 6])
@pytest.mark.parametrize("weighted", [True, False])
def test_gcv_is_that_of_the_literal_smoother(targets, intercept, n, weighted):
    """GCV and dof come from the matrix that takes y to the predictions, for tall and wide rows."""
    X, y = problem(targets=targets, n=n, d=8)
    w = np.arange(1.0, n + 1) if weighted else None
    lrs, iters = [0.01, 0.1], [0, 1, 7, 80]
    model = GDLinearRegressorCV(lrs, iters=iters, cv="gcv", fit_intercept=intercept)
    rows = n if w is None else w.sum()
    with warns_of_few_rows(8 + intercept > rows / 2):
        model.fit(X, y, w)
    expected = np.array([[gcv_by_hand(X, y, lr, t, w, intercept) for t in iters] for lr in lrs])
    np.testing.assert_allclose(model.gcv_path_, expected[..., 0], rtol=1e-9)
    np.testing.assert_allclose(model.dof_path_, expected[..., 1], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.scores_path_, -model.gcv_path_[..., np.newaxis])
    assert model.best_score_ == -model.gcv_path_[model.best_index_]


@pytest.mark.parametrize("max_iter", [1000, 10**9])
def test_gcv_of_interpolating_rows_stays_finite_or_infinite(max_iter):
    """Where residuals and degrees of freedom both run out no nan appears and none such wins."""
    X, y = problem(n=10, d=30)
    with warns_of_few_rows():
        model = GDLinearRegressorCV(12, max_iter, cv="gcv").fit(X, y)
    assert not np.isnan(model.scores_path_).any()
    assert np.isfinite(model.best_score_)
    assert model.dof_path_[model.best_index_] < 10


def test_weights_are_counts_to_gcv():
    """A row of weight 2 is two rows; weights that sum to one row are refused with advice."""
    X, y = problem(n=30)
    w = np.random.default_rng(3).integers(0, 4, 30)
    weighted = GDLinearRegressorCV(cv="gcv").fit(X, y, w)
    repeated = GDLinearRegressorCV(cv="gcv").fit(X.repeat(w, axis=0), y.repeat(w))
    np.testing.assert_allclose(weighted.gcv_path_, repeated.gcv_path_, rtol=1e-9)
    with pytest.raises(ValueError, match="mean of 1, or give cv"):
        GDLinearRegressorCV(cv="gcv").fit(X, y, w / w.sum())


def test_the_default_rates_rise_to_the_largest_stable_one():
    """A number of rates is spread below 2 / largest curvature; the default's largest is 'auto'."""
    X, y = problem()
    plain = GDLinearRegressor(tol=1e9).fit(X, y)
    model = GDLinearRegressorCV().fit(X, y)
    assert model.lrs_[-1] == pytest.approx(plain.lr_)
    np.testing.assert_allclose(model.lrs_[1:] / model.lrs_[:-1], 2.0)
    many = GDLinearRegressorCV(lrs=25, max_iter=3).fit(X, y).lrs_
    assert len(many) == 25
    assert (many < plain.path_.max_stable_lr).all()
    assert GDLinearRegressorCV(lrs=1, max_iter=3).fit(X, y).lrs_ == pytest.approx([plain.lr_])
    zeros = GDLinearRegressorCV(fit_intercept=False).fit(0 * X, y)
    assert np.isfinite(zeros.lrs_).all()
    assert zeros.n_iter_ == 0


@pytest.mark.parametrize(
    ("iters", "max_iter", "expected"),
    [
        (None, 5, [0, 1, 2, 3, 4, 5]),
        (4, 100, [0, 1, 10, 100]),
        (50, 3, [0, 1, 2, 3]),
        ([9, 2, 2, 0], 5, [0, 2, 9]),
        (np.array([3], dtype=np.uint8), 5, [3]),
        (2, 2**62, [0, 1]),
    ],
)
def test_iterations_tried(iters, max_iter, expected):
    """The grid of updates is every one, a logarithmic spread, or the list that was given."""
    X, y = problem()
    model = GDLinearRegressorCV([0.1], max_iter, iters=iters, cv=2)
    if iters == 2:
        expected = [0, 2**62]
    np.testing.assert_array_equal(model.fit(X, y).iters_, expected)


def test_a_long_grid_is_spread():
    """Beyond a thousand updates the default grid is logarithmic and ends at max_iter."""
    X, y = problem()
    iters = GDLinearRegressorCV([0.1], 10**12, cv=2).fit(X, y).iters_
    assert iters[0] == 0
    assert iters[-1] == 10**12
    assert 100 < len(iters) <= 200
    assert len(GDLinearRegressorCV([0.1], 1000, cv=2).fit(X, y).iters_) == 1001


def test_a_perfect_fit_ends_where_it_is_reached():
    """On a noiseless target the errors end as rounding noise, and the noise does not choose."""
    X, _ = problem()
    y = X @ np.ones(4)
    model = GDLinearRegressorCV([0.3], 1000, cv=3).fit(X, y)
    assert model.n_iter_ < 1000
    np.testing.assert_allclose(model.coef_, 1.0, rtol=1e-6)


@pytest.mark.parametrize("scoring", [None, "r2"])
@pytest.mark.parametrize("cv", ["gcv", 4])
def test_diverging_rates_never_win_by_accident(cv, scoring):
    """Far above the stable rates every score is finite, that of the iterate of least loss."""
    if cv == "gcv" and scoring is not None:
        pytest.skip("no held-out rows")
    X, y = problem()
    lrs = [0.1, 10.0, 1e5, 1e300]
    model = GDLinearRegressorCV(lrs, 100, cv=cv, scoring=scoring).fit(X, y)
    assert np.isfinite(model.scores_path_).all()
    assert model.lr_ == 0.1
    # From the first update on these rates do worse, so the start stands for all of the row.
    assert (model.scores_path_[1:] == model.scores_path_[1:, :1]).all()


def test_rates_that_all_diverge_are_said_to():
    """The update that diverges is made and seen, and the warning names the largest stable rate."""
    X, y = problem()
    stable = GDLinearRegressor(tol=1e9).fit(X, y).path_.max_stable_lr
    with pytest.warns(ConvergenceWarning, match=f"largest stable one, {stable:.4g}"):
        model = GDLinearRegressorCV([30.0, 40.0], iters=[0, 5], cv=3).fit(X, y)
    assert model.n_iter_ == 1
    assert model.loss_history_[1] > model.loss_history_[0]
    assert not model.coef_.any()
    assert model.stop_reason_ == "diverged"


@ignore_convergence
@pytest.mark.parametrize(
    "scoring",
    [
        "r2",
        "neg_mean_absolute_error",
        NEG_MSE,
        make_scorer(mean_squared_error, greater_is_better=False),
        lambda estimator, X, y: -mean_absolute_error(y, estimator.predict(X)),
    ],
)
@pytest.mark.parametrize("targets", [None, 1, 2])
def test_any_scorer(scoring, targets, monkeypatch):
    """A scorer sees each iterate's predictions, and GridSearchCV with it agrees at each t."""
    monkeypatch.setattr("sklearn_gd._scored_iterate.PREDICTION_NUMBERS", 500)
    X, y = problem(targets=targets)
    lrs, iters = [0.01, 0.1], [1, 4, 30]
    model = GDLinearRegressorCV(lrs, iters=iters, cv=3, scoring=scoring).fit(X, y)
    for j, t in enumerate(iters):
        search = GridSearchCV(
            GDLinearRegressor(max_iter=t), {"lr": lrs}, cv=3, scoring=scoring, refit=False
        ).fit(X, y)
        mean = search.cv_results_["mean_test_score"]
        np.testing.assert_allclose(model.scores_path_[:, j].mean(axis=-1), mean, rtol=SCORES)


def test_a_scorer_may_look_at_other_rows_and_at_coefficients():
    """An iterate predicts for any rows and shows its coefficients, as a fitted estimator does."""
    X, y = problem()

    def penalised(estimator, X, y):
        half = estimator.predict(X[::2])
        np.testing.assert_allclose(half, X[::2] @ estimator.coef_ + estimator.intercept_)
        return estimator.score(X, y) - 1e9 * np.sum(estimator.coef_**2)

    assert GDLinearRegressorCV([0.1], 20, cv=3, scoring=penalised).fit(X, y).n_iter_ == 0


def test_scores_that_are_not_numbers_count_as_minus_infinity():
    """A scorer's nan never wins and never shows; where there is nothing else the fit says so."""
    X, y = problem()

    def only_the_start(estimator, X, y):
        return np.nan if estimator.coef_.any() else 1.0

    model = GDLinearRegressorCV([0.1], 5, cv=3, scoring=only_the_start).fit(X, y)
    assert model.n_iter_ == 0
    assert (model.scores_path_[:, 1:] == -np.inf).all()
    with pytest.raises(ValueError, match="finite score"):
        GDLinearRegressorCV([0.1], 5, cv=3, scoring=lambda *_: np.nan).fit(X, y)


def test_weights_reach_the_scorer():
    """A named scorer with weights has the scores of the closed form with weights."""
    X, y = problem()
    w = np.random.default_rng(5).uniform(0, 2, 60)
    closed = GDLinearRegressorCV([0.1], 50, cv=3).fit(X, y, w)
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    scored = GDLinearRegressorCV([0.1], 50, cv=3, scoring=scorer).fit(X, y, w)
    np.testing.assert_allclose(scored.scores_path_, closed.scores_path_, rtol=SCORES)


def test_groups_without_routing():
    """Groups reach the splitter; other metadata is refused with advice."""
    X, y = problem()
    groups = np.arange(60) % 7
    cv = GroupKFold(3)
    model = GDLinearRegressorCV([0.1], 20, cv=cv).fit(X, y, groups=groups)
    listed = GDLinearRegressorCV([0.1], 20, cv=list(cv.split(X, y, groups))).fit(X, y)
    np.testing.assert_array_equal(model.scores_path_, listed.scores_path_)
    with pytest.raises(ValueError, match="metadata routing"):
        GDLinearRegressorCV(cv=3).fit(X, y, colour=groups)
    with pytest.raises(ValueError, match="makes no folds"):
        GDLinearRegressorCV(cv="gcv").fit(X, y, groups=groups)


def test_metadata_routing():
    """With routing on, groups reach the splitter and weights a scorer that asks for them."""
    X, y = problem()
    groups, w = np.arange(60) % 7, np.random.default_rng(6).uniform(0, 2, 60)
    cv, lrs = GroupKFold(3), [0.1]
    expected = GDLinearRegressorCV(lrs, 20, cv=cv).fit(X, y, w, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        closed = GDLinearRegressorCV(lrs, 20, cv=cv).fit(X, y, w, groups=groups)
        np.testing.assert_array_equal(closed.scores_path_, expected.scores_path_)
        scorer = make_scorer(mean_squared_error, greater_is_better=False)
        asks = scorer.set_score_request(sample_weight=True)
        scored = GDLinearRegressorCV(lrs, 20, cv=cv, scoring=asks).fit(X, y, w, groups=groups)
        np.testing.assert_allclose(scored.scores_path_, expected.scores_path_, rtol=SCORES)
        search = GridSearchCV(
            GDLinearRegressor(max_iter=20).set_fit_request(sample_weight=True),
            {"lr": lrs},
            cv=cv,
            scoring=asks,
            refit=False,
        )
        with pytest.warns(ConvergenceWarning):
            search.fit(X, y, sample_weight=w, groups=groups)
        mean = search.cv_results_["mean_test_score"]
        np.testing.assert_allclose(scored.scores_path_[:, -1].mean(axis=-1), mean, rtol=SCORES)
        silent = scorer.set_score_request(sample_weight=False)
        plain = GDLinearRegressorCV(lrs, 20, cv=cv, scoring=silent).fit(X, y, w, groups=groups)
        assert (plain.scores_path_ != scored.scores_path_).any()
        pipe = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            GDLinearRegressorCV(lrs, 20, cv=cv).set_fit_request(sample_weight=True),
        )
        pipe.fit(X, y, sample_weight=w, groups=groups)
        with pytest.raises(TypeError, match="colour"):
            GDLinearRegressorCV(lrs, 20, cv=cv).fit(X, y, groups=groups, colour=w)


@pytest.mark.parametrize(
    "make", [list, tuple, np.array, lambda sizes: sp.csr_matrix(np.array(sizes)[:, None])]
)
def test_metadata_for_a_scorer_is_cut_to_the_fold(make):
    """Metadata with a value per row loses the rows of other folds; other values pass as is."""
    X, y = problem()
    seen = []

    def score(y_true, y_pred, sizes=None, name=None):
        seen.append((len(y_true), np.shape(sizes)[0], name))
        return 0.0

    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(sizes=True, name=True)
        model = GDLinearRegressorCV([0.1], 2, cv=KFold(3), scoring=scorer)
        model.fit(X, y, sizes=make(range(60)), name="all")
    assert set(seen) == {(20, 20, "all")}


def test_threads_change_nothing():
    """n_jobs changes the time a fit takes, not a bit of its result."""
    X, y = problem(n=300, d=20)
    for options in ({"max_iter": 500}, {"max_iter": 5000}, {"scoring": "r2", "max_iter": 20}):
        serial = GDLinearRegressorCV(5, cv=4, **options).fit(X, y)
        threads = GDLinearRegressorCV(5, cv=4, n_jobs=2, **options).fit(X, y)
        np.testing.assert_array_equal(serial.scores_path_, threads.scores_path_)
        np.testing.assert_array_equal(serial.coef_, threads.coef_)


@pytest.mark.parametrize("cv", ["gcv", 3])
def test_clone_pickle_and_second_fit(cv):
    """Copies are equal, and a second fit leaves nothing of the first."""
    X, y = problem()
    model = GDLinearRegressorCV(4, 50, cv=cv).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.loss_history_, model.loss_history_)
    assert not hasattr(clone(model), "lr_")
    model.set_params(cv=3 if cv == "gcv" else "gcv").fit(X, y)
    assert hasattr(model, "gcv_path_") == (cv != "gcv")


def test_a_failed_fit_keeps_the_earlier_one():
    """An error while fitting leaves the attributes of the last fit as they were."""
    X, y = problem()
    model = GDLinearRegressorCV(4, 50).fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, np.full(60, np.nan))
    assert vars(model) == before


def test_float32_rows_keep_their_dtype():
    """float32 features give float32 coefficients and the scores of GDLinearRegressor on them."""
    X, y = problem()
    X = X.astype(np.float32)
    model = GDLinearRegressorCV([0.01, 0.1], 100, cv=3).fit(X, y)
    assert model.coef_.dtype == model.predict(X).dtype == np.float32
    double = GDLinearRegressorCV([0.01, 0.1], 100, cv=3).fit(X.astype(float), y)
    np.testing.assert_allclose(model.scores_path_, double.scores_path_, rtol=1e-4)


def test_pipelines():
    """A scaler before it, or a grid search around it, is a matter of course."""
    X, y = problem()
    pipe = make_pipeline(StandardScaler(), GDLinearRegressorCV(cv=3)).fit(X * [1, 10, 100, 1e4], y)
    assert pipe.score(X * [1, 10, 100, 1e4], y) > 0.5
    names = GridSearchCV(GDLinearRegressorCV(), {"fit_intercept": [True, False]}).fit(X, y)
    assert names.best_params_ == {"fit_intercept": True}


def test_early_stopping_resembles_ridge():
    """Stopping at t is close to a ridge penalty of 1 / (lr t) on the mean squared error."""
    X, y = problem(n=400)
    model = GDLinearRegressor(lr=0.001, max_iter=1, fit_intercept=False)
    with pytest.warns(ConvergenceWarning):
        path = model.fit(X, y).path_
    for t in (10, 100, 1000, 10000):
        ridge = Ridge(alpha=len(X) / (0.001 * t), fit_intercept=False).fit(X, y)
        distance = np.linalg.norm(path.coef(t) - ridge.coef_)
        assert distance < 0.3 * np.linalg.norm(ridge.coef_)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"lrs": 0}, ValueError, "lrs must be an integer of at least 1"),
        ({"lrs": 0.1}, TypeError, "lrs must be an integer"),
        ({"lrs": [0.1, 0.0]}, ValueError, "above 0"),
        ({"lrs": [[0.1]]}, ValueError, "above 0"),
        ({"lrs": [np.nan]}, ValueError, "NaN"),
        ({"max_iter": 0}, ValueError, "max_iter"),
        ({"max_iter": 2**63}, ValueError, "max_iter"),
        ({"iters": 1}, ValueError, "iters"),
        ({"iters": [0.5]}, TypeError, "iters"),
        ({"iters": []}, TypeError, "iters"),
        ({"iters": [-1]}, ValueError, "iters"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept"),
        ({"solver": "sgd"}, ValueError, "solver"),
        ({"scoring": "r2", "cv": "gcv"}, ValueError, "cv='gcv' makes none"),
        ({"scoring": ["r2"], "cv": 3}, ValueError, "one scorer"),
        ({"selection": "two_se"}, ValueError, "selection must be one of"),
        ({"selection": "one_se", "cv": "gcv"}, ValueError, "one_se' needs folds"),
        ({"momentum": 1.0}, ValueError, "momentum"),
        ({"momentum": 0.5, "solver": "krylov"}, ValueError, "takes no momentum"),
        ({"nesterovs_momentum": 1}, TypeError, "nesterovs_momentum"),
        ({"alpha": -1.0}, ValueError, "alpha"),
        ({"cv": "loo"}, ValueError, "cv"),
        ({"cv": []}, ValueError, "no splits"),
        ({"cv": [([], [0, 1])]}, ValueError, "Fold 0 is fitted on no rows"),
        ({"cv": [([0, 1], [])]}, ValueError, "Fold 0 is scored on no rows"),
    ],
)
def test_bad_parameters(params, error, message):
    """What cannot be tuned is refused with what was expected and what came."""
    X, y = problem()
    with pytest.raises(error, match=message):
        GDLinearRegressorCV(**params).fit(X, y)


def test_a_fold_without_weight_is_refused():
    """Held-out rows that weigh nothing have no mean squared error."""
    X, y = problem()
    w = np.ones(60)
    w[:20] = 0
    with pytest.raises(ValueError, match="Fold 0 is scored on no rows"):
        GDLinearRegressorCV(cv=3).fit(X, y, w)


def test_splits_of_any_kind():
    """Masks, lists, negative and repeated indices split as scikit-learn's indexing reads them."""
    X, y = problem()
    mask = np.arange(60) < 40
    last = list(range(-20, 0))
    for train in (mask, list(range(40)), [*range(20, 40), *range(20)]):
        model = GDLinearRegressorCV([0.1], 30, cv=[(train, ~mask), (train, last)]).fit(X, y)
        expected = literal_scores(
            X, y, [0.1], np.arange(31), [(np.flatnonzero(mask), np.flatnonzero(~mask))] * 2
        )
        np.testing.assert_allclose(model.scores_path_, expected, rtol=SCORES)
    twice = GDLinearRegressorCV([0.1], 30, cv=[([0, *range(40)], last)]).fit(X, y)
    w = np.ones(60)
    w[0] = 2
    weighed = GDLinearRegressorCV([0.1], 30, cv=[(mask, last)]).fit(X, y, w)
    np.testing.assert_allclose(twice.scores_path_, weighed.scores_path_, rtol=SCORES)


def test_other_metadata_reaches_a_scorer_as_it_is():
    """Only what has a value per row is cut; numbers, words and tables of other lengths are not."""
    X, y = problem()
    given = {"word": "all", "number": np.array(5.0), "few": [1, 2, 3], "table": np.eye(3)}
    shapes = {name: np.shape(value) for name, value in given.items()}
    seen = []

    def score(y_true, y_pred, **others):
        seen.append(others)
        return 0.0

    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(**dict.fromkeys(given, True))
        GDLinearRegressorCV([0.1], 2, cv=KFold(3), scoring=scorer).fit(X, y, **given)
    assert seen
    for others in seen:
        assert {name: np.shape(value) for name, value in others.items()} == shapes
        assert all(np.array_equal(others[name], value) for name, value in given.items())


def test_sparse_metadata_stays_sparse():
    """A sparse matrix with a row per row is cut as one."""
    X, y = problem()
    seen = []

    def score(y_true, y_pred, table=None):
        seen.append(table)
        return 0.0

    table = sp.csr_matrix(np.arange(60.0)[:, None])
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(score).set_score_request(table=True)
        GDLinearRegressorCV([0.1], iters=[1], cv=KFold(3), scoring=scorer).fit(X, y, table=table)
    assert all(sp.issparse(part) for part in seen)
    assert np.array_equal(sp.vstack(seen).toarray(), table.toarray())


def test_routing_is_asked_for_in_the_tuners_name():
    """The router belongs to the class, and a scorer and a splitter are in it where there are."""
    router = GDLinearRegressorCV(cv=KFold(3), scoring="r2").get_metadata_routing()
    assert router.owner == "GDLinearRegressorCV"
    assert set(router._route_mappings) == {"splitter", "scorer"}
    assert set(GDLinearRegressorCV(cv=3).get_metadata_routing()._route_mappings) == set()


@pytest.mark.parametrize("scorer", [NEG_MSE, "r2"])
def test_a_scorer_by_name_asks_for_no_weights(scorer):
    """With routing they never count in it, the closed form's name included: refused since 1.9."""
    X, y = problem()
    w = np.random.default_rng(5).uniform(0, 2, 60)
    model = GDLinearRegressorCV([0.1], iters=[5], cv=KFold(3), scoring=scorer)
    expected = clone(model).fit(X, y).scores_path_
    with sklearn.config_context(enable_metadata_routing=True):
        np.testing.assert_array_equal(model.fit(X, y).scores_path_, expected)
        if parse_version(sklearn.__version__) >= parse_version("1.9"):
            with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
                model.fit(X, y, w)
            return
        found = model.fit(X, y, w).scores_path_[0, 0]
    for score, (train, test) in zip(found, KFold(3).split(X), strict=True):
        plain = GDLinearRegressor(0.1, max_iter=5)
        with pytest.warns(ConvergenceWarning):
            plain.fit(X[train], y[train], w[train])
        assert score == pytest.approx(get_scorer(scorer)(plain, X[test], y[test]), rel=SCORES)


@pytest.mark.parametrize("targets", [None, 1, 2])
def test_scorers_see_targets_as_they_were_given(targets):
    """Of one dimension where y was flat, else with a column per target."""
    X, y = problem(targets=targets)
    seen = []

    def score(estimator, X, y):
        seen.append((X.shape, y.shape))
        return 0.0

    GDLinearRegressorCV([0.1], iters=[1, 2], cv=KFold(3), scoring=score).fit(X, y)
    assert set(seen) == {((20, 4), (20, *y.shape[1:]))}


def test_folds_are_worked_on_at_the_same_time():
    """With n_jobs=2 two folds are under way at once, in threads of this process."""
    X, y = problem()
    both = threading.Barrier(2, timeout=30)

    def waits_for_the_other(estimator, X, y):
        both.wait()
        return 0.0

    scoring = {"scoring": waits_for_the_other, "cv": 2, "n_jobs": 2}
    GDLinearRegressorCV([0.1], iters=[0], **scoring).fit(X, y)
    assert both.n_waiting == 0
    assert not both.broken


def test_best_is_the_mean_over_folds():
    """The chosen entry has the greatest mean score, and the fit has its rate."""
    X, y = problem()
    model = GDLinearRegressorCV([0.01, 0.1, 0.3], 40, cv=4).fit(X, y)
    mean = model.scores_path_.mean(axis=2)
    assert mean[model.best_index_] == model.best_score_ == mean.max()
    assert model.lr_ == model.lrs_[model.best_index_[0]]


def test_rates_that_are_said_to_be_stable_are():
    """The number in a warning or a diagnosis is below the largest stable rate, not rounded up."""
    assert (rounded_down(0.4969919), rounded_down(0.3), rounded_down(np.inf)) == (
        "0.4969",
        "0.3",
        "inf",
    )
    X, y = load_diabetes(return_X_y=True, scaled=False)
    X = StandardScaler().fit_transform(X)
    with pytest.warns(ConvergenceWarning, match=r"Give lrs below 0\.4969,"):
        GDLinearRegressorCV([1.0, 2.0]).fit(X, y)
    assert "stable below 0.4969;" in repr(diagnose(X, y))
