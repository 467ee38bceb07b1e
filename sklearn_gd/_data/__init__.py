"""Rows with targets and weights as a problem: the objective J, cross-products, a linear operator.

Classes take checked arrays and return sums over rows, products with them, and J at any theta.
Imports `_linalg`, NumPy and SciPy only.
"""

from sklearn_gd._data.array_api_rows import ArrayAPIRows
from sklearn_gd._data.cross_products import CrossProducts, Quadratic, Spread
from sklearn_gd._data.folds import (
    Each,
    Folds,
    FoldsInMemory,
    FoldSums,
    Split,
    is_partition,
    over_rows,
    sums_fit_in_memory,
    sums_of_others,
)
from sklearn_gd._data.in_memory import RowsInMemory
from sklearn_gd._data.local_rows import LocalRows, NumPyLibrary, products_of_finite
from sklearn_gd._data.operator import (
    DesignOperator,
    LocalOperator,
    LocalVectors,
    penalised,
    penalty_rows,
)
from sklearn_gd._data.problem import LARGEST_SIZE, NotFinite, Objective, Problem, SummedRows, zeros
from sklearn_gd._data.row_space import RowSpace
