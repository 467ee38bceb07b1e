"""Products that stay on one thread: matrices go in, products and sums of squares come out.

NumPy's and SciPy's wheels carry a BLAS each, with threads of its own. After work these spin for a
tenth of a second, waiting for more, on cores that the other BLAS then lacks. Measured with two
threads on two cores, one of them busy: a sum of squares of 32,000 numbers by NumPy's before a
decomposition of 75 columns by SciPy's took 144 milliseconds in the place of half a one. So an
engine wakes the threads of one BLAS only: NumPy's, and SciPy's where few rows are decomposed, for
which NumPy has no routine. What comes before it is known which engine it is to be wakes none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Of 128 rows OpenBLAS 0.3.30 and 0.3.31 multiply 20 columns alone (m^2 k multiplications) and wake
# threads for 30.
MOST_ALONE = 200_000


def gram(rows: Floats) -> Floats:
    """rows rows'."""
    m, p = rows.shape
    products, step = np.zeros((m, m)), max(1, MOST_ALONE // max(1, m**2))
    for first in range(0, p, step):
        part = rows[:, first : first + step]
        products += part @ part.T
    return products


def sum_of_squares(values: Floats) -> float:
    """Not by BLAS, which wakes its threads for 10,000 numbers."""
    return float(np.einsum("i,i", flat := values.ravel(order="K"), flat))
