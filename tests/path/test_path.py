"""The path answers at any t, and the histories are samples of it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from helpers import (
    distance,
    largest_curvature,
    literal_loop,
    regression,
    spectrum_by_hand,
    tolerance,
)
from sklearn_gd import DescentPath, GDLinearRegressor
from sklearn_gd import path as path_module
from sklearn_gd._descent import ClosedForm, Stop, UpdateRule
from sklearn_gd._report.layout import Layout
from sklearn_gd._solvers import StoppedDescent


@pytest.fixture(params=["flat", "column", "many"])
def data(request):
    """Rows with targets in each of their layouts."""
    return regression(k={"flat": None, "column": 1, "many": 3}[request.param])


@pytest.fixture(params=["spectral", "krylov", "loop"])
def fitted(request, data):
    """A model stopped early by tol, and its data."""
    X, y = data
    solver = request.param
    return GDLinearRegressor(lr=0.1, tol=0.8 * (y.size / len(y)), solver=solver).fit(X, y), X, y


def test_histories_are_the_path_at_every_iterate(fitted):
    """Shapes, values and last entries as documented."""
    model, _, _ = fitted
    t = np.arange(model.n_iter_ + 1)
    assert model.loss_history_.shape == t.shape
    assert model.coef_path_.shape == t.shape + model.coef_.shape
    assert model.intercept_path_.shape == t.shape + np.shape(model.intercept_)
    assert distance(model.coef_path_, model.path_.coef(t)) <= 1e-15
    assert distance(model.intercept_path_, model.path_.intercept(t)) <= 1e-15
    np.testing.assert_allclose(model.loss_history_, model.path_.loss(t), rtol=tolerance())
    assert np.array_equal(model.coef_path_[-1], model.coef_)
    assert np.array_equal(model.intercept_path_[-1], model.intercept_)


def test_scalar_and_array_t_agree(fitted):
    """A scalar t gives one answer, an array of any shape gives them along its axes."""
    path = fitted[0].path_
    last = path.n_iter if path.last_known is not None else 10**6
    t = np.array([[0, 3], [2, last]])
    asked = (path.coef, path.intercept, path.loss, path.gradient, path.parameters)
    knows_all = (
        getattr(path._descent, "spectrum", None) and path._descent.spectrum.has_all_directions
    )
    for ask in (*asked, path.dof) if knows_all else asked:
        answers = ask(t)
        one = np.shape(ask(3))
        assert answers.shape == t.shape + one
        assert distance(answers[0, 1], ask(3)) <= tolerance()
        assert distance(ask([last])[0], answers[1, 1]) <= tolerance()


def test_gradient_is_that_of_the_loss(fitted):
    """The partial derivatives, intercept first, are Z'(Z theta - y) / n at the iterate."""
    model, X, y = fitted
    for t in (0, 3, model.n_iter_):
        residual = (
            X @ model.path_.coef(t).T
            + model.path_.intercept(t)
            - y.reshape(len(y), *([-1] if model.path_.coef(t).ndim > 1 else []))
        )
        expected = (np.column_stack([np.ones(len(X)), X]).T @ residual / len(X)).T
        assert np.abs(model.path_.gradient(t) - expected).max() <= tolerance() * np.abs(y).max()


def test_coefficients_that_are_changed_change_no_path():
    """They are the user's own, though the path keeps those at its stop."""
    model = GDLinearRegressor(lr=0.1, tol=0.8).fit(*regression())
    t = model.n_iter_
    kept = np.copy(model.path_.parameters(t))
    model.coef_[...] = 7.0
    np.testing.assert_array_equal(model.path_.parameters(t), kept)
    np.testing.assert_array_equal(model.path_.coef(t), kept[1:])


def test_path_goes_on_beyond_the_stop(data):
    """Past n_iter_ the descent continues as the loop would."""
    X, y = data
    model = GDLinearRegressor(lr=0.1, tol=0.8 * (y.size / len(y))).fit(X, y)
    thetas, losses = literal_loop(X, y, 0.1, model.n_iter_ + 40)
    assert distance(model.path_.loss(model.n_iter_ + 40), losses[-1]) <= tolerance()
    coef = model.path_.coef(model.n_iter_ + 40)
    assert distance(coef, thetas[-1][1:].T.reshape(coef.shape)) <= tolerance()


def test_dof_is_the_trace_of_the_smoother():
    """dof(t) is the trace of the matrix that maps y to the fitted values."""
    X, _ = regression(n=20)
    lr = 1 / largest_curvature(X)
    columns = [literal_loop(X, unit, lr, 30)[0][30][:, 0] for unit in np.eye(20)]
    smoother = np.column_stack([np.ones(20), X]) @ np.array(columns).T
    path = GDLinearRegressor(lr=lr, max_iter=31, tol=1e9).fit(X, np.ones(20)).path_
    np.testing.assert_allclose(path.dof(30), np.trace(smoother), rtol=tolerance())
    assert path.dof(0) == 0
    np.testing.assert_allclose(path.dof(10**9), 5, rtol=tolerance())


@pytest.mark.parametrize("loss", [2.0, 0.5, 0.1])
def test_iterations_to_is_the_first_iterate_below(fitted, loss):
    """iterations_to(loss) is the t at which tol=loss would stop."""
    path = fitted[0].path_
    low = path.loss(path.n_iter)
    target = low + loss * (path.loss(0) - low) / 4
    t = path.iterations_to(target)
    assert path.loss(t) < target <= path.loss(t - 1)


def test_iterations_to_a_loss_itself_takes_one_more():
    """Below is meant strictly, as for tol."""
    path = GDLinearRegressor(lr=0.1, tol=0.8, solver="loop").fit(*regression()).path_
    assert path.iterations_to(path.loss(5)) == 6


def test_iterations_to_the_floor_or_below_is_never():
    """None where no iterate gets there, on stable and on diverging rates."""
    X, y = regression()
    path = GDLinearRegressor(tol=1.0).fit(X, y).path_
    assert path.iterations_to(path.loss_floor / 2) is None
    assert path.iterations_to(path.loss(0) * 2) == 0
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=2.2 / largest_curvature(X)).fit(X, y).path_
    assert path.iterations_to(path.loss(path.best_iter) * 0.999) is None
    assert path.iterations_to(path.loss(path.best_iter) * 1.001) <= path.best_iter


def test_a_slow_divergence_is_searched_up_to_its_turn():
    """Where the loss falls for long before it rises, its lowest iterates are found."""
    X, y = regression()
    X = X * [1.0, 1.0, 1.0, 0.1]
    model = GDLinearRegressor(lr=2.0001 / largest_curvature(X), max_iter=2)
    with pytest.warns(match="rise for ever"):
        path = model.fit(X, y).path_
    losses = path.loss(np.arange(10**5))
    turn = int(np.argmin(losses))
    assert 100 < turn < 10**5 - 1
    target = losses[turn] * (1 + 1e-9)
    assert path.iterations_to(target) == np.argmax(losses < target)
    assert path.iterations_to(losses[turn] * (1 - 1e-9)) is None


def test_slow_targets_are_waited_for():
    """A loss that takes a trillion updates is found."""
    X, y = regression()
    path = GDLinearRegressor(lr=1e-12, tol=100.0).fit(X, y).path_
    t = path.iterations_to(path.loss_floor * 1.5)
    assert t > 10**12
    assert path.loss(t) < path.loss_floor * 1.5 <= path.loss(t - t // 1000)


def test_properties_describe_the_problem():
    """Stable limit, floor and condition number are those of the design matrix."""
    X, y = regression()
    Z = np.column_stack([np.ones(len(X)), X])
    path = GDLinearRegressor(lr=0.05, tol=1.0).fit(X, y).path_
    residual = y - Z @ np.linalg.lstsq(Z, y, rcond=None)[0]
    np.testing.assert_allclose(path.max_stable_lr, 2 / largest_curvature(X), rtol=tolerance())
    np.testing.assert_allclose(path.condition_number, np.linalg.cond(Z), rtol=tolerance())
    np.testing.assert_allclose(path.loss_floor, residual @ residual / (2 * len(y)), rtol=1e-12)
    assert (path.lr, path.stop_reason) == (0.05, "tol")


def test_all_zero_features_have_no_curvature():
    """Without any slope nothing moves and every rate is stable."""
    model = GDLinearRegressor(fit_intercept=False).fit(np.zeros((3, 2)), [1.0, 2.0, 3.0])
    assert (model.n_iter_, model.stop_reason_, model.lr_) == (1, "stationary", 1.0)
    assert model.path_.max_stable_lr == np.inf
    assert model.path_.condition_number == 1.0
    assert model.path_.loss(10**9) == pytest.approx(14 / 6)


@pytest.mark.parametrize(
    ("reason", "words", "settings"),
    [
        ("tol", "the loss fell below tol", {"tol": 1.0}),
        ("stationary", "the iterates came to rest", {"max_iter": 10**5}),
        ("max_iter", "max_iter was reached", {"max_iter": 3}),
        ("diverged", "the loss began to rise", {"lr": 10.0}),
    ],
)
def test_repr_is_a_sentence(reason, words, settings):
    """It says why it ended, after how many updates at which rate, and what came of it."""
    X, y = regression(noise=1e-3)  # the least loss is small enough to have an exponent
    model = GDLinearRegressor(**settings)
    if reason in ("tol", "stationary"):
        model.fit(X, y)
    else:
        with pytest.warns(match="descent"):
            model.fit(X, y)
    path = model.path_
    first, last, least = (
        f"{x:.6g}" for x in (path.loss(0), path.loss(path.n_iter), path.loss_floor)
    )
    said = repr(path)
    assert said.startswith(
        f"<DescentPath: {words} after {model.n_iter_:,} update"
        f"{'' if model.n_iter_ == 1 else 's'} at lr={model.lr_:.4g}; "
    )
    assert f"; loss {first} -> {last}, least possible {least}>" in said


def test_histories_are_cached_read_only_and_not_pickled(fitted):
    """The same array each time, guarded, and no part of a pickle, which works as before."""
    model, X, _ = fitted
    small = len(pickle.dumps(model))
    assert model.coef_path_ is model.coef_path_
    with pytest.raises(ValueError, match="read-only"):
        model.loss_history_[0] = 0.0
    assert len(pickle.dumps(model)) == small
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.coef_path_, model.coef_path_)
    assert np.array_equal(again.predict(X), model.predict(X))


def test_a_history_made_in_chunks_is_the_path(monkeypatch):
    """However many iterates are computed at once, each is that of its t."""
    model = GDLinearRegressor(lr=0.1, tol=0.3).fit(*regression())
    expected = model.path_.coef(np.arange(model.n_iter_ + 1))
    monkeypatch.setattr(
        "sklearn_gd._descent.closed_form.BLOCK_NUMBERS", 17
    )  # three iterates of five
    assert model.n_iter_ > 6
    np.testing.assert_allclose(model.coef_path_, expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_an_intercept_it_is_zero_at_every_t(dtype):
    """In the shape of t and the dtype of the coefficients."""
    X, y = regression()
    path = GDLinearRegressor(tol=1e3, fit_intercept=False).fit(X.astype(dtype), y).path_
    intercepts = path.intercept([[0, 1, 2], [3, 4, 10**9]])
    assert intercepts.tolist() == [[0.0] * 3] * 2
    assert intercepts.dtype == path.intercept(3).dtype == path.coef(3).dtype == dtype
    assert path.intercept(3) == 0.0


def test_coefficients_beyond_float32_are_infinite():
    """Where a diverging descent leaves the range of the coefficients' dtype, and without a word."""
    X, y = regression()
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=10 / largest_curvature(X)).fit(X.astype(np.float32), y).path_
    assert np.isfinite(path.coef(30)).all()
    assert np.isinf(path.coef(60)).all()
    assert np.isfinite(path.loss(60))


def test_beyond_the_range_of_floats_only_those_iterates_are_infinite():
    """Iterates asked for together answer as each alone, and where several directions grow beyond
    floats their sum is infinite, never nan."""
    X, y = regression()
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=1000 / largest_curvature(X)).fit(X, y).path_
    for ask in (path.coef, path.gradient):
        near, far = ask([2, 10**6])
        np.testing.assert_allclose(near, ask(2))
        assert np.isfinite(near).all()
        assert np.isinf(far).all()


@pytest.mark.parametrize("name", ["loss_history_", "coef_path_", "intercept_path_"])
def test_a_history_larger_than_the_limit_names_the_method_to_ask(name):
    """AttributeError with the size, so that hasattr and notebook displays go on."""
    X, y = regression()
    model = GDLinearRegressor(lr=1e-12, tol=0.9 * np.mean(y**2) / 2, max_iter=10**13).fit(X, y)
    assert model.n_iter_ > 10**9
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=rf"iterates.*bytes.*path_\.{name.split('_')[0]}\(t\)"):
        getattr(model, name)
    assert "GDLinearRegressor" in model._repr_html_()


def test_the_limit_is_on_bytes(monkeypatch):
    """A history just within the limit is made, one just above is not; each has its own size."""
    X, Y = regression(k=3)
    model = GDLinearRegressor(tol=1.0).fit(X, Y)
    size = 8 * (model.n_iter_ + 1)
    # Coefficients are made together with their intercepts.
    sizes = {"loss_history_": size, "intercept_path_": 3 * size, "coef_path_": 15 * size}
    for name, within in sizes.items():
        monkeypatch.setattr(path_module, "HISTORY_LIMIT_BYTES", within - 1)
        assert not hasattr(model, name)
        monkeypatch.setattr(path_module, "HISTORY_LIMIT_BYTES", within)
        assert len(getattr(model, name)) == model.n_iter_ + 1


def test_a_loop_keeps_as_many_iterates_as_fit_and_the_last(monkeypatch):
    """Losses are all there; parameters in between are refused with what to do."""
    X, y = regression()
    monkeypatch.setattr("sklearn_gd._solvers.loop.RECORD_LIMIT_BYTES", 1000)
    path = GDLinearRegressor(lr=0.01, tol=0.8, solver="loop").fit(X, y).path_
    whole = GDLinearRegressor(lr=0.01, tol=0.8, solver="spectral").fit(X, y).path_
    kept = 1000 // (16 * 5 + 1)
    assert kept < path.n_iter == whole.n_iter
    for t in (*range(kept), path.n_iter):
        assert distance(path.parameters(t), whole.parameters(t)) <= tolerance()
    assert path.loss(kept) == pytest.approx(whole.loss(kept), rel=tolerance())
    with pytest.raises(ValueError, match=f"the first {kept} iterates and of the last one"):
        path.coef(kept)


@pytest.mark.parametrize(
    ("t", "error", "words"),
    [
        (-1, ValueError, "from 0, the start; got -1"),
        ([3, -2], ValueError, "from 0"),
        (1.5, TypeError, "integers; got 1.5"),
        ("3", TypeError, "integers"),
        (None, TypeError, "integers"),
        ([0.0, 1.0], TypeError, "dtype float64"),
        (2**256 + 1, ValueError, r"^t counts updates, up to 2\*\*256 of them; got more\.$"),
    ],
)
def test_t_must_count_updates(t, error, words):
    """Negative or fractional numbers of updates are refused with what was given."""
    path = GDLinearRegressor(tol=1.0).fit(*regression()).path_
    with pytest.raises(error, match=words):
        path.loss(t)


def test_no_updates_and_the_most_there_are():
    """An empty list has no answers; 2**256 updates still have one."""
    path = GDLinearRegressor(tol=1.0).fit(*regression()).path_
    assert path.loss([]).shape == (0,)
    assert path.coef([]).shape == (0, 4)
    assert path.loss(2**256) == pytest.approx(path.loss_floor)


def test_integers_beyond_64_bits_are_numbers_of_updates():
    """10**30 updates, and their parity, are understood."""
    X, y = regression()
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=2.5 / largest_curvature(X)).fit(X, y).path_
    assert path.loss(10**30) == np.inf
    even, odd = path.coef([10**30, 10**30 + 1])
    assert np.all(np.sign(even) == -np.sign(odd))


# A single direction at half of its classical rate.
PATH = DescentPath(
    StoppedDescent(
        ClosedForm(spectrum_by_hand([1.0], [[1.0]]), UpdateRule(0.5)), Stop(5, "max_iter", 5)
    ),
    Layout(False, "1d", np.dtype(np.float64)),
    weight=1.0,
)


@pytest.mark.parametrize(
    ("targets", "coef", "intercept"),
    [("1d", (7, 2), (7,)), ("column", (7, 2), (7, 1)), ("2d", (7, 1, 2), (7, 1))],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts(targets, coef, intercept, dtype):
    """As y was given: flat, one column, or columns; in the dtype of X, in memory of its own."""
    theta = np.arange(21.0).reshape(7, 3, 1)
    layout = Layout(True, targets, dtype)
    found = {name: getattr(layout, name)(theta) for name in ("coef", "intercept", "gradient")}
    assert {name: array.shape for name, array in found.items()} == {
        "coef": coef,
        "intercept": intercept,
        "gradient": (*coef[:-1], 3),
    }
    assert {array.dtype for array in found.values()} == {np.dtype(dtype)}
    assert found["coef"].ravel().tolist() == theta[:, 1:].ravel().tolist()
    assert found["intercept"].ravel().tolist() == theta[:, 0].ravel().tolist()
    assert not any(np.shares_memory(array, theta) for array in found.values())
    without = Layout(False, targets, dtype)
    assert without.intercept(theta).tolist() == [0.0] * 7
    assert without.intercept(theta[0]) == 0.0
    assert without.intercept(theta).dtype == dtype


@pytest.mark.parametrize("loss", [10**400, -(10**400), float("nan"), np.float64("nan")])
def test_a_loss_beyond_floats_is_refused_in_words(loss):
    """Neither is a number that a loss can be compared with."""
    words = r"^loss must be a number within the range of floats; got another\.$"
    with pytest.raises(ValueError, match=words):
        PATH.iterations_to(loss)


def test_numbers_of_updates_of_any_integer_kind():
    """Signed or not, of any width, and Python's own; objects that are none are refused."""
    given = PATH
    for kind in (np.int8, np.uint8, np.int64, np.uint64, object):
        assert given.loss(np.array([0, 3], dtype=kind)).tolist() == given.loss([0, 3]).tolist()
    for t, words in ((-1, "-1"), (np.array([-1]), r"array\(\[-1\]\)")):
        with pytest.raises(
            ValueError, match=rf"^t counts updates from 0, the start; got {words}\.$"
        ):
            given.loss(t)
    with pytest.raises(ValueError, match=r"^t counts updates, up to 2\*\*256 of them; got more\.$"):
        given.loss(2**256 + 1)
    with pytest.raises(TypeError, match="and must be integers; got"):
        given.loss(np.array([0, 1.5], dtype=object))


def test_histories_cannot_be_written_to():
    """They are kept, and shared by all who ask."""
    model = GDLinearRegressor(tol=1.0).fit(*regression())
    for name in ("loss_history_", "coef_path_", "intercept_path_"):
        history = getattr(model, name)
        assert history.flags.writeable is False
        assert getattr(model, name) is history
