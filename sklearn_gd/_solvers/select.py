"""What `solver="auto"` tries, in order: Krylov spaces within a budget, then the eigenbasis.

How many vectors a space needs depends on the spectrum, which nobody knows before. So a space may
grow until it has cost a share of what the eigenbasis is estimated to cost: the work is then at most
four times that of the best choice. Work is in multiply-adds at the speed of a large matrix product.
"""

from __future__ import annotations

from math import sqrt

from sklearn_gd._data import Problem, SummedRows

# An eigendecomposition of p x p numbers costs as much as so many products of p x p matrices.
EIGH = 12.0
# A multiply-add in a product with a vector waits for memory as long as so many in one of matrices.
VECTOR = 40.0
# And one of a sparse matrix, whose products have an index for each number.
SPARSE_VECTOR = 150.0
# Calls and small arrays of one Krylov step, in multiply-adds.
STEP = 6e6
# The share of the work of the eigenbasis that a space may take before it is given up.
SHARE = 0.35
# A budget for fewer vectors is not worth an attempt.
FEWEST_VECTORS = 16
# H and its eigenvectors are not formed for more parameters (512 MiB each).
MOST_PARAMETERS = 8192


def attempts(problem: Problem | SummedRows, momentum: float) -> list[tuple[str, int | None]]:
    """Return solvers with the most vectors each may take; if all give up, the eigenbasis serves."""
    eigh = EIGH * _short_side(problem) ** 3
    can_decompose = _short_side(problem) <= MOST_PARAMETERS
    if momentum:  # the bound that Krylov spaces grow by is that of plain descent
        return [("spectral" if can_decompose else "loop", None)]
    if not can_decompose:
        return [("krylov", None)]
    found: list[tuple[str, int | None]] = []
    p, on_rows = problem.n_parameters, not isinstance(problem, SummedRows)
    if on_rows:
        found.append(
            ("krylov", _vectors(SHARE * (_summing(problem) + eigh), problem, _step(problem)))
        )
    if problem.n_samples >= p or not on_rows:
        found.append(("lanczos", _vectors(SHARE * eigh, problem, 0.5 * VECTOR * p * p)))
    return [(name, most) for name, most in found if most is not None and most >= FEWEST_VECTORS]


def spectral_work(problem: Problem | SummedRows) -> float | None:
    """Return the work of the eigenbasis; None: H would be too large."""
    short = _short_side(problem)
    return None if short > MOST_PARAMETERS else _summing(problem) + EIGH * short**3


def krylov_work(problem: Problem | SummedRows, vectors: float) -> float:
    """Return the work of a Krylov space of so many vectors on the rows."""
    orthogonalising = VECTOR * problem.n_parameters * vectors**2
    return (STEP + _step(problem)) * vectors + orthogonalising


def _vectors(work: float, problem: Problem | SummedRows, step: float) -> int:
    """Return how many vectors so much work makes, products and orthogonalisation together."""
    step, pairs = step + STEP, VECTOR * problem.n_parameters
    return int((sqrt(step**2 + 4.0 * pairs * work) - step) / (2.0 * pairs))


def _step(problem: Problem | SummedRows) -> float:
    return (SPARSE_VECTOR if problem.is_sparse else VECTOR) * problem.nonzeros


def _summing(problem: Problem | SummedRows) -> float:
    if isinstance(problem, SummedRows):
        return 0.0
    p = problem.n_parameters
    return float(problem.nonzeros) * min(p, 4 * _short_side(problem))


def _short_side(problem: Problem | SummedRows) -> int:
    n, p = problem.n_samples, problem.n_parameters
    return min(n, p) if problem.in_memory and not problem.is_sparse else p
