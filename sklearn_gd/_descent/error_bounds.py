"""How far iterates of a closed form may be from exact arithmetic, from what its spectrum knows.

Eigenvalues and slopes from cross-products are off by a few roundings of the largest; a slope enters
theta_t times (1 - p_t) / eigenvalue. Bounds are of first order, in norm.
"""

from math import inf

import numpy as np

from sklearn_gd._descent.closed_form import ClosedForm
from sklearn_gd._descent.residual_polynomials import clip_overflow
from sklearn_gd._linalg import EPS, Floats

# Coefficients (in norm) and losses are within this of exact arithmetic, relatively, or within
# 4 eps times the condition number of Z.
ACCURACY_RTOL = 1e-10
# Losses below this share of the mean square of y count as this.
SMALLEST_LOSS_SHARE = 1e-16


def is_accurate(descent: ClosedForm, t: int) -> bool:
    """Whether theta_t and J_t are predicted to be within ACCURACY_RTOL, of all directions."""
    accuracy = descent.spectrum.accuracy
    if accuracy.error == 0.0:
        return True
    if descent.spectrum.columns_lost or not descent.energy.size:
        return not descent.spectrum.columns_lost
    loss = max(float(descent.loss(t)), SMALLEST_LOSS_SHARE * accuracy.squares)
    with np.errstate(over="ignore"):  # factors of growing directions
        return bool(
            coefficient_error(descent, t) <= ACCURACY_RTOL
            and loss_error(descent, t) <= ACCURACY_RTOL * loss
        )


def coefficient_error(descent: ClosedForm, t: int) -> float:
    """Return a bound on the relative error of theta_t."""
    gain = clip_overflow(np.abs(descent.factors.filter_factor(t))) / descent.eigenvalues
    accuracy = descent.spectrum.accuracy
    largest = float(descent.spectrum.eigenvalues.max())
    relative = accuracy.error * largest * float(gain.max())
    theta = descent.theta(t)
    # Slopes are off by the rounding of all of Z'y, however little of it a direction has.
    slopes = accuracy.error * np.sqrt(largest * accuracy.squares)
    size = max(float(np.linalg.norm(theta)), float(np.linalg.norm(theta - descent.start)))
    lifted = slopes * float(np.sqrt(np.mean(gain**2)))
    return max(relative, lifted / size if 0.0 < size < inf else 0.0)


def loss_error(descent: ClosedForm, t: int) -> float:
    """Return a bound on the error of J_t."""
    left = clip_overflow(descent.factors.squared(t))
    change = 2.0 * np.sqrt(left) * clip_overflow(descent.factors.sensitivity(t))
    return _loss_error(descent, left, change)


def floor_error(descent: ClosedForm) -> float:
    """Return a bound on the error of the least loss; no smaller loss is told from rounding."""
    left = np.zeros(len(descent.energy))
    return _loss_error(descent, left, left)


def _loss_error(descent: ClosedForm, left: Floats, change: Floats) -> float:
    """J is counted from the first loss, less 1/2 sum slope^2 (1 - p_t^2) / eigenvalue, or from the
    least one, plus the same sum of p_t^2; `left` is p_t^2, which eigenvalues `change`.

    Where both are known they differ by the whole sum, and the better of the bounds holds.
    """
    accuracy, c = descent.spectrum.accuracy, descent.eigenvalues
    # A rounding of y and of predictions moves the floor, which is the part made of residuals.
    floor = max(descent.spectrum.floor, 0.0)
    rounding = accuracy.loss_rounding + EPS * float(np.sqrt(accuracy.squares * floor))
    if accuracy.error == 0.0 or not c.size:
        return rounding
    sums = []
    if accuracy.from_floor:
        sums.append(left)
    if accuracy.from_first:
        sums.append(np.abs(1.0 - left))
    return rounding + min(_error_of_sum(descent, counted, change) for counted in sums)


def _error_of_sum(descent: ClosedForm, counted: Floats, change: Floats) -> float:
    """Return a bound on the error of 1/2 sum slope^2 counted / eigenvalue."""
    accuracy, c = descent.spectrum.accuracy, descent.eigenvalues
    largest = float(descent.spectrum.eigenvalues.max())
    slope_error = accuracy.error * np.sqrt(largest * accuracy.squares)
    from_slopes = slope_error * float(np.linalg.norm(descent.slopes * (counted / c)[:, np.newaxis]))
    # p^2 / c changes with c by p^2 / c^2, and by what p changes.
    from_values = accuracy.error * largest * float(descent.energy @ ((counted + change) / c))
    return float(from_slopes + from_values)
