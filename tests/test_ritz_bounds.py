"""Laws of the bounds on what a Krylov space misses, down to the tiniest numbers in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_gd._descent import ritz
from sklearn_gd._descent.ritz import from_tridiagonal, nothing


def localised(m, beside):
    """A tridiagonal problem whose eigenvectors live each in a place of its own."""
    beside = beside * np.linspace(1.0, 2.0, m)
    return from_tridiagonal(np.linspace(2.0, 0.1, m), beside, 1.0, 10.0)


@pytest.mark.parametrize(("m", "beside"), [(12, 0.02), (40, 0.02), (40, 1e-5), (25, 1e-9)])
def test_tiny_last_components_have_digits(m, beside):
    """First times last component is the product beside the diagonal over that of the gaps."""
    problem = localised(m, beside)
    first, last = problem.turn[0], problem.last
    for i in np.flatnonzero((np.abs(first) > 1e-6) & (np.abs(problem.turn[-1]) < 1e-11)):
        gaps = np.abs(problem.curvature[i] - np.delete(problem.curvature, i))
        expected = np.sum(np.log(problem.beside)) - np.sum(np.log(gaps)) - np.log(abs(first[i]))
        size = np.log(abs(last[i])) if last[i] else -np.inf
        assert size == pytest.approx(expected, rel=1e-9) or expected < -740
    assert (np.abs(last) < 1e-11).any()
    known = np.abs(problem.turn[-1]) >= 1e-11
    assert np.array_equal(last[known], problem.turn[-1, known])
    assert np.array_equal(np.signbit(last), np.signbit(problem.turn[-1]))


@pytest.mark.parametrize("t", [41, 100, 10**4, 10**9])
def test_the_rough_bound_is_below_the_fine_one(t):
    """What the decomposition alone is sure of: nearly all where its last components are known."""
    problem = localised(40, 0.02)
    near = replace(problem, residual=np.where(np.abs(problem.turn[-1]) > 1e-6, 1.0, 0.0))
    far = replace(problem, residual=np.where(np.abs(problem.turn[-1]) < 1e-11, 1.0, 0.0))
    for lr in (0.1, 0.5, 0.9):
        bound, _ = near.distance(lr, t, 2.0)
        assert 0.999 * bound <= near.least_distance(lr, t, 2.0) <= bound
        bound, noise = far.distance(lr, t, 2.0)
        assert far.least_distance(lr, t, 2.0) <= bound
        # Of components below a rounding the fine bound is as relative as of any.
        assert bound < 1e-11 * t
        assert noise < 1e-14 * bound * 40


def test_growth_beyond_all_floats_is_no_error():
    """A rate that diverges for ever has an infinite bound and no warning."""
    problem = localised(12, 0.02)
    bound, _ = problem.distance(3.0, 10**6, 2.0)
    assert not bound <= 1e300
    assert not problem.least_distance(3.0, 10**6, 2.0) <= 1e300
    assert not np.isfinite(problem.coordinates(3.0, 10**6)).all()


def test_points_in_time_between_which_a_bound_is_taken():
    """Every one of a few, geometric ones of many, in both parities, from the start to the end."""
    for t in (1, 2, 9, 20):
        assert ritz._samples(t).tolist() == list(range(t))
    for t in (1000, 10**6, 1 << 60):
        points = ritz._samples(t)
        assert (points[0], points[1], points[-1]) == (0, 1, t - 1)
        assert (np.diff(points) > 0).all()
        assert 70 < len(points) <= 120
        assert np.min(points[20:-1] % 2) == 0
        assert np.max(points[20:-1] % 2) == 1
        partners = np.isin(points + 1, points) | np.isin(points - 1, points)
        assert partners[:-1].all()
    assert ritz._over_intervals(np.array([1.0, 3.0, 2.0]), np.array([1.0, 10.0, 100.0])) == 233.0


def test_a_scale_of_all_curvatures_changes_no_rank():
    """What is null is so beside the largest, whatever that is."""
    for scale in (1e-30, 1.0, 1e30):
        full = from_tridiagonal(scale * np.ones(2), scale * np.array([0.5, 0.0]), 1.0, 1.0)
        assert_allclose(full.curvature, [0.5 * scale, 1.5 * scale])
    assert nothing(1.0).residual.size == 0
    top = replace(
        localised(2, 0.1),
        curvature=np.array([4e6, 4e6]),
        turn=np.array([[1.0, 0.0], [0.0, 1e-12]]),
        coupling=1.0,
    )
    assert top.top_is_converged(1e-21)
    assert not top.top_is_converged(1e-22)
