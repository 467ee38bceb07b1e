"""What a descent is up against, in numbers and in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from sklearn_gd._descent import rounded_down
from sklearn_gd._report.forecast import goal, is_exact, listed, updates_to
from sklearn_gd._report.parameter_names import direction_name

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

# How near the least loss: within 10 %, 1 % and 0.1 % of it.
SHARES = (0.1, 0.01, 0.001)
# As many of the slowest directions as can be taken in.
MOST_DIRECTIONS = 3
# A direction that falls e-fold in fewer updates than this is not slow.
SLOW = 2
# A direction that holds less than this share of the loss there is to lose is not worth a word.
WORTH_NAMING = 1e-6


@dataclass(frozen=True)
class SlowDirection:
    """A combination of parameters along which the descent takes its time.

    Attributes
    ----------
    name : str
        Its heaviest parameters: "s1 - s2" rises in s1 and falls in s2.
    curvature : float
        The eigenvalue of H that belongs to it.
    time_constant : float
        Updates in which the distance left falls to 1/e of itself; infinite when it does not.
    share : float
        The part of the loss there is to lose that lies along it.
    """

    name: str
    curvature: float
    time_constant: float
    share: float


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """How a descent will fare, and why. Made by :func:`diagnose`; it prints as a few lines.

    Attributes
    ----------
    lr : float
        The rate that the update counts and time constants are for.
    max_stable_lr : float
        A rate above it diverges: 2 / largest eigenvalue of H without momentum.
    best_lr, best_momentum : float
        The rate and the momentum whose slowest direction is fastest; without momentum
        2 / (largest + smallest non-zero eigenvalue) and 0.
    condition_number : float
        Largest over smallest non-zero singular value of Z = [1 X] (or X); infinite when columns are
        too far apart in scale for float64. The updates needed grow like its square, with the best
        momentum like itself.
    first_loss, loss_floor : float
        The loss at the start and the least possible one.
    updates : mapping of float to (int or None)
        Updates needed to come within 0.1, 0.01 and 0.001 of the floor or, if the floor is zero,
        down to those shares of the first loss. None: never at this rate, or not known.
    slowest : tuple of SlowDirection
        Directions that hold some of the loss, the slowest first; each has a `name`, `curvature`,
        `time_constant` and `share`.
    standardised : Diagnosis or None
        The same after a scaler, at its own classical rate. None when rows were not given.
    constant_columns : tuple of str or None
        Columns that repeat the intercept. None when rows were not given.
    lost_columns : tuple of str
        The largest column and those that vary too little beside its size for float64 to see all
        directions; empty when rows were not given.
    scaler : str
        The scaler of `standardised`: "StandardScaler()", or without centring.
    exact : bool
        Whether the least loss cannot be told from zero.
    """

    lr: float
    max_stable_lr: float
    best_lr: float
    best_momentum: float
    condition_number: float
    first_loss: float
    loss_floor: float
    updates: Mapping[float, int | None]
    slowest: tuple[SlowDirection, ...]
    standardised: Diagnosis | None = None
    constant_columns: tuple[str, ...] | None = None
    lost_columns: tuple[str, ...] = ()
    scaler: str = "StandardScaler()"
    exact: bool = False

    def __repr__(self) -> str:
        lines = list(self._lines())
        width = max(len(label) for label, _ in lines)
        return "\n".join(f"{label:<{width}}  {said}" for label, said in lines)

    def _repr_html_(self) -> str:
        cell = '<td style="text-align: left">'
        rows = "".join(
            f'<tr><th style="text-align: left">{escape(label)}</th>{cell}{escape(said)}</td></tr>'
            for label, said in self._lines()
        )
        return f"<table><caption>Diagnosis of the descent</caption><tbody>{rows}</tbody></table>"

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "learning rate", self._rate_words()
        yield "condition number", f"{self.condition_number:.4g}"
        if not isfinite(self.condition_number):
            columns = listed(self.lost_columns) or "columns"
            yield "lost", f"{columns}: too far apart in scale for float64; standardise"
        least = 0.0 if self.exact else self.loss_floor
        yield "loss", f"{self.first_loss:.6g} at the start, {least:.6g} at least"
        yield "updates", self._update_words()
        slow = [d for d in self.slowest if d.time_constant >= SLOW]
        for i, direction in enumerate(slow):
            label = "slowest" if isfinite(direction.time_constant) else "growing"
            yield "" if i else label, _direction_words(direction)
        if self.standardised is not None:
            yield "standardised", self.standardised._words_beside_others()
        if self.constant_columns:
            columns = ", ".join(self.constant_columns)
            yield "constant", f"{columns}: adds nothing beside the intercept, leave it out"

    def _rate_words(self) -> str:
        verdict = "stable" if self.lr < self.max_stable_lr else "diverges, stable only"
        best = f"best constant rate {self.best_lr:.4g}"
        if self.best_momentum:
            best += f" with momentum {self.best_momentum:.4g}"
        return f"{self.lr:.4g}: {verdict} below {rounded_down(self.max_stable_lr)}; {best}"

    def _update_words(self) -> str:
        if None in self.updates.values():
            if isfinite(self.condition_number):
                return "never come near the least loss at this rate"
            return "not known before the columns are scaled"
        reach, of = ("down to", "first") if self.exact else ("within", "least")
        (share, updates), *others = self.updates.items()
        said = [f"{updates:,} to come {reach} {100 * share:.4g} % of the {of} loss"]
        said += [f"{updates:,} for {100 * share:.4g} %" for share, updates in others]
        return ", ".join(said)

    def _words_beside_others(self) -> str:
        *counts, last = ["never" if n is None else f"{n:,}" for n in self.updates.values()]
        return (
            f"condition number {self.condition_number:.4g}, stable below "
            f"{rounded_down(self.max_stable_lr)}, updates {', '.join(counts)} and {last}"
        )


def diagnosis_of(
    path: DescentPath, names: Sequence[str], goals: Mapping[float, float] | None = None
) -> Diagnosis:
    """What a path knows; `goals` are the losses to come to by their shares."""
    best_lr, best_momentum = path.fastest_rates(momentum=path.momentum > 0)
    goals = goals or {share: goal(path, share) for share in SHARES}
    lost = path._all_directions.spectrum.columns_lost
    return Diagnosis(
        lr=path.lr,
        max_stable_lr=path.max_stable_lr,
        best_lr=best_lr,
        best_momentum=best_momentum,
        condition_number=path.condition_number,
        first_loss=float(path.loss(0)),
        loss_floor=path.loss_floor,
        updates={share: updates_to(path, loss) for share, loss in goals.items()},
        slowest=() if lost else _slowest(path, names),
        exact=is_exact(path),
    )


def _slowest(path: DescentPath, names: Sequence[str]) -> tuple[SlowDirection, ...]:
    """The directions that hold some of the loss, the longest time constants first."""
    descent = path._all_directions
    log_rate = descent.factors.log_rate
    share = descent.energy / max(float(descent.energy.sum()), np.finfo(float).tiny)
    order = [int(i) for i in np.argsort(-log_rate, kind="stable") if share[i] >= WORTH_NAMING]
    basis = descent.spectrum.basis[:, descent.moving]
    return tuple(
        SlowDirection(
            name=direction_name(basis[:, i], names),
            curvature=float(descent.eigenvalues[i]),
            time_constant=-1.0 / float(log_rate[i]) if log_rate[i] < 0 else inf,
            share=float(share[i]),
        )
        for i in order[:MOST_DIRECTIONS]
    )


def _direction_words(direction: SlowDirection) -> str:
    share = float(f"{100 * direction.share:.2g}")  # by itself .2g makes 1e+02 of 100
    held = f"{direction.name}: {share:g} % of the loss to lose"
    if isfinite(direction.time_constant):
        return f"{held}, falling e-fold every {direction.time_constant:,.0f} updates"
    return f"{held}, growing"
