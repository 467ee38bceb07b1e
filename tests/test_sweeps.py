"""Laws of one space for all rates, and of the scores that tuning gives a grid."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import EPS, largest_curvature, literal_loop
from krylov_world import World
from sklearn_gd._descent import krylov, sweep, tune
from sklearn_gd._descent.basis import Basis
from sklearn_gd._descent.folds import FoldsInMemory, Split
from sklearn_gd._descent.pieces import Piece, spectrum_of
from sklearn_gd._descent.problem import RowsInMemory
from sklearn_gd._descent.ritz import Ritz, nothing
from sklearn_gd._descent.surface import Grid


def grid(lrs, iters, rounding=EPS):
    return Grid(np.asarray(lrs, float), np.asarray(iters), rounding)


def true_to(world, space, lr, t):
    """The relative error of the space's theta_t, of the worse target."""
    spectrum = spectrum_of(space.ritz(), space.bases, world.start, **space.digits)
    moved = Piece(spectrum, lr).theta(t) - world.start
    true = np.column_stack([world.iterate(j, lr, t) for j in (0, 1)])
    return max(np.linalg.norm(moved - true, axis=0) / np.linalg.norm(true, axis=0))


@pytest.mark.parametrize(
    ("shares", "iters", "rounding"),
    [
        ([0.5], [0, 40], EPS),
        ([1.0, 0.1], [0, 40], EPS),
        ([0.1, 1.9], [0, 10, 40], EPS),
        ([0.1, 1.9], np.arange(41), EPS),
        ([0.5, 2.2], [0, 40], EPS),
        ([1.0], [0, 300], 1e-4),
        ([0.1, 1.0], [0, 300], 1e-6),
    ],
)
def test_a_space_is_resolved_when_all_it_scores_is_true(shares, iters, rounding):
    """As soon as every rate's last iterate is true, and not long before or after."""
    world = World("rows", n=70, p=50)
    space, top = world.space("rows"), np.linalg.eigvalsh(world.H)[-1]
    asked, resolved, errors = grid(np.array(shares) / top, iters, rounding), [], []
    for size in range(6, 48, 3):
        space.grow(size)
        ritz = space.ritz()
        spectrum = spectrum_of(ritz, space.bases, world.start, **space.digits)
        resolved.append(sweep._is_resolved(spectrum, ritz, asked))
        ends = [int(steps[-1]) for steps in asked.steps(spectrum)]
        errors.append(
            max(true_to(world, space, lr, t) for lr, t in zip(asked.lrs, ends, strict=True) if t)
        )
    first = resolved.index(True)
    assert all(resolved[first:])
    assert max(errors[first:]) < 1e-12
    assert first == 0 or errors[first - 1] > 1e-17
    late = next(i for i, error in enumerate(errors) if max(errors[i:]) < 1e-14)
    assert first <= late + 2


@pytest.mark.parametrize(
    ("rates", "rests", "coupling", "asked", "answers", "resolved"),
    [
        ([0.5], False, 1.0, ["known 90"], [True], True),
        ([0.5], False, 1.0, ["known 90"], [False], False),
        ([0.5], True, 1.0, ["known 8", "roughly 90"], [True, True], True),
        ([0.5], True, 1.0, ["known 8", "roughly 90"], [True, False], False),
        ([0.5], True, 1.0, ["known 8"], [False], False),
        ([3.0], False, 1.0, [], [], False),  # growth matters, and the top is not known
        ([3.0], False, 0.0, ["known 8"], [True], True),
        ([3.0], True, 0.0, ["known 8"], [False], False),
        ([0.2, 0.5, 0.3], False, 1.0, ["known 90", "known 90", "known 90"], [True] * 3, True),
        ([0.2, 3.0, 0.3], False, 0.0, ["known 8", "known 90"], [True, False], False),
    ],
)
def test_what_is_asked_of_a_space(rates, rests, coupling, asked, answers, resolved, monkeypatch):
    """Growth: the stop and the top. Rest: the stop, and the end roughly. Else the end."""
    questions, replies = [], iter(answers)

    class Asked:
        def __init__(self, piece, ritz, descent):
            assert descent.firsts == (0,)
            assert descent.pieces == (piece,)

        def __call__(self, t):
            questions.append(f"known {t}")
            return next(replies)

        def roughly(self, t):
            questions.append(f"roughly {t}")
            return next(replies)

    monkeypatch.setattr(sweep, "Known", Asked)
    ritz = Ritz(np.ones(2), np.zeros(1), coupling, np.array([0.5, 1.0]), np.eye(2), np.ones(2), 0.0)
    digits = {"rounding": 0.0, "error": 0.0, "unit": EPS}
    spectrum = spectrum_of([ritz], [Basis.of(np.eye(2))], np.zeros((2, 1)), **digits)
    steps = [np.array([0, 5, 7])] * len(rates)
    some = SimpleNamespace(lrs=np.array(rates), rests=rests, last=90, steps=lambda spectrum: steps)
    assert sweep._is_resolved(spectrum, [ritz], some) is resolved
    assert questions == asked


def ill_conditioned(top, least, floor):
    ritz = Ritz(
        np.array([top, least]),
        np.zeros(1),
        1.0,
        np.array([top, least]),
        np.eye(2),
        np.array([0.6, 0.1]),
        floor,
    )
    digits = {"rounding": 0.0, "error": 0.0, "unit": EPS}
    return spectrum_of([ritz], [Basis.of(np.eye(2))], np.zeros((2, 1)), **digits)


@pytest.mark.parametrize(
    ("rates", "lr"), [([0.1, 0.3, 0.45], 0.45), ([0.1, 0.3, 0.5, 7.0], 0.3), ([0.5, 7.0], 0.25)]
)
def test_losses_of_a_sweep_are_measured_at_the_largest_stable_rate(rates, lr):
    """At its last iterate; of unstable rates alone at half of the limit. The floor takes it."""
    spectrum, asked = ill_conditioned(4.0, 4e-14, floor=0.25), []

    def loss(theta):
        asked.append(theta)
        return 0.75

    problem = SimpleNamespace(sides=lambda: SimpleNamespace(loss=loss))
    measured = sweep.with_measured_loss(spectrum, problem, grid(rates, [0, 9]))
    piece = Piece(spectrum, lr)
    (theta,) = asked
    assert_allclose(theta, piece.theta(9), rtol=1e-12)
    assert measured.floor == pytest.approx(0.25 + 0.75 - float(piece.loss(9)))
    assert float(Piece(measured, lr).loss(9)) == pytest.approx(0.75)


def test_a_sweep_measures_no_loss_of_a_well_conditioned_problem():
    """Nor where nothing moves."""
    problem = SimpleNamespace(sides=lambda: SimpleNamespace(loss=None))
    spectrum = ill_conditioned(4.0, 1.0, floor=0.25)
    assert sweep.with_measured_loss(spectrum, problem, grid([0.1], [0, 9])).floor == 0.25
    digits = {"rounding": 0.0, "error": 0.0, "unit": EPS}
    still = spectrum_of([nothing(0.5)], [Basis(2)], np.zeros((2, 1)), **digits)
    assert sweep.with_measured_loss(still, problem, grid([0.1], [0, 9])).floor == 0.5


def rows_of(seed=0, n=24, p=3, intercept=True, noise=0.5):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.3
    y = X @ rng.standard_normal((p, 2)) + noise * rng.standard_normal((n, 2)) + [1.0, 2.0]
    return RowsInMemory(X, y, rng.uniform(0.5, 2.0, n), intercept)


SPLITS = {
    "partition": [
        (np.arange(8, 24), np.arange(8)),
        (np.r_[:8, 16:24], np.arange(8, 16)),
        (np.arange(16), np.arange(16, 24)),
    ],
    "any": [(np.r_[0:9, 3, 3], np.arange(12, 20)), (np.arange(2, 20), np.r_[20:24, 20])],
}


class Tuned:
    """Rows split somehow, a grid, and the errors of textbook loops."""

    def __init__(self, splits, noise=0.5, intercept=True):
        self.rows = rows_of(noise=noise, intercept=intercept)
        self.folds = FoldsInMemory(
            self.rows,
            [Split(*split) for split in SPLITS[splits]],
            lambda function, items: [function(i) for i in items],
        )
        self.top = largest_curvature(self.rows.X, self.rows.sample_weight, intercept)
        self.iters = np.array([0, 1, 4, 30, 200])
        self.grid = grid(np.array([0.05, 0.4]) / self.top, self.iters)

    def brute(self):
        rows, errors = self.rows, []
        for split in self.folds.splits:
            train, test = split.train, split.test
            of_fold = []
            for lr in self.grid.lrs:
                thetas, _ = literal_loop(
                    rows.X[train],
                    rows.y[train],
                    lr,
                    200,
                    sample_weight=rows.sample_weight[train],
                    fit_intercept=rows.fit_intercept,
                )
                Z = rows.X[test]
                Z = np.column_stack([np.ones(len(Z)), Z]) if rows.fit_intercept else Z
                squares = (rows.y[test] - Z @ thetas[self.iters]) ** 2
                weight = rows.sample_weight[test]
                of_fold.append(np.average(squares.mean(axis=2), axis=1, weights=weight))
            errors.append(of_fold)
        return np.moveaxis(np.array(errors), 0, -1)


@pytest.mark.parametrize("way", [tune.FoldsInMoments, tune.FoldsInSpaces])
@pytest.mark.parametrize("splits", SPLITS)
@pytest.mark.parametrize(("noise", "intercept"), [(0.5, True), (0.5, False), (1e-9, True)])
def test_a_cross_validation_is_that_of_textbook_loops(way, splits, noise, intercept):
    """By sums or in spaces, of any split, and where errors are too small for the sums."""
    tuned = Tuned(splits, noise, intercept)
    one = way(tuned.folds)
    assert one.largest_curvature() == pytest.approx(tuned.top, rel=1e-12)
    errors = one.errors(tuned.grid)
    assert errors.shape == (2, 5, len(SPLITS[splits]))
    # A residual is a difference of numbers of the size of y, each known to a rounding of its own.
    rounding, expected = 4 * EPS * np.abs(tuned.rows.y).max(), tuned.brute()
    assert (np.abs(errors - expected) <= 1e-9 * expected + rounding * np.sqrt(expected)).all()
    spectra = one.spectra(tuned.grid)
    for i, (train, _) in enumerate(SPLITS[splits]):
        rows = tuned.rows
        top = largest_curvature(rows.X[train], rows.sample_weight[train], intercept)
        assert spectra(i).curvature.max() == pytest.approx(top, rel=1e-12)


@pytest.mark.parametrize("noise", [0.5, 1e-9])
@pytest.mark.parametrize(
    "way", [tune.WholeInMoments, partial(tune.WholeInSpaces, watch=krylov.unwatched)]
)
def test_a_generalised_cross_validation_is_that_of_the_textbook(way, noise):
    """Of losses as the rows have them, and freedom by all curvatures."""
    tuned = Tuned("partition", noise)
    rows, one = tuned.rows, way(tuned.rows)
    assert one.largest_curvature() == pytest.approx(tuned.top, rel=1e-12)
    gcv, dof = one.gcv(tuned.grid)
    w = rows.sample_weight / rows.sample_weight.sum()
    A = np.sqrt(w)[:, None] * np.column_stack([np.ones(24), rows.X])
    curvature = np.linalg.eigvalsh(A.T @ A)
    for i, lr in enumerate(tuned.grid.lrs):
        _, losses = literal_loop(rows.X, rows.y, lr, 200, sample_weight=rows.sample_weight)
        freedom = np.sum(1 - (1 - lr * curvature) ** tuned.iters[:, None], axis=1)
        assert_allclose(dof[i], freedom, rtol=1e-9, atol=1e-12)
        left = 1 - freedom / rows.sample_weight.sum()
        assert_allclose(gcv[i], losses[tuned.iters] / left**2, rtol=1e-7)


def test_what_a_spectrum_of_moments_holds():
    """The longest descent at the largest stable rate, down to a loss: not at rates beyond."""
    rows = rows_of()
    spectrum = tune.spectrum_of(rows.moments(), np.zeros((4, 2)), True)
    top = spectrum.largest_curvature
    assert tune._holds(spectrum, grid([0.5 / top], [0, 100]), 0.1)
    assert not tune._holds(spectrum, grid([0.5 / top], [0, 100]), 1e-9)
    assert not tune._holds(spectrum, grid([0.01 / top, 0.5 / top], [0, 100]), 1e-9)
    assert tune._holds(spectrum, grid([100 / top], [0, 20]), 0.1)
    none = rows_of(p=1, intercept=False)
    none = RowsInMemory(0 * none.X, none.y, None, False)
    flat = tune.spectrum_of(none.moments(), np.zeros((1, 2)), False)
    assert tune._holds(flat, grid([1.0], [0, 100]), 0.1)
