"""Laws of the small pieces that descents are made of."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_gd._descent.contraction import Contraction
from sklearn_gd._descent.names import direction_name, parameter_names


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
    """Powers vanish and grow without bound also where a caller makes numpy raise."""
    contraction = Contraction(np.array([0.0, 0.5, 1.0, 1.5, 3.0]), 1.0)
    with np.errstate(all="raise"):
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
