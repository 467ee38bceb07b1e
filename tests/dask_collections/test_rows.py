"""Rows on workers answer as the same rows in memory: every sum, product and count."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from scipy import sparse

from dask_helpers import CHUNKS, MANY, WEIGHTS, X, Y, counting_reads, lazily, lazy, problem_of
from helpers import distance
from sklearn_gd._data import zeros
from sklearn_gd._linalg import GolubKahan, Preconditioner, factor_of
from sklearn_gd._solvers import DescentOptions, solve

SPARSE = sparse.csr_matrix(np.where(X > 0.5, X, 0.0))
KINDS = {
    "dense": X,
    "float32": X.astype(np.float32),
    "sparse": SPARSE,
    "sparse float32": SPARSE.astype(np.float32),
}
# Sums in another order, and with other blocks, differ by so much, relatively.
ROUNDING = 1e-13


def both(kind="dense", y=MANY, weight=None, **how):
    """The same problem on workers and in memory."""
    rows = KINDS[kind], y, weight
    return problem_of(*lazily(*rows), **how), problem_of(*rows, **how)


WEIGHTED = pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
INTERCEPT = pytest.mark.parametrize("fit_intercept", [True, False])
PENALTY = pytest.mark.parametrize("alpha", [0.0, 0.3])
KIND = pytest.mark.parametrize("kind", list(KINDS))
TARGETS = pytest.mark.parametrize("y", [Y, MANY], ids=["one target", "two targets"])

COUNTS = ("n_samples", "n_parameters", "n_targets", "weight", "nonzeros")
COUNTS += ("rounding", "is_sparse", "fit_intercept", "alpha")


@WEIGHTED
@KIND
def test_counts_are_those_in_memory(kind, weight):
    """Whichever is asked for first, and whether the lengths of chunks are known or not."""
    here = problem_of(KINDS[kind], MANY, weight, alpha=0.5)
    keep = da.ones(40, chunks=(CHUNKS,), dtype=bool)
    for name in COUNTS:
        known = problem_of(*lazily(KINDS[kind], MANY, weight), alpha=0.5)
        assert getattr(known, name) == pytest.approx(getattr(here, name), rel=ROUNDING)
        if not here.is_sparse:  # Dask does not index sparse blocks
            rows = [None if a is None else lazy(a)[keep] for a in (KINDS[kind], MANY, weight)]
            unknown = problem_of(*rows, alpha=0.5)
            assert getattr(unknown, name) == pytest.approx(getattr(here, name), rel=ROUNDING)


@PENALTY
@INTERCEPT
@WEIGHTED
@KIND
def test_cross_products_are_those_in_memory(kind, weight, fit_intercept, alpha):
    """Of the columns as they are and of standardised ones; no penalty is in them."""
    there, here = both(kind, weight=weight, fit_intercept=fit_intercept, alpha=alpha)
    spread = here.spread()
    for standardise in (None, spread):
        found, expected = there.cross_products(standardise), here.cross_products(standardise)
        assert distance(found.sums, expected.sums) <= ROUNDING
        assert (found.n_samples, found.n_targets) == (expected.n_samples, expected.n_targets)
    quadratics = [p.cross_products().quadratic(p.fit_intercept, p.alpha) for p in (there, here)]
    assert distance(*(q.hessian for q in quadratics)) <= ROUNDING


@INTERCEPT
@WEIGHTED
@KIND
def test_spread_is_that_in_memory(kind, weight, fit_intercept):
    """Means and variances of columns, merged from the partitions."""
    there, here = both(kind, weight=weight, fit_intercept=fit_intercept)
    found, expected = there.spread(), here.spread()
    assert distance(found.variance, expected.variance) <= ROUNDING
    assert distance(found.mean, expected.mean) <= ROUNDING
    assert found.varies.tolist() == expected.varies.tolist()


@WEIGHTED
def test_spread_keeps_digits_beside_large_means(weight):
    """A constant column does not vary, one that varies by 1e-6 of its mean does."""
    offset = np.c_[np.full(40, 0.1), 1e6 + X[:, 0], np.repeat([7.0, 7.0, 7.5, 7.0], 10)]
    here = problem_of(offset, Y, weight)
    there = problem_of(lazy(offset), lazy(Y), lazy(weight))
    found, expected = there.spread(), here.spread()
    assert found.varies.tolist() == expected.varies.tolist() == [False, True, True]
    assert distance(found.variance[1:], expected.variance[1:]) <= 1e-9
    scaled = [p.cross_products(expected).sums for p in (there, here)]
    assert distance(*scaled) <= ROUNDING


@TARGETS
@PENALTY
@INTERCEPT
@WEIGHTED
@KIND
def test_losses_and_gradients_are_those_in_memory(kind, weight, fit_intercept, alpha, y):
    """At any theta; the penalty counts once, however many partitions there are."""
    there, here = both(kind, y, weight, fit_intercept=fit_intercept, alpha=alpha)
    theta = np.random.default_rng(1).standard_normal(zeros(here).shape)
    assert there.loss(theta) == pytest.approx(here.loss(theta), rel=ROUNDING)
    for method in ("squares_and_gradient", "loss_and_gradient"):
        found, expected = getattr(there, method)(theta), getattr(here, method)(theta)
        assert found[0] == pytest.approx(expected[0], rel=ROUNDING)
        assert distance(found[1], expected[1]) <= ROUNDING


@PENALTY
@INTERCEPT
@WEIGHTED
@KIND
def test_preconditioned_products_are_those_in_memory(kind, weight, fit_intercept, alpha):
    """Of the rows and of the penalty's extra rows, which count once."""
    there, here = both(kind, weight=weight, fit_intercept=fit_intercept, alpha=alpha)
    hessian = here.cross_products().quadratic(fit_intercept, alpha).hessian
    factor, inverse = factor_of(*np.linalg.eigh(hessian), 1e-15)
    known, start = np.random.default_rng(1).standard_normal((2, *zeros(here).shape))
    preconditioner = Preconditioner(factor, inverse, known, start)
    found, expected = (p.preconditioned_products(preconditioner) for p in (there, here))
    assert distance(found, expected) <= ROUNDING


@TARGETS
@PENALTY
@INTERCEPT
@WEIGHTED
@KIND
def test_the_operator_is_that_in_memory(kind, weight, fit_intercept, alpha, y):
    """Residuals, their norms, products with A', and steps after a scaling."""
    problems = both(kind, y, weight, fit_intercept=fit_intercept, alpha=alpha)
    there, here = (p.operator() for p in problems)
    assert (there.shape, there.unit) == (here.shape, here.unit)
    k = y.reshape(40, -1).shape[1]
    theta = np.random.default_rng(1).standard_normal((here.shape[1], k))
    for start in (theta, 0 * theta):
        assert there.sizes(start) == pytest.approx(here.sizes(start), rel=ROUNDING)
        found, expected = there.residual(start), here.residual(start)
        for factors, alphas in (([2.0, -0.5], [1.0, 3.0]), ([1.5, 0.25], [0.0, -1.0])):
            assert distance(found.norms(), expected.norms()) <= ROUNDING
            for left in (found, expected):
                left.scale(np.array(factors[:k]))
            assert distance(found.norms(), expected.norms()) <= ROUNDING
            assert distance(found.rmatvec(), expected.rmatvec()) <= ROUNDING
            steps = [left.step(theta, np.array(alphas[:k])) for left in (found, expected)]
            assert distance(*steps) <= ROUNDING


def test_random_vectors_can_be_repeated_and_differ_between_partitions():
    """So a fit can be repeated, and equal partitions do not cancel."""
    rows = lazy(np.r_[X, -X], (40, 40)), lazy(np.r_[Y, Y], (40, 40))
    operator = problem_of(*rows, None, fit_intercept=False).operator()
    first = operator.random(3)
    assert distance(operator.random(3).rmatvec(), first.rmatvec()) == 0
    assert distance(operator.random(4).rmatvec(), first.rmatvec()) > 0.01
    assert np.linalg.norm(first.rmatvec()) > 0.01  # equal vectors in both partitions give zero
    assert first.norms().shape == (1,)


@PENALTY
def test_golub_kahan_is_that_in_memory(alpha):
    """Ritz values of the spaces of both targets."""
    found, expected = (
        GolubKahan(operator.residual(zeros(problem)), operator.shape, operator.unit)
        for problem, operator in ((p, p.operator()) for p in both(weight=WEIGHTS, alpha=alpha))
    )
    for mine, other in zip(found.ritz(), expected.ritz(), strict=True):
        assert distance(mine.eigenvalues, other.eigenvalues) <= 1e-12
    for process in (found, expected):
        process.grow(4)
    for mine, other in zip(found.ritz(), expected.ritz(), strict=True):
        assert distance(mine.eigenvalues, other.eigenvalues) <= 1e-12


@PENALTY
@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
def test_every_solver_finds_what_it_finds_in_memory(solver, alpha):
    """The stop and the coefficients are the same."""
    options = DescentOptions(lr=0.1, max_iter=50)
    found, expected = (
        solve(p, zeros(p), options, solver) for p in both(weight=WEIGHTS, alpha=alpha)
    )
    assert found.stop.t == expected.stop.t
    thetas = [s.descent.theta(s.stop.best) for s in (found, expected)]
    assert distance(*thetas) <= 1e-12


def test_counts_that_collections_tell_read_no_rows():
    """Lengths of chunks are known, and all rows weigh the same."""
    read = []
    problem = problem_of(counting_reads(read), lazy(Y), None)
    assert (problem.n_samples, problem.weight, problem.nonzeros) == (40, 40.0, 160)
    assert problem.lengths == CHUNKS
    assert not read


def test_rows_are_checked_for_nan_in_one_pass():
    """Cross-products show nan; an operator without them makes a pass, once."""
    for summed in (True, False):
        read = []
        problem = problem_of(counting_reads(read), lazy(Y), None)
        if summed:
            problem.cross_products()
            problem.cross_products()
        problem.operator()
        problem.operator()
        assert len(read) == len(CHUNKS)


@pytest.mark.parametrize("method", ["cross_products", "operator"])
@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "Input X contains NaN"), (np.inf, "infinity"), (1e90, "Rescale the columns")],
)
def test_bad_values_are_named_with_their_partition(method, value, words):
    """In scikit-learn's words, whichever pass finds them."""
    spoiled = X.copy()
    spoiled[12, 1] = value
    problem = problem_of(lazy(spoiled), lazy(Y), None)
    with pytest.raises(ValueError, match=rf"Partition 2: .*{words}"):
        getattr(problem, method)()


def test_partitions_without_weight_add_nothing():
    """A mean over no weight is not a number, and must not be added."""
    weight = np.where(np.arange(40) < 10, 0.0, 1.0)
    there, here = both(weight=weight)
    assert distance(there.spread().variance, here.spread().variance) <= ROUNDING
    with pytest.raises(ValueError, match="all zero: some weight must be positive"):
        problem_of(lazy(X), lazy(Y), lazy(0 * WEIGHTS)).cross_products()
    with pytest.raises(ValueError, match="at least one row"):
        problem_of(lazy(X[:0], (0,)), lazy(Y[:0], (0,)), None).operator()
