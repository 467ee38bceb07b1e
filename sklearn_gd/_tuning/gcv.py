"""Generalised cross-validation: the score of every iterate without held-out rows.

GCV = mean squared error on all rows / (1 - dof / W)^2, averaged over targets, with the degrees of
freedom dof = tr(H_0 H^+ (I - p_t(H))) (Golub, Heath and Wahba 1979).
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_gd._data import Problem, zeros
from sklearn_gd._descent import ClosedForm, Spectrum
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers import MOST_PARAMETERS, SpectralProblem
from sklearn_gd._tuning.grid import Grid, Integers, blocks
from sklearn_gd._tuning.held_out import HeldOut
from sklearn_gd._tuning.strategies import accurate_spectrum


def generalised_cross_validation(whole: SpectralProblem, grid: Grid) -> tuple[Floats, Floats]:
    """Return GCV, infinite if no degree of freedom is left, and dof, (n_lrs, n_iters) each.

    Rows count as often as they weigh.
    """
    problem = whole.problem
    spectrum = accurate_spectrum(whole, grid)
    k = problem.n_targets
    lengths = _lengths(spectrum, problem.fit_intercept) if problem.alpha else None
    gcv, dof = [], []
    for descent, steps in grid.descents(spectrum):
        squares = 2.0 / k * descent.loss(steps)
        if lengths is not None:
            squares = squares - problem.alpha * lengths.errors_of(descent, steps)
        left = _share_left(descent, steps, problem.weight)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            score = np.where(left > 0, squares / left**2, np.inf)
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


def _lengths(spectrum: Spectrum, fit_intercept: bool) -> HeldOut:
    """Return a factor R whose errors are the mean of |coef_t|^2 over targets, from zeros."""
    coefficients = np.linalg.qr(spectrum.directions()[int(fit_intercept) :], mode="r")
    m, k = len(coefficients), spectrum.start.shape[1]
    return HeldOut(np.column_stack([coefficients, np.zeros((m, k))]), np.ones(m), k)


def problem_for_gcv(problem: Problem) -> SpectralProblem:
    """Return the decomposition of all rows, all eigenvalues of H among it.

    Few sparse rows are made dense, in no more memory than H may take.
    """
    rows: Any = problem
    n, p = rows.n_samples, rows.n_parameters
    few = rows.in_memory and n <= MOST_PARAMETERS < p
    if few and rows.is_sparse and n * p <= MOST_PARAMETERS**2:
        rows = replace(rows, X=rows.X.toarray())
    if p <= MOST_PARAMETERS or (few and not rows.is_sparse):
        return SpectralProblem(rows, zeros(rows))
    raise ValueError(
        f"cv='gcv' needs every eigenvalue of the Hessian for the degrees of freedom, which are "
        f"found only if rows or columns are at most {MOST_PARAMETERS:,}; got "
        f"{n:,} rows and {p:,} parameters. Pass cv=5, which needs none of them."
    )
