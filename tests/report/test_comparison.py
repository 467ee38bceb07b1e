"""A user's own descent beside a path: agreement, differences, and mistakes that are made here."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from helpers import largest_curvature, literal_loop, regression
from sklearn_gd import GDLinearRegressor
from sklearn_gd._report.comparison import GIVE_ALL, NO_MISTAKE

UPDATES = 15
SUMMED, TWICE, UPHILL = "is summed over the rows", "factor 2/m", "goes uphill"


def descend(X, y, lr, updates=UPDATES, *, mistake="", gradient=1.0, loss=0.5, start=None, w=None):
    """Losses, coefs and intercepts of a loop over rows as users write it, with one mistake.

    `gradient` and `loss` are what the sums over the rows are multiplied with, times the rows.
    """
    Y = y.reshape(len(y), -1)
    w = np.full(len(X), 1 / len(X), X.dtype) if w is None else w / w.sum()
    b, c = np.zeros(Y.shape[1], X.dtype), np.zeros((X.shape[1], Y.shape[1]), X.dtype)
    if start is not None:
        b, c = start
    sign = -1 if mistake == UPHILL else 1
    losses, coefs, intercepts = [], [], []
    for _ in range(updates + 1):
        residual = b + X @ c - Y
        losses.append(loss * np.sum(w @ residual**2))
        coefs.append(c.T)
        intercepts.append(b)
        db, dc = gradient * w @ residual, gradient * (X * w[:, None]).T @ residual
        if mistake == "intercept is updated first":
            b = b - lr * db
            c = c - lr * gradient * (X * w[:, None]).T @ (b + X @ c - Y)
        elif mistake == "coefficients are updated first":
            c = c - lr * dc
            b = b - lr * gradient * w @ (b + X @ c - Y)
        else:
            b = b - sign * lr * db * (mistake != "intercept is not updated")
            c = c - sign * lr * dc
    several = Y.shape[1] > 1
    coefs, intercepts = np.array(coefs), np.array(intercepts)
    return (
        np.array(losses),
        coefs if several else coefs[:, 0],
        intercepts[..., slice(None) if several else 0],
    )


def rate(X, share=0.4):
    """A round stable rate."""
    return float(f"{share / largest_curvature(X):.1g}")


def rows(k=None):
    """X and y, with one target or several, columns neither centred nor of equal scale."""
    X, y = regression(n=40, d=3, k=k)
    return X * [1.0, 2.0, 0.7] + 0.3, y


@pytest.fixture
def data():
    """Rows with one target."""
    return rows()


def compare(path, *histories, **given):
    """What the path says of histories."""
    return path.compare(*histories, **given)


def text_of(comparison):
    """What is printed, on one line."""
    return repr(comparison).replace("\n", " ")


def path_of(X, y, sample_weight=None, **kwargs):
    """A path that stops early, or diverges, which is not the matter here."""
    model = GDLinearRegressor(**{"lr": rate(X), "max_iter": 10} | kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, sample_weight=sample_weight).path_


def found(path, losses, coefs, intercepts):
    """The mistakes named when losses, parameters or all were given."""
    return [
        compare(path, losses).mistakes,
        compare(path, coefs=coefs, intercepts=intercepts).mistakes,
        compare(path, losses, coefs, intercepts).mistakes,
    ]


@pytest.mark.parametrize(("updates", "k"), [(1, None), (60, 2)])
def test_a_right_descent_agrees(updates, k):
    """Histories of a loop without a mistake agree, be they longer or shorter than the path's."""
    X, y = rows(k)
    comparison = compare(path_of(X, y), *descend(X, y, rate(X), updates))
    assert comparison.agrees
    assert comparison.first_difference is None
    assert comparison.mistakes == comparison.hidden_mistakes == ()
    assert "No mistake" not in text_of(comparison)


@pytest.mark.parametrize("kind", ["floats of float32", iter])
def test_histories_may_be_of_any_kind(kind):
    """Lists, iterators and arrays, and float32 within its own rounding."""
    X, y = regression(n=40, d=3)
    single = kind == "floats of float32"
    real = np.float32 if single else np.float64
    lr = real(rate(X))
    losses, coefs, intercepts = descend(X.astype(real), y.astype(real), lr, 200)
    convert = {"floats of float32": lambda a: a.astype(real).tolist()}
    given = [convert.get(kind, kind)(history) for history in (losses, coefs, intercepts)]
    comparison = compare(path_of(X, y), *given)
    assert comparison.agrees, comparison


@pytest.mark.parametrize(("offset", "weighted"), [(0.0, True), (100.0, False)])
def test_ill_conditioned_and_weighted_rows_agree_too(offset, weighted):
    """Thousands of updates along nearly flat directions differ by rounding only."""
    X, y = regression()
    X = X + offset
    w = np.random.default_rng(1).uniform(0.5, 2, len(X)) if weighted else None
    lr = 1.0 / largest_curvature(X, w)
    path = path_of(X, y, w, lr=lr)
    assert compare(path, *descend(X, y, lr, 3000, w=w)).agrees


ORDERS = ["intercept is updated first", "coefficients are updated first"]
CONVENTIONS = [  # factors of gradient and loss, and their names
    (40.0, 0.5, ["is summed over the rows"]),
    (80.0, 0.5, ["is a sum over the rows with the factor 2"]),
    (1.0, 1.0, ["without the 1/2"]),
    (1.0, 40.0, ["neither 1/2 nor 1/m"]),
    (2.0, 20.0, ["factor 2/m", "sums over the rows"]),
]


@pytest.mark.parametrize(("gradient", "loss", "words"), CONVENTIONS)
def test_conventions_of_gradient_and_loss_are_named(data, gradient, loss, words):
    """A factor of the gradient is named with the rate it amounts to, and one of the losses."""
    X, y = data
    histories = descend(X, y, rate(X), gradient=gradient, loss=loss)
    by_loss, by_parameters, by_all = found(path_of(X, y), *histories)
    assert by_loss == by_all
    assert len(by_all) == 1
    assert all(w in by_all[0] for w in words)
    assert (f"the same as lr = {gradient * rate(X):.6g}" in by_all[0]) == (gradient != 1)
    assert len(by_parameters) == (gradient != 1)


@pytest.mark.parametrize("mistake", [UPHILL, "intercept is not updated", *ORDERS])
def test_mistakes_in_the_update_are_named(mistake):
    """Each alone and with a gradient and a loss of another convention; never another one."""
    X, y = rows(2)
    lr = rate(X, 0.1)
    for gradient, loss in ((1.0, 0.5), (40.0, 1.0)):
        histories = descend(X, y, lr, 15, mistake=mistake, gradient=gradient, loss=loss)
        for mistakes in found(path_of(X, y, lr=lr), *histories):
            (named,) = mistakes
            assert mistake in named
            assert (SUMMED in named) == (gradient != 1)


@pytest.mark.parametrize(("words", "scaled"), [("standardised before", 1), ("centred", 0)])
def test_features_that_were_transformed_are_named(data, words, scaled):
    """In the units of the transformed features."""
    X, y = data
    scale = X.std(axis=0) if scaled else 1.0
    for mistakes in found(path_of(X, y), *descend((X - X.mean(axis=0)) / scale, y, rate(X))):
        (named,) = mistakes
        assert words in named


@pytest.mark.parametrize(("lr", "loss"), [(0.0123, 1.0), (-0.05, 0.5), (1 / 3, 0.5), (3.0, 1.0)])
def test_another_rate_is_found(data, lr, loss):
    """Whatever it is, from parameters and from losses alone."""
    X, y = data
    lr = lr / largest_curvature(X)
    by_loss, by_parameters, by_all = found(path_of(X, y), *descend(X, y, lr, loss=loss))
    for (named,) in (by_loss, by_parameters, by_all):
        assert f"lr is {lr:.6g} instead of" in named
    assert by_loss == by_all
    assert ("without the 1/2" in by_loss[0]) == (loss == 1.0)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"gradient": 2.0, "loss": 1.0}, TWICE),
        ({"mistake": ORDERS[0]}, ORDERS[0]),
        ({"lr": np.float32(0.02)}, "lr is 0.02 instead of"),
    ],
)
def test_mistakes_are_named_in_float32_as_well(kwargs, words):
    """Within the rounding of float32, from losses and from parameters."""
    X, y = regression()
    lr = np.float32(rate(X))
    histories = descend(
        X.astype(np.float32), y.astype(np.float32), **{"lr": lr, "updates": 8} | kwargs
    )
    histories = [history.astype(np.float32) for history in histories]  # NumPy 1 mixes dtypes
    for mistakes in found(path_of(X, y), *histories):
        (named,) = mistakes
        assert words in named


@pytest.mark.parametrize("seed", range(20))
def test_a_rate_is_not_mistaken_for_itself_beside_float32_rows(seed):
    """The descent that explains histories has the digits that the path had inside."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((30, 2)) + rng.uniform(-1, 1, 2)).astype(np.float32)
    y = (X @ [1, 2] + 1 + 0.3 * rng.standard_normal(30)).astype(np.float32)
    path = path_of(X, y, lr=0.02)
    losses, coefs, intercepts = descend(X.astype(float), y.astype(float), 0.02, 20)
    for given in ({"losses": losses}, {"coefs": coefs}, {"intercepts": intercepts}):
        found = path.compare(**given)
        assert found.agrees
        assert not found.hidden_mistakes


def test_an_iterate_near_zero_has_the_rounding_of_its_terms():
    """The first intercept is a mean of targets that cancel; float32 then has few of its digits."""
    X, y = regression(n=40, d=2)
    X, y = X.astype(np.float32), (y - y.mean() + 1e-7).astype(np.float32)
    lr = np.float32(rate(X))
    path = path_of(X.astype(float), y.astype(float), lr=float(lr))
    for updates in (1, 20):
        histories = descend(X, y, lr, updates)
        assert histories[2].dtype == np.float32
        assert compare(path, *histories).agrees


def test_losses_from_another_start_are_no_mistake_in_float32():
    """The tolerance of single precision does not grow so far that diverging descents would fit."""
    X, y = regression(n=59, d=7, k=2)
    X, y = X.astype(np.float32), y.astype(np.float32)
    start = np.ones(2, np.float32), np.ones((7, 2), np.float32)
    for updates in (3, 40):
        losses, *_ = descend(X, y, np.float32(rate(X)), updates, start=start)
        assert compare(path_of(X, y), losses).mistakes == ()


def test_two_conventions_that_fit_together_are_no_error():
    """J without the 1/2 has a gradient with 2/m: that descent is right, at twice the rate."""
    X, y = regression()
    comparison = compare(path_of(X, y), *descend(X, y, rate(X), gradient=2.0, loss=1.0))
    assert "yours descends on 2 J, which is right" in text_of(comparison)


def test_a_round_rate_is_found_from_losses_that_determine_half_its_digits():
    """At the rate of steepest descent the loss after one update has a double root."""
    x, y = np.array([[1.0], [2.0]]), np.array([1.0, 3.0])
    path = path_of(x, y, lr=0.3, fit_intercept=False)
    losses = [0.5 * np.mean((x[:, 0] * c - y) ** 2) for c in (0.0, 1.4, 1.4, 1.4)]
    assert compare(path, losses).mistakes == ("lr is 0.4 instead of 0.3",)


def test_another_start_is_found():
    """Alone, with another rate, and with losses of another convention."""
    X, y = rows(2)
    start = np.full(2, 0.5), np.linspace(-1, 1, 6).reshape(3, 2)
    path = path_of(X, y)
    for kwargs in ({"lr": 0.7 * rate(X)}, {"loss": 1.0, "mistake": ORDERS[0]}):
        histories = descend(X, y, **{"lr": rate(X), "start": start, "updates": 9} | kwargs)
        by_loss, by_parameters, by_all = found(path, *histories)
        assert by_loss == ()
        assert by_all[0].startswith("the start is another")
        assert by_parameters[0].startswith("the start is another")
        assert len(by_all) == len(by_parameters) == 1
    assert "coefs and intercepts together" in text_of(compare(path, histories[0]))


def test_one_iterate_from_another_start_explains_nothing():
    """Without an update there is nothing to verify."""
    X, y = regression()
    comparison = compare(path_of(X, y), coefs=np.ones((1, 4)), intercepts=[0.0])
    assert comparison.first_difference == 0
    assert comparison.mistakes == ()


@pytest.mark.parametrize("late", [("losses",), ("coefs", "intercepts"), ("losses", "coefs")])
def test_histories_that_begin_after_the_first_update_are_named(data, late):
    """Each history by its name, also with another mistake."""
    X, y = data
    for gradient in (1.0, 2.0):
        histories = descend(X, y, rate(X), gradient=gradient)
        named = dict(zip(("losses", "coefs", "intercepts"), histories, strict=True))
        cut = {name: h[1:] if name in late else h[:-1] for name, h in named.items()}
        (mistake,) = compare(path_of(X, y), **cut).mistakes
        assert f"the {' and '.join(late)} begin after the first update" in mistake
        assert (TWICE in mistake) == (gradient == 2.0)


def test_without_an_intercept_mistakes_are_named_too():
    """No mistake then has an intercept in it."""
    X, y = regression(n=40, d=3)
    path = path_of(X, y, fit_intercept=False)
    lr, n = rate(X), len(X)
    assert compare(path, intercepts=np.zeros(4)).agrees
    assert compare(path, intercepts=np.arange(4)).mistakes == ()
    coefs = [np.zeros(3)]
    for _ in range(10):
        coefs.append(coefs[-1] - 2 * lr * X.T @ (X @ coefs[-1] - y) / n)
    (named,) = compare(path, coefs=coefs, intercepts=np.zeros(11)).mistakes
    assert TWICE in named


def test_several_targets_without_an_intercept_have_zeros_for_it():
    """Intercepts of zero agree for every target, and others are named with their target."""
    X, y = regression(n=40, d=3, k=2)
    path = path_of(X, y, fit_intercept=False)
    coefs = path.coef(range(4))
    assert compare(path, coefs=coefs, intercepts=np.zeros((4, 2))).agrees
    off = compare(path, coefs=coefs, intercepts=[[0.0, 1.0]] * 4)
    assert "the intercept for target 1 is 1 instead of 0 (+1)" in text_of(off)
    assert off.mistakes == ()


def test_mistakes_with_the_same_numbers_are_named_together():
    """With two rows a sum is twice a mean."""
    X, y = np.array([[0.5], [2.0]]), np.array([1.0, 2.5])
    path = path_of(X, y, lr=0.05)
    losses, coefs, intercepts = descend(X, y, 0.05, gradient=2.0, loss=1.0)
    named = compare(path, losses, coefs, intercepts).mistakes
    for gradient in (TWICE, SUMMED):
        for loss in ("without the 1/2", "sums over the rows"):
            assert sum(gradient in words and loss in words for words in named) == 1
    assert len(named) == 4
    assert "the same for each of these" in text_of(compare(path, losses, coefs, intercepts))


@pytest.mark.parametrize("standardised", [False, True])
def test_mistakes_that_cannot_show_are_told(standardised):
    """On centred columns the order of intercept and coefficients has no effect."""
    X, y = regression(n=40, d=3)
    X = X - X.mean(axis=0)
    if standardised:
        X = X / X.std(axis=0)
    comparison = compare(path_of(X, y), *descend(X, y, rate(X)))
    assert comparison.agrees
    assert comparison.mistakes == ()
    hidden = " ".join(comparison.hidden_mistakes)
    for words in (*ORDERS, "the features are centred"):
        assert words in hidden
    assert ("the features are standardised before" in hidden) == standardised
    assert "not updated" not in hidden
    assert "cannot exclude" in text_of(comparison)
    assert compare(path_of(X, y), *descend(X, y, rate(X), 0)).hidden_mistakes == ()


@pytest.mark.parametrize("noise", [1e-7, 1e-3])
def test_noise_is_no_mistake(noise):
    """Numbers that no known mistake gives are compared, and no mistake is named."""
    X, y = regression(n=40, d=3, seed=5)
    rng = np.random.default_rng(5)
    noisy = [h * (1 + noise * rng.standard_normal(h.shape)) for h in descend(X, y, rate(X))]
    assert found(path_of(X, y), *noisy) == [(), (), ()]
    comparison = compare(path_of(X, y), *noisy)
    assert not comparison.agrees
    t = max(comparison.first_difference - 1, 0)
    assert f"path.explain({t}) shows update {t + 1}" in text_of(comparison)


def test_a_late_mistake_is_placed():
    """One wrong number is the first difference, with both values."""
    X, y = regression()
    path = path_of(X, y)
    losses, coefs, intercepts = descend(X, y, rate(X))
    coefs[7, 2] += 0.25
    comparison = compare(path, losses, coefs, intercepts)
    assert comparison.first_difference == 7
    text = text_of(comparison)
    values = f"{coefs[7, 2]:.6g} instead of {path.coef(7)[2]:.6g} (+0.25)"
    assert f"differ from the path first at t = 7, when the coefficient of x2 is {values}" in text
    assert "Your losses agree with the path at t = 0 to 15, within" in text


def test_numbers_that_are_not_finite_get_a_sentence():
    """Mistakes are then searched in the iterates before."""
    X, y = regression()
    path = path_of(X, y)
    losses, *_ = descend(X, y, rate(X))
    losses[4:] = np.nan
    comparison = compare(path, losses)
    assert comparison.first_difference == 4
    assert comparison.mistakes == ()
    text = text_of(comparison)
    assert "first at t = 4, when the loss is nan instead of" in text
    assert "No mistake" in text
    losses, *_ = descend(X, y, rate(X), gradient=2.0)
    losses[10:] = np.inf
    (named,) = compare(path, losses).mistakes
    assert TWICE in named
    assert "reproduces your first 10 iterates" in text_of(compare(path, losses))
    assert compare(path, np.full(3, np.nan)).first_difference == 0


def test_a_descent_that_overflows_agrees_with_one_that_does():
    """Beyond the range of floats nothing differs, be it nan or infinite."""
    X, y = regression()
    lr = 50 / largest_curvature(X)
    path = path_of(X, y, lr=lr)
    with np.errstate(all="ignore"):
        losses, coefs, intercepts = descend(X, y, lr, 400)
    assert not np.isfinite(losses[-1])
    comparison = compare(path, losses, coefs, intercepts)
    assert comparison.agrees, comparison
    with np.errstate(all="ignore"):
        losses, coefs, intercepts = descend(X, y, lr, 400, gradient=2.0)
    (named,) = compare(path, losses, coefs, intercepts).mistakes
    assert TWICE in named


def test_long_histories_are_searched_in_their_first_iterates():
    """Mistakes are simulated for 1000 iterates at most, agreement is told for all."""
    X, y = regression()
    path = path_of(X, y, lr=1e-3)
    losses, *_ = descend(X, y, 1e-3, 3000)
    assert "t = 0 to 3,000" in text_of(compare(path, losses))
    losses[2000] += 1.0
    comparison = compare(path, losses)
    assert comparison.first_difference == 2000
    assert comparison.mistakes == ()
    losses = 2 * descend(X, y, 1e-3, 3000)[0]
    assert "reproduces your first 1,000 iterates" in text_of(compare(path, losses))


def test_a_krylov_path_compares_and_says_what_it_cannot():
    """It knows its own iterates, up to where it was resolved, and mistakes in the records."""
    X, y = regression(n=300, d=60)
    lr = rate(X)
    path = path_of(X, y, lr=lr, max_iter=8, solver="krylov")
    losses, coefs, intercepts = descend(X, y, lr, 5)
    assert compare(path, losses, coefs, intercepts).agrees
    doubled = compare(path, 2 * losses, coefs)
    assert doubled.mistakes == ("the losses are without the 1/2 of J",)
    other = compare(path, *descend(X, y, lr, 5, gradient=2.0))
    assert other.mistakes == ()
    assert "which solver='spectral' finds" in text_of(other)
    if path.last_known is not None:
        longer = compare(path, descend(X, y, lr, path.last_known + 5)[0])
        assert longer.agrees
        assert "the rest was not compared" in text_of(longer)


def test_many_features_are_compared_only(monkeypatch):
    """A problem of more parameters than can be simulated in short time says so."""
    monkeypatch.setattr("sklearn_gd._report.search.MOST_PARAMETERS", 3)
    X, y = regression()
    comparison = compare(path_of(X, y), descend(X, y, rate(X), gradient=2.0)[0])
    assert comparison.mistakes == ()
    assert "Only mistakes in the records" in text_of(comparison)


WRONG = [
    ({}, "got none of them"),
    ({"losses": []}, r"losses must have shape \(T,\), T iterates; got \(0,\)"),
    ({"losses": [1.0, 2.0], "coefs": np.zeros((3, 4))}, "got 2 losses, 3 coefs"),
    ({"coefs": np.zeros((3, 5))}, "Give the intercept as intercepts"),
    ({"coefs": np.zeros(3)}, r"\(T, 4\).*got \(3,\)"),
    ({"coefs": [[1.0], [1.0, 2.0]]}, "coefs must be real numbers"),
    ({"losses": [1j]}, "losses must be real numbers"),
    ({"intercepts": np.zeros((3, 2))}, r"intercepts must have shape \(T,\)"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_histories_of_the_wrong_shape_are_refused(given, message):
    """With the shape that was expected and the one that came."""
    with pytest.raises(ValueError, match=message):
        compare(path_of(*regression()), **given)


def test_shapes_of_several_targets():
    """Axes of targets and features are not exchanged silently."""
    X, y = regression(n=40, d=3, k=2)
    with pytest.raises(ValueError, match=r"\(T, 2, 3\), T iterates; got \(4, 3, 2\)"):
        compare(path_of(X, y), coefs=np.zeros((4, 3, 2)))
    with pytest.raises(ValueError, match=r"\(T, 2\), T iterates; got \(4,\)"):
        compare(path_of(X, y), intercepts=np.zeros(4))
    off = compare(path_of(X, y), coefs=np.ones((4, 2, 3)), intercepts=np.ones((4, 2)))
    assert "the coefficient of x0 for target 0 is 1 instead of 0 (+1)" in text_of(off)


def test_with_momentum_rates_starts_and_records_are_named():
    """The descent that is simulated has the momentum of the path."""
    X, y = regression(n=30, d=2)
    path = path_of(X, y, lr=0.05, momentum=0.8, nesterovs_momentum=True)
    for lr, start, words in (
        (0.05, None, None),
        (0.1, None, TWICE),
        (-0.05, None, UPHILL),
        (0.03, None, "lr is 0.03"),
        (0.05, np.array([[1.0], [-1.0], [0.5]]), "the start is another one"),
    ):
        thetas, losses = literal_loop(X, y, lr, UPDATES, start=start, momentum=0.8, nesterov=True)
        comparison = compare(path, losses, thetas[:, 1:, 0], thetas[:, 0])
        assert comparison.agrees == (words is None)
        assert len(comparison.mistakes) == (words is not None)
        assert words is None or words in comparison.mistakes[0]
        if start is None:
            assert compare(path, losses).mistakes == comparison.mistakes


@pytest.mark.parametrize("nesterov", [False, True])
def test_the_order_of_updates_shows_with_momentum_too(nesterov):
    """The gradient of the coefficients is taken at an intercept that has moved with momentum."""
    X, y = rows()
    lr, b, v, c, u, losses = rate(X), 0.0, 0.0, np.zeros(3), np.zeros(3), []
    for _ in range(UPDATES):
        losses.append(np.mean((X @ c + b - y) ** 2) / 2)
        step = lr * np.mean(X @ c + b - y)
        v = 0.5 * v - step
        b += 0.5 * v - step if nesterov else v
        step = lr * X.T @ (X @ c + b - y) / len(X)
        u = 0.5 * u - step
        c = c + (0.5 * u - step if nesterov else u)
    path = path_of(X, y, momentum=0.5, nesterovs_momentum=nesterov)
    (named,) = compare(path, losses).mistakes
    assert ORDERS[0] in named


def test_a_penalty_is_part_of_the_losses_and_the_gradient():
    """The mistakes are made in the penalised descent; those of scaled features are left out."""
    X, y = rows()
    path = path_of(X, y, alpha=0.3)
    thetas, losses = literal_loop(X, y, 2 * rate(X), UPDATES, alpha=0.3)
    for given in ({"losses": losses}, {"coefs": thetas[:, 1:, 0]}):
        (named,) = compare(path, **given).mistakes
        assert TWICE in named


def test_a_path_of_the_loop_agrees_with_a_right_descent():
    """It keeps its iterates, which is enough to compare."""
    X, y = rows()
    path = path_of(X, y, max_iter=8, solver="loop")
    assert compare(path, *descend(X, y, rate(X), 5)).agrees


def test_rows_in_single_precision_are_compared_in_it():
    """A path of float32 rows is rounded to float32, whatever the user's loop computed in."""
    X, y = rows()
    X, y = X.astype(np.float32), y.astype(np.float32)
    path = path_of(X, y, lr=0.05)
    assert path.coef(1).dtype == np.float32
    assert compare(path, *descend(X.astype(float), y.astype(float), 0.05)).agrees


def test_a_user_who_gave_everything_is_not_told_to():
    """The advice to give all histories is said only if one is missing."""
    model = GDLinearRegressor(lr=0.1, tol=0.1)
    path = model.fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).path_
    losses, intercepts = [1.0, 7.0, 2.0, 5.0], [0.2, 0.7, -3.0, 1.0]
    coefs = [[0.3], [0.9], [-4.0], [2.0]]
    assert GIVE_ALL in path.compare(coefs=coefs).sentences
    said = path.compare(losses, coefs, intercepts).sentences
    assert NO_MISTAKE in said
    assert GIVE_ALL not in said
