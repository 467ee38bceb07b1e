"""Whether a column varies so little beside the largest one that products with X may lose it."""

import numpy as np

from sklearn_gd._data import Problem, SummedRows
from sklearn_gd._descent import Spectrum

# A column that varies by less than so many roundings of the largest one may be lost in products.
COLUMN_ROUNDINGS = 100


def may_lose_columns(problem: Problem | SummedRows, spectrum: Spectrum) -> bool:
    """Compare the columns' standard deviations with the root of the largest eigenvalue."""
    spread = problem.spread()
    deviations = np.append(np.sqrt(spread.variance[spread.varies]), [1.0] * problem.fit_intercept)
    largest = float(spectrum.eigenvalues.max(initial=0.0))
    lost_below = COLUMN_ROUNDINGS * spectrum.accuracy.unit * np.sqrt(largest)
    return bool((deviations <= lost_below).any())
