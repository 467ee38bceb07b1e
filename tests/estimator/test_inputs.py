"""What can be passed in, and what is said about what can't."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from scipy import sparse

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor

X, Y = regression(n=60, d=4)
REFERENCE = GDLinearRegressor(tol=1.0).fit(X, Y)


@pytest.fixture(params=["spectral", "krylov", "loop"])
def solver(request):
    """Every way to descend."""
    return request.param


def same(model):
    """Whether a fit is that of the plain arrays."""
    return (
        model.n_iter_ == REFERENCE.n_iter_ and distance(model.coef_, REFERENCE.coef_) <= tolerance()
    )


def strided(a):
    """The same values, every second element of a larger buffer."""
    buffer = np.zeros(tuple(2 * n for n in a.shape))
    view = buffer[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


FORMS = {
    "lists": lambda a: a.tolist(),
    "fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "big-endian": lambda a: a.astype(">f8"),
    "object": lambda a: a.astype(object),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_layout_does_not_matter(form, solver):
    """Lists, strides, byte order and objects descend as a plain array does."""
    assert same(GDLinearRegressor(tol=1.0, solver=solver).fit(FORMS[form](X), FORMS[form](Y)))


def test_read_only_and_memory_mapped_arrays(tmp_path, solver):
    """Nothing is written to what is passed in, so read-only files will do."""
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r"), np.load(tmp_path / "y.npy", mmap_mode="r")
    weights = np.ones(len(Y))
    weights.flags.writeable = False
    assert same(GDLinearRegressor(tol=1.0, solver=solver).fit(*mapped, weights))


def test_arguments_are_left_as_they_were(solver):
    """X, y, weights and initial values are never changed."""
    arguments = [X.copy(), Y.copy(), np.arange(60.0), np.ones(4), np.array(2.0)]
    before = [a.copy() for a in arguments]
    a, b, w, coef, intercept = arguments
    GDLinearRegressor(tol=1.0, solver=solver).fit(a, b, w, coef_init=coef, intercept_init=intercept)
    assert all(np.array_equal(x, y) for x, y in zip(arguments, before, strict=True))


@pytest.mark.parametrize("make", [np.int8, np.int64, bool])
def test_integers_and_booleans_become_floats(make, solver):
    """Counts and flags are numbers."""
    counts = (X > 0).astype(make)
    model = GDLinearRegressor(tol=2.0, solver=solver).fit(counts, Y)
    reference = GDLinearRegressor(tol=2.0, solver=solver).fit(counts.astype(float), Y)
    assert np.array_equal(model.coef_, reference.coef_)
    assert GDLinearRegressor(tol=0.3).fit(X, Y > 0).coef_.dtype == float


@pytest.mark.parametrize(
    "container", ["csr_matrix", "csc_matrix", "csr_array", "csc_array", "coo_array"]
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_descends_as_dense(container, weighted, fit_intercept, dtype, solver):
    """CSR and CSC, weighted or not, with and without intercept, give the dense path."""
    rng = np.random.default_rng(0)
    dense = (X * (rng.random(X.shape) < 0.4)).astype(dtype)
    w = rng.random(len(Y)) if weighted else None
    model = GDLinearRegressor(tol=9.0, solver=solver, fit_intercept=fit_intercept)
    expected = model.fit(dense, np.column_stack([Y, -Y]), w).coef_path_
    converted = getattr(sparse, container)(dense)
    actual = model.fit(converted, np.column_stack([Y, -Y]), w).coef_path_
    assert actual.dtype == dtype
    assert distance(actual, expected) <= tolerance(dtype)
    assert distance(model.predict(converted), model.predict(dense)) <= tolerance(dtype)


def test_frames_keep_their_names():
    """pandas columns become feature_names_in_ and are checked when predicting."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = GDLinearRegressor(tol=1.0).fit(frame, pd.Series(Y), pd.Series(np.ones(60)))
    assert same(model)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c", "d"]])
    model.fit(frame, pd.DataFrame({"u": Y, "v": -Y}))
    assert model.coef_.shape == (2, 4)


def test_polars_frames_keep_their_names():
    """polars too."""
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(X, schema=list("abcd"))
    model = GDLinearRegressor(tol=1.0).fit(frame, pl.Series(Y))
    assert same(model)
    assert model.predict(frame).shape == (60,)
    # scikit-learn before 1.9 asks for names by a protocol that polars 2 no longer speaks.
    if hasattr(frame, "__dataframe__") or find_spec("sklearn.callback"):
        assert model.feature_names_in_.tolist() == list("abcd")


@pytest.mark.parametrize("weights", [1, 0.25, np.float32(3), np.full(60, 7.0), [2] * 60])
def test_equal_weights_change_nothing(weights):
    """Only ratios of weights matter; one number stands for all rows."""
    assert same(GDLinearRegressor(tol=1.0).fit(X, Y, weights))


def test_rows_of_weight_zero_do_not_count():
    """They are as good as absent."""
    junk = np.vstack([X, 1e6 * np.ones((5, 4))]), np.r_[Y, np.full(5, -1e9)]
    assert same(GDLinearRegressor(tol=1.0).fit(*junk, np.r_[np.ones(60), np.zeros(5)]))


SHAPES = {
    "flat": (Y, (4,), ()),
    "column": (Y[:, None], (4,), (1,)),
    "many": (np.c_[Y, Y], (2, 4), (2,)),
}


@pytest.mark.parametrize("targets", list(SHAPES))
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_shapes_are_those_of_ridge(targets, fit_intercept):
    """coef_, intercept_ and predictions have Ridge's shapes for every shape of y."""
    from sklearn.linear_model import Ridge

    y, coef_shape, intercept_shape = SHAPES[targets]
    model = GDLinearRegressor(tol=5.0, fit_intercept=fit_intercept).fit(X, y)
    ridge = Ridge(fit_intercept=fit_intercept).fit(X, y)
    assert np.shape(model.coef_) == coef_shape
    assert np.shape(model.intercept_) == (intercept_shape if fit_intercept else ())
    # Before scikit-learn 1.7 a column target kept its axis in Ridge's coefficients.
    assert model.predict(X).shape == ridge.predict(X).reshape(model.predict(X).shape).shape
    assert model.score(X, y) == pytest.approx(model.score(X, y.tolist()))


@pytest.mark.parametrize("targets", list(SHAPES))
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_staged_predict_gives_every_iterate_in_turn(targets, fit_intercept, monkeypatch):
    """n_iter_ + 1 predictions, the start first, the last that of predict, in bounded blocks."""
    y = SHAPES[targets][0]
    model = GDLinearRegressor(lr=0.02, tol=2.5 * y.size / 60, fit_intercept=fit_intercept)
    monkeypatch.setattr("sklearn_gd._estimator.prediction.STAGED_NUMBERS", 300)
    model.fit(X, y)
    assert model.n_iter_ > 5
    stages = list(model.staged_predict(X))
    assert len(stages) == model.n_iter_ + 1
    assert all(s.shape == model.predict(X).shape for s in stages)
    assert not stages[0].any()
    assert distance(stages[-1], model.predict(X)) <= tolerance()
    t = model.n_iter_ // 2
    coef, intercept = model.path_.coef(t), model.path_.intercept(t)
    assert distance(stages[t], X @ coef.T + intercept) <= tolerance()


def test_start_values_are_where_it_starts():
    """coef_init and intercept_init are iterate 0, for one target, a column and many."""
    for y, coef_shape, intercept_shape in SHAPES.values():
        coef = np.arange(np.prod(coef_shape), dtype=float).reshape(coef_shape)
        intercept = np.full(intercept_shape, 2.0)
        model = GDLinearRegressor(tol=1e-3 + 5.0).fit(
            X, y, coef_init=coef, intercept_init=intercept
        )
        assert np.array_equal(model.coef_path_[0], coef)
        assert np.array_equal(model.intercept_path_[0], intercept)


def test_warm_start_goes_on_where_it_stopped():
    """Two fits of 20 updates are one of 40; without warm_start the second begins anew."""
    whole = GDLinearRegressor(lr=0.1, max_iter=40)
    halves = GDLinearRegressor(lr=0.1, max_iter=20, warm_start=True)
    again = GDLinearRegressor(lr=0.1, max_iter=20)
    for model in (whole, halves, again):
        with pytest.warns(match="max_iter"):
            model.fit(X, Y)
    first = halves.coef_
    for model in (halves, again):
        with pytest.warns(match="max_iter"):
            model.fit(X, Y)
    assert np.array_equal(halves.coef_path_[0], first)
    assert distance(halves.coef_, whole.coef_) <= tolerance()
    assert distance(halves.intercept_, whole.intercept_) <= tolerance()
    assert not again.coef_path_[0].any()


def test_warm_start_without_intercept():
    """Only coefficients go on where there is no intercept; given ones take precedence."""
    model = GDLinearRegressor(lr=0.1, tol=1.7, warm_start=True, fit_intercept=False).fit(X, Y)
    before = model.coef_
    assert np.array_equal(model.fit(X, Y).coef_path_[0], before)
    assert model.fit(X, Y, coef_init=np.ones(4)).coef_path_[0].tolist() == [1.0] * 4


def test_warm_start_on_other_features_is_refused():
    """Coefficients of another number of features can't be gone on from."""
    model = GDLinearRegressor(tol=1.0, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"coef_init must have shape \(3,\); got shape \(4,\)"):
        model.fit(X[:, :3], Y)


@pytest.mark.parametrize("method", ["predict", "staged_predict"])
def test_unfitted_models_say_so(method):
    """NotFittedError for predictions, no histories, no path."""
    from sklearn.exceptions import NotFittedError

    model = GDLinearRegressor()
    with pytest.raises(NotFittedError):
        list(getattr(model, method)(X))
    for name in ("loss_history_", "coef_path_", "intercept_path_", "path_"):
        assert not hasattr(model, name)


def test_moments_do_not_copy_X():
    """Beyond X itself a fit takes a block and some p x p matrices."""
    import tracemalloc

    rng = np.random.default_rng(0)
    big, y = rng.standard_normal((100_000, 40)), rng.standard_normal(100_000)
    for data in (big, big.astype(np.float32), np.asfortranarray(big)):
        tracemalloc.start()
        GDLinearRegressor(tol=1.0).fit(data, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.2 * big.nbytes
