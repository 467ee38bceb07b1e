"""Warnings are true, and their advice holds when followed: each is done to the letter here."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers import largest_curvature, regression
from report.problems import LOST, PROBLEMS, floor_by_lstsq
from sklearn_gd import GDLinearRegressor, diagnose
from sklearn_gd._descent import rounded_down

SCALERS = {
    "StandardScaler()": StandardScaler(),
    "StandardScaler(with_mean=False)": StandardScaler(with_mean=False),
}
FALLING = (
    r"(?:still falling|(hardly falling|rising)): (\S+), "
    r"(?:(\S+) above the least possible (\S+)\. |and 0 is possible\. )"
)
ADVICE = {
    "lr": r"Raise lr, which is stable below \S+: lr='auto' comes to (?P<reach>.*?) in "
    r"(?P<n>[\d,]+) up",
    "scaler": r"Put (?P<scaler>\S+(?: \S+)?\)) before this estimator(?P<auto> and set lr='auto')?: "
    r"it then comes to (?P<reach>.*?) in (?P<n>[\d,]+) up",
    "max_iter": r"Raise max_iter: it comes to (?P<reach>.*?) in (?P<n>[\d,]+) up",
}


def fitted(model, X, y, sample_weight=None):
    """The estimator and what it warned; nothing else may be said."""
    steps = [name for name, _ in getattr(model, "steps", [])]
    weights = {f"{name}__sample_weight": sample_weight for name in steps}
    weights = weights if steps else {"sample_weight": sample_weight}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, **({} if sample_weight is None else weights))
    assert all(w.category is ConvergenceWarning for w in caught)
    return model, " ".join(str(w.message) for w in caught)


def advised(said, parameters):
    """The model that the advice asks for, the updates it promises, and how near they come."""
    found = {kind: re.search(pattern, said) for kind, pattern in ADVICE.items()}
    ((kind, match),) = [(kind, match) for kind, match in found.items() if match]
    updates = int(match["n"].replace(",", ""))
    if kind == "lr" or (kind == "scaler" and match["auto"]):
        parameters = parameters | {"lr": "auto"}

    def model(max_iter):
        made = GDLinearRegressor(**parameters | {"max_iter": max_iter})
        return make_pipeline(SCALERS[match["scaler"]], made) if kind == "scaler" else made

    return model, updates, match["reach"]


def loss_to_come_to(reach, floor):
    """The loss that the words of a promise stand for."""
    if below := re.fullmatch(r"a loss below (\S+)", reach):
        return float(below[1])
    if there := re.fullmatch(r"within 1 % of the least loss there, (\S+),", reach):
        return float(there[1])
    assert reach == "within 1 % of it"
    return 1.01 * floor


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_whoever_does_what_a_warning_says_gets_what_it_promises(name):
    """The promised number of updates is enough, and a tenth less is not."""
    X, y, parameters = PROBLEMS[name]
    weights = {"sample_weight": parameters.get("sample_weight")}
    parameters = {k: v for k, v in parameters.items() if k != "sample_weight"}
    model, said = fitted(GDLinearRegressor(**parameters), X, y, **weights)
    given = {k: v for k, v in parameters.items() if k in ("fit_intercept", "alpha")} | weights
    floor = floor_by_lstsq(X, y, **given)
    first = re.search(FALLING, said)
    before, loss = model.path_.loss([model.n_iter_ - 1, model.n_iter_])
    assert bool(first[1]) == (before - loss <= 1e-14 * before)
    assert float(first[2]) == pytest.approx(loss, rel=1e-5)
    if first[4]:
        assert float(first[3]) == pytest.approx(loss - floor, rel=0.01)
        is_known = model.path_._floor_error <= 1e-5 * floor  # to the six digits that are said then
        assert float(first[4]) == pytest.approx(floor, rel=1e-5 if is_known else 5e-3)
        assert first[4] == f"{float(first[4]):.{6 if is_known else 3}g}"
    follow, updates, reach = advised(said, parameters)
    near = loss_to_come_to(reach, floor)
    if updates > 10**9:
        return  # counted, and not meant to be made
    for share, enough in ((1.0, True), (0.9, False)):
        t = int(share * updates) if updates >= 10 or enough else updates - 1
        if t:
            last, _ = fitted(follow(t), X, y, **weights)
            path = (last[-1] if hasattr(last, "steps") else last).path_
            assert (path.loss(t) <= near * (1 + 1e-3)) == enough


@pytest.mark.parametrize("lr", [1e-9, 1e-4, 0.01, 0.1, 0.2, "auto"])
@pytest.mark.parametrize("max_iter", [1, 30, 1000, 6000, 10**6])
@pytest.mark.parametrize("solver", ["spectral", "krylov"])
def test_a_fit_is_silent_if_and_only_if_it_is_good(lr, max_iter, solver):
    """More than 1 % above a known floor there is a warning, within 1e-10 of it there is none."""
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model, said = fitted(GDLinearRegressor(lr, max_iter=max_iter, solver=solver), X, y)
    excess = model.path_.loss(model.n_iter_) / floor_by_lstsq(X, y) - 1
    assert said if excess > 0.01 else True
    assert not said if excess < 1e-10 else True


@pytest.mark.parametrize("name", list(PROBLEMS))
def test_descents_that_came_to_rest_are_silent(name):
    """With as many updates as it takes nothing is left to say."""
    X, y, parameters = PROBLEMS[name]
    kept = ("fit_intercept", "alpha")
    parameters = {k: v for k, v in parameters.items() if k in kept}
    X = StandardScaler(with_mean=False).fit_transform(X)
    model, said = fitted(GDLinearRegressor(max_iter=10**30, **parameters), X, y)
    assert model.stop_reason_ == "stationary"
    assert not said


@pytest.mark.parametrize("name", list(LOST))
def test_directions_lost_to_scale_are_told(name):
    """By the fit and by the diagnosis, with the columns and the floor that is possible."""
    X, y, columns = LOST[name]
    floor = floor_by_lstsq(X, y)
    model, said = fitted(GDLinearRegressor(), X, y)
    names, loss, possible = re.fullmatch(
        r"Columns are too far apart in scale for float64: (.*)\. The descent does not see all of "
        r"their directions; its loss is (\S+), and (\S+) is possible\. Standardise the columns: "
        r"put StandardScaler\(\) before this estimator\.",
        said,
    ).groups()
    assert set(names.split(", ")) == columns
    assert float(loss) == pytest.approx(model.path_.loss(model.n_iter_), rel=1e-5)
    assert float(possible) == pytest.approx(floor, rel=1e-5)
    assert model.path_.loss_floor == pytest.approx(floor, rel=1e-6)
    assert model.path_.condition_number == np.inf
    found = diagnose(X, y)
    assert set(found.lost_columns) == columns
    assert found.condition_number == np.inf
    assert found.loss_floor == pytest.approx(floor, rel=1e-6)
    assert found.standardised.loss_floor == pytest.approx(floor, rel=1e-6)
    assert f"lost              {', '.join(found.lost_columns)}: too far apart" in repr(found)
    assert "columns: too far apart in scale for float64; standardise" in repr(diagnose(model))
    assert not found.constant_columns
    better, said = fitted(make_pipeline(StandardScaler(), GDLinearRegressor()), X, y)
    assert not said
    assert better[-1].path_.loss(better[-1].n_iter_) == pytest.approx(floor, rel=1e-6)


def test_lost_directions_that_do_not_matter_are_not_told():
    """A fit that is at its floor all the same, or met its tol, is silent."""
    X, _, _ = LOST["ids and a temperature"]
    y = X[:, 0] / 4e9
    assert not fitted(GDLinearRegressor(tol=0.1), X, y)[1]
    assert not fitted(GDLinearRegressor(fit_intercept=False), X, y)[1]


def test_a_divergence_is_told_with_everything_to_do():
    """What happened, where coef_ is, where to see it, and two ways out that are true."""
    X, y = load_iris().data[:, :3], load_iris().data[:, 3]
    model, said = fitted(GDLinearRegressor(lr=0.1), X, y)
    stable = 2 / largest_curvature(X)
    scaled = 2 / largest_curvature(StandardScaler().fit_transform(X))
    assert said == (
        f"The descent diverged: lr=0.1 is {0.1 / stable:.3g} times the largest stable rate "
        f"{stable:.4g}. Update 1 raised the loss, and coef_ is the iterate of least loss "
        f"{model.path_.loss(0):.6g}, after 0 updates. Later losses grow without "
        f"bound. Choose lr below {rounded_down(stable)}, or lr='auto'; after StandardScaler() "
        f"rates below {rounded_down(scaled)} are stable."
    )
    losses = model.path_.loss([0, 1, 10, 100, 10**4])
    assert np.all(losses[1:] > losses[:-1])
    assert losses[-1] == np.inf
    below = float(f"{stable:.4g}") * 0.999
    assert fitted(GDLinearRegressor(lr=below), X, y)[0].stop_reason_ != "diverged"
    pipeline = make_pipeline(StandardScaler(), GDLinearRegressor(lr=0.999 * scaled))
    assert fitted(pipeline, X, y)[0][-1].stop_reason_ != "diverged"


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_divergence_with_momentum_is_told_by_the_first_loss(nesterov):
    """Losses rise and fall; from the update that is named on they stay above the first one."""
    X, y = regression()
    rule = {"momentum": 0.5, "nesterovs_momentum": nesterov}
    stable = GDLinearRegressor(tol=1e9, **rule).fit(X, y).path_.max_stable_lr
    model, said = fitted(GDLinearRegressor(lr=1.05 * stable, **rule), X, y)
    t = model.n_iter_
    assert f"From update {t:,} on the loss is above that of the start" in said
    losses = model.path_.loss(range(t + 200))
    assert (losses[t:] > losses[0]).all()
    assert losses[t - 1] <= losses[0]
    assert np.argmin(losses[: t + 1]) == model.path_.best_iter


def test_a_divergence_of_lost_columns_tells_both():
    """Who then takes the stable rate would hear of the columns next."""
    X, y, _ = LOST["a minute of epoch seconds at 10 Hz"]
    said = fitted(GDLinearRegressor(lr=0.1), X, y)[1]
    assert "The descent diverged: lr=0.1 is" in said
    assert "Columns are too far apart in scale for float64: x0." in said


def test_a_rate_barely_too_large_is_told_in_digits_that_differ():
    """Foreseen when it has not risen yet, and told when it has."""
    X, y = regression()
    stable = 2 / largest_curvature(X)
    for max_iter, words in ((20, "Later it would rise for ever: "), (10**6, "diverged: ")):
        lr = 1.000001 * stable
        said = fitted(GDLinearRegressor(lr=lr, max_iter=max_iter), X, y)[1]
        higher, lower = re.search(
            words + r"lr=(\S+) is above the largest stable rate (\S+)\. ", said
        ).groups()
        assert float(higher) > float(lower)


def test_at_the_stable_limit_a_smaller_rate_is_advised():
    """There a direction is turned round by every update, however many are made."""
    X = np.zeros((300, 400))  # larger than is scaled for a sentence
    X[:, 0] = np.resize([1.0, -1.0], 300)
    lr = 2.0 * (1.0 - 1e-12)  # the limit, to the digits of an eigenvalue
    said = fitted(GDLinearRegressor(lr=lr, fit_intercept=False), X, X[:, 0])[1]
    assert said.endswith("Choose a smaller lr.")


@pytest.mark.parametrize(("y", "possible"), [([1.0, -1.0], "and 0 is"), ([2.0, -1.0], "0.125")])
@pytest.mark.parametrize("max_iter", [1, 1000])
def test_a_loss_that_no_update_lowers_is_not_called_falling(y, possible, max_iter):
    """At the stable limit itself, whether the least loss is zero or not."""
    X = np.array([[1.0], [-1.0]])
    model, said = fitted(GDLinearRegressor(2.0, max_iter=max_iter, fit_intercept=False), X, y)
    assert model.path_.max_stable_lr == 2.0
    loss = model.path_.loss(0)
    assert model.path_.loss(max_iter) == loss
    ended = f"max_iter={max_iter:,} ended the descent while its loss was hardly falling: {loss:.6g}"
    assert said.startswith(ended)
    assert possible in said.removeprefix(ended)


@pytest.mark.parametrize("solver", ["auto", "loop"])
def test_a_loss_that_momentum_raises_is_called_rising(solver):
    """For a while, as momentum does at a stable rate; more updates are then the advice."""
    X, y = regression(n=50, d=3)
    model = GDLinearRegressor(momentum=0.9, solver=solver, max_iter=1000).fit(X, y)
    losses = model.path_.loss(range(30))
    t = 1 + int(np.flatnonzero(np.diff(losses) > 0)[0])
    said = fitted(model.set_params(max_iter=t), X, y)[1]
    assert f"max_iter={t} ended the descent while its loss was rising: {losses[t]:.6g}, " in said
    assert "Raise max_iter" in said
    if solver == "loop":
        assert f"{losses[t] - losses[t - 1]:.3g} more than one update before." in said


@pytest.mark.parametrize(("lr", "start", "passed"), [(1.0, 0.0, 1), (3.5, 1.95, 0)])
def test_what_momentum_left_behind_is_not_promised_to_more_updates(lr, start, passed):
    """The loss was near the least one at t = 1, or at the start, and is again later only."""
    X, y = np.array([[1.0], [-1.0], [1.0]]), np.array([2.0, -1.0, 3.0])
    model = GDLinearRegressor(lr, momentum=0.9, max_iter=2, fit_intercept=False)
    with pytest.warns(ConvergenceWarning, match="Raise max_iter") as caught:
        path = model.fit(X, y, coef_init=[start]).path_
    near = 1.01 * path.loss_floor
    assert path.loss(passed) <= near < path.loss(2)
    updates = int(re.search(ADVICE["max_iter"], str(caught[0].message))["n"].replace(",", ""))
    assert updates > 2
    assert (path.loss(range(2, updates)) > near).all()
    assert path.loss(updates) <= near


def test_what_momentum_leaves_behind_on_scaled_columns_is_not_promised():
    """They would be near the least loss after one update, and away from it after as many as now."""
    rng = np.random.default_rng(2)
    X = rng.standard_normal((30, 2)) * [1.0, 10.0]
    y = X @ [1.0, 0.1] + 0.05 * rng.standard_normal(30)
    model, said = fitted(GDLinearRegressor(momentum=0.95, max_iter=14), X, y)
    follow, updates, _ = advised(said, {"momentum": 0.95})
    near = 1.01 * model.path_.loss_floor
    losses = fitted(follow(updates), X, y)[0][-1].path_.loss(range(updates + 1))
    assert losses[1] <= near < losses[14]
    assert updates > 14
    assert losses[updates] <= near


@pytest.mark.parametrize("solver", ["auto", "loop"])
@pytest.mark.parametrize(
    ("momentum", "nesterov", "factor", "max_iter"),
    [(0.0, False, 1.01, 1), (0.9, True, 1.001, 5), (0.9, True, 1.001, 100)],
)
def test_a_rate_that_will_diverge_is_not_advised_more_updates(
    solver, momentum, nesterov, factor, max_iter
):
    """The loss may fall for long before it rises for ever; by the loop too."""
    X, y = regression(n=50, d=3)
    how = {"momentum": momentum, "nesterovs_momentum": nesterov, "solver": solver}
    stable = GDLinearRegressor(**how | {"solver": "auto"}).fit(X, y).path_.max_stable_lr
    lr = factor * stable
    model, said = fitted(GDLinearRegressor(lr, max_iter=max_iter, **how), X, y)
    assert model.stop_reason_ == "max_iter"
    assert f"Later it {'may' if solver == 'loop' else 'would'} rise for ever: lr=" in said
    assert said.endswith("Choose a smaller lr.")
    longer, _ = fitted(model.set_params(max_iter=10**5), X, y)
    assert longer.stop_reason_ == "diverged"


def test_near_the_floor_a_rate_that_will_diverge_comes_no_closer():
    """The least loss of a descent may be its last one, and within 1 % of the least possible."""
    X = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    y = X.sum(axis=1) + [1.0, 1.0, -1.0, -1.0]
    model = GDLinearRegressor(1.0005 * 4 / 9, max_iter=25, fit_intercept=False)
    with pytest.warns(ConvergenceWarning, match="within 1 % of it. Later it would rise for ever"):
        model.fit(X, y, coef_init=[1.01, 0.0])


def test_a_loop_does_not_foretell_a_rise_that_its_start_has_no_part_in():
    """The first residual is orthogonal to the column of the largest curvature, which stays put."""
    X, y = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), [1.0, 1.0, 2.0, -1.0]
    loop = GDLinearRegressor(0.5, solver="loop", max_iter=5, fit_intercept=False)
    assert "Later it may rise for ever" in fitted(loop, X, y)[1]
    assert fitted(loop.set_params(max_iter=1000), X, y)[0].stop_reason_ == "stationary"


def test_a_scaler_is_not_advised_for_what_the_start_did():
    """From zeros no update would be needed, on scaled columns or not."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 3)) * [1.0, 30.0, 0.1], rng.standard_normal(2000)
    model = GDLinearRegressor(max_iter=5)
    with pytest.warns(ConvergenceWarning, match="Raise max_iter: it comes"):
        model.fit(X, y, coef_init=[1.0, 1.0, 5.0])


def test_the_least_loss_is_said_to_the_digits_it_is_known_to():
    """Columns of different scales leave cross-products about three digits of it here."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((71, 49)) * 10.0 ** rng.uniform(-4, 0, 49) + rng.uniform(-5, 5, 49)
    y = X @ rng.standard_normal(49) + rng.standard_normal(71)
    model, said = fitted(GDLinearRegressor(max_iter=3), X, y)
    (shown,) = re.findall(r"above the least possible (\S+)\. ", said)
    assert model.path_._floor_error > 1e-5 * model.path_.loss_floor
    assert shown == f"{floor_by_lstsq(X, y):.3g}"


def test_a_loss_of_rounding_is_not_called_rising():
    """The loop wobbles about an exact fit by the rounding of y."""
    X, _ = regression(n=37, d=2)
    loop = GDLinearRegressor(0.9 * 2 / largest_curvature(X), solver="loop", max_iter=1000)
    assert not fitted(loop, X, X @ [1.0, 2.0] + 3.0)[1]


@pytest.mark.parametrize("max_iter", [2, 3])
def test_a_loop_that_momentum_blows_up_is_not_silent(max_iter):
    """Before the loss is so large that the loop calls it diverged."""
    X, y = regression(n=50, d=3)
    lr = 1.5 * GDLinearRegressor(momentum=0.9).fit(X, y).path_.max_stable_lr
    loop = GDLinearRegressor(lr, momentum=0.9, solver="loop", max_iter=max_iter)
    model, said = fitted(loop, X, y)
    assert model.path_.loss(max_iter) > 10 * model.path_.loss(0)
    assert "was rising: " in said
    assert said.endswith("Choose a smaller lr.")


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
@pytest.mark.parametrize("max_iter", [10, 10**4])
def test_a_tol_out_of_reach_is_told_with_the_floor(solver, max_iter):
    """Once the floor is known, converged or not."""
    X, y = regression()
    floor = floor_by_lstsq(X, y)
    said = fitted(GDLinearRegressor(tol=floor / 2, max_iter=max_iter, solver=solver), X, y)[1]
    assert said.endswith(
        f"tol={floor / 2:.6g} is below the least possible loss {floor:.6g}: no number of updates "
        "reaches it."
    )


def test_a_tol_of_rounding_is_told():
    """Exactly fitted data have losses that are rounding, which must not end a descent."""
    X, _ = regression()
    said = fitted(GDLinearRegressor(tol=1e-40, max_iter=10**6), X, X.sum(axis=1))[1]
    assert "tol=1e-40 was not used: below" in said
    assert "a loss cannot be told from rounding here." in said


@pytest.mark.parametrize("solver", ["loop", "krylov"])
def test_unknown_floors_are_not_invented(solver):
    """Without the floor the last fall of the loss is told, and one thing to do."""
    X, y = regression(n=300, d=60)
    said = fitted(GDLinearRegressor(0.01, max_iter=9, solver=solver), X, y)[1]
    fall = r"^max_iter=9 ended the descent while its loss was still falling: \S+, \S+ less than one"
    assert re.match(fall, said)
    low = fitted(GDLinearRegressor(1e-6, max_iter=9, solver="loop"), X, y)[1]
    stable = 2 / largest_curvature(X)
    assert low.endswith(f"Raise lr, which is stable below {rounded_down(stable)}.")


def test_numbers_agree_with_their_nouns():
    """One update is no "1 updates", and what is exact has a floor of 0, not of 1e-31."""
    said = [
        fitted(GDLinearRegressor(**p), X, y)[1]
        for X, y, p in PROBLEMS.values()
        if "sample_weight" not in p
    ]
    assert any(" 1 update." in text or " 1 update," in text for text in said)
    for text in said:
        assert not re.search(r"\b1 updates\b", text)
        assert not re.search(r"e-[23]\d\b.*possible", text)
    X, y, _ = PROBLEMS["exact"]
    path = GDLinearRegressor(max_iter=10**4).fit(X, y).path_
    assert "least possible 0>" in repr(path)
    assert "76.5 at the start, 0 at least" in repr(diagnose(X, y))


@pytest.mark.parametrize("seed", range(3))
def test_a_floor_that_a_long_krylov_space_leaves_to_rounding_is_called_zero(seed):
    """Its steps' roundings add up to more than that of y; no loss is promised so many digits."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((56, 59)) * 10.0 ** rng.uniform(-2, 2, size=59)
    model = GDLinearRegressor(solver="krylov", max_iter=10**9)
    model, said = fitted(model, X / np.abs(X).max(), X.sum(axis=1))
    assert "least possible 0>" in repr(model.path_)
    assert "and 0 is possible" in said


def test_scaling_is_not_advised_to_columns_that_are_scaled():
    """Nor where it saves less than half of the updates."""
    X, y = regression(n=500)
    said = fitted(GDLinearRegressor(max_iter=1), StandardScaler().fit_transform(X), y)[1]
    assert "Scaler" not in said
    assert "Raise max_iter" in said


def test_near_enough_is_said():
    """Within 1 % of the least loss but still falling no count of updates is invented."""
    X, y = regression()
    said = fitted(GDLinearRegressor(max_iter=40), X, y)[1]
    assert said.endswith("That is within 1 % of it. Raise max_iter to come closer.")


def test_a_floor_that_drowns_in_a_large_target_is_not_called_zero():
    """When cross-products cannot tell the floor from zero, nothing is said to be possible."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((9, 4)) * [3e-5, 2e5, 7e-5, 4e5]
    y = rng.standard_normal(9) + 1e5
    model, said = fitted(GDLinearRegressor(1.7e-14, max_iter=39, alpha=0.1, momentum=0.9), X, y)
    assert model.path_._floor_error > floor_by_lstsq(X, y, alpha=0.1)
    assert "still falling" in said
    assert "0 is possible" not in said


@pytest.mark.parametrize("shape", [(50, 400), (2000, 600)], ids=str)
@pytest.mark.parametrize("size", [1.7e18, 1e12])
def test_directions_lost_to_scale_are_not_silent_in_any_shape(shape, size):
    """A timestamp beside columns of size 1 is named, or the loss that is possible, by auto."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape)
    X[:, 0] = size * (1.0 + 1e-9 * np.arange(len(X)))
    y = X[:, 1] + X[:, 2]
    with pytest.warns(ConvergenceWarning, match="possible"):
        model = GDLinearRegressor().fit(X, y)
    assert model.stop_reason_ == "max_iter"
    assert getattr(model.path_, "loss_floor", 0.0) < 1e-6


@pytest.mark.parametrize(
    ("form", "n", "d", "parameters"),
    [
        (np.asarray, 200, 1, {"solver": "krylov"}),
        (sparse.csr_array, 200, 1, {"solver": "krylov"}),
        (np.asarray, 50, 80, {"solver": "spectral", "alpha": 0.1}),
        (np.asarray, 50, 80, {"alpha": 0.1}),
    ],
)
def test_columns_that_may_be_lost_are_named_where_the_floor_is_not_known(form, n, d, parameters):
    """In a Krylov space, dense or sparse, and with a penalty on more columns than rows."""
    rng = np.random.default_rng(0)
    X = np.column_stack([1.7e18 + 1e9 * np.arange(n), rng.standard_normal((n, d))])
    with pytest.warns(ConvergenceWarning, match="too far apart in scale for float64: x0"):
        model = GDLinearRegressor(**parameters).fit(form(X), X[:, 1])
    assert model.stop_reason_ == "max_iter"
    assert not hasattr(model.path_, "loss_floor")
    with pytest.raises(ValueError, match="too far apart in scale"):
        model.path_.iterations_to(1e-6)


def test_a_scaler_is_advised_for_many_columns_and_few_rows():
    """The number of updates holds, and with a penalty the least loss that is named."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 2000)) * np.r_[np.full(10, 200.0), np.ones(1990)]
    y = X[:, 5] / 200.0 + rng.standard_normal(40)
    said = fitted(GDLinearRegressor(max_iter=20), X, y)[1]
    promised = re.search(r"StandardScaler\(\) before .* in (\d+) updates?, instead of", said)
    near = float(re.search(r"a loss below (\S+) in", said).group(1))
    better = make_pipeline(StandardScaler(), GDLinearRegressor(tol=near, max_iter=10**6))
    better, _ = fitted(better, X, y)
    assert better[-1].n_iter_ == pytest.approx(int(promised.group(1)), rel=0.1, abs=1)
