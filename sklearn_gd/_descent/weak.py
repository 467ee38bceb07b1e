"""Targets along weak directions: a spectrum and rows go in, a spectrum with their slopes comes out.

A decomposition knows singular values to a few roundings of the largest. Where the first residual
lies along small ones, nothing larger covers that error up: coefficients were off by 2e-12 with
singular values 1e-5 of the largest, where the literal loop is off by 1e-13, since its products with
the rows are rounded anew at every update and their errors cancel.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# A slope at the start that is below this share of the largest possible one. Errors of slopes are
# then up to 1e-13 of them; targets of some size along some large direction are never weak.
WEAK = 0.02


def sharpened(spectrum: Spectrum, rows: Rows) -> Spectrum:
    """With the slopes that the rows have at the start, where those are weak."""
    along = spectrum.residual
    squares = np.vdot(along, spectrum.curvature[:, np.newaxis] * along)
    if not squares < WEAK**2 * spectrum.largest_curvature * np.vdot(along, along):
        return spectrum
    slopes = spectrum.basis.T @ rows.slopes(spectrum.start)
    return replace(spectrum, slopes=np.where(along == 0, 0.0, slopes))
