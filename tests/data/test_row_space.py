"""Fewer rows than columns, in a basis of their row space."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_gd._data import RowsInMemory, RowSpace, zeros
from sklearn_gd._solvers import SpectralProblem

RNG = np.random.default_rng(0)
X, Y, WEIGHTS = RNG.standard_normal((5, 12)), RNG.standard_normal((5, 2)), RNG.uniform(0.5, 2.0, 5)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_reduced_problem_has_the_same_predictions(fit_intercept, dtype):
    """J at any theta is J of the reduced problem at theta restricted to the row space."""
    rows = RowsInMemory(X.astype(dtype), Y, WEIGHTS, fit_intercept)
    space = RowSpace.of(rows)
    theta = RNG.standard_normal((12 + fit_intercept, 2))
    small = space.restrict(theta)
    assert small.shape == (5 + fit_intercept, 2)
    assert space.reduced.loss(small) == pytest.approx(rows.loss(theta), rel=1e-13)
    gradient = space.reduced.loss_and_gradient(small)[1]
    np.testing.assert_allclose(space.expand(gradient), rows.loss_and_gradient(theta)[1], atol=1e-13)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_start_is_its_part_in_the_row_space_and_the_rest(fit_intercept):
    """Expanding the restriction and adding the perpendicular part gives theta again."""
    rows = RowsInMemory(X, Y, None, fit_intercept)
    space, theta = RowSpace.of(rows), RNG.standard_normal((12 + fit_intercept, 2))
    directions, lengths = space.perpendicular(theta)
    whole = space.expand(space.restrict(theta)) + directions @ lengths
    np.testing.assert_allclose(whole, theta, atol=1e-13)
    np.testing.assert_allclose(directions.T @ directions, np.eye(2), atol=1e-14)
    np.testing.assert_allclose(X @ directions[int(fit_intercept) :], 0, atol=1e-13)


def test_a_start_in_the_row_space_has_no_perpendicular_part():
    """The rounding of a projection is no direction."""
    space = RowSpace.of(RowsInMemory(X, Y, None, False))
    directions, lengths = space.perpendicular(X.T @ Y)
    assert directions.shape == (12, 0)
    assert lengths.shape == (0, 2)


def test_independent_rows_are_not_standardised(monkeypatch):
    """Wide rows whose rank is the number of those with a weight lose nothing to scale."""

    def refuse(_):
        raise AssertionError

    monkeypatch.setattr(RowsInMemory, "standardised", refuse)
    weights = np.array([1.0, 0.0, 2.0, 1.0, 0.0])[: len(X)]
    for w in (None, weights):
        rows = RowsInMemory(X, Y, w, True)
        assert not SpectralProblem(rows, zeros(rows)).spectrum.columns_lost
