"""What Dask collections are made of, piece by piece: sums, products, folds, scores, predictions."""

from __future__ import annotations

import sys
from operator import attrgetter

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import UndefinedMetricWarning

from helpers import PROMISED, distance, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd._door import pose

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

from sklearn_gd.dask import PartitionKFold  # noqa: E402  (only where Dask is)
from sklearn_gd.dask._folds import ALL, NONE, FoldsOnWorkers, Place, folds_on_workers  # noqa: E402
from sklearn_gd.dask._part import Expected, measured  # noqa: E402
from sklearn_gd.dask._parts import GRAPH_WARNING, Parts, tree  # noqa: E402

X, Y = regression(n=20, d=3)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.linspace(0.0, 0.09, 20)
CHUNKS = (5, 8, 7)
NAMES = ["a", "b", "c"]


@pytest.fixture(autouse=True)
def _here():
    with dask.config.set(scheduler="synchronous"):
        yield


def lazy(*arrays, chunks=CHUNKS):
    """Each in these chunks of rows."""
    return [None if a is None else da.from_array(a, chunks=(chunks, *a.shape[1:])) for a in arrays]


def sparse_rows(dtype=np.float64):
    thin = sparse.csr_matrix(np.where(X > 0.5, X, 0.0).astype(dtype))
    return thin, da.from_array(thin.toarray(), chunks=(CHUNKS, 3)).map_blocks(sparse.csr_matrix)


def counted_rows(read):
    """The rows, whose readings are counted."""
    return lazy(X)[0].map_blocks(lambda block: read.append(1) or block, meta=np.empty((0, 0)))


def problems(weight, fit_intercept=True, y=MANY):
    """The same problem on workers and here."""
    there = pose(GDLinearRegressor(), *lazy(X, y, weight), fit_intercept).problem
    return there, pose(GDLinearRegressor(), X, y, weight, fit_intercept).problem


TOLD = ("n_samples", "n_parameters", "n_targets", "n_weighted", "weight", "nonzeros")
TOLD += ("rounding", "is_sparse", "fit_intercept")


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize("kind", ["dense", "sparse", "float32", "sparse float32"])
def test_what_is_told_of_rows_on_workers_is_what_they_are_here(kind, weight):
    """Counts, weights and kinds, whichever is asked for first."""
    here, there = {
        "dense": (X, lazy(X)[0]),
        "sparse": sparse_rows(),
        "float32": (X.astype(np.float32), lazy(X.astype(np.float32))[0]),
        "sparse float32": sparse_rows(np.float32),
    }[kind]
    y, w = lazy(MANY, weight)
    for fit_intercept in (True, False):
        expected = pose(GDLinearRegressor(), here, MANY, weight, fit_intercept)
        for name in TOLD:
            posed = pose(GDLinearRegressor(), there, y, w, fit_intercept)
            mine, theirs = (getattr(p.problem, name) for p in (posed, expected))
            assert mine == pytest.approx(theirs, rel=1e-12)
            assert posed.layout == expected.layout
            assert posed.sample_weight is w


def test_rows_of_known_lengths_and_no_weights_are_counted_without_being_read():
    """Also those that a fold of whole partitions, or of rows, is fitted on."""
    read = []
    problem = pose(GDLinearRegressor(), counted_rows(read), *lazy(Y), None, True).problem
    assert (problem.n_samples, problem.n_weighted, problem.weight) == (20, 20, 20.0)
    assert problem.lengths == CHUNKS
    for cv, lengths in ((PartitionKFold(3), (8, 7)), ([(np.arange(8), np.arange(8, 20))], (5, 8))):
        folds = folds_on_workers(problem, cv, {}, map)
        training = folds.training(0)
        assert training.known_lengths == training.lengths == lengths
        assert training.n_samples == sum(lengths)
        assert training.is_weighted == (cv.__class__ is list)  # by how often a row is taken
    assert not read


def test_rows_are_looked_at_for_nan_once():
    """Sums tell it; products with rows are not taken of any that were not looked at."""
    for summed in (True, False):
        read = []
        problem = pose(GDLinearRegressor(), counted_rows(read), *lazy(Y), None, True).problem
        if summed:
            problem.moments()
        problem.sides()
        problem.sides()
        assert len(read) == len(CHUNKS)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["alike", "weighted"])
def test_products_with_rows_on_workers_are_those_here(weight, fit_intercept):
    """Of both sides; left vectors are scaled and advanced where they are."""
    there, here = (p.sides() for p in problems(weight, fit_intercept))
    assert there.shape == here.shape
    theta = np.random.default_rng(1).standard_normal((here.shape[1], 2))
    for start in (theta, 0 * theta):
        assert there.loss(start) == pytest.approx(here.loss(start), rel=1e-12)
        assert there.sizes(start) == pytest.approx(here.sizes(start), rel=1e-12)
    assert there.squares() == pytest.approx(here.squares(), rel=1e-12)
    for make in ("image", "residual_at"):
        found, expected = getattr(there, make)(theta), getattr(here, make)(theta)
        for factors, alpha in (([2.0, -0.5], [1.0, 3.0]), ([1.5, 0.25], [0.0, -1.0])):
            assert distance(found.sizes(), expected.sizes()) <= 1e-12
            assert distance(found.back(), expected.back()) <= 1e-12
            for left in (found, expected):
                left.scale(np.array(factors))
            assert distance(found.sizes(), expected.sizes()) <= 1e-12
            steps = [left.advance(theta, np.array(alpha)) for left in (found, expected)]
            assert distance(*steps) <= 1e-12


def test_random_vectors_are_the_same_again_and_others_in_each_partition():
    """So that a fit can be repeated, and equal partitions are not seen as one."""
    both, y = lazy(np.r_[X, -X], np.r_[Y, Y], chunks=(20, 20))
    sides = pose(GDLinearRegressor(), both, y, None, False).problem.sides()
    first = sides.random(3)
    assert distance(sides.random(3).back(), first.back()) == 0
    assert distance(sides.random(4).back(), first.back()) > 0.01
    assert np.linalg.norm(first.back()) > 0.01  # of the same vectors it would vanish
    assert first.sizes().shape == (1,)


def test_the_loss_and_its_gradient_are_those_here():
    """The loop asks for nothing else."""
    theta = np.random.default_rng(1).standard_normal((4, 2))
    for weight in (None, WEIGHTS):
        found, expected = (p.loss_and_gradient(theta) for p in problems(weight))
        assert found[0] == pytest.approx(expected[0], rel=1e-12)
        assert distance(found[1], expected[1]) <= 1e-12
        losses = [p.loss(theta) for p in problems(weight)]
        assert losses == pytest.approx([expected[0]] * 2, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((X[:0], Y[:0], None), "X must have at least one row (sample); all partitions are empty."),
        (
            (X, Y, 0 * WEIGHTS),
            "sample_weight must not be all zero: some weight must be positive.",
        ),
        ((X, Y[:4], None), "X and y have inconsistent numbers of samples: [20, 4]."),
        (
            (X, Y, WEIGHTS[:4]),
            "X and sample_weight have inconsistent numbers of samples: [20, 4].",
        ),
    ],
    ids=["no rows", "no weight", "fewer targets", "fewer weights"],
)
def test_what_is_wrong_with_all_rows_together_is_said_in_whole_sentences(rows, words):
    """By fit and by score."""
    there = [None if a is None else da.from_array(a) for a in rows]
    fitted = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    for call in (GDLinearRegressor().fit, fitted.score):
        with pytest.raises(ValueError, match=".") as error:
            call(*there)
        assert str(error.value) == words


@pytest.mark.parametrize("weight", [0, -1.0, np.nan, np.inf, "a", True])
def test_one_weight_for_all_is_refused_as_in_memory(weight):
    """Of collections it is told without reading a row."""
    read = []
    for method in ("fit", "partial_fit"):
        with pytest.raises((TypeError, ValueError)) as here:
            getattr(GDLinearRegressor(), method)(X, Y, weight)
        with pytest.raises(type(here.value)) as there:
            getattr(GDLinearRegressor(), method)(counted_rows(read), *lazy(Y), weight)
        assert str(there.value) == str(here.value)
    assert not read


def test_one_weight_for_all_counts_only_in_a_part_of_the_rows():
    """There the parts weigh against each other; a fit is the same with any."""
    for weight in (2.5, np.float32(2.5), np.array(2.5)):
        model = GDLinearRegressor(tol=0.7).partial_fit(*lazy(X, Y), weight).partial_fit(-X, Y)
        expected = GDLinearRegressor(tol=0.7).partial_fit(X, Y, weight).partial_fit(-X, Y)
        assert distance(model.coef_, expected.coef_) <= PROMISED
        assert pose(GDLinearRegressor(), *lazy(X, Y), weight, True).sample_weight is None


def fold_sums(folds, measure):
    return [
        folds.over_tests(measure),
        [folds.over_test(measure, i) for i in range(len(folds))],
        [folds.over_train(measure, i) for i in range(len(folds))],
        [folds.training_weight(i) for i in range(len(folds))],
        folds.over_all(measure),
    ]


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["alike", "weighted"])
def test_sums_over_folds_are_those_of_their_rows(weight):
    """Whole partitions or rows, in any order; a row that is there twice counts twice."""
    twice = [(np.array([3, 3, 19, 6]), np.array([12, 0])), (np.arange(9, -1, -1), [10, 11])]
    problem = problems(weight, y=Y)[0]
    w = np.ones(20) if weight is None else weight
    for cv in (PartitionKFold(3), twice):
        folds = folds_on_workers(problem, cv, {}, map)
        index = list(cv.split(lazy(X)[0])) if isinstance(cv, PartitionKFold) else cv
        trains, tests = ([w[np.asarray(s[j])].sum() for s in index] for j in (0, 1))
        found = fold_sums(folds, attrgetter("weight"))
        for mine, expected in zip(found, (tests, tests, trains, trains, w.sum()), strict=True):
            assert np.allclose(mine, expected, rtol=1e-12)
        assert len(folds) == len(index)
        weights = [folds.training(i).weight for i in range(len(folds))]
        assert np.allclose(weights, trains, rtol=1e-12)


def test_a_fold_that_weighs_nothing_is_named():
    """With what it lacks rows for."""
    for nothing, name in ((slice(0, 5), "fitted"), (slice(5, 20), "scored")):
        weight = np.full(20, 0.01)  # of which a fold has far less than one
        problem = problems(weight, y=Y)[0]
        split = [(np.arange(5), np.arange(5, 20))]
        folds_on_workers(problem, split, {}, map)
        weight[nothing] = 0.0
        problem = problems(weight, y=Y)[0]
        with pytest.raises(ValueError, match=".") as error:
            folds_on_workers(problem, split, {}, map)
        assert str(error.value) == f"Fold 0 is {name} on no rows with a weight above zero."


def test_no_partition_is_left_out_in_silence():
    """A fold has something to say of each, as whatever is asked of them has."""
    problem, number = problems(None, y=Y)[0], attrgetter("number")
    for n in (2, 4):
        with pytest.raises(ValueError, match="zip"):
            problem.parts.measures(max, [0] * n)
        places = [
            Place([NONE, ALL, ALL], [ALL, NONE, NONE]),
            Place([ALL, NONE, ALL, ALL][:n], [NONE, ALL, NONE, NONE][:n]),
        ]
        for call in (
            lambda folds: folds.training(1),
            lambda folds: folds.over_test(number, 1),
            lambda folds: folds.over_train(number, 1),
            lambda folds: folds.over_tests(number),
            lambda folds: folds.check_weights(),
        ):
            with pytest.raises(ValueError, match="zip"):
                call(FoldsOnWorkers(problem, places, map, add_up=False))


def test_a_splitter_sees_how_many_rows_there_are_and_nothing_in_them():
    """Rows of one number, all the same, and no targets; what it can't do is said with its name."""
    seen = []

    class Halves:
        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

        def split(self, X, y=None, groups=None):
            seen.append((X.shape, X.dtype, np.unique(X).tolist(), y, groups))
            yield np.arange(10), np.arange(10, 20)

        def __repr__(self):
            return "Halves()"

    problem = problems(None)[0]
    folds_on_workers(problem, Halves(), {"groups": "mine"}, map)
    assert seen == [((20, 1), np.dtype(float), [0.0], None, "mine")]

    class Stratified(Halves):
        def split(self, X, y, groups=None):
            raise TypeError("needs y")

    with pytest.raises(TypeError, match=".") as error:
        folds_on_workers(problem, Stratified(), {"y": None}, map)
    assert str(error.value) == (
        "cv=Halves() can't split Dask collections: it sees how many rows there are, and X and y "
        "stay on the workers: needs y"
    )
    with pytest.raises(ValueError, match=r"^cv=\[\] made no splits\.$"):
        folds_on_workers(problem, [], {}, map)


def test_scores_are_those_in_memory_with_any_weights():
    """Small ones, partitions without any, two rows, tiny features, targets missed or not."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    some = np.where(np.arange(20) < 13, 0.0, 0.01)
    flat, off = model.predict(X[:1]).repeat(20), np.full(20, 3.0)
    same = X[:1].repeat(20, axis=0)
    for rows, targets, weight in (
        (X, Y, WEIGHTS),
        (X, Y, some),
        (X, Y, 1e-3 * some),
        (X, 1e4 + Y, None),
        (X[:2], Y[:2], None),
        (1e-100 * X, Y, None),
        (same, flat, None),
        (same, off, None),
    ):
        chunks = (1, 1) if len(rows) == 2 else CHUNKS
        found = model.score(*lazy(rows, targets, weight, chunks=chunks))
        assert found == pytest.approx(model.score(rows, targets, weight), rel=1e-10, abs=1e-12)


def test_a_score_of_one_row_warns_in_scikit_learns_words():
    """Once, and the score is nan."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    words = "R^2 score is not well-defined with less than two samples."
    for rows in ((X[:1], Y[:1]), lazy(X[:1], Y[:1], chunks=(1,))):
        with pytest.warns(UndefinedMetricWarning, match=".") as warned:
            assert np.isnan(model.score(*rows))
        assert [str(w.message) for w in warned] == [words]


def test_the_warning_of_a_score_points_at_the_users_line():
    """As those of a fit do."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    with pytest.warns(UndefinedMetricWarning, match="two samples") as warned:
        model.score(*lazy(X[:1], Y[:1], chunks=(1,)))
    assert warned[0].filename == __file__


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("y", [Y, MANY], ids=["one", "many"])
def test_predictions_have_the_dtype_that_they_have_in_memory(y, dtype, fit_intercept):
    """Also without an intercept, of empty blocks, of rows in another dtype, and at every stage."""
    model = GDLinearRegressor(lr=0.1, tol=6.0, fit_intercept=fit_intercept)
    model.fit(X.astype(dtype), y.astype(dtype))
    for kind in (np.float32, np.float64, np.int64):
        rows = X.astype(kind)
        there = da.from_array(rows, chunks=((5, 0, 15), (2, 1)))
        expected = model.predict(rows)
        found = model.predict(there)
        assert found.dtype == found._meta.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.chunks[0] == (5, 0, 15)
        for block in found.to_delayed().ravel():
            made = block.compute()
            assert made.dtype == expected.dtype
            assert made.shape[1:] == expected.shape[1:]
        assert distance(found.compute(), expected) <= np.finfo(expected.dtype).eps
        stages = zip(model.staged_predict(there), model.staged_predict(rows), strict=True)
        assert all(stage.dtype == e.dtype and stage.shape == e.shape for stage, e in stages)


def test_predictions_keep_their_dtype_where_a_block_has_another():
    """As Dask was told it; of sparse rows they are NumPy's arrays too."""
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(X.astype(np.float32), Y.astype(np.float32))
    wider = lazy(X.astype(np.float32))[0].map_blocks(
        lambda block: block.astype(np.float64), dtype=np.float32, meta=np.empty((0, 0), np.float32)
    )
    assert model.predict(wider).compute().dtype == np.float32
    thin, there = sparse_rows()
    found = model.predict(there)
    assert type(found._meta) is type(found.compute()) is np.ndarray
    assert found.ndim == found._meta.ndim == 1
    assert distance(found.compute(), model.predict(thin)) <= PROMISED


def test_predictions_say_what_they_were_not_made_for():
    """Where they are asked for if that can be told, else with the partition and the estimator."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X.copy(), columns=NAMES)
    model = GDLinearRegressor(lr=0.1, tol=0.7).fit(frame, Y)
    frame.iloc[19, 1] = np.nan
    with pytest.raises(ValueError, match="Partition 3: Input X contains NaN"):
        model.predict(dd.from_pandas(frame, npartitions=4)).compute()
    with pytest.raises(ValueError, match="^X must have a value for each row"):
        model.predict(lazy(Y)[0].max())

    class Mine(GDLinearRegressor):
        pass

    def narrow(block, block_id=None):
        return block[:, :2] if block_id[0] == 1 else block

    mine = Mine(lr=0.1, tol=0.7).fit(X, Y)
    rows = lazy(X)[0].map_blocks(narrow, meta=np.empty((0, 0)))
    with pytest.raises(ValueError, match="Partition 1: X has 2 features, but Mine is expecting 3"):
        mine.predict(rows).compute()


def test_predictions_for_a_dataframe_are_known_before_they_are_made():
    """Name, dtype and columns; nothing is read for that."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(X, columns=NAMES, index=np.arange(20) * 3)
    there = dd.from_pandas(frame, npartitions=3)
    for y, names in ((Y, "prediction"), (MANY, ["prediction_0", "prediction_1"])):
        found = GDLinearRegressor(lr=0.1, tol=0.7).fit(frame, y).predict(there)
        made = found.compute()
        for each in (found._meta, made):
            assert type(each) is (pd.Series if y is Y else pd.DataFrame)
            assert each.name == names if y is Y else list(each.columns) == names
        assert list(made.index) == list(frame.index)


def test_folds_of_partitions_as_documented():
    """Five in runs unless asked otherwise; rows are told by the chunks, columns don't matter."""
    assert PartitionKFold().n_splits == PartitionKFold().get_n_splits() == 5
    cv = PartitionKFold(2)
    assert cv.folds(5).tolist() == [0, 0, 0, 1, 1]
    assert cv.folds(5).dtype == np.intp
    shuffled = PartitionKFold(2, shuffle=True, random_state=0).folds(50)
    assert np.bincount(shuffled).tolist() == [25, 25]
    assert np.any(np.diff(shuffled) < 0)
    for there in (lazy(X)[0], lazy(Y)[0], lazy(X)[0][:, da.from_array(X[0] < 9, chunks=3)]):
        splits = [(a.tolist(), b.tolist()) for a, b in cv.split(there)]
        first = list(range(13)), list(range(13, 20))
        assert splits == [first[::-1], first]
    with pytest.raises(TypeError, match=r"^shuffle must be True or False; got 'yes'\.$"):
        PartitionKFold(2, shuffle="yes").folds(5)
    picked = lazy(X)[0][da.from_array(Y > 0, chunks=(CHUNKS,))]
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


EXPECTED = Expected("Mine", 3, tuple(NAMES), 1, "flat", True)


def test_a_partition_is_checked_numbered_and_counted():
    """As its estimator would, by its name; empty ones are any number's."""
    pd = pytest.importorskip("pandas")
    door = EXPECTED.door()
    assert (type(door).__name__, door.n_features_in_) == ("Mine", 3)
    assert door.feature_names_in_.dtype == object
    frame, number = pd.DataFrame(X, columns=NAMES), attrgetter("number")
    chosen = np.array([3, 3, 19])
    for rows, y, index in ((frame, Y, None), (frame[:0], Y[:0], None), (frame, Y, chosen)):
        assert measured(number, EXPECTED, 7, rows, y, None, index) == 7
    weight = measured(attrgetter("sample_weight"), EXPECTED, 7, frame, Y, WEIGHTS, chosen)
    assert np.array_equal(weight, WEIGHTS * np.bincount(chosen))
    with pytest.raises(ValueError, match=r"^Partition 7: y must have 1 targets .*\(20, 2\)\.$"):
        measured(number, EXPECTED, 7, frame, MANY, None, None)
    with pytest.raises(ValueError, match="^Partition 7: The feature names should match"):
        measured(number, EXPECTED, 7, frame[NAMES[::-1]], Y, None, None)


@pytest.mark.parametrize("n", [1, 2, 8, 9, 64, 65])
def test_a_tree_adds_up_its_leaves(n):
    """However many; no task adds more than eight."""
    leaves = [dask.delayed(i, pure=False) for i in range(n)]
    total = tree(leaves)
    assert total.compute() == n * (n - 1) // 2
    levels = [-(-n // 8), -(-n // 64), -(-n // 512)]
    adding = sum(m for m, before in zip(levels, [n, *levels], strict=False) if before > 1)
    assert sum(key.startswith("summed") for key in map(str, total.dask)) == adding


@pytest.mark.parametrize(
    ("n_features", "usual", "limit"),
    [
        (3, None, 10_000_000 + 8 * 4 * 4),
        (3, "1MB", 1_000_000 + 8 * 4 * 4),
        (2999, "1MB", 1_000_000 + 8 * 3000 * 1024),
    ],
)
def test_what_must_be_sent_is_not_warned_of(monkeypatch, n_features, usual, limit):
    """A cluster's limit is raised by a basis of p vectors, or 1024, while a graph is sent."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    parts = Parts([], Expected("Mine", n_features, None, 1, "flat", True))
    with dask.config.set({} if usual is None else {GRAPH_WARNING: usual}):
        before = dask.config.get(GRAPH_WARNING, None)
        with parts.graph_with_measure():
            assert dask.config.get(GRAPH_WARNING) == limit
        assert dask.config.get(GRAPH_WARNING, None) == before


def test_indices_that_divide_rows_are_seen_only_where_both_are_known():
    """Dataframes of unknown divisions are taken partition by partition."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    there = dd.from_pandas(pd.DataFrame(X, columns=NAMES).assign(y=Y), npartitions=3)
    model = GDLinearRegressor(lr=0.1, tol=0.7)
    expected = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y).coef_
    for rows, targets in ((there, there.clear_divisions()), (there.clear_divisions(), there)):
        assert distance(model.fit(rows[NAMES], targets["y"]).coef_, expected) <= PROMISED


def test_tuning_weighs_folds_of_small_weights():
    """Weights of a hundredth are weights, on the workers too."""
    found = GDLinearRegressorCV([0.1], 5, cv=PartitionKFold(3)).fit(*lazy(X, Y, WEIGHTS))
    index = list(PartitionKFold(3).split(lazy(X)[0]))
    expected = GDLinearRegressorCV([0.1], 5, cv=index).fit(X, Y, WEIGHTS)
    assert distance(found.scores_path_, expected.scores_path_) <= PROMISED
