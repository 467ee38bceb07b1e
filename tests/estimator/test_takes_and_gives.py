"""What an estimator takes and gives: types, memory, displays, and what must not come in between."""

from __future__ import annotations

import builtins
import json
import pickle
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.utils.fixes import parse_version

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, diagnose

X, Y = regression(n=60, d=4)
needs_callbacks = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"),
    reason="sklearn.callback begins with 1.9",
)


def fitted(model, X=X, y=Y):
    """The estimator, whatever it warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


def memory(call):
    """Bytes allocated at the peak of a call."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [GDLinearRegressor, GDLinearRegressorCV])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_intercept_is_a_number_as_in_linear_regression(make, dtype):
    """A NumPy scalar of the dtype of the coefficients, which float and json take."""
    model = fitted(make(max_iter=50), X.astype(dtype))
    assert type(model.intercept_) is dtype
    assert type(LinearRegression().fit(X.astype(dtype), Y).intercept_) is dtype
    assert float(json.dumps(float(model.intercept_))) == model.intercept_


LONG = fitted(GDLinearRegressor(lr=1e-7, max_iter=10**6))


@pytest.mark.parametrize("show", [dir, repr, pickle.dumps, lambda m: m._repr_html_()])
def test_showing_and_pickling_make_no_large_history(show):
    """Histories of a million updates would take 48 MB; small ones are shown."""
    show(fitted(GDLinearRegressor(max_iter=5)))  # what is imported for it once does not count
    assert memory(lambda: show(LONG)) < 3_000_000
    assert not LONG.path_._histories
    assert "loss_history_" in dir(fitted(GDLinearRegressor(max_iter=5)))


def test_one_history_makes_no_other():
    """Intercepts of many iterates make no coefficients, however many columns there are."""
    rows, y = regression(n=60, d=20)
    model = fitted(GDLinearRegressor(lr=1e-9, max_iter=2**18), rows, y)
    assert memory(lambda: model.intercept_path_) < 8 * 8 * 2**18


@pytest.mark.parametrize("ask", ["loss", "intercept", "dof", "predict", "held out"])
def test_readers_of_many_t_stay_in_blocks(ask):
    """What they form in between does not grow with the number of t."""
    rows, y = regression(n=400, d=300)
    path = fitted(GDLinearRegressor(max_iter=10, solver="spectral"), rows, y).path_
    t = np.arange(10**5)
    calls = {
        "loss": lambda: path.loss(t),
        "intercept": lambda: path.intercept(t),
        "dof": lambda: path.dof(t),
        "predict": lambda: path.predict(rows[:1], t[:1000]),
        "held out": lambda: path.loss(t, rows, y),
    }
    assert memory(calls[ask]) < 8 * 300 * 10**5 / 4


def test_stages_of_one_wide_row_stay_in_blocks():
    """Parameters of many iterates take more than their predictions for few rows."""
    rows, y = regression(n=200, d=100)
    model = fitted(GDLinearRegressor(lr=1e-9, max_iter=10**5), rows, y)
    assert memory(lambda: next(model.staged_predict(rows[:1]))) < 8 * 100 * 10**5 / 2


@pytest.mark.parametrize("solver", ["auto", "spectral", "krylov", "loop"])
def test_integers_of_any_dtype_are_numbers_of_updates(solver):
    """And nothing else is: no floats, no booleans."""
    path = fitted(GDLinearRegressor(max_iter=20, solver=solver)).path_
    for kind in (np.uint8, np.int8, np.int32, np.uint64, np.int64, int):
        for read in (path.loss, path.coef, path.intercept, path.gradient):
            assert np.array_equal(read(kind(7)), read(7))
            assert np.array_equal(read(np.array([7, 3], dtype=kind)), read([7, 3]))
    for t in (7.0, True, np.bool_(True), np.array([True]), "7", None):
        with pytest.raises(TypeError, match="must be integers"):
            path.loss(t)


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7),
    reason="this scikit-learn needs array-api-compat itself",
)
def test_numpys_rows_need_no_other_library_under_dispatch(monkeypatch):
    """With array_api_dispatch=True nothing more than scikit-learn is imported."""
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "array_api_compat":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.partition(".")[0] == "array_api_compat"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    expected = fitted(GDLinearRegressor(max_iter=50))
    with sklearn.config_context(array_api_dispatch=True):
        for rows, y in ((X, Y), (X.tolist(), Y.tolist())):
            model = fitted(GDLinearRegressor(max_iter=50), rows, y)
            assert np.array_equal(model.predict(rows), expected.predict(X))
            assert model.score(rows, y) == expected.score(X, Y)
        assert fitted(GDLinearRegressorCV(max_iter=50)).score(X, Y) > 0
        assert diagnose(X, Y).lr == expected.lr_


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_weights_of_any_size_are_taken(scale):
    """A power of two brings them into range: J does not depend on their scale."""
    w = np.linspace(0.0, 1.0, 60)
    model, same = GDLinearRegressor(tol=1.0), GDLinearRegressor(tol=1.0)
    assert distance(model.fit(X, Y, scale * w).coef_, same.fit(X, Y, w).coef_) <= tolerance()


@pytest.mark.parametrize("y", [Y, Y[:, None]], ids=["flat", "column"])
@pytest.mark.parametrize("start", [2.0, [2.0], np.array([2.0])])
def test_an_initial_intercept_of_one_target(y, start):
    """A number or a list of one."""
    model = GDLinearRegressor(tol=1e9).fit(X, y, intercept_init=start)
    assert np.ravel(model.intercept_path_[0]).tolist() == [2.0]


def test_columns_that_are_no_numbers_are_named():
    """Words, dates and categories in a frame, at fit and predict; numbers as objects are fine."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = GDLinearRegressor(tol=1.0).fit(frame.astype({"c": object}), Y)
    for values in (["x"] * 60, pd.Series(["x"] * 60, dtype="category"), ["2026-01-01"] * 60):
        for wrong in (frame.assign(c=values), frame.assign(c=pd.Series(values, dtype=object))):
            for call in (lambda wrong=wrong: model.fit(wrong, Y), lambda w=wrong: model.predict(w)):
                with pytest.raises(ValueError, match="X must hold real numbers.* in column 'c'"):
                    call()
    dates = frame.assign(c=pd.to_datetime(["2026-01-01"] * 60))
    with pytest.raises(ValueError, match=r"got dtype datetime64.* in column 'c'"):
        model.fit(dates, Y)


class FitsAgain:
    """A callback that fits the estimator on other columns while it is being fitted."""

    torn_down = 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        estimator.fit(X[:, :2], Y)


@needs_callbacks
@pytest.mark.parametrize(
    "model",
    [
        GDLinearRegressor(max_iter=20),
        GDLinearRegressor(max_iter=20, solver="krylov"),
        GDLinearRegressorCV(max_iter=20),
    ],
)
def test_a_callback_must_not_fit_what_is_being_fitted(model):
    """It is refused, and an earlier fit stays whole."""
    before = fitted(model).predict(X)
    callback = FitsAgain()
    model.set_callbacks(callback)
    with pytest.raises(RuntimeError, match="is being fitted: a callback must not fit it once more"):
        model.fit(X, Y)
    assert callback.torn_down == 1
    assert model.n_features_in_ == 4
    assert np.array_equal(model.predict(X), before)
    model.set_callbacks()
    assert fitted(model).n_features_in_ == 4
