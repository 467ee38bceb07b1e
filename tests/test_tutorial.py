"""The case the library grew from: one feature, a given first line, a loss below 0.1."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from sklearn_gd import GDLinearRegressor

X = np.array([[1.0], [2.0], [3.0], [4.0]])
Y = np.array([3.0, 5.0, 7.5, 8.5])
LR, TOL = 0.125, 0.1  # a power of two, so that the first update can be done exactly by hand


def first_line():
    """intercept -1, slope 0.5: far below the data."""
    return {"coef_init": [0.5], "intercept_init": -1.0}


@pytest.mark.parametrize("solver", ["loop", "spectral"])
def test_first_update_is_the_one_computed_by_hand(solver):
    """Residuals -3.5, -5, -7, -7.5: gradient (-5.75, -16.125), new line -0.28125 + 2.515625 x."""
    residuals = [Fraction(-7, 2), Fraction(-5), Fraction(-7), Fraction(-15, 2)]
    by_intercept = sum(residuals) / 4
    by_slope = sum(r * x for r, x in zip(residuals, (1, 2, 3, 4), strict=True)) / 4
    assert (by_intercept, by_slope) == (Fraction(-23, 4), Fraction(-129, 8))
    intercept = Fraction(-1) - Fraction(1, 8) * by_intercept
    slope = Fraction(1, 2) - Fraction(1, 8) * by_slope
    assert (intercept, slope) == (Fraction(-9, 32), Fraction(161, 64))
    new_residuals = [
        intercept + slope * x - Fraction(y) for x, y in zip((1, 2, 3, 4), Y, strict=True)
    ]
    new_loss = sum(r * r for r in new_residuals) / 8

    model = GDLinearRegressor(lr=LR, tol=TOL, solver=solver).fit(X, Y, **first_line())
    path = model.path_
    digits = {"rtol": 4 * np.finfo(float).eps}
    loss_digits = {"rtol": 0, "atol": 4 * np.finfo(float).eps * 17.8125}
    np.testing.assert_allclose(path.gradient(0), [-5.75, -16.125], **digits)
    np.testing.assert_allclose(model.intercept_path_[1], float(intercept), **digits)
    np.testing.assert_allclose(model.coef_path_[1], [float(slope)], **digits)
    np.testing.assert_allclose(model.loss_history_[:2], [17.8125, float(new_loss)], **loss_digits)


@pytest.mark.parametrize("solver", ["loop", "spectral"])
def test_it_stops_at_the_first_loss_below_the_threshold(solver):
    """The half mean squared error of the last line is below 0.1 and of the one before is not."""
    model = GDLinearRegressor(lr=LR, tol=TOL, solver=solver).fit(X, Y, **first_line())
    losses = [
        np.mean((intercept + slope * X[:, 0] - Y) ** 2) / 2
        for intercept, slope in zip(model.intercept_path_, model.coef_path_[:, 0], strict=True)
    ]
    assert model.stop_reason_ == "tol"
    assert losses[-1] < TOL <= losses[-2]
    np.testing.assert_allclose(model.loss_history_, losses, rtol=1e-12)
    assert (model.intercept_path_[0], model.coef_path_[0, 0]) == (-1.0, 0.5)
