"""Products that no thread is woken for: those of NumPy, whatever the layout of the matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_gd._descent.products import MOST_ALONE, gram, sum_of_squares

# In C order, in Fortran order, and a part of a larger matrix, which is in neither.
LAYOUTS = {
    "C": lambda matrix: np.array(matrix, order="C"),
    "F": lambda matrix: np.array(matrix, order="F"),
    "part": lambda matrix: np.pad(matrix, 1)[1:-1, 1:-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(64, 200), (3, 5), (1, 1), (0, 4), (4, 0), (500, 3)])
def test_products_of_rows_are_summed_in_parts(shape, layout):
    """The first has several parts, the last parts of a single column each."""
    rows = LAYOUTS[layout](np.random.default_rng(0).standard_normal(shape))
    assert_allclose(gram(rows), rows @ rows.T, rtol=1e-13, atol=1e-12)
    assert 500**2 > MOST_ALONE > 64**2


def test_squares_are_summed_in_any_layout():
    """Over all axes."""
    values = np.arange(24.0).reshape(2, 12)
    for layout in LAYOUTS.values():
        assert sum_of_squares(layout(values)) == np.sum(values**2)
    assert sum_of_squares(np.zeros((0, 2))) == 0.0
