"""Diagnoses: what they say is what happens."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gd import GDLinearRegressor, diagnose


def _data(n=60, d=3, scales=1.0, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X * scales, X @ rng.normal(size=d) + 1.0 + noise * rng.normal(size=n)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_rates_and_condition_are_those_of_the_hessian(fit_intercept):
    """Stable rate, best rate and condition number follow from the eigenvalues of Z'Z / n."""
    X, y = _data()
    Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    curvature = np.linalg.eigvalsh(Z.T @ Z / len(X))
    found = diagnose(X, y, fit_intercept=fit_intercept)
    assert_allclose(found.max_stable_lr, 2 / curvature[-1], rtol=1e-12)
    assert_allclose(found.best_lr, 2 / (curvature[-1] + curvature[0]), rtol=1e-12)
    assert_allclose(found.condition_number, np.linalg.cond(Z), rtol=1e-12)
    assert_allclose(found.lr, 1 / curvature[-1], rtol=1e-12)


def test_promised_updates_are_enough_and_one_less_is_not():
    """After the promised number of updates the loss is as near the floor as promised, no sooner."""
    X, y = _data(scales=[1.0, 5.0, 0.3])
    found = diagnose(X, y)
    residual = y - LinearRegression().fit(X, y).predict(X)
    assert_allclose(found.loss_floor, residual @ residual / 2 / len(y), rtol=1e-10)
    path = GDLinearRegressor(max_iter=10**6).fit(X, y).path_
    for share, updates in found.updates.items():
        near = (1 + share) * found.loss_floor
        assert path.loss(updates) < near <= path.loss(updates - 1)


def test_a_single_direction_takes_a_single_update():
    """At 1 / curvature one update is needed, and enough, for whatever share; scaled as well."""
    X, y = _data(d=1)
    y = y + 10 * X[:, 0]
    assert set(diagnose(X, y, fit_intercept=False).updates.values()) == {1}
    assert set(diagnose(X, y).standardised.updates.values()) == {1}


def test_updates_after_standardising_are_those_of_a_pipeline():
    """What standardising is said to gain is what a pipeline with StandardScaler then takes."""
    X, y = _data(scales=[1.0, 100.0, 0.01])
    found = diagnose(X, y)
    for share, updates in found.standardised.updates.items():
        near = (1 + share) * found.loss_floor
        model = make_pipeline(StandardScaler(), GDLinearRegressor(tol=near)).fit(X, y)
        assert model[-1].n_iter_ == updates
    assert found.updates[0.01] > 1000 * found.standardised.updates[0.01]


def test_time_constants_are_what_the_distance_left_shows():
    """After a time constant 1/e is left of the distance along that direction."""
    X, y = _data()
    found = diagnose(X, y, lr=1e-4)
    slow = found.slowest[0]
    assert_allclose((1 - 1e-4 * slow.curvature) ** slow.time_constant, np.exp(-1), rtol=1e-9)
    constants = [direction.time_constant for direction in found.slowest]
    assert constants == sorted(constants, reverse=True)


def test_the_slowest_direction_is_named_by_its_features():
    """Two columns nearly alike make a slow direction that is named after them."""
    pandas = pytest.importorskip("pandas")
    X, y = _data()
    X = pandas.DataFrame({"a": X[:, 0], "b": X[:, 0] + 0.01 * X[:, 1], "c": X[:, 2]})
    y = y + 100 * (X["a"] - X["b"])
    found = diagnose(X, y)
    assert found.slowest[0].name in {"a - b", "b - a"}
    assert found.slowest[0].name in repr(found)


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "x0: 100 %"), (0.996, "x0: 100 %"), (0.51, "x0: 51 %"), (0.0271, "x0: 2.7 %")],
)
def test_the_share_of_a_direction_is_a_plain_number(share, words):
    """All of the loss is 100 % of it, not 1e+02 %; two digits are enough."""
    X, y = _data(d=1)
    found = diagnose(X, y, lr=1e-3, fit_intercept=False)
    assert "x0: 100 % of the loss to lose, falling e-fold" in repr(found)
    found = replace(found, slowest=(replace(found.slowest[0], share=share),))
    assert f"{words} of the loss to lose, falling" in repr(found)


def test_an_estimator_is_diagnosed_from_its_path_alone():
    """A fitted estimator gives the same numbers, and leaves out what would need its rows."""
    X, y = _data()
    model = GDLinearRegressor(lr=0.1, max_iter=10**6).fit(X, y)
    found, posed = diagnose(model), diagnose(X, y, lr=0.1)
    assert found.updates == posed.updates
    assert_allclose(found.condition_number, posed.condition_number)
    assert found.standardised is None
    assert found.constant_columns is None
    assert diagnose(model.path_).updates == found.updates
    piped = make_pipeline(StandardScaler(), GDLinearRegressor(tol=1.0)).fit(X, y)
    assert diagnose(piped).max_stable_lr == piped[-1].path_.max_stable_lr


def test_a_constant_column_is_named():
    """A column that repeats the intercept is named; without an intercept it is none."""
    X, y = _data()
    X = np.column_stack([X, np.full(len(X), 7.0)])
    assert diagnose(X, y).constant_columns == ("x3",)
    words = "x3: adds nothing beside the intercept, leave it out"
    assert repr(diagnose(X, y)).splitlines()[-1] == f"constant          {words}"
    both = diagnose(np.column_stack([X, np.full(len(X), 8.0)]), y)
    assert "x3, x4: adds nothing" in repr(both)
    assert diagnose(X, y, fit_intercept=False).constant_columns == ()


def test_a_diverging_rate_is_called_that():
    """At a rate above the stable limit no number of updates is promised."""
    X, y = _data()
    found = diagnose(X, y, lr=10.0)
    assert set(found.updates.values()) == {None}
    assert "diverges, stable only below" in repr(found)
    assert "updates           never come near the least loss at this rate\n" in repr(found)
    assert repr(found).splitlines()[4].startswith("growing ")
    assert None not in found.standardised.updates.values()


def test_one_growing_direction_is_said_to_grow():
    """Of a single direction, too, it is said whether it falls or grows."""
    X, y = _data(d=1)
    for lr, label in ((1e-3, "slowest "), (10.0, "growing ")):
        lines = repr(diagnose(X, y, lr=lr, fit_intercept=False)).splitlines()
        assert lines[4].startswith(label)


@pytest.mark.parametrize("lr", [2.0, 2.2, 100.0])
def test_a_direction_that_does_not_fall_takes_for_ever(lr):
    """At the stable limit and above it the time constant is infinite, never negative."""
    found = diagnose(np.array([[1.0], [-1.0]]), [1.0, -1.0], lr=lr, fit_intercept=False)
    assert found.max_stable_lr == 2.0
    assert found.slowest[0].time_constant == np.inf


def test_without_a_slope_every_rate_is_best():
    """Where X is all zeros there is no curvature to choose a rate by, scaled or not."""
    found = diagnose(np.zeros((3, 1)), [1.0, 2.0, 3.0], fit_intercept=False)
    assert found.best_lr == found.standardised.best_lr == np.inf
    assert found.lr == found.standardised.lr == 1.0


def test_the_limit_itself_is_no_stable_rate():
    """At 2 / largest curvature a direction jumps to and fro for ever: stable is below it."""
    found = diagnose(*_data(), lr=0.1)
    at_limit = replace(found, lr=found.max_stable_lr)
    assert "diverges, stable only below" in repr(at_limit)


def test_a_count_that_does_not_exist_is_never():
    """Where standardising would not do either, its line says never."""
    found = diagnose(*_data())
    scaled = replace(found.standardised, updates={0.1: 7, 0.01: 1234, 0.001: None})
    assert repr(replace(found, standardised=scaled)).endswith("updates 7, 1,234 and never")


def test_as_many_directions_as_can_be_taken_in():
    """Of many slow directions the slowest three are told."""
    found = diagnose(*_data(d=8), lr=1e-3)
    assert len(found.slowest) == 3


def test_an_exact_fit_counts_from_the_first_loss():
    """Where the floor is zero the shares are those of the first loss."""
    X, _ = _data()
    found = diagnose(X, X @ [1.0, 2.0, 3.0])
    path = GDLinearRegressor(max_iter=10**4).fit(X, X @ [1.0, 2.0, 3.0]).path_
    updates = found.updates[0.01]
    assert path.loss(updates) < 0.01 * path.loss(0) <= path.loss(updates - 1)
    assert "down to 10 % of the first loss" in repr(found)


def test_nothing_to_learn_takes_no_updates():
    """On a target of zeros the start is the solution, whatever X is."""
    for X in (np.ones((3, 1)), np.zeros((3, 1)), np.array([[1.0], [2.0], [4.0]])):
        found = diagnose(X, np.zeros(3))
        assert set(found.updates.values()) == {0}
        assert set(found.standardised.updates.values()) == {0}


def test_weights_count_as_repetitions():
    """A row of weight two is diagnosed as two rows."""
    X, y = _data()
    w = np.where(np.arange(len(X)) % 3 == 0, 2.0, 1.0)
    twice, weighted = diagnose(*_repeated(X, y, w)), diagnose(X, y, sample_weight=w)
    assert_allclose(twice.condition_number, weighted.condition_number, rtol=1e-10)
    assert twice.updates == weighted.updates


def _repeated(X, y, w):
    return np.repeat(X, w.astype(int), axis=0), np.repeat(y, w.astype(int))


def test_warnings_have_the_numbers_of_the_diagnosis():
    """The ConvergenceWarning and the diagnosis promise the same numbers of updates."""
    X, y = _data(scales=[1.0, 100.0, 0.01])
    found = diagnose(X, y)
    with pytest.warns(ConvergenceWarning) as caught:
        GDLinearRegressor(max_iter=10).fit(X, y)
    message = str(caught[0].message)
    scaled, needed = re.search(r"in ([\d,]+) updates, instead of ([\d,]+)\.", message).groups()
    assert int(needed.replace(",", "")) == found.updates[0.01]
    assert int(scaled.replace(",", "")) == found.standardised.updates[0.01]


def test_a_notebook_shows_a_table_and_markup_is_escaped():
    """The HTML is a table with the lines of the text, in which names can do no harm."""
    pandas = pytest.importorskip("pandas")
    X, y = _data(d=1)
    found = diagnose(pandas.DataFrame({"<b>": X[:, 0], "one": 1.0}), y, lr=1e-3)
    table = ElementTree.fromstring(found._repr_html_())
    rows = [tuple(cell.text or "" for cell in row) for row in table.iter("tr")]
    lines = [re.split(" {2,}", line, maxsplit=1) for line in repr(found).splitlines()]
    assert rows == [tuple(line) for line in lines]
    shown = "".join(label + said for label, said in rows)
    assert "".join(table.itertext()) == f"Diagnosis of the descent{shown}"
    assert {cell.get("style") for row in table.iter("tr") for cell in row} == {"text-align: left"}


def test_a_diagnosis_survives_pickling():
    """What one process finds out another may print."""
    found = diagnose(*_data())
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_is_neither_descent_nor_rows_is_refused():
    """X alone, and an estimator with y, are refused with what to do instead."""
    X, y = _data()
    with pytest.raises(TypeError, match="X and y; got ndarray without y"):
        diagnose(X)
    words = r"alone; for what needs rows call diagnose\(X, y, lr=estimator.lr_\)\.$"
    with pytest.raises(TypeError, match=words):
        diagnose(GDLinearRegressor(), y)
    with pytest.raises(TypeError, match="got LinearRegression"):
        diagnose(LinearRegression())
    with pytest.raises(TypeError, match="lr must be"):
        diagnose(X, y, lr="fast")
    with pytest.raises(ValueError, match="lr must be .* above 0"):
        diagnose(X, y, lr=0.0)
    with pytest.raises(TypeError, match="fit_intercept must be True or False; got 'no'"):
        diagnose(X, y, fit_intercept="no")


@pytest.mark.parametrize("nesterov", [False, True])
def test_rates_of_momentum_are_those_of_its_rule(nesterov):
    """Counts hold for the momentum given; the best pair is Polyak's, or Nesterov's."""
    X, y = _data(scales=[1.0, 5.0, 0.3])
    rule = {"momentum": 0.8, "nesterovs_momentum": nesterov}
    found = diagnose(X, y, **rule)
    path = GDLinearRegressor(tol=1e9, **rule).fit(X, y).path_
    curvature = np.linalg.eigvalsh(_hessian(X))
    high, low = np.sqrt(curvature[-1]), np.sqrt(curvature[0])
    if nesterov:
        high, low = np.sqrt(3 * curvature[-1] + curvature[0]), 2 * low
        assert_allclose(found.best_lr, 4 / high**2, rtol=1e-10)
        assert_allclose(found.best_momentum, (high - low) / (high + low), rtol=1e-10)
        assert_allclose(found.max_stable_lr, 3.6 / 2.6 / curvature[-1], rtol=1e-10)
    else:
        assert_allclose(found.best_lr, 4 / (high + low) ** 2, rtol=1e-10)
        assert_allclose(found.best_momentum, ((high - low) / (high + low)) ** 2, rtol=1e-10)
        assert_allclose(found.max_stable_lr, 3.6 / curvature[-1], rtol=1e-10)
    for share, updates in found.updates.items():
        assert path.loss(updates) < (1 + share) * found.loss_floor
        assert (path.loss(range(updates)) >= (1 + share) * found.loss_floor).all()
    assert f"with momentum {found.best_momentum:.4g}" in repr(found)


def _hessian(X):
    Z = np.column_stack([np.ones(len(X)), X])
    return Z.T @ Z / len(X)


def test_a_penalty_moves_the_floor_and_the_curvatures():
    """All numbers are those of the penalised problem."""
    X, y = _data(scales=[1.0, 5.0, 0.3])
    found = diagnose(X, y, alpha=0.5)
    H = _hessian(X) + np.diag([0.0, 0.5, 0.5, 0.5])
    Z = np.column_stack([np.ones(len(X)), X])
    theta = np.linalg.solve(H, Z.T @ y / len(y))
    floor = np.mean((Z @ theta - y) ** 2) / 2 + 0.25 * theta[1:] @ theta[1:]
    assert_allclose(found.loss_floor, floor, rtol=1e-10)
    curvature = np.linalg.eigvalsh(H)
    assert_allclose(found.condition_number, np.sqrt(curvature[-1] / curvature[0]), rtol=1e-10)
    assert_allclose(found.max_stable_lr, 2 / curvature[-1], rtol=1e-10)


def test_a_few_lost_columns_are_named():
    """The repr of a diagnosis names three lost columns; the attribute has them all."""
    X = np.random.default_rng(0).standard_normal((50, 20))
    X[:, 0] = 1.7e18 + 1e9 * np.arange(50)
    found = diagnose(X, X[:, 1])
    assert len(found.lost_columns) == 20
    assert repr(found).count("x0, ") == 1
    assert ", ...: too far apart in scale" in repr(found)
