"""Laws of a single Krylov space: its vectors, its small matrix, its bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from helpers import EPS
from krylov_world import KINDS, World, vectors
from sklearn_gd._descent import scaled
from sklearn_gd._descent.lanczos import Tridiagonalisation
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.ritz import Ritz, from_bidiagonal, from_tridiagonal, nothing
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.scaled import Left, ScaledRows


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_a_space_restricts_the_problem(kind, size):
    """V is orthonormal, V' H V = T, H V = V T but for the next vector, T = Q diag(curvature) Q'."""
    world = World(kind)
    space = world.space(kind)
    space.grow(size)
    assert (space.size, space.complete, space.whole) == (size, False, False)
    for j, (ritz, basis) in enumerate(zip(space.ritz(), space.bases, strict=True)):
        V = vectors(basis, size)
        T = np.diag(ritz.diagonal) + np.diag(ritz.beside, 1) + np.diag(ritz.beside, -1)
        assert_allclose(V.T @ V, np.eye(size), atol=1e-13)
        assert_allclose(V.T @ world.H @ V, T, atol=1e-12)
        beyond = world.H @ V - V @ T
        assert_allclose(beyond[:, :-1], 0.0, atol=1e-12)
        following = basis.lift(np.eye(size + 1)[-1])
        assert_allclose(beyond[:, -1], ritz.coupling * following, atol=1e-12)
        assert ritz.coupling > 0
        assert not ritz.complete
        assert_allclose(ritz.turn * ritz.curvature @ ritz.turn.T, T, atol=1e-12)
        pull = world.A.T @ world.residual[:, j]
        assert_allclose(V[:, 0], pull / np.linalg.norm(pull), atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_restricted_problem_has_the_losses_and_iterates(kind):
    """Its floor is the least loss in the space, its losses and first iterates are the true ones."""
    world = World(kind)
    space = world.space(kind)
    space.grow(6)
    for j, (ritz, basis) in enumerate(zip(space.ritz(), space.bases, strict=True)):
        V, r = vectors(basis, 6), world.residual[:, j]
        least = np.linalg.lstsq(world.A @ V, r, rcond=None)[0]
        assert ritz.floor == pytest.approx(0.5 * np.sum((r - world.A @ V @ least) ** 2), rel=1e-9)
        assert 0.5 * np.sum(ritz.residual**2) + ritz.floor == pytest.approx(0.5 * r @ r, rel=1e-12)
        for lr in (0.1, 0.7):
            for t in (0, 1, 4, 6):
                z = ritz.coordinates(lr, t)
                assert_allclose(V @ z, world.iterate(j, lr, t), atol=1e-12)
                assert ritz.distance(lr, t, 1.0) == (0.0, 0.0)
                assert ritz.least_distance(lr, t, 1.0) == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_space_ends_with_the_directions(kind):
    """Grown as far as it goes it has every curvature, couples to nothing and asks for no more."""
    world = World(kind)
    space, rank = world.space(kind), min(world.A.shape)
    space.grow(rank + 1 if "wide" in kind else rank)
    assert space.complete
    space.grow(1000)
    assert space.size == rank
    assert space.whole
    true = np.linalg.svd(world.A, compute_uv=False)[::-1] ** 2
    for ritz in space.ritz():
        assert ritz.complete
        assert ritz.coupling == 0.0
        assert_allclose(np.sort(ritz.curvature), true, rtol=1e-10)
        assert ritz.top_is_converged(0.0)
        assert ritz.distance(0.5, 10**6, true[-1]) == (0.0, 0.0)
        assert ritz.least_distance(0.5, 10**6, true[-1]) == 0.0
    if "wide" in kind:  # rows that can be fitted are
        assert max(ritz.floor for ritz in space.ritz()) < 1e-28


@pytest.mark.parametrize("kind", KINDS)
def test_targets_that_are_done_wait_for_the_others(kind):
    """A target without a way to go has its loss and no direction; one of few ends early."""
    world, rng = World(kind), np.random.default_rng(0)
    X = rng.standard_normal((16, 30 if "wide" in kind else 9)).astype(np.float32).astype(float)
    X[:2, 2:] = X[2:, :2] = 0.0  # two rows and columns by themselves
    X[14:] = X[12:14]
    y = np.zeros((16, 3))
    y[12:, 0] = [1.5, 1.5, -1.5, -1.5]  # of equal rows
    y[:2, 1], y[:, 2] = [1.0, 2.0], np.arange(16) ** 0.5
    world.set_up(kind, X, y, np.ones(16), intercept=False)
    world.start, world.residual = 0 * world.start, world.b
    space = world.space(kind)
    space.grow(7)
    still, short, long = space.ritz()
    assert still.curvature.size == 0
    assert still.complete
    assert still.floor == 0.28125
    assert short.curvature.size == 2
    assert short.complete
    assert long.curvature.size == space.size == 7
    assert not space.complete
    assert not space.whole
    limit = np.linalg.lstsq(world.A @ vectors(space.bases[1], 2), world.residual[:, 1], rcond=None)[
        0
    ]
    assert_allclose(short.coordinates(0.5, 10**6), limit, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_a_space_may_start_again_at_a_vector(kind):
    """Another space starts at a vector of this one: of the same matrix, and as well known."""
    world = World(kind)
    space = world.space(kind)
    space.grow(4)
    coordinates = np.array([1.0, -2.0, 0.5, 1.0])
    again = space.towards(1, coordinates)
    again.grow(3)
    pull = world.H @ (vectors(space.bases[1], 4) @ coordinates)
    assert_allclose(vectors(again.bases[0], 1)[:, 0], pull / np.linalg.norm(pull), atol=1e-13)
    assert again.digits == space.digits
    (ritz,) = again.ritz()
    V = vectors(again.bases[0], 3)
    assert_allclose(np.linalg.eigvalsh(V.T @ world.H @ V), np.sort(ritz.curvature), atol=1e-12)


def test_what_spaces_know_of_their_digits():
    """On rows a loss is known to roundings of the residuals, on moments to those of the sums."""
    world = World("rows")
    sizes = np.sum(world.b**2) + np.sum((world.A @ world.start) ** 2)
    on_rows, on_moments = world.space("rows").digits, world.space("moments").digits
    assert on_rows == {
        "rounding": pytest.approx(4 * EPS**2 * sizes, rel=1e-12, abs=0.0),
        "error": 0.0,
        "unit": EPS,
    }
    assert on_moments == {
        "rounding": pytest.approx(4 * EPS * sizes, rel=1e-12, abs=0.0),
        "error": 10 * EPS,
        "unit": EPS,
        "row_rounding": pytest.approx(EPS * np.sqrt(2.0 * sizes / len(world.A)), rel=1e-12),
    }


def test_coarse_moments_know_fewer_directions():
    """Sums made without float64 are as coarse as they say, and so are their curvatures."""
    world = World("moments")
    moments = replace(moments_of(world.rows), unit=1e-3)
    space = Tridiagonalisation(moments, world.start, True)
    space.grow(15)
    fine = world.space("moments")
    fine.grow(15)
    largest = np.linalg.eigvalsh(world.H)[-1]
    assert space.digits["unit"] == 1e-3
    assert space.digits["error"] == pytest.approx(1e-2)
    assert space.digits["rounding"] == pytest.approx(1e-3 / EPS * fine.digits["rounding"])
    for coarse, exact in zip(space.ritz(), fine.ritz(), strict=True):
        assert coarse.curvature.min() > (coarse.size + 16) * 1e-3 * largest * 0.999
        assert coarse.curvature.size < exact.curvature.size


@pytest.mark.parametrize("kind", ["rows", "wide sparse", "moments"])
@pytest.mark.parametrize("share", [0.3, 1.0, 1.7, 2.1])
def test_bounds_hold_and_are_close(kind, share):
    """What an iterate misses lies between the two bounds; the bound is close right at its start."""
    world = World(kind, n=40, p=20) if "wide" not in kind else World(kind)
    space, top = world.space(kind), np.linalg.eigvalsh(world.H)[-1]
    lr = share / top
    for size in (2, 5):
        space.grow(size)
        for j, (ritz, basis) in enumerate(zip(space.ritz(), space.bases, strict=True)):
            for t in (size + 1, size + 2, 20, 61, 200):
                theta = world.iterate(j, lr, t)
                off = np.linalg.norm(vectors(basis, size) @ ritz.coordinates(lr, t) - theta)
                bound, noise = ritz.distance(lr, t, top)
                least = ritz.least_distance(lr, t, top)
                assert off <= bound * (1 + 1e-9)
                assert bound * (1 - 1e-6) <= least <= bound * (1 + 1e-9)
                assert EPS / 2 * bound <= noise <= 1e-10 * bound + 1e-12 * np.linalg.norm(theta)
                if t == size + 1:
                    assert bound <= (2.0 if share <= 2 else 2.0 * 1.1**2) * off * (1 + 1e-6)
                elif share <= 1.0:
                    assert bound <= 40 * off


def small(curvature, last, coupling):
    """A Ritz problem of these eigenvalues and last components of eigenvectors."""
    curvature = np.asarray(curvature, float)
    m, none = curvature.size, np.zeros(0)
    turn = np.zeros((m, m))
    turn[-1] = last
    return Ritz(np.zeros(m), none, coupling, curvature, turn, np.ones(m), 0.0)


@pytest.mark.parametrize(
    ("problem", "rounding", "converged"),
    [
        (small([1.0, 4.0], [0.0, 1e-3], 1.0), 3e-4, True),  # the residual alone: 1e-3 of 4
        (small([1.0, 4.0], [0.0, 1e-3], 1.0), 1e-7, True),  # squared over the gap: 1e-6 / 3
        (small([1.0, 4.0], [0.0, 1e-3], 1.0), 0.8e-7, False),
        (small([4.0, 1.0], [-1e-3, 0.5], 1.0), 1e-7, True),  # in any order, of either sign
        (small([4.0, 1.0], [-1e-3, 0.0], 3.0), 1e-7, False),
        (small([4.0, 4.0 - 1e-6, 0.1], [1e-8, 0.0, 1.0], 1.0), 1e-8, True),
        (small([4.0, 4.0 - 1e-9, 0.1], [1e-8, 0.0, 1.0], 1.0), 1e-9, False),
        (small([4.0, 4.0 - 1e-9, 0.1], [1e-8, 0.0, 1.0], 1.0), 3e-9, True),
        (small([4.0], [1e-30], 1.0), 1e-3, False),  # of a single value no gap is known
        (small([4.0], [1.0], 0.0), 0.0, True),
        (small([4.0, 4.0], [0.0, 0.0], 1.0), 0.0, True),
        (nothing(2.0), 0.0, True),
    ],
)
def test_when_the_top_is_converged(problem, rounding, converged):
    """By its residual, or by that squared over the gap, whichever is less, relative to the top."""
    assert problem.top_is_converged(rounding) is converged


def test_small_problems_by_hand():
    """Two steps on H = [[2, 1], [1, 2]] and a null direction, from either kind of Lanczos."""
    ritz = from_tridiagonal(np.array([2.0, 2.0]), np.array([1.0, 0.5]), 3.0, 10.0)
    assert_allclose(ritz.curvature, [1.0, 3.0])
    assert_allclose(np.abs(ritz.residual), [3 / 2**0.5, (3 / 2) ** 0.5])
    assert ritz.floor == pytest.approx(10.0 - 0.5 * (4.5 + 1.5))
    assert (ritz.coupling, ritz.size) == (0.5, 2)
    assert ritz.beside.tolist() == [1.0]
    assert from_tridiagonal(ritz.diagonal, np.array([1.0, 0.0]), 3.0, 2.0).floor == 0.0

    singular = from_tridiagonal(np.array([1.0, 1.0]), np.array([1.0, 0.0]), 1.0, 10.0)
    assert_allclose(singular.curvature, [2.0])
    assert singular.turn.shape == (2, 1)
    assert from_tridiagonal(np.ones(2), np.array([1 - 1e-5, 0.0]), 1.0, 1.0).curvature.size == 2
    coarse = from_tridiagonal(np.ones(2), np.array([1 - 1e-5, 0.0]), 1.0, 1.0, unit=1e-6)
    assert coarse.curvature.size == 1

    ritz = from_bidiagonal(np.array([3.0, 5.0]), np.array([4.0]), 10.0)
    assert_allclose([ritz.diagonal, ritz.curvature], [[25.0], [25.0]])
    assert ritz.beside.size == 0
    assert ritz.coupling == 20.0
    assert_allclose(np.abs(ritz.residual), [6.0])
    assert ritz.floor == pytest.approx(0.5 * 8.0**2)
    two = from_bidiagonal(np.array([1.0, 2.0, 0.0]), np.array([1.0, 3.0]), 1.0)
    B = np.array([[1.0, 0.0], [1.0, 2.0], [0.0, 3.0]])
    rest = np.linalg.lstsq(B, [1.0, 0.0, 0.0], rcond=None)[1][0]
    assert two.floor == pytest.approx(0.5 * rest)
    assert_allclose(np.sort(two.curvature), np.linalg.eigvalsh(B.T @ B))
    assert two.beside.tolist() == [2.0]
    # A direction without curvature keeps its share of the loss in the floor.
    null = from_bidiagonal(np.array([1.0, 1e-17, 0.0]), np.array([1.0, 0.0]), 2.0)
    assert_allclose([null.curvature, [null.floor]], [[2.0], [1.0]])
    tiny = from_bidiagonal(np.array([1.0, 17.0 * EPS, 0.0]), np.array([0.0, 0.0]), 2.0)
    assert tiny.curvature.tolist() == [1.0]
    kept = from_bidiagonal(np.array([1.0, 20.0 * EPS, 0.0]), np.array([0.0, 0.0]), 2.0)
    assert kept.curvature.size == 2

    empty = nothing(3.5)
    assert (empty.size, empty.floor, empty.complete) == (0, 3.5, True)
    assert empty.turn.shape == (0, 0)
    assert empty.coordinates(1.0, 5).shape == (0,)


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_rows_as_a_matrix(kind):
    """The trace, the loss, the sizes and noise of one seed are those of A, all rows or some."""
    world = World(kind)
    side = ScaledRows(world.rows)
    assert (side.shape, side.unit) == (world.A.shape, EPS)
    assert side.short_left is (kind == "wide sparse")
    assert side.squares() == pytest.approx(np.trace(world.H))
    theta = world.start
    for start in (theta, 0 * theta):
        residual = world.b - world.A @ start
        assert side.loss(start) == pytest.approx(0.5 * np.sum(residual**2))
        assert side.sizes(start) == pytest.approx(
            np.sum(world.b**2) + np.sum((world.A @ start) ** 2)
        )
        assert_allclose(side.residual_at(start).vectors, residual, atol=1e-13)
    noise = side.random(3).vectors
    assert noise.shape == (len(world.A), 1)
    assert np.array_equal(noise, np.random.default_rng(3).standard_normal(noise.shape))
    bare = ScaledRows(world.rows, total=10.0 * world.rows.weight)
    assert bare.loss(theta) == pytest.approx(0.1 * side.loss(theta))
    assert not bare.short_left  # some rows can't keep vectors of all rows orthogonal


@pytest.mark.parametrize("kind", ["dense", "float32", "sparse", "csc"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_products_block_by_block(kind, weighted, intercept, monkeypatch):
    """Over rows in several blocks they are those of one matrix, weights and ones column or not."""
    monkeypatch.setattr(scaled, "STREAM_BYTES", 1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((70, 3)).astype(np.float32).astype(float)
    y, w = rng.standard_normal((70, 2)), rng.random(70)
    data = {"dense": np.asarray, "float32": np.float32}.get(kind, sparse.csr_matrix)(X)
    data = sparse.csc_matrix(X) if kind == "csc" else data
    side = ScaledRows(Rows(data, y, w if weighted else None, intercept))
    root = np.sqrt(w / w.sum() if weighted else np.full(70, 1 / 70))[:, None]
    A = root * (np.column_stack([np.ones(70), X]) if intercept else X)
    theta = rng.standard_normal((A.shape[1], 2))
    assert not side.short_left
    assert side.squares() == pytest.approx(np.sum(A**2))
    assert_allclose(side.residual_at(theta).vectors, root * y - A @ theta, atol=1e-14)
    assert_allclose(side.image(theta).vectors, A @ theta, atol=1e-14)
    assert_allclose(side.residual_at(0 * theta).back(), A.T @ (root * y), atol=1e-14)
    if kind in ("dense", "float32"):
        parts = [part for part, _, _ in side._blocks()]
        assert parts == [slice(first, min(first + 16, 70)) for first in range(0, 70, 16)]
        if kind == "dense":  # read where they are
            assert all(np.shares_memory(block, data) for _, block, _ in side._blocks())


def test_blocks_are_a_mebibyte():
    """Of 64 columns 2048 rows."""
    side = ScaledRows(Rows(np.ones((5000, 64)), np.ones((5000, 1)), None, False))
    assert [part.stop for part, _, _ in side._blocks()] == [2048, 4096, 5000]
    square = ScaledRows(Rows(sparse.csr_matrix(np.eye(3)), np.ones((3, 1)), None, False))
    assert not square.short_left


def test_left_vectors_of_the_short_side_stay_orthogonal():
    """Those that were scaled by something are kept, and what advances is orthogonal to them."""
    world = World("wide sparse")
    left = Left(ScaledRows(world.rows), world.residual.copy())
    left.scale(1 / left.sizes() * [1.0, 0.0])
    first = left.vectors[:, 0].copy()
    across = left.advance(world.start, np.array([2.0, 3.0]))
    for_one = world.A @ world.start[:, 0] - 2.0 * first
    assert_allclose(left.vectors[:, 0], for_one - first * (first @ for_one), atol=1e-13)
    assert_allclose(left.vectors[:, 1], world.A @ world.start[:, 1], atol=1e-13)
    assert_allclose(across, world.A.T @ left.vectors, atol=1e-13)
