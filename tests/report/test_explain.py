"""One update explained, and the table of iterates."""

from __future__ import annotations

import re
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gd import GDLinearRegressor
from sklearn_gd._report.explanation import Explanation

X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]


def _path(**terms):
    model = GDLinearRegressor(lr=0.1, tol=0.1, **terms)
    return model.fit(X, y, coef_init=[1.0], intercept_init=2.0).path_


def test_an_update_can_be_checked_by_hand():
    """The tutorial's first update has the numbers that one gets with pencil and paper."""
    update = _path().explain(0)
    assert_allclose(update.parameters, [2.0, 1.0])
    assert_allclose(update.gradient, [-0.5, -2.0])
    assert_allclose(update.step, [-0.05, -0.2])
    assert_allclose(update.new_parameters, [2.05, 1.2])
    assert_allclose(update.loss, 0.75)
    text = repr(update)
    assert "Update 1 of 17, from t = 0 to t = 1, at lr = 0.1." in text
    assert text.splitlines()[3].split() == ["intercept", "2", "-0.5", "-0.05", "2.05"]
    assert text.splitlines()[4].split() == ["x0", "1", "-2", "-0.2", "1.2"]


def test_every_update_is_the_rule():
    """At any t the new parameters are the old ones minus lr times the gradient, to a rounding."""
    path = _path()
    for t in (0, 5, 17, 100):
        update = path.explain(t)
        assert_allclose(update.parameters - update.step, update.new_parameters, rtol=1e-13)
        assert update.new_loss == path.loss(t + 1)


def test_beyond_the_stop_it_is_said_to_have_stopped():
    """An update that was not made is explained as one that would follow."""
    text = repr(_path().explain(17))
    assert "The descent stopped at t = 17" in text
    assert "Update 18, from" in text


def test_a_diverging_update_is_seen_to_rise():
    """Where the loss rises the words say higher."""
    with pytest.warns(match="diverged"):
        path = GDLinearRegressor(lr=10.0).fit(X, y).path_
    assert ", higher by" in repr(path.explain(0))


def test_names_and_targets_are_in_the_table():
    """Features have their names and, with several targets, each parameter its target."""
    pandas = pytest.importorskip("pandas")
    Y = np.column_stack([y, y, y])
    path = GDLinearRegressor(tol=1.0).fit(pandas.DataFrame(X, columns=["age"]), Y).path_
    assert path.parameter_names == ("intercept", "age")
    columns = [f"{name} (y{target})" for target in range(3) for name in ("intercept", "age")]
    frame = path.to_frame()
    assert list(frame.columns) == ["loss", *columns]
    assert_allclose(frame["age (y2)"], path.coef(np.arange(path.n_iter + 1))[:, 2, 0])
    rows = repr(path.explain(0)).splitlines()[3:9]
    assert [row[: len(columns[0])].strip() for row in rows] == columns


def test_many_parameters_are_cut_to_those_that_move():
    """A table of hundreds of rows is cut to the twelve largest steps, in order, and says so."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 30)), rng.normal(size=50)
    path = GDLinearRegressor(tol=1e3, max_iter=9).fit(X, y, coef_init=rng.normal(size=30)).path_
    update = path.explain(0)
    text = repr(update)
    assert "... and 19 more, which move less." in text
    shown = [line.split()[0] for line in text.splitlines() if line.startswith(("x", "intercept"))]
    most = set(np.argsort(-np.abs(update.step))[:12])
    assert shown == [name for j, name in enumerate(path.parameter_names) if j in most]


def test_a_settled_descent_is_said_to_stay():
    """An update that changes nothing leaves the loss the same."""
    path = GDLinearRegressor().fit(X, [0.0] * 4).path_
    assert repr(path.explain(0)).endswith("The loss after it is J = 0, the same.")


def test_t_is_one_whole_number():
    """Arrays, fractions and negative numbers are refused."""
    for t, error, words in (
        ([0, 1], TypeError, r"one number of updates; got \[0, 1\]"),
        (0.5, TypeError, "got 0.5"),
        (-1, ValueError, "got -1"),
    ):
        with pytest.raises(error, match=words):
            _path().explain(t)


def test_the_frame_holds_every_iterate():
    """The table has a row per iterate, or those asked for, with loss and parameters."""
    pytest.importorskip("pandas")
    path = _path()
    frame = path.to_frame()
    assert frame.index.name == "t"
    assert list(frame.index) == list(range(18))
    assert_allclose(frame["loss"], path.loss(np.arange(18)))
    assert_allclose(frame["x0"], path.coef(np.arange(18))[:, 0])
    assert list(path.to_frame([0, 10**12]).index) == [0, 10**12]
    assert len(path.to_frame(3)) == 1
    with pytest.raises(ValueError, match=r"a flat list; got \[\[0, 1\]\]"):
        path.to_frame([[0, 1]])


def test_the_frame_loses_no_column_to_another_of_its_name():
    """A feature may be called loss, and two features may have one name."""
    pytest.importorskip("pandas")
    path = _path().with_names(["loss", "x", "x"][: len(_path().parameter_names) - 1])
    frame = path.to_frame([0, 5])
    assert list(frame.columns) == ["loss", *path.parameter_names]
    assert_allclose(frame.to_numpy()[:, 0], path.loss([0, 5]))
    assert_allclose(frame.to_numpy()[:, 1:], path.parameters([0, 5]))


def test_a_frame_larger_than_memory_is_refused():
    """Of a descent of 10**9 updates the whole table is refused with its size."""
    pytest.importorskip("pandas")
    path = GDLinearRegressor(lr=1e-12, max_iter=10**9)
    with pytest.warns(match="max_iter"):
        path = path.fit(X, y).path_
    with pytest.raises(ValueError, match=r"The coef of all 1,000,000,001 iterates.*to_frame those"):
        path.to_frame()


def test_without_pandas_a_plain_message_says_what_to_install(monkeypatch):
    """Without pandas the table says so and how to get it."""
    path = _path()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas.*pip install pandas"):
        path.to_frame()


def test_the_table_of_an_update_to_the_letter():
    """Numbers are right under their headings, whatever their length; names are left."""
    update = Explanation(
        t=1234,
        lr=0.125,
        names=("intercept", "x0"),
        parameters=np.array([2.0, -1.234567891e-100]),
        gradient=np.array([-0.5, 1234567.0]),
        new_parameters=np.array([2.0625, -154320.875]),
        loss=0.75,
        new_loss=0.5,
        n_iter=2000,
    )
    assert repr(update).splitlines() == [
        "Update 1,235 of 2,000, from t = 1,234 to t = 1,235, at lr = 0.125.",
        "The loss before it is J = 0.75.",
        "             parameter   derivative  lr * derivative  new parameter",
        "intercept            2         -0.5          -0.0625         2.0625",
        "x0       -1.23457e-100  1.23457e+06           154321        -154321",
        "Each new parameter is the old one minus lr times the partial derivative dJ/dparameter.",
        "The loss after it is J = 0.5, lower by 0.25.",
    ]
    last = replace(update, t=2000, new_loss=1.0)
    assert repr(last).splitlines()[:2] == [
        "Update 2,001, from t = 2,000 to t = 2,001, at lr = 0.125.",
        "The descent stopped at t = 2,000; this is how it would go on.",
    ]
    assert repr(last).endswith("The loss after it is J = 1, higher by 0.25.")


@pytest.mark.parametrize(("count", "shown"), [(12, 12), (13, 12), (40, 12)])
def test_of_equal_steps_the_first_are_shown(count, shown):
    """At most twelve rows, and a line on the others."""
    names, ones = tuple(f"x{j}" for j in range(count)), np.ones(count)
    lines = repr(Explanation(0, 0.5, names, 0 * ones, ones, -0.5 * ones, 1.0, 0.5, 9)).splitlines()
    rows = [line.split()[0] for line in lines if line.startswith("x")]
    assert rows == list(names[:shown])
    more = f"... and {count - shown} more, which move less."
    assert (more in lines) == (count > shown)


def test_of_steps_on_two_levels_the_larger_are_shown_first_ones_first():
    """Whatever the sorting of many equal ones does, and in the order of parameters."""
    steps = np.random.default_rng(0).choice([1.0, -2.0], 1000)
    names = tuple(f"x{j}" for j in range(1000))
    text = repr(Explanation(0, 0.5, names, 0 * steps, steps, -0.5 * steps, 1.0, 0.5, 9))
    shown = [line.split()[0] for line in text.splitlines() if line.startswith("x")]
    assert shown == [f"x{j}" for j in np.flatnonzero(steps == -2.0)[:12]]


def test_a_path_takes_names_from_a_pipeline():
    """with_names gives explain, to_frame and diagnoses the names that the steps before give."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [0.0, 1.0, 2.0, 3.0], "bmi": [0.0, 1.0, 4.0, 9.0]})
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor(tol=1.0)).fit(frame, y)
    path = pipeline[-1].path_
    named = path.with_names(pipeline[:-1].get_feature_names_out())
    assert path.parameter_names == ("intercept", "x0", "x1")
    assert named.parameter_names == ("intercept", "age", "bmi")
    assert named.n_iter == path.n_iter
    assert list(named.to_frame([0]).columns) == ["loss", "intercept", "age", "bmi"]
    assert "\nage " in repr(named.explain(0))
    with pytest.raises(ValueError, match="must have 2 names; got 3"):
        path.with_names(["a", "b", "c"])


def test_an_update_is_explained_in_chinese():
    """The same numbers, with headings of two columns a character above them."""
    path = _path()
    english, chinese = path.explain(3), path.explain(3, language="zh")
    numbers = r"-?\d+\.?\d*(?:e[-+]\d+)?"
    rows = [repr(e).splitlines()[3:5] for e in (english, chinese)]
    assert [re.findall(numbers, row) for row in rows[0]] == [
        re.findall(numbers, row) for row in rows[1]
    ]
    assert repr(chinese).startswith("第 4 次更新")
    with pytest.raises(ValueError, match="language must be 'en' or 'zh'; got 'de'"):
        path.explain(0, language="de")


@pytest.mark.parametrize("t", [0, 1, 4])
@pytest.mark.parametrize("nesterov", [False, True])
def test_an_update_with_momentum_can_be_checked_by_hand(nesterov, t):
    """The numbers of the table, put into the sentence below it, give the new parameters."""
    model = GDLinearRegressor(
        0.05, max_iter=9, momentum=0.5, nesterovs_momentum=nesterov, solver="spectral"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        update = model.fit(X, y).path_.explain(t)
    velocity = np.zeros(2) if update.velocity is None else update.velocity
    new_velocity = 0.5 * velocity - update.step
    expected = update.parameters + new_velocity
    if nesterov:
        expected = update.parameters - update.step + 0.5 * new_velocity
    assert_allclose(update.new_parameters, expected, rtol=1e-12)
    said = "minus velocity" if nesterov else "minus last update"
    assert said in repr(update)
    assert "0.5 times the new velocity." in repr(update) or not nesterov
