"""Files that outlive a session: what pickles hold, what skops must trust, what ONNX predicts."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

PAGE = Path(__file__).resolve().parents[2] / "docs" / "persistence.rst"
pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=60, d=5)
MODELS = {
    "spectral": GDLinearRegressor(solver="spectral", tol=1.0),
    "loop": GDLinearRegressor(solver="loop", tol=1.0),
    "krylov": GDLinearRegressor(solver="krylov", tol=1.0),
    "tuned": GDLinearRegressorCV(lrs=[0.01, 0.1], max_iter=50, cv=3),
    "gcv": GDLinearRegressorCV(lrs=3, iters=[0, 5, 20], cv="gcv"),
}
NAMES = [*MODELS, "streamed"]
# An estimator holds its parameters, what scikit-learn sees in X, and these.
FITTED = {"path_", "n_iter_", "lr_", "stop_reason_", "coef_", "intercept_", "n_features_in_"}
# Records, such as `scores_path_`, are kept together.
TUNED = FITTED | {"_records", "best_score_", "best_index_"}


def fitted(name):
    """One of the models, on all rows at once or, "streamed", in two parts."""
    if name != "streamed":
        return MODELS[name].fit(X, Y)
    model = GDLinearRegressor(tol=1.0)
    return model.partial_fit(X[:20], Y[:20]).partial_fit(X[20:], Y[20:])


def trusted():
    """The list that the documentation gives to users."""
    shown = re.search(
        r">>> TRUSTED = (\[\n.*?\.\.\. \]\n)", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return ast.literal_eval(shown[1].replace("...", ""))


def assert_equal_models(other, model):
    """Predictions, histories and the path beyond the stop are the same to the bit."""
    assert np.array_equal(other.predict(X), model.predict(X))
    assert np.array_equal(other.loss_history_, model.loss_history_)
    assert np.array_equal(other.coef_path_, model.coef_path_)
    known = [0, min(3, model.n_iter_)]
    assert np.array_equal(other.path_.loss(known), model.path_.loss(known))
    assert repr(other.path_) == repr(model.path_)


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_holds_nothing_of_scikit_learn(name):
    """So that another version of scikit-learn loads it: parameters, numbers and our own types."""
    model = fitted(name)
    assert model.n_iter_ > 0  # a streamed model descends when it is asked
    expected = FITTED if isinstance(model, GDLinearRegressor) else TUNED
    extra = {"streamed": {"_moments", "n_samples_seen_"}}
    state = model.__getstate__()
    assert set(state) == set(model.get_params()) | expected | extra.get(name, set())
    assert b"sklearn." not in pickle.dumps(model)


@pytest.mark.parametrize("targets", [Y, np.c_[Y, -Y]])
def test_a_pickled_space_has_its_vectors_and_no_more(targets):
    """Room for vectors to come, which may hold anything that was in memory, is left out."""
    model = pickle.loads(pickle.dumps(GDLinearRegressor(solver="krylov").fit(X, targets)))
    for basis in model.path_._descent.spectrum.bases:
        assert sum(len(chunk) for chunk in basis._chunks) == basis.size


@pytest.fixture
def skops_io():
    """skops where it is installed."""
    return pytest.importorskip("skops.io", reason="skops is not installed")


@pytest.mark.parametrize("name", NAMES)
def test_skops_loads_what_the_documentation_trusts(name, skops_io, tmp_path):
    """A file loads with the documented types, and the model is the one that was saved."""
    model = fitted(name)
    skops_io.dump(model, tmp_path / "model.skops")
    assert_equal_models(skops_io.load(tmp_path / "model.skops", trusted=trusted()), model)


def many_columns(n, d, max_iter):
    """A model of many columns, and its rows."""
    rows, y = regression(n=n, d=d)
    return GDLinearRegressor(tol=1.0, max_iter=max_iter, solver="spectral").fit(rows, y), rows


@pytest.mark.parametrize(("n", "d"), [(120, 100), (100, 120), (60, 700), (20, 4)])
def test_a_file_that_is_mapped_to_memory_is_read_and_never_written(n, d, tmp_path):
    """As joblib maps large models for other processes, too."""
    model, rows = many_columns(n, d, 1000)
    joblib.dump(model, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert np.array_equal(mapped.path_.coef(7), model.path_.coef(7))
    assert np.array_equal(mapped.coef_path_, model.coef_path_)
    assert np.array_equal(mapped.predict(rows), model.predict(rows))


def test_a_streamed_model_goes_on_from_its_file(skops_io):
    """More rows are added to those of a loaded model, of a pickle and of skops alike."""
    whole = fitted("streamed").partial_fit(X, 2 * Y)
    half = fitted("streamed")
    saved = skops_io.loads(skops_io.dumps(half), trusted=trusted())
    for other in (pickle.loads(pickle.dumps(half)), saved):
        assert np.array_equal(other.partial_fit(X, 2 * Y).coef_, whole.coef_)


def test_skops_in_a_pipeline(skops_io):
    """Krylov spaces, names of features and other steps come along."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcde")).astype("float32")
    last = GDLinearRegressor(solver="krylov", max_iter=30, lr=0.01)
    with pytest.warns(UserWarning, match="max_iter"):
        model = make_pipeline(StandardScaler().set_output(transform="pandas"), last).fit(frame, Y)
    other = skops_io.loads(skops_io.dumps(model), trusted=trusted())
    assert np.array_equal(other.predict(frame), model.predict(frame))
    assert other[-1].feature_names_in_.tolist() == list("abcde")
    assert np.array_equal(other[-1].coef_path_, last.coef_path_)


def test_skops_needs_all_that_is_documented(skops_io):
    """No type stands in the list that no model asks for, and the list is sorted."""
    few = [many_columns(*shape, 1000)[0] for shape in ((120, 100), (100, 120))]
    asked = {
        name
        for model in [*map(fitted, NAMES), *few]
        for name in skops_io.get_untrusted_types(data=skops_io.dumps(model))
    }
    assert trusted() == sorted(asked)


def test_skops_trusts_the_linear_regression(skops_io):
    """What is exported needs no word of trust."""
    linear = MODELS["spectral"].fit(X, Y).to_linear_regression()
    assert skops_io.get_untrusted_types(data=skops_io.dumps(linear)) == []


def onnx_predictions(model, rows):
    """What a session of onnxruntime predicts with an exported model."""
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    exported = skl2onnx.to_onnx(model, rows[:1]).SerializeToString()
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: rows})[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", [Y, Y[:, None], np.c_[Y, -Y]])
@pytest.mark.parametrize("name", list(MODELS))
def test_onnx_predicts_the_same(name, targets, dtype):
    """Exported by way of LinearRegression, in the dtype of the rows, to a rounding per product."""
    rows = X.astype(dtype)
    model = MODELS[name].fit(rows, targets)
    expected = model.predict(rows)
    predicted = onnx_predictions(model.to_linear_regression(), rows)
    assert predicted.dtype == dtype
    size = np.abs(rows) @ np.abs(model.coef_.T) + np.abs(model.intercept_)
    error = np.abs(predicted.reshape(expected.shape) - expected)
    assert (error <= X.shape[1] * np.finfo(dtype).eps * size).all()


def test_onnx_of_a_pipeline():
    """A pipeline exports once its last step is replaced."""
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor()).fit(X, Y)
    plain = Pipeline([*pipeline.steps[:-1], ("linear", pipeline[-1].to_linear_regression())])
    predicted = onnx_predictions(plain, X).ravel()
    assert np.allclose(predicted, pipeline.predict(X), rtol=0, atol=1e-12)
