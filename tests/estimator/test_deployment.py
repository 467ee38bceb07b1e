"""What a fitted model is outside its own process: threads, workers, files, other libraries."""

from __future__ import annotations

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, diagnose

pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=300, d=6)
MODELS = {
    "spectral": GDLinearRegressor(tol=1.0, solver="spectral"),
    "loop": GDLinearRegressor(tol=1.0, solver="loop"),
    "krylov": GDLinearRegressor(tol=1.0, solver="krylov"),
    "tuned": GDLinearRegressorCV(lrs=3, max_iter=50, cv=3),
    "gcv": GDLinearRegressorCV(lrs=3, max_iter=50, cv="gcv"),
}


def fitted(name, seed):
    """The bytes of what a fit of one of the models finds."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(X), len(X))
    model = type(MODELS[name])(**MODELS[name].get_params()).fit(X[rows], Y[rows])
    return np.r_[model.coef_, model.intercept_, model.n_iter_, model.loss_history_].tobytes()


@pytest.mark.parametrize("name", list(MODELS))
def test_threads_find_the_same_bits(name):
    """Fits that run at once in threads are bit-equal to fits one after another."""
    serial = [fitted(name, seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda seed: fitted(name, seed), range(8))) == serial


def test_one_estimator_answers_many_threads():
    """Predictions, paths and histories of one model may be asked for by several threads."""
    model = GDLinearRegressor(tol=0.5).fit(X, Y)
    expected = pickle.loads(pickle.dumps(model))

    def ask(_):
        return [model.predict(X), model.loss_history_, model.coef_path_, model.path_.loss([3, 1])]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    model = expected
    for answer in answers:
        assert all(np.array_equal(a, b) for a, b in zip(answer, ask(0), strict=True))


def test_processes_find_the_same_bits():
    """Fits in worker processes are bit-equal to fits here."""
    # One BLAS thread everywhere: several may add up in another order.
    with threadpool_limits(1):
        here = [clone(model).fit(X, Y) for model in MODELS.values()]
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        there = joblib.Parallel(n_jobs=2)(
            joblib.delayed(clone(model).fit)(X, Y) for model in MODELS.values()
        )
    for ours, theirs in zip(here, there, strict=True):
        assert theirs.n_iter_ == ours.n_iter_
        assert np.array_equal(theirs.coef_, ours.coef_)
        assert np.array_equal(theirs.intercept_, ours.intercept_)
        assert np.array_equal(theirs.loss_history_, ours.loss_history_)


def state():
    """What a library could change behind its user's back."""
    numbers = np.random.get_state()  # noqa: NPY002 - the very one that must not move
    return {
        "errors": np.geterr(),
        "filters": list(warnings.filters),
        "random": (numbers[0], numbers[1].tobytes(), *numbers[2:]),
        "printing": np.get_printoptions(),
        "threads": [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()],
    }


@pytest.mark.parametrize("name", list(MODELS))
def test_global_state_is_left_alone(name):
    """Error state, warning filters, random numbers, print options and threads are as before."""
    before = state()
    model = MODELS[name].fit(X, Y)
    list(model.staged_predict(X))
    repr(diagnose(X, Y))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X * np.nan, Y)
    assert state() == before


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("max_iter", [50, 10**6])
def test_any_error_state_of_numpy_will_do(name, max_iter):
    """Whoever lets NumPy raise at every underflow fits and asks as everybody else."""
    if name == "loop" and max_iter > 50:
        max_iter = 2000
    scaled = X * np.geomspace(1, 1e-3, X.shape[1])
    model = clone(MODELS[name]).set_params(max_iter=max_iter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = clone(model).fit(scaled, Y)
        with np.errstate(all="raise"):
            model.fit(scaled, Y)
            far = [0, 1, model.n_iter_]
            losses, coef = model.path_.loss(far), model.path_.coef(far)
            model.path_.gradient(far), repr(model.path_), repr(diagnose(scaled, Y))
            _ = model.loss_history_
    assert np.array_equal(losses, expected.path_.loss(far))
    assert np.array_equal(coef, expected.path_.coef(far))


@pytest.mark.parametrize("name", list(MODELS))
def test_pickle_and_joblib(name, tmp_path):
    """A model comes back from a file as it went, its path included; histories do not go along."""
    model = MODELS[name].fit(X, Y)
    before = len(pickle.dumps(model))
    expected = model.loss_history_, model.coef_path_
    assert len(pickle.dumps(model)) == before
    joblib.dump(model, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    for other in (pickle.loads(pickle.dumps(model)), mapped):
        assert np.array_equal(other.predict(X), model.predict(X))
        assert np.array_equal(other.loss_history_, expected[0])
        assert np.array_equal(other.coef_path_, expected[1])
        assert np.array_equal(other.path_.loss([0, 3]), model.path_.loss([0, 3]))


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_pickles_of_wide_models_are_small(make):
    """With many columns a pickle has a few vectors of that length, and no square of it."""
    wide, y = regression(n=40, d=3000)
    model = GDLinearRegressor(tol=0.2 * 0.5 * float(np.mean(y**2))).fit(make(wide), y)
    size = len(pickle.dumps(model))
    assert size < 64 * 8 * 3000
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(wide), model.predict(wide))


TARGETS = {"flat": Y, "column": Y[:, None], "many": np.c_[Y, -Y]}


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", list(TARGETS))
def test_to_linear_regression_predicts_the_same(targets, dtype, fit_intercept):
    """A LinearRegression with these coefficients gives these predictions, to the bit."""
    rows = X.astype(dtype)
    model = GDLinearRegressor(fit_intercept=fit_intercept).fit(rows, TARGETS[targets])
    linear = model.to_linear_regression()
    assert np.array_equal(linear.predict(rows), model.predict(rows))
    assert linear.predict(rows).dtype == model.predict(rows).dtype
    assert linear.get_params()["fit_intercept"] is fit_intercept
    assert linear.score(rows, TARGETS[targets]) == model.score(rows, TARGETS[targets])
    assert not np.shares_memory(linear.coef_, model.coef_)
    assert np.array_equal(pickle.loads(pickle.dumps(linear)).predict(rows), model.predict(rows))


def test_to_linear_regression_keeps_names():
    """Names of features go along and are checked; a tuned model converts too."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    linear = GDLinearRegressorCV(lrs=2, max_iter=20).fit(frame, Y).to_linear_regression()
    assert linear.feature_names_in_.tolist() == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        linear.predict(frame[list("fedcba")])


def test_to_linear_regression_needs_a_fit():
    """Before fit there is nothing to convert."""
    with pytest.raises(NotFittedError):
        GDLinearRegressor().to_linear_regression()
