"""Rows read block by block: nothing is left out, counted twice, copied or changed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklearn_gd._descent import rows as module
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.rows import NARROW, NotFinite, Rows, multipliable
from sklearn_gd._descent.spectrum import Spectrum

KINDS = {
    "dense": np.asarray,
    "by columns": np.asfortranarray,
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "float32": lambda X: X.astype(np.float32),
    "csr": sparse.csr_array,
    "csc": sparse.csc_matrix,
}


def numbers(n=20, d=3, k=2):
    """X that float32 holds too, y, and weights, some of them zero."""
    rng = np.random.default_rng(5)
    X = rng.integers(-4, 5, (n, d)) / 4.0
    return X, rng.normal(size=(n, k)), rng.integers(0, 4, n) + 0.0


def test_blocks_are_laid_out_as_blas_reads_them():
    """In whatever layout X comes; those that are so already are no copies."""
    X = np.random.default_rng(0).standard_normal((6, 4))
    for name in ("dense", "by columns"):
        assert np.shares_memory(multipliable(laid := KINDS[name](X)[1:]), laid)
    for name in ("every other column", "backwards", "float32"):
        block = multipliable(KINDS[name](X))
        assert block.flags.c_contiguous
        assert_allclose(block, X, rtol=1e-6)


@pytest.fixture(params=[3, 20, 64])
def block_rows(request, monkeypatch):
    """So many rows are read at once, of twenty."""
    for name, size in (("BLOCK_BYTES", 0), ("BLOCK_NUMBERS", 0), ("BLOCK_ROWS", request.param)):
        monkeypatch.setattr(module, name, size)
    return request.param


@pytest.fixture(params=list(KINDS))
def kind(request):
    """How X is kept."""
    return KINDS[request.param]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_blocks_together_are_all_rows(kind, block_rows, weighted, fit_intercept):
    """Z and y times the roots of the weights; X, y and weights as they are, in float64."""
    X, y, w = numbers()
    rows = Rows(kind(X), y, w if weighted else None, fit_intercept)
    root = np.sqrt(w if weighted else np.ones(20))[:, np.newaxis]
    Z = np.column_stack([np.ones(20), X]) if fit_intercept else X
    designs = [(a.copy(), b.copy()) for a, b in rows.design_blocks()]
    assert all(len(a) == len(b) for a, b in designs)
    assert_array_equal(np.concatenate([a for a, _ in designs]), root * Z)
    assert_array_equal(np.concatenate([b for _, b in designs]), root * y)
    assert len(designs) == -(-20 // block_rows)
    blocks = list(rows.blocks())
    full = [a.toarray() if sparse.issparse(a) else a for a, _, _ in blocks]
    assert_array_equal(np.concatenate(full), X)
    assert_array_equal(np.concatenate([b for _, b, _ in blocks]), y)
    assert {a.dtype for a, _, _ in blocks} == {np.dtype(np.float64)}
    if weighted:
        assert_array_equal(np.concatenate([c for _, _, c in blocks]), w)
        assert_array_equal(rows.root_weight(), root[:, 0])
    else:
        assert {c for _, _, c in blocks} == {rows.root_weight()} == {None}


@pytest.mark.parametrize("d", [3, NARROW - 3, NARROW - 2, NARROW + 10])
def test_extended_blocks_are_stored_as_their_products_read_them(d, block_rows):
    """[1 X y] of the rows of each block: narrow ones column by column, wide ones row by row."""
    X, y, w = numbers(d=d)
    blocks = list(map(np.copy, Rows(X, y, w, True).extended_blocks()))
    expected = np.sqrt(w)[:, np.newaxis] * np.column_stack([np.ones(20), X, y])
    assert_array_equal(np.concatenate(blocks), expected)
    first = next(Rows(X, y, w, True).extended_blocks())
    assert first.flags.f_contiguous == (d + 3 <= NARROW)
    assert first.flags.c_contiguous == (d + 3 > NARROW)


@pytest.mark.parametrize(("d", "expected"), [(12, True), (13, False), (63, False), (64, True)])
def test_narrow_and_wide_rows_are_summed_where_they_are(d, expected):
    """Those that BLAS takes as they are, beside one target, without weights."""
    X, y, w = numbers(d=d, k=1)
    assert Rows(X, y, None, True).summed_in_place is expected
    assert Rows(np.asfortranarray(X), y, None, False).summed_in_place is expected
    for other in (X.astype(np.float32), X[:, ::-1], np.repeat(X, 2, axis=1)[:, ::2]):
        assert not Rows(other, y, None, True).summed_in_place
    assert not Rows(X, y, w, True).summed_in_place
    assert not Rows(X, np.column_stack([y, y]), None, True).summed_in_place


@pytest.mark.parametrize(
    ("n", "d", "blocks", "parts"),
    [
        (10**6, 8, 57_344, 57_344),  # 7 * 2**16 numbers
        (100_000, 200, 2293, 2293),
        (100_000, 500, 4000, 917),  # eight rows for each column
        (30, 8, 30, 30),
    ],
)
def test_rows_summed_where_they_are_come_in_blocks_of_parts(n, d, blocks, parts):
    """None of them copied, and all of the rows once."""
    X, y = np.broadcast_to(0.0, (n, d)), np.broadcast_to(0.0, (n, 1))
    seen = 0
    for block, of_it in Rows(X, y, None, True).blocks_in_place():
        assert len(block) in (blocks, n % blocks)
        assert all(len(ones) == len(a) == len(b) <= parts for ones, a, b in of_it)
        assert all(np.array_equal(ones, np.ones(len(ones))) for ones, _, _ in of_it)
        assert all(len(a) == parts for _, a, _ in of_it[:-1])
        seen += sum(len(a) for _, a, _ in of_it)
    assert seen == n
    given = np.zeros((30, 8))
    ((block, ((_, part, _),)),) = Rows(given, np.zeros((30, 1)), None, True).blocks_in_place()
    assert np.shares_memory(block, given)
    assert np.shares_memory(part, given)


def test_rows_are_not_copied(block_rows):
    """Neither dense blocks in float64 nor sparse rows."""
    X, y, _ = numbers()
    assert all(np.shares_memory(X, block) for block, _, _ in Rows(X, y, None, True).blocks())
    given = sparse.csr_array(X)
    ((block, _, _),) = Rows(given, y, None, True).blocks()
    assert np.shares_memory(given.data, block.data)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_loss_and_gradient_are_those_of_all_rows(kind, block_rows, weighted, fit_intercept):
    """J(theta) and its partial derivatives, and the sums they are made of."""
    X, y, w = numbers()
    rows = Rows(kind(X), y, w if weighted else None, fit_intercept)
    w = w if weighted else np.ones(20)
    Z = np.column_stack([np.ones(20), X]) if fit_intercept else X
    theta = np.random.default_rng(1).normal(size=(Z.shape[1], 2))
    residual = Z @ theta - y
    squares, pull = np.sum(w[:, np.newaxis] * residual**2), Z.T @ (w[:, np.newaxis] * residual)
    found = rows.squares_and_pull(theta)
    assert_allclose(found[0], squares, rtol=1e-13)
    assert_allclose(found[1], pull, rtol=1e-12)
    loss, gradient = rows.loss_and_gradient(theta)
    assert_allclose([loss, rows.loss(theta)], squares / (2 * w.sum()), rtol=1e-13)
    assert_allclose(gradient, pull / w.sum(), rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_seen_along_directions(kind, block_rows, weighted):
    """Z Q and what the start leaves of y, times the roots of the weights."""
    X, y, w = numbers()
    basis, start = np.linalg.qr(np.arange(16.0).reshape(4, 4) ** 2)[0], np.ones((4, 2))
    seen = Spectrum(start, basis, np.ones(4), np.ones((4, 2)), 0.0, 0.0, 0.0, 0.0)
    rows = RowsInMemory(kind(X), y, w if weighted else None, True)
    Z = np.column_stack([np.ones(20), X])
    expected = np.column_stack([Z @ basis, y - Z @ start])
    if weighted:
        expected *= np.sqrt(w)[:, np.newaxis]
    found = np.concatenate(list(rows.seen_blocks(seen)))
    assert_allclose(found, expected, atol=1e-13)


def test_what_rows_say_of_themselves(kind):
    """Sizes, weights, non-zeros of Z and the rounding of their dtype."""
    X, y, w = numbers()
    given = kind(X)
    plain, weighted = Rows(given, y, None, False), Rows(given, y, w, True)
    nonzeros = np.count_nonzero(X)
    assert (plain.n_samples, plain.n_parameters, plain.n_targets) == (20, 3, 2)
    assert (plain.weight, plain.n_weighted) == (20.0, 20)
    assert (weighted.n_parameters, weighted.weight) == (4, w.sum())
    assert weighted.n_weighted == np.count_nonzero(w) < 20
    assert plain.is_sparse is sparse.issparse(given)
    assert plain.nonzeros == (nonzeros if plain.is_sparse else 60)
    assert weighted.nonzeros == (nonzeros + 20 if plain.is_sparse else 80)
    assert plain.rounding == np.finfo(given.dtype).eps


def test_some_of_the_rows(kind):
    """Taken by index or slice, or all weighing more, and what some weigh together."""
    X, y, w = numbers()
    index = np.array([3, 1, 1, 19])
    if kind is not KINDS["csc"]:
        for rows in (RowsInMemory(kind(X), y, w, True), RowsInMemory(kind(X), y, None, True)):
            for some in (index, slice(2, 9)):
                taken = rows.taken(some)
                assert_array_equal(np.concatenate([b for _, b, _ in taken.blocks()]), y[some])
                assert taken.fit_intercept
                assert (taken.sample_weight is None) == (rows.sample_weight is None)
                assert taken.weight == rows.weight_of(np.arange(20)[some])
    counts = np.arange(20.0)
    heavy, plain = RowsInMemory(X, y, w, True), RowsInMemory(X, y, None, False)
    assert_array_equal(heavy.reweighted(counts).sample_weight, counts * w)
    assert_array_equal(plain.reweighted(counts).sample_weight, counts)
    assert not plain.reweighted(counts).fit_intercept
    assert heavy.reweighted(counts).X is X
    assert heavy.weight_of(index) == w[index].sum()
    assert plain.weight_of(index) == 4.0


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_numbers_up_to_a_size_are_fit_for_squares_of_squares(container):
    """All of 1e70 just so; the words say what was expected and what helps."""
    y = np.zeros((4, 1))
    with np.errstate(all="raise", under="ignore"):
        Rows(container(np.full((4, 1), 1e70)), y, None, True).check_finite()
        for value in (1.0001e70, 1e100, 1e200, np.inf, -np.inf, np.nan):
            with pytest.raises(NotFinite) as raised:
                Rows(container(np.full((4, 1), value)), y, None, True).check_finite()
            assert str(raised.value) == (
                "X must hold numbers below 1e+70 in size, so that their squares can be squared "
                "again; got larger ones: rescale the columns, for instance with StandardScaler."
            )


@pytest.mark.parametrize(
    ("n", "d", "height"),
    [
        (10**6, 6, 4096),  # narrow: what the second-level cache holds
        (10**6, 98, 2750),  # 2**18 numbers, in steps of 250 rows
        (10_000, 30, 1250),  # an eighth of the rows
        (3000, 98, 500),
        (10**6, 998, 1000),  # never fewer rows than columns
        (500, 98, 250),
    ],
)
def test_blocks_are_as_tall_as_pays(n, d, height):
    """By the numbers of rows and of columns."""
    X, y = np.broadcast_to(0.0, (n, d)), np.broadcast_to(0.0, (n, 1))
    assert Rows(X, y, None, True)._block_rows == height


@pytest.mark.parametrize(("name", "blocks"), [("dense", 4), ("float32", 20)])
def test_a_loss_is_read_in_larger_blocks_where_nothing_is_copied(name, blocks, monkeypatch):
    """Six rows of four parameters at once, or one by one; the loss is that of all of them."""
    for constant, size in (("FEWEST_ROWS_READ", 1), ("NUMBERS_IN_PLACE", 24), ("BLOCK_BYTES", 0)):
        monkeypatch.setattr(module, constant, size)
    rng = np.random.default_rng(0)
    X, y, theta = rng.normal(size=(20, 3)), rng.normal(size=(20, 2)), rng.normal(size=(4, 2))
    rows, read = Rows(KINDS[name](X), y, None, True), []
    whole = rows.predict(np.asarray(rows.X, float), theta) - y
    predict = Rows.predict
    monkeypatch.setattr(Rows, "predict", lambda s, X, t: read.append(len(X)) or predict(s, X, t))
    assert rows.loss(theta) == pytest.approx(np.sum(whole**2) / 40, rel=1e-13)
    assert (len(read), sum(read)) == (blocks, 20)
