"""What pictures ask of a descent: the parameters of one target, and which iterates to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._estimator.path_of import names_of, path_of
from sklearn_gd.path import DescentPath

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]
Symbols = Mapping[str, str] | None

# A diverging descent is followed until its loss is this many times the first.
BLOWN_UP = 10.0
# It is followed for at least and at most this many updates after its least loss.
FEWEST_RISEN = 3
MOST_RISEN = 30
# More updates than this are shown on an axis that is logarithmic from the first update on.
COUNTABLE = 250
# The largest number of updates that an array of integers holds.
LAST = 2**62
# Up to so many updates each iterate has its own dot.
MOST_DOTS = 40
# On a logarithmic axis the first iterates have theirs.
FIRST_DOTS = 10
# Beyond so many updates the first ones run together on a logarithmic axis too.
MOST_SPACED = 10**6


@dataclass(frozen=True, eq=False)
class Descent:
    """The path of one of several targets, the parameters' names, and what pictures call them."""

    path: DescentPath
    target: int
    names: tuple[str, ...]
    symbols: tuple[str, ...]

    def of_target(self, numbers: NDArray[Any]) -> Floats:
        """Return the numbers of the target, if they are laid out for several."""
        several = self.path.coef(0).ndim == 2
        return np.asarray(numbers[..., self.target, :] if several else numbers, dtype=float)

    def parameters(self, t: Any) -> Floats:
        """Return all parameters of the target after `t` updates, (len(t), p)."""
        return self.of_target(self.path.parameters(t))

    def positions(self, parameters: Iterable[str | int] | None) -> list[int]:
        """Return the positions of parameters given by name or position; None: all coefficients."""
        if parameters is None:
            parameters = range(-self.path.coef(0).shape[-1], 0)
        return list(map(self._position, parameters))

    def _position(self, parameter: str | int) -> int:
        names = self.names
        if isinstance(parameter, str):
            if parameter not in names:
                raise ValueError(f"parameters must be among {', '.join(names)}; got {parameter!r}.")
            return names.index(parameter)
        if not -len(names) <= parameter < len(names):
            raise ValueError(f"There are {len(names)} parameters; got number {parameter!r}.")
        return int(parameter) % len(names)


def descent_of(estimator: Any, target: int, symbols: Symbols = None) -> Descent:
    """Return the descent of one target of a fitted estimator."""
    path, names, symbols = path_of(estimator), names_of(estimator), symbols or {}
    targets = len(path.coef(0)) if path.coef(0).ndim == 2 else 1
    if not 0 <= target < targets:
        raise ValueError(f"target must be from 0 to {targets - 1}; got {target!r}.")
    unknown = [name for name in symbols if name not in names]
    if unknown:
        raise ValueError(
            f"symbols must be for parameters, which are {', '.join(names)}; got {unknown}."
        )
    return Descent(path, int(target), names, tuple(symbols.get(name, name) for name in names))


def spread(last: int, most: int) -> Steps:
    """Return 0 .. last: all of them while they are few, else ever wider apart; at most `most`."""
    if last < most:
        return np.arange(last + 1)
    steps = np.geomspace(1, last, most - 1).round().astype(np.int64)
    steps = np.unique([0, *steps[:-1], last])
    # Steps of one at the start, until there are `most` with the geometric ones.
    early = np.setdiff1d(np.arange(most), steps)[: most - len(steps)]
    return np.union1d(steps, early)


def last_shown(path: DescentPath) -> int:
    """Return the stop or, if the descent diverges, a few updates later, to show the rise."""
    if path.stop_reason != "diverged":
        return path.n_iter
    risen = path.best_iter + np.arange(FEWEST_RISEN, MOST_RISEN + 1)
    risen = np.minimum(risen, known_by(path, int(risen[-1])))
    high = np.flatnonzero(path.loss(risen) > BLOWN_UP * path.loss(0))
    return int(risen[high[0]] if high.size else risen[-1])


def known_by(path: DescentPath, t: int) -> int:
    """Return `t`, or the last t that the path can answer for if that is earlier."""
    return t if path.last_known is None else min(t, path.last_known)


def choose(path: DescentPath, t: Any, t_max: int | None, most: int, by_loss: bool = False) -> Steps:
    """Return the iterates asked for, or at most `most` from 0 to `t_max`."""
    if t is None:
        last = min(last_shown(path) if t_max is None else t_max, LAST)
        return _milestones(path, last, most) if by_loss else spread(last, most)
    steps = np.unique(t)
    steps = steps if t_max is None else steps[steps <= t_max]
    if not steps.size:
        raise ValueError(f"t must have some t to show, none above t_max; got {t!r}, {t_max}.")
    return steps


def _milestones(path: DescentPath, last: int, most: int) -> Steps:
    """Return iterates up to `last`, about as far apart as the eye sees: by the root of the loss."""
    if path.stop_reason == "diverged":
        return spread(last, most)
    first_loss, last_loss = float(path.loss(0)), float(path.loss(last))
    shares = np.linspace(1.0, 0.0, most)[1:-1] ** 2
    found = (path.iterations_to(last_loss + share * (first_loss - last_loss)) for share in shares)
    inside = (t for t in found if t is not None and t < last)
    return np.unique(np.array([0, last, *inside], dtype=np.int64))


def dots(t: Steps, last: int, size: float) -> dict[str, Any]:
    """Return the style of a curve with a dot for each iterate, as far as dots stand apart.

    On an axis that is logarithmic up to `last` these are the first ones. They show that a bend of
    the curve there is the work of single updates.
    """
    if MOST_DOTS < last <= COUNTABLE or last > MOST_SPACED:
        return {}
    dotted = np.flatnonzero(t <= (last if last <= MOST_DOTS else FIRST_DOTS))
    return {"marker": "o", "markersize": size, "markevery": dotted.tolist()}


def iterate_words(t: Steps) -> str:
    """Return what a legend calls these iterates."""
    if len(t) == 1:
        return f"iterate t = {t[0]:,}"
    some = "" if len(t) == t[-1] - t[0] + 1 else f"{len(t)} "
    return f"{some}iterates, t = {t[0]:,} to {t[-1]:,}"
