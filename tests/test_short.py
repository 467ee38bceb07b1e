"""Few updates at a given rate: the plain loop as an engine, and where it leaves the descent."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from helpers import (
    assert_same,
    distance,
    from_singular_values,
    largest_curvature,
    literal_loop,
    regression,
    tolerance,
)
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd._descent import choice, prices, short
from sklearn_gd._descent.choice import Shape
from sklearn_gd._descent.prices import LOOP
from sklearn_gd._descent.problem import RowsInMemory, zeros
from sklearn_gd._descent.short import ShortDescent, short_descent
from sklearn_gd._descent.solve import Terms, solve
from sklearn_gd.display import LossCurveDisplay, LossSurfaceDisplay

N, D = 300, 900


def wide(k=None, seed=0):
    return regression(n=N, d=D, k=k, seed=seed)


def safe_rate(X, **more):
    return 1.0 / largest_curvature(X, **more)


@pytest.fixture
def visits(monkeypatch):
    """What the plain loop came back with, each time it was tried."""
    seen = []

    def noted(*asked):
        seen.append(short_descent(*asked))
        return seen[-1]

    monkeypatch.setattr("sklearn_gd._descent.solve.short_descent", noted)
    return seen


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [None, 3])
def test_iterates_are_those_of_the_loop_written_by_hand(kind, weighted, k, visits):
    """Coefficients, losses and gradients up to the stop and one beyond, from a given start."""
    X, y = wide(k)
    rng = np.random.default_rng(1)
    w = rng.uniform(0.5, 2.0, N) if weighted else None
    start = rng.standard_normal((D + 1, k or 1))
    lr = safe_rate(X, sample_weight=w)
    model = GDLinearRegressor(lr=lr, max_iter=12)
    coef = start[1:].T if k else start[1:, 0]
    intercept = start[0] if k else start[0, 0]
    with pytest.warns(ConvergenceWarning, match="still falling"):
        model.fit(kind(X), y, w, coef_init=coef, intercept_init=intercept)
    assert isinstance(model.path_._descent, ShortDescent)
    assert len(visits) == 1
    thetas, losses = literal_loop(X, y, lr, 13, sample_weight=w, start=start)
    path, steps = model.path_, np.arange(14)
    expected = np.swapaxes(thetas[:, 1:], -1, -2) if k else thetas[:, 1:, 0]
    assert distance(path.coef(steps), expected) <= tolerance()
    assert distance(path.intercept(steps), thetas[:, 0] if k else thetas[:, 0, 0]) <= tolerance()
    assert distance(path.loss(steps), losses) <= tolerance()
    update = np.swapaxes(thetas[:-1] - thetas[1:], -1, -2) / lr
    assert distance(path.gradient(steps[:-1]), update if k else update[:, 0]) <= tolerance() / lr
    assert model.coef_path_.shape == (13, *model.coef_.shape)
    assert distance(path._descent.fall(steps[:-1]), losses[:-1] - losses[1:]) <= 1e-10


def test_it_stops_at_the_threshold_to_the_bit():
    """At the first loss below `tol`, which may be a loss of its own history; single precision too.

    The start itself may be below it.
    """
    X, y = wide()
    model = GDLinearRegressor(lr=safe_rate(X), max_iter=30)
    with pytest.warns(ConvergenceWarning):
        history = model.fit(X, y).loss_history_
    for data in (X, X.astype(np.float32)):
        stopped = GDLinearRegressor(lr=safe_rate(X), tol=history[7], max_iter=30).fit(data, y)
        assert stopped.coef_.dtype == data.dtype
        assert stopped.stop_reason_ == "tol"
        assert stopped.n_iter_ in ((8,) if data is X else (7, 8))
    at_once = GDLinearRegressor(lr=safe_rate(X), tol=2 * history[0], max_iter=30).fit(X, y)
    assert (at_once.n_iter_, at_once.stop_reason_) == (0, "tol")
    assert not at_once.coef_.any()


def test_the_result_is_that_of_the_other_engines():
    """The same stop, coefficients and losses as by decomposition."""
    X, y = wide(k=2)
    lr = safe_rate(X)
    for tol in (None, 0.5):
        models = [
            GDLinearRegressor(lr=lr, tol=tol, max_iter=20, solver=s) for s in ("auto", "spectral")
        ]
        for model in models:
            with pytest.warns(ConvergenceWarning):
                model.fit(X, y)
        assert_same(*models)


def test_a_rate_that_is_too_large_is_left_to_an_engine_that_knows_the_largest(visits):
    """The warning has the largest stable rate, and the stop is the iterate of least loss."""
    X, y = wide()
    lr = 2.5 * safe_rate(X)
    with pytest.warns(ConvergenceWarning, match=r"1\.25 times the largest stable rate"):
        model = GDLinearRegressor(lr=lr, max_iter=20).fit(X, y)
    assert visits == [None]
    assert model.stop_reason_ == "diverged"
    _, losses = literal_loop(X, y, lr, 20)
    assert model.n_iter_ == losses.argmin()
    far = GDLinearRegressor(lr=1e300, max_iter=20)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        far.fit(X, y)
    assert (far.n_iter_, visits) == (0, [None, None])


@pytest.mark.parametrize("hidden", [1.0, 1e-9])
def test_a_descent_that_rests_is_left_to_an_engine_that_sees_it(hidden, visits):
    """Curvatures all alike are at rest at once, however little of y the columns explain; what the
    loop measures from then on is the rounding of its gradient."""
    X = from_singular_values(800, 200, np.ones(200))
    rng = np.random.default_rng(0)
    outside = rng.standard_normal(800)
    outside -= X @ (X.T @ outside)
    y = hidden * X @ rng.standard_normal(200) + outside
    model = GDLinearRegressor(lr=800.0, max_iter=5, fit_intercept=False).fit(X, y)
    assert visits == [None]
    assert model.stop_reason_ == "stationary"
    assert model.n_iter_ <= 2


def test_a_loss_near_its_rounding_is_left_to_an_engine_whose_losses_do_not_wobble(visits):
    """Beside the least-squares solution histories fall, and thresholds are found in them."""
    X, y = regression(n=500, d=300)
    limit, *_ = np.linalg.lstsq(np.column_stack([np.ones(500), X]), y, rcond=None)
    away = 3e-9 * np.random.default_rng(0).standard_normal(301)
    model = GDLinearRegressor(lr=safe_rate(X), max_iter=9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, coef_init=(limit + away)[1:], intercept_init=limit[0])
    assert visits == [None]
    losses = model.loss_history_
    assert (np.diff(losses) <= 0).all()
    for t in range(1, model.n_iter_ + 1):
        found = model.path_.iterations_to(np.nextafter(losses[t], np.inf))
        assert found == np.flatnonzero(losses <= losses[t])[0]


@pytest.mark.parametrize(
    ("n", "share", "max_iter", "looped"),
    [(1500, 0.01, 20, False), (1500, 0.01, 10, True), (1500, 1.0, 20, True), (300, 0.01, 20, True)],
)
def test_a_small_rate_is_left_to_a_space_of_fewer_vectors(n, share, max_iter, looped, visits):
    """Which holds twenty tiny updates in eight or so, but ten in hardly fewer; of small rows twenty
    updates take no longer than a look at a space."""
    X, y = regression(n=n, d=D)
    with pytest.warns(ConvergenceWarning, match="still falling"):
        GDLinearRegressor(lr=share * safe_rate(X), max_iter=max_iter).fit(X, y)
    assert [visit is not None for visit in visits] == [looped]


def test_large_losses_of_small_numbers_are_spoken_of():
    """A loss beyond the range of single precision is no error where X is in it."""
    X, y = wide()
    with pytest.warns(ConvergenceWarning, match="still falling"):
        GDLinearRegressor(lr=safe_rate(X), max_iter=5).fit(X.astype(np.float32), 1e20 * y)


def test_descents_of_different_lengths_are_compared():
    """Each loss curve ends where it is known to."""
    pytest.importorskip("matplotlib").use("Agg")
    X, y = wide()
    models = [GDLinearRegressor(lr=safe_rate(X), max_iter=t) for t in (6, 40)]
    for model in models:
        with pytest.warns(ConvergenceWarning):
            model.fit(X, y)
    lines = LossCurveDisplay.from_estimator(models).lines_
    assert [line.get_xdata()[-1] for line in lines] == [6, 40]
    with pytest.raises(ValueError, match="t = 20 is beyond"):
        LossCurveDisplay.from_estimator(models, t_max=20)


def test_targets_of_zero_are_at_rest(visits):
    """From the start on."""
    X, y = wide()
    model = GDLinearRegressor(lr=0.001, max_iter=5).fit(X, 0 * y)
    assert (model.stop_reason_, model.n_iter_, visits) == ("stationary", 0, [None])


def test_one_target_at_rest_does_not_stop_the_other(visits):
    """As long as any moves, the descent does."""
    X, Y = wide(k=2)
    Y[:, 1] = 0.0
    with pytest.warns(ConvergenceWarning):
        model = GDLinearRegressor(lr=safe_rate(X), max_iter=6).fit(X, Y)
    assert visits[0] is not None
    assert (model.n_iter_, model.stop_reason_) == (6, "max_iter")
    assert not model.coef_[1].any()


def test_what_the_loop_does_not_know_is_said():
    """No number is made up: of later iterates, curvatures, the least loss, or a surface."""
    X, y = wide()
    with pytest.warns(ConvergenceWarning, match="falling: .*; raise max_iter, if lr=.* is stable"):
        model = GDLinearRegressor(lr=safe_rate(X), max_iter=9).fit(X, y)
    path = model.path_
    with pytest.raises(ValueError, match=r"resolved up to t = 10; t = 11 is beyond"):
        path.loss([0, 11])
    with pytest.raises(ValueError, match="larger max_iter"):
        path.iterations_to(0.9 * path.loss(10))
    assert path.iterations_to(1.0001 * path.loss(4)) == 4
    for name, words in (
        ("max_stable_lr", "lr='auto'"),
        ("loss_floor", "spectral"),
        ("condition_number", "spectral"),
    ):
        with pytest.raises(AttributeError, match=words):
            getattr(path, name)
    with pytest.raises(AttributeError, match="degrees of freedom"):
        path.dof(3)
    with pytest.raises(ValueError, match="needs all directions"):
        LossSurfaceDisplay.from_estimator(model)
    assert "least possible unknown" in repr(path)


def test_what_it_knows_is_shown_and_kept():
    """The next update in words, the loss curve, and a pickle with the same iterates."""
    pytest.importorskip("matplotlib").use("Agg")
    X, y = wide()
    with pytest.warns(ConvergenceWarning):
        model = GDLinearRegressor(lr=safe_rate(X), max_iter=9).fit(X, y)
    said = model.path_.explain(9)
    assert said.new_loss < said.loss == model.loss_history_[-1]
    np.testing.assert_allclose(
        said.new_parameters, said.parameters - model.lr * said.gradient, rtol=1e-15
    )
    display = LossCurveDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), model.loss_history_)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.path_.coef([3, 10]), model.path_.coef([3, 10]))


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "NaN"), (np.inf, "infinity"), (1e200, "rescale the columns")]
)
def test_numbers_that_cannot_be_squared_are_refused(value, words):
    """Before anything is made of them."""
    X, y = wide()
    X[3, 5] = value
    with pytest.raises(ValueError, match=words):
        GDLinearRegressor(lr=0.001, max_iter=5).fit(X, y)


def test_a_threshold_below_rounding_is_not_used():
    """And the warning says so."""
    X, y = wide()
    with pytest.warns(ConvergenceWarning, match="tol=1e-40 was not used"):
        model = GDLinearRegressor(lr=safe_rate(X), tol=1e-40, max_iter=5).fit(X, y)
    assert isinstance(model.path_._descent, ShortDescent)


def shape(n, p, max_iter, **more):
    given = {"rate_given": True, "loops": True} | more
    return Shape(n, p, 1, n * p, False, max_iter, few=n <= p, **given)


@pytest.mark.parametrize(
    ("n", "p", "max_iter", "looped"),
    [
        (100, 1501, 5, True),  # a third of the next best engine's time
        (400, 1001, 30, True),
        (2000, 201, 10, True),
        (80, 901, 10, False),  # it would save a millisecond or two of a decomposition
        (600, 45, 5, False),
        (2000, 201, 30, False),  # and here take longer
        (30_000, 301, 30, False),
        (400, 1001, 31, False),
    ],
)
def test_where_it_is_taken(n, p, max_iter, looped):
    """In the place of a space where it is faster, never in that of a decomposition."""
    assert (shape(n, p, max_iter).best_engine() == LOOP) is looped
    assert shape(n, p, max_iter).without_loop().best_engine() != LOOP


def test_where_it_is_never_taken():
    """Without a rate, on rows elsewhere, or where another engine is asked for."""
    assert shape(400, 1001, 10).best_engine() == LOOP
    assert shape(400, 1001, 10, rate_given=False).best_engine() != LOOP
    assert shape(400, 1001, 10, loops=False).best_engine() != LOOP
    assert shape(400, 1001, 10).with_rows("krylov") != LOOP
    many = choice.MOST_COLUMNS_OF_MOMENTS + 1
    assert shape(20_000, many, 5).best_engine() == LOOP


@pytest.mark.parametrize(("p", "targets", "looped"), [(262_144, 1, True), (131_073, 2, False)])
def test_what_is_kept_is_bounded(p, targets, looped):
    """By two numbers for each parameter and iterate, 128 MiB in all."""
    sizes = Shape(2000, p, targets, 10_000, True, 30, rate_given=True, loops=True)
    assert 2 * 32 * p * targets == pytest.approx(choice.MOST_RECORDED, rel=1e-5)
    assert sizes._may_loop is looped


def test_targets_make_it_dearer():
    """Each after the first by a share of what is read."""
    one, nine = (Shape(500, 1000, k, 500_000, False, 8, loops=True) for k in (1, 9))
    more = prices.LOOP_TARGET * 8 * 500_000 * prices.LOOP_NEAR_READ + 8 * prices.ROW * 500
    assert nine.cost(LOOP) - one.cost(LOOP) == pytest.approx(10 * more)
    one, nine = (Shape(500, 1000, k, 5_000, True, 8, loops=True) for k in (1, 9))
    more = prices.LOOP_SPARSE_TARGET * 8 * 5_000 * prices.LOOP_SPARSE_READ + 8 * prices.ROW * 500
    assert nine.cost(LOOP) - one.cost(LOOP) == pytest.approx(10 * more)


def test_sums_that_are_there_are_decomposed(visits):
    """They cost nothing then, and tell more."""
    X, y = wide()
    rows = RowsInMemory(X, y[:, np.newaxis], None, True)
    terms = Terms(safe_rate(X), None, 9)
    solve(rows, zeros(rows), terms, "auto", rows.moments())
    assert not visits
    solve(rows, zeros(rows), terms, "auto")
    assert len(visits) == 1


def test_a_tuned_descent_may_be_a_short_one():
    """The refit of a search that ends early, the start itself among its candidates."""
    X, y = wide()
    search = GDLinearRegressorCV(lrs=[safe_rate(X)], iters=[0, 5, 9]).fit(X, y)
    by_hand = literal_loop(X, y, search.lr_, search.n_iter_)[0]
    assert distance(search.coef_, by_hand[-1, 1:, 0]) <= tolerance()
    search = GDLinearRegressorCV(lrs=[safe_rate(X)], iters=[0]).fit(X, y)
    assert search.n_iter_ == 0


def test_a_rate_so_small_that_nothing_moves(visits):
    """Updates below the rounding of the coefficients: at rest, as the other engines say."""
    X, y = wide()
    start = np.ones(D)
    model = GDLinearRegressor(lr=1e-30, max_iter=5)
    model.fit(X, y, coef_init=start)
    assert visits == [None]
    assert (model.stop_reason_, model.n_iter_) == ("stationary", 0)
    assert short.NEAR_REST > 1
