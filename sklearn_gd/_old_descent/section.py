"""J cut along a line or a plane: a descent and directions go in, a quadratic comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.spectrum import Spectrum

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Section:
    """J = floor + 1/2 offset' curvature offset, offset from a least-squares solution."""

    floor: float
    curvature: Floats  # (m, m): H as the m directions feel it


def whole(spectrum: Spectrum) -> Spectrum:
    """The spectrum, where it holds every direction; one of a Krylov space does not."""
    if not spectrum.has_directions:
        raise ValueError(
            "This needs all directions of the problem, but the solver kept only what the descent "
            "needed. Fit with solver='spectral', where X has few enough columns."
        )
    return spectrum


def section(descent: Descent, directions: Floats) -> Section:
    """J cut along the columns of `directions` (p, m), the rest held at least squares."""
    spectrum = whole(descent.spectrum)
    across = spectrum.basis.T @ directions
    return Section(spectrum.floor, across.T @ (spectrum.curvature[:, np.newaxis] * across))


def least_squares(descent: Descent) -> Floats:
    """The theta (p, k) that a stable rate leads to: of all least-squares solutions the nearest."""
    start = whole(descent.spectrum).start
    return np.asarray(start + descent.basis @ descent.amplitudes)


def most_telling(descent: Descent, target: int) -> tuple[Floats, float]:
    """The two directions (p, 2) that hold most of the loss there is to lose, and their share.

    Along each its heaviest parameter rises, as its name says; a decomposition leaves that open.
    """
    spectrum = whole(descent.spectrum)
    energy = spectrum.residual[:, target] ** 2
    order = np.argsort(-energy, kind="stable")[:2]
    total = float(energy.sum())
    directions = spectrum.basis[:, order]
    heaviest = np.abs(directions).argmax(axis=0)
    upwards = directions * np.sign(directions[heaviest, np.arange(len(heaviest))])
    return upwards, float(energy[order].sum()) / total if total > 0 else 1.0
