"""The Krylov solver against the textbook loop and the eigenbasis, on every kind of data."""

from __future__ import annotations

import pickle
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from helpers import regression
from sklearn_gd import GDLinearRegressor
from sklearn_gd._descent import choice, compress, krylov, prices, rows, scaled, solve

# Distance to the other engines, relative: what DESIGN promises of each to exact arithmetic.
CLOSE = 1e-12


def descend(solver, X, y, *, fit=None, **params):
    """A fit whose ConvergenceWarnings are not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GDLinearRegressor(solver=solver, **params).fit(X, y, **(fit or {}))


def assert_same(model, other, tolerance=CLOSE):
    """Same stop, coefficients and losses, at the stop and on the way there."""
    assert (model.n_iter_, model.stop_reason_) == (other.n_iter_, other.stop_reason_)
    for t in {0, 1, model.n_iter_ // 7, model.n_iter_ // 2, model.n_iter_}:
        for name in ("coef", "intercept"):
            ours, theirs = getattr(model.path_, name)(t), getattr(other.path_, name)(t)
            scale = np.linalg.norm(other.path_.coef(t)) + np.linalg.norm(other.path_.intercept(t))
            assert np.linalg.norm(ours - theirs) <= tolerance * scale
        assert model.path_.loss(t) == pytest.approx(other.path_.loss(t), rel=min(tolerance, 1e-9))


def vectors(model):
    """How many vectors each piece of the descent took."""
    return [piece.spectrum.curvature.size for piece in model.path_._descent.pieces]


def make(n, p, rank=None, seed=0, noise=0.1):
    """Gaussian rows of falling column scales, or of a given rank, and a noisy linear target."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.arange(1, p + 1) ** -0.5 + 0.3
    if rank is not None:
        X = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, p))
    return X, X @ rng.standard_normal(p) + noise * rng.standard_normal(n)


def make_sparse(n, p, kind="csr", seed=0):
    rng = np.random.default_rng(seed)
    X = sparse.random(n, p, 0.05, format=kind, random_state=seed)
    return X, X @ rng.standard_normal(p) + 0.1 * rng.standard_normal(n)


PROBLEMS = {
    "tall": lambda: make(120, 40),
    "wide": lambda: make(40, 120),
    "rank-deficient": lambda: make(80, 50, rank=12),
    "csr": lambda: make_sparse(300, 60),
    "csc": lambda: make_sparse(300, 60, "csc"),
    "wide csr": lambda: make_sparse(60, 300),
    "wide csc": lambda: make_sparse(60, 300, "csc"),
    "targets": lambda: (make(90, 30)[0], np.column_stack([make(90, 30)[1], np.arange(90.0) % 7])),
    "sparse targets": lambda: (
        make_sparse(60, 200)[0],
        np.column_stack([make_sparse(60, 200)[1], np.arange(60.0) % 7, np.zeros(60)]),
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("share", [0.3, 1.0, 1.9])
def test_iterates_are_those_of_the_loop(problem, fit_intercept, share):
    """On any data and at any stable rate the iterates are the textbook loop's."""
    X, y = PROBLEMS[problem]()
    safe = descend("loop", X, y, max_iter=1, fit_intercept=fit_intercept).lr_
    params = {"lr": share * safe, "max_iter": 400, "fit_intercept": fit_intercept}
    assert_same(descend("krylov", X, y, **params), descend("loop", X, y, **params))


@pytest.mark.parametrize("engine", [prices.KRYLOV_ON_MOMENTS, prices.KRYLOV_ON_ROWS])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_both_krylov_engines_are_the_spectral_one(engine, problem, monkeypatch):
    """On moments and on rows the answers are the eigenbasis's, the automatic rate included."""
    monkeypatch.setattr(choice.Shape, "best_krylov", lambda shape: engine)
    X, y = PROBLEMS[problem]()
    model, other = descend("krylov", X, y, max_iter=300), descend("spectral", X, y, max_iter=300)
    assert model.lr_ == pytest.approx(other.lr_, rel=1e-14)
    assert_same(model, other)


@pytest.mark.parametrize("max_iter", [1, 2, 7, 30, 1000, 10**5, 10**7])
def test_any_number_of_updates(max_iter):
    """From one update to millions the stop and its iterate are the spectral ones."""
    X, y = make(150, 60)
    assert_same(
        descend("krylov", X, y, max_iter=max_iter), descend("spectral", X, y, max_iter=max_iter)
    )


def test_weights_and_start():
    """Weights, zero ones too, and a start of one's own enter as in the loop."""
    X, y = make_sparse(200, 50)
    weight = np.random.default_rng(1).integers(0, 3, 200).astype(float)
    fit = {"sample_weight": weight, "coef_init": np.linspace(-1, 1, 50), "intercept_init": 2.0}
    for data in (X, X.toarray()):
        model = descend("krylov", data, y, fit=fit, max_iter=500)
        assert_same(model, descend("loop", data, y, fit=fit, max_iter=500))


def test_float32_rows():
    """float32 rows are descended in float64 and answered in float32, to a rounding (1e-7)."""
    X, y = make(200, 50)
    X = X.astype(np.float32)
    for data in (X, sparse.csr_matrix(X)):
        model = descend("krylov", data, y, max_iter=300)
        assert model.coef_.dtype == np.float32
        assert_same(model, descend("loop", data, y, max_iter=300, lr=model.lr_), 1e-7)


@pytest.mark.parametrize("share", [2.02, 2.5, 10.0])
def test_diverging_rates(share):
    """Above the stable limit the descent stops at the loop's iterate of least loss, and says so."""
    X, y = make(120, 40)
    safe = descend("loop", X, y, max_iter=1, fit_intercept=False).lr_
    # A start without the top direction, so that the loss falls before it rises.
    top = np.linalg.svd(X, full_matrices=False)[2][0]
    limit = np.linalg.lstsq(X, y, rcond=None)[0]
    fit = {"coef_init": (limit @ top) * top * (1 + 1e-6)}
    params = {"lr": share * safe, "max_iter": 1000, "fit_intercept": False, "fit": fit}
    model, loop = descend("krylov", X, y, **params), descend("loop", X, y, **params)
    assert model.stop_reason_ == "diverged"
    assert model.path_.max_stable_lr == pytest.approx(2 * safe, rel=1e-13)
    # What grows began as a millionth of the start, known to that many digits fewer.
    assert_same(model, loop, 1e-9)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        GDLinearRegressor(lr=share * safe, solver="krylov").fit(X, y)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_tol_stops_where_the_loop_stops(share):
    """The first loss below tol is the loop's first, without the updates after it."""
    X, y = make_sparse(400, 80)
    path = descend("spectral", X, y, max_iter=500).path_
    tol = float(path.loss(int(500 * share)) + path.loss(int(500 * share) + 1)) / 2
    model = descend("krylov", X, y, tol=tol, max_iter=10**9)
    assert_same(model, descend("loop", X, y, tol=tol, max_iter=10**4))
    assert model.stop_reason_ == "tol"


def test_stationary_stop():
    """Where updates fall below rounding the descent rests, at the spectral solver's t or so."""
    X, y = make(150, 30)
    model = descend("krylov", X, y, max_iter=10**12)
    other = descend("spectral", X, y, max_iter=10**12)
    assert model.stop_reason_ == other.stop_reason_ == "stationary"
    assert model.n_iter_ == pytest.approx(other.n_iter_, rel=1e-3)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-11)


def test_bound_stops_growth_early():
    """Some tens of vectors carry thousands of updates: growth ends by the bound, not the rank."""
    X, y = make(600, 400)
    model = descend("krylov", X, y, max_iter=5000)
    assert sum(vectors(model)) < 150
    assert_same(model, descend("loop", X, y, max_iter=5000))


@pytest.mark.parametrize("problem", ["tall", "csr", "wide csr", "targets"])
def test_restart_keeps_every_iterate(problem, monkeypatch):
    """With little room the space starts again, and the path answers for every t as before."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    X, y = PROBLEMS[problem]()
    model = descend("krylov", X, y, max_iter=3000)
    assert len(vectors(model)) > 1
    assert max(vectors(model)) <= krylov.LEAST_VECTORS * (2 if problem == "targets" else 1)
    loop = descend("loop", X, y, max_iter=3000)
    assert model.lr_ == pytest.approx(loop.lr_, rel=1e-13)
    assert_same(model, loop)
    losses = loop.loss_history_
    noise = 8 * np.finfo(float).eps * np.sqrt(losses[0] * losses)
    assert (abs(model.loss_history_ - losses) <= CLOSE * losses + noise).all()
    errors = np.linalg.norm(model.coef_path_ - loop.coef_path_, axis=-1)
    assert (errors <= CLOSE * np.linalg.norm(loop.coef_path_, axis=-1)).all()
    gradient = model.path_.gradient(np.array([0, 17, model.n_iter_]))
    np.testing.assert_allclose(gradient[1], loop.path_.gradient(17), atol=1e-11)


def test_growth_that_the_first_piece_does_not_see(monkeypatch):
    """A steep direction that comes late is seen where it grows: the stop is the loop's."""
    monkeypatch.setattr(choice.Shape, "best_krylov", lambda shape: prices.KRYLOV_ON_ROWS)
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 200))
    y = X @ rng.standard_normal(200) + rng.standard_normal(400)
    size, turn = np.linalg.svd(X, full_matrices=False)[1:]
    limit = np.linalg.lstsq(X, y, rcond=None)[0]
    fit = {"coef_init": (limit @ turn[0]) * turn[0] * (1 + 1e-3)}
    params = {"lr": 2.002 * 400 / size[0] ** 2, "max_iter": 20_000, "fit_intercept": False}
    model, loop = (descend(solver, X, y, fit=fit, **params) for solver in ("krylov", "loop"))
    assert not model.path_._descent.pieces[0].diverging
    assert model.stop_reason_ == "diverged"
    assert_same(model, loop, 1e-10)


def test_a_target_without_a_way_to_go_starts_again_too(monkeypatch):
    """A target of zeros stays where it is, whatever the others need."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    X, y = make(120, 60)
    model = descend("krylov", X, np.column_stack([y, 0 * y]), max_iter=2000)
    assert len(vectors(model)) > 1
    assert not model.coef_[1].any()
    assert_same(model, descend("loop", X, np.column_stack([y, 0 * y]), max_iter=2000))


def test_no_t_at_all_is_answered_by_none(monkeypatch):
    """A path of many pieces has an empty answer to an empty question, as one piece has."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    X, y = PROBLEMS["csr"]()
    model = descend("krylov", X, y, max_iter=300)
    assert len(vectors(model)) > 1
    assert model.path_.loss([]).shape == (0,)
    assert model.path_.coef([]).shape == (0, 60)


@pytest.mark.parametrize("problem", ["csr", "targets"])
def test_memory_of_finished_pieces_is_bounded(problem, monkeypatch):
    """Beyond the limit the earliest iterates keep their losses and say what they lost."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    X, y = PROBLEMS[problem]()
    model = descend("krylov", X, y, max_iter=3000)
    pieces = model.path_._descent.pieces
    assert len(pieces) > 2
    limit = sum(piece.stored_bytes for piece in pieces[1:-1])
    monkeypatch.setattr(compress, "KEPT_LIMIT_BYTES", limit)
    bounded = descend("krylov", X, y, max_iter=3000)
    assert np.array_equal(bounded.coef_, model.coef_)
    assert np.array_equal(bounded.loss_history_, model.loss_history_)
    begin = model.path_._descent.firsts[1]
    t = np.array([begin, model.n_iter_])
    assert np.array_equal(bounded.path_.coef(t), model.path_.coef(t))
    with pytest.raises(ValueError, match="were let go"):
        bounded.path_.coef(begin - 1)
    earlier = descend("krylov", X, y, max_iter=begin - 1, lr=model.lr_)
    errors = np.linalg.norm(earlier.coef_ - model.path_.coef(begin - 1))
    assert errors <= CLOSE * np.linalg.norm(earlier.coef_)


@pytest.mark.parametrize("problem", ["tall", "csr", "wide csr", "targets"])
def test_finished_pieces_keep_few_vectors(problem, monkeypatch):
    """What a finished piece throws away changes no iterate and no gradient beyond rounding."""
    monkeypatch.setattr(krylov, "BASIS_LIMIT_BYTES", 1)
    X, y = PROBLEMS[problem]()
    model = descend("krylov", X, y, max_iter=3000)
    monkeypatch.setattr(krylov, "compressed", lambda piece, last: piece)
    full = descend("krylov", X, y, max_iter=3000)
    pieces = model.path_._descent.pieces
    kept = [sum(basis.size for basis in piece.spectrum.bases) for piece in pieces[:-1]]
    assert sum(kept) < 0.9 * sum(vectors(model)[:-1])
    t = np.arange(model.n_iter_ + 1)
    for ours, theirs in (
        (model.coef_path_, full.coef_path_),
        (model.path_.gradient(t), full.path_.gradient(t)),
    ):
        axes = tuple(range(1, ours.ndim))
        errors = np.sqrt(np.sum((ours - theirs) ** 2, axis=axes))
        sizes = np.sqrt(np.sum(theirs**2, axis=axes))
        assert (errors <= 1e-13 * sizes.max()).all()


def test_complete_space_knows_everything():
    """A space that ends by itself, at the rank of n < p rows, answers for every t."""
    X, y = make(12, 50)
    model = descend("krylov", X, y, max_iter=10**5, fit_intercept=False)
    other = descend("spectral", X, y, max_iter=10**5, fit_intercept=False)
    assert vectors(model) == [12]
    for t in (10**6, 10**15, 10**30):
        np.testing.assert_allclose(model.path_.coef(t), other.path_.coef(t), rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(model.path_.dof(t), other.path_.dof(t), rtol=1e-9)
    assert model.path_.loss_floor < 1e-25
    assert model.path_.condition_number == pytest.approx(other.path_.condition_number, rel=1e-11)


def test_breakdown_at_the_rank():
    """A target in few singular directions takes about as many vectors, however many updates."""
    X, y = make(80, 50, rank=12, noise=0.0)
    model = descend("krylov", X, y, max_iter=2000, fit_intercept=False)
    assert sum(vectors(model)) <= 14


def test_start_at_the_optimum_and_nothing_to_learn():
    """Where no step is to be made none is, and nothing breaks on targets or rows of zeros."""
    X, y = make(60, 10, noise=0.0)
    assert descend("krylov", X, 0 * y).n_iter_ == 0
    model = descend("krylov", 0 * X, y, fit_intercept=False)
    assert not model.coef_.any()
    two = descend("krylov", X, np.column_stack([y, 0 * y]))
    assert not two.coef_[1].any()


def test_past_the_stop_is_refused():
    """Beyond what is resolved no number is made up: the errors say what is known and what to do."""
    X, y = make_sparse(400, 300)
    path = descend("krylov", X, y, max_iter=200).path_
    for ask in (path.coef, path.intercept, path.loss, path.gradient):
        with pytest.raises(ValueError, match=r"descent was resolved up to t = .*max_iter"):
            ask([3, 10**9])
    with pytest.raises(ValueError, match="larger max_iter"):
        path.iterations_to(path.loss(200) * 0.9)
    assert path.iterations_to(path.loss(150) * (1 + 1e-9)) == 150


def test_what_a_krylov_path_does_not_know():
    """Least loss, condition and degrees of freedom raise where Ritz values would only guess."""
    X, y = make_sparse(400, 300)
    path = descend("krylov", X, y, max_iter=200).path_
    for name in ("loss_floor", "condition_number"):
        assert not hasattr(path, name)
    with pytest.raises(AttributeError, match="degrees of freedom"):
        path.dof(3)
    assert ", least possible unknown>" in repr(path)
    lr = path.lr / 10
    assert not hasattr(descend("krylov", X, y, max_iter=3, lr=lr).path_, "max_stable_lr")


def test_pickle_holds_the_path_and_not_the_rows():
    """A pickled model answers as before and does not carry X."""
    X, y = make(5000, 60)
    model = descend("krylov", X, y, max_iter=100)
    data = pickle.dumps(model)
    assert len(data) < X.nbytes / 10
    np.testing.assert_array_equal(pickle.loads(data).path_.coef(57), model.path_.coef(57))


def test_sparse_rows_are_not_densified():
    """2000 x 50,000 sparse rows, 800 MB as an array, are fitted in a small multiple of a basis."""
    X = sparse.random(2000, 50_000, 1e-3, format="csr", random_state=0)
    y = X @ np.ones(50_000)
    for solver in ("krylov", "auto"):
        tracemalloc.start()
        model = descend(solver, X, y, max_iter=100)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 50_000 * (3 * sum(vectors(model)) + 20)


def test_dense_rows_are_not_copied():
    """A tall dense fit takes blocks and a basis, not another X."""
    X, y = make(20_000, 100)
    tracemalloc.start()
    descend("krylov", X, y, max_iter=2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 2


def test_ill_conditioned_losses_are_measured():
    """Left vectors lose orthogonality at condition 1e7; the losses are right all the same."""
    rng = np.random.default_rng(1)
    U = np.linalg.qr(rng.standard_normal((400, 300)))[0]
    V = np.linalg.qr(rng.standard_normal((300, 300)))[0]
    X = (U * np.r_[1 + rng.random(150), np.full(150, 1e-7)]) @ V.T * 20
    y = X @ rng.standard_normal(300) + 0.1 * rng.standard_normal(400)
    model = descend("krylov", X, y, max_iter=10**4, fit_intercept=False)
    for t in (5, 20, 100, 10**4):
        residual = y - X @ model.path_.coef(t)
        assert model.path_.loss(t) == pytest.approx(residual @ residual / 800, rel=1e-12)


def test_choice_never_forms_huge_moments():
    """Whatever the numbers, p x p sums beyond the limit are left alone."""
    for n in (10, 10**4, 10**8):
        for max_iter in (1, 10**3, 10**12, 10**400):
            shape = choice.Shape(n, 100_000, 1, 10 * n, True, max_iter)
            assert shape.best_engine() == shape.best_krylov() == prices.KRYLOV_ON_ROWS


@pytest.mark.parametrize(
    ("n", "p", "max_iter", "engine"),
    [
        (100, 3, 1000, prices.SPECTRAL),
        (100_000, 50, 10**9, prices.SPECTRAL),
        (10_000, 4_000, 1_000, prices.KRYLOV_ON_ROWS),
        (100_000, 1_000, 400, prices.KRYLOV_ON_MOMENTS),
        (20_000, 1_500, 1_000, prices.KRYLOV_ON_ROWS),
        (50, 5_000, 1_000, prices.KRYLOV_ON_ROWS),
    ],
)
def test_choice_on_clear_cases(n, p, max_iter, engine):
    """Few columns: spectral. Many: a Krylov space, on moments where rows and updates allow."""
    assert choice.Shape(n, p, 1, n * p, False, max_iter).best_engine() == engine


def test_moments_engine_hands_over_where_digits_run_out(monkeypatch):
    """Moments that do not hold a small loss are left for the rows."""
    monkeypatch.setattr(choice.Shape, "best_krylov", lambda shape: prices.KRYLOV_ON_MOMENTS)
    X, y = make(120, 5, noise=0.0)
    asked, real = [], krylov.on_rows
    monkeypatch.setattr(solve.krylov, "on_rows", lambda *args: asked.append(1) or real(*args))
    model = descend("krylov", X, y, max_iter=1000, fit_intercept=False)
    residual = y - X @ model.coef_
    assert asked
    # The moments' own rounding is 1e-15 of y'y; rounding of the coefficients is 1e-30 of it.
    assert model.path_.loss(1000) == pytest.approx(residual @ residual / 240, abs=1e-28 * (y @ y))


def test_products_are_those_of_the_matrix():
    """A and A' are applied with ones column, weights and scale, block by block as in one piece."""
    rng = np.random.default_rng(0)
    X, weight = rng.standard_normal((700, 30)), rng.random(700)
    A = np.sqrt(weight / weight.sum())[:, None] * np.column_stack([np.ones(700), X])
    for data in (X, np.asfortranarray(X), sparse.csc_matrix(X), sparse.csr_matrix(X)):
        side = scaled.ScaledRows(rows.Rows(data, np.ones((700, 2)), weight, True))
        v, u = rng.standard_normal((31, 2)), rng.standard_normal((700, 2))
        np.testing.assert_allclose(side.image(v).sizes(), np.linalg.norm(A @ v, axis=0), atol=1e-14)
        left = scaled.Left(side, u.copy())
        np.testing.assert_allclose(left.back(), A.T @ u, atol=1e-14)
        across, moved = left.advance(v, np.array([0.5, 2.0])), A @ v - u * [0.5, 2.0]
        np.testing.assert_allclose(left.sizes(), np.linalg.norm(moved, axis=0), atol=1e-13)
        np.testing.assert_allclose(across, A.T @ moved, atol=1e-13)
        left.scale(np.array([2.0, 0.0]))
        np.testing.assert_allclose(left.back(), A.T @ (moved * [2.0, 0.0]), atol=1e-12)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "X contains NaN"), (np.inf, "X contains infinity"), (1e200, "rescale the columns")],
)
def test_values_that_no_sum_survives_are_named(container, value, words):
    """Without moments too, nan, inf and overflowing squares of X are errors with their reason."""
    X, y = regression()
    X[3, 1] = value
    with pytest.raises(ValueError, match=words):
        GDLinearRegressor(solver="krylov").fit(container(X), y)
