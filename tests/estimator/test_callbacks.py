"""Callbacks of scikit-learn: a descent that was found at once is shown iterate by iterate."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV
from sklearn_gd._linalg import GolubKahan

CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")
needs_callbacks = pytest.mark.skipif(not CALLBACKS, reason="sklearn.callback begins with 1.9")
pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=60, d=4)
KRYLOV = {"krylov", "growth", "descent"}  # tasks of a fit in a growing space, beside the others


class Recorder:
    """Counts tasks, looks at every `look`-th iterate and stops after `stop_after` of them."""

    def __init__(self, stop_after=None, look=1, fail=False):
        self.stop_after, self.look, self.fail = stop_after, look, fail
        self.names, self.seen, self.torn_down = [], [], 0

    def setup(self, estimator, context):
        self.tasks = 0

    def teardown(self, estimator, context):
        self.torn_down += 1

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.names.append(context.task_name)
        if not context.task_name.startswith("iteration"):
            return False
        self.tasks += 1
        if self.fail:
            raise RuntimeError("a callback's own mistake")
        if self.tasks % self.look == 0:
            self.seen.append(fitted_estimator)
        return self.tasks == self.stop_after


class Watcher(Recorder):
    """Asks for no fitted estimator."""

    def on_fit_task_end(self, estimator, context):
        self.names.append(context.task_name)


@pytest.mark.skipif(CALLBACKS, reason="scikit-learn has callbacks")
@pytest.mark.parametrize("model", [GDLinearRegressor(), GDLinearRegressorCV()])
def test_older_versions_say_what_callbacks_need(model):
    """Before 1.9 set_callbacks names the version it needs and the one there is."""
    with pytest.raises(ImportError, match=rf"1\.9 or newer.*this is {sklearn.__version__}"):
        model.set_callbacks(Recorder())


@needs_callbacks
@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
def test_every_iterate_is_shown_as_if_fit_had_stopped_there(solver):
    """Task t shows the iterate after t updates, fitted: coefficients, losses and predictions."""
    recorder = Recorder()
    model = GDLinearRegressor(tol=1.0, solver=solver).set_callbacks(recorder).fit(X, Y)
    plain = GDLinearRegressor(tol=1.0, solver=solver).fit(X, Y)
    shown = [name for name in recorder.names if name not in KRYLOV]
    assert shown == ["iteration"] * plain.n_iter_ + ["fit"]
    assert bool(KRYLOV & set(recorder.names)) == (solver == "krylov")
    assert recorder.torn_down == 1
    for t, shown in enumerate(recorder.seen, start=1):
        assert shown.n_iter_ == t
        assert np.array_equal(shown.coef_, plain.path_.coef(t))
        assert distance(shown.loss_history_, plain.path_.loss(np.arange(t + 1))) <= tolerance()
        assert shown.predict(X).shape == (60,)
        assert shown.stop_reason_ == ("tol" if t == plain.n_iter_ else "callback")
    assert np.array_equal(model.coef_, plain.coef_)
    assert model.stop_reason_ == "tol"


@needs_callbacks
@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
def test_a_callback_stops_the_descent(solver):
    """The path then ends at that iterate, says so, and no warning is due."""
    recorder = Recorder(stop_after=3)
    model = GDLinearRegressor(solver=solver).set_callbacks(recorder).fit(X, Y)
    assert (model.n_iter_, model.stop_reason_, model.path_.n_iter) == (3, "callback", 3)
    assert model.coef_path_.shape == (4, 4)
    assert np.array_equal(model.coef_, model.path_.coef(3))
    assert "<DescentPath: a callback stopped it after 3 updates" in repr(model.path_)
    assert not hasattr(model, "_callback_fit_ctx")


@needs_callbacks
def test_long_descents_go_in_blocks():
    """A trillion updates are shown in at most MOST_TASKS tasks, the last at the stop."""
    recorder = Recorder(look=250)
    model = GDLinearRegressor(lr=1e-14, max_iter=10**12).set_callbacks(recorder)
    with pytest.warns(ConvergenceWarning, match="still falling"):
        model.fit(X, Y)
    assert recorder.names == ["iterations"] * 1000 + ["fit"]
    assert [shown.n_iter_ for shown in recorder.seen] == [10**12 * i // 4 for i in (1, 2, 3, 4)]
    with pytest.warns(ConvergenceWarning, match="still falling"):
        GDLinearRegressor(lr=1e-6, max_iter=1001).set_callbacks(recorder := Recorder()).fit(X, Y)
    assert [shown.n_iter_ for shown in recorder.seen] == [*range(2, 1001, 2), 1001]


@needs_callbacks
def test_a_descent_of_no_updates():
    """Where the start is the stop there is one task, the fit, and it shows the start."""
    recorder = Watcher()
    model = GDLinearRegressor(tol=1e9).set_callbacks(recorder).fit(X, Y)
    assert model.n_iter_ == 0
    assert recorder.names == ["fit"]


@needs_callbacks
def test_lazy():
    """A callback that asks for no fitted estimator costs no coefficients."""
    asked = []
    model = GDLinearRegressor(tol=1.0).set_callbacks(Watcher()).fit(X, Y)
    descent = type(model.path_._descent)
    theta = descent.theta

    def counted(self, t, *rows):
        asked.append(t)
        return theta(self, t, *rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descent, "theta", counted)
        model.fit(X, Y)
        with_callback = len(asked)
        asked.clear()
        model.set_callbacks().fit(X, Y)
    assert with_callback == len(asked)


@needs_callbacks
def test_without_callbacks_no_tree_is_built(monkeypatch):
    """No callbacks, no tasks; and after set_callbacks() without any as before."""

    def never(*args, **kwargs):
        raise AssertionError("a task tree was built")

    monkeypatch.setattr(GDLinearRegressor, "_init_callback_context", never)
    GDLinearRegressor(tol=1.0).fit(X, Y)
    GDLinearRegressor(tol=1.0).set_callbacks(Watcher()).set_callbacks().fit(X, Y)


@needs_callbacks
@pytest.mark.parametrize("weights", [None, 2.0, np.arange(60.0)])
def test_scoring_monitor_has_a_row_per_iteration(weights):
    """One row for every update; the last score is that of the fitted model on the same rows."""
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="r2")
    model = GDLinearRegressor(tol=1.0).set_callbacks(monitor).fit(X, Y, weights)
    rows = monitor.get_logs().data
    assert len(rows) == model.n_iter_
    assert rows[-1]["r2"] == pytest.approx(model.score(X, Y, weights), rel=1e-12)


@needs_callbacks
def test_scoring_monitor_with_names():
    """Named columns are scored with their names: no warning about missing ones."""
    pd = pytest.importorskip("pandas")
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="r2")
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = GDLinearRegressor(tol=1.0).set_callbacks(monitor).fit(frame, Y)
    last = monitor.get_logs().data[-1]
    assert last["r2"] == pytest.approx(model.score(frame, Y), rel=1e-12)


@needs_callbacks
def test_progress_bars(capsys):
    """ProgressBar shows a fit, a tuning, a pipeline and a grid search."""
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar

    GDLinearRegressor(tol=1.0).set_callbacks(ProgressBar()).fit(X, Y)
    assert "GDLinearRegressor - fit" in capsys.readouterr().out
    GDLinearRegressor(tol=1.0, solver="krylov").set_callbacks(ProgressBar()).fit(X, Y)
    assert "GDLinearRegressor - krylov" in capsys.readouterr().out
    GDLinearRegressorCV(lrs=2, max_iter=20, cv=3).set_callbacks(ProgressBar()).fit(X, Y)
    said = capsys.readouterr().out
    assert "GDLinearRegressorCV - tuning" in said
    assert "GDLinearRegressorCV - folds" in said
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor(tol=1.0))
    pipeline.set_callbacks(ProgressBar()).fit(X, Y)
    assert "GDLinearRegressor - fit" in capsys.readouterr().out
    grid = GridSearchCV(GDLinearRegressor(tol=1.0), {"lr": [0.1, 0.2]}, cv=2)
    grid.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert "GDLinearRegressor - fit" in capsys.readouterr().out


@needs_callbacks
def test_callbacks_inside_a_grid_search_and_a_pipeline():
    """A callback of the estimator itself is called for every fit that is made of it."""
    recorder = Watcher()
    model = GDLinearRegressor(tol=1.0).set_callbacks(recorder)
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), model), {"gdlinearregressor__lr": [0.2, 0.3]}
    )
    grid.fit(X, Y)
    assert recorder.names.count("fit") == recorder.torn_down == 11
    assert clone(model)._skl_callbacks == model._skl_callbacks


class Follower:
    """Writes down what begins and ends, as "+name" and "-name", among others' entries."""

    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"+{context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.events.append(f"-{context.task_name}")


@pytest.fixture
def follower(monkeypatch):
    """One that also sees when the products of a growing space are made."""
    follower, real = Follower(), GolubKahan.grow

    def grow(self, size):
        follower.events.append("products")
        real(self, size)

    monkeypatch.setattr(GolubKahan, "grow", grow)
    return follower


@needs_callbacks
def test_a_growing_space_is_shown_while_it_grows(follower):
    """Each growth is a task around the products with the rows, and the descent comes after."""
    X, y = regression(n=150, d=60)
    model = GDLinearRegressor(solver="krylov", tol=0.1).set_callbacks(follower).fit(X, y)
    growths = follower.events.count("products")
    assert growths > 2
    growth = ["+growth", "products", "-growth"] * growths
    before = ["+fit", "+krylov", *growth, "-krylov", "+descent"]
    iterations = ["+iteration", "-iteration"] * model.n_iter_
    assert follower.events == [*before, *iterations, "-descent", "-fit"]


@needs_callbacks
def test_a_tuners_last_space_grows_within_the_tuning():
    """It is part of what comes before the descent."""
    follower = Follower()
    model = GDLinearRegressorCV(lrs=2, max_iter=30, cv=3, solver="krylov")
    model.set_callbacks(follower).fit(X, Y)
    told = [event for event in follower.events if event[1:] not in ("growth", "fold", "iteration")]
    assert told[:2] == ["+fit", "+tuning"]
    assert told[-6:] == ["+krylov", "-krylov", "-tuning", "+descent", "-descent", "-fit"]


@needs_callbacks
def test_tuning_without_folds_is_told_growth_by_growth(follower):
    """In Krylov spaces: those for the curvatures and for the grid, each before its products."""
    model = GDLinearRegressorCV(lrs=2, max_iter=30, cv="gcv", solver="krylov")
    model.set_callbacks(follower).fit(X, Y)
    growths = follower.events.count("products")
    assert growths >= 1
    growth = ["+growth", "products", "-growth"] * growths
    before = ["+fit", "+tuning", "+krylov", *growth, "-krylov", "-tuning", "+descent"]
    assert follower.events[: len(before)] == before


@needs_callbacks
@pytest.mark.parametrize("cv", ["gcv", 4])
def test_tuning_is_told_fold_by_fold(cv):
    """The tuner tells its folds, then its descent, which a callback can stop."""
    recorder = Recorder(stop_after=2)
    model = GDLinearRegressorCV(lrs=2, max_iter=30, cv=cv).set_callbacks(recorder).fit(X, Y)
    plain = GDLinearRegressorCV(lrs=2, max_iter=30, cv=cv).fit(X, Y)
    folds = [name for name in recorder.names if name == "fold"]
    assert bool(folds) == (cv == 4)
    assert cv == "gcv" or len(folds) % 4 == 0
    rest = [name for name in recorder.names if not name.startswith("fold")]
    assert rest == ["tuning", "iteration", "iteration", "descent", "fit"]
    assert (model.n_iter_, model.stop_reason_) == (2, "callback")
    assert model.best_index_ == plain.best_index_
    assert np.array_equal(recorder.seen[-1].coef_, model.coef_)
    assert np.array_equal(recorder.seen[-1].coef_, plain.path_.coef(2))


@needs_callbacks
def test_tuning_in_threads_tells_the_same():
    """Folds of several threads are told too, each once."""
    recorders = [Watcher(), Watcher()]
    for recorder, n_jobs in zip(recorders, (1, 2), strict=True):
        model = GDLinearRegressorCV(lrs=2, max_iter=30, cv=4, n_jobs=n_jobs)
        model.set_callbacks(recorder).fit(X, Y)
    assert sorted(recorders[0].names) == sorted(recorders[1].names)


@needs_callbacks
@pytest.mark.parametrize("make", [GDLinearRegressor, GDLinearRegressorCV])
def test_a_callback_that_fails_leaves_an_earlier_fit_usable(make):
    """Its exception comes through, it is torn down, and the model predicts as before."""
    model = make(max_iter=2000).fit(X, Y)
    before = model.predict(X)
    recorder = Recorder(fail=True)
    model.set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="own mistake"):
        model.fit(X[:30], -Y[:30])
    assert recorder.torn_down == 1
    assert not hasattr(model, "_callback_fit_ctx")
    assert np.array_equal(model.predict(X), before)


@needs_callbacks
@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_copies_and_pickles(solver):
    """A fitted model with callbacks is copied and pickled as any other."""
    model = GDLinearRegressor(tol=1.0, solver=solver).set_callbacks(Watcher()).fit(X, Y)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other.predict(X), model.predict(X))


@needs_callbacks
def test_warnings_point_at_the_caller():
    """A warning names the line that called fit, with callbacks as without."""
    with pytest.warns(ConvergenceWarning) as caught:
        GDLinearRegressor(1e-3, max_iter=3).set_callbacks(Watcher()).fit(X, Y)
    assert caught[0].filename == __file__
