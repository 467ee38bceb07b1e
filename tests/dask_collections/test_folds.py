"""Cross-validation on workers: folds of rows and of whole partitions, and sums over them."""

from __future__ import annotations

import pickle
from operator import methodcaller

import dask.array as da
import numpy as np
import pytest

from dask_helpers import CHUNKS, MANY, WEIGHTS, X, Y, counting_reads, lazily, lazy, problem_of
from helpers import PROMISED, distance
from sklearn_gd import GDLinearRegressorCV
from sklearn_gd._data import FoldsInMemory, FoldSums, Split
from sklearn_gd.dask import PartitionKFold
from sklearn_gd.dask._folds import folds_on_workers

ROUNDING = 1e-13


def serially(function, items):
    """Apply a function to every fold."""
    return list(map(function, items))


def on_workers(splits, *, weight=None, alpha=0.0, y=MANY):
    """Return folds of the rows on workers by a splitter or by indices."""
    problem = problem_of(*lazily(X, y, weight), alpha=alpha)
    return folds_on_workers(problem, splits, {}, serially)


def test_known_lengths_of_folds_read_no_rows():
    """A fold of whole partitions knows its lengths, and so does one of rows."""
    read = []
    problem = problem_of(counting_reads(read), lazy(Y), None)
    by_rows = [(np.arange(16), np.arange(16, 40))]
    for cv, lengths in ((PartitionKFold(3), (16, 14)), (by_rows, (10, 16))):
        training = folds_on_workers(problem, cv, {}, serially).training(0)
        assert training.known_lengths == training.lengths == lengths
        assert training.n_samples == sum(lengths)
        assert training.is_weighted == (cv is by_rows)  # by how often a row is taken
    assert not read


RNG = np.random.default_rng(0)
REPEATED = [Split(RNG.integers(0, 40, 30), RNG.integers(0, 40, 9)) for _ in range(2)]
FIFTHS = [
    Split(np.setdiff1d(np.arange(40), test), test)
    for test in np.array_split(RNG.permutation(40), 5)
]
WHOLE = [Split(*split) for split in PartitionKFold(3).split(lazy(X))]


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(
    ("cv", "splits"),
    [
        ([(s.train, s.test) for s in REPEATED], REPEATED),
        ([(s.train, s.test) for s in FIFTHS], FIFTHS),
        (PartitionKFold(3), WHOLE),
    ],
    ids=["repeated rows", "rows", "partitions"],
)
def test_folds_are_those_in_memory(cv, splits, weight):
    """Sums over their rows, in any order and as often as taken, and the problems to fit."""
    found = on_workers(cv, weight=weight, alpha=0.2)
    expected = FoldsInMemory(problem_of(X, MANY, weight, alpha=0.2), splits, serially)
    assert len(found) == len(expected)
    assert found.add_up == expected.add_up == (splits is not REPEATED)
    products = methodcaller("cross_products")
    sums = FoldSums(found, products), FoldSums(expected, products)
    assert distance(*(s.total().sums for s in sums)) <= ROUNDING
    assert distance(*(f.over_all(products).sums for f in (found, expected))) <= ROUNDING
    theta = RNG.standard_normal((4, 2))
    for i in range(len(splits)):
        for kind in ("train", "test"):
            assert distance(*(getattr(s, kind)(i).sums for s in sums)) <= ROUNDING
            over = [getattr(f, f"over_{kind}")(products, i).sums for f in (found, expected)]
            assert distance(*over) <= ROUNDING
        for number in (
            lambda folds, i=i: folds.training(i).weight,
            lambda folds, i=i: folds.training(i).loss(theta),
        ):
            assert number(found) == pytest.approx(number(expected), rel=ROUNDING)


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
    test = np.arange(3, 30)
    folds = on_workers([(np.arange(20), test)])
    measure = pickle.loads(pickle.dumps(triangle_of))
    rows = np.c_[X, MANY][test]
    for found in (folds.over_test(measure, 0), folds.over_tests(measure)[0]):
        assert distance(found.R.T @ found.R, rows.T @ rows) <= ROUNDING


@pytest.mark.parametrize(("nothing", "name"), [(slice(0, 5), "fitted"), (slice(5, 40), "scored")])
def test_a_fold_that_weighs_nothing_is_named(nothing, name):
    """With what it lacks rows for; small weights are weights."""
    weight = np.full(40, 0.01)  # of which the five rows have far less than one
    split = [(np.arange(5), np.arange(5, 40))]
    on_workers(split, weight=weight)
    weight[nothing] = 0.0
    with pytest.raises(ValueError, match=".") as error:
        on_workers(split, weight=weight)
    assert str(error.value) == f"Fold 0 is {name} on no rows with a weight above zero."


def test_a_splitter_sees_how_many_rows_there_are_and_nothing_in_them():
    """Rows of one number, all the same, and no targets; what it can't do is said with its name."""
    seen = []

    class Halves:
        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

        def split(self, X, y=None, groups=None):
            seen.append((X.shape, X.dtype, np.unique(X).tolist(), y, groups))
            yield np.arange(20), np.arange(20, 40)

        def __repr__(self):
            return "Halves()"

    problem = problem_of(*lazily(X, Y), None)
    folds_on_workers(problem, Halves(), {"groups": "mine"}, serially)
    assert seen == [((40, 1), np.dtype(float), [0.0], None, "mine")]

    class Stratified(Halves):
        def split(self, X, y, groups=None):
            raise TypeError("needs y")

    with pytest.raises(TypeError, match=".") as error:
        folds_on_workers(problem, Stratified(), {"y": None}, serially)
    assert str(error.value) == (
        "cv=Halves() can't split Dask collections: it sees how many rows there are, and X and y "
        "stay on the workers: needs y"
    )
    with pytest.raises(ValueError, match=r"^cv=\[\] made no splits\.$"):
        folds_on_workers(problem, [], {}, serially)


def test_folds_of_partitions_as_documented():
    """Five in runs unless asked otherwise; rows are told by the chunks, columns don't matter."""
    assert PartitionKFold().n_splits == PartitionKFold().get_n_splits() == 5
    cv = PartitionKFold(2)
    assert cv.folds(5).tolist() == [0, 0, 0, 1, 1]
    assert cv.folds(5).dtype == np.intp
    shuffled = PartitionKFold(2, shuffle=True, random_state=0).folds(50)
    assert np.bincount(shuffled).tolist() == [25, 25]
    assert np.any(np.diff(shuffled) < 0)
    for there in (lazy(X), lazy(Y), lazy(X)[:, da.from_array(X[0] < 9, chunks=3)]):
        splits = [(a.tolist(), b.tolist()) for a, b in cv.split(there)]
        first = list(range(10)), list(range(10, 40))
        assert splits == [first[::-1], first]
    with pytest.raises(TypeError, match=r"^shuffle must be True or False; got 'yes'\.$"):
        PartitionKFold(2, shuffle="yes").folds(5)
    picked = lazy(X)[da.from_array(Y > 0, chunks=(CHUNKS,))]
    for rows, kind in ((X, "ndarray"), (picked, "Array")):
        with pytest.raises(TypeError, match=".") as error:
            next(cv.split(rows))
        assert str(error.value) == (
            f"PartitionKFold splits the rows of a Dask array of known chunks; got {kind}. "
            f"GDLinearRegressorCV takes any Dask collection with it."
        )
    with pytest.raises(ValueError, match=".") as error:
        PartitionKFold(3).folds(2)
    assert str(error.value) == (
        "n_splits=3 folds of whole partitions need as many partitions; the collection has 2. "
        "Repartition it, or give cv=3 for folds of rows."
    )


@pytest.mark.filterwarnings("ignore:The best score is that of the last")
def test_tuning_weighs_folds_of_small_weights():
    """Weights of a hundredth are weights, on the workers too."""
    found = GDLinearRegressorCV([0.1], 5, cv=PartitionKFold(3)).fit(*lazily(X, Y, WEIGHTS))
    index = list(PartitionKFold(3).split(lazy(X)))
    expected = GDLinearRegressorCV([0.1], 5, cv=index).fit(X, Y, WEIGHTS)
    assert distance(found.scores_path_, expected.scores_path_) <= PROMISED
