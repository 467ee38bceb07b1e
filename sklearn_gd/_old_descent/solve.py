"""The way through the house: a problem and a rate go in, a descent and its stop come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import choice, krylov, loop, prices
from sklearn_gd._descent.descent import Descent, RecordedDescent
from sklearn_gd._descent.moments import HaveMoments, Moments
from sklearn_gd._descent.problem import Gathered, Problem, RowsInMemory, refine
from sklearn_gd._descent.rows import LARGEST_SIZE
from sklearn_gd._descent.short import short_descent
from sklearn_gd._descent.spectrum import CONTRACT, Spectrum, eigenbasis
from sklearn_gd._descent.stopping import Stop, Stopping, find_stop, foresee
from sklearn_gd._descent.weak import sharp_loss, sharpened

Floats = NDArray[np.float64]

# A loop's record larger than this is not kept; its path then answers by the closed form.
RECORD_LIMIT_BYTES = 1 << 28
# More columns than this, and than rows, are not summed for a sentence on scaling.
MOST_COLUMNS_OF_ADVICE = 256
# Numbers that directions may have, and multiplications that a product with the rows may take, if
# these are to be asked of the rows once more; and if a Krylov space is given up for that, where its
# directions may lean so many times too far.
MOST_SHARPENED, MOST_FLOPS = 1 << 22, 1e11
MOST_FLOPS_FOR_KRYLOV, KRYLOV_LEANS = 1e10, 4.0


@dataclass(frozen=True)
class Terms:
    """What the user asks of a descent; `lr=None` is the classical safe rate.

    `watch` is called at every step of a long search for it, where there is one.
    """

    lr: float | None
    tol: float | None
    max_iter: int
    watch: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Plan:
    """A descent, when it is to stop, and so where it stops."""

    descent: Descent
    stopping: Stopping
    stop: Stop

    @cached_property
    def holds(self) -> bool:
        """Whether every iterate up to the stop is known within the contract."""
        return self.descent.holds(self.stop.t, self.descent.loss_at(self.stop.t))


def solve(
    problem: Problem | Gathered,
    start: Floats,
    terms: Terms,
    solver: str,
    moments: Moments | None = None,
) -> tuple[Descent, Stop, HaveMoments | None]:
    """Descend from `start`; with it comes how to have the moments, where they cost little now.

    `moments` are those of the problem, where they are there already.
    """
    _check_start(problem, start)
    if solver not in ("auto", "krylov"):
        return _solve_by(solver, problem, start, terms, moments)
    shape = choice.Shape.of(problem, terms.max_iter, terms.lr is not None)
    if isinstance(problem, Gathered):
        return _solve_by(shape.on_moments(solver), problem, start, terms, moments)
    engine = (shape.without_loop() if moments else shape).with_rows(solver)
    if engine == prices.LOOP:
        assert isinstance(problem, RowsInMemory)
        assert terms.lr is not None
        short = short_descent(problem, start, terms.lr, terms.tol, shape)
        if short is not None:
            return *short, None
        engine = shape.without_loop().with_rows(solver)
    return _solve_by(engine, problem, start, terms, moments)


def _solve_by(
    engine: str,
    problem: Problem | Gathered,
    start: Floats,
    terms: Terms,
    moments: Moments | None,
) -> tuple[Descent, Stop, HaveMoments | None]:
    """By one of the engines, or step by step: engine "loop"."""
    gathered = isinstance(problem, Gathered)
    if engine == prices.KRYLOV_ON_MOMENTS:
        moments = moments or problem.moments()
        ask, measure = _ask(problem, terms), None if gathered else problem.loss
        descent, stop = krylov.on_moments(moments, problem.fit_intercept, start, ask, measure)
        if gathered or descent.holds(stop.t, float(descent.loss(stop.t))):
            return descent, stop, None  # advice on scaling would decompose them
        engine = prices.KRYLOV_ON_ROWS
    if engine == prices.KRYLOV_ON_ROWS and not isinstance(problem, Gathered):
        descent, stop = krylov.on_rows(problem.sides(), start, _ask(problem, terms))
        lacking = descent.leaning_error(stop.t) > KRYLOV_LEANS * CONTRACT
        if not (lacking and _may_be_sharpened(problem, MOST_FLOPS_FOR_KRYLOV)):
            return descent, stop, None
    if isinstance(problem, RowsInMemory) and problem.are_few:
        spectrum = problem.decomposed(start, terms.max_iter)
        plan = _decomposed(spectrum, problem, terms)
        return *_taken(plan, problem, engine), _cheap_moments(problem, moments)
    moments = moments or problem.moments()
    plan = _spectral(problem, start, terms, moments)
    have = HaveMoments.of(moments, problem.fit_intercept)
    return *_taken(plan, problem, engine), have


def _may_be_sharpened(problem: Problem, most: float) -> TypeGuard[RowsInMemory]:
    """Whether its directions can be asked of the rows, in memory and time."""
    if not isinstance(problem, RowsInMemory):
        return False
    n, p = problem.n_samples, problem.n_parameters
    return p * min(n, p) <= MOST_SHARPENED and n * p * min(n, p) <= most


def _cheap_moments(problem: RowsInMemory, known: Moments | None) -> HaveMoments | None:
    """Of few rows, unless they have very many columns."""
    if known is not None:
        return HaveMoments.of(known, problem.fit_intercept)
    cheap = problem.n_parameters <= max(problem.n_samples, MOST_COLUMNS_OF_ADVICE)
    return HaveMoments(problem.moments, problem.may_gain_from_scaling) if cheap else None


def _check_start(problem: Problem | Gathered, start: Floats) -> None:
    if start.any():
        with np.errstate(over="ignore", invalid="ignore"):
            loss = problem.loss(start)
        if not loss <= LARGEST_SIZE**2:
            raise ValueError(
                f"The start is too far off: its loss {loss:.3g} is above {LARGEST_SIZE**2:.0e}. "
                f"Give smaller coef_init and intercept_init."
            )


def _ask(problem: Problem | Gathered, terms: Terms) -> krylov.Ask:
    def stop_of(descent: Descent) -> Stop:
        return _plan(descent, problem, terms).stop

    return krylov.Ask(terms.lr, terms.max_iter, stop_of, terms.watch)


def _spectral(problem: Problem | Gathered, start: Floats, terms: Terms, moments: Moments) -> Plan:
    """On the moments where they hold enough digits, else on the rows too."""
    spectrum = eigenbasis(moments, start, problem.fit_intercept)
    plan = _plan(_descent(spectrum, terms), problem, terms)
    if not isinstance(problem, Gathered):
        plan = _with_last_loss(plan, problem, terms.tol)
        if not plan.holds:
            plan = _decomposed(refine(problem, spectrum), problem, terms)
    return plan


def _decomposed(spectrum: Spectrum, problem: Problem, terms: Terms) -> Plan:
    """On a decomposition, whose small singular values may be asked of the rows once more."""
    plan = _plan(_descent(spectrum, terms), problem, terms)
    if not isinstance(problem, RowsInMemory):
        return plan
    leans = plan.descent.leaning_error(plan.stop.t) > CONTRACT
    if leans and _may_be_sharpened(problem, MOST_FLOPS):
        plan = _plan(_descent(sharpened(spectrum, problem), terms), problem, terms)
    if not plan.descent.floor_leans(plan.stop.t):
        return plan
    rounds = plan.descent.rounds_predictions(plan.stop.t)
    return _measured(plan, partial(sharp_loss, problem) if rounds else problem.loss, terms.tol)


def _taken(plan: Plan, problem: Problem | Gathered, engine: str) -> tuple[Descent, Stop]:
    """Where the plan leads, in one step or step by step."""
    return _walk(problem, plan) if engine == "loop" else (plan.descent, plan.stop)


def _descent(spectrum: Spectrum, terms: Terms) -> Descent:
    largest = spectrum.largest_curvature
    return Descent(spectrum, terms.lr or (1.0 / largest if largest > 0 else 1.0))


def _plan(descent: Descent, problem: Problem | Gathered, terms: Terms) -> Plan:
    stopping = foresee(descent, _told(terms.tol, descent), terms.max_iter, problem.rounding)
    return Plan(descent, stopping, find_stop(descent, stopping))


def _told(tol: float | None, descent: Descent) -> float | None:
    """Below its resolution a loss is rounding noise, which must not stop anything by accident."""
    return None if tol is None or tol <= descent.spectrum.resolution else tol


def _with_last_loss(plan: Plan, problem: Problem, tol: float | None) -> Plan:
    """The plan; where only the loss lacks digits, that of the last loss measured on the rows.

    It may fall below `tol` at another t then, or below one that could not be told from rounding;
    coefficients come to rest when they did.
    """
    if plan.holds or not plan.descent.lacks_only_the_loss(plan.stop.t):
        return plan
    return _measured(plan, problem.loss, tol)


def _measured(plan: Plan, loss: Callable[[Floats], float], tol: float | None) -> Plan:
    descent, t = plan.descent, plan.stop.t
    descent = descent.measured(t, loss(descent.theta_at(t)))
    stopping = replace(plan.stopping, tol=_told(tol, descent))
    return Plan(descent, stopping, find_stop(descent, stopping))


def _walk(problem: Problem | Gathered, plan: Plan) -> tuple[Descent, Stop]:
    """The textbook loop in the place of the closed form, whose answers beyond the stop it keeps."""
    descent, spectrum = plan.descent, plan.descent.spectrum
    keep = RECORD_LIMIT_BYTES // (8 * (spectrum.start.size + 1))
    with np.errstate(over="ignore", invalid="ignore"):  # the update after a divergence
        stop, thetas, losses = loop.descend(
            problem, spectrum.start, descent.lr, plan.stopping, keep
        )
    if stop.t >= keep:
        return descent, stop
    return RecordedDescent(spectrum, descent.lr, thetas, losses), stop
