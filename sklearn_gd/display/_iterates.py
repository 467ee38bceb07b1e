"""Which iterates to show: a path goes in, a few of its numbers of updates come out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.path import DescentPath

Steps = NDArray[np.int64]

# A diverging descent is followed past its stop until the loss is this many times the first.
BLOWN_UP = 10.0
# But no further than this many updates.
MOST_BEYOND = 30
# The last number of updates an array of integers holds.
LAST = 2**62


def spread(last: int, most: int) -> Steps:
    """0 .. last, each of them while they are few, else ever wider apart; at most `most`."""
    last = min(last, LAST)
    if last < most:
        return np.arange(last + 1)
    steps = np.unique(np.geomspace(1, last, most - 1).round().astype(np.int64))
    # As many steps of one at the start as the geometric steps after them allow.
    early = np.setdiff1d(np.arange(1, most), steps)[: most - 1 - len(steps)]
    steps = np.union1d(steps, early)
    steps[-1] = last
    return np.concatenate([[0], steps])


def last_shown(path: DescentPath) -> int:
    """The stop or, where the descent diverges, a few updates later, so that one sees it rise."""
    if path.stop_reason != "diverged":
        return path.n_iter
    known = getattr(path._descent, "last_known", None)  # a Krylov solver's answers end somewhere
    beyond = path.n_iter + np.arange(2, MOST_BEYOND + 1)
    if known is not None:
        beyond = np.minimum(beyond, max(known, path.n_iter))
    high = np.flatnonzero(path.loss(beyond) > BLOWN_UP * path.loss(0))
    return int(beyond[high[0]] if high.size else beyond[-1])


def known_by(path: DescentPath, t: int) -> int:
    """`t`, or the last t that can be asked for where that is earlier."""
    known = path._descent.last_known
    return t if known is None else min(t, known)


def choose(path: DescentPath, t: Any, most: int) -> Steps:
    """The iterates asked for, or some that tell the story up to the end."""
    if t is None:
        return spread(last_shown(path), most)
    return np.unique(np.atleast_1d(np.asarray(t)))


def check_target(path: DescentPath, target: int) -> int:
    """The number of one of the targets."""
    targets = path._descent.spectrum.start.shape[1]
    if not 0 <= target < targets:
        raise ValueError(f"target must be from 0 to {targets - 1}; got {target!r}.")
    return int(target)


def check_parameter(names: tuple[str, ...], parameter: str | int) -> int:
    """The position of a parameter given by name or by position."""
    if isinstance(parameter, str):
        if parameter not in names:
            raise ValueError(f"parameter must be one of {', '.join(names)}; got {parameter!r}.")
        return names.index(parameter)
    if not -len(names) <= parameter < len(names):
        raise ValueError(f"There are {len(names)} parameters; got number {parameter!r}.")
    return int(parameter) % len(names)


def parameters_of(path: DescentPath, t: Steps, target: int) -> NDArray[np.float64]:
    """All parameters of one target, shape (len(t), p)."""
    return path._descent.theta(t)[:, :, target]


def milestones(path: DescentPath, most: int) -> Steps:
    """Iterates from start to stop about as far apart as the eye sees: by the root of the excess."""
    first, last = float(path.loss(0)), float(path.loss(path.n_iter))
    shares = np.linspace(1.0, 0.0, most)[1:-1] ** 2
    found = (path.iterations_to(last + share * (first - last)) for share in shares)
    inside = (t for t in found if t is not None and t < path.n_iter)
    return np.unique(np.array([0, min(path.n_iter, LAST), *inside], dtype=np.int64))


def iterate_words(t: Steps) -> str:
    """What a legend calls these iterates."""
    if len(t) == 1:
        return f"iterate t = {t[0]:,}"
    some = "" if len(t) == t[-1] - t[0] + 1 else f"{len(t)} "
    return f"{some}iterates, t = {t[0]:,} to {t[-1]:,}"
