"""Inside scikit-learn: pipelines, searches, cloning, processes, routing."""

from __future__ import annotations

import pickle
import warnings

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (makes the import work)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor

X, Y = load_diabetes(return_X_y=True)
quietly = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def pipeline(**parameters):
    """Scaling, then descent."""
    return make_pipeline(StandardScaler(), GDLinearRegressor(**parameters))


def test_pipeline_reaches_least_squares():
    """In a pipeline on real data the converged model is LinearRegression."""
    model = pipeline(max_iter=10**5).fit(X, Y)
    assert distance(model.predict(X), LinearRegression().fit(X, Y).predict(X)) <= tolerance()


@quietly
def test_grid_search_over_lr_survives_diverging_rates():
    """Rates up to 1000 times too large finish with finite scores, and a stable rate wins."""
    stable = pipeline(max_iter=5).fit(X, Y)[-1].path_.max_stable_lr
    rates = stable * np.array([1e-6, 1e-3, 0.1, 0.5, 1.5, 10.0, 1000.0])
    grid = {"gdlinearregressor__lr": rates}
    search = GridSearchCV(pipeline(max_iter=200), grid, error_score="raise").fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert search.best_params_["gdlinearregressor__lr"] in rates[2:4]
    assert scores[rates > stable].max() < scores[2:4].min()


@quietly
def test_a_search_with_only_diverging_rates_finishes():
    """Even when every candidate is bad the scores are numbers."""
    search = GridSearchCV(pipeline(), {"gdlinearregressor__lr": [10.0, 1e3]}, error_score="raise")
    assert np.isfinite(search.fit(X, Y).best_score_)


@quietly
def test_halving_search_with_max_iter_as_resource():
    """Halving sets max_iter to integers of its own."""
    search = HalvingGridSearchCV(
        pipeline(),
        {"gdlinearregressor__lr": [1e-4, 1e-3, 1e-2, 1e-1]},
        resource="gdlinearregressor__max_iter",
        max_resources=400,
        random_state=0,
    ).fit(X, Y)
    assert search.best_params_["gdlinearregressor__lr"] == 0.1


@quietly
def test_cross_validate_and_processes_give_the_serial_result():
    """Two processes, the same scores to the bit."""
    serial = cross_validate(pipeline(), X, Y, cv=4)["test_score"]
    parallel = cross_validate(pipeline(), X, Y, cv=4, n_jobs=2)["test_score"]
    assert np.array_equal(serial, parallel)


def test_clone_pickle_and_joblib(tmp_path):
    """A clone is unfitted with the same parameters; saved models predict the same."""
    model = GDLinearRegressor(lr=0.5, tol=2e3, solver="loop").fit(X, Y)
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "coef_")
    joblib.dump(model, tmp_path / "model.joblib")
    for again in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")):
        assert np.array_equal(again.predict(X), model.predict(X))
        assert again.path_.iterations_to(3e3) == model.path_.iterations_to(3e3)


def test_set_output_leaves_predictions_arrays():
    """set_output concerns the transformers before; the regressor takes their frames."""
    pytest.importorskip("pandas")
    model = pipeline(max_iter=10**5).set_output(transform="pandas").fit(X, Y)
    assert isinstance(model.predict(X), np.ndarray)
    assert model[-1].feature_names_in_.tolist() == [f"x{i}" for i in range(10)]


@pytest.fixture
def routing():
    """Metadata routing on, and off again."""
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routing")
def test_weights_and_initial_values_are_routed():
    """sample_weight, coef_init and intercept_init reach fit through a pipeline."""
    regressor = GDLinearRegressor(lr=0.1, tol=3e3).set_fit_request(
        sample_weight=True, coef_init=True, intercept_init=True
    )
    model = Pipeline([("scale", StandardScaler()), ("descend", regressor)])
    model.named_steps["scale"].set_fit_request(sample_weight=False)
    weights, coef = np.arange(len(Y)) % 3, np.arange(10.0)
    model.fit(X, Y, sample_weight=weights, coef_init=coef, intercept_init=100.0)
    direct = GDLinearRegressor(lr=0.1, tol=3e3).fit(
        StandardScaler().fit_transform(X), Y, weights, coef_init=coef, intercept_init=100.0
    )
    assert np.array_equal(model[-1].coef_path_, direct.coef_path_)
    assert direct.intercept_path_[0] == 100.0


@pytest.mark.usefixtures("routing")
@quietly
def test_a_search_routes_weights():
    """Weights asked for are used inside a search."""
    regressor = GDLinearRegressor().set_fit_request(sample_weight=True)
    regressor.set_score_request(sample_weight=True)
    search = GridSearchCV(regressor, {"lr": [0.1, 0.2]})
    kept = np.arange(len(Y)) % 2 == 0
    weighted = search.fit(X, Y, sample_weight=kept.astype(float)).best_estimator_
    direct = GDLinearRegressor(lr=weighted.lr).fit(X[kept], Y[kept])
    assert distance(weighted.coef_, direct.coef_) <= tolerance()


def test_warnings_as_errors_do_not_break_a_quiet_fit():
    """No warning of NumPy or SciPy escapes, diverging or not."""
    Xr, yr = regression()
    for lr in (1e-300, 0.1, 1e300):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = GDLinearRegressor(lr=lr, max_iter=10**9).fit(Xr, yr)
        assert np.isfinite(model.coef_).all()
        assert np.isfinite(model.path_.loss(model.path_.best_iter))
