"""The tuned model: its refit, its choice, its warnings, and what scorers may do."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import scale

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from tuning.literal_grid import literal_errors, regression

NEG_MSE = "neg_mean_squared_error"


def quietly(model, *data):
    """Fit; warnings are not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(*data)


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return scale(X), y


@pytest.mark.parametrize("solver", ["auto", "spectral", "krylov", "loop"])
@pytest.mark.parametrize("cv", [3, "gcv"])
def test_the_path_answers_up_to_the_largest_t_searched(solver, cv):
    """Whatever stop is chosen, losses and coefficients of every t of the grid are known."""
    X, y = regression(n=60, d=12)
    model = quietly(GDLinearRegressorCV([0.05], 400, cv=cv, solver=solver), X, y[:, 0])
    assert model.n_iter_ < 400
    assert np.isfinite(model.path_.loss(np.arange(401))).all()
    plain = quietly(GDLinearRegressor(0.05, max_iter=400, solver="spectral"), X, y[:, 0])
    assert_allclose(model.path_.coef(400), plain.coef_, rtol=1e-9)


@pytest.mark.parametrize("solver", ["auto", "krylov", "loop"])
@pytest.mark.parametrize("lr", [1e-3, 1e-2, 0.1, 0.5, 1.0])
def test_an_update_is_made_at_any_rate(solver, lr):
    """A rate that diverges at once is seen to: one update, a rise, and the start as answer."""
    X, y = load_iris(return_X_y=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = GDLinearRegressorCV([lr], solver=solver).fit(X, y)
    assert model.n_iter_ >= 1
    if lr >= 0.1:
        assert model.stop_reason_ == "diverged"
        assert model.loss_history_[-1] > model.loss_history_[0]
        assert not model.coef_.any()
        (said,) = caught
        assert "largest stable one" in str(said.message)


def test_the_advice_on_unstable_rates_holds():
    """Rates below the limit that is named are not warned of, and score better."""
    X, y = load_diabetes(return_X_y=True)
    X = X * [1e3] * 10
    with pytest.warns(ConvergenceWarning, match="Give lrs below") as caught:
        bad = GDLinearRegressorCV([1.0, 10.0]).fit(X, y)
    limit = float(str(caught[0].message).split("Give lrs below ")[1].split(",")[0])
    good = quietly(GDLinearRegressorCV([0.5 * limit, 0.9 * limit]), X, y)
    assert good.best_score_ > bad.best_score_


def test_the_advice_on_the_edge_holds():
    """Raising what the warning names gives a better score, and the default grid is silent."""
    X, y = diabetes()
    with pytest.warns(ConvergenceWarning, match="Raise lrs: rates below") as caught:
        short = GDLinearRegressorCV([1e-4], 100).fit(X, y)
    limit = float(str(caught[0].message).split("rates below ")[1].split(" ")[0])
    better = quietly(GDLinearRegressorCV([0.5 * limit], 100), X, y)
    assert better.best_score_ > short.best_score_
    with pytest.warns(ConvergenceWarning, match="Raise max_iter"):
        GDLinearRegressorCV([0.3], 3).fit(X, y)
    GDLinearRegressorCV([0.3], 1000).fit(X, y)
    GDLinearRegressorCV().fit(X, y)


def test_gcv_warns_of_few_rows():
    """More parameters than half of the rows: GCV is unreliable; few rows and many columns work."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 9000)), rng.standard_normal(50)
    with pytest.warns(UserWarning, match=r"cv='gcv' is unreliable.* 9,001 parameters"):
        model = GDLinearRegressorCV(cv="gcv").fit(X, y)
    assert np.isfinite(model.best_score_)
    assert model.dof_path_.max() <= 50
    GDLinearRegressorCV(cv="gcv").fit(rng.standard_normal((100, 20)), rng.standard_normal(100))


def test_five_folds_are_the_default():
    """cv=None is cv=5."""
    X, y = diabetes()
    expected = GDLinearRegressorCV(cv=5).fit(X, y)
    assert (GDLinearRegressorCV().fit(X, y).scores_path_ == expected.scores_path_).all()


def test_one_standard_error_stops_sooner():
    """The model chosen has descended less than the best, within one standard error of it."""
    X, y = regression(n=50, d=20)
    best = quietly(GDLinearRegressorCV(), X, y[:, 0])
    simple = quietly(GDLinearRegressorCV(selection="one_se"), X, y[:, 0])
    assert simple.lr_ * simple.n_iter_ < best.lr_ * best.n_iter_
    error = best.scores_path_[best.best_index_].std(ddof=1) / np.sqrt(5)
    assert best.best_score_ - error <= simple.best_score_ <= best.best_score_
    assert simple.best_score_ == simple.scores_path_[simple.best_index_].mean()


def test_a_callable_selects_as_in_a_grid_search():
    """A function of the mean scores chooses the entry, as `refit` of GridSearchCV does."""
    X, y = regression(n=50, d=20)

    def first_good(mean):
        return np.unravel_index(np.argmax(mean >= 1.05 * mean.max()), mean.shape)

    model = quietly(GDLinearRegressorCV(3, 50, selection=first_good), X, y[:, 0])
    mean = model.scores_path_.mean(axis=-1)
    assert model.best_index_ == first_good(mean)
    assert model.lr_ == model.lrs_[model.best_index_[0]]
    with pytest.raises(ValueError, match="selection must return"):
        GDLinearRegressorCV(3, 50, selection=lambda mean: mean.argmax()).fit(X, y[:, 0])


@pytest.mark.parametrize("rule", [{}, {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}])
@pytest.mark.parametrize("scoring", [None, "r2"])
def test_momentum_and_penalty_are_those_of_the_estimator(rule, scoring):
    """A grid search over the plain estimator with momentum and penalty has the same scores."""
    X, y = regression(d=6)
    y = y[:, 0]
    named = {"alpha": 0.2, "momentum": rule.get("momentum", 0.0)}
    named["nesterovs_momentum"] = "nesterov" in rule
    lrs, splits = [0.01, 0.1, 5.0], list(KFold(3).split(X))
    model = quietly(
        GDLinearRegressorCV(lrs, iters=[1, 30], cv=splits, scoring=scoring, **named), X, y
    )
    if scoring is None:
        errors = literal_errors(X, y[:, None], lrs, [1, 30], splits, alpha=0.2, **rule)
        assert_allclose(-model.scores_path_, errors, rtol=1e-10)
    for j, t in enumerate([1, 30]):
        plain = GDLinearRegressor(max_iter=t, **named)
        search = GridSearchCV(
            plain, {"lr": lrs}, cv=splits, scoring=scoring or NEG_MSE, refit=False
        )
        mean = quietly(search, X, y).cv_results_["mean_test_score"]
        assert_allclose(model.scores_path_[:, j].mean(axis=-1), mean, rtol=1e-9)
    plain = quietly(GDLinearRegressor(model.lr_, max_iter=model.n_iter_, **named), X, y)
    assert_allclose(model.coef_, plain.coef_, rtol=1e-9)


def test_the_default_rates_are_stable_with_momentum():
    """They rise towards the limit of the rule, which is above 2 / largest curvature."""
    X, y = regression()
    model = quietly(GDLinearRegressorCV(momentum=0.9), X, y)
    assert model.lrs_[-1] == pytest.approx(model.path_.max_stable_lr / 2)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_scorer_cannot_spoil_later_scores(container):
    """Held-out rows, targets and weights are read-only to a scorer."""
    X, y = regression()

    def vandal(estimator, X, y, sample_weight=None):
        for array in (X.data if sparse.issparse(X) else X, y, sample_weight):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0.0
        return -mean_squared_error(y, estimator.predict(X), sample_weight=sample_weight)

    w = np.linspace(0.5, 2.0, 60)
    closed = GDLinearRegressorCV([0.1], 500, cv=3).fit(container(X), y[:, 0], w)
    scored = GDLinearRegressorCV([0.1], iters=[0, 1, 500], cv=3, scoring=vandal)
    scored.fit(container(X), y[:, 0], w)
    assert_allclose(scored.scores_path_, closed.scores_path_[:, [0, 1, 500]], rtol=1e-10)


def test_early_stopping_and_ridge_are_alike():
    """The tuned descent and RidgeCV, whose errors are leave-one-out, predict about the same."""
    X, y = diabetes()
    y = y - y.mean()
    ours = GDLinearRegressorCV(fit_intercept=False).fit(X, y)
    theirs = RidgeCV(np.geomspace(1e-3, 1e4, 50), fit_intercept=False).fit(X, y)
    apart = np.linalg.norm(ours.predict(X) - theirs.predict(X)) / np.linalg.norm(y)
    assert apart < 0.05
