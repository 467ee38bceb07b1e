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

from sklearn_gd._descent.lapack import DIVIDED_ERROR
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]

# A slope at the start that is below this share of the largest possible one. Errors of slopes are
# then up to 1e-13 of them; targets of some size along some large direction are never weak.
WEAK = 0.02


def sharpened(spectrum: Spectrum, rows: Rows) -> Spectrum:
    """With singular values v'Z'r / u'r, r the first residual, where it is weak.

    These give the slopes v'Z'r that the rows have, and are singular values to second order in the
    errors of u and v. Where they are further from the first ones than those may be off, r has next
    to nothing along u, and that is what the slope says it is.
    """
    sigma, along = np.sqrt(spectrum.curvature)[:, np.newaxis], spectrum.residual
    largest = float(sigma.max(initial=0.0))
    if not _size(sigma * along) < WEAK * largest * _size(along):
        return spectrum
    slopes = spectrum.basis.T @ rows.slopes(spectrum.start)
    squares = (along**2).sum(axis=1, keepdims=True)
    products = (slopes * along).sum(axis=1, keepdims=True)
    quotients = products / np.where(squares > 0, squares, 1.0)
    near = np.abs(quotients - sigma) <= np.minimum(DIVIDED_ERROR * largest, 0.5 * sigma)
    still = squares == 0  # as all flat directions are
    return replace(
        spectrum,
        curvature=np.where(near, quotients, sigma)[:, 0] ** 2,
        residual=np.where(near | still, along, slopes / np.where(still, 1.0, sigma)),
    )


def _size(columns: Floats) -> float:
    return float(np.sqrt(np.einsum("ik,ik", columns, columns)))
