"""Where numbers begin to be refused, to the last bit, and what is said of it, to the last word."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, Moments, diagnose

pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=12, d=2)
PLAIN = GDLinearRegressor(tol=1.0).fit(X, Y)
MOST, LEAST = 1e70, 1 / 1e70
HUGE = 10**400
INTEGERS = np.full((12, 2), HUGE, dtype=object)
TALL = np.full((12, 2), "2026-01-01", "M8[D]")
BOTH = np.where(X.mean() < X, np.inf, -np.inf)


def fit(**parameters):
    return GDLinearRegressor(**{"tol": 1.0, **parameters}).fit


def tune(**parameters):
    return GDLinearRegressorCV(**{"lrs": [0.1, 0.2], "max_iter": 3, **parameters}).fit


def file_of(**others):
    """A file as `save` writes it but for these entries."""
    Moments.from_rows(X, Y).save(file := io.BytesIO())
    file.seek(0)
    with np.load(file) as held:
        entries = {**held, **others}
    np.savez(changed := io.BytesIO(), **entries)
    changed.seek(0)
    return changed


RANGE = "X and y must hold numbers within the range of float64."
DATES = "must hold real numbers; got dtype datetime64[D]. Convert it to float first."
POSITIVE = "must be a real number above 0"
NO_SUMS = "The sums of Moments must be a symmetric matrix of finite float64."
WORDS = {
    "dates": (lambda: fit()(TALL, Y), f"X {DATES}"),
    "dates in y": (lambda: fit()(X, TALL[:, 0]), f"y {DATES}"),
    "dates as weights": (lambda: fit()(X, Y, TALL[:, 0]), f"sample_weight {DATES}"),
    "dates to predict for": (lambda: PLAIN.predict(TALL), f"X {DATES}"),
    "dates to a score": (lambda: PLAIN.score(X, TALL[:, 0]), f"y {DATES}"),
    "dates to start from": (
        lambda: fit()(X, Y, coef_init=TALL[0]),
        f"coef_init {DATES}",
    ),
    "dates as rates": (lambda: tune(lrs=TALL[:, 0])(X, Y), f"lrs {DATES}"),
    "integers": (lambda: fit()(INTEGERS, Y), RANGE),
    "integers in y": (lambda: fit()(X, INTEGERS[:, 0]), RANGE),
    "ragged": (
        lambda: fit()(X, [[1.0]] * 11 + [[1.0, 2.0]]),
        "y must have rows of one length, all numbers; got a ragged list: ",
    ),
    "masked": (
        lambda: fit()(np.ma.masked_greater(X, 0), Y),
        "X must have no masked values: fill them, or drop their rows.",
    ),
    "sparse y": (
        lambda: fit()(X, sparse.csr_matrix(X)),
        "y must be dense; got a sparse matrix. Pass y.toarray().",
    ),
    "no y": (
        lambda: fit()(X, None),
        "This GDLinearRegressor estimator requires y to be passed, but the target y is None.",
    ),
    "no y to tune for": (
        lambda: tune()(X, None),
        "This GDLinearRegressorCV estimator requires y to be passed, but the target y is None.",
    ),
    "large y": (
        lambda: fit()(X, np.full(12, 2e70)),
        "y must have sizes between 1e-70 and 1e+70, or be all zero; its largest is 2e+70: "
        "rescale y.",
    ),
    "small X": (
        lambda: fit(fit_intercept=False)(np.full((12, 2), -5e-71), Y),
        "X must have sizes of 1e-70 or more, or be all zero; its largest is 5e-71: rescale the "
        "columns, for instance with StandardScaler.",
    ),
    "shape of weights": (
        lambda: fit()(X, Y, np.ones((12, 1))),
        "sample_weight must have one weight per row, shape (12,); got shape (12, 1).",
    ),
    "negative weight": (
        lambda: fit()(X, Y, [-2.5, *range(11)]),
        "sample_weight must not be negative; the least weight is -2.5.",
    ),
    "weights of nothing": (
        lambda: fit()(X, Y, np.zeros(12)),
        "sample_weight must not be all zero: some weight must be positive.",
    ),
    "small weights of a part": (
        lambda: GDLinearRegressor().partial_fit(X, Y, np.full(12, 5e-71)),
        "The largest sample_weight must lie between 1e-70 and 1e+70; got 5e-71: divide the "
        "weights by their mean.",
    ),
    "weight": (lambda: fit()(X, Y, 0), f"sample_weight {POSITIVE} and finite; got 0."),
    "start": (
        lambda: fit()(X, Y, coef_init=[]),
        "coef_init must have shape (2,); got shape (0,).",
    ),
    "intercept": (
        lambda: fit()(X, Y, intercept_init=[1.0, 2.0]),
        "intercept_init must have shape (); got shape (2,).",
    ),
    "intercept without one": (
        lambda: fit(fit_intercept=False)(X, Y, intercept_init=1.0),
        "intercept_init needs fit_intercept=True; got False.",
    ),
    "rate": (lambda: fit(lr=-1)(X, Y), f"lr {POSITIVE} and finite; got -1."),
    "word": (lambda: fit(lr="big")(X, Y), "lr must be 'auto' or a real number above 0; got 'big'."),
    "tol": (lambda: fit(tol=0)(X, Y), f"tol {POSITIVE} and finite; got 0."),
    "momentum": (
        lambda: fit(momentum=1)(X, Y),
        "momentum must be a real number of at least 0 and below 1; got 1.",
    ),
    "penalty": (
        lambda: fit(alpha=-0.5)(X, Y),
        "alpha must be a real number of at least 0 and finite; got -0.5.",
    ),
    "type of tol": (lambda: fit(tol="a")(X, Y), f"tol {POSITIVE}; got 'a' of type str."),
    "range of tol": (lambda: fit(tol=HUGE)(X, Y), f"tol {POSITIVE} within the range of floats."),
    "updates": (
        lambda: fit(max_iter=0)(X, Y),
        "max_iter must be an integer of at least 1 and finite; got 0.",
    ),
    "many updates": (
        lambda: fit(max_iter=2**256 + 1)(X, Y),
        "max_iter must be an integer of at least 1 and at most 2**256; got more.",
    ),
    "flag": (
        lambda: fit(fit_intercept=1)(X, Y),
        "fit_intercept must be True or False; got 1.",
    ),
    "warm start": (lambda: fit(warm_start=1)(X, Y), "warm_start must be True or False; got 1."),
    "solver": (
        lambda: fit(solver="sgd")(X, Y),
        "solver must be one of 'auto', 'loop', 'spectral', 'krylov'; got 'sgd'.",
    ),
    "tuner's flag": (
        lambda: tune(fit_intercept=1)(X, Y),
        "fit_intercept must be True or False; got 1.",
    ),
    "tuner's solver": (
        lambda: tune(solver="sgd")(X, Y),
        "solver must be one of 'auto', 'loop', 'spectral', 'krylov'; got 'sgd'.",
    ),
    "scorers": (
        lambda: tune(cv=3, scoring=["r2"])(X, Y),
        "scoring must be None or one scorer; got ['r2'].",
    ),
    "scorer without folds": (
        lambda: tune(cv="gcv", scoring="r2")(X, Y),
        "scoring='r2' needs held-out rows, and cv='gcv' makes none: give folds, for instance cv=5.",
    ),
    "metadata without folds": (
        lambda: tune(cv="gcv")(X, Y, groups=X[:, 0], other=1),
        "cv='gcv' makes no folds and takes no groups, other.",
    ),
    "metadata without routing": (
        lambda: tune(cv=3)(X, Y, b=1, groups=None, a=2),
        "fit takes a, b only with metadata routing: "
        "sklearn.set_config(enable_metadata_routing=True).",
    ),
    "weights of one row": (
        lambda: tune(cv="gcv")(X, Y, np.full(12, 0.0625)),
        "With cv='gcv' a row of weight 2 counts as two rows, so the weights must sum to more than "
        "one row; got 0.75. Scale them to a mean of 1, or give cv.",
    ),
    "no finite score": (
        lambda: tune(cv=3, scoring=lambda *_: np.nan)(X, Y),
        "No entry of the grid has a finite score.",
    ),
    "rates": (
        lambda: tune(lrs=[0.1, 0.0])(X, Y),
        "lrs must be an integer or a list of numbers above 0; got [0.1, 0.0].",
    ),
    "table of rates": (
        lambda: tune(lrs=[[0.1]])(X, Y),
        "lrs must be an integer or a list of numbers above 0; got [[0.1]].",
    ),
    "number of rates": (
        lambda: tune(lrs=0)(X, Y),
        "lrs must be an integer of at least 1 and finite; got 0.",
    ),
    "tuner's updates": (
        lambda: tune(max_iter=0)(X, Y),
        "max_iter must be an integer of at least 1 and finite; got 0.",
    ),
    "tuner's many updates": (
        lambda: tune(max_iter=2**62 + 1)(X, Y),
        f"max_iter must be at most 2**62 in a grid; got {2**62 + 1}.",
    ),
    "one of the updates": (
        lambda: tune(iters=1)(X, Y),
        "iters must be an integer of at least 2 and finite; got 1.",
    ),
    "updates as floats": (
        lambda: tune(iters=[0.5])(X, Y),
        "iters must be None, an integer or a list of integers; got [0.5].",
    ),
    "table of updates": (
        lambda: tune(iters=[[1]])(X, Y),
        "iters must be None, an integer or a list of integers; got [[1]].",
    ),
    "no updates": (
        lambda: tune(iters=np.array([], dtype=int))(X, Y),
        "iters must be None, an integer or a list of integers; got array([], dtype=int64).",
    ),
    "negative updates": (
        lambda: tune(iters=[-1, 5])(X, Y),
        "iters must be between 0 and 2**62; got [-1, 5].",
    ),
    "largest updates": (
        lambda: tune(iters=[2**62 + 1])(X, Y),
        f"iters must be between 0 and 2**62; got [{2**62 + 1}].",
    ),
    "no moments": (
        lambda: PLAIN.fit_moments(X),
        "fit_moments takes Moments, as Moments.from_rows returns them; got ndarray.",
    ),
    "moments of nothing": (
        lambda: fit_moments_of(np.zeros(12)),
        "sample_weight must not be all zero: some row must have a weight.",
    ),
    "sums that are not": (lambda: Moments.load(file_of(sums=np.triu(np.ones((4, 4))))), NO_SUMS),
    "sums of all targets": (lambda: Moments.load(file_of(n_targets=3)), NO_SUMS),
    "sums of too many targets": (lambda: Moments.load(file_of(n_targets=4)), NO_SUMS),
    "sums of no targets": (lambda: Moments.load(file_of(n_targets=0)), NO_SUMS),
    "targets of another kind": (
        lambda: Moments.load(file_of(targets="few")),
        "targets must be one of '1d', 'column', '2d'; got 'few'.",
    ),
    "format": (
        lambda: Moments.load(Named(file_of(format=2))),
        "sums.npz is of format 2, and this version of sklearn_gd reads format 1: update it.",
    ),
    "another file": (
        lambda: Moments.load(Named(io.BytesIO(b"words"))),
        "sums.npz does not hold Moments: it was not written by save, or not to its end.",
    ),
    "another archive": (
        lambda: Moments.load(Named(file_of(more=1))),
        "sums.npz does not hold Moments: it was not written by save, or not to its end.",
    ),
    "features": (
        lambda: Moments.from_rows(X, Y) + Moments.from_rows(X[:, :1], Y),
        "Moments add up if their features are the same; got 2 and 1.",
    ),
    "targets": (
        lambda: Moments.from_rows(X, Y) + Moments.from_rows(X, X),
        "Moments add up if their targets are the same; got (n_samples,) and (n_samples, 2).",
    ),
    "nothing to diagnose": (
        lambda: diagnose(X),
        "diagnose needs a fitted GDLinearRegressor, or X and y; got ndarray without y.",
    ),
    "both to diagnose": (
        lambda: diagnose(PLAIN, Y),
        "diagnose takes a fitted estimator alone; for what needs rows call "
        "diagnose(X, y, lr=estimator.lr_).",
    ),
    "rate to diagnose": (
        lambda: diagnose(X, Y, lr=0),
        f"lr {POSITIVE} and finite; got 0.",
    ),
    "flag to diagnose": (
        lambda: diagnose(X, Y, fit_intercept=0),
        "fit_intercept must be True or False; got 0.",
    ),
    "not fitted": (
        lambda: diagnose(GDLinearRegressor()),
        "This GDLinearRegressor is not fitted yet: call fit first.",
    ),
    "no history": (
        lambda: GDLinearRegressorCV().loss_history_,
        "this GDLinearRegressorCV is not fitted yet: call fit first.",
    ),
    "no record": (
        lambda: GDLinearRegressorCV().lrs_,
        "'GDLinearRegressorCV' object has no attribute 'lrs_'",
    ),
    "too large for float32": (
        lambda: fit(tol=None)(np.float32(X), Y * 1e60),
        "The coefficients are too large for float32, the dtype of X: pass X as float64, or "
        "rescale X or y.",
    ),
}
ONLY_BEGUN = {"ragged"}  # the rest is NumPy's
REFUSALS = (ValueError, TypeError, AttributeError, NotFittedError)


class Named(io.BytesIO):
    """A file that a message can name."""

    def __init__(self, file):
        super().__init__(file.getvalue())

    def __str__(self):
        return "sums.npz"


def fit_moments_of(weights):
    """Descend on the sums of rows with these weights."""
    return GDLinearRegressor(tol=1.0).fit_moments(Moments.from_rows(X, Y, weights))


@pytest.mark.parametrize("case", list(WORDS))
def test_refusals_are_worded(case):
    """A refusal says what was expected and what came, and these words stay."""
    call, words = WORDS[case]
    with pytest.raises(REFUSALS) as refusal:
        call()
    said = str(refusal.value)
    assert said.startswith(words) if case in ONLY_BEGUN else said == words


@pytest.mark.parametrize("scale", [LEAST, MOST])
def test_limits_of_y_belong_to_what_is_taken(scale):
    """A largest y of just the smallest or the largest size is fitted."""
    y = np.sign(Y) * scale
    model = GDLinearRegressor(fit_intercept=False, tol=1.0, max_iter=5)
    with pytest.warns(ConvergenceWarning) if scale == MOST else pytest.MonkeyPatch.context():
        assert model.fit(X, y).predict(X).shape == (12,)
    with pytest.raises(ValueError, match="rescale y"):
        model.fit(X, y * (1.001 if scale == MOST else 0.999))


@pytest.mark.parametrize("scale", [LEAST, MOST])
def test_limits_of_weights_belong_to_what_is_taken(scale):
    """Weights of a part, of just the smallest or the largest size, are those of ones."""
    model = GDLinearRegressor(tol=1.0).partial_fit(X, Y, np.full(12, scale))
    assert distance(model.coef_, PLAIN.coef_) <= tolerance()
    with pytest.raises(ValueError, match="must lie between"):
        model.partial_fit(X, Y, np.full(12, scale * (1.001 if scale == MOST else 0.999)))


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e200, 1e307])
def test_the_scale_of_weights_does_not_matter(scale):
    """J does not depend on it, whatever the exponent: in fits, tunings, scores and losses."""
    w = np.linspace(1.0, 2.0, 12)
    model = GDLinearRegressor(tol=1.0).fit(X, Y, scale * w)
    assert distance(model.coef_, GDLinearRegressor(tol=1.0).fit(X, Y, w).coef_) <= tolerance()
    scores = tune(cv=3)(X, Y, scale * w).scores_path_
    assert distance(scores, tune(cv=3)(X, Y, w).scores_path_) <= tolerance()
    assert model.score(X, Y, scale * w) == pytest.approx(model.score(X, Y, w), rel=1e-12)
    losses = [model.path_.loss(2, X, Y, weights) for weights in (scale * w, w)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_limits_of_features_without_an_intercept(sign, container):
    """Of all rows only the largest has to have a size, of either sign, in rows of any kind."""
    X = np.zeros((12, 2))
    X[1:, 0], X[1:, 1] = sign * LEAST, sign * LEAST / 7
    model = GDLinearRegressor(fit_intercept=False, tol=100.0)
    assert model.fit(container(X), Y).n_iter_ == 0
    with pytest.raises(ValueError, match="X must have sizes of 1e-70 or more"):
        model.fit(container(X * 0.999), Y)
    with pytest.raises(ValueError, match="X must have sizes of 1e-70 or more"):
        model.fit_moments(Moments.from_rows(container(X * 1e-60), Y))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_features_of_no_size_at_all(container):
    """Zeros are no small numbers: without a slope the first update changes nothing."""
    model = GDLinearRegressor(fit_intercept=False).fit(container(np.zeros((12, 2))), Y)
    assert (model.n_iter_, model.stop_reason_) == (1, "stationary")
    one = GDLinearRegressor(fit_intercept=False).fit(container(np.ones((1, 1))), [0.0])
    assert one.n_iter_ == 1
    with pytest.raises(ValueError, match="X must have sizes of 1e-70 or more"):
        one.fit(container(np.full((1, 1), 1e-90)), [1.0])


def test_an_intercept_gives_features_of_any_size_a_scale():
    """With a column of ones tiny features are fitted, and so are sums of theirs, in parts too."""
    expected = GDLinearRegressor(tol=1.0).fit(0 * X, Y)
    tiny = X * 1e-160
    model = GDLinearRegressor(tol=1.0)
    parts = GDLinearRegressor(tol=1.0).partial_fit(tiny[:5], Y[:5]).partial_fit(tiny[5:], Y[5:])
    for found in (model.fit(tiny, Y), clone_fit_moments(tiny), parts):
        assert found.n_iter_ == expected.n_iter_
        assert distance(found.intercept_, expected.intercept_) <= tolerance()
    # Without one the descent is refused, but not the reading of its parts.
    unscaled = GDLinearRegressor(fit_intercept=False).partial_fit(tiny, Y)
    assert unscaled.n_samples_seen_ == 12
    with pytest.raises(AttributeError, match="X must have sizes of 1e-70"):
        _ = unscaled.coef_


def clone_fit_moments(X):
    """The descent on the sums of these rows."""
    return GDLinearRegressor(tol=1.0).fit_moments(Moments.from_rows(X, Y))


INFINITE = {
    "predict": PLAIN.predict,
    "staged_predict": PLAIN.staged_predict,
    "y": lambda values: fit()(X, np.float64(values[:, 0])),
    "fit": lambda values: fit()(values, Y),
    "tune": lambda values: tune()(values, Y),
    "fold": lambda values: tune(cv=3)(values, Y),
    "diagnose": lambda values: diagnose(values, Y),
    "moments": lambda values: Moments.from_rows(values, Y),
}


@pytest.mark.parametrize("values", [BOTH, np.full((12, 2), np.longdouble("1e4000"))])
@pytest.mark.parametrize("call", list(INFINITE))
def test_infinities_are_named_without_other_warnings(call, values):
    """Infinities of both signs, and what is one as a float, are refused in one sentence."""
    values = BOTH if call == "y" else values
    words = r"contains infinity or a value too large for dtype\('float64'\)"
    with pytest.raises(ValueError, match=words):
        INFINITE[call](values)


@pytest.mark.parametrize("kind", ["float", "integer", "both signs"])
@pytest.mark.parametrize("name", ["sample_weight", "coef_init", "intercept_init", "lrs"])
def test_what_is_too_large_for_float64_is_refused_by_its_name(name, kind):
    """Extended floats, integers and infinities beside X and y are named, and no warning comes."""
    tall = {"float": np.longdouble("1e4000"), "integer": HUGE, "both signs": np.inf}[kind]
    values = np.array([tall, -tall] * (6 if name == "sample_weight" else 1))
    model = tune(lrs=values) if name == "lrs" else fit()
    arguments = {} if name == "lrs" else {name: values}
    words = f"Input {name} contains infinity or a value too large for dtype('float64')."
    if kind == "integer":
        words = f"{name} must hold numbers within the range of float64."
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        model(X, X, **arguments)


@pytest.mark.skipif(np.finfo(np.longdouble).maxexp == 1024, reason="no extended precision here")
def test_targets_of_extended_precision_are_measured_as_floats():
    """What no float64 can hold is too large a y."""
    with pytest.raises(ValueError, match="its largest is inf: rescale y"):
        fit()(X, Y * np.longdouble("1e4000"))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "float16", "float32", "O"])
def test_weights_of_any_dtype_are_numbers(dtype):
    """Sums of weights do not overflow or round where their dtype would."""
    X, y = regression(n=600, d=2)
    w = np.where(np.arange(600) % 3, 1, 0) * (1 if dtype == "bool" else 113)
    model = GDLinearRegressor(tol=1.0).fit(X, y, w.astype(dtype))
    expected = GDLinearRegressor(tol=1.0).fit(X, y, w.astype(float))
    assert np.array_equal(model.coef_, expected.coef_)
    assert model.score(X, y, w.astype(dtype)) == expected.score(X, y, w.astype(float))


def test_the_most_updates_and_columns_belong_to_what_is_taken(monkeypatch):
    """2**256 updates in a fit and 2**62 in a tuning can be asked for; and the last column fits."""
    assert GDLinearRegressor(tol=1.0, max_iter=2**256).fit(X, Y).n_iter_ == PLAIN.n_iter_
    assert tune(max_iter=2**62, iters=[2**62])(X, Y).iters_.tolist() == [2**62]
    monkeypatch.setattr("sklearn_gd._estimator.moments.MOST_PARAMETERS", 3)
    assert Moments.from_rows(X, Y).n_features == 2
    words = (
        "Moments are sums of products of all pairs of columns, for at most 2 features; X has 5 "
        "with the intercept. Use fit, which needs no such sums."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        Moments.from_rows(np.c_[X, X], Y)


def test_light_rows_are_rows():
    """Weights that sum to less than one row make a fit, and to more than one a tuning."""
    assert distance(fit_moments_of(np.full(12, 0.01)).coef_, PLAIN.coef_) <= tolerance()
    with pytest.warns(UserWarning, match="more than half of the 1.5 rows"):
        assert tune(cv="gcv")(X, Y, np.full(12, 0.125)).n_iter_ >= 0
    with pytest.raises(ValueError, match="got 1"):
        tune(cv="gcv")(X, Y, np.full(12, 1 / 12))


@pytest.mark.parametrize("other", [1, 0.0, True, "0", None, 2.5])
def test_only_moments_and_the_0_of_sum_add_to_moments(other):
    """`sum` begins with 0; anything else beside Moments is no summand."""
    moments = Moments.from_rows(X, Y)
    assert 0 + moments is moments
    with pytest.raises(TypeError, match="Moments"):
        _ = other + moments
    with pytest.raises(TypeError, match="Moments"):
        _ = moments + other


@pytest.mark.parametrize("y", [Y, Y[:, None], np.c_[Y, -Y, 2 * Y]])
def test_moments_of_few_columns_are_saved(y):
    """One feature is enough for a file, whatever the targets."""
    Moments.from_rows(X[:, :1], y).save(file := io.BytesIO())
    file.seek(0)
    read = Moments.load(file)
    assert (read.n_features, read.n_targets) == (1, y[0].size)
    model = GDLinearRegressor(tol=30.0)
    expected = model.fit_moments(Moments.from_rows(X[:, :1], y)).coef_
    assert np.array_equal(model.fit_moments(read).coef_, expected)
