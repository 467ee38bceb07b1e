"""Laws of the search for a descent in spaces: how they grow, start again and what is kept."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import EPS
from krylov_world import World
from sklearn_gd._descent import compress, krylov
from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.bidiagonal import Bidiagonalisation
from sklearn_gd._descent.moments import moments_of
from sklearn_gd._descent.pieces import Piece, descent_along, joined, spectrum_of
from sklearn_gd._descent.resolution import Known
from sklearn_gd._descent.ritz import Ritz, nothing
from sklearn_gd._descent.scaled import ScaledRows
from sklearn_gd._descent.spectrum import eigenbasis
from sklearn_gd._descent.stopping import Stop, Stopping, find_stop, foresee

DIGITS = {"rounding": 0.0, "error": 0.0, "unit": EPS}


def diagonal(curvature, residual, floor=0.0, coupling=1.0):
    """A small problem whose directions are its vectors."""
    curvature = np.asarray(curvature, float)
    m = curvature.size
    return Ritz(
        curvature, np.zeros(m - 1), coupling, curvature, np.eye(m), np.array(residual), floor
    )


def piece_of(*ritz, lr=0.5, p=None, **changes):
    """The descent that these small problems are, in unit vectors."""
    p = p or max(r.size for r in ritz)
    bases = [Basis.of(np.eye(p)) for _ in ritz]
    spectrum = spectrum_of(ritz, bases, np.zeros((p, len(ritz))), **{**DIGITS, **changes})
    return Piece(spectrum, lr)


def test_how_far_a_space_grows():
    """By an eighth and at least 4; or most of the way to where digits are expected, never more
    than half; by the least where digits did not come, or nothing can be said of them."""
    steps = [krylov.next_size(size) for size in (1, 8, 32, 40, 47, 48, 100)]
    assert steps == [5, 12, 36, 45, 52, 54, 112]
    pace = krylov.Pace()
    looks = [
        (40, 12.0, 45),  # nothing to compare with
        (60, 9.0, 90),  # 3 digits in 20 vectors: 60 more would do, 42 are dared, 30 are allowed
        (100, 5.0, 135),  # 50 more would do
        (200, 4.5, 300),
        (300, 0.5, 337),  # 12 more would do
        (320, 0.4, 376),  # 80 more would do, 56 are dared
        (330, 0.36, 392),
        (400, 0.36, 450),  # none came
        (500, 7.0, 562),  # they went
        (600, inf, 675),
        (700, 3.0, 787),
        (710, 0.0, 798),
        (720, 0.0, 810),
    ]
    for size, missing, following in looks:
        assert pace.next_size(size, missing) == following


@pytest.mark.parametrize(
    ("shape", "short_left", "targets", "room"),
    [
        ((500, 1000), False, 1, 134217),
        ((500, 1000), False, 2, 67108),
        ((500, 1000), True, 1, 89478),
        ((500, 1000), True, 4, 22369),
        ((10, 6_000_000), False, 1, 22),
        ((10, 10_000_000), False, 1, 20),
    ],
)
def test_room_for_vectors(shape, short_left, targets, room):
    """A gibibyte of vectors of each target, those of rows too where they are kept; 20 at least."""
    sides = SimpleNamespace(shape=shape, short_left=short_left)
    found = krylov.room_for_vectors(sides, targets)
    assert found == room
    assert isinstance(found, int)


def test_the_top_is_that_of_the_steepest_target():
    """However small, and though a target may have no curvature."""
    small, smaller = diagonal([0.5], [1.0]), diagonal([0.1, 0.2], [1.0, 1.0])
    assert krylov.top_of([nothing(1.0), smaller, small]) is small
    assert krylov.top_of([small, nothing(1.0), smaller]) is small


def correct(piece, measured, first_loss=None, t=0):
    """The correction where the rows measure this loss, None: where they may not be asked."""

    def measure(theta):
        assert measured is not None
        assert theta.shape == piece.spectrum.start.shape
        return measured

    loss = float(piece.loss(t))
    return krylov.loss_correction(piece, t, loss if first_loss is None else first_loss, measure)


def test_when_losses_are_measured():
    """Where left vectors may have lost orthogonality, and kept where it is above its rounding."""
    ill = piece_of(diagonal([1.0, 1e-14], [0.6, 0.1], floor=0.05))
    loss = float(ill.loss(0))
    assert loss == pytest.approx(0.235)
    assert correct(ill, loss * (1 + 1e-10)) == pytest.approx(loss * 1e-10, rel=1e-4)
    assert correct(ill, loss * (1 - 1e-10)) == pytest.approx(-loss * 1e-10, rel=1e-4)
    assert correct(ill, loss * (1 + 15 * EPS)) == 0.0
    assert correct(ill, loss * (1 + 20 * EPS)) > 0.0
    # The rounding of a loss is relative to the root of the first one.
    assert correct(ill, loss * (1 + 1500 * EPS), first_loss=1e4 * loss) == 0.0
    assert correct(ill, loss * (1 + 1700 * EPS), first_loss=1e4 * loss) > 0.0
    # No loss is negative.
    assert correct(ill, loss - 0.2) == pytest.approx(-0.05)

    def well(condition):
        return piece_of(diagonal([2.0, 2.0 / condition], [0.6, 0.1], floor=0.05))

    assert correct(well(40.0**2), None) == 0.0  # 40 EPS is below 1e-14
    assert correct(well(50.0**2), 9.0) > 0.0
    assert correct(well(40.0**2), 9.0, first_loss=4.0) > 0.0
    assert correct(well(1.0), None) == 0.0

    assert correct(piece_of(nothing(0.3), p=2), None) == 0.0
    assert correct(piece_of(diagonal([1.0, 1e-14], [0.0, 0.0])), None, first_loss=1.0) == 0.0
    growing = piece_of(diagonal([1.0, 1e-14], [1.0, 1.0]), lr=9.0)
    assert correct(growing, None, first_loss=1.0, t=10**6) == 0.0


class Trial:
    """A search on a small world, and the sizes at which its spaces were looked at."""

    def __init__(
        self, kind="rows", lr=None, max_iter=100, most=1000, rests=False, still=0.0, more=0.0
    ):
        self.world = World(kind)
        self.slow(still)
        self.more = more
        self.sizes, self.spaces = [], []

        def watch():
            self.sizes.append(self.spaces[-1].size)

        def stop_of(descent):
            if rests:
                return find_stop(descent, foresee(descent, None, max_iter, EPS))
            return find_stop(descent, Stopping(None, max_iter, diverging=descent.diverging))

        def process_from(theta):
            self.world.start = theta
            self.world.residual = self.world.b - self.world.A @ theta
            self.spaces.append(self.world.space(kind))
            return self.spaces[-1]

        ask = krylov.Ask(lr, max_iter, stop_of, watch)
        start = self.world.start
        loss = None if kind == "moments" else self.loss
        task = krylov.Task(ask, start, process_from, most, loss)
        self.descent, self.stop = krylov.Search(task).run()
        self.world.start, self.world.residual = start, self.world.b - self.world.A @ start
        self.vectors = [piece.spectrum.curvature.size for piece in self.descent.pieces]

    def slow(self, still):
        """Take that share of the steepest direction out of the first residual."""
        world, (size, basis) = self.world, np.linalg.eigh(self.world.H)
        steepest = basis[:, -1:]
        slope = steepest.T @ (world.A.T @ world.b - world.H @ world.start)
        world.start = world.start + still * steepest * slope / size[-1]

    def loss(self, theta):
        return self.more + 0.5 * float(np.sum((self.world.b - self.world.A @ theta) ** 2))

    @property
    def top(self):
        return np.linalg.eigvalsh(self.world.H)[-1]

    def thetas(self, last):
        """Textbook iterates."""
        theta, found = self.world.start.copy(), []
        for _ in range(last + 1):
            found.append(theta)
            theta = theta - self.descent.lr * (self.world.H @ theta - self.world.A.T @ self.world.b)
        return np.array(found)


@pytest.mark.parametrize(
    ("kind", "lr", "most"),
    [("rows", None, 4), ("sparse", 0.4, 6), ("wide sparse", None, 6), ("wide sparse", 0.4, 4)],
)
def test_a_descent_of_many_pieces_is_the_textbook_one(kind, lr, most):
    """With room for few vectors, coefficients, losses, falls and gradients are right at all t."""
    trial = Trial(kind, lr, max_iter=60, most=most)
    descent, t = trial.descent, np.arange(61)
    assert trial.stop.t == 60
    if lr is None:
        assert descent.lr == pytest.approx(1 / trial.top, rel=1e-12)
    assert descent.spectrum.largest_curvature == pytest.approx(trial.top, rel=1e-12)
    assert len(descent.pieces) > 2
    assert max(s.size for s in trial.spaces) == most
    assert min(np.diff(descent.firsts)) >= most
    thetas = trial.thetas(61)
    losses = np.array([trial.loss(theta) for theta in thetas])
    gradients = trial.world.H @ thetas - trial.world.A.T @ trial.world.b
    scale = np.linalg.norm(thetas[-1])
    assert_allclose(descent.theta(t), thetas[:-1], atol=1e-12 * scale)
    assert_allclose(descent.loss(t), losses[:-1], rtol=1e-12)
    assert_allclose(descent.losses(60), losses[:-1], rtol=1e-12)
    assert_allclose(descent.losses(7), losses[:8], rtol=1e-12)
    assert_allclose(descent.gradient(t), gradients[:-1], atol=1e-12 * np.abs(gradients).max())
    assert_allclose(descent.fall(t), -np.diff(losses), rtol=1e-9)
    for shape in ((), (1,), (2, 3)):  # answers have the shape of t first
        asked = np.full(shape, descent.firsts[1])
        assert descent.loss(asked).shape == shape
        assert descent.theta(asked).shape == (*shape, *trial.world.start.shape)
    updates = descent.lr * np.linalg.norm(gradients, axis=1) / np.array([2.0, 3.0])
    weights = descent.update_weights(np.array([2.0, 3.0]))
    assert_allclose(descent.largest(t, weights), (updates[:-1] ** 2).max(axis=1), rtol=1e-9)


def test_a_descent_that_grows_starts_again_too():
    """A rate that diverges ends at the least loss, whatever the room."""
    still = 1.0 - 1e-7
    whole = Trial(lr=2.02 / Trial().top, max_iter=10**4, still=still)
    tight = Trial(lr=whole.descent.lr, max_iter=10**4, most=5, still=still)
    assert whole.stop.reason == "diverged"
    assert tight.stop == whole.stop
    assert len(tight.descent.pieces) > 1
    end = whole.stop.t
    assert_allclose(tight.descent.theta(end), whole.thetas(end)[-1], rtol=1e-9)


def test_a_descent_that_comes_to_rest():
    """Rest is measured against the last possible iterate, which must be roughly known."""
    whole, tight = (Trial(max_iter=10**9, most=most, rests=True) for most in (100, 10))
    assert whole.stop.reason == tight.stop.reason == "stationary"
    assert tight.stop.t == pytest.approx(whole.stop.t, rel=1e-3)
    limit = np.linalg.lstsq(whole.world.A, whole.world.b, rcond=None)[0]
    for trial in (whole, tight):
        assert_allclose(trial.descent.theta(trial.stop.t), limit, rtol=1e-10)


@pytest.mark.parametrize(
    ("lr", "max_iter", "sizes"),
    [
        (0.8, 0, [0]),
        (0.8, 3, [0]),
        (0.8, 7, [0]),
        (0.8, 9, [0, 8]),
        (None, 3, [0, 4]),
    ],
)
def test_a_space_holds_as_many_vectors_as_updates(lr, max_iter, sizes):
    """With a rate of one's own the space is never larger than the updates and one."""
    trial = Trial(lr=lr, max_iter=max_iter)
    assert trial.sizes == sizes
    assert lr is None or trial.spaces[0].size == max_iter + 1
    assert trial.descent.last_known is None or trial.descent.last_known > max_iter


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_what_is_known_of_a_piece(share):
    """Known iterates are true to 1e-13; the last known t is the last; digits are counted."""
    world = World("rows")
    space, top = world.space("rows"), np.linalg.eigvalsh(world.H)[-1]
    space.grow(9)
    spectrum = spectrum_of(space.ritz(), space.bases, world.start, **space.digits)
    piece = Piece(spectrum, share / top)
    known = Known(piece, space.ritz(), joined([piece], [0], None))
    moved, pull, true = np.zeros_like(world.start), world.A.T @ world.residual, []
    for t in range(400):
        size = np.linalg.norm(moved, axis=0) + 1e-300
        off = np.linalg.norm(piece.theta(t) - world.start - moved, axis=0)
        true.append(max(off / size))
        moved = moved - piece.lr * (world.H @ moved - pull)
    true = np.array(true)
    last = known.largest(399)
    assert 9 <= last < 399
    assert known.largest(last) == last
    assert known.largest(5) == 5
    assert true[: last + 1].max() < 2e-13
    assert last / 2 < known.last(3) <= last
    assert known.last(7 * last) == 7 * last
    asked = np.unique(np.r_[0, 9, last, last + 1, np.geomspace(1, 399, 20).astype(int)])
    told = np.array([known.missing(int(t)) for t in asked])
    assert ((told == 0.0) == (asked <= last)).all()
    assert [known(int(t)) for t in asked] == (asked <= last).tolist()
    lacking = np.log10(np.maximum(true[asked], 1e-300) / 1e-13)
    far = told > 1.0
    assert far.any()
    assert (told[far] >= lacking[far] - 1e-6).all()
    assert (told[far] <= lacking[far] + 2.0).all()
    roughly = np.array([known.roughly(int(t)) for t in asked])
    assert true[asked[roughly]].max() <= 1e-6
    assert roughly.all() or true[asked[~roughly]].min() > 1e-8


def test_a_loss_may_lack_digits_though_coefficients_do_not():
    """Where the loss is tiny beside what the coefficients' error does to it, it is not known."""

    T = {"diagonal": np.array([1.5, 1.5]), "beside": np.array([0.5])}
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / 2**0.5

    def missing(floor, coupling):
        ritz = Ritz(
            **T,
            coupling=coupling,
            curvature=np.array([1.0, 2.0]),
            turn=turn,
            residual=np.ones(2),
            floor=floor,
        )
        piece = piece_of(ritz, lr=0.25)
        return Known(piece, [ritz], joined([piece], [0], None)).missing(150)

    assert missing(0.3, 1e-15) == 0.0
    assert missing(1e-22, 1e-15) == 0.0
    assert missing(1e-28, 1e-15) == 1.0
    assert missing(0.0, 1e-15) == 1.0
    assert missing(0.0, 1e-19) == 0.0
    assert missing(0.3, 1e-9) == pytest.approx(6.0, abs=1.5)


def test_finished_pieces_keep_their_answers_in_fewer_vectors():
    """Compressed, iterates, gradients and losses up to the last are the same, of all targets."""
    world = World("rows")
    space = world.space("rows")
    space.grow(12)
    spectrum = spectrum_of(space.ritz(), space.bases, world.start, **space.digits)
    for lr, last in ((0.3, 6), (0.3, 0), (1e-4, 300), (0.6, 2000)):
        piece = Piece(spectrum, lr)
        small = compress.compressed(piece, last)
        kept = [basis.size for basis in small.spectrum.bases]
        assert kept == [len(turn) for turn in small.spectrum.turns]
        assert max(kept) <= min(last + 2, 12)
        if lr < 1e-3:
            assert max(kept) <= 6  # a short way of a smooth curve
        assert small.stored_bytes == 8 * 15 * sum(kept)
        t = np.unique(np.linspace(0, last, 150).astype(int))
        for ask in (Piece.theta, Piece.gradient, Piece.loss):
            exact = ask(piece, t)
            moved = np.abs(exact - (world.start if ask is Piece.theta else 0.0)).max()
            assert_allclose(ask(small, t), exact, rtol=0, atol=4e-14 * moved)


def test_iterates_are_let_go_from_the_earliest(monkeypatch):
    """The latest pieces stay as long as there is room for their vectors, in their order."""

    def piece(name, size):
        return SimpleNamespace(name=name, stored_bytes=size, let_go=lambda: f"{name} gone")

    first, second, third = piece("first", 30), piece("second", 50), piece("third", 20)
    for limit, kept in (
        (100, [first, second, third]),
        (99, ["first gone", second, third]),
        (70, ["first gone", second, third]),
        (69, ["first gone", "second gone", third]),
        (19, ["first gone", "second gone", "third gone"]),
    ):
        monkeypatch.setattr(compress, "KEPT_LIMIT_BYTES", limit)
        assert compress.within_memory([first, second, third]) == kept


def test_moments_hand_the_loss_to_the_rows():
    """A loss too small for its moments is measured; without rows it is what they know."""
    rng = np.random.default_rng(0)
    world = World("rows")
    X = rng.standard_normal((50, 4))
    y = X @ rng.standard_normal((4, 1)) + 1e-5 * rng.standard_normal((50, 1))
    world.set_up("rows", X, y, np.ones(50))
    start, lr = np.zeros((5, 1)), 0.5 / np.linalg.eigvalsh(world.H)[-1]

    def stop_of(descent):
        return find_stop(descent, Stopping(None, 300))

    ask = krylov.Ask(lr, 300, stop_of, lambda: None)
    asked = []

    def measure(theta):
        asked.append(theta)
        return 0.5 * float(np.sum((world.b - world.A @ theta) ** 2))

    moments = moments_of(world.rows)
    measured, stop = krylov.on_moments(moments, True, start, ask, measure)
    alone, same = krylov.on_moments(moments, True, start, ask, None)
    true = measure(measured.theta(300))
    assert stop == same == stop_of(measured)
    assert measured.spectrum.measured_at is None or measured.spectrum.measured_at == 300
    assert measured.pieces[0].spectrum.measured_at == 300
    assert alone.pieces[0].spectrum.measured_at is None
    assert len(asked) == 2
    assert float(measured.loss(300)) == pytest.approx(true, rel=1e-12)
    assert float(alone.loss(300)) == pytest.approx(true, rel=1e-3)
    ask = krylov.Ask(lr, 2, lambda d: find_stop(d, Stopping(None, 2)), lambda: None)
    early, _ = krylov.on_moments(moments, True, start, ask, measure)
    assert len(asked) == 2  # a large loss needs no rows
    assert early.pieces[0].spectrum.measured_at is None


def test_what_a_space_does_not_know_is_said():
    """Each refusal says what is not known, why, and what to do instead."""
    piece = piece_of(diagonal([1.0, 0.5], [1.0, 1.0], floor=0.25))
    spectrum = piece.spectrum
    gone = piece.let_go()
    descent = joined([piece, gone], [0, 5], 1234)
    elsewhere = "solver='spectral' knows it, where X has few enough columns."
    for ask, error, words in (
        (
            lambda: spectrum.largest_curvature,
            AttributeError,
            "The largest curvature is not known: so few updates at a given lr were resolved "
            "without it. Fit with lr='auto' to have it found.",
        ),
        (
            lambda: spectrum.least_loss,
            AttributeError,
            "The least possible loss is not known: no more was found than this descent needed; "
            f"{elsewhere}",
        ),
        (
            lambda: spectrum.felt_curvature,
            AttributeError,
            "Only the curvatures that this descent needed were found, not all of them, so their "
            f"condition number and degrees of freedom are not known; {elsewhere}",
        ),
        (
            lambda: descent.theta([3, 7]),
            ValueError,
            "The coefficients of this iterate were let go, its loss was not: those of so long a "
            "descent on so many columns took too much memory. Fit with this t as max_iter to "
            "have them.",
        ),
        (
            lambda: descent.loss([3, 5000]),
            ValueError,
            "This descent was resolved up to t = 1,234; t = 5,000 is beyond. Fit again with "
            "max_iter at least that large.",
        ),
    ):
        with pytest.raises(error) as caught:
            ask()
        assert str(caught.value) == words
    assert descent.last_known == 1234
    assert descent.theta(3).shape == (2, 1)
    assert float(descent.loss(7)) == float(piece.loss(2))
    assert (spectrum.complete, spectrum.whole, spectrum.top_known) == (False, False, False)
    with pytest.raises(NotImplementedError) as caught:
        World("moments").space("moments").towards(0, np.ones(1))
    assert str(caught.value) == "A space of vectors smaller than H is never out of room."


def test_targets_side_by_side():
    """Each direction has a residual of its own target; the floors add up; the top is the top."""
    first, none = diagonal([0.5, 0.25], [1.0, 2.0], floor=1.0), nothing(4.0)
    last = diagonal([0.125], [3.0], floor=2.0, coupling=0.0)
    spectrum = piece_of(first, none, last, p=2).spectrum
    assert spectrum.curvature.tolist() == [0.5, 0.25, 0.125]
    assert spectrum.residual.tolist() == [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 3.0]]
    assert (spectrum.floor, spectrum.top, spectrum.null_below) == (7.0, 0.5, 0.0)
    assert spectrum.basis.shape == (2, 0)
    assert [turn.shape for turn in spectrum.turns] == [(2, 2), (0, 0), (1, 1)]
    assert not spectrum.complete
    done = piece_of(last, none, p=2).spectrum
    assert done.complete
    assert done.least_loss == 6.0
    both = joined([piece_of(first, none, p=2), Piece(done, 0.5)], [0, 3], None)
    assert (both.spectrum.floor, both.spectrum.complete, both.lr) == (6.0, True, 0.5)
    assert (both.spectrum.top, both.firsts, both.last_known) == (0.5, (0, 3), None)
    seen = spectrum.seen(lambda vectors: 10 * vectors)
    assert seen.tolist() == [[10.0, 0.0, 10.0], [0.0, 10.0, 0.0]]
    assert piece_of(first, none, last, p=2).stored_bytes == 8 * 2 * 6


def test_losses_hold_where_all_pieces_do():
    """A rounding of the first loss above a millionth of a millionth of J is too much for it."""
    fine, coarse = (
        piece_of(diagonal([1.0], [1.0], floor=1.0), rounding=size, error=1e-20)
        for size in (1e-13, 1e-11)
    )
    assert joined([fine, fine], [0, 3], None).holds(9, 1.0)
    assert not joined([fine, coarse], [0, 3], None).holds(9, 1.0)
    assert not joined([coarse, fine], [0, 3], None).holds(9, 1.0)


def test_where_nothing_is_left_everything_is_known():
    """A target at its limit moves nowhere and lacks no digits, before and after t = 0."""
    still, moves = nothing(1.0), diagonal([1.0], [1.0], coupling=0.0)
    piece = piece_of(still, moves, p=1)
    known = Known(piece, [still, moves], joined([piece], [0], None))
    assert [known.missing(t) for t in (-1, 0, 1, 10**9)] == [0.0] * 4
    assert known.roughly(10**9)
    assert known.last(3) >= 1 << 60
    assert known.last(1 << 61) == 1 << 61
    assert known.largest(17) == 17


def asking(lr, max_iter):
    def stop_of(descent):
        return find_stop(descent, Stopping(None, max_iter, diverging=descent.diverging))

    return krylov.Ask(lr, max_iter, stop_of, lambda: None)


@pytest.mark.parametrize("scale", [0.05, 20.0, 0.0])
def test_the_automatic_rate_is_one_over_the_largest_curvature(scale):
    """Of small numbers too; of columns of zeros it is one."""
    world, rng = World("rows"), np.random.default_rng(0)
    X = scale * rng.standard_normal((30, 6))
    world.set_up("rows", X, rng.standard_normal((30, 1)), np.ones(30), intercept=False)
    descent, stop = krylov.on_rows(ScaledRows(world.rows), np.zeros((6, 1)), asking(None, 20))
    top = np.linalg.eigvalsh(world.H)[-1]
    assert descent.lr == pytest.approx(1.0 / top if scale else 1.0, rel=1e-12)
    assert stop.t == 20
    if not scale:
        assert not descent.theta(20).any()
        assert descent.spectrum.complete


@pytest.mark.parametrize("most", [8, 100])
def test_losses_of_every_piece_are_those_of_the_rows(most):
    """Where left vectors lose orthogonality each piece's losses are measured for themselves."""
    world, rng = World("rows"), np.random.default_rng(1)
    left = np.linalg.qr(rng.standard_normal((60, 40)))[0]
    right = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    X = 10 * left * np.r_[1 + rng.random(20), np.full(20, 1e-7)] @ right.T
    y = X @ rng.standard_normal((40, 1)) + 0.1 * rng.standard_normal((60, 1))
    world.set_up("rows", X, y, np.ones(60), intercept=False)
    side, start = ScaledRows(world.rows), np.zeros((40, 1))
    watched = []

    def process_from(theta):
        return Bidiagonalisation(side, side.residual_at(theta), side.sizes(start))

    def measure(theta):
        watched.append(theta)
        return side.loss(theta)

    lr = 1.0 / np.linalg.eigvalsh(world.H)[-1]
    task = krylov.Task(asking(lr, 60), start, process_from, most, measure)
    descent, stop = krylov.Search(task).run()
    assert stop.t == 60
    assert (len(descent.pieces) > 3) == (most == 8)
    assert len(watched) >= len(descent.pieces)
    for t in range(0, 61, 3):
        residual = world.b - world.A @ descent.theta(t)
        assert float(descent.loss(t)) == pytest.approx(0.5 * np.sum(residual**2), rel=2e-12)


def test_directions_of_any_size_are_kept():
    """What is seen in iterates or in gradients alone stays, however small beside the other."""
    for curvature, residual, lr, last in (
        ([1.0, 1e-18], [1.0, 1e-7], 0.5, 10**18),  # far away, without a slope to speak of
        ([1e18, 1.0], [1e-8, 1.0], 1e-18, 10**17),  # steep, without a way to go
    ):
        piece = piece_of(diagonal(curvature, residual), lr=lr)
        small = compress.compressed(piece, last)
        for t in (0, 1, last // 2, last):
            steep, moved = np.abs(piece.gradient(0)).max(), np.abs(piece.theta(last)).max()
            assert_allclose(small.gradient(t), piece.gradient(t), rtol=1e-9, atol=1e-15 * steep)
            assert_allclose(small.theta(t), piece.theta(t), rtol=1e-9, atol=1e-14 * moved)
    none = compress.compressed(piece_of(nothing(2.0), p=3), 10)
    assert none.theta(5).tolist() == [[0.0]] * 3
    assert none.stored_bytes == 0
    rows = compress._span([np.diag([1.0, 1e-10, 0.0, 1e-17]), 1e-20 * np.eye(4)[2:3]])
    assert_allclose(np.abs(rows).sum(axis=0), [1.0, 1.0, 1.0, 0.0], atol=1e-9)
    rows = compress._span([1e-20 * np.eye(4)[2:3], 1e20 * np.eye(4)[:1]])
    assert_allclose(np.abs(rows).sum(axis=0), [1.0, 0.0, 1.0, 0.0], atol=1e-9)


@pytest.mark.parametrize(
    ("growing", "reason", "roughly", "agrees", "asked"),
    [
        (False, "max_iter", False, True, []),
        (True, "diverged", False, True, []),
        (True, "stationary", False, True, []),
        (False, "stationary", True, True, [70]),
        (False, "stationary", False, False, [70]),
    ],
)
def test_when_a_stop_is_the_true_one(growing, reason, roughly, agrees, asked):
    """For rest it takes the last possible iterate, roughly."""
    task = krylov.Task(krylov.Ask(0.5, 100, None, None), np.zeros((2, 1)), None, 10, None)
    search, questions = krylov.Search(task), []
    search.firsts = [0, 12, 30]
    descent = SimpleNamespace(diverging=growing)
    known = SimpleNamespace(roughly=lambda t: questions.append(t) or roughly)
    assert search._agrees(descent, Stop(7, reason), known) is agrees
    assert questions == asked


@pytest.mark.parametrize(
    ("lr", "top_known", "growing", "missing"),
    [
        (None, False, False, 2.0),
        (None, True, False, 0.0),
        (0.5, False, False, 0.0),
        (0.5, False, True, 2.0),
        (0.5, True, True, 0.0),
    ],
)
def test_digits_that_the_top_lacks(lr, top_known, growing, missing):
    """They count where the rate is made of it, or a descent grows by it."""
    task = krylov.Task(krylov.Ask(lr, 100, None, None), np.zeros((2, 1)), None, 10, None)
    spectrum = SimpleNamespace(top_known=top_known)
    descent = SimpleNamespace(spectrum=spectrum, diverging=growing)
    errors = ((1.0, 1e-9), (3.0, 100 * krylov.TOP_ROUNDING), (2.0, 0.0))
    ritz = [SimpleNamespace(curvature=np.array([c]), top_error=e) for c, e in errors]
    found = krylov.Search(task)._missing_of_the_top(descent, ritz)
    assert found == pytest.approx(missing)


def test_either_kind_of_spectrum_descends():
    """Directions of a Krylov space are lifted, those of an eigenbasis are columns."""
    piece = piece_of(diagonal([1.0, 0.5], [1.0, 2.0]))
    assert np.array_equal(descent_along(piece.spectrum, 0.5).theta(3), piece.theta(3))
    world = World("rows")
    spectrum = eigenbasis(moments_of(world.rows), world.start, True)
    assert_allclose(
        descent_along(spectrum, 0.4).theta(9)[:, 0] - world.start[:, 0],
        world.iterate(0, 0.4, 9),
        atol=1e-12,
    )


def test_curvatures_that_are_off_hold_for_a_while():
    """An error of curvatures is amplified by long descents along flat directions."""
    piece = piece_of(diagonal([1.0, 1e-6], [1.0, 1.0], floor=1.0), error=1e-15)
    descent = joined([piece, piece], [0, 3], None)
    assert descent.holds(9, 1.0)
    assert not descent.holds(10**6, 1.0)


def stub(coordinates, least=0.0, distance=0.0, noise=0.0):
    """A small problem that says of itself how far off it is."""
    return SimpleNamespace(
        coordinates=lambda lr, t: np.array(coordinates),
        least_distance=lambda lr, t, top: least,
        distance=lambda lr, t, top: (distance, noise),
    )


def known_of(stubs, come=0.0):
    """What is known of a piece that began this far from the first start."""
    piece = piece_of(*[diagonal([1.0], [0.0], floor=1.0) for _ in stubs], p=1)
    moved = Piece(replace(piece.spectrum, start=piece.spectrum.start + 2.0 + come), 0.5)
    first = Piece(replace(piece.spectrum, start=piece.spectrum.start + 2.0), 0.5)
    return Known(moved, stubs, joined([first, moved], [0, 1], None))


@pytest.mark.parametrize(
    ("stubs", "come", "missing", "roughly"),
    [
        ([stub([3.0, 4.0], least=5e-6, distance=6e-6)], 0.0, 7.0, False),
        ([stub([3.0, 4.0], least=5e-6, distance=6e-6)], 10.0, np.log10(5e6), True),
        ([stub([1.0], distance=1e-13)], 0.0, 0.0, True),
        ([stub([1.0], distance=2e-13)], 0.0, np.log10(2.0), True),
        ([stub([1.0], distance=9e-12, noise=1e-12)], 0.0, np.log10(90.0), True),
        ([stub([1.0], distance=7e-12, noise=1e-12)], 0.0, 0.0, True),  # most of it is noise
        ([stub([1.0], distance=7e-9, noise=0.9e-9)], 0.0, 0.0, True),
        ([stub([1.0], distance=7e-9, noise=1.1e-9)], 0.0, np.log10(7e4), True),
        ([stub([1.0], least=7e-9, distance=9e-9)], 0.0, np.log10(9e4), True),
        ([stub([1.0], least=9e-9, distance=1e-5)], 0.0, np.log10(9e4), False),
        ([stub([0.0], distance=1e-20)], 0.0, inf, False),
        ([stub([0.0], distance=0.0)], 0.0, 0.0, True),
        ([stub([1.0], least=np.nan, distance=np.nan, noise=np.nan)], 0.0, inf, False),
        ([stub([1.0]), stub([1.0], distance=1e-10)], 0.0, 3.0, True),
        ([stub([1.0]), stub([1.0], distance=1e-5)], 0.0, 8.0, False),
        ([stub([1.0], distance=1.01e-6)], 0.0, np.log10(1.01e7), False),
    ],
)
def test_digits_that_are_missing(stubs, come, missing, roughly):
    """Of the first target that lacks any, relative to how far it has come; noise does not count."""
    known = known_of(stubs, come)
    assert known.missing(5) == pytest.approx(missing, rel=1e-9)
    assert known(5) == (missing == 0.0)
    assert known.roughly(5) is roughly
    assert known.missing(0) == 0.0


@pytest.mark.parametrize(
    ("floor", "t", "direction", "most"),
    [
        (0.0, 0, [1.0, 0.0], 2.5 * 1.01776e-13),  # a slope of 1, J = 2.5, and 8 roundings of it
        (0.0, 0, [0.0, 1.0], 2.5 * 1.01776e-13 / 4),  # a slope of 4
        (0.0, 0, [1.0, 1.0], 2.5 * 1.01776e-13 / 5),
        (1.0, 10**4, [1.0, 0.0], np.sqrt((1e-13 + 8 * EPS * np.sqrt(3.5)) / 2)),  # curvature 4
        (1.0, 10**4, [3.0, 4.0], np.sqrt((1e-13 + 8 * EPS * np.sqrt(3.5)) / 2) / 5),
        (0.0, 10**4, [1.0, 0.0], np.sqrt((8 * EPS) ** 2 * 2.5 / 2)),
    ],
)
def test_what_distances_do_to_a_loss(floor, t, direction, most):
    """|gradient| |delta| + L/2 |delta|^2 over the targets, beside what a rounding of y does."""
    targets = diagonal([1.0], [1.0], floor=floor), diagonal([4.0], [2.0])
    piece = piece_of(*targets, lr=0.4, p=1)
    known = Known(piece, targets, joined([piece], [0], None))
    assert known._loss_is_known(0.999 * most * np.array(direction), t)
    assert not known._loss_is_known(1.001 * most * np.array(direction), t)
    assert known._loss_is_known(np.zeros(2), t)


@pytest.mark.parametrize("most", [5, 100])
def test_a_measured_loss_lifts_all_losses_of_its_piece(most, monkeypatch):
    """Whatever the rows say more of a loss, each piece's losses have it at every t."""
    monkeypatch.setattr(krylov, "LOST_ORTHOGONALITY", 0.0)
    trial = Trial(lr=0.4, max_iter=40, most=most, more=0.125)
    assert (len(trial.descent.pieces) > 2) == (most == 5)
    t = np.arange(41)
    expected = [trial.loss(theta) for theta in trial.thetas(40)]
    assert_allclose(trial.descent.loss(t), expected, rtol=1e-12)
    for piece in trial.descent.pieces:
        assert piece.spectrum.floor > 0.125
    assert trial.descent.pieces[-1].spectrum.measured_at == 40 - trial.descent.firsts[-1]
