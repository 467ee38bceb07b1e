"""Krylov spaces: how far they are trusted, how they grow, and what they may take."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import EPS, distance, from_singular_values
from sklearn_gd._data import RowsInMemory, SummedRows, zeros
from sklearn_gd._descent import Accuracy, ClosedForm, KrylovSpectrum, UpdateRule
from sklearn_gd._linalg import GolubKahan
from sklearn_gd._solvers import (
    DescentOptions,
    SpectralProblem,
    grow,
    krylov,
    krylov_spectrum,
    largest_eigenvalue,
    next_size,
    solve,
)
from sklearn_gd._solvers.ritz_bounds import distance_bound, is_known

RNG = np.random.default_rng(0)
P = 80
X = from_singular_values(160, P, 10.0 * np.geomspace(1.0, 1e-3, P))
Y = X @ RNG.standard_normal((P, 2)) + 0.1 * RNG.standard_normal((160, 2))
PROBLEM = RowsInMemory(X, Y, None, True)
SUMS = SummedRows(PROBLEM.cross_products(), True, EPS)
TRUTH = SpectralProblem(PROBLEM, zeros(PROBLEM)).refined
LARGEST = TRUTH.largest
UNKNOWN = Accuracy(squares=1.0, loss_rounding=0.0)


def space(size):
    operator = PROBLEM.operator()
    process = GolubKahan(operator.residual(zeros(PROBLEM)), operator.shape, EPS)
    process.grow(size)
    return process


@pytest.mark.parametrize("share", [1e-3, 0.5, 1.0, 1.5, 1.99, 2.01, 2.5])
@pytest.mark.parametrize("size", [4, 12, 30])
def test_a_bound_is_never_below_the_truth(size, share):
    """The distance of an iterate in the space from the true one is at most the bound."""
    process, rule = space(size), UpdateRule(share / LARGEST)
    ritz, truth = process.ritz(), ClosedForm(TRUTH, rule)
    descent = ClosedForm(krylov_spectrum(process, ritz, zeros(PROBLEM), UNKNOWN), rule)
    steps = [0, size // 2, size, size + 1, 3 * size, 10 * size, 100 * size]
    for t in steps if share <= 2 else steps[:-1]:
        off = np.linalg.norm(descent.theta(t) - truth.theta(t), axis=0)
        rounding = (1e-12 if share <= 2 else 1e-10) * np.linalg.norm(truth.theta(t), axis=0)
        for j, r in enumerate(ritz):
            bound = distance_bound(r, descent, t)[0]
            # Above 1 / largest eigenvalue the bound is an estimate, from samples.
            assert off[j] <= (1.0 if share <= 1 else 3.0) * bound + rounding[j]
            if t <= size:
                assert bound == 0.0


@pytest.mark.parametrize("share", [0.01, 1.0, 1.9])
@pytest.mark.parametrize("size", [8, 20, 40, 60])
def test_what_is_called_known_is_known(size, share):
    """The largest t called known has the true coefficients and loss, and there is one beyond m."""
    process, rule = space(size), UpdateRule(share / LARGEST)
    ritz, truth = process.ritz(), ClosedForm(TRUTH, rule)
    descent = ClosedForm(krylov_spectrum(process, ritz, zeros(PROBLEM), UNKNOWN), rule)
    known = max(
        t for t in np.unique(np.geomspace(1, 10**7, 80).astype(int)) if is_known(descent, ritz, t)
    )
    assert known >= size - 1
    assert distance(descent.theta(known), truth.theta(known)) <= 1e-11
    assert float(descent.loss(known)) == pytest.approx(float(truth.loss(known)), rel=1e-11)


@pytest.mark.parametrize("lr", [1.0 / LARGEST, 1.9 / LARGEST])
@pytest.mark.parametrize("max_iter", [1, 5, 50, 500, 10**5])
def test_a_space_grows_with_the_updates(max_iter, lr):
    """It holds no more vectors than updates and one, and about the root of many updates."""
    found = solve(PROBLEM, zeros(PROBLEM), DescentOptions(lr, max_iter=max_iter), "krylov")
    sizes = [basis.size for basis in found.descent.spectrum.bases]
    assert max(sizes) <= min(max_iter + 2, P + 1)
    if max_iter == 500:
        assert max(sizes) < 60


def test_a_space_does_not_grow_with_updates_that_are_never_made():
    """A tol that is met early, or a divergence, takes no more vectors at max_iter = 10**40."""
    for options in (
        {"lr": 1.0 / LARGEST, "tol": 0.5 * PROBLEM.loss(zeros(PROBLEM))},
        {"lr": 3.0 / LARGEST},
    ):
        sizes, stops = [], []
        for max_iter in (50, 10**6, 10**40):
            how = DescentOptions(max_iter=max_iter, **options)
            found = solve(PROBLEM, zeros(PROBLEM), how, "krylov")
            sizes.append(max(basis.size for basis in found.descent.spectrum.bases))
            stops.append(found.stop)
        assert len(set(stops)) == len(set(sizes)) == 1
        assert sizes[0] < 30


@pytest.mark.parametrize("problem", [PROBLEM, SUMS])
def test_a_space_that_would_not_fit_is_refused_before_it_is_made(problem, monkeypatch):
    """The error names the limit, the vectors and three ways out, and no vector beyond is made."""
    made = []
    append = krylov.KrylovBasis.append

    def counted(basis, vector):
        made.append(vector)
        append(basis, vector)

    monkeypatch.setattr(krylov.KrylovBasis, "append", counted)
    room = 20
    monkeypatch.setattr(krylov, "memory_limit", lambda: room * 2 * 8 * (P + 1))
    options = DescentOptions(max_iter=10**6)
    with pytest.raises(ValueError, match="A Krylov space of more than") as refused:
        solve(problem, zeros(problem), options, "krylov")
    for word in ("vectors", "limit of", "GiB", "max_iter", "tol", "solver"):
        assert word in str(refused.value)
    assert len(made) <= 2 * (room + 1)
    few = solve(problem, zeros(problem), DescentOptions(1.0 / LARGEST, max_iter=15), "krylov")
    assert few.stop.t == 15


def test_the_memory_limit_is_a_tenth_and_at_most_four_gibibytes():
    """The limit is a number of this machine, above a mebibyte."""
    assert 1 << 20 < krylov.memory_limit() <= 1 << 32


def test_every_growth_is_announced():
    """`on_growth` is called before each growth, so that a caller may interrupt."""
    calls = []

    def interrupt():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    options = DescentOptions(1.0 / LARGEST, max_iter=10**6, on_growth=interrupt)
    with pytest.raises(KeyboardInterrupt):
        solve(PROBLEM, zeros(PROBLEM), options, "krylov")
    assert len(calls) == 3
    process = space(2)
    grow(process, next_size(2))
    assert process.size == 6


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e30])
def test_the_largest_eigenvalue_is_found(size):
    """To 1e-12 from rows and from sums, also when the residual has no part along it."""
    scaled = RowsInMemory(size * X, Y, None, False)
    largest = np.linalg.norm(size * X, 2) ** 2 / 160
    sums = SummedRows(scaled.cross_products(), False, EPS)
    for problem in (scaled, sums):
        assert largest_eigenvalue(problem) == pytest.approx(largest, rel=1e-12)
    left = np.linalg.svd(X)[0]
    for target in (left[:, 5:6], left[:, -1:], np.zeros((160, 1))):
        hidden = RowsInMemory(size * X, target, None, False)
        for rows in (hidden, SummedRows(hidden.cross_products(), False, EPS)):
            found = solve(rows, zeros(rows), DescentOptions(max_iter=50), "krylov")
            assert found.descent.rule.lr * largest == pytest.approx(1.0, rel=1e-12)
            assert found.descent.spectrum.largest == pytest.approx(largest, rel=1e-12)
    flat = RowsInMemory(np.zeros((5, 3)), np.ones((5, 1)), None, False)
    assert largest_eigenvalue(flat) == 0.0


@pytest.mark.parametrize("problem", [PROBLEM, SUMS])
def test_an_incomplete_space_does_not_know_the_limit(problem):
    """It answers up to `last_known` and is never at rest; a complete one answers any t."""
    found = solve(problem, zeros(problem), DescentOptions(1.0 / LARGEST, max_iter=100), "krylov")
    assert isinstance(found.descent.spectrum, KrylovSpectrum)
    assert not found.descent.spectrum.limit_is_known
    assert 100 <= found.descent.last_known < 10**9
    assert found.stop.reason == "max_iter"
    with pytest.raises(ValueError, match="was resolved up to"):
        found.descent.loss(found.descent.last_known + 1)
    with pytest.raises(AttributeError, match="condition number and degrees of freedom"):
        found.descent.spectrum.nonzero_eigenvalues  # noqa: B018
    far = solve(problem, zeros(problem), DescentOptions(1.0 / LARGEST, max_iter=10**40), "krylov")
    assert far.stop.reason == "stationary"
    assert far.descent.last_known is None


def test_the_largest_eigenvalue_is_not_known_unless_it_was_needed():
    """A given rate and few updates leave it unknown, and lr='auto' does not."""
    few = solve(PROBLEM, zeros(PROBLEM), DescentOptions(1.0 / LARGEST, max_iter=3), "krylov")
    with pytest.raises(AttributeError, match="largest eigenvalue of H is not known"):
        few.descent.spectrum.largest  # noqa: B018
    auto = solve(PROBLEM, zeros(PROBLEM), DescentOptions(max_iter=3), "krylov")
    assert auto.descent.spectrum.largest == pytest.approx(LARGEST, rel=1e-12)
    assert auto.descent.rule.lr == 1.0 / auto.descent.spectrum.largest


def test_directions_are_the_vectors_that_parameters_use():
    """Steps along all directions are those of `directions`, target by target."""
    spectrum = solve(PROBLEM, zeros(PROBLEM), DescentOptions(max_iter=9), "krylov").descent.spectrum
    directions = spectrum.directions()
    assert directions.shape == (P + 1, spectrum.eigenvalues.size)
    along = np.random.default_rng(1).standard_normal((3, spectrum.eigenvalues.size))
    assert distance(spectrum.to_parameters(along), along @ directions.T) <= 1e-14
