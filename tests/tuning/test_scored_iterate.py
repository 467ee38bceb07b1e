"""What scorers see of iterates and splitters of rows, and what is made of what they give back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import KFold

from helpers import distance, regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd import _scored_iterate as scored_iterate
from sklearn_gd._estimator.cross_validation import checked, folds_of
from sklearn_gd._estimator.prepare import prepare

pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=20, d=3)
MANY = np.c_[Y, -2 * Y + 1]
SPLIT = [(np.arange(12), np.arange(12, 20))]
LRS, ITERS = [0.01, 0.05], [0, 1, 7, 20]


def tuned(scorer, rows=X, y=Y, **how):
    """Scores of one fold, (n_lrs, n_iters, 1)."""
    model = GDLinearRegressorCV(LRS, 20, iters=ITERS, cv=SPLIT, scoring=scorer, **how)
    return model.fit(rows, y).scores_path_


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, np.float32])
@pytest.mark.parametrize("y", [Y, Y[:, None], MANY], ids=["flat", "column", "many"])
def test_a_scorer_sees_a_fit_of_as_many_updates(y, kind, fit_intercept):
    """In order, with its parameters and results; predictions are ready for the held-out rows."""
    seen, rows = [], kind(X)

    def scorer(estimator, X_held_out, y_held_out):
        assert np.array_equal(y_held_out, y[12:])
        ready = estimator.predict(X_held_out)
        assert estimator.predict(X_held_out) is ready
        assert ready.flags.c_contiguous
        seen.append((estimator, ready, X_held_out))
        return 0.0

    tuned(scorer, rows, y, fit_intercept=fit_intercept)
    settings = [(lr, t) for lr in LRS for t in ITERS]
    for (found, ready, held_out), (lr, t) in zip(seen, settings, strict=True):
        assert (found.lr, found.lr_, found.n_iter_, found.n_features_in_) == (lr, lr, t, 3)
        assert found.max_iter == t
        assert type(found.lr_) is float
        expected = GDLinearRegressor(lr, max_iter=max(t, 1), fit_intercept=fit_intercept)
        expected.fit(rows[:12], y[:12])
        coef = expected.coef_ if t else 0 * expected.coef_
        intercept = expected.intercept_ if t else 0 * np.asarray(expected.intercept_)
        assert (found.coef_.shape, found.coef_.dtype) == (coef.shape, coef.dtype)
        assert distance(found.coef_, coef) <= 1e-6
        assert np.shape(found.intercept_) == np.shape(intercept)
        assert distance(found.intercept_, intercept) <= 1e-6
        assert ready.shape == expected.predict(rows[12:]).shape
        assert distance(ready, held_out @ found.coef_.T + found.intercept_) <= 1e-6
        again = found.predict(held_out.copy())
        assert again is not ready
        assert distance(again, ready) <= 1e-6


def test_a_score_that_is_not_a_finite_number_is_the_worst():
    """The best of the others is chosen; whatever number type they are of."""
    given = iter([np.nan, np.inf, None, -np.inf, 3, np.float32(2.0), True, np.float64(1.5)])
    model = GDLinearRegressorCV(
        LRS, 20, iters=ITERS, cv=SPLIT, scoring=lambda estimator, X, y: next(given)
    ).fit(X, Y)
    assert model.scores_path_.dtype == float
    assert model.scores_path_.tolist() == [[[-np.inf]] * 4, [[3.0], [2.0], [1.0], [1.5]]]
    assert model.best_index_ == (1, 0)


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (47, 1), (48, 2), (71, 2), (72, 3)])
def test_predictions_are_made_for_as_many_iterates_as_fit_into_memory(monkeypatch, limit, at_once):
    """With their coefficients, 24 numbers each here, and always for one; scores are the same."""
    r2, made, predicted = "r2", [], scored_iterate.predicted
    expected = tuned(r2, y=MANY)

    def watched(device, X, coef, intercept):
        made.append(len(coef))
        return predicted(device, X, coef, intercept)

    monkeypatch.setattr(scored_iterate, "PREDICTION_NUMBERS", limit)
    monkeypatch.setattr(scored_iterate, "predicted", watched)
    assert np.array_equal(tuned(r2, y=MANY), expected)
    assert made[0] == max(made) == at_once
    assert sum(made) == len(LRS) * len(ITERS)


class Seeing(KFold):
    """A splitter that keeps what it is shown."""

    def split(self, X, y=None, groups=None):
        self.seen = X, y, groups
        return super().split(X, y)


@pytest.mark.parametrize("y", [Y, Y[:, None], MANY], ids=["flat", "column", "many"])
def test_a_splitter_sees_the_rows_and_the_targets_as_they_were_given(y):
    """And what is meant for it; folds keep the problem and how they are worked on."""
    cv, posed = Seeing(4), prepare(GDLinearRegressor(), (X, y, None), True)
    folds = folds_of(posed, cv, {"groups": "mine"}, map)
    assert np.array_equal(cv.seen[0], X)
    assert np.array_equal(cv.seen[1], y)
    assert cv.seen[2] == "mine"
    assert (folds.problem, folds.each, len(folds)) == (posed.problem, map, 4)
    for split, (train, test) in zip(folds.splits, KFold(4).split(X), strict=True):
        assert np.array_equal(split.train, train)
        assert np.array_equal(split.test, test)
    for cv, n in ((3, 3), (None, 5), (SPLIT, 1)):
        assert len(folds_of(posed, cv, {}, map)) == n


def test_rows_are_chosen_in_every_way_that_numpy_knows():
    """By lists, masks and indices from the end; the same one twice, or one alone."""
    made = [
        ([0, 1, -1], [True, False, False, False, True]),
        (np.array([2, 2]), (3,)),
        (np.array([False, True, False, False, False]), np.array([-5], dtype=np.int8)),
    ]
    splits = checked(iter(made), 5, "mine")
    assert [s.train.tolist() for s in splits] == [[0, 1, 4], [2, 2], [1]]
    assert [s.test.tolist() for s in splits] == [[0, 4], [3], [0]]
    assert all(s.train.dtype.kind == s.test.dtype.kind == "i" for s in splits)
    with pytest.raises(IndexError):
        checked([([5], [0])], 5, "mine")


WEIGHTS = np.full(20, 0.01)
NOTHING = np.where(np.arange(20) < 12, 0.01, 0.0)


@pytest.mark.parametrize(
    ("weights", "cv", "words"),
    [
        (None, [], "cv=[] made no splits."),
        (None, [*SPLIT, ([], [1])], "Fold 1 is fitted on no rows with a weight above zero."),
        (None, [*SPLIT, ([1], [])], "Fold 1 is scored on no rows with a weight above zero."),
        (NOTHING, SPLIT, "Fold 0 is scored on no rows with a weight above zero."),
        (
            NOTHING,
            [([0, 19], [1]), ([19], [1])],
            "Fold 1 is fitted on no rows with a weight above zero.",
        ),
    ],
    ids=["no folds", "not fitted", "not scored", "scored on no weight", "fitted on no weight"],
)
def test_folds_without_rows_or_weights_are_named(weights, cv, words):
    """Small weights are weights."""
    posed = prepare(GDLinearRegressor(), (X, Y, weights), True)
    with pytest.raises(ValueError, match=".") as error:
        folds_of(posed, cv, {}, map)
    assert str(error.value) == words
    small = prepare(GDLinearRegressor(), (X, Y, WEIGHTS), True)
    assert len(folds_of(small, [([0], [1])], {}, map)) == 1
