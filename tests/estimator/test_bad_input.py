"""What is said of bad input, and what is made of odd input: every public entry point, one table."""

from __future__ import annotations

import re
from math import inf, nan

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from helpers import distance, regression, tolerance
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV, LossCurveDisplay, Moments, diagnose

pytestmark = pytest.mark.filterwarnings(
    "ignore:The best score is that of the last:sklearn.exceptions.ConvergenceWarning"
)
X, Y = regression(n=60, d=4)
REFERENCE = GDLinearRegressor(tol=1.0).fit(X, Y)
HUGE = 10**400
DATES = np.full(60, "2026-01-01", "M8[D]")
TALL = np.tile(DATES[:, np.newaxis], 4)


def bad(words, error=ValueError, *, X=X, y=Y, w=None, init=None, **parameters):
    """A row of the table below."""
    return words, error, X, y, w, init or {}, parameters


ORIGIN = {"fit_intercept": False}
NAN = np.where(np.arange(60) == 3, np.nan, 1.0)
BAD = {
    "lr zero": bad("lr must be a real number above 0.*got 0", lr=0),
    "lr negative": bad("lr .*got -1.5", lr=-1.5),
    "lr nan": bad("lr .*got nan", lr=float("nan")),
    "lr infinite": bad("lr .*got inf", lr=float("inf")),
    "lr word": bad("lr must be 'auto' or a real number.*'fast'", lr="fast"),
    "lr huge": bad("lr must be a real number above 0 within the range of floats", lr=HUGE),
    "lr complex": bad("lr .*type complex", TypeError, lr=0.1j),
    "lr array": bad("lr .*type ndarray", TypeError, lr=np.array([0.1])),
    "lr bool": bad("lr .*got True of type bool", TypeError, lr=True),
    "lr list": bad("lr .*type list", TypeError, lr=[0.1]),
    "lr None": bad("lr .*NoneType", TypeError, lr=None),
    "tol zero": bad("tol must be a real number above 0", tol=0.0),
    "tol negative": bad("tol .*got -1", tol=-1),
    "tol nan": bad("tol .*got nan", tol=float("nan")),
    "tol infinite": bad("tol .*got inf", tol=inf),
    "tol bool": bad("tol .*got True", TypeError, tol=True),
    "tol huge": bad("tol .*range of floats", tol=HUGE),
    "tol word": bad("tol .*got 'small'", TypeError, tol="small"),
    "max_iter zero": bad("max_iter must be an integer of at least 1.*got 0", max_iter=0),
    "max_iter negative": bad("max_iter .*got -5", max_iter=-5),
    "max_iter huge": bad(r"at most 2\*\*256; got more", max_iter=HUGE),
    "max_iter nan": bad("max_iter .*got nan of type float", TypeError, max_iter=nan),
    "max_iter None": bad("max_iter .*NoneType", TypeError, max_iter=None),
    "max_iter float": bad("max_iter .*got 10.0 of type float", TypeError, max_iter=10.0),
    "max_iter bool": bad("max_iter .*type bool", TypeError, max_iter=True),
    "fit_intercept": bad("fit_intercept must be True or False; got 1", TypeError, fit_intercept=1),
    "warm_start": bad("warm_start .*got 'yes'", TypeError, warm_start="yes"),
    "solver": bad("solver must be one of 'auto', .*got 'sgd'", solver="sgd"),
    "fit_intercept None": bad("fit_intercept .*got None", TypeError, fit_intercept=None),
    "solver list": bad("solver must be one of", solver=["loop"]),
    "solver type": bad("solver .*got None", solver=None),
    "X nan": bad("X contains NaN", X=np.where(X > 2, np.nan, X)),
    "X infinite": bad("infinity", X=np.where(X > 2, np.inf, X)),
    "X flat": bad("Expected 2D array", X=X[:, 0]),
    "X 3-d": bad("dim 3", X=X[None]),
    "X complex": bad("[Cc]omplex data", X=X + 1j),
    "X strings": bad("X must hold real numbers; got dtype <U1", X=np.full((60, 4), "a")),
    "X empty": bad("0 sample", X=X[:0], y=Y[:0]),
    "X no columns": bad(r"0 feature", X=X[:, :0]),
    "X overflows": bad("below 1e.70 in size.*Rescale the columns", X=X * 1e200),
    "X overflows, krylov": bad("Rescale the columns", X=X * 1e200, solver="krylov"),
    "X overflows, sparse": bad("Rescale the columns", X=sparse.csr_matrix(X * 1e200)),
    "X vanishes": bad("X must have sizes of 1e-70.*StandardScaler", X=X * 1e-160, **ORIGIN),
    "X denormal": bad("X must have sizes of 1e-70", X=X * 1e-310, **ORIGIN),
    "X denormal, sparse": bad("sizes of 1e-70", X=sparse.csr_matrix(X * 1e-310), **ORIGIN),
    "X dates": bad(r"X must hold real numbers; got dtype datetime64\[D\]", X=TALL),
    "X durations": bad("got dtype timedelta64", X=TALL - TALL),
    "X number strings": bad("X must hold real numbers; got dtype <U1", X=np.full((60, 4), "1")),
    "X bytes": bad("got dtype .S1", X=np.full((60, 4), b"1")),
    "X list of strings": bad("got dtype <U1", X=[["1", "2"], ["3", "4"]], y=[1, 2]),
    "X ragged": bad("X must have rows of one length.*ragged", X=[[1, 2], [3]], y=[1, 2]),
    "X masked": bad("X must have no masked values: fill them", X=np.ma.masked_greater(X, 2)),
    "X huge integers": bad("range of float64", X=np.full((60, 4), HUGE, dtype=object)),
    "X huge list": bad("range of float64|convert|object", X=[[HUGE]] * 60),
    "X object dates": bad("real number", TypeError, X=TALL.astype(object)),
    "X dicts": bad("string or a real number", TypeError, X=np.full((60, 4), {}, dtype=object)),
    "X None": bad("Expected 2D array", X=None),
    "X number": bad("Expected 2D array", X=3.0),
    "X sparse nan": bad("X contains NaN", X=sparse.csc_matrix(np.where(X > 2, np.nan, X))),
    "X sparse complex": bad("[Cc]omplex data", X=sparse.csr_matrix(X + 1j)),
    "float32 coefficients": bad("too large for float32.*float64", X=np.float32(X), y=Y * 1e40),
    "float32 X": bad(
        "too large for float32", X=np.float32(X) * np.float32(1e-30), y=Y * 1e20, **ORIGIN
    ),
    "y nan": bad("y contains NaN", y=NAN),
    "y infinite": bad("y contains infinity", y=np.r_[np.inf, Y[1:]]),
    "y 3-d": bad("dim 3", y=Y[:, None, None]),
    "y complex": bad("[Cc]omplex data", y=Y + 1j),
    "y strings": bad("could not convert|real numbers", y=np.full(60, "a")),
    "y number strings": bad("real numbers; got dtype <U1", y=np.full(60, "1")),
    "y dates": bad("real numbers; got dtype datetime64", y=np.full(60, "2026-01-01", "M8[D]")),
    "y sparse": bad("y must be dense", TypeError, y=sparse.csr_matrix(Y[:, None])),
    "y None": bad("requires y", y=None),
    "y short": bad("inconsistent numbers of samples", y=Y[:-1]),
    "y overflows": bad("y must have sizes between 1e-70 and 1e.70.*rescale y", y=Y * 1e300),
    "y denormal": bad("y must have sizes.*its largest is .*e-310", y=Y * 1e-310),
    "y one denormal target": bad("y must have sizes", y=np.c_[Y, Y * 1e-310]),
    "y ragged": bad("y must have rows of one length", y=[[1.0]] * 59 + [[1.0, 2.0]]),
    "y masked": bad("y must have no masked values", y=np.ma.masked_greater(Y, 2)),
    "y no targets": bad(r"0 feature", y=np.zeros((60, 0))),
    "y object dates": bad("real number", TypeError, y=DATES.astype(object)),
    "y object words": bad("convert string", y=np.full(60, "a", dtype=object)),
    "y durations": bad("real numbers; got dtype timedelta64", y=DATES - DATES),
    "y huge integers": bad("range of float64", y=np.full(60, HUGE, dtype=object)),
    "weights short": bad(r"shape \(60,\); got shape \(59,\)", w=np.ones(59)),
    "weights 2-d": bad(r"got shape \(60, 2\)", w=np.ones((60, 2))),
    "weights negative": bad("not be negative; the least weight is -1", w=np.r_[-1.0, np.ones(59)]),
    "weights zero": bad("all zero", w=np.zeros(60)),
    "weights nan": bad("sample_weight contains NaN", w=NAN),
    "weight scalar nan": bad("sample_weight .*got nan", w=float("nan")),
    "weight scalar negative": bad("sample_weight .*got -2", w=-2.0),
    "weight scalar zero": bad("sample_weight .*above 0.*got 0", w=0),
    "weight scalar infinite": bad("sample_weight .*got inf", w=inf),
    "weight scalar huge": bad("sample_weight .*range of floats", w=HUGE),
    "weight scalar bool": bad("sample_weight .*type bool", TypeError, w=True),
    "weight scalar complex": bad("sample_weight .*type complex", TypeError, w=1j),
    "weight scalar array nan": bad("sample_weight .*got nan", w=np.array(nan)),
    "weight word": bad("sample_weight must be a real number.*'balanced'", TypeError, w="balanced"),
    "weights words": bad("sample_weight must hold real numbers; got dtype <U1", w=["a"] * 60),
    "weights infinite": bad("sample_weight contains infinity", w=np.r_[inf, np.ones(59)]),
    "weights complex": bad("[Cc]omplex data", w=np.ones(60) + 1j),
    "weights dates": bad("sample_weight must hold real numbers; got dtype datetime64", w=DATES),
    "weights sparse": bad(
        "sample_weight must be dense", TypeError, w=sparse.csr_matrix(Y[:, None])
    ),
    "coef_init shape": bad(
        r"coef_init must have shape \(4,\); got shape \(3,\)", init={"coef_init": np.ones(3)}
    ),
    "coef_init scalar": bad(
        r"coef_init must have shape \(4,\); got shape \(\)", init={"coef_init": 1.0}
    ),
    "coef_init nan": bad("coef_init contains NaN", init={"coef_init": [1, 2, 3, np.nan]}),
    "coef_init many": bad(r"shape \(2, 4\)", y=np.c_[Y, Y], init={"coef_init": np.ones(4)}),
    "coef_init words": bad("coef_init must hold real numbers", init={"coef_init": list("1234")}),
    "coef_init dates": bad("coef_init must hold real", init={"coef_init": DATES[:4]}),
    "coef_init complex": bad("[Cc]omplex data", init={"coef_init": np.ones(4) * 1j}),
    "coef_init huge": bad(
        "start is too far off.*smaller coef_init", init={"coef_init": [1e200] * 4}
    ),
    "intercept_init huge": bad("intercept_init .*range", init={"intercept_init": HUGE}),
    "intercept_init complex": bad("type complex", TypeError, init={"intercept_init": 1j}),
    "intercept_init shape": bad(
        r"intercept_init must have shape \(\)", init={"intercept_init": [1.0, 2]}
    ),
    "intercept_init inf": bad("intercept_init .*got inf", init={"intercept_init": np.inf}),
    "intercept_init word": bad("intercept_init", TypeError, init={"intercept_init": "a"}),
    "intercept_init alone": bad(
        "needs fit_intercept=True", init={"intercept_init": 1.0}, fit_intercept=False
    ),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_named_and_leaves_an_earlier_fit_usable(case):
    """The error says what was expected and what came; the model predicts as before."""
    words, error, X_bad, y_bad, w, init, parameters = BAD[case]
    model = GDLinearRegressor(tol=1.0).fit(X, Y)
    before = dict(vars(model))
    model.set_params(**parameters)
    with pytest.raises(error, match=re.compile(words)):
        model.fit(X_bad, y_bad, w, **init)
    model.set_params(**GDLinearRegressor(tol=1.0).get_params())
    assert vars(model).keys() == before.keys()
    assert np.array_equal(model.predict(X), REFERENCE.predict(X))


@pytest.mark.parametrize("case", [name for name in BAD if name[:2] in ("X ", "y ", "we")])
def test_tuning_says_the_same(case):
    """What is wrong with rows and weights is said in the same words by the tuner, and by diagnose.

    Sparse rows whose squares overflow are no exception.
    """
    words, error, X_bad, y_bad, w, _, parameters = BAD[case]
    fit_intercept = parameters.get("fit_intercept", True)
    model = GDLinearRegressorCV(lrs=2, max_iter=5, cv=3).fit(X, Y)
    before = model.predict(X)
    model.set_params(fit_intercept=fit_intercept)
    with pytest.raises(error, match=re.compile(words)):
        model.fit(X_bad, y_bad, w)
    assert np.array_equal(model.predict(X), before)
    if y_bad is not None:
        with pytest.raises(error, match=re.compile(words)):
            diagnose(X_bad, y_bad, sample_weight=w, fit_intercept=fit_intercept)


# A part of the rows may have no weight; an intercept's ones give rows without size a size; the
# dtype of the coefficients is known when all parts are.
IN_PARTS = set(BAD) - {"weights zero", "float32 coefficients", "float32 X"}
IN_PARTS = {name for name in IN_PARTS if name[:2] in ("X ", "y ", "we")}
IN_PARTS -= {name for name in IN_PARTS if BAD[name][-1] == ORIGIN}


@pytest.mark.parametrize("case", sorted(IN_PARTS))
def test_parts_of_rows_say_the_same(case):
    """partial_fit and Moments refuse what fit does, and the rows before stay as they were."""
    words, error, X_bad, y_bad, w, _, _ = BAD[case]
    model = GDLinearRegressor(tol=1.0).partial_fit(X[:30], Y[:30])
    with pytest.raises(error, match=re.compile(words + "|features, but .* is expecting 4")):
        model.partial_fit(X_bad, y_bad, w)
    assert model.n_samples_seen_ == 30
    model.partial_fit(X[30:], Y[30:])
    assert distance(model.coef_, REFERENCE.coef_) <= tolerance()
    with pytest.raises(error, match=re.compile(words)):
        Moments.from_rows(X_bad, y_bad, w)


@pytest.mark.parametrize("case", [n for n in BAD if n[:2] not in ("X ", "y ", "we", "fl")])
def test_moments_are_descended_on_with_the_same_words(case):
    """fit_moments checks parameters and starts as fit does; an earlier fit stays usable."""
    words, error, X_good, y_good, _, init, parameters = BAD[case]
    model = GDLinearRegressor(tol=1.0).fit(X, Y).set_params(**parameters)
    with pytest.raises(error, match=re.compile(words)):
        model.fit_moments(Moments.from_rows(X_good, y_good), **init)
    assert np.array_equal(model.predict(X), REFERENCE.predict(X))
    if not init:
        with pytest.raises(error, match=re.compile(words)):
            GDLinearRegressor(**parameters).partial_fit(X, Y)


def test_bad_input_is_left_as_it_was():
    """Arguments that are refused are not changed on the way."""
    for words, error, X_bad, y_bad, w, init, parameters in BAD.values():
        arrays = [a for a in (X_bad, y_bad, w, *init.values()) if isinstance(a, np.ndarray)]
        copies = [a.copy() for a in arrays]
        with pytest.raises(error, match=re.compile(words)):
            GDLinearRegressor(**parameters).fit(X_bad, y_bad, w, **init)
        for a, copy in zip(arrays, copies, strict=True):
            equal_nan = a.dtype.kind in "fc"
            assert np.array_equal(a, copy, equal_nan=equal_nan)


SEEN = {
    "nan": (np.where(X > 2, np.nan, X), ValueError, "X contains NaN"),
    "infinite": (np.where(X > 2, np.inf, X), ValueError, "X contains infinity"),
    "three columns": (X[:, :3], ValueError, "X has 3 features, but .* is expecting 4"),
    "one row as a list": (X[0], ValueError, "Expected 2D array"),
    "no rows": (X[:0], ValueError, "0 sample"),
    "dates": (TALL, ValueError, "X must hold real numbers; got dtype datetime64"),
    "words": (np.full((2, 4), "1"), ValueError, "X must hold real numbers; got dtype <U1"),
    "complex": (X + 1j, ValueError, "[Cc]omplex data"),
    "ragged": ([[1, 2, 3, 4], [1]], ValueError, "X must have rows of one length"),
    "None": (None, ValueError, "Expected 2D array"),
    "masked": (np.ma.masked_greater(X, 2), ValueError, "masked"),
    "huge integers": (np.full((1, 4), HUGE, dtype=object), ValueError, "range of float64"),
}


@pytest.mark.parametrize("case", list(SEEN))
@pytest.mark.parametrize("method", ["predict", "staged_predict"])
def test_bad_rows_to_predict_for(case, method):
    """They are refused at once, also by the generator, in the words of fit."""
    rows, error, words = SEEN[case]
    with pytest.raises(error, match=words):
        getattr(REFERENCE, method)(rows)


SCORED = {
    "short y": (X, Y[:3], None, ValueError, "inconsistent numbers of samples"),
    "nan in y": (X, np.where(Y > 1, nan, Y), None, ValueError, "NaN"),
    "sparse y": (X, sparse.csr_matrix(Y[:, None]), None, TypeError, "y must be dense"),
    "dates in y": (X, DATES, None, ValueError, "y must hold real numbers"),
    "two targets": (X, np.c_[Y, Y], None, ValueError, "number of output"),
    "negative weights": (X, Y, -np.ones(60), ValueError, "sample_weight must not be negative"),
    "short weights": (X, Y, np.ones(3), ValueError, r"shape \(60,\); got shape \(3,\)"),
    "nan weight": (X, Y, nan, ValueError, "sample_weight .*got nan"),
    "no weight": (X, Y, np.zeros(60), ValueError, "all zero"),
    "three columns": (X[:, :3], Y, None, ValueError, "X has 3 features"),
}


@pytest.mark.parametrize("case", list(SCORED))
def test_bad_arguments_of_score(case):
    """score refuses what fit does, negative weights too."""
    rows, y, w, error, words = SCORED[case]
    with pytest.raises(error, match=words):
        REFERENCE.score(rows, y, w)


def test_score_takes_one_number_as_weight():
    """One number for all rows changes nothing, as in fit; lists will do."""
    expected = REFERENCE.score(X, Y)
    assert REFERENCE.score(X.tolist(), Y.tolist(), 3.0) == pytest.approx(expected, rel=1e-12)


STEPS = {
    "negative": (-1, ValueError, "from 0, the start; got -1"),
    "one negative": ([1, -2], ValueError, "from 0, the start"),
    "float": (1.5, TypeError, "must be integers; got 1.5"),
    "bool": (True, TypeError, "must be integers; got True"),
    "word": ("a", TypeError, "must be integers; got 'a'"),
    "nan": (nan, TypeError, "must be integers; got nan"),
    "date": (np.datetime64("2026-01-01"), TypeError, "must be integers"),
    "ragged": ([1, [2]], ValueError, "inhomogeneous"),
    "huge": (HUGE, ValueError, r"up to 2\*\*256"),
}


@pytest.mark.parametrize("case", list(STEPS))
@pytest.mark.parametrize("method", ["coef", "intercept", "loss", "gradient", "dof", "explain"])
def test_bad_numbers_of_updates(case, method):
    """Every method of a path takes integers from 0 on, and says so."""
    t, error, words = STEPS[case]
    with pytest.raises(error, match=words):
        getattr(REFERENCE.path_, method)(t)


@pytest.mark.parametrize(
    ("loss", "error", "words"),
    [
        (nan, ValueError, "loss must be a number"),
        (HUGE, ValueError, "range of floats"),
        ("a", TypeError, "loss must be a real number; got 'a' of type str"),
        (None, TypeError, "got None"),
        (True, TypeError, "type bool"),
        ([1.0], TypeError, "type list"),
        (1j, TypeError, "type complex"),
    ],
)
def test_bad_losses_to_wait_for(loss, error, words):
    """iterations_to takes one number that is one."""
    with pytest.raises(error, match=words):
        REFERENCE.path_.iterations_to(loss)


def test_no_numbers_of_updates():
    """An empty list of t is answered with nothing, in the right shape."""
    assert REFERENCE.path_.coef([]).shape == (0, 4)
    assert REFERENCE.path_.loss([]).shape == (0,)


def test_tables_are_flat():
    """to_frame takes a flat list of t."""
    pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="flat list"):
        REFERENCE.path_.to_frame([[0, 1]])


GRIDS = {
    "lrs word": ({"lrs": "many"}, TypeError, "lrs must be an integer"),
    "lrs negative": ({"lrs": [-0.1, 0.1]}, ValueError, "numbers above 0"),
    "lrs nan": ({"lrs": [nan]}, ValueError, "lrs contains NaN"),
    "lrs bool": ({"lrs": True}, TypeError, "lrs .*type bool"),
    "lrs none": ({"lrs": []}, ValueError, "numbers above 0"),
    "lrs zero": ({"lrs": 0}, ValueError, "lrs .*at least 1"),
    "max_iter huge": ({"max_iter": HUGE}, ValueError, r"at most 2\*\*62"),
    "max_iter float": ({"max_iter": 5.0}, TypeError, "max_iter .*type float"),
    "iters negative": ({"iters": [-1, 2]}, ValueError, "between 0 and"),
    "iters floats": ({"iters": [0.5]}, TypeError, "list of integers"),
    "cv one": ({"cv": 1}, ValueError, "n_splits=1|at least 2|at least one"),
    "cv word": ({"cv": "five"}, ValueError, "cv"),
    "scoring word": ({"cv": 3, "scoring": "best"}, ValueError, "scoring|best"),
    "solver": ({"solver": "sgd"}, ValueError, "solver must be one of"),
}


@pytest.mark.parametrize("case", list(GRIDS))
def test_bad_grids(case):
    """What can't be tuned over is named, and an earlier tuning stays usable."""
    parameters, error, words = GRIDS[case]
    model = GDLinearRegressorCV(lrs=2, max_iter=5).fit(X, Y)
    before = model.predict(X)
    model.set_params(**parameters)
    with pytest.raises(error, match=words):
        model.fit(X, Y)
    assert np.array_equal(model.predict(X), before)


ODD = {
    "boolean weights": (X, Y, np.ones(60, dtype=bool)),
    "weight as an array": (X, Y, np.array(2.0)),
    "extended precision": (X.astype(np.longdouble), Y.astype(np.longdouble), None),
    "unmasked": (np.ma.array(X), np.ma.array(Y), None),
    "object numbers": (X.astype(object), Y.astype(object), None),
    "tuples": (tuple(map(tuple, X)), tuple(Y), None),
}


@pytest.mark.parametrize("case", list(ODD))
def test_odd_input_with_a_right_answer(case):
    """What means the same numbers gives the same fit."""
    model = GDLinearRegressor(tol=1.0).fit(*ODD[case])
    assert model.n_iter_ == REFERENCE.n_iter_
    assert distance(model.coef_, REFERENCE.coef_) <= tolerance()


@pytest.mark.parametrize("make", [sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
def test_sparse_rows_with_64_bit_indices(make, solver):
    """Index arrays of 64 bits are taken as they are."""
    wide = make(X)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    model = GDLinearRegressor(tol=1.0, solver=solver).fit(wide, Y)
    assert model.n_iter_ == REFERENCE.n_iter_
    assert distance(model.coef_, REFERENCE.coef_) <= tolerance()
    assert wide.indices.dtype == np.int64


@pytest.mark.parametrize("scale", [1e-60, 1e-20, 1e20, 1e60])
@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
def test_large_and_small_numbers(scale, solver):
    """Far out, coefficients scale with y and against X, to the digits that are promised."""
    fit = {"fit_intercept": False, "solver": solver}
    expected = GDLinearRegressor(**fit).fit(X, Y)
    of_y = GDLinearRegressor(**fit).fit(X, Y * scale)
    of_X = GDLinearRegressor(**fit).fit(X * scale, Y)
    assert distance(of_y.coef_ / scale, expected.coef_) <= tolerance()
    assert distance(of_X.coef_ * scale, expected.coef_) <= tolerance()


@pytest.mark.parametrize("lr", [5e-324, 1e-308, 1e-30])
def test_a_rate_that_moves_nothing_is_told(lr):
    """A descent that stays at its start for want of a rate warns, and says how far it is."""
    with pytest.warns(ConvergenceWarning, match="hardly falling"):
        model = GDLinearRegressor(lr).fit(X, Y)
    assert np.abs(model.coef_).max() < 1e-20


@pytest.mark.parametrize("solver", ["spectral", "loop", "krylov"])
def test_the_largest_rate_diverges_at_once(solver):
    """The largest float is a rate like another: its first update raises the loss."""
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model = GDLinearRegressor(1e308, solver=solver).fit(X, Y)
    assert (model.n_iter_, model.path_.best_iter) == (1, 0)
    assert not model.coef_.any()


def test_fits_of_other_shapes_follow_one_another():
    """A second fit owes nothing to the shapes of the first; predictions are its own."""
    model = GDLinearRegressor(tol=2.0)
    for rows, y in ((X, Y), (X[:, :2], np.c_[Y, Y, Y]), (X[:7, :1], Y[:7, None])):
        model.set_params(tol=100.0).fit(rows, y)
        assert model.n_features_in_ == rows.shape[1]
        assert model.predict(rows).shape == (y.shape if y.shape[1:] != (1,) else (7,)) or (
            model.predict(rows).shape == y.shape
        )


def test_names_are_checked_when_predicting():
    """Features in another order or missing are refused; without names a warning says so."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = GDLinearRegressor(tol=1.0).fit(frame, Y)
    for wrong in (
        frame[["b", "a", "c", "d"]],
        frame[["a", "b", "c"]],
        frame.rename(columns={"a": "z"}),
    ):
        with pytest.raises(ValueError, match="feature names"):
            model.predict(wrong)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)


def test_frames_with_dates():
    """A column of dates is named by its dtype, in pandas and in polars."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd")).assign(day=DATES)
    with pytest.raises(ValueError, match="X must hold real numbers; got dtype datetime64"):
        GDLinearRegressor().fit(frame, Y)
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match="X must hold real numbers; got dtype Date"):
        GDLinearRegressor().fit(pl.DataFrame({"a": X[:, 0], "day": DATES}), Y)


def test_unfitted_tuning_and_diagnosis_say_so():
    """What needs a fitted estimator says that it is not."""
    with pytest.raises(NotFittedError):
        GDLinearRegressorCV().predict(X)
    with pytest.raises(NotFittedError, match="call fit first"):
        diagnose(GDLinearRegressor())
    with pytest.raises(NotFittedError, match="call fit first"):
        LossCurveDisplay.from_estimator(GDLinearRegressor())
    with pytest.raises(TypeError, match="X and y"):
        diagnose(X)
    with pytest.raises(TypeError, match="lr"):
        diagnose(X, Y, lr=None)
