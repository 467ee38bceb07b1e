"""The way through the house: rows and a rate go in, a descent and its stop come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import choice, krylov, loop
from sklearn_gd._descent.bidiagonal import ScaledRows
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
    """What the user asks of a descent; `lr=None` is the classical safe rate."""

    lr: float | None
    tol: float | None
    max_iter: int


@dataclass(frozen=True)
class Plan:
    """A descent, when it is to stop, and so where it stops."""

    descent: Descent
    stopping: Stopping
    stop: Stop

    @cached_property
    def holds(self) -> bool:
        """Whether every iterate up to the stop is known within the contract."""
        return self.descent.holds(self.stop.t, float(self.descent.loss(self.stop.t)))


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
        descent, stop = krylov.on_moments(moments, rows, start, _ask(rows, terms))
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
    return krylov.Ask(terms.lr, terms.max_iter, lambda descent: _plan(descent, rows, terms).stop)


def _spectral(
    rows: Rows, start: Floats, terms: Terms, solver: str, moments: Moments
) -> tuple[Descent, Stop, Moments]:
    """On the moments where they hold enough digits, else on the rows too."""
    spectrum = eigenbasis(moments, start, rows.fit_intercept)
    plan = _held(_plan(_descent(spectrum, terms), rows, terms), rows, terms)
    if plan is None:
        plan = _plan(_descent(refine(rows, spectrum), terms), rows, terms)
    if solver == "loop":
        return *_walk(rows, plan), moments
    return plan.descent, plan.stop, moments


def _descent(spectrum: Spectrum, terms: Terms) -> Descent:
    largest = spectrum.largest_curvature
    return Descent(spectrum, terms.lr or (1.0 / largest if largest > 0 else 1.0))


def _plan(descent: Descent, rows: Rows, terms: Terms) -> Plan:
    # Below its resolution a loss is rounding noise, which must not stop anything by accident.
    tol = terms.tol
    if tol is not None and tol <= descent.spectrum.resolution:
        tol = None
    rounding = float(np.finfo(rows.X.dtype).eps)
    stopping = foresee(descent, tol, terms.max_iter, rounding)
    return Plan(descent, stopping, find_stop(descent, stopping))


def _held(plan: Plan, rows: Rows, terms: Terms) -> Plan | None:
    """The plan where its descent holds its digits, at most by measuring the last loss; else None.

    A loss measured otherwise may be below `tol` at another t.
    """
    descent, t = plan.descent, plan.stop.t
    if not plan.holds and descent.lacks_only_the_loss(t):
        loss = ScaledRows(rows).loss(descent.theta(t))
        plan = _plan(descent.measured(t, loss), rows, terms)
    return plan if plan.holds else None


def _walk(rows: Rows, plan: Plan) -> tuple[Descent, Stop]:
    """The textbook loop in the place of the closed form, whose answers beyond the stop it keeps."""
    descent, spectrum = plan.descent, plan.descent.spectrum
    keep = RECORD_LIMIT_BYTES // (8 * (spectrum.start.size + 1))
    with np.errstate(over="ignore", invalid="ignore"):  # the update after a divergence
        stop, thetas, losses = loop.descend(rows, spectrum.start, descent.lr, plan.stopping, keep)
    if stop.t >= keep:
        return descent, stop
    return RecordedDescent(spectrum, descent.lr, thetas, losses), stop
