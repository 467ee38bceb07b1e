"""What a descent has before it, in numbers: warnings and diagnoses say the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._data import Moments
from sklearn_gd._report.parameter_names import direction_name
from sklearn_gd.path import DescentPath
from sklearn_gd._descent.section import whole
from sklearn_gd._descent.spectrum import Spectrum, eigenbasis
from sklearn_gd._descent.stopping import Stopping, find_stop

Floats = NDArray[np.float64]

# A floor below this share of the first loss is that of data fitted exactly: nothing is near zero.
NO_FLOOR = 1e-12
# A direction that holds less than this share of the loss there is to lose is not worth a word.
WORTH_NAMING = 1e-6


@dataclass(frozen=True)
class Goal:
    """A loss close to the least possible one, and how to say so."""

    loss: float
    words: str


def is_floor(loss_floor: float, first_loss: float) -> bool:
    """Whether the least possible loss is above zero, so that one can come near it."""
    return loss_floor > NO_FLOOR * first_loss


def goal(path: DescentPath, share: float) -> Goal:
    """`share` above the least possible loss or, where that is zero, `share` of the first loss."""
    first = path._descent.loss_at(0)
    if is_floor(path.loss_floor, first):
        return Goal(path.loss_floor * (1 + share), f"within {100 * share:.4g} % of the least loss")
    return Goal(share * first, f"to {100 * share:.4g} % of the first loss")


def best_constant_lr(spectrum: Spectrum) -> float:
    """2 / (largest + smallest curvature): the rate whose slowest direction is fastest."""
    spectrum = whole(spectrum)
    felt = spectrum.curvature[spectrum.felt]
    return 2.0 / float(felt.max() + felt.min()) if felt.size else inf


def standardised(path: DescentPath, moments: Moments) -> DescentPath:
    """The descent from zeros, at the classical rate, had the columns been standardised."""
    intercept = path._layout.fit_intercept
    start = np.zeros_like(path._descent.spectrum.start)
    spectrum = eigenbasis(moments.standardised(intercept), start, intercept)
    largest = spectrum.largest_curvature
    descent = Descent(spectrum, 1.0 / largest if largest > 0 else 1.0)
    return DescentPath(descent, path._stop, path._layout)


def updates_to(path: DescentPath, share: float) -> int | None:
    """The updates after which the loss is at its goal; None where it never will be."""
    near = goal(path, share).loss
    return 0 if path._descent.loss_at(0) <= near else path.iterations_to(near)


def updates_when_standardised(path: DescentPath, scaled: DescentPath, share: float) -> int | None:
    """The updates that `scaled` needs for the loss that is `share` from the floor of `path`."""
    # The floors are one number, but each is known to its own rounding only.
    near = max(goal(path, share).loss, scaled.loss_floor * (1 + share))
    return 0 if scaled._descent.loss_at(0) <= near else scaled.iterations_to(near)


@dataclass(frozen=True)
class SlowDirection:
    """A combination of parameters along which the descent takes its time.

    Attributes
    ----------
    name : str
        Its heaviest parameters: "s1 - s2" rises in s1 where it falls in s2.
    curvature : float
        The eigenvalue of H that belongs to it.
    time_constant : float
        Updates in which the distance left falls to 1/e of itself; infinite where it does not.
    share : float
        The part of the loss there is to lose that lies along it.
    """

    name: str
    curvature: float
    time_constant: float
    share: float


def slowest(path: DescentPath, names: Sequence[str], most: int) -> tuple[SlowDirection, ...]:
    """The directions that hold some of the loss, those with the longest time constants first."""
    descent, _ = path._descent, whole(path._descent.spectrum)
    log_size = descent.contraction.log_size
    share = descent.energy / max(float(descent.energy.sum()), np.finfo(float).tiny)
    order = [int(i) for i in np.argsort(-log_size, kind="stable") if share[i] >= WORTH_NAMING]
    curvature = descent.spectrum.curvature[descent.moving]
    return tuple(
        SlowDirection(
            name=direction_name(descent.basis[:, i], names),
            curvature=float(curvature[i]),
            time_constant=-1.0 / float(log_size[i]) if log_size[i] < 0 else inf,
            share=float(share[i]),
        )
        for i in order[:most]
    )


def at_rate(path: DescentPath, lr: float) -> DescentPath:
    """The same descent at another constant rate, as far as the first one went."""
    descent = Descent(whole(path._descent.spectrum), lr)
    stop = find_stop(descent, Stopping(None, max(path.n_iter, 1), diverging=descent.diverging))
    return DescentPath(descent, stop, path._layout)
