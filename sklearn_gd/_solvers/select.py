"""The solver that `solver="auto"` takes: the one with the least estimated work.

Work is in multiply-adds at the speed of a large matrix product.
"""

from __future__ import annotations

from math import sqrt

from sklearn_gd._data import Problem, SummedRows
from sklearn_gd._solvers.options import DescentOptions

# An eigendecomposition of p x p numbers costs as much as so many products of p x p matrices.
EIGH = 12.0
# A multiply-add in a product with a vector waits for memory as long as so many in one of matrices.
VECTOR = 40.0
# And one of a sparse matrix, whose products have an index for each number.
SPARSE_VECTOR = 150.0
# Calls and small arrays of one Krylov step, in multiply-adds.
STEP = 3e6
# A space holds t updates with about so many vectors times the root of t.
VECTORS_PER_ROOT = 3.0
# H and its eigenvectors are not formed for more parameters (512 MiB each).
MOST_PARAMETERS = 8192


def select(problem: Problem | SummedRows, options: DescentOptions) -> str:
    """Return "spectral", "lanczos", "krylov" or, with momentum and no way to form H, "loop"."""
    costs = estimated_work(problem, options.max_iter)
    if options.momentum:  # the bound that Krylov spaces grow by is that of plain descent
        return "spectral" if "spectral" in costs else "loop"
    return min(costs, key=lambda name: costs[name])


def estimated_work(problem: Problem | SummedRows, max_iter: int) -> dict[str, float]:
    """Return the work of each solver that can take the problem."""
    n, p, nonzeros = problem.n_samples, problem.n_parameters, problem.nonzeros
    short = min(n, p) if problem.in_memory and not problem.is_sparse else p
    vectors = min(n, p, VECTORS_PER_ROOT * sqrt(max_iter))
    steps = STEP * vectors + VECTOR * p * vectors**2
    summed = 0.0 if isinstance(problem, SummedRows) else nonzeros * min(p, 4.0 * short)
    costs = {}
    if short <= MOST_PARAMETERS:
        costs["spectral"] = summed + EIGH * short**3
        if n >= p:
            costs["lanczos"] = summed + steps + 0.5 * VECTOR * p * p * vectors
    if not isinstance(problem, SummedRows):
        vector = SPARSE_VECTOR if problem.is_sparse else VECTOR
        costs["krylov"] = steps + vector * nonzeros * vectors
    return costs
