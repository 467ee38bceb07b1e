"""Products by SciPy's BLAS: those of NumPy, whatever the layout of the matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_gd._descent.products import add_product, product, sum_of_squares

# In C order, in Fortran order, and a part of a larger matrix, which is in neither.
LAYOUTS = {
    "C": lambda matrix: np.array(matrix, order="C"),
    "F": lambda matrix: np.array(matrix, order="F"),
    "part": lambda matrix: np.pad(matrix, 1)[1:-1, 1:-1],
}
SIZES = [(3, 4, 5), (1, 4, 5), (3, 4, 1), (1, 4, 1), (3, 1, 5), (1, 1, 1), (0, 3, 2), (3, 0, 2)]


@pytest.mark.parametrize("layouts", np.ndindex(3, 3, 3), ids=str)
@pytest.mark.parametrize("sizes", SIZES)
def test_products_are_those_of_numpy(sizes, layouts):
    """Made, added with a factor, and written over whatever was there."""
    rng = np.random.default_rng(0)
    n, m, k = sizes
    of_a, of_b, of_out = (list(LAYOUTS.values())[i] for i in layouts)
    A, B = of_a(rng.standard_normal((n, m))), of_b(rng.standard_normal((m, k)))
    out = of_out(rng.standard_normal((n, k)))
    expected = 2.0 * out + 3.0 * A @ B
    add_product(out, A, B, factor=3.0, keep=2.0)
    assert_allclose(out, expected, rtol=1e-13, atol=1e-13)
    out.fill(np.nan)
    add_product(out, A, B, keep=0.0)
    assert_allclose(out, A @ B, rtol=1e-13, atol=1e-13)
    assert_allclose(product(A, B), A @ B, rtol=1e-13, atol=1e-13)
    assert_allclose(product(A, B[:, 0]), A @ B[:, 0], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", ["f4", ">f8", "read-only"])
def test_what_blas_would_write_elsewhere_is_written_here(kind):
    """Other numbers than BLAS takes are not lost in a copy; what may not be written to is not."""
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((5, 4)), rng.standard_normal((4, 3))
    out = np.zeros((5, 3), "f8" if kind == "read-only" else kind, order="F")
    if kind == "read-only":
        out.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            add_product(out, A, B)
        return
    add_product(out, A, B)
    assert_allclose(out, A @ B, rtol=1e-6)


def test_squares_are_summed_in_any_layout():
    """Over all axes."""
    values = np.arange(24.0).reshape(2, 12)
    for layout in LAYOUTS.values():
        assert sum_of_squares(layout(values)) == np.sum(values**2)
    assert sum_of_squares(np.zeros((0, 2))) == 0.0
