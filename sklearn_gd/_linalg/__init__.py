"""Linear algebra: CholeskyQR2, Golub-Kahan and Lanczos processes, Rayleigh-Ritz projections.

Functions take arrays and return factors or small matrices, without reference to descent.
Imports NumPy and SciPy only.
"""

from sklearn_gd._linalg.cholesky_qr2 import Preconditioner, RefinedSvd, factor_of, refined_svd
from sklearn_gd._linalg.krylov_basis import KrylovBasis
from sklearn_gd._linalg.krylov_spaces import GolubKahan, Lanczos, RowVectors
from sklearn_gd._linalg.numbers import EPS, Floats, concat, rank_tolerance
from sklearn_gd._linalg.ritz import Ritz
