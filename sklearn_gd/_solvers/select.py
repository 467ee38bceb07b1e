"""What `solver="auto"` tries: a Krylov space within a budget, then the eigenbasis.

How many vectors a space needs depends on the spectrum, which nobody knows before. So a space may
grow until it has cost what the eigenbasis is estimated to cost, or half of that if it is far from
an answer then: the work is about twice that of the better choice at most. Work is in multiply-adds
at the speed of a large matrix product.
"""

from math import sqrt

from sklearn_gd._data import Problem, SummedRows
from sklearn_gd._descent import ACCURACY_RTOL
from sklearn_gd._linalg import EPS
from sklearn_gd._solvers.options import SPECTRUM_ROUNDINGS

# An eigendecomposition of p x p numbers costs as much as so many products of p x p matrices.
EIGH = 6.0
# A multiply-add in a product with a vector waits for memory as long as so many in one of matrices.
VECTOR = 20.0
# And one of a sparse matrix, whose products have an index for each number.
SPARSE_VECTOR = 100.0
# Calls and small arrays of one Krylov step, in multiply-adds.
STEP = 6e6
# Many updates take 16 vectors or more. A space is tried if three times as many may be made; below
# that the eigenbasis, which knows more of a descent, takes little longer.
FEWEST_VECTORS = 48
# After so many updates the coarse basis may not hold the digits promised, and a share of problems
# takes a second pass over the rows and about three more decompositions.
MANY_UPDATES, REFINED_SHARE = ACCURACY_RTOL / (SPECTRUM_ROUNDINGS * EPS), 0.25
# H and its eigenvectors are not formed for more parameters (512 MiB each).
MOST_PARAMETERS = 8192


def select_solver(
    problem: Problem | SummedRows, max_iter: int, momentum: float
) -> tuple[str, int | None]:
    """Return the solver to try, and how many vectors it may take before the eigenbasis serves."""
    spectral = spectral_work(problem, max_iter)
    if momentum:  # the bound that Krylov spaces grow by is that of plain descent
        return ("loop" if spectral is None else "spectral"), None
    if spectral is None:
        return "krylov", None
    most = _vectors(spectral, problem)
    enough = min(max_iter + 1, FEWEST_VECTORS)
    return ("krylov", most) if most >= enough else ("spectral", None)


def spectral_work(problem: Problem | SummedRows, max_iter: int) -> float | None:
    """Return the work that the eigenbasis is expected to take; None: H would be too large."""
    n, p = problem.n_samples, problem.n_parameters
    short = min(n, p) if problem.in_memory and not problem.is_sparse else p
    if short > MOST_PARAMETERS:
        return None
    work = EIGH * short**3
    if isinstance(problem, SummedRows):
        return work
    if max_iter > MANY_UPDATES:
        work += REFINED_SHARE * (n * p * short + 3.0 * EIGH * short**3)
    if problem.is_sparse:
        return work + 3.0 * SPARSE_VECTOR * problem.nonzeros**2 / n
    # Products of rows, and right singular vectors from them; of columns half, which are symmetric.
    products, passes = (1.5, 5.0) if short < p else (0.5, 2.0)
    return work + problem.nonzeros * (products * short + passes * VECTOR)


def krylov_work(problem: Problem | SummedRows, vectors: float) -> float:
    """Return the work of a Krylov space of so many vectors."""
    return (STEP + _step(problem)) * vectors + VECTOR * problem.n_parameters * vectors**2


def _vectors(work: float, problem: Problem | SummedRows) -> int:
    """Return how many vectors so much work makes."""
    step, pairs = STEP + _step(problem), VECTOR * problem.n_parameters
    return int((sqrt(step**2 + 4.0 * pairs * work) - step) / (2.0 * pairs))


def _step(problem: Problem | SummedRows) -> float:
    """Return the work of the products of one Krylov step, with the rows or with H."""
    if isinstance(problem, SummedRows):
        return VECTOR * problem.n_parameters**2
    return (SPARSE_VECTOR if problem.is_sparse else VECTOR) * problem.nonzeros
