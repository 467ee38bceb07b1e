"""The way through the house: rows and a rate go in, a descent and its stop come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import choice, krylov, loop
from sklearn_gd._descent.descent import Descent, RecordedDescent
from sklearn_gd._descent.moments import Moments, moments_of
from sklearn_gd._descent.rows import LARGEST_SIZE, Rows
from sklearn_gd._descent.spectrum import Spectrum, eigenbasis, refine
from sklearn_gd._descent.stopping import Stop, Stopping, find_stop, foresee

Floats = NDArray[np.float64]

# A loop's record larger than this is not kept; its path then answers by the closed form.
RECORD_LIMIT_BYTES = 1 << 28


@dataclass(frozen=True)
class Terms:
    """What the user asks of a descent; `lr=None` is the classical safe rate.

    `watch` is called at every step of a long search for it, where there is one.
    """

    lr: float | None
    tol: float | None
    max_iter: int
    watch: Callable[[], None] = lambda: None


def solve(
    rows: Rows, start: Floats, terms: Terms, solver: str, moments: Moments | None = None
) -> tuple[Descent, Stop, Moments | None]:
    """Descend from `start`; moments come along where the descent was found from them.

    `moments` are those of the rows, where they are there already.
    """
    _check_start(rows, start)
    if solver in ("auto", "krylov"):
        shape = choice.Shape.of(rows, terms.max_iter)
        solver = shape.best_engine() if solver == "auto" else shape.best_krylov()
    if solver == choice.KRYLOV_ON_MOMENTS:
        moments = moments or moments_of(rows)
        ask = _ask(rows, terms)
        descent, stop = krylov.on_moments(moments, rows.fit_intercept, start, ask)
        if descent.holds(stop.t, float(descent.loss(stop.t))):
            return descent, stop, None  # advice on scaling would decompose them
        solver = choice.KRYLOV_ON_ROWS
    if solver == choice.KRYLOV_ON_ROWS:
        return *krylov.on_rows(rows, start, _ask(rows, terms)), None
    return _spectral(rows, start, terms, solver, moments or moments_of(rows))


def _check_start(rows: Rows, start: Floats) -> None:
    if start.any():
        with np.errstate(over="ignore", invalid="ignore"):
            loss, _ = rows.loss_and_gradient(start)
        if not loss <= LARGEST_SIZE**2:
            raise ValueError(
                f"The start is too far off: its loss {loss:.3g} is above {LARGEST_SIZE**2:.0e}. "
                f"Give smaller coef_init and intercept_init."
            )


def _ask(rows: Rows, terms: Terms) -> krylov.Ask:
    rounding = float(np.finfo(rows.X.dtype).eps)
    return krylov.Ask(
        terms.lr, terms.max_iter, lambda path: _stop(path, terms, rounding)[1], terms.watch
    )


def _spectral(
    rows: Rows, start: Floats, terms: Terms, solver: str, moments: Moments
) -> tuple[Descent, Stop, Moments]:
    """On the moments where they hold enough digits, else on the rows too."""
    spectrum = eigenbasis(moments, start, rows.fit_intercept)
    rounding = float(np.finfo(rows.X.dtype).eps)
    descent, stopping, stop = _plan(spectrum, terms, rounding)
    if not descent.holds(stop.t, float(descent.loss(stop.t))):
        descent, stopping, stop = _plan(refine(rows, spectrum), terms, rounding)
    if solver == "loop":
        descent, stop = _walk(rows, descent, stopping)
    return descent, stop, moments


def _plan(spectrum: Spectrum, terms: Terms, rounding: float) -> tuple[Descent, Stopping, Stop]:
    largest = spectrum.largest_curvature
    lr = terms.lr if terms.lr is not None else 1.0 / largest if largest > 0 else 1.0
    descent = Descent(spectrum, lr)
    return descent, *_stop(descent, terms, rounding)


def _stop(descent: Descent, terms: Terms, rounding: float) -> tuple[Stopping, Stop]:
    # Below its resolution a loss is rounding noise, which must not stop anything by accident.
    tol = terms.tol
    if tol is not None and tol <= descent.spectrum.resolution:
        tol = None
    stopping = foresee(descent, tol, terms.max_iter, rounding)
    return stopping, find_stop(descent, stopping)


def _walk(rows: Rows, descent: Descent, stopping: Stopping) -> tuple[Descent, Stop]:
    """The textbook loop in the place of the closed form, whose answers beyond the stop it keeps."""
    spectrum = descent.spectrum
    keep = RECORD_LIMIT_BYTES // (8 * (spectrum.start.size + 1))
    with np.errstate(over="ignore", invalid="ignore"):  # the update after a divergence
        stop, thetas, losses = loop.descend(rows, spectrum.start, descent.lr, stopping, keep)
    if stop.t >= keep:
        return descent, stop
    return RecordedDescent(spectrum, descent.lr, thetas, losses), stop
