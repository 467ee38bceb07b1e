"""Arrays of other libraries on other devices: what comes out, where, and what is refused."""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.metadata_routing import MetadataRequest

from helpers import distance, from_singular_values, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments
from sklearn_gd._estimator.array_api import to_numpy
from sklearn_gd._estimator.prepare import prepare

strict = pytest.importorskip("array_api_strict")
pytest.importorskip("array_api_compat")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@dataclass(frozen=True)
class Spot:
    """A library and a device of its."""

    xp: Any
    device: Any
    has_float64: bool = True

    def __call__(self, array, dtype=None):
        array = np.asarray(array)
        kind = dtype or array.dtype.name
        kind = "float32" if kind == "float64" and not self.has_float64 else kind
        return self.xp.asarray(array, dtype=getattr(self.xp, kind), device=self.device)

    def back(self, array):
        """As NumPy's, after a look at where it was."""
        assert isinstance(array, type(self(np.zeros(1))))
        assert array.device == self(np.zeros(1)).device
        if self.xp is strict:
            return np.asarray(array.to_device(strict.Device("CPU_DEVICE")))
        return array.cpu().numpy()

    @property
    def far(self):
        """How far results may be from NumPy's."""
        return tolerance() if self.has_float64 else tolerance(np.float32, 10)


def _spots():
    for name in ("CPU_DEVICE", "device1", "no_float64"):
        yield f"strict {name}", lambda n=name: Spot(strict, strict.Device(n), n != "no_float64")
    yield "torch cpu", lambda: _torch("cpu")
    yield "torch cuda", lambda: _torch("cuda")


def _torch(device):
    torch = pytest.importorskip("torch")
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs CUDA")
    return Spot(torch, torch.empty(0, device=device).device)


SPOTS = dict(_spots())


@pytest.fixture(params=SPOTS)
def spot(request):
    return SPOTS[request.param]()


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True):
        yield


def theta(model, t):
    return model.path_._descent.theta(t)


WEIGHTS = np.random.default_rng(5).random(60).round(3)
DECAYING = from_singular_values(60, 5, 10.0 ** -np.linspace(0, 5, 5))


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("k", [None, 3], ids=["one", "many"])
def test_iterates_and_losses_are_those_of_numpy(spot, k, weights, solver):
    """Whatever the library, the device, the engine, the weights and the targets."""
    X, y = regression(k=k)
    max_iter = 50 if solver == "loop" else 3000
    ours = GDLinearRegressor(max_iter=max_iter, solver=solver)
    theirs = clone(ours).fit(X, y, weights)
    ours.fit(spot(X), spot(y), None if weights is None else spot(weights))
    assert ours.stop_reason_ == theirs.stop_reason_
    last = min(ours.n_iter_, theirs.n_iter_)
    for t in (1, last // 2, last):
        assert distance(theta(ours, t), theta(theirs, t)) <= spot.far
    losses = ours.path_.loss([0, last]), theirs.path_.loss([0, last])
    assert np.allclose(*losses, rtol=10 * spot.far, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("targets", ["flat", "column", "many"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_results_come_back_to_where_the_rows_are(spot, targets, fit_intercept, dtype):
    """Coefficients, intercept and predictions in library, device, dtype and shape; score is a
    Python float, and the path is NumPy's."""
    X, y = regression(k=2)
    X = (10 * X).astype(dtype)
    y = {"flat": y[:, 0], "column": y[:, :1], "many": y}[targets]
    numpy = GDLinearRegressor(fit_intercept=fit_intercept).fit(X, y)
    model = clone(numpy).fit(spot(X, dtype), spot(y))
    kept = "float64" if dtype == "int64" and spot.has_float64 else dtype
    kept = kept if spot.has_float64 else "float32"
    coef = spot.back(model.coef_)
    assert coef.dtype == kept
    assert coef.shape == numpy.coef_.shape
    if fit_intercept:
        intercept = spot.back(model.intercept_)
        assert intercept.dtype == kept
        assert intercept.shape == np.shape(numpy.intercept_)
    else:
        assert model.intercept_ == 0.0
    predictions = spot.back(model.predict(spot(X, dtype)))
    assert predictions.dtype == kept
    assert distance(predictions, numpy.predict(X)) <= max(spot.far, 4 * np.finfo(kept).eps)
    assert isinstance(model.score(spot(X, dtype), spot(y), spot(WEIGHTS)), float)
    assert np.isclose(model.score(spot(X, dtype), spot(y)), numpy.score(X, y), atol=1e-6)
    assert isinstance(model.coef_path_, np.ndarray)
    stages = [spot.back(stage) for stage in model.staged_predict(spot(X, dtype))]
    assert len(stages) == model.n_iter_ + 1
    assert np.array_equal(stages[-1], predictions) or distance(stages[-1], predictions) < 1e-6
    assert all(stage.shape == predictions.shape for stage in stages)


def test_float32_rows_are_summed_in_float64(spot):
    """Where the device has it; so the digits are those of NumPy's fit on the same rows."""
    if not spot.has_float64:
        pytest.skip("has no float64")
    X, y = regression()
    X, y = X.astype(np.float32), y.astype(np.float32)
    ours = GDLinearRegressor().fit(spot(X), spot(y))
    theirs = GDLinearRegressor().fit(X, y)
    assert distance(theta(ours, 10), theta(theirs, 10)) <= tolerance()


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_ill_conditioned_rows_have_the_digits_that_numpys_have(spot, solver):
    """To the contract, when the spectrum is read from the rows once more, at a million updates."""
    if not spot.has_float64:
        pytest.skip("has no float64")
    X, y = DECAYING, regression(n=60)[1]
    model = GDLinearRegressor(max_iter=10**6, solver=solver)
    theirs = clone(model).fit(X, y)
    model.fit(spot(X), spot(y))
    condition = GDLinearRegressor(solver="spectral").fit(X, y).path_.condition_number
    for t in (1, 1000, 10**6):
        assert distance(theta(model, t), theta(theirs, t)) <= tolerance(condition=condition)
        assert np.isclose(model.path_.loss(t), theirs.path_.loss(t), rtol=tolerance())


def test_blocks_of_rows_add_up(spot, monkeypatch):
    """The rows are read in blocks, in every pass and every product."""
    for name in ("BLOCK_NUMBERS", "BLOCK_NUMBERS_ON_DEVICE"):
        monkeypatch.setattr(f"sklearn_gd._data.local_rows.{name}", 1)  # blocks of p rows
    X, y = DECAYING, regression(n=60)[1]
    for solver in ("spectral", "krylov"):
        model = GDLinearRegressor(max_iter=10**5, solver=solver)
        theirs = clone(model).fit(X, y, WEIGHTS)
        model.fit(spot(X), spot(y), spot(WEIGHTS))
        t = min(model.n_iter_, theirs.n_iter_, 1000)
        far = 1e-11 if spot.has_float64 else 1e-3  # condition 1e6
        assert distance(theta(model, t), theta(theirs, t)) <= far


def test_wide_rows_in_a_krylov_space(spot):
    """As NumPy's, with products on the device."""
    X, y = regression(n=20, d=300, k=2)
    model = GDLinearRegressor(max_iter=200, solver="krylov")
    theirs = clone(model).fit(X, y)
    model.fit(spot(X), spot(y))
    assert not model.path_._descent.spectrum.has_all_directions
    assert distance(theta(model, 100), theta(theirs, 100)) <= spot.far * np.linalg.cond(X)


def test_starts_may_be_anywhere_and_warm_start_goes_on(spot):
    """From arrays of either library, and from the last fit's coefficients on the device."""
    X, y = regression()
    start = np.arange(4.0)
    for coef, intercept in ((start, 2.0), (spot(start), spot(np.array(2.0)))):
        model = GDLinearRegressor(0.01, max_iter=10, warm_start=True)
        model.fit(spot(X), spot(y), coef_init=coef, intercept_init=intercept)
        assert np.array_equal(model.path_.coef(0), start)
        assert model.path_.intercept(0) == 2.0
        end = spot.back(model.coef_)
        model.fit(spot(X), spot(y))
        assert np.array_equal(model.path_.coef(0), end)


def test_parts_become_the_fit_on_all_rows(spot):
    """Results come back to the device, also from a pickle made before they were asked for."""
    X, y = regression()
    whole = GDLinearRegressor(0.05).fit(spot(X), spot(y))
    model = GDLinearRegressor(0.05)
    for part in (slice(40), slice(40, None)):
        model.partial_fit(spot(X[part]), spot(y[part]))
    again = pickle.loads(pickle.dumps(model))
    for each in (model, again):
        assert distance(spot.back(each.coef_), spot.back(whole.coef_)) <= max(1e-10, spot.far)
    with pytest.raises(ValueError, match="of one library and device; got numpy after"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="device; got .* after numpy"):
        GDLinearRegressor().partial_fit(X, y).partial_fit(spot(X), spot(y))


def test_parts_there_are_checked_as_numpys(spot):
    """A part may weigh nothing, features are held to the first call, and scores weigh rows."""
    X, y = regression()
    w = np.where(np.arange(60) < 20, 0.0, 2.0)
    whole = GDLinearRegressor(0.05, tol=1.0).fit(X, y, w)
    model = GDLinearRegressor(0.05, tol=1.0)
    for part in (slice(20), slice(20, None)):
        model.partial_fit(spot(X[part]), spot(y[part]), spot(w[part]))
    assert distance(spot.back(model.coef_), whole.coef_) <= max(1e-10, spot.far)
    with pytest.raises(ValueError, match="X has 3 features, but GDLinearRegressor is expecting 4"):
        model.partial_fit(spot(X[:, :3]), spot(y))
    score = model.score(spot(X), spot(y), spot(w))
    assert score == pytest.approx(whole.score(X, y, w), abs=float(10 * spot.far))
    assert model.path_.parameter_names == whole.path_.parameter_names


@pytest.mark.parametrize("k", [None, 3], ids=["one", "many"])
@pytest.mark.parametrize("stages", [0, 1, 3, 4, 100])
def test_stages_there_are_made_in_blocks(spot, k, stages, monkeypatch):
    """Each iterate is read once, in blocks of as many numbers as may be held at once."""
    X, y = regression(n=12, d=2, k=k)
    model = GDLinearRegressor(0.05, max_iter=11).fit(spot(X), spot(y))
    numbers = stages * (len(X) + X.shape[1] + 1) * (y.size // len(y)) + 1
    monkeypatch.setattr("sklearn_gd._estimator.prediction.STAGED_NUMBERS", numbers)
    calls, real = [], type(model.path_).coef
    monkeypatch.setattr(
        type(model.path_), "coef", lambda path, t: (calls.append(t), real(path, t))[1]
    )
    predicted = [spot.back(stage) for stage in model.staged_predict(spot(X))]
    size = max(1, stages)
    assert [list(block) for block in calls if np.ndim(block)] == [
        list(range(first, min(first + size, 12))) for first in range(0, 12, size)
    ]
    assert len(predicted) == 12
    for t, stage in enumerate(predicted):
        assert stage.shape == y.shape
        expected = X @ model.coef_path_[t].T + model.intercept_path_[t]
        assert distance(stage, expected) <= max(spot.far, 1e-5 if not spot.has_float64 else 0.0)


def test_moments_are_numpys_and_know_their_digits(spot, tmp_path):
    """They add to those of NumPy's rows; sums of float32 say so, also after a file."""
    X, y = regression()
    ours, theirs = Moments.from_rows(spot(X), spot(y)), Moments.from_rows(X, y)
    assert distance(ours._products.sums, theirs._products.sums) <= spot.far
    ours.save(tmp_path / "sums")
    loaded = Moments.load(tmp_path / "sums.npz")
    worse = 1.0 if spot.has_float64 else 1e8
    for each in (ours, loaded, ours + theirs):
        assert worse <= 4 * each.resolution / theirs.resolution
    assert isinstance(GDLinearRegressor().fit_moments(loaded).coef_, np.ndarray)


def test_a_tol_below_the_digits_of_float32_never_fires():
    """On a device without float64 a loss of 1e-20 is rounding, and the fit says so."""
    spot = SPOTS["strict no_float64"]()
    X, _ = regression()
    y = X @ np.arange(4.0)
    model = GDLinearRegressor(tol=1e-20, max_iter=10**6)
    assert clone(model).fit(X, y).stop_reason_ == "tol"
    for solver in ("spectral", "krylov"):
        model.set_params(solver=solver)
        with pytest.warns(ConvergenceWarning, match="tol"):
            assert model.fit(spot(X), spot(y)).stop_reason_ != "tol"
        assert model.set_params(tol=1e-6).fit(spot(X), spot(y)).stop_reason_ == "tol"
        model.set_params(tol=1e-20)


@pytest.mark.parametrize("scale", [1e50, 1e-50])
def test_weights_of_numpy_may_have_any_scale_beside_float32(scale):
    """J does not depend on it; of parts it does, which is said."""
    spot = SPOTS["strict no_float64"]()
    X, y = regression()
    w, X, y = np.linspace(1.0, 2.0, len(y)), spot(X), spot(y)
    model = GDLinearRegressor(lr=0.1, max_iter=5)
    coef = to_numpy(clone(model).fit(X, y, w).coef_)
    assert distance(to_numpy(model.fit(X, y, w * scale).coef_), coef) < 1e-5
    with pytest.raises(ValueError, match="sample_weight"):
        clone(model).partial_fit(X, y, w * scale)


def test_rows_elsewhere_are_refused_in_scikit_learns_words(spot):
    """Predictions need the place of the fit; the message names both."""
    X, y = regression()
    there, numpy = GDLinearRegressor().fit(spot(X), spot(y)), GDLinearRegressor().fit(X, y)
    told = r"GDLinearRegressor\.{}\(\) must use the same namespace"
    for model, rows in ((there, X), (there, X.tolist()), (numpy, spot(X))):
        with pytest.raises(ValueError, match=told.format("predict")):
            model.predict(rows)
        with pytest.raises(ValueError, match=told.format("staged_predict")):
            model.staged_predict(rows)
    other = Spot(strict, strict.Device("device2"))
    with pytest.raises(ValueError, match="device2"):
        there.predict(other(X))


def test_targets_and_weights_follow_x(spot):
    """From NumPy, lists and another library or device; to NumPy as well."""
    X, y = regression()
    expected = GDLinearRegressor().fit(X, y, WEIGHTS)
    other = Spot(strict, strict.Device("device2"))
    for rows in (spot(X), X):
        for follow in (lambda a: a, lambda a: a.tolist(), other, spot):
            model = GDLinearRegressor().fit(rows, follow(y), follow(WEIGHTS))
            assert distance(theta(model, 10), theta(expected, 10)) <= spot.far
            score = model.score(rows, follow(y), follow(WEIGHTS))
            assert np.isclose(score, expected.score(X, y, WEIGHTS), atol=1e-6)
    assert isinstance(GDLinearRegressor().fit(X, spot(y)).coef_, np.ndarray)
    one = GDLinearRegressor().fit(spot(X), spot(y), spot(np.array(2.0)))
    assert distance(theta(one, 10), theta(GDLinearRegressor().fit(X, y), 10)) <= spot.far


def _spoilt(array, value):
    array = np.array(array)
    array.flat[3] = value
    return array


X0, Y0 = regression()
BAD = {
    "nan in X": (_spoilt(X0, np.nan), Y0, None),
    "inf in X": (_spoilt(X0, np.inf), Y0, None),
    "nan in y": (X0, _spoilt(Y0, np.nan), None),
    "inf in y": (X0, _spoilt(Y0, np.inf), None),
    "flat X": (X0[:, 0], Y0, None),
    "fewer targets": (X0, Y0[:-1], None),
    "no rows": (X0[:0], Y0[:0], None),
    "no columns": (X0[:, :0], Y0, None),
    "complex X": (X0.astype(complex), Y0, None),
    "complex y": (X0, Y0.astype(complex), None),
    "negative weight": (X0, Y0, _spoilt(WEIGHTS, -1.0)),
    "nan weight": (X0, Y0, _spoilt(WEIGHTS, np.nan)),
    "no weight": (X0, Y0, np.zeros(60)),
    "weights of another length": (X0, Y0, WEIGHTS[:-1]),
    "weights as a column": (X0, Y0, WEIGHTS[:, None]),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_bad_input_is_refused_as_numpys_is(spot, kind, solver):
    """With the same kind of error, which begins with the same words; an earlier fit stays."""
    X, y, weights = BAD[kind]
    model = GDLinearRegressor(solver=solver)
    with pytest.raises(Exception, match=".") as numpys:
        model.fit(X, y, weights)
    model.fit(spot(X0), spot(Y0))
    earlier = model.path_
    complex_ = "complex64" if not spot.has_float64 else "complex128"

    def there(a):
        return spot(a, complex_ if a.dtype.kind == "c" else None)

    with pytest.raises(type(numpys.value)) as ours:
        model.fit(there(X), there(y), None if weights is None else there(weights))
    words = str(numpys.value).split()
    assert str(ours.value).split()[:3] == words[:3]
    assert model.path_ is earlier


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_numbers_too_large_or_small_for_the_device_are_refused(spot, solver):
    """By the limits of the floats it has."""
    large, small = (1e200, 1e-100) if spot.has_float64 else (1e16, 1e-16)
    model = GDLinearRegressor(solver=solver)
    with pytest.raises(ValueError, match="X must hold numbers below"):
        model.fit(spot(_spoilt(X0, large)), spot(Y0))
    for scale in (large, small):
        with pytest.raises(ValueError, match="y must have sizes between"):
            model.fit(spot(X0), spot(Y0 * scale))
        with pytest.raises(ValueError, match="The largest sample_weight must lie between"):
            model.fit(spot(X0), spot(Y0), spot(WEIGHTS * scale))
    with pytest.raises(ValueError, match="X must have sizes of"):
        model.set_params(fit_intercept=False).fit(spot(X0 * small), spot(Y0))


def test_features_are_held_to_the_fit(spot):
    """In predict and score, as without dispatch."""
    model = GDLinearRegressor().fit(spot(X0), spot(Y0))
    with pytest.raises(ValueError, match="X has 3 features, but GDLinearRegressor is expecting 4"):
        model.predict(spot(X0[:, :3]))
    with pytest.raises(ValueError, match="X has 3 features, but GDLinearRegressor is expecting 4"):
        model.score(spot(X0[:, :3]), spot(Y0))


def test_without_dispatch_arrays_are_numpys_to_convert():
    """PyTorch's on the CPU become NumPy's, as in scikit-learn; a model fitted on a device then
    predicts for NumPy's rows."""
    spot = SPOTS["strict device1"]()
    there = GDLinearRegressor().fit(spot(X0), spot(Y0))
    expected = GDLinearRegressor().fit(X0, Y0).predict(X0)
    with sklearn.config_context(array_api_dispatch=False):
        assert distance(there.predict(X0), expected) <= tolerance()
        assert distance(there.to_linear_regression().predict(X0), expected) <= tolerance()
        with pytest.raises((RuntimeError, ValueError, TypeError)):
            GDLinearRegressor().fit(spot(X0), spot(Y0))
        torch = pytest.importorskip("torch")
        model = GDLinearRegressor().fit(torch.asarray(X0), torch.asarray(Y0))
        assert isinstance(model.coef_, np.ndarray)


def test_a_missing_library_is_named(monkeypatch):
    """Only arrays of others need it: NumPy's, lists and frames are fitted without."""
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    GDLinearRegressor().fit(X0, Y0).predict(X0.tolist())
    with pytest.raises(ImportError, match="pip install array.api.compat"):
        GDLinearRegressor().fit(strict.asarray(X0), strict.asarray(Y0))


def test_fitted_models_travel(spot):
    """Pickles and clones; a plain LinearRegression of NumPy's coefficients."""
    model = GDLinearRegressor().fit(spot(X0), spot(Y0))
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(spot.back(again.predict(spot(X0))), spot.back(model.predict(spot(X0))))
    plain = model.to_linear_regression()
    assert np.array_equal(plain.coef_, spot.back(model.coef_))
    assert isinstance(plain.coef_, np.ndarray)


def test_pipelines_stay_on_the_device(spot):
    """Scaled there, fitted there, scored there."""
    model = make_pipeline(MaxAbsScaler(), GDLinearRegressor())
    expected = clone(model).fit(X0, Y0).predict(X0)
    assert distance(spot.back(model.fit(spot(X0), spot(Y0)).predict(spot(X0))), expected) <= max(
        spot.far, 1e-5 if not spot.has_float64 else 0.0
    )


def test_callbacks_see_estimators_on_the_device(spot):
    """What they are shown predicts for rows there."""
    callback = pytest.importorskip("sklearn.callback")
    seen = []

    class Predicts(callback.FitCallback):
        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
            if fitted_estimator is not None:
                seen.append(spot.back(fitted_estimator.predict(X)))

        def teardown(self, estimator, context):
            pass

    model = GDLinearRegressor(0.01, max_iter=3).set_callbacks(Predicts())
    model.fit(spot(X0), spot(Y0))
    assert np.array_equal(seen[2], spot.back(model.predict(spot(X0))))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_grid_search_over_rates_on_a_device(device):
    """scikit-learn's own search splits the rows there."""
    spot = _torch(device)
    grid = {"lr": [0.01, 0.1]}
    search = GridSearchCV(GDLinearRegressor(), grid, cv=3, error_score="raise")
    ours = clone(search).fit(spot(X0), spot(Y0))
    theirs = search.fit(X0, Y0)
    assert ours.best_params_ == theirs.best_params_
    scores = [s.cv_results_["mean_test_score"] for s in (ours, theirs)]
    assert np.allclose(*scores, rtol=1e-10)


@pytest.mark.parametrize("weights", [None, WEIGHTS + 0.5], ids=["plain", "weighted"])
@pytest.mark.parametrize("max_iter", [500, 10**6])
@pytest.mark.parametrize("solver", ["spectral", "krylov"])
@pytest.mark.parametrize("cv", [None, 3, ShuffleSplit(2, random_state=0)], ids=str)
def test_tuning_scores_are_those_of_numpy(spot, cv, solver, max_iter, weights):
    """From folds' sums, from a second pass, and from a space for each fold, all on the device."""
    decades = 5 if spot.has_float64 else 2
    X = 30 * from_singular_values(60, 5, 10.0 ** -np.linspace(0, decades, 5))
    y = regression(n=60, k=2)[1]
    if not spot.has_float64:  # where iterates come to rest depends on the dtype of X
        X, y = X.astype(np.float32), y.astype(np.float32)
    tuner = GDLinearRegressorCV(3, max_iter, iters=8, cv=cv, solver=solver)
    theirs = clone(tuner).fit(X, y, weights)
    tuner.fit(spot(X), spot(y), None if weights is None else spot(weights))
    assert isinstance(tuner.scores_path_, np.ndarray)
    far = 1e-11 if spot.has_float64 else 1e-4
    assert np.allclose(tuner.scores_path_, theirs.scores_path_, rtol=far, atol=0)
    assert tuner.best_index_ == theirs.best_index_
    assert spot.back(tuner.coef_).shape == theirs.coef_.shape


@pytest.mark.parametrize("k", [None, 2], ids=["one", "many"])
def test_scorers_see_iterates_on_the_device(spot, k):
    """With held-out rows, targets and weights there; unrelated metadata goes through as it is."""
    X, y = regression(k=k)
    tuner = GDLinearRegressorCV([0.01, 0.1], iters=[0, 3, 50], cv=3, scoring="r2")
    theirs = clone(tuner).fit(X, y, WEIGHTS).scores_path_
    seen = []

    def scorer(estimator, X, y, sample_weight):
        predictions = spot.back(estimator.predict(X))
        spot.back(estimator.coef_)
        again = spot.back(estimator.predict(X + 0.0))
        assert np.allclose(predictions, again, rtol=1e-5)
        seen.append(len(spot.back(sample_weight)))
        return estimator.score(X, y, sample_weight)

    for scoring in ("r2", scorer):
        ours = tuner.set_params(scoring=scoring).fit(spot(X), spot(y), spot(WEIGHTS)).scores_path_
        assert np.allclose(ours, theirs, rtol=1e-10 if spot.has_float64 else 1e-3, atol=1e-6)
    assert seen == [20] * 18


def test_metadata_there_is_cut_where_it_has_a_value_per_row(spot):
    """Arrays of other lengths reach a scorer whole."""
    X, y = regression()
    given = {"per_row": np.arange(60.0), "table": np.ones((60, 2)), "few": np.ones(3)}
    seen = []

    class Scorer:
        """Asks for all three."""

        def get_metadata_routing(self):
            request = MetadataRequest(owner="Scorer")
            for name in given:
                request.score.add_request(param=name, alias=True)
            return request

        def __call__(self, estimator, X, y, *, per_row, table, few):
            spot.back(few)
            seen.append((tuple(table.shape), tuple(few.shape), *spot.back(per_row)))
            return 0.0

    tuner = GDLinearRegressorCV([0.1], iters=[0], cv=KFold(3), scoring=Scorer())
    with sklearn.config_context(enable_metadata_routing=True):
        tuner.fit(spot(X), spot(y), **{name: spot(value) for name, value in given.items()})
    assert seen == [((20, 2), (3,), *range(20 * i, 20 * i + 20)) for i in range(3)]


def test_a_fold_without_weight_and_nan_are_refused_on_the_device(spot):
    """As with NumPy; a fit that fails leaves the records of the earlier one."""
    tuner = GDLinearRegressorCV(3, iters=5, cv=3).fit(spot(X0), spot(Y0))
    records = tuner.scores_path_
    nothing = np.ones(60)
    nothing[:20] = 0
    with pytest.raises(ValueError, match="Fold 0 is scored on no rows with a weight above zero"):
        tuner.fit(spot(X0), spot(Y0), spot(nothing))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        tuner.fit(spot(_spoilt(X0, np.nan)), spot(Y0))
    assert tuner.scores_path_ is records
    assert not hasattr(tuner, "gcv_path_")
    assert hasattr(tuner.set_params(cv="gcv").fit(spot(X0), spot(Y0)), "gcv_path_")
    assert not hasattr(tuner.set_params(cv=3).fit(spot(X0), spot(Y0)), "gcv_path_")


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_products_with_rows_are_those_of_numpy(spot, fit_intercept, weights):
    """From both sides, with starts, sizes and squares."""
    X, y = regression(k=2)
    theta = np.random.default_rng(1).standard_normal((4 + fit_intercept, 2))
    there = None if weights is None else spot(weights)
    ours = prepare(GDLinearRegressor(), (spot(X), spot(y), there), fit_intercept).problem
    theirs = prepare(GDLinearRegressor(), (X, y, weights), fit_intercept).problem
    for start in (theta, np.zeros_like(theta)):
        assert np.isclose(ours.loss(start), theirs.loss(start), rtol=spot.far)
        a, b = ours.operator(), theirs.operator()
        assert np.isclose(a.sizes(start), b.sizes(start), rtol=spot.far)
        a, b = a.residual(start), b.residual(start)
        assert distance(a.norms(), b.norms()) <= spot.far
        assert distance(a.rmatvec(), b.rmatvec()) <= spot.far
        steps = a.step(theta, np.array([0.5, 2.0])), b.step(theta, np.array([0.5, 2.0]))
        assert distance(*steps) <= spot.far


@pytest.mark.parametrize("ways", [1, 2, 3])
def test_numbers_come_to_numpy_in_whichever_way_a_library_has(ways, monkeypatch):
    """By DLPack with a device, by DLPack alone, or as an array on the processor."""
    torch = pytest.importorskip("torch")
    tried, from_dlpack = [], np.from_dlpack

    def fails_at_first(array, **how):
        tried.append(how)
        if len(tried) < ways:
            raise TypeError
        return from_dlpack(array, **how)

    monkeypatch.setattr(np, "from_dlpack", fails_at_first)
    assert np.array_equal(to_numpy(torch.arange(3.0)), [0.0, 1.0, 2.0])
    assert tried == [{"device": "cpu"}, {}][:ways]


def test_rows_of_another_dtype_are_predicted_for(spot):
    """As with NumPy: integers, and floats of another precision than those of the fit."""
    X, y = regression()
    model = GDLinearRegressor(max_iter=50).fit(spot(X, "float32"), spot(y, "float32"))
    whole = np.round(X).astype(np.int64)
    expected = whole @ spot.back(model.coef_) + spot.back(model.intercept_)
    assert distance(spot.back(model.predict(spot(whole))), expected) <= tolerance(np.float32, 10)
    assert distance(spot.back(next(model.staged_predict(spot(X)))), 0.0 * y) <= tolerance()
    assert isinstance(model.score(spot(X), spot(y)), float)
