"""What a descent is up against: stable rates, waiting times and slow directions, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import isfinite
from numbers import Real
from types import MappingProxyType
from typing import Any

from sklearn_gd._data import zeros
from sklearn_gd._descent import rounded_down
from sklearn_gd._estimator.parameters import check_flag, check_nonnegative, check_number
from sklearn_gd._estimator.path_of import names_of, path_of
from sklearn_gd._estimator.prepare import fit_path, naming_what_is_not_finite, prepare
from sklearn_gd._estimator.validation import FeatureChecker
from sklearn_gd._report.errstate import without_underflow
from sklearn_gd._report.forecast import (
    SlowDirection,
    goal,
    is_exact,
    listed,
    lost_columns,
    scaled_path,
    scaler_for,
    slowest,
    updates_to,
)
from sklearn_gd._solvers import DescentOptions
from sklearn_gd.path import DescentPath

# How near the least loss: within 10 %, 1 % and 0.1 % of it.
SHARES = (0.1, 0.01, 0.001)
# As many of the slowest directions as can be taken in.
MOST_DIRECTIONS = 3
# A direction that falls e-fold in fewer updates than this is not slow.
SLOW = 2
# Enough updates to make the solver see every direction with all the digits it can have.
AS_MANY_AS_IT_TAKES = 10**12


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
        grows = bool(slow) and not isfinite(slow[0].time_constant)
        for i, direction in enumerate(slow):
            yield "" if i else "growing" if grows else "slowest", _direction_words(direction)
        if self.standardised is not None:
            yield "standardised", self._scaled_words(self.standardised)
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
            unknown = "not known before the columns are scaled"
            never = "never come near the least loss at this rate"
            return never if isfinite(self.condition_number) else unknown
        reach, of = "within", "of the least loss"
        if self.exact:
            reach, of = "down to", "of the first loss"
        (share, updates), *others = self.updates.items()
        said = [f"{updates:,} to come {reach} {100 * share:.4g} % {of}"]
        said += [f"{updates:,} for {100 * share:.4g} %" for share, updates in others]
        return ", ".join(said)

    def _scaled_words(self, scaled: Diagnosis) -> str:
        return (
            f"condition number {scaled.condition_number:.4g}, stable below "
            f"{rounded_down(scaled.max_stable_lr)}, updates {_counts(scaled)}"
        )


@without_underflow
def diagnose(
    estimator_or_X: Any,
    y: Any = None,
    *,
    lr: float | str = "auto",
    fit_intercept: bool = True,
    sample_weight: Any = None,
    momentum: float = 0.0,
    nesterovs_momentum: bool = False,
    alpha: float = 0.0,
) -> Diagnosis:
    """Tell what a gradient descent is up against: stable rates, waiting times, slow directions.

    Parameters
    ----------
    estimator_or_X : fitted GDLinearRegressor, Pipeline, DescentPath or array-like of shape \
            (n_samples, n_features)
        A descent made, or the features of one not made yet; Dask collections are taken too.
    y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
        Targets, when features are given.
    lr : float or "auto", default="auto"
        When rows are given, the rate to count updates for; "auto" is 1 / largest curvature.
        A descent made has its own.
    fit_intercept : bool, default=True
        When rows are given, whether there is an intercept.
    sample_weight : array-like of shape (n_samples,), default=None
        When rows are given, their weights.
    momentum : float, default=0.0
        When rows are given, the momentum of the descent.
    nesterovs_momentum : bool, default=False
        When rows are given, whether that is Nesterov's.
    alpha : float, default=0.0
        When rows are given, the L2 penalty.

    Returns
    -------
    Diagnosis
        Prints as a few lines, in a notebook as a table.

    Notes
    -----
    A descent made knows its curvatures, so it answers for rates, condition number and updates, from
    the start that it had. It does not keep the rows: what standardising would change, and which
    columns are constant, is told only when rows are given; the start is then all zeros.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn_gd import diagnose
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> diagnose(X[["bmi", "bp"]], y)
    learning rate     0.0001016: stable below 0.0002031; best constant rate 0.0002031
    condition number  772.5
    loss              14537.2 at the start, 1790.84 at least
    updates           193,394 to come within 10 % of the least loss, 880,376 for 1 %, ...
    slowest           intercept: 2.7 % of the loss to lose, falling e-fold every 596,705 updates
                      bmi: 2.2 % of the loss to lose, falling e-fold every 510 updates
    standardised      condition number 1.519, stable below 1.433, updates 2, 3 and 4
    """
    if y is None:
        if not _is_descent(estimator_or_X):
            raise TypeError(
                "diagnose needs a fitted GDLinearRegressor, or X and y; "
                f"got {type(estimator_or_X).__name__} without y."
            )
        return _diagnose_path(path_of(estimator_or_X), names_of(estimator_or_X))
    if _is_descent(estimator_or_X):
        raise TypeError(
            "diagnose takes a fitted estimator alone; for what needs rows call "
            "diagnose(X, y, lr=estimator.lr_)."
        )
    rule = (momentum, nesterovs_momentum, alpha)
    path, problem = _prepared(estimator_or_X, y, lr, (fit_intercept, sample_weight), rule)
    return _diagnose_rows(path, problem)


def _is_descent(candidate: Any) -> bool:
    return isinstance(candidate, DescentPath) or hasattr(candidate, "fit")


def _prepared(
    X: Any, y: Any, lr: float | str, rows: tuple[bool, Any], rule: tuple[float, bool, float]
) -> tuple[DescentPath, Any]:
    """The descent from zeros on these rows, and their problem."""
    rate = None if isinstance(lr, str) and lr == "auto" else check_number("lr", lr, Real, above=0)
    fit_intercept, sample_weight = check_flag("fit_intercept", rows[0]), rows[1]
    momentum = check_nonnegative("momentum", rule[0], below=1.0)
    nesterov = check_flag("nesterovs_momentum", rule[1]) and momentum > 0
    found = prepare(FeatureChecker(), (X, y, sample_weight), fit_intercept)
    found = found.with_alpha(check_nonnegative("alpha", rule[2]))
    options = DescentOptions(rate, None, AS_MANY_AS_IT_TAKES, momentum, nesterov)
    return fit_path(found, zeros(found.problem), options, "spectral"), found.problem


def _diagnose_rows(path: DescentPath, problem: Any) -> Diagnosis:
    with naming_what_is_not_finite(problem):
        scaled = scaled_path(path, problem)
    # The floors are one number without a penalty, but each is known to its own rounding only.
    updates = {
        share: updates_to(scaled, max(goal(path, share), scaled.loss_floor * (1 + share)))
        for share in SHARES
    }
    constant: tuple[str, ...] = ()
    if path._layout.fit_intercept:
        varies = problem.spread().varies
        constant = tuple(n for n, v in zip(path.parameter_names[1:], varies, strict=True) if not v)
    lost = path._all_directions.spectrum.columns_lost
    return replace(
        _diagnose_path(path, path.parameter_names),
        standardised=replace(
            _diagnose_path(scaled, path.parameter_names), updates=MappingProxyType(updates)
        ),
        constant_columns=constant,
        lost_columns=tuple(lost_columns(path, problem)) if lost else (),
        scaler=scaler_for(problem),
    )


def _diagnose_path(path: DescentPath, names: Sequence[str]) -> Diagnosis:
    best_lr, best_momentum = path.fastest_rates(momentum=path.momentum > 0)
    lost = path._all_directions.spectrum.columns_lost
    return Diagnosis(
        lr=path.lr,
        max_stable_lr=path.max_stable_lr,
        best_lr=best_lr,
        best_momentum=best_momentum,
        condition_number=path.condition_number,
        first_loss=float(path.loss(0)),
        loss_floor=path.loss_floor,
        updates=MappingProxyType({share: updates_to(path, goal(path, share)) for share in SHARES}),
        slowest=() if lost else slowest(path, names, MOST_DIRECTIONS),
        exact=is_exact(path),
    )


def _counts(scaled: Diagnosis) -> str:
    counts = ["never" if n is None else f"{n:,}" for n in scaled.updates.values()]
    return f"{', '.join(counts[:-1])} and {counts[-1]}"


def _direction_words(direction: SlowDirection) -> str:
    share = float(f"{100 * direction.share:.2g}")  # by itself .2g makes 1e+02 of 100
    held = f"{direction.name}: {share:g} % of the loss to lose"
    if isfinite(direction.time_constant):
        return f"{held}, falling e-fold every {direction.time_constant:,.0f} updates"
    return f"{held}, growing"
