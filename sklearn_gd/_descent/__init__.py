"""Descent without data: update rules, the closed form of their iterates, and when they stop.

A spectrum (eigenvalues, the residual along them, a start) comes in; losses, parameters and stops at
any number of updates go out.
Imports `_linalg`, NumPy and SciPy only.
"""

from sklearn_gd._descent.closed_form import ClosedForm
from sklearn_gd._descent.error_bounds import (
    ACCURACY_RTOL,
    SMALLEST_LOSS_SHARE,
    floor_error,
    is_accurate,
)
from sklearn_gd._descent.recorded import RecordedDescent
from sklearn_gd._descent.residual_polynomials import clip_overflow
from sklearn_gd._descent.spectrum import Accuracy, KrylovSpectrum, Spectrum
from sklearn_gd._descent.stopping import MOST_UPDATES, Stop, StoppingRule, find_stop, first_true
from sklearn_gd._descent.update_rule import UpdateRule, rounded_down
