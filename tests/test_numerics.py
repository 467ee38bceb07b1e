"""Laws of the small pieces that descents are made of."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import CONTRACT, largest_curvature, literal_loop, regression
from sklearn_gd._descent.basis import CHUNK, Basis, length
from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.descent import Descent, RecordedDescent
from sklearn_gd._descent.lanczos import Tridiagonalisation
from sklearn_gd._descent.loop import descend
from sklearn_gd._descent.moments import EPS, moments_of
from sklearn_gd._descent.names import direction_name, parameter_names
from sklearn_gd._descent.pieces import Piece, joined, spectrum_of
from sklearn_gd._descent.resolution import Known
from sklearn_gd._descent.ritz import from_bidiagonal, from_tridiagonal, nothing
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import eigenbasis
from sklearn_gd._descent.stopping import NEVER, Stopping, first_true
from sklearn_gd._descent.winner import choose


@pytest.mark.parametrize("t", [0, 1, 2, 7, 10**6, 10**6 + 1])
def test_powers_of_a_contraction_are_powers_of_its_number(t):
    """r^t, r^(2 t) and 1 - r^t are just that, for r of either sign, and zero, and for odd t."""
    r = np.array([0.5, 0.0, -0.9, 1.0, -1.0, 1.25, -1.5])
    contraction = Contraction(1.0 - r, 1.0)
    with np.errstate(over="ignore", under="ignore"):
        power = r ** float(t)
        assert_allclose(contraction.power(t), power, rtol=1e-13)
        assert_allclose(contraction.squared(t), power**2, rtol=1e-13)
        assert_allclose(contraction.shortfall(t), 1.0 - power, rtol=1e-13)


def test_powers_out_of_range_are_no_error():
    """Powers grow without bound also where a caller makes numpy raise; a fit sees to vanishing."""
    contraction = Contraction(np.array([0.0, 0.5, 1.0, 1.5, 3.0]), 1.0)
    with np.errstate(all="raise", under="ignore"):
        assert contraction.power(10**9).tolist() == [1.0, 0.0, 0.0, 0.0, np.inf]
        assert contraction.squared(10**9).tolist() == [1.0, 0.0, 0.0, 0.0, np.inf]
        assert contraction.shortfall(10**9).tolist() == [0.0, 1.0, 1.0, 1.0, -np.inf]


def test_a_direction_is_named_by_those_that_weigh_half_of_the_heaviest():
    """Down to half of the heaviest and at most three, heaviest first, with their signs."""
    names = ["a", "b", "c", "d"]
    assert direction_name(np.array([0.4, -0.8, 0.39, 0.0]), names) == "b - a"
    assert direction_name(np.array([-0.5, 0.4, -0.3, 0.2]), names) == "a - b + c"
    assert direction_name(np.array([0.0, 0.0, 0.0, -1.0]), names) == "d"


def test_parameters_of_equal_weight_are_named_in_their_order():
    """Ties do not depend on how numbers are sorted."""
    names = [f"x{j}" for j in range(100)]
    assert direction_name(np.full(100, 0.1), names) == "x0 + x1 + x2"


def test_parameters_are_named_as_columns_are():
    """The intercept is named where there is one; features without names are counted."""
    assert parameter_names(2, True, None) == ("intercept", "x0", "x1")
    assert parameter_names(2, False, None) == ("x0", "x1")
    assert parameter_names(2, False, ["age", "bmi"]) == ("age", "bmi")


@pytest.mark.parametrize("last", [0, 1, 31, 32, 33, 1000, 2**62 - 1, 2**62, 2**80])
def test_a_search_finds_the_first(last):
    """Of 0..last the first t for which it is true, to the end and beyond 64 bits; None for none."""
    for first in {t for t in (0, 1, last // 3, last // 2 + 1, last - 1, last) if 0 <= t <= last}:
        assert first_true(lambda t, first=first: t >= first, last) == first
        for near in {0, 1, first - 1, first, first + 1, first + 2, last, 2 * last + 1, 2**70}:
            assert first_true(lambda t, first=first: t >= first, last, near=near) == first
    assert first_true(lambda t: t > last, last) is None
    assert first_true(lambda t: t > last, last, near=last) is None


@pytest.mark.parametrize(("off", "rounds"), [(-1, 1), (0, 1), (1, 6), (-2, 6)])
def test_a_search_that_is_told_where_asks_once(off, rounds):
    """Of the place and its neighbours; a wrong place costs one round of questions."""
    asked = []

    def turned(t):
        asked.append(len(t))
        return t >= 7000

    assert first_true(turned, 10**6, near=7000 + off) == 7000
    assert asked[0] == 4
    assert len(asked) <= rounds


def test_a_search_asks_a_few_times():
    """A turn among 2**256 is found in a few rounds of as many questions as may be asked at once."""
    turn = NEVER // 7
    for probes, rounds in ((1, 258), (32, 55), (128, 40)):
        asked = []
        assert first_true(lambda t, a=asked: a.append(len(t)) or t >= turn, NEVER, probes) == turn
        assert len(asked) <= rounds
        assert max(asked) <= probes


@pytest.mark.parametrize(
    ("t", "loss", "fall", "reason"),
    [
        (0, 0.9, 1.0, "tol"),
        (9, 0.9, -1.0, "tol"),
        (4, 1.0, 0.0, None),
        (5, 1.0, 1.0, "stationary"),
        (7, 1.0, 1.0, "stationary"),
    ],
)
def test_a_stable_descent_stops_for_tol_then_rest(t, loss, fall, reason):
    """Below tol first, strictly; then at rest; a rise that is rounding means nothing."""
    assert Stopping(1.0, 7, rest=5).reason(t, loss, fall) == reason


@pytest.mark.parametrize(
    ("t", "fall", "reason"),
    [
        (6, 1e-300, None),
        (6, 0.0, "diverged"),
        (6, -1.0, "diverged"),
        (6, np.nan, "diverged"),
        (7, -1.0, "max_iter"),
    ],
)
def test_a_diverging_descent_stops_where_it_rises(t, fall, reason):
    """Where the next update does not lower the loss, overflow included; not after max_iter."""
    assert Stopping(None, 7, diverging=True).reason(t, 1.0, fall) == reason


@pytest.fixture
def rows():
    """A plain problem of two targets."""
    return Rows(*regression(k=2), None, True)


def test_a_record_answers_up_to_its_end(rows):
    """Whatever was recorded is given back, in any shape; beyond, the closed form answers."""
    spectrum = eigenbasis(moments_of(rows), np.zeros((5, 2)), True)
    record, losses = np.arange(40.0).reshape(4, 5, 2), np.array([9.0, 8.0, 7.0, 6.0])
    recorded, closed = RecordedDescent(spectrum, 0.1, record, losses), Descent(spectrum, 0.1)
    for t in range(4):
        assert np.array_equal(recorded.theta(t), record[t])
        assert recorded.loss(t) == losses[t]
    t = np.array([[0, 3], [4, 10**12]])
    assert np.array_equal(recorded.theta(t)[0], record[[0, 3]])
    assert np.array_equal(recorded.theta(t)[1], closed.theta(t)[1])
    assert np.array_equal(recorded.loss(t), [[9.0, 6.0], closed.loss(t)[1]])
    assert np.array_equal(recorded.losses(3), losses)


def test_errors_of_losses_grow_with_what_was_lost(rows):
    """None but rounding at the start; in the end that of all slopes, each over its curvature."""
    spectrum = eigenbasis(moments_of(rows), np.zeros((5, 2)), True)
    descent = Descent(spectrum, 0.1)
    slopes = spectrum.slope_error * np.sqrt(
        np.sum(spectrum.residual**2 / spectrum.curvature[:, None])
    )
    assert_allclose(descent.loss_error(0), spectrum.rounding)
    assert_allclose(descent.loss_error(10**9), spectrum.rounding + slopes)
    left = (1 - 0.1 * spectrum.curvature[:, None]) ** 6
    slopes = spectrum.slope_error * np.linalg.norm(
        (1 - left) * spectrum.residual / np.sqrt(spectrum.curvature[:, None])
    )
    assert_allclose(descent.loss_error(3), spectrum.rounding + slopes)


def test_the_size_of_coefficients_is_each_targets_own(rows):
    """|theta_t| of each column."""
    spectrum = eigenbasis(moments_of(rows), np.zeros((5, 2)), True)
    descent = Descent(spectrum, 0.1)
    assert_allclose(descent.size(7), np.linalg.norm(descent.theta(7), axis=0))


@pytest.mark.parametrize("keep", [0, 1, 3, 8, 100])
def test_a_loop_keeps_as_many_iterates_as_asked(rows, keep):
    """The descent is the same however much of it is kept, from the start on."""
    stop, thetas, losses = descend(rows, np.zeros((5, 2)), 0.1, Stopping(None, 7), keep)
    expected, expected_losses = literal_loop(rows.X, rows.y, 0.1, 7)
    assert (stop.t, stop.reason) == (7, "max_iter")
    assert len(thetas) == len(losses) == min(keep, 8)
    assert_allclose(thetas.reshape(-1, 5, 2), expected[:keep], rtol=1e-13, atol=1e-15)
    assert_allclose(losses, expected_losses[:keep], rtol=1e-13)


def test_what_errors_of_curvatures_do_to_coefficients(rows):
    """At most lr t times that of a curvature, and at most its share of the smallest."""
    spectrum = eigenbasis(moments_of(rows), np.zeros((5, 2)), True)
    curvature, descent = spectrum.curvature, Descent(spectrum, 0.1)
    error = spectrum.error * curvature.max()
    assert error > 0
    assert_allclose(descent.coefficient_error(1), 0.1 * error)
    assert_allclose(descent.coefficient_error(10**9), error / curvature.min())
    nothing = Rows(rows.X, np.zeros((60, 2)), None, True)
    spectrum = eigenbasis(moments_of(nothing), np.zeros((5, 2)), True)
    assert Descent(spectrum, 0.1).coefficient_error(10**9) == 0.0


@pytest.mark.parametrize(
    ("noise", "from_sums", "from_a_measured_loss"),
    [
        (0.5, True, True),
        (0.01, False, True),
        (1e-5, False, True),
        (1e-9, False, True),
        (1e-12, False, False),
    ],
)
def test_losses_are_called_known_where_they_are(noise, from_sums, from_a_measured_loss):
    """Twelve digits, from sums of squares alone or counted from one loss measured on the rows.

    Less those that roundings of y and of predictions take from every loss, the loop's too.
    """
    X, y = regression(noise=noise)
    lr, t = 1 / largest_curvature(X), 400
    spectrum = eigenbasis(moments_of(Rows(X, y[:, np.newaxis], None, True)), np.zeros((5, 1)), True)
    losses = literal_loop(X, y, lr, t)[1]
    descent = Descent(spectrum, lr)
    measured = descent.measured(t, losses[-1])
    assert descent.coefficient_error(t) < CONTRACT
    assert descent.holds(t, float(losses[-1])) == from_sums
    assert measured.holds(t, float(losses[-1])) == from_a_measured_loss
    of_sums, of_a_loss = (
        np.abs(known.loss(np.arange(t + 1)) - losses) for known in (descent, measured)
    )
    assert (of_sums <= CONTRACT * losses).all() == from_sums
    if from_a_measured_loss:
        roundings = 8 * EPS * np.sqrt(losses[0] * losses)
        assert (of_a_loss <= CONTRACT * losses + roundings).all()
    assert descent.lacks_only_the_loss(t) != from_sums
    slow = Descent(replace(spectrum, error=1e-6), lr)
    assert not slow.holds(t, float(losses[-1]))
    assert not slow.lacks_only_the_loss(t)


@pytest.fixture
def basis():
    """More orthonormal vectors than one chunk holds, and the same as rows of one array."""
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(60, 2 * CHUNK + 3)))[0].T
    basis = Basis(60)
    for row in rows:
        basis.append(row)
    return basis, rows


def test_a_basis_is_its_vectors(basis):
    """Coordinates are lifted and products taken as with all vectors in one array."""
    basis, rows = basis
    rng = np.random.default_rng(1)
    assert basis.size == len(rows)
    for size in (0, 1, CHUNK, CHUNK + 1, len(rows)):
        coordinates = rng.normal(size=(2, 3, size))
        assert_allclose(basis.lift(coordinates), coordinates @ rows[:size], atol=1e-14)
        matrix = rng.normal(size=(4, 60))
        seen = basis.seen(lambda columns, matrix=matrix: matrix @ columns, size)
        assert seen.shape == (4, size)
        assert_allclose(seen, matrix @ rows[:size].T, atol=1e-14)
        assert_allclose(Basis.of(rows[:size]).lift(coordinates), coordinates @ rows[:size])
    assert Basis.of(rows).size == len(rows)


@pytest.mark.parametrize("outside", [1.0, 1e-8, 1e-13])
def test_what_is_orthogonalised_is_orthogonal(basis, outside):
    """Also what lies almost inside of the basis keeps its own direction, and the rest unchanged."""
    basis, rows = basis
    rng = np.random.default_rng(2)
    inside = rng.normal(size=len(rows)) @ rows
    own = rng.normal(size=60)
    own = outside * (own - own @ rows.T @ rows)
    given = inside + own
    kept = given.copy()
    left = basis.orthogonalise(given)
    assert np.array_equal(given, kept)
    assert np.abs(rows @ left).max() <= 1e-15 * max(length(left), 1e-13)
    assert np.linalg.norm(left - own) <= 1e-14
    assert length(left) == pytest.approx(np.linalg.norm(left), rel=1e-15)


def _bidiagonal(m, seed=0):
    """alphas (m + 1,), betas (m,) and the lower bidiagonal matrix (m + 1, m) of the first m."""
    rng = np.random.default_rng(seed)
    alphas, betas = rng.uniform(0.2, 1.0, m + 1), rng.uniform(0.2, 1.0, m)
    lower = np.zeros((m + 1, m))
    lower[np.arange(m), np.arange(m)], lower[np.arange(1, m + 1), np.arange(m)] = alphas[:m], betas
    return alphas, betas, lower


def _small_descent(lower, first, lr, t):
    """Textbook descent on 1/2 |first e_1 - lower z|^2 from zeros."""
    z = np.zeros(lower.shape[1])
    target = first * np.eye(len(lower))[0]
    for _ in range(t):
        z = z + lr * lower.T @ (target - lower @ z)
    return z, 0.5 * np.sum((target - lower @ z) ** 2)


@pytest.mark.parametrize("m", [1, 2, 7])
def test_a_ritz_problem_is_descent_on_the_small_matrix(m):
    """Iterates and least loss are those of the bidiagonal problem; from T they are the same."""
    alphas, betas, lower = _bidiagonal(m)
    ritz = from_bidiagonal(alphas, betas, 3.0)
    gram = lower.T @ lower
    assert_allclose(ritz.diagonal, np.diag(gram))
    assert_allclose(ritz.beside, np.diag(gram, 1))
    assert_allclose(np.sort(ritz.curvature), np.linalg.eigvalsh(gram))
    assert ritz.coupling == pytest.approx(alphas[m] * betas[m - 1])
    slope, loss = 3.0 * alphas[0], 4.5
    beside = np.append(ritz.beside, ritz.coupling)
    for found in (ritz, from_tridiagonal(ritz.diagonal, beside, slope, loss)):
        for t in (0, 1, 5, 60):
            z, _ = _small_descent(lower, 3.0, 0.4, t)
            assert_allclose(found.coordinates(0.4, t), z, atol=1e-13)
        least = np.linalg.lstsq(lower, 3.0 * np.eye(m + 1)[0], rcond=None)[0]
        residual = 3.0 * np.eye(m + 1)[0] - lower @ least
        assert found.floor == pytest.approx(0.5 * residual @ residual, rel=1e-11)
        assert found.coupling == ritz.coupling
        assert found.size == m
        assert not found.complete


@pytest.mark.parametrize("lr", [0.1, 0.3])
def test_the_bound_of_a_space_is_above_its_error_and_near_it(lr):
    """How far a small space's iterate is from that of a large one is known within a factor."""
    alphas, betas, lower = _bidiagonal(40)
    largest = np.linalg.norm(lower, 2) ** 2
    assert lr * largest < 1
    for m in (3, 8, 15):
        ritz = from_bidiagonal(alphas[: m + 1], betas[:m], 3.0)
        for t in (m + 1, 2 * m, 300):
            true, _ = _small_descent(lower, 3.0, lr, t)
            error = np.linalg.norm(true - np.pad(ritz.coordinates(lr, t), (0, 40 - m)))
            bound, noise = ritz.distance(lr, t, largest)
            assert error <= bound + noise + 1e-14
            assert bound <= 10 * error + 1e-13
            assert noise <= 1e-12
        assert ritz.distance(lr, m, largest) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("m", "fall", "beside", "least"), [(14, 2.0, 0.1, 1e-14), (14, 4.0, 1e-8, 1e-150)]
)
def test_last_components_have_digits_of_their_own(m, fall, beside, least):
    """Components far below a decomposition's rounding are those of 400-digit arithmetic."""
    diagonal = fall ** -np.arange(m)
    beside = beside * diagonal
    ritz = from_tridiagonal(diagonal, beside, 1.0, 1.0)
    matrix = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    with mpmath.workdps(400):
        values, vectors = mpmath.eigsy(mpmath.matrix(matrix.tolist()))
        exact = np.array([abs(float(vectors[m - 1, j])) for j in range(m)])
    assert ritz.last.size == m
    assert exact.min() < least
    assert_allclose(np.abs(ritz.last), exact, rtol=1e-8)


def test_a_space_that_is_invariant_is_exact_for_ever():
    """Without a coupling to the next vector nothing is left out, and the top is known."""
    alphas, betas, _ = _bidiagonal(5)
    alphas[-1] = 0.0
    ritz = from_bidiagonal(alphas, betas, 3.0)
    assert ritz.complete
    assert ritz.distance(0.1, 10**9, 1.0) == (0.0, 0.0)
    assert ritz.top_is_converged(1e-15)
    assert nothing(2.5).complete
    assert (nothing(2.5).size, nothing(2.5).floor) == (0, 2.5)
    assert nothing(2.5).coordinates(0.1, 3).shape == (0,)
    assert nothing(2.5).beside.shape == (0,)


def test_a_top_is_called_converged_only_where_it_is():
    """The largest Ritz value is called a curvature from about the size on at which it is one."""
    alphas, betas, lower = _bidiagonal(40)
    curvature = np.linalg.svd(lower, compute_uv=False) ** 2
    errors = {}
    for m in range(1, 40):
        ritz = from_bidiagonal(alphas[: m + 1], betas[:m], 3.0)
        converged = ritz.top_is_converged(1e-6)
        errors[converged] = np.abs(curvature / ritz.curvature.max() - 1).min()
        if converged:
            break
    assert errors[True] <= 1e-6 < 100 * errors[False]


def _known_in_space(X, y, lr, size):
    """A Krylov space of so many vectors: the descent in it, and the judge of its iterates."""
    moments = moments_of(Rows(X, y[:, np.newaxis], None, True))
    start = np.zeros((X.shape[1] + 1, 1))
    process = Tridiagonalisation(moments, start, True)
    process.grow(size)
    ritz = process.ritz()
    piece = Piece(spectrum_of(ritz, process.bases, start, **process.digits), lr)
    return piece, Known(piece, ritz, joined([piece], [0], None))


@pytest.mark.parametrize("size", [4, 8, 12])
def test_iterates_called_known_are_the_true_ones(size):
    """Up to the t that is called known a small space has the digits; soon after it has not."""
    X, y = regression(n=80, d=30)
    lr = 0.9 / largest_curvature(X)
    piece, known = _known_in_space(X, y, lr, size)
    last = known.largest(10**4)
    assert size <= last < 10**3
    assert known(last)
    assert not known(last + 1)
    thetas, _ = literal_loop(X, y, lr, 2 * last)
    errors = [np.linalg.norm(piece.theta(t) - thetas[t]) for t in (last, 2 * last)]
    assert errors[0] <= 2e-13 * np.linalg.norm(thetas[last]) < errors[1]
    digits = np.log10(errors[1] / np.linalg.norm(thetas[2 * last]) / 1e-13)
    assert digits <= known.missing(2 * last) <= digits + 1
    assert known.roughly(last)
    assert known.last(1) in (last, *(2**j for j in range(10) if last / 2 < 2**j <= last))


@pytest.mark.parametrize(("t", "noise"), [(3, 0.5), (10**4, 0.5), (10**4, 0.0)])
def test_a_loss_is_known_as_long_as_no_error_could_move_it(t, noise):
    """The distance at which it no longer is, in the worst direction, moves J by what is allowed."""
    X, y = regression(noise=noise)
    lr = 0.9 / largest_curvature(X)
    piece, known = _known_in_space(X, y, lr, 5)
    near, far = 1e-30, 1.0
    for _ in range(200):
        middle = np.sqrt(near * far)
        is_known = known._loss_is_known(np.array([middle]), t)
        near, far = (middle, far) if is_known else (near, middle)
    slope, first, loss = np.linalg.norm(piece.gradient(t)), piece.loss(0), piece.loss(t)
    moved = slope * far + largest_curvature(X) / 2 * far**2
    eps = np.finfo(float).eps
    allowed = 1e-13 * loss + 8 * eps * np.sqrt(first * loss) + (8 * eps) ** 2 * first
    assert_allclose(moved, allowed, rtol=1e-6)
    assert known._loss_is_known(np.array([0.0]), t)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([[0.0, 1.0, 2.0], [0.0, 3.0, 2.0]], (1, 1)),
        ([[0.0, 3.0, 3.0], [0.0, 1.0, 3.0]], (0, 1)),
        ([[0.0, 3.0, 1.0], [0.0, 3.0, 2.0]], (1, 1)),
        ([[0.0, 1.0, 3.0], [0.0, 3.0 * (1 - 1e-11), 2.0]], (1, 1)),
        ([[0.0, 1.0, 3.0], [0.0, 3.0 * (1 - 1e-9), 2.0]], (0, 2)),
        ([[-1.0, -1e-17, -1e-18], [-1.0, -0.5, -0.1]], (0, 1)),
        ([[-np.inf, -np.inf, -2.0], [-np.inf, -np.inf, -1.0]], (1, 2)),
        ([[-np.inf, -1e-16, -1e-20], [-np.inf, -1.0, -1.0]], (0, 2)),
        ([[0.0, 0.0], [0.0, 0.0]], (1, 0)),
    ],
)
def test_the_best_score_wins_then_updates_then_rates(scores, best):
    """Equal but for rounding: the fewest updates, then the smallest rate, here the second."""
    assert choose(np.array(scores), np.array([0.2, 0.1])) == best


def test_roundings_of_rows_are_those_of_the_smallest_target():
    """And of y, not of a start further off; a target of nothing has none."""
    X, y = regression(n=50)
    for targets, smallest in (([y, 1e6 * y], y), ([y, 0 * y], 0 * y), ([y], y)):
        moments = moments_of(Rows(X, np.column_stack(targets), None, True))
        for start in (np.zeros((5, len(targets))), np.full((5, len(targets)), 1e8)):
            spectrum = eigenbasis(moments, start, True)
            expected = EPS * np.sqrt(2 * np.mean(smallest**2) / 50)
            assert spectrum.row_rounding == pytest.approx(expected, rel=1e-12)
