"""The sentences of a comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.histories import History, Path
from sklearn_gd._report.search import MOST_PARAMETERS, Explanation
from sklearn_gd._report.trajectory import Trajectory

Floats = NDArray[np.float64]

TOO_LARGE = (
    f"Mistakes in the update are simulated for up to {MOST_PARAMETERS:,} features only; here "
    "only mistakes in the records were tried."
)
TOO_LITTLE = (
    "The path knows too little of the problem to simulate mistakes in the update; only mistakes in "
    "the records were tried. Fit with solver='spectral' to have both tried."
)
NOTHING_FINITE = "Without a finite number in each history no mistake can be recognised."
COUNTS = {1: "One mistake reproduces", 2: "Two mistakes together reproduce"}


def beside(
    histories: tuple[History, ...], first: list[int | None], truth: Trajectory, path: Path
) -> list[str]:
    """How far the histories agree with the path, and the first difference of each."""
    agreeing = [h for h, t in zip(histories, first, strict=True) if t is None]
    differing = [(t, h) for h, t in zip(histories, first, strict=True) if t is not None]
    sentences = []
    if differing:
        earliest = min(t for t, _ in differing)
        each = (_difference(h, t, _raw(h, truth), path) for t, h in differing)
        sentences.append(f"The first difference is at t = {earliest:,}: {'; '.join(each)}.")
    if agreeing:
        sentences.append(_agreement(agreeing, truth))
    return sentences


def _raw(history: History, truth: Trajectory) -> Floats:
    """The path's numbers as the user would record them."""
    numbers = truth.numbers[history.name][: history.length]
    return numbers * np.abs(numbers) if history.name == "losses" else numbers


def _agreement(histories: list[History], truth: Trajectory) -> str:
    names = ", ".join(history.name for history in histories)
    length, end = histories[0].length, min(history.n_finite for history in histories)
    gaps = (np.abs(h.values[:end] - _raw(h, truth)[:end]).max(initial=0.0) for h in histories)
    where = f"at all {length:,} iterates, t = 0 to {length - 1:,}" if length > 1 else "at t = 0"
    sentence = f"Your {names} agree with the path {where}; the largest difference is"
    sentence = f"{sentence} {max(gaps):.2g}."
    if end < length:
        sentence += f" From t = {end:,} on, both leave the range of floats."
    return sentence


def _difference(history: History, t: int, theirs: Floats, path: Path) -> str:
    mine = history.values
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(mine[t] - theirs[t]), nan=np.inf)
    target, number = np.unravel_index(int(np.argmax(gap)), gap.shape)
    yours, right = float(mine[t, target, number]), float(theirs[t, target, number])
    subject = f"{history.name}[{t}]"
    if history.name == "coefs":
        names = path.parameter_names
        subject = f"{names[len(names) - mine.shape[2] + int(number)]} in {subject}"
    if mine.shape[1] > 1:
        subject += f" for target {target}"
    words = f"{subject} is {yours:.6g}, the path has {right:.6g}"
    return f"{words} ({yours - right:+.3g})" if np.isfinite(yours - right) else words


def lengths(n_iter: int, last_known: int | None, length: int) -> list[str]:
    """What to know if the histories are not as long as the path."""
    if last_known is not None and length > last_known + 1:
        return [f"The path is known up to t = {last_known:,}; later iterates were not compared."]
    if length > n_iter + 1:
        return [f"The path stopped at t = {n_iter:,} and was continued for the comparison."]
    if length <= n_iter:
        return [f"The path went on to t = {n_iter:,}."]
    return []


def named(explanation: Explanation) -> str:
    """The mistakes of one explanation."""
    return ", and ".join(slip.what for slip in explanation)


def reproduced(mistakes: list[Explanation], length: int, searched: int) -> list[str]:
    """Which mistakes reproduce the numbers, and what to do if it is clear which were made."""
    count = COUNTS.get(len(mistakes[0]), f"{len(mistakes[0])} mistakes together reproduce")
    numbers = "all your numbers" if searched == length else f"your first {searched:,} iterates"
    if len(mistakes) > 1:
        each = "; or ".join(map(named, mistakes))
        return [f"{count} {numbers}, which are the same for each of these: {each}."]
    return [f"{count} {numbers}: {named(mistakes[0])}.", *_remedies(mistakes[0])]


def _remedies(slips: Explanation) -> list[str]:
    factors = [slip.factor for slip in slips]
    if len(slips) == 2 and factors[0] == factors[1] != 1.0:
        larger = f"{factors[0]:.6g} times as large"
        return [f"They fit together: yours is the descent on a J {larger}, which is no error."]
    return [f"{remedy}." for remedy in dict.fromkeys(slip.remedy for slip in slips)]


def not_explained(first: int, given: tuple[History, ...], why_not: str) -> list[str]:
    """No mistake was found; what to try next."""
    names = [history.name for history in given]
    more = [name for name in ("coefs", "intercepts") if name not in names]
    sentences = ["No mistake that compare knows reproduces your numbers."]
    if why_not:
        sentences.append(why_not)
    elif more:
        sentences.append(f"Give the {' and '.join(more)} as well; some mistakes need them.")
    update = max(first, 1)
    return [*sentences, f"path.explain({update - 1}) shows update {update:,} in numbers."]


def hidden(same: list[str], length: int) -> list[str]:
    """Which mistakes the agreement does not exclude."""
    if length == 1:
        return ["One iterate says nothing of the updates."]
    if not same:
        return []
    start = "On this data the numbers are the same if"
    return [f"{start} {'; or if '.join(same)}. The comparison cannot exclude that."]
