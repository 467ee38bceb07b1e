"""Rows on a device, piece by piece: where they are, what is refused, what their products are."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn
from scipy import sparse

from helpers import distance, regression
from sklearn_gd import GDLinearRegressor
from sklearn_gd._data import LARGEST_SIZE, ArrayAPIRows
from sklearn_gd._estimator.array_api import NUMPY, Device, to_numpy
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._estimator.validation import check_rows, check_weights

strict = pytest.importorskip("array_api_strict")
compat = pytest.importorskip("array_api_compat")

X, Y = regression(n=12, d=3)
MANY = np.c_[Y, -2 * Y + 1]
WEIGHTS = np.linspace(0.0, 1.1, 12)
# For the tests that need no other: a device that has float64, and one that has not.
SPOT, NARROW = (strict.Device(name) for name in ("device1", "no_float64"))


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True):
        yield


def test_a_flag_of_an_invalid_product_is_no_warning():
    """OpenBLAS sets it for finite float32 matrices at times; here a product really is invalid."""
    huge = strict.asarray(np.full((3, 2), np.inf, np.float32), device=NARROW)
    nothing = strict.zeros((2, 1), dtype=strict.float32, device=NARROW)
    rows = SimpleNamespace(fit_intercept=False)
    with np.errstate(invalid="raise"):
        assert np.isnan(np.asarray(ArrayAPIRows.predict(rows, huge, nothing)._array)).all()


def there(array, spot=SPOT):
    array = np.asarray(array)
    kinds = {"float64": "float32", "complex128": "complex64"} if spot == NARROW else {}
    dtype = getattr(strict, kinds.get(array.dtype.name, array.dtype.name))
    return strict.asarray(array, dtype=dtype, device=spot)


def back(array):
    return np.asarray(array.to_device(strict.Device("CPU_DEVICE")))


def device(spot=SPOT):
    return Device.of(there(X, spot))


def words(call):
    """With which something is refused."""
    with pytest.raises(Exception, match=".") as error:
        call()
    return str(error.value)


TINY = 1e-100 * X


@pytest.mark.parametrize(
    ("rows", "how"),
    [
        ((TINY, Y), {}),
        ((np.r_[TINY[:1], -np.abs(X[1:])], Y), {"fit_intercept": False}),
        ((X, np.r_[1e-100, Y[1:]]), {}),
        ((X, Y.astype(object)), {}),
        ((X, Y.tolist()), {}),
        ((X, Y, True), {}),
        ((X, np.c_[Y, 1e-100 * Y]), {}),
        ((TINY, Y), {"fit_intercept": False}),
        ((X, None), {}),
        ((X, sparse.csr_matrix(MANY)), {}),
        ((X, ["a"] * 12), {}),
        ((X, Y.astype("M8[s]")), {}),
        ((X, np.r_[np.nan, Y[1:]]), {}),
        ((X, Y, np.r_[np.nan, Y[1:]]), {}),
        ((X, Y, WEIGHTS[:4]), {}),
        ((X, Y, -WEIGHTS), {}),
        ((X, Y, 0 * WEIGHTS), {}),
        ((X, Y, -1.0), {}),
        ((X, Y, "a"), {}),
    ],
    ids=[
        "tiny rows beside ones",
        "tiny first row",
        "tiny first target",
        "targets as objects",
        "targets in a list",
        "weight True",
        "a tiny target",
        "tiny rows",
        "no targets",
        "sparse targets",
        "text",
        "dates",
        "nan in y",
        "nan in weights",
        "few weights",
        "negative weights",
        "no weight",
        "negative weight",
        "text as weight",
    ],
)
def test_what_is_numpys_beside_rows_on_a_device_is_checked_as_with_numpys_rows(rows, how):
    """Whether it passes or not, with the same error in the same words."""
    outcomes = []
    for X_ in (rows[0], there(rows[0])):
        try:
            model = GDLinearRegressor(lr=0.01, tol=9.0, **how).fit(X_, *rows[1:])
            outcomes.append(model.n_iter_)
        except (TypeError, ValueError) as error:
            outcomes.append((type(error), str(error)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (("X", X.astype(complex)), "Complex data not supported: X must hold real numbers."),
        (("y", Y.astype(complex)), "Complex data not supported: y must hold real numbers."),
        (
            ("sample_weight", WEIGHTS.astype(complex)),
            "Complex data not supported: sample_weight must hold real numbers.",
        ),
        (("sample_weight", np.r_[np.nan, WEIGHTS[1:]]), "Input sample_weight contains NaN"),
        (("sample_weight", -WEIGHTS), "sample_weight must not be negative; the least weight is"),
        (("sample_weight", 0 * WEIGHTS), "sample_weight must not be all zero: some weight must"),
        (("sample_weight", np.array(-1.0)), "sample_weight must be a real number above 0 and fin"),
        (("y", np.r_[np.nan, Y[1:]]), "Input y contains NaN"),
        (("X", np.r_[X[:-1], [[np.inf, 0.0, 0.0]]]), "Input X contains infinity"),
        (("X", np.r_[X[:-1], [[np.nan, 0.0, 0.0]]]), "Input X contains NaN"),
    ],
)
def test_what_is_on_the_device_is_refused_by_name(rows, error):
    """No warning of NumPy's comes before."""
    name, value = rows
    given = {"X": X, "y": Y, name: value}
    for spot in (SPOT, NARROW):
        for solver in ("spectral", "krylov"):
            model = GDLinearRegressor(lr=0.01, tol=2.0, solver=solver)
            told = words(
                lambda m=model, s=spot: m.fit(**{k: there(v, s) for k, v in given.items()})
            )
            assert told.startswith(error)


def test_rows_to_predict_for_are_refused_by_name():
    """Features are held to the fit, by predict, partial_fit and score."""
    model = GDLinearRegressor(lr=0.01, tol=2.0).fit(there(X), there(Y))
    for rows in (X[:, :2], X.astype(complex)):
        error = words(lambda r=rows: model.predict(there(r)))
        assert error.startswith(
            "X has 2 features, but GDLinearRegressor is expecting 3 features as input"
            if rows.shape[1] == 2
            else "Complex data not supported: X must hold real numbers."
        )
    parts = GDLinearRegressor(lr=0.01, tol=9.0).partial_fit(there(X), there(Y))
    error = words(lambda: parts.partial_fit(there(X[:, :2]), there(Y)))
    assert error.startswith("X has 2 features, but GDLinearRegressor is expecting 3 features")


def test_a_part_may_weigh_nothing_and_all_of_it_alike():
    """As with NumPy's rows; all rows of a fit may not weigh nothing."""
    expected = GDLinearRegressor(lr=0.01, tol=9.0).partial_fit(X, Y, 3.0).partial_fit(-X, Y)
    for three in (3.0, there(np.array(3.0)), there(np.full(12, 3.0)), [3.0] * 12):
        model = GDLinearRegressor(lr=0.01, tol=9.0).partial_fit(there(X), there(Y), three)
        model.partial_fit(-there(X), there(Y))
        for nothing in (there(np.zeros(12)), np.zeros(12), [0.0] * 12):
            model.partial_fit(there(X), there(Y), nothing)
        assert distance(back(model.coef_), expected.coef_) <= 1e-10
    for nothing in (there(np.zeros(12)), np.zeros(12)):
        told = words(lambda n=nothing: check_weights(n, 12, device()))
        assert told == "sample_weight must not be all zero: some weight must be positive."
        told = words(
            lambda n=nothing: check_rows(GDLinearRegressor(), (there(X), there(Y), n), True)
        )
        assert told == "sample_weight must not be all zero: some weight must be positive."


def test_checked_rows_are_kept_where_they_are_and_their_features_are_seen():
    """Nothing that has the dtype of sums is copied; what has not is made so."""
    model, cpu = GDLinearRegressor(), strict.Device("CPU_DEVICE")
    where, given = device(cpu), [there(a, cpu) for a in (X, Y, WEIGHTS)]
    rows, layout = check_rows(model, tuple(given), True)
    assert model.n_features_in_ == 3
    assert layout.y_layout == "1d"
    blocks = next(iter(rows.blocks()))
    for mine, yours in zip(blocks, given, strict=True):
        assert np.shares_memory(np.from_dlpack(mine), np.from_dlpack(yours))
    narrow = there(X.astype(np.float32), cpu)
    rows, _ = check_rows(model, (narrow, *given[1:]), True)
    assert rows.rounding == np.finfo(np.float32).eps
    assert next(iter(rows.blocks()))[0].dtype == strict.float64
    one, two = where.promote(given[0], narrow)
    assert one.dtype == two.dtype == strict.float64
    assert np.shares_memory(np.from_dlpack(one), np.from_dlpack(given[0]))


@pytest.mark.parametrize(("y", "kind"), [(Y, "1d"), (Y[:, None], "column"), (MANY, "2d")])
def test_targets_have_the_shapes_that_they_have_in_numpy(y, kind):
    """They are laid out as a table, and results are shown as they were."""
    posed = prepare(GDLinearRegressor(), (there(X), there(y), None), True)
    assert posed.layout.y_layout == kind
    assert np.array_equal(back(posed.problem.y), y.reshape(12, -1))
    model = GDLinearRegressor(lr=0.01, tol=9.0).fit(there(X), there(y))
    assert back(model.coef_).shape == GDLinearRegressor(lr=0.01, tol=9.0).fit(X, y).coef_.shape


def test_places_are_named_as_their_libraries_are():
    """In the error that tells them apart; NumPy is a place too."""
    assert str(Device(compat.array_namespace(X), "cpu")) == "numpy on device cpu"
    name = f"array_api_strict on device {SPOT}"
    assert str(device()) == name
    fitted = {
        "numpy": GDLinearRegressor(lr=0.01, tol=2.0).fit(X, Y),
        name: GDLinearRegressor(lr=0.01, tol=2.0).fit(there(X), there(Y)),
    }
    for was, rows, now in (("numpy", there(X), name), (name, X, "numpy")):
        assert words(lambda w=was, r=rows: fitted[w].predict(r)) == (
            "Inputs passed to GDLinearRegressor.predict() must use the same namespace and the same "
            f"device as those passed to fit(): that was {was}, and this is {now}."
        )


def test_a_missing_library_is_named_with_what_needs_it(monkeypatch):
    """And how to install it."""
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    assert words(lambda: GDLinearRegressor().fit(there(X), there(Y))) == (
        "sklearn.set_config(array_api_dispatch=True) needs array_api_compat, which cannot be "
        "imported here: pip install array_api_compat"
    )


@pytest.mark.parametrize("spot", [SPOT, NARROW], ids=["float64", "float32"])
def test_what_is_brought_is_a_copy_in_a_plain_layout(spot):
    """From any byte order, strides and order of memory, in its dtype where that is to be had."""
    where = device(spot)
    floats = strict.float32 if spot == NARROW else strict.float64
    readonly = X.copy()
    readonly.flags.writeable = False
    for array in (X, X[::-1], X.T, np.asfortranarray(X), X.astype(">f8"), readonly, X[::2, ::-1]):
        brought = where.asarray(array)
        assert (brought.dtype, brought.device) == (floats, spot)
        assert back(brought).flags.c_contiguous
        assert not np.shares_memory(back(brought), array)
        assert distance(back(brought), array) <= 1e-7
    for kind, dtype in (
        ("int64", strict.int64),
        ("uint8", strict.uint8),
        ("bool", strict.bool),
        ("float16", floats),
        ("float32", strict.float32),
        (">i4", strict.int32),
        ("complex64", strict.complex64),
    ):
        assert where.asarray(np.ones(2, dtype=kind)).dtype == dtype
    assert where.asarray([1, 2]).dtype == strict.int64
    shares = Device(compat.array_namespace(X), "cpu")  # as PyTorch does, which asks for no copy
    assert not np.shares_memory(shares.asarray(X), X)
    mine, other = there(X, spot), there(X, strict.Device("device2"))
    assert where.asarray(mine) is mine
    assert where.asarray(other).device == spot


@pytest.mark.parametrize("spot", [SPOT, NARROW], ids=["float64", "float32"])
def test_numbers_go_to_the_place_and_come_back(spot):
    """Put in the dtype of sums, shown in their own, fetched in float64; rows are taken there."""
    where = device(spot)
    rows = there(X, spot)
    put = where.to_device([1, 2])
    assert (put.dtype, put.device) == (where.floats, spot)
    shown = where.asarray(np.float32([1.0]))
    assert (shown.dtype, shown.device) == (strict.float32, spot)
    assert where.to_host(rows).dtype == np.float64
    index = np.array([2, 0])
    for chosen in (slice(1, 3), index, index.astype(np.int32), [], [5]):
        taken = where.take(rows, chosen)
        assert taken.device == spot
        expected = X[chosen] if isinstance(chosen, slice) else X[np.array(chosen, dtype=int)]
        assert back(taken).shape == expected.shape
        assert np.allclose(back(taken), expected)
    sample = where.to_device(())
    assert sample.shape == (0,)
    assert Device.of(sample) == where


@pytest.mark.parametrize("ways", [1, 2, 3])
def test_numbers_come_to_numpy_in_the_first_way_that_works(ways, monkeypatch):
    """DLPack to the processor, DLPack as it is, or the library's own way; all of the same array."""
    far, tried, numbers = SimpleNamespace(__dlpack__=None), [], np.arange(3.0)

    def from_dlpack(array, **how):
        tried.append((array, how))
        if len(tried) < ways:
            raise BufferError
        return numbers

    def to_device(array, where):
        tried.append((array, where))
        return numbers

    monkeypatch.setattr(np, "from_dlpack", from_dlpack)
    library = SimpleNamespace(to_device=to_device, is_array_api_obj=lambda array: array is far)
    monkeypatch.setitem(sys.modules, "array_api_compat", library)
    assert np.array_equal(to_numpy(far), numbers)
    assert tried == [(far, {"device": "cpu"}), (far, {}), (far, "cpu")][:ways]


def test_targets_from_a_device_follow_numpys_rows():
    """With dispatch; without, they are NumPy's to convert."""
    assert np.array_equal(NUMPY.asarray(there(Y)), Y)
    assert NUMPY.asarray(X) is X
    assert to_numpy(X) is X
    model = GDLinearRegressor(lr=0.01, tol=2.0).fit(X, there(Y), there(WEIGHTS))
    assert np.array_equal(model.coef_, GDLinearRegressor(lr=0.01, tol=2.0).fit(X, Y, WEIGHTS).coef_)
    with sklearn.config_context(array_api_dispatch=False):
        given = there(Y)
        assert NUMPY.asarray(given) is given


@pytest.mark.parametrize(("kind", "numbers"), [(1, 1 << 18), (2, 1 << 23), (10, 1 << 23)])
@pytest.mark.parametrize("shape", [(10**6, 9), (10**6, 1), (12, 3), (10**5, 9000)])
def test_rows_are_read_in_blocks_of_a_size(shape, kind, numbers):
    """Blocks are larger on a device than on a processor, and never have fewer rows than columns."""
    X_ = SimpleNamespace(shape=shape, __dlpack_device__=lambda: (kind, 1))
    rows = ArrayAPIRows(X_, SimpleNamespace(shape=(shape[0], 1)), None, True, None, 0.0)
    cuts, width = list(rows.slices()), shape[1] + 2
    assert cuts[0].start == 0
    assert cuts[-1].stop == shape[0]
    assert all(a.stop == b.start for a, b in zip(cuts[:-1], cuts[1:], strict=True))
    step = cuts[0].stop
    assert all(cut.stop - cut.start == step for cut in cuts[:-1])
    if step < shape[0]:
        assert step == width or width * step <= numbers < width * (step + 1)
        assert step >= width


def test_numbers_of_the_largest_size_are_let_in():
    """All of them, up to the last digit; beyond it is said what to do."""
    rows = np.full((4, 1), LARGEST_SIZE)
    problem = prepare(GDLinearRegressor(), (there(rows), there(Y[:4]), None), False).problem
    problem.operator()
    wrong = prepare(GDLinearRegressor(), (there(1.1 * rows), there(Y[:4]), None), False).problem
    assert "Rescale the columns" in words(wrong.operator)
