"""The closed form in Krylov spaces: Golub-Kahan on the rows, or Lanczos on H.

A space grows until the iterates up to the stop are known by an a-posteriori bound. H itself is
never formed for Golub-Kahan.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from sklearn_gd._data import Problem, SummedRows
from sklearn_gd._descent import Accuracy, ClosedForm, KrylovSpectrum, Stop, find_stop, floor_error
from sklearn_gd._linalg import EPS, Floats, GolubKahan, KrylovBasis, Lanczos, Ritz
from sklearn_gd._solvers.lost_columns import may_lose_columns
from sklearn_gd._solvers.options import (
    LOSS_ROUNDINGS,
    SPECTRUM_ROUNDINGS,
    DescentOptions,
    StoppedDescent,
)
from sklearn_gd._solvers.ritz_bounds import LARGEST_RTOL, Examination, last_known, of_largest

# A space is examined when it has so many vectors, then whenever it has grown by this share.
FIRST_SIZE, GROWTH = 8, 0.125
# The vectors of a space may take a tenth of the machine's memory, and no more than this.
MEMORY_SHARE, MEMORY_LIMIT_BYTES = 0.1, 1 << 32
# Losses may be off by this, relatively, before one is measured on the rows.
LOST_ORTHOGONALITY = 1e-11


class Process(Protocol):
    """Krylov spaces that grow, one per target."""

    bases: list[KrylovBasis]

    @property
    def size(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    def grow(self, size: int) -> None: ...
    def ritz(self) -> list[Ritz]: ...


def solve_krylov(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions
) -> StoppedDescent | None:
    """Descend with products with X and X' only, or with H if the rows are gone.

    None: the space outgrew `options.most_vectors`, or may lose columns that the eigenbasis names.
    """
    if isinstance(problem, SummedRows):
        return _on_cross_products(problem, start, options)
    operator = problem.operator()
    squares = operator.sizes(start)
    process = GolubKahan(operator.residual(start), operator.shape, operator.unit)
    rounding = LOSS_ROUNDINGS * operator.unit**2 * squares
    accuracy = Accuracy(squares, rounding, unit=operator.unit)
    return descend_in_space(process, problem, start, options, accuracy)


def _on_cross_products(
    problem: SummedRows, start: Floats, options: DescentOptions
) -> StoppedDescent | None:
    quadratic = problem.products.quadratic(problem.fit_intercept, problem.alpha)
    unit, squares = quadratic.unit, float(quadratic.sizes(start).sum())
    losses = quadratic.losses(start)
    process = Lanczos(quadratic.hessian, -quadratic.gradient(start), losses, unit)
    accuracy = Accuracy(
        squares,
        LOSS_ROUNDINGS * unit * squares,
        error=SPECTRUM_ROUNDINGS * unit,
        unit=unit,
        from_floor=False,
        from_first=True,
    )
    return descend_in_space(process, problem, start, options, accuracy)


def descend_in_space(
    process: Process,
    problem: Problem | SummedRows,
    start: Floats,
    options: DescentOptions,
    accuracy: Accuracy,
) -> StoppedDescent | None:
    """Grow the space until its stop is the true one; None: `most_vectors` do not suffice."""
    most = options.most_vectors
    size = min(FIRST_SIZE, options.max_iter + 1)
    while True:
        grow(process, size, options.on_growth)
        ritz = process.ritz()
        spectrum = krylov_spectrum(process, ritz, start, accuracy)
        if process.complete and process.size < min(problem.n_samples, problem.n_parameters):
            columns_lost = may_lose_columns(problem, spectrum)
            if columns_lost and most is not None:
                return None
            # The first residual has no part along some directions, which may be the largest.
            largest = largest_eigenvalue(problem)
            spectrum = replace(spectrum, known_largest=largest, lacks_columns=columns_lost)
        descent = ClosedForm(spectrum, options.rule(spectrum.largest_so_far))
        stop = _stop(descent, problem, options)
        found = Examination(descent, ritz, max(stop.t, 1), options.lr is None or descent.diverges)
        if process.complete or found.is_known():
            break
        if most is not None and found.gives_up(process.size, most):
            return None
        size = next_size(process.size) if most is None else min(next_size(process.size), most)
    if accuracy.error == 0.0:
        descent = _with_measured_floor(descent, stop, problem)
        stop = _stop(descent, problem, options)
    known = None if process.complete else last_known(descent, ritz, stop.t)
    return StoppedDescent(replace(descent, last_known=known), stop)


def _stop(descent: ClosedForm, problem: Problem | SummedRows, options: DescentOptions) -> Stop:
    if options.tol is not None and options.tol <= floor_error(descent):
        options = replace(options, tol=None)  # rounding must not stop anything by accident
    return find_stop(descent, options.stopping_rule(problem.rounding))


def _with_measured_floor(
    descent: ClosedForm, stop: Stop, problem: Problem | SummedRows
) -> ClosedForm:
    """The descent with the least loss of its space measured on the rows, when B is too
    ill-conditioned to know it.

    Vectors of the side that is not kept orthogonal lose it then, and a sum of their squares is off
    by as much. It is measured at the least-squares solution of the space, not at the stop.
    """
    eigenvalues = descent.eigenvalues
    loss, first = float(descent.loss(stop.best)), float(descent.loss(0))
    if not eigenvalues.size or not loss > 0:
        return descent
    condition = np.sqrt(eigenvalues.max() / eigenvalues.min())
    if EPS * condition * np.sqrt(first / loss) <= LOST_ORTHOGONALITY:
        return descent
    floor = problem.loss(descent.limit)
    return replace(descent, spectrum=replace(descent.spectrum, floor=floor))


def krylov_spectrum(
    process: Process, ritz: list[Ritz], start: Floats, accuracy: Accuracy
) -> KrylovSpectrum:
    """Return the directions of all targets side by side."""
    residual = np.zeros((sum(r.eigenvalues.size for r in ritz), len(ritz)))
    first = 0
    for j, r in enumerate(ritz):
        residual[first : first + r.eigenvalues.size, j] = r.rotated_residual
        first += r.eigenvalues.size
    best = of_largest(ritz)
    return KrylovSpectrum(
        start=start,
        eigenvalues=np.concatenate([r.eigenvalues for r in ritz]),
        rotated_residual=residual,
        floor=sum(r.floor for r in ritz),
        accuracy=accuracy,
        basis=np.empty((len(start), 0)),
        bases=tuple(process.bases),
        eigenvectors=tuple(r.eigenvectors for r in ritz),
        complete=all(r.complete for r in ritz),
        known_largest=best.largest if best.largest_error <= LARGEST_RTOL else None,
    )


def largest_eigenvalue(problem: Problem | SummedRows) -> float:
    """Return the largest eigenvalue of H to LARGEST_RTOL, from a start that sees all of them."""
    process: Process
    if isinstance(problem, SummedRows):
        quadratic = problem.products.quadratic(problem.fit_intercept, problem.alpha)
        noise = np.random.default_rng(0).standard_normal((problem.n_parameters, 1))
        process = Lanczos(quadratic.hessian, noise, np.zeros(1), quadratic.unit)
    else:
        operator = problem.operator()
        process = GolubKahan(operator.random(0), operator.shape, operator.unit)
    size = FIRST_SIZE
    while True:
        grow(process, size)
        ritz = process.ritz()[0]
        if process.complete or ritz.largest_error <= LARGEST_RTOL:
            return ritz.largest
        size = next_size(process.size)


def next_size(size: int) -> int:
    """Return at how many vectors a growing space is examined again."""
    return size + max(4, int(GROWTH * size))


def grow(process: Process, size: int, on_growth: Callable[[], None] = lambda: None) -> None:
    """Grow the spaces to `size` vectors each, unless these do not fit into memory."""
    on_growth()
    vector_bytes = 8 * sum(basis.length for basis in process.bases)
    limit = memory_limit()
    if size * vector_bytes > limit and not process.complete:
        raise ValueError(
            f"A Krylov space of more than {process.size:,} vectors is needed, and so far {size:,} "
            f"of {vector_bytes:,} bytes would take more than the limit of {limit / 2**30:.2g} GiB "
            "(a tenth of the machine's memory, at most 4 GiB). Ask for fewer updates (max_iter), "
            "for a larger tol, or for another solver."
        )
    process.grow(size)


def memory_limit() -> int:
    """Return how many bytes the vectors of a space may take."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return MEMORY_LIMIT_BYTES
    return min(MEMORY_LIMIT_BYTES, int(MEMORY_SHARE * memory))
