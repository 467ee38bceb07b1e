"""Rows on workers answer as the same rows in memory: every sum, product and count."""

from __future__ import annotations

import pickle
from operator import attrgetter, methodcaller

import numpy as np
import pytest
from scipy import sparse

from helpers import distance, regression
from sklearn_gd._data import FoldsInMemory, FoldSums, Split, zeros
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._estimator.validation import FeatureChecker
from sklearn_gd._linalg import EPS, GolubKahan, Preconditioner, factor_of
from sklearn_gd._solvers import DescentOptions, solve

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

from sklearn_gd.dask import PartitionKFold  # noqa: E402  (only where Dask is)
from sklearn_gd.dask._folds import (  # noqa: E402
    EMPTY,
    FoldsOnWorkers,
    PartitionedSplit,
    folds_on_workers,
)

X, Y = regression(n=40, d=3)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.linspace(0.0, 0.09, 40)  # zero among them, and all of them small
CHUNKS = (10, 16, 0, 14)
SPARSE = sparse.csr_matrix(np.where(X > 0.5, X, 0.0))
KINDS = {
    "dense": X,
    "float32": X.astype(np.float32),
    "sparse": SPARSE,
    "sparse float32": SPARSE.astype(np.float32),
}
# Sums in another order, and with other blocks, differ by so much, relatively.
ROUNDING = 1e-13


@pytest.fixture(autouse=True)
def _synchronous():
    with dask.config.set(scheduler="synchronous"):
        yield


def lazy(array, chunks=CHUNKS):
    """The rows of an array or a sparse matrix in these chunks."""
    if array is None:
        return None
    if sparse.issparse(array):
        return lazy(array.toarray(), chunks).map_blocks(sparse.csr_matrix)
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def read_counted(read, array=X):
    """The rows, each reading of a block noted in `read`."""
    meta = np.empty((0, 0))
    return lazy(array).map_blocks(lambda block: read.append(1) or block, meta=meta)


def problem_of(*rows, fit_intercept=True, alpha=0.0):
    return prepare(FeatureChecker(), *rows, fit_intercept).with_alpha(alpha).problem


def both(kind="dense", y=MANY, weight=None, **how):
    """The same problem on workers and in memory."""
    rows = KINDS[kind], y, weight
    return problem_of(*map(lazy, rows), **how), problem_of(*rows, **how)


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
        known = problem_of(*map(lazy, (KINDS[kind], MANY, weight)), alpha=0.5)
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
    there, here = (problem_of(*rows) for rows in ((lazy(offset), lazy(Y), lazy(weight)),
                                                   (offset, Y, weight)))  # fmt: skip
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
    assert there.squares(theta) == pytest.approx(here.squares(theta), rel=ROUNDING)
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
@pytest.mark.parametrize("solver", ["spectral", "lanczos", "krylov", "loop"])
def test_every_solver_finds_what_it_finds_in_memory(solver, alpha):
    """The same stop and the same coefficients."""
    options = DescentOptions(lr=0.1, max_iter=50)
    found, expected = (
        solve(p, zeros(p), options, solver) for p in both(weight=WEIGHTS, alpha=alpha)
    )
    assert found.stop.t == expected.stop.t
    thetas = [s.descent.theta(s.stop.best) for s in (found, expected)]
    assert distance(*thetas) <= 1e-12


def test_counts_that_collections_tell_read_no_rows():
    """Also those of a fold of whole partitions, or of rows."""
    read = []
    problem = problem_of(read_counted(read), lazy(Y), None)
    assert (problem.n_samples, problem.weight, problem.nonzeros) == (40, 40.0, 160)
    assert problem.lengths == CHUNKS
    by_rows = [(np.arange(16), np.arange(16, 40))]
    for cv, lengths in ((PartitionKFold(4), CHUNKS[1:]), (by_rows, CHUNKS[:2])):
        if isinstance(cv, PartitionKFold):
            folds = FoldsOnWorkers(problem, [whole_split(cv, 0)], map, add_up=False)
        else:
            folds = folds_on_workers(problem, cv, {}, map)
        training = folds.training(0)
        assert training.known_lengths == training.lengths == lengths
        assert training.n_samples == sum(lengths)
        assert training.is_weighted == (cv is by_rows)  # by how often a row is taken
    assert not read


def whole_split(cv, fold):
    """A fold of whole partitions."""
    out = cv.folds(len(CHUNKS)) == fold
    return PartitionedSplit(
        [EMPTY if o else None for o in out], [None if o else EMPTY for o in out]
    )


def test_rows_are_checked_for_nan_in_one_pass():
    """Cross-products show nan; an operator without them makes a pass, once."""
    for summed in (True, False):
        read = []
        problem = problem_of(read_counted(read), lazy(Y), None)
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
    with pytest.raises(ValueError, match=rf"Partition 1: .*{words}"):
        getattr(problem, method)()


def test_partitions_without_weight_add_nothing():
    """Their means are not numbers, and are not looked at."""
    weight = np.where(np.arange(40) < 10, 0.0, 1.0)
    there, here = both(weight=weight)
    assert distance(there.spread().variance, here.spread().variance) <= ROUNDING
    with pytest.raises(ValueError, match="all zero: some weight must be positive"):
        problem_of(lazy(X), lazy(Y), lazy(0 * WEIGHTS)).cross_products()
    with pytest.raises(ValueError, match="at least one row"):
        problem_of(lazy(X[:0], (0,)), lazy(Y[:0], (0,)), None).operator()


def test_twice_the_rows_of_a_fold_are_those_in_memory():
    """Sums over training and test rows, repeated indices included, and problems of folds."""
    rng = np.random.default_rng(0)
    repeated = [Split(rng.integers(0, 40, 30), rng.integers(0, 40, 9)) for _ in range(2)]
    fifths = np.array_split(rng.permutation(40), 5)
    kfold = [Split(np.setdiff1d(np.arange(40), test), test) for test in fifths]
    there, here = both(weight=WEIGHTS + 0.01, alpha=0.2)
    measure = methodcaller("cross_products")
    for splits in (repeated, kfold):
        mine = folds_on_workers(there, [(s.train, s.test) for s in splits], {}, map)
        other = FoldsInMemory(here, splits, lambda function, items: list(map(function, items)))
        assert mine.add_up == other.add_up == (splits is kfold)
        sums = FoldSums(mine, measure), FoldSums(other, measure)
        assert distance(*(s.total().sums for s in sums)) <= ROUNDING
        assert distance(mine.over_all(measure).sums, other.over_all(measure).sums) <= ROUNDING
        for i in range(len(splits)):
            assert distance(*(s.train(i).sums for s in sums)) <= ROUNDING
            assert distance(*(s.test(i).sums for s in sums)) <= ROUNDING
            weights = [f.training_weight(i) for f in (mine, other)]
            assert weights[0] == pytest.approx(weights[1], rel=ROUNDING)
            theta = rng.standard_normal((4, 2))
            losses = [f.training(i).loss(theta) for f in (mine, other)]
            assert losses[0] == pytest.approx(losses[1], rel=ROUNDING)


class Triangle:
    """An R factor of [X y]; adding two is a QR factorisation of both (TSQR)."""

    def __init__(self, rows):
        self.R = np.linalg.qr(rows, mode="r")

    def __add__(self, other):
        return Triangle(np.r_[self.R, other.R])


def triangle_of(rows):
    return Triangle(np.c_[rows.X, rows.y])


def test_measures_may_be_factors_of_rows():
    """Whatever can be pickled and added: TSQR factors of the test rows of a fold."""
    pickle.dumps(triangle_of)
    test = np.arange(3, 30)
    folds = folds_on_workers(both()[0], [(np.arange(20), test)], {}, map)
    for found in (folds.over_test(triangle_of, 0), folds.over_tests(triangle_of)[0]):
        rows = np.c_[X, MANY][test]
        assert distance(found.R.T @ found.R, rows.T @ rows) <= ROUNDING


def test_weights_of_folds_are_summed():
    """Small weights are weights; they need no rows here."""
    folds = folds_on_workers(both(weight=WEIGHTS)[0], [(np.arange(30), np.arange(30, 40))], {}, map)
    assert folds.over_test(attrgetter("weight"), 0) == pytest.approx(WEIGHTS[30:].sum())
    assert folds.training_weight(0) == pytest.approx(WEIGHTS[:30].sum())
    assert EPS < folds.training_weight(0) < 2
