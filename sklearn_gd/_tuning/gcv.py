"""Generalised cross-validation: the score of every iterate without held-out rows.

GCV = mean squared error on all rows / (1 - dof / W)^2, averaged over targets, with the degrees of
freedom dof = tr(H_0 H^+ (I - p_t(H))) (Golub, Heath and Wahba 1979).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sklearn_gd._data import Problem, RowsInMemory, zeros
from sklearn_gd._descent import ClosedForm, Spectrum
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers import MOST_PARAMETERS, SpectralProblem
from sklearn_gd._tuning.grid import Grid, Integers, blocks
from sklearn_gd._tuning.strategies import accurate_spectrum


def problem_for_gcv(problem: Problem) -> SpectralProblem:
    """Return the decomposition of all rows, all eigenvalues of H among it."""
    return SpectralProblem(_decomposable(problem), zeros(problem))


def generalised_cross_validation(whole: SpectralProblem, grid: Grid) -> tuple[Floats, Floats]:
    """Return GCV, infinite if no degree of freedom is left, and dof, (n_lrs, n_iters) each.

    Rows count as often as they weigh.
    """
    problem = whole.problem
    spectrum = accurate_spectrum(whole, grid)
    length = _coefficient_factor(spectrum, problem.fit_intercept) if problem.alpha else None
    gcv, dof = [], []
    for descent, steps in grid.descents(spectrum, every_direction=True):
        squares = 2.0 * descent.loss(steps)
        if length is not None:
            squares = squares - problem.alpha * _coefficient_squares(descent, steps, length)
        left = _share_left(descent, steps, problem.weight)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            score = np.where(left > 0, squares / spectrum.start.shape[1] / left**2, np.inf)
        gcv.append(np.where(np.isnan(score), np.inf, score))
        dof.append(descent.dof(steps))
    return grid.filled(gcv), grid.filled(dof)


def _share_left(descent: ClosedForm, steps: Integers, weight: float) -> Floats:
    """Return 1 - dof / W without a difference of dof, since W is often exactly the rank."""
    spectrum = descent.spectrum
    shares = spectrum.shares
    factors = descent.rule.factors(spectrum.nonzero_eigenvalues)
    left = np.empty(len(steps))
    for part in blocks(len(steps), shares.size):
        left[part] = factors.residual_factor(steps[part]) @ shares
    return (weight - float(shares.sum()) + left) / weight


def _coefficient_factor(spectrum: Spectrum, fit_intercept: bool) -> Floats:
    """Return R so that |R a| is the length of the coefficients of V a, without the intercept."""
    coefficients = spectrum.directions()[int(fit_intercept) :]
    return np.asarray(np.linalg.qr(coefficients, mode="r"))


def _coefficient_squares(descent: ClosedForm, steps: Integers, factor: Floats) -> Floats:
    """Return |coef_t|^2 summed over targets, descended from zeros."""
    squares = np.zeros(len(steps))
    across = factor[:, descent.moving]
    for part in blocks(len(steps), sum(across.shape)):
        filters = descent.factors.filter_factor(steps[part])
        for reach in descent.amplitudes.T:
            along = filters @ (across * reach).T
            squares[part] += np.einsum("tm,tm->t", along, along)
    return squares


def _decomposable(problem: Problem) -> Problem:
    """Return the problem if all eigenvalues of H can be had, sparse rows made dense if few."""
    if problem.n_parameters <= MOST_PARAMETERS:
        return problem
    if isinstance(problem, RowsInMemory) and problem.n_samples <= MOST_PARAMETERS:
        if not problem.is_sparse:
            return problem
        # No more memory than H may take.
        if problem.n_samples * problem.n_parameters <= MOST_PARAMETERS**2:
            return replace(problem, X=problem.X.toarray())
    raise ValueError(
        f"cv='gcv' needs every eigenvalue of the Hessian for the degrees of freedom, which are "
        f"found only if rows or columns are at most {MOST_PARAMETERS:,}; got "
        f"{problem.n_samples:,} rows and {problem.n_parameters:,} parameters. Pass cv=5, which "
        "needs none of them."
    )
