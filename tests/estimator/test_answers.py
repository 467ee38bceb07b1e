"""What a fitted estimator answers beside its numbers: stages, exports, records, names and tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.utils import get_tags

from helpers import distance, regression, tolerance
from sklearn_gd import DescentPath, GDLinearRegressor, GDLinearRegressorCV, Moments, diagnose
from sklearn_gd._estimator.path_of import names_of, path_of, transform
from sklearn_gd._optional import optional

pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=12, d=2)
MANY = regression(n=12, d=2, k=3)[1]
DEFAULTS = {
    GDLinearRegressor: {
        "lr": "auto",
        "tol": None,
        "max_iter": 1000,
        "fit_intercept": True,
        "warm_start": False,
        "solver": "auto",
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "alpha": 0.0,
    },
    GDLinearRegressorCV: {
        "lrs": 10,
        "max_iter": 1000,
        "iters": None,
        "cv": None,
        "scoring": None,
        "fit_intercept": True,
        "solver": "auto",
        "n_jobs": None,
        "selection": "best",
        "momentum": 0.0,
        "nesterovs_momentum": False,
        "alpha": 0.0,
    },
}


@pytest.mark.parametrize("make", list(DEFAULTS))
def test_parameters_are_kept_as_they_came(make):
    """Defaults are those of the documentation; what is given instead is stored untouched."""
    assert make().get_params() == DEFAULTS[make]
    given = {name: object() for name in DEFAULTS[make]}
    assert make(**given).get_params() == given


@pytest.mark.parametrize("make", list(DEFAULTS))
def test_tags_say_what_is_taken(make):
    """Sparse rows, arrays of other libraries, several targets; y is required."""
    tags = get_tags(make())
    assert tags.input_tags.sparse is True
    assert tags.array_api_support is True
    assert tags.target_tags.multi_output is True
    assert tags.target_tags.required is True
    assert tags.estimator_type == "regressor"


def asked(monkeypatch):
    """The numbers of updates that a path is asked for the coefficients of, call by call."""
    calls, real = [], DescentPath.coef
    monkeypatch.setattr(DescentPath, "coef", lambda path, t: (calls.append(t), real(path, t))[1])
    return calls


@pytest.mark.parametrize("y", [Y, Y[:, None], MANY], ids=["flat", "column", "many"])
@pytest.mark.parametrize("stages", [0, 1, 3, 4, 100])
def test_stages_are_made_in_blocks(y, stages, monkeypatch):
    """Each iterate is read once, in blocks of as many numbers as may be held at once."""
    model = GDLinearRegressor(lr=0.05, max_iter=11, tol=1e-9)
    with pytest.warns(match="still falling"):
        model.fit(X, y)
    numbers = stages * (len(X) + X.shape[1] + 1) * (y.size // len(y)) + 1
    monkeypatch.setattr("sklearn_gd._estimator.prediction.STAGED_NUMBERS", numbers)
    calls = asked(monkeypatch)
    predicted = list(model.staged_predict(X))
    size = max(1, stages)
    assert [list(block) for block in calls] == [
        list(range(first, min(first + size, 12))) for first in range(0, 12, size)
    ]
    assert len(predicted) == 12
    for t, stage in enumerate(predicted):
        coef = model.coef_path_[t].reshape(-1, 2)
        expected = X @ coef.T + model.intercept_path_[t]
        assert stage.shape == model.predict(X).shape
        assert distance(stage.reshape(expected.shape), expected) <= tolerance()


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exports_have_what_a_linear_regression_has(fit_intercept, dtype):
    """The intercept's type, the flag, and the features' names, none of them shared."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X.astype(dtype), columns=["a", "b"])
    model = GDLinearRegressor(tol=3.0, fit_intercept=fit_intercept).fit(frame, Y)
    export = model.to_linear_regression()
    assert export.get_params()["fit_intercept"] is fit_intercept
    assert type(export.intercept_) is (dtype if fit_intercept else float)
    assert export.intercept_ == model.intercept_
    assert export.n_features_in_ == 2
    assert list(export.feature_names_in_) == ["a", "b"]
    assert export.feature_names_in_ is not model.feature_names_in_
    assert export.coef_ is not model.coef_
    assert export.predict(frame).dtype == dtype
    assert np.array_equal(export.predict(frame), model.predict(frame))
    assert not hasattr(model.fit(frame.to_numpy(), Y).to_linear_regression(), "feature_names_in_")


@pytest.mark.parametrize("y", [Y, MANY], ids=["flat", "many"])
def test_without_an_intercept_it_is_the_number_zero(y):
    """Whatever the targets; with one it has the dtype of the coefficients and a place per target.

    Coefficients that are infinite are refused though an intercept is finite.
    """
    model = GDLinearRegressor(tol=100.0, fit_intercept=False).fit(X, y)
    assert type(model.intercept_) is float
    assert model.intercept_ == 0.0
    assert np.shape(model.set_params(fit_intercept=True).fit(X, y).intercept_) == y.shape[1:]
    tiny = np.float32(X) * np.float32(1e-30)
    with pytest.raises(ValueError, match="too large for float32"):
        model.set_params(fit_intercept=False, tol=None).fit(tiny, y * 1e20)


def test_scores_weigh_rows():
    """A row of weight 2 is scored twice; lists of rows are counted as they are."""
    model = GDLinearRegressor(tol=1.0).fit(X, Y)
    w = np.arange(12) % 3
    expected = model.score(X.repeat(w, axis=0), Y.repeat(w))
    assert model.score(X, Y, w) == pytest.approx(expected, rel=1e-12)
    assert model.score(X.tolist(), Y.tolist(), w.tolist()) == pytest.approx(expected, rel=1e-12)
    assert model.score(X, Y) != model.score(X, Y, w)


def test_records_are_attributes_of_a_fitted_model():
    """Listed, absent before fit, and of the last fit that did not fail."""
    model = GDLinearRegressorCV(lrs=[0.01, 0.1], max_iter=5, cv=3)
    assert "scores_path_" not in dir(model)
    assert not hasattr(model, "scores_path_")
    scores = model.fit(X, Y).scores_path_
    assert {"lrs_", "iters_", "scores_path_"} <= set(dir(model))
    assert not hasattr(model, "gcv_path_")
    with pytest.raises(ValueError, match="No entry of the grid has a finite score"):
        model.set_params(lrs=[0.3], scoring=lambda *_: np.nan).fit(X, Y)
    assert model.scores_path_ is scores
    assert model.lrs_.tolist() == [0.01, 0.1]


def test_a_library_that_is_missing_is_named():
    """The message says what needs it and what to install, not which of its modules."""
    with pytest.raises(ImportError) as missing:
        optional("no_such_library.part", "This figure")
    assert str(missing.value) == (
        "This figure needs no_such_library, which cannot be imported here: "
        "pip install no_such_library"
    )
    assert optional("os.path", "This") is __import__("os").path


STEPS = {
    "none": ([], ["intercept", "x0", "x1"]),
    "scaler": ([StandardScaler()], ["intercept", "x0", "x1"]),
    "products": (
        [PolynomialFeatures(include_bias=False)],
        ["intercept", "x0", "x1", "x0^2", "x0 x1", "x1^2"],
    ),
    "two": (
        [StandardScaler(), PolynomialFeatures(interaction_only=True, include_bias=False)],
        ["intercept", "x0", "x1", "x0 x1"],
    ),
    "nameless": ([FunctionTransformer(np.square)], ["intercept", "x0", "x1"]),
}


@pytest.mark.parametrize("case", list(STEPS))
@pytest.mark.parametrize("named", [True, False])
def test_a_pipelines_steps_name_what_a_diagnosis_speaks_of(case, named):
    """Names come from the steps before the descent, where these have some to give.

    Rows for it go through these steps, if there are any.
    """
    steps, names = STEPS[case]
    rows = X
    if named:
        pd = pytest.importorskip("pandas")
        rows = pd.DataFrame(X, columns=["a", "b"])
        names = [name.replace("x0", "a").replace("x1", "b") for name in names]
    pipeline = make_pipeline(*steps, GDLinearRegressor(tol=1.0)).fit(rows, Y)
    assert list(names_of(pipeline)) == names
    assert path_of(pipeline) is pipeline[-1].path_
    expected = pipeline[:-1].transform(rows) if steps else rows
    assert np.array_equal(transform(pipeline, rows), expected)
    assert transform(pipeline[-1], rows) is rows


def test_grids_have_the_types_of_numbers():
    """Rates are floats and numbers of updates 64-bit integers, whatever they were given as."""
    fits = (
        {"lrs": [1, 2], "iters": np.array([3, 1], dtype=np.int8)},
        {"lrs": np.float32([0.5]), "iters": 3},
        {"lrs": 2, "max_iter": 10**6},
        {"lrs": 3, "max_iter": 4},
    )
    for grid in fits:
        model = GDLinearRegressorCV(**grid).fit(X, Y)
        assert model.lrs_.dtype == np.float64
        assert model.iters_.dtype == np.int64
        assert type(model.lr_) is type(model.best_score_) is float
        assert all(isinstance(i, int) for i in model.best_index_)
    flat = GDLinearRegressorCV(lrs=1, max_iter=4, fit_intercept=False).fit(0 * X, Y)
    assert flat.lrs_.tolist() == [1.0]  # as if the largest curvature were one


@pytest.mark.parametrize("first", [np.float32, np.float64])
@pytest.mark.parametrize("second", [np.float32, np.float64])
def test_sums_have_the_wider_dtype(first, second):
    """float32 coefficients only where all rows were float32, in whatever order they came."""
    parts = Moments.from_rows(X.astype(first), Y) + Moments.from_rows(X.astype(second), Y)
    assert parts.dtype == np.result_type(first, second)
    model = GDLinearRegressor(tol=1.0).partial_fit(X.astype(first), Y)
    assert model.partial_fit(X.astype(second), Y).coef_.dtype == parts.dtype


def test_names_of_sums_are_objects_as_scikit_learns():
    """`feature_names_in_` has the dtype that a fit on a frame gives it."""
    pd = pytest.importorskip("pandas")
    moments = Moments.from_rows(pd.DataFrame(X, columns=["a", "b"]), Y)
    names = GDLinearRegressor(tol=1.0).fit_moments(moments).feature_names_in_
    assert names.dtype == object
    assert names.tolist() == ["a", "b"]


def test_starts_of_sums_are_those_of_rows():
    """Iterate 0 is what was given, the intercept too."""
    start = {"coef_init": [1.0, -2.0], "intercept_init": 3.0}
    model = GDLinearRegressor(tol=1.0).fit_moments(Moments.from_rows(X, Y), **start)
    assert model.coef_path_[0].tolist() == [1.0, -2.0]
    assert model.intercept_path_[0] == 3.0


def test_sizes_of_features_do_not_depend_on_weights():
    """Whether X is too small is seen in its mean square, light or heavy as its rows may be."""
    light = Moments.from_rows(X * 1e-60, Y, np.full(12, 1e-15))
    model = GDLinearRegressor(fit_intercept=False, tol=100.0).fit_moments(light)
    assert model.n_iter_ == 0
    heavy = Moments.from_rows(X * 1e-200, Y * 1e60, np.full(12, 1e45))
    with pytest.raises(ValueError, match="X must have sizes of 1e-70 or more"):
        model.fit_moments(heavy)


def test_a_direction_is_slow_from_two_updates_on():
    """A direction that falls e-fold in two updates is named, one that takes less is not."""
    told = diagnose(X, Y)
    for constant, named in ((2.0, True), (1.99, False), (np.inf, True)):
        direction = replace(told.slowest[0], name="me", time_constant=constant)
        assert ("me:" in repr(replace(told, slowest=(direction,)))) == named


def test_what_standardising_changes_is_counted_from_its_own_first_loss():
    """Where rows are given its updates are those of the descent on standardised columns."""
    scaled = diagnose(X * [1.0, 300.0] + [5.0, 0.0], Y).standardised
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor(lr=scaled.lr, tol=1.0))
    path = pipeline.fit(X * [1.0, 300.0] + [5.0, 0.0], Y)[-1].path_
    for share, updates in scaled.updates.items():
        assert path.loss(updates) <= (1 + share) * path.loss_floor * (1 + 1e-9)
        assert path.loss(updates - 1) > (1 + share) * path.loss_floor
