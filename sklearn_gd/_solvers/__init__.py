"""Solvers: a problem, a start and options come in, a stopped descent goes out.

`solve` selects one: the eigenbasis of H, Krylov spaces of H or of the rows, or the textbook loop.
Imports `_linalg`, `_data`, `_descent`, NumPy and SciPy only.
"""

from sklearn_gd._solvers.cross_product_basis import eigenbasis, scaled_products
from sklearn_gd._solvers.krylov import grow, krylov_spectrum, largest_eigenvalue, next_size
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent
from sklearn_gd._solvers.ritz_bounds import is_known
from sklearn_gd._solvers.select import MOST_PARAMETERS, krylov_work, select_solver, spectral_work
from sklearn_gd._solvers.solve import solve
from sklearn_gd._solvers.spectral import SpectralProblem, has_few_rows
