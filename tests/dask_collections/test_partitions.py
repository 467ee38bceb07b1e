"""Partitions: how they are checked, measured and added up."""

from __future__ import annotations

import sys
from operator import attrgetter

import dask
import dask.array as da
import numpy as np
import pytest

from dask_helpers import MANY, NAMES, WEIGHTS, X, Y, counting_reads, lazily, lazy, problem_of
from helpers import PROMISED, distance
from sklearn_gd import GDLinearRegressor
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd.dask._partitions import (
    GRAPH_WARNING,
    ExpectedRows,
    Partition,
    Partitions,
    checker_of,
    measured,
    tree_sum,
)
from sklearn_gd.dask._rows import CentredSquares


def test_a_partition_is_checked_and_weighted_by_its_index():
    """Errors name the partition and the estimator; an empty partition needs no columns."""
    pd = pytest.importorskip("pandas")
    frame, count = pd.DataFrame(X, columns=NAMES), attrgetter("n_samples")
    expected = ExpectedRows("Mine", frame[:0], (), True)
    checker = checker_of("Mine", frame[:0])
    assert (type(checker).__name__, checker.n_features_in_) == ("Mine", 3)
    assert checker.feature_names_in_.tolist() == NAMES
    index = np.array([3, 3, 19])
    assert measured(count, expected, Partition(7, frame, Y, None)) == 40
    assert measured(count, expected, Partition(7, frame[:0], Y[:0], None)) == 0
    partition = Partition(7, frame, Y, WEIGHTS, index)
    weight = measured(attrgetter("sample_weight"), expected, partition)
    assert np.array_equal(weight, WEIGHTS * np.bincount(index, minlength=40))
    words = r"^Partition 7: y must have shape \(n_samples,\), .*\(40, 2\)\.$"
    with pytest.raises(ValueError, match=words):
        measured(count, expected, Partition(7, frame, MANY, None))
    with pytest.raises(ValueError, match="^Partition 7: The feature names should match"):
        measured(count, expected, Partition(7, frame[NAMES[::-1]], Y, None))


def test_centred_squares_merge_as_those_of_all_rows():
    """Sets of any weights, those of weight zero included; large means take no digits."""

    def of(rows, w):
        if not w.sum():
            return CentredSquares(0.0, np.zeros(3), np.zeros(3))
        mean = w @ rows / w.sum()
        return CentredSquares(w.sum(), mean, w @ (rows - mean) ** 2)

    rows = X + 1e6
    for cut in (1, 17, 39):  # the first weight is zero
        merged = of(rows[:cut], WEIGHTS[:cut]) + of(rows[cut:], WEIGHTS[cut:])
        expected = of(rows, WEIGHTS)
        assert merged.weight == pytest.approx(expected.weight)
        assert np.allclose(merged.mean, expected.mean, rtol=1e-14)
        assert np.allclose(merged.squares, expected.squares, rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 8, 9, 64, 65])
def test_a_tree_adds_up_its_leaves(n):
    """However many leaves there are, no task adds more than eight."""
    leaves = [dask.delayed(i, pure=False) for i in range(n)]
    total = tree_sum(leaves)
    assert total.compute() == n * (n - 1) // 2
    levels = [-(-n // 8), -(-n // 64), -(-n // 512)]
    adding = sum(m for m, before in zip(levels, [n, *levels], strict=False) if before > 1)
    assert sum(key.startswith("sum-") for key in map(str, total.dask)) == adding


@pytest.mark.parametrize(
    ("n_features", "usual", "limit"),
    [
        (3, None, 10_000_000 + 16 * 4 * 4),
        (3, "1MB", 1_000_000 + 16 * 4 * 4),
        (9999, "1MB", 1_000_000 + 16 * 10_000 * 8192),
    ],
)
def test_what_must_be_sent_is_not_warned_of(monkeypatch, n_features, usual, limit):
    """A cluster's limit is raised by two matrices of p rows while a graph is sent."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    partitions = Partitions([], ExpectedRows("Mine", np.empty((0, n_features)), (), True))
    with dask.config.set({} if usual is None else {GRAPH_WARNING: usual}):
        before = dask.config.get(GRAPH_WARNING, None)
        with partitions.sending_measure():
            assert dask.config.get(GRAPH_WARNING) == limit
        assert dask.config.get(GRAPH_WARNING, None) == before


def test_a_measure_is_given_one_argument_for_each_partition():
    """Another number of arguments is an error."""
    partitions = problem_of(*lazily(X, Y), None).partitions
    assert partitions.total(lambda rows, add: rows.n_samples + add, [1, 2, 3, 4]) == 50
    with pytest.raises(ValueError, match="zip"):
        partitions.total(max, [0] * 3)


def test_divisions_are_compared_only_if_both_are_known():
    """Dataframes of unknown divisions are aligned partition by partition."""
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    there = dd.from_pandas(pd.DataFrame(X, columns=NAMES).assign(y=Y), npartitions=3)
    model = GDLinearRegressor(lr=0.1, tol=0.7)
    expected = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y).coef_
    for rows, targets in ((there, there.clear_divisions()), (there.clear_divisions(), there)):
        assert distance(model.fit(rows[NAMES], targets["y"]).coef_, expected) <= PROMISED


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((X[:0], Y[:0], None), "X must have at least one row (sample); all partitions are empty."),
        (
            (X, Y, 0 * WEIGHTS),
            "sample_weight must not be all zero: some weight must be positive.",
        ),
        ((X, Y[:4], None), "X and y have inconsistent numbers of samples: [40, 4]."),
        (
            (X, Y, WEIGHTS[:4]),
            "X and sample_weight have inconsistent numbers of samples: [40, 4].",
        ),
    ],
    ids=["no rows", "no weight", "fewer targets", "fewer weights"],
)
def test_errors_of_all_rows_together_are_whole_sentences(rows, words):
    """Both fit and score raise them."""
    there = [None if a is None else da.from_array(a) for a in rows]
    fitted = GDLinearRegressor(lr=0.1, tol=0.7).fit(X, Y)
    for call in (GDLinearRegressor().fit, fitted.score):
        with pytest.raises(ValueError, match=".") as error:
            call(*there)
        assert str(error.value) == words


@pytest.mark.parametrize("weight", [0, -1.0, np.nan, np.inf, "a", True])
def test_one_weight_for_all_is_refused_as_in_memory(weight):
    """Without reading a row of the collections."""
    read = []
    for method in ("fit", "partial_fit"):
        with pytest.raises((TypeError, ValueError)) as here:
            getattr(GDLinearRegressor(), method)(X, Y, weight)
        with pytest.raises(type(here.value)) as there:
            getattr(GDLinearRegressor(), method)(counting_reads(read), lazy(Y), weight)
        assert str(there.value) == str(here.value)
    assert not read


def test_one_weight_for_all_counts_only_in_partial_fit():
    """It weighs one part against the others; a fit is the same with any."""
    for weight in (2.5, np.float32(2.5), np.array(2.5)):
        model = GDLinearRegressor().partial_fit(*lazily(X, Y), weight).partial_fit(-X, Y)
        expected = GDLinearRegressor().partial_fit(X, Y, weight).partial_fit(-X, Y)
        assert distance(model.coef_, expected.coef_) <= PROMISED
        assert prepare(GDLinearRegressor(), (*lazily(X, Y), weight), True).sample_weight is None
