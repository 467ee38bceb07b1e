"""The tree of tasks that callbacks see: names, counts, order, and what comes with each task."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.utils.fixes import parse_version

from helpers import regression
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd._estimator.callbacks import CallbackSupportMixin

pytestmark = [
    pytest.mark.skipif(
        parse_version(sklearn.__version__) < parse_version("1.9"),
        reason="sklearn.callback begins with 1.9",
    ),
    pytest.mark.filterwarnings(
        "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
    ),
]
X, Y = regression(n=30, d=2)
W = np.arange(1.0, 31.0)


class Listener:
    """Keeps the contexts of tasks, and what came with the end of each."""

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        self.root = context

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X, y, metadata):
        self.begun.append((context, estimator, X, y, metadata))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.ended.append((context, estimator, X, y, metadata, fitted_estimator))


def listened(model, *rows):
    """The model after a fit, and who listened."""
    listener = Listener()
    return model.set_callbacks(listener).fit(*rows), listener


def tree(context):
    """Name, promised number of subtasks, and the subtasks; runs of equal leaves are counted."""
    below = [tree(task) for task in context._children_map.values()]
    if below and all(leaf == below[0] for leaf in below):
        below = [len(below), below[0]]
    return context.task_name, context.max_subtasks, below


LEAF = ("iteration", 0, [])


def test_a_fit_in_closed_form_is_as_many_tasks_as_updates():
    """Their number is known before the first of them."""
    model, listener = listened(GDLinearRegressor(tol=1.0), X, Y)
    assert tree(listener.root) == ("fit", model.n_iter_, [model.n_iter_, LEAF])
    assert [task.task_id for task in listener.root._children_map.values()] == list(
        range(model.n_iter_)
    )


def test_a_fit_in_a_growing_space_is_two_tasks():
    """The space, which grows nobody knows how often, and then the descent."""
    model, listener = listened(GDLinearRegressor(tol=1.0, solver="krylov"), X, Y)
    name, count, (space, descent) = tree(listener.root)
    assert (name, count) == ("fit", 2)
    assert space[:2] == ("krylov", None)
    assert space[2][1] == ("growth", 0, [])
    assert descent == ("descent", model.n_iter_, [model.n_iter_, LEAF])


@pytest.mark.parametrize("cv", [3, 4])
@pytest.mark.parametrize("scoring", [None, "r2"])
def test_a_tuning_is_two_tasks(cv, scoring):
    """Passes over the folds, each as many tasks as there are folds, and then the descent."""
    tuner = GDLinearRegressorCV(lrs=2, max_iter=9, cv=cv, scoring=scoring)
    model, listener = listened(tuner, X, Y)
    name, count, (tuning, descent) = tree(listener.root)
    assert (name, count) == ("fit", 2)
    assert tuning[:2] == ("tuning", None)
    passes = next(iter(listener.root._children_map.values()))._children_map.values()
    assert len(passes) >= 1
    for folds in passes:
        assert tree(folds) == ("folds", cv, [cv, ("fold", 0, [])])
        assert sorted(folds._children_map) == list(range(cv))
        assert not folds.sequential_subtasks
    assert descent == ("descent", model.n_iter_, [model.n_iter_, LEAF])


def test_a_tuning_without_folds_is_two_tasks():
    """There is nothing to tell of before the descent."""
    model, listener = listened(GDLinearRegressorCV(lrs=2, max_iter=9, cv="gcv"), X, Y)
    tasks = [("tuning", None, []), ("descent", model.n_iter_, [model.n_iter_, LEAF])]
    assert tree(listener.root) == ("fit", 2, tasks)


MODELS = {
    "closed form": GDLinearRegressor(tol=1.0),
    "krylov": GDLinearRegressor(tol=1.0, solver="krylov"),
    "tuning": GDLinearRegressorCV(lrs=2, max_iter=9, cv=3),
    "scoring": GDLinearRegressorCV(lrs=2, max_iter=9, cv=3, scoring="r2"),
}


@pytest.mark.parametrize("case", list(MODELS))
@pytest.mark.parametrize("weights", [None, W])
def test_every_task_comes_with_the_rows(case, weights):
    """The rows that `fit` was given, the weights where there are some, and the estimator."""
    model, listener = listened(MODELS[case], X, Y, weights)
    assert len(listener.begun) == len(listener.ended)
    for _, estimator, rows, y, metadata, *_ in listener.begun + listener.ended:
        assert estimator is model
        assert rows is X
        assert y is Y
        if weights is None:
            assert metadata is None
        else:
            assert list(metadata) == ["sample_weight"]
            assert np.array_equal(metadata["sample_weight"], W)


@pytest.mark.parametrize("case", list(MODELS))
def test_tasks_begin_before_and_end_after_what_they_hold(case):
    """Each task ends once, in its turn, and the last to end is the fit."""
    _, listener = listened(MODELS[case], X, Y)
    begun, ended = [one[0] for one in listener.begun], [one[0] for one in listener.ended]
    assert sorted(map(id, begun)) == sorted(map(id, ended))
    assert begun[0] is ended[-1] is listener.root
    for context in begun[1:]:
        assert begun.index(context.parent) < begun.index(context)
        assert ended.index(context) < ended.index(context.parent)


@pytest.mark.parametrize("case", list(MODELS))
def test_only_iterations_show_an_estimator(case):
    """Before the descent there is none; after it, it has been shown."""
    _, listener = listened(MODELS[case], X, Y)
    for context, *_, fitted in listener.ended:
        assert (fitted is not None) == (context.task_name == "iteration")


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_a_fit_that_stays_at_its_start_shows_the_start(solver):
    """Where there is no iteration the task around them shows what was descended to."""
    model, listener = listened(GDLinearRegressor(tol=1e9, solver=solver), X, Y)
    shown = {context.task_name: fitted for context, *_, fitted in listener.ended}
    last = "descent" if "descent" in shown else "fit"
    assert [name for name, fitted in shown.items() if fitted is not None] == [last]
    assert shown[last].n_iter_ == model.n_iter_ == 0
    assert np.array_equal(shown[last].predict(X), model.predict(X))
    assert not any(name.startswith("iteration") for name in shown)


def test_estimators_are_scikit_learns_to_call_back():
    """Meta-estimators know by the mixin that callbacks may be handed on."""
    assert isinstance(GDLinearRegressor(), CallbackSupportMixin)
    assert isinstance(GDLinearRegressorCV(), CallbackSupportMixin)
