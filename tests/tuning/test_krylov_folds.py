"""Tuning in Krylov spaces against tuning on moments and against the textbook loop."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import KFold, RepeatedKFold, TimeSeriesSplit

from helpers import largest_curvature, literal_loop
from sklearn_gd import GDLinearRegressorCV, regressor_cv
from sklearn_gd._solvers import krylov
from sklearn_gd._tuning import strategies

# Relative distance of two surfaces, as issue 4 promises.
CLOSE = 1e-10


def tuned(solver, X, y, *, fit=None, **params):
    """A fit whose ConvergenceWarnings are not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GDLinearRegressorCV(solver=solver, **params).fit(X, y, **(fit or {}))


def wide(n=40, p=120, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.arange(1, p + 1) ** -0.5 + 0.2
    return X, X @ rng.standard_normal(p) + 0.3 * rng.standard_normal(n)


def thin(n=60, p=200, kind="csr", seed=0):
    rng = np.random.default_rng(seed)
    X = sparse.random(n, p, 0.08, format=kind, random_state=seed)
    return X, X @ rng.standard_normal(p) + 0.1 * rng.standard_normal(n)


def three_targets():
    X, y = thin()
    return X, np.column_stack([y, np.arange(60.0) % 7, np.zeros(60)])


PROBLEMS = {
    "wide": wide,
    "tall": lambda: wide(120, 30),
    "csr": thin,
    "csc": lambda: thin(kind="csc"),
    "tall csr": lambda: thin(200, 40),
    "sparse targets": three_targets,
    "dense targets": lambda: (wide()[0], np.column_stack([wide()[1], np.arange(40.0) % 5])),
    "float32": lambda: (wide()[0].astype(np.float32), wide()[1].astype(np.float32)),
    "constant target": lambda: (wide()[0], np.full(40, 2.0)),
    "zero target": lambda: (wide()[0], np.zeros(40)),
    "deficient": lambda: (wide(60, 8)[0] @ wide(8, 30)[0], wide(60, 8)[1]),
}


def assert_same(ours, theirs):
    """Rates, grid, scores of every fold and the winner agree."""
    np.testing.assert_allclose(ours.lrs_, theirs.lrs_, rtol=1e-12)
    np.testing.assert_array_equal(ours.iters_, theirs.iters_)
    scale = np.abs(theirs.scores_path_).max() * 1e-14
    np.testing.assert_allclose(ours.scores_path_, theirs.scores_path_, rtol=CLOSE, atol=scale)
    assert ours.best_index_ == theirs.best_index_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_surface_is_that_of_the_moments(problem, fit_intercept):
    """On any data the scores of every rate, iterate and fold are those of the eigenbases."""
    X, y = PROBLEMS[problem]()
    params = {"lrs": 4, "max_iter": 300, "cv": 3, "fit_intercept": fit_intercept}
    assert_same(tuned("krylov", X, y, **params), tuned("spectral", X, y, **params))


@pytest.mark.parametrize("problem", ["wide", "csr", "csc", "sparse targets"])
def test_weights_and_any_splitter(problem):
    """Weights, zero ones too, and splits that overlap or leave rows out enter as in moments."""
    X, y = PROBLEMS[problem]()
    weight = np.random.default_rng(1).integers(0, 3, X.shape[0]).astype(float)
    for cv in (
        KFold(3, shuffle=True, random_state=0),
        RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
        TimeSeriesSplit(3),
        [([0, 1, 2, 3, 3, 9, 12], [4, 5, 5, 14, 17, 25])],
    ):
        params = {"lrs": 3, "max_iter": 120, "cv": cv, "fit": {"sample_weight": weight}}
        assert_same(tuned("krylov", X, y, **params), tuned("spectral", X, y, **params))


@pytest.mark.parametrize("max_iter", [1, 5, 2000, 10**5, 10**7])
def test_any_number_of_updates(max_iter):
    """From one update to millions the surface is that of the eigenbases in the rows' digits."""
    for X, y in (wide(60, 20), thin(150, 30)):
        params = {"lrs": 3, "max_iter": max_iter, "cv": 3}
        assert_same(tuned("krylov", X, y, **params), tuned("spectral", X, y, **params))


def test_rates_that_diverge():
    """A rate that diverges on some folds or all is scored as far as its training loss falls."""
    X, y = thin()
    top = largest_curvature(X.toarray())
    params = {"lrs": np.array([0.5, 1.99, 2.2, 5.0, 300.0]) / top, "max_iter": 200, "cv": 3}
    assert_same(tuned("krylov", X, y, **params), tuned("spectral", X, y, **params))


@pytest.mark.parametrize("problem", ["wide", "csr", "csc"])
def test_the_surface_is_that_of_brute_loops(problem):
    """Loops over folds and rates, each iterate scored on the rows held out, give the scores."""
    X, y = PROBLEMS[problem]()
    dense = X.toarray() if sparse.issparse(X) else X
    weight = np.linspace(0.5, 2.0, len(y))
    lrs = np.array([0.3, 1.0]) / largest_curvature(dense)
    fit = {"sample_weight": weight}
    model = tuned("krylov", X, y, lrs=lrs, max_iter=50, cv=3, fit=fit)
    for f, (train, test) in enumerate(KFold(3).split(dense)):
        for i, lr in enumerate(lrs):
            thetas, _ = literal_loop(dense[train], y[train], lr, 50, sample_weight=weight[train])
            Z = np.column_stack([np.ones(len(test)), dense[test]])
            squares = (Z @ thetas[:, :, 0].T - y[test][:, np.newaxis]) ** 2
            errors = np.average(squares, axis=0, weights=weight[test])
            np.testing.assert_allclose(-model.scores_path_[i, :, f], errors, rtol=CLOSE)


@pytest.mark.parametrize("problem", ["wide", "csr", "csc", "sparse targets"])
def test_any_scorer(problem):
    """Scorers see the predictions of the same iterates as on moments."""
    X, y = PROBLEMS[problem]()
    for scoring in ("r2", make_scorer(mean_absolute_error, greater_is_better=False)):
        params = {"lrs": 2, "max_iter": 30, "cv": 3, "scoring": scoring}
        assert_same(tuned("krylov", X, y, **params), tuned("spectral", X, y, **params))


def test_threads_change_nothing():
    """Folds worked on in threads give the same digits."""
    X, y = thin()
    one, two = (tuned("krylov", X, y, cv=4, max_iter=60, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.scores_path_, two.scores_path_)


def test_a_space_without_room_is_an_error(monkeypatch):
    """A grid that needs more vectors than memory may hold is refused, not answered wrongly."""
    X, y = thin(200, 150)
    monkeypatch.setattr(krylov, "MEMORY_LIMIT_BYTES", 8 * 20 * 151)
    with pytest.raises(ValueError, match="would take more than the limit"):
        tuned("krylov", X, y, cv=3)


def test_which_strategy_is_taken(monkeypatch):
    """Krylov spaces if asked for, cheaper, or the only way; eigenbases else, and with momentum."""
    made = []

    def spied(*given):
        made.append(type(strategies.strategy_for(*given)).__name__)
        return strategies.strategy_for(*given)

    monkeypatch.setattr(regressor_cv, "strategy_for", spied)
    X, y = thin()
    for solver in ("krylov", "spectral", "loop"):
        tuned(solver, X, y, cv=3, max_iter=20)
    tuned("auto", *wide(60, 5), cv=3, max_iter=20)
    tuned("auto", *thin(50, 3000), cv=3, max_iter=20)
    tuned("auto", *thin(50, 300), cv=3, max_iter=20, momentum=0.5)
    assert made == ["KrylovFolds", *["SpectralFolds"] * 3, "KrylovFolds", "SpectralFolds"]
    with pytest.raises(ValueError, match="too many for that. Set momentum=0"):
        tuned("auto", *thin(50, 9000), cv=3, momentum=0.5)


@pytest.mark.parametrize("kind", ["csr", "csc"])
def test_a_huge_sparse_problem_is_tuned_in_bounded_memory(kind):
    """Of 50,000 columns no square is formed, and rows are never made dense (120 MB)."""
    rng = np.random.default_rng(0)
    X = sparse.random(300, 50_000, 0.002, format=kind, random_state=0)
    y = X @ rng.standard_normal(50_000) + 0.1 * rng.standard_normal(300)
    tracemalloc.start()
    try:
        model = tuned("auto", X, y, lrs=4, iters=[0, 10, 100], cv=3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert model.scores_path_.shape == (4, 3, 3)
    assert np.isfinite(model.scores_path_).all()
    assert peak < 40 * 2**20
    assert model.predict(X[:2]).shape == (2,)
