"""Rows in parts: `partial_fit`, `Moments` and `fit_moments` are the descent on all of them."""

from __future__ import annotations

import io
import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.validation import check_is_fitted

from helpers import assert_same, distance, regression
from sklearn_gd import GDLinearRegressor, Moments

X, Y = regression(n=200, d=5)
WEIGHTS = np.random.default_rng(3).integers(0, 4, 200).astype(float)


def parts(n, count, seed=0):
    """Indices of all rows in random order, in parts of different sizes."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(np.arange(1, n), count - 1, replace=False))
    return np.split(rng.permutation(n), cuts)


def streamed(model, X, y, index, weight=None):
    model = clone(model)
    for part in index:
        model.partial_fit(X[part], y[part], None if weight is None else weight[part])
    return model


@pytest.mark.parametrize("weight", [None, WEIGHTS])
@pytest.mark.parametrize("solver", ["auto", "loop", "krylov"])
@pytest.mark.parametrize("y", [Y, Y[:, None], np.c_[Y, -2 * Y + 1]], ids=["flat", "column", "many"])
def test_partial_fit_is_fit_on_all_rows(y, solver, weight):
    """In any order and any split."""
    model = GDLinearRegressor(tol=0.7, solver=solver)
    assert_same(streamed(model, X, y, parts(200, 7), weight), clone(model).fit(X, y, weight))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix, np.asfortranarray])
def test_partial_fit_takes_what_fit_takes(container):
    """Sparse and Fortran-ordered parts, without an intercept as well."""
    model = GDLinearRegressor(max_iter=50, fit_intercept=False, lr=0.05)
    with pytest.warns(ConvergenceWarning, match="still falling"):
        expected = clone(model).fit(X, Y)
    for part in parts(200, 3):
        model.partial_fit(container(X[part]), Y[part])
    with pytest.warns(ConvergenceWarning, match="still falling"):
        assert model.n_iter_ == 50
    assert_same(model, expected)


def test_float32_stays_float32_until_a_part_is_not():
    """Coefficients have the dtype that the concatenated rows would have."""
    model = GDLinearRegressor(tol=0.5)
    model.partial_fit(X[:100].astype(np.float32), Y[:100])
    assert model.coef_.dtype == np.float32
    assert model.partial_fit(X[100:], Y[100:]).coef_.dtype == np.float64


def test_each_call_makes_the_model_of_all_rows_so_far():
    """Reading between calls changes nothing; the count of rows goes along."""
    model = GDLinearRegressor(tol=0.3)
    for first, end in ((0, 50), (50, 120), (120, 200)):
        model.partial_fit(X[first:end], Y[first:end])
        assert model.n_samples_seen_ == end
        assert_same(model, GDLinearRegressor(tol=0.3).fit(X[:end], Y[:end]))


def test_one_number_weighs_every_row_of_a_part():
    """A part of weight 3 counts three times."""
    model = GDLinearRegressor(tol=0.3).partial_fit(X[:80], Y[:80], 3)
    model.partial_fit(X[80:], Y[80:])
    weight = np.where(np.arange(200) < 80, 3.0, 1.0)
    assert_same(model, GDLinearRegressor(tol=0.3).fit(X, Y, weight))


def test_a_part_may_weigh_nothing_but_not_all_of_them():
    """Weights of zero are the caller's filter; a model of nothing is an error."""
    model = GDLinearRegressor(tol=0.3).partial_fit(X[:80], Y[:80], np.zeros(80))
    with pytest.raises(ValueError, match="all zero"):
        _ = model.coef_
    model.partial_fit(X[80:], Y[80:])
    assert_same(model, GDLinearRegressor(tol=0.3).fit(X[80:], Y[80:]))


def test_the_descent_is_made_when_asked_for(monkeypatch):
    """Adding rows decomposes nothing; reading does, once."""
    asked, real = [], GDLinearRegressor._descend
    monkeypatch.setattr(GDLinearRegressor, "_descend", lambda *args: asked.append(1) or real(*args))
    model = streamed(GDLinearRegressor(tol=0.5), X, Y, parts(200, 5))
    check_is_fitted(model)
    assert not asked
    model.predict(X)
    assert model.coef_path_.shape == (model.n_iter_ + 1, 5)
    assert len(asked) == 1


def test_features_names_and_targets_are_held_to_the_first_call():
    """What does not fit to the first rows is refused, and those stay as they were."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = GDLinearRegressor(tol=0.5).partial_fit(frame[:50], Y[:50])
    for rows, y, words in (
        (frame[:50].drop(columns="a"), Y[:50], "feature names"),
        (frame[list("edcba")][:50], Y[:50], "feature names"),
        (frame[:50], np.c_[Y, Y][:50], r"targets are the same; got \(n_samples,\) and"),
        (frame[:50], Y[:50, None], "targets are the same"),
        (frame[:50] * np.nan, Y[:50], "NaN"),
        (frame[:50], Y[:49], "inconsistent"),
    ):
        with pytest.raises(ValueError, match=words):
            model.partial_fit(rows, y)
    assert model.n_samples_seen_ == 50
    assert_same(model.partial_fit(frame[50:], Y[50:]), GDLinearRegressor(tol=0.5).fit(frame, Y))
    with pytest.raises(ValueError, match="4 features"):
        GDLinearRegressor().partial_fit(X, Y).partial_fit(X[:, :4], Y)


def test_partial_fit_after_fit_says_that_it_begins_anew():
    """Rows of an earlier fit are not left out without a word; fit begins anew as ever."""
    model = GDLinearRegressor(tol=0.5).fit(X, Y)
    with pytest.warns(UserWarning, match="begins anew"):
        model.partial_fit(X[:50], Y[:50])
    assert model.n_samples_seen_ == 50
    assert_same(model, GDLinearRegressor(tol=0.5).fit(X[:50], Y[:50]))
    assert_same(model.fit(X, Y), GDLinearRegressor(tol=0.5).fit(X, Y))
    assert not hasattr(model, "n_samples_seen_")


def test_a_model_on_the_way_is_cloned_and_pickled():
    """A pickle goes on where it stood; a clone has seen nothing; nothing is fitted by asking."""
    model = GDLinearRegressor(tol=0.5).partial_fit(X[:90], Y[:90])
    other = pickle.loads(pickle.dumps(model)).partial_fit(X[90:], Y[90:])
    assert_same(other, GDLinearRegressor(tol=0.5).fit(X, Y))
    assert model.n_samples_seen_ == 90
    fresh = clone(model)
    assert not hasattr(fresh, "coef_")
    assert not hasattr(fresh, "loss_history_")
    with pytest.raises(NotFittedError):
        fresh.predict(X)


def test_too_many_columns_for_sums_are_refused_at_once():
    """Before anything of columns times columns is formed."""
    wide = sparse.csr_array((3, 100_000))
    with pytest.raises(ValueError, match="at most 8,191 features"):
        GDLinearRegressor().partial_fit(wide, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="at most 8,191 features"):
        Moments.from_rows(wide, [1.0, 2.0, 3.0])


def test_moments_of_parts_add_up_to_those_of_the_whole():
    """With sum(), in any grouping; nothing added to is changed."""
    made = [Moments.from_rows(X[part], Y[part], WEIGHTS[part]) for part in parts(200, 4)]
    before = [m._products.sums.copy() for m in made]
    whole = Moments.from_rows(X, Y, WEIGHTS)
    for total in (sum(made), made[3] + (made[0] + made[2]) + made[1]):
        assert total.n_samples == 200
        assert total.weight == WEIGHTS.sum()
        assert (total.n_features, total.n_targets) == (5, 1)
        assert distance(total._products.sums, whole._products.sums) <= 1e-14
    assert all(np.array_equal(m._products.sums, b) for m, b in zip(made, before, strict=True))
    with pytest.raises(TypeError):
        made[0] + 1.0


def test_moments_of_different_columns_do_not_add():
    """The error says what differs."""
    mine = Moments.from_rows(X, Y)
    with pytest.raises(ValueError, match="features are the same; got 5 and 4"):
        mine + Moments.from_rows(X[:, :4], Y)
    with pytest.raises(ValueError, match="targets are the same"):
        mine + Moments.from_rows(X, np.c_[Y, Y])
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="feature names are the same"):
        mine + Moments.from_rows(pd.DataFrame(X, columns=list("abcde")), Y)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_fit_moments_is_fit(fit_intercept):
    """From a start of one's own too, and warm; the intercept is decided when descending."""
    moments = Moments.from_rows(X, Y, WEIGHTS)
    model = GDLinearRegressor(tol=0.4, fit_intercept=fit_intercept, max_iter=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = clone(model).fit(X, Y, WEIGHTS, coef_init=np.ones(5))
        assert_same(clone(model).fit_moments(moments, coef_init=np.ones(5)), fitted)
        model.set_params(warm_start=True, max_iter=3).fit(X, Y, WEIGHTS)
        again = clone(model).fit_moments(moments).fit_moments(moments)
        assert_same(again, model.fit(X, Y, WEIGHTS))
    assert again.n_features_in_ == 5


def test_fit_moments_brings_names():
    """Features are called as in the rows, and checked at predict; rows without names clear them."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = GDLinearRegressor(tol=0.5).fit_moments(Moments.from_rows(frame, Y))
    assert model.path_.parameter_names == ("intercept", *"abcde")
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[list("edcba")])
    model.fit_moments(Moments.from_rows(X, Y))
    assert not hasattr(model, "feature_names_in_")
    assert model.predict(X).shape == (200,)


def test_fit_moments_refuses_what_it_cannot_do():
    """A wrong argument or parameter leaves an earlier fit as it was."""
    model = GDLinearRegressor(tol=0.5).fit(X, Y)
    expected = model.coef_.copy()
    with pytest.raises(TypeError, match=r"takes Moments.*got tuple"):
        model.fit_moments((X, Y))
    with pytest.raises(ValueError, match="coef_init must have shape"):
        model.fit_moments(Moments.from_rows(X, Y), coef_init=np.ones(3))
    with pytest.raises(ValueError, match="all zero"):
        model.fit_moments(Moments.from_rows(X, Y, np.zeros(200)))
    assert np.array_equal(model.coef_, expected)


@pytest.mark.parametrize("place", ["path", "buffer"])
@pytest.mark.parametrize("named", [True, False])
def test_moments_are_saved_without_pickle(tmp_path, place, named):
    """What is loaded is what was saved: sums, shapes, dtype and names."""
    rows = X.astype(np.float32)
    if named:
        rows = pytest.importorskip("pandas").DataFrame(rows, columns=["a", "b", "c", "d", "日"])
    moments = Moments.from_rows(rows, np.c_[Y, Y], WEIGHTS)
    file = tmp_path / "moments.npz" if place == "path" else io.BytesIO()
    moments.save(file)
    if place == "buffer":
        file.seek(0)
    loaded = Moments.load(file)
    assert np.array_equal(loaded._products.sums, moments._products.sums)
    assert loaded.feature_names == moments.feature_names
    assert loaded.dtype == np.float32
    assert (
        repr(loaded) == repr(moments) == "<Moments of 200 rows: 5 features, 2 targets, 512 bytes>"
    )
    assert (loaded + moments).n_samples == 400
    assert pickle.loads(pickle.dumps(moments)).weight == moments.weight


def test_files_of_others_are_not_moments(tmp_path):
    """Nor are files of a later format, or with sums that are none."""
    np.savez(tmp_path / "other.npz", x=X)
    np.save(tmp_path / "other.npy", X)
    for name in ("other.npz", "other.npy"):
        with pytest.raises(ValueError, match="does not hold Moments"):
            Moments.load(tmp_path / name)
    Moments.from_rows(X, Y).save(tmp_path / "m.npz")
    held = dict(np.load(tmp_path / "m.npz"))
    np.savez(tmp_path / "later.npz", **held | {"format": np.int64(2)})
    with pytest.raises(ValueError, match="format 2"):
        Moments.load(tmp_path / "later.npz")
    for spoiled in (held["sums"] * np.nan, held["sums"][:-1], np.triu(held["sums"])):
        np.savez(tmp_path / "bad.npz", **held | {"sums": spoiled})
        with pytest.raises(ValueError, match="symmetric matrix of finite"):
            Moments.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("solver", ["auto", "krylov"])
def test_a_tol_below_the_resolution_never_fires_by_accident(solver):
    """Sums of data that a line fits exactly know their loss to rounding only, and say so."""
    exact = X @ np.arange(1.0, 6.0) + 1.0
    moments = Moments.from_rows(X, exact)
    assert 0 < moments.resolution < 1e-9 * np.mean(exact**2)
    tol = 0.5 * moments.resolution
    model = GDLinearRegressor(tol=tol, max_iter=2000, solver=solver)
    with pytest.warns(ConvergenceWarning, match="cannot be told from rounding"):
        model.fit_moments(moments)
    assert model.stop_reason_ != "tol"
    reached = GDLinearRegressor(tol=2 * moments.resolution, max_iter=2000).fit_moments(moments)
    assert reached.stop_reason_ == "tol"


def test_ill_conditioned_moments_keep_to_their_bound():
    """From sums alone iterates drift no more than 4 T eps from those of the rows."""
    scaled = X * np.geomspace(1, 1e-4, 5)
    T = 5000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GDLinearRegressor(max_iter=T)
        expected = clone(model).fit(scaled, Y).coef_
        found = model.fit_moments(Moments.from_rows(scaled, Y)).coef_
    assert distance(found, expected) <= 4 * T * np.finfo(float).eps


def test_a_display_of_a_stream_that_cannot_be_descended_on_yet():
    """What cannot be made is absent to hasattr and to a notebook, and is told with its reason."""
    for model in (
        GDLinearRegressor().partial_fit(X, Y, np.zeros(200)),
        GDLinearRegressor().partial_fit(X, Y).set_params(lr=-1),
    ):
        assert not hasattr(model, "coef_")
        assert "GDLinearRegressor" in model._repr_html_()
        with pytest.raises(ValueError, match=r"all zero|lr must be"):
            model.predict(X)


@pytest.mark.parametrize("power", [-155, -170])
def test_columns_whose_squares_vanish_are_refused_without_an_intercept(power):
    """As fit refuses them, when it is known that no column of ones stands beside them."""
    tiny, model = X * 10.0**power, GDLinearRegressor(fit_intercept=False)
    with pytest.raises(ValueError, match="X must have sizes of 1e-70"):
        model.fit_moments(Moments.from_rows(tiny, Y))
    with pytest.raises(ValueError, match="X must have sizes of 1e-70"):
        _ = model.partial_fit(tiny, Y).coef_


def test_broken_files_are_not_moments():
    """Empty, cut short, or of another kind: one error, and no advice to unpickle a stranger's."""
    whole = io.BytesIO()
    Moments.from_rows(X, Y).save(whole)
    for content in (b"", whole.getvalue()[:300], b"hello"):
        with pytest.raises(ValueError, match="does not hold Moments"):
            Moments.load(io.BytesIO(content))
    whole.seek(0)
    held = dict(np.load(whole))
    for spoiled in ({"n_targets": np.int64(9)}, {"sums": held["sums"] * np.inf}):
        file = io.BytesIO()
        np.savez(file, **held | spoiled)
        file.seek(0)
        with pytest.raises(ValueError, match="symmetric matrix of finite"):
            Moments.load(file)
