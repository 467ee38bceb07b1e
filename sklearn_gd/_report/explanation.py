"""One update, in words and numbers as one would check it by hand, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._report.explanation_words import WORDS

Floats = NDArray[np.floating[Any]]

# A longer table is not checked by hand; those that move most are shown.
MOST_ROWS = 12


@dataclass(frozen=True, eq=False)
class Explanation:
    """One update of theta, with everything that goes into it.

    Made by :meth:`DescentPath.explain`; it prints as a table.

    Attributes
    ----------
    t : int
        The number of updates made before this one.
    lr : float
        The learning rate.
    names : tuple of str
        The parameters' names, "intercept" first where there is one.
    parameters : ndarray of shape (n_parameters,) or (n_targets, n_parameters)
        Before the update.
    gradient : ndarray of the same shape
        The partial derivatives of the loss there.
    new_parameters : ndarray of the same shape
        After the update.
    loss, new_loss : float
        J before and after.
    n_iter : int
        The number of updates after which the descent stopped.
    momentum : float
        The share of the last update that this one repeats.
    velocity : ndarray or None
        v before the update, when there is momentum and it is not the first; without Nesterov's look
        ahead it is the last update.
    nesterovs_momentum : bool
        Whether momentum looks ahead.
    language : {"en", "zh"}
        Of the words.
    """

    t: int
    lr: float
    names: tuple[str, ...]
    parameters: Floats
    gradient: Floats
    new_parameters: Floats
    loss: float
    new_loss: float
    n_iter: int
    momentum: float = 0.0
    velocity: Floats | None = None
    nesterovs_momentum: bool = False
    language: str = "en"

    def __post_init__(self) -> None:
        if self.language not in WORDS:
            raise ValueError(f"language must be 'en' or 'zh'; got {self.language!r}.")

    @property
    def step(self) -> Floats:
        """lr times the gradient: what the update takes away."""
        return np.asarray(self.lr * self.gradient)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        words = WORDS[self.language]
        first = "which_stopped" if self.t >= self.n_iter else "which"
        yield words[first].format(
            after=self.t + 1, n_iter=self.n_iter, t=self.t, lr=f"{self.lr:.6g}"
        )
        if self.t >= self.n_iter:
            yield words["stopped"].format(n_iter=self.n_iter)
        yield words["before"].format(loss=f"{self.loss:.6g}")
        yield from self._table()
        momentum = "nesterov" if self.nesterovs_momentum else "momentum"
        rule = momentum if self.momentum else "rule"
        yield words[rule].format(momentum=f"{self.momentum:.4g}")
        yield words["after"].format(loss=f"{self.new_loss:.6g}", change=self._change())

    def _change(self) -> str:
        words, change = WORDS[self.language], abs(self.new_loss - self.loss)
        if self.new_loss == self.loss:
            return words["same"]
        how = "lower" if self.new_loss < self.loss else "higher"
        return words[how].format(change=f"{change:.6g}")

    def _table(self) -> Iterator[str]:
        names = self.names
        if self.parameters.ndim == 2:
            targets = range(self.parameters.shape[0])
            names = tuple(f"{name} (y{k})" for k in targets for name in self.names)
        headings = WORDS[self.language]["headings"].split("|")
        columns = [self.parameters, self.gradient, self.step, self.new_parameters]
        if self.momentum:
            velocity = np.zeros_like(self.step) if self.velocity is None else -self.velocity
            columns.insert(3, velocity)
            heading = "nesterov_velocity" if self.nesterovs_momentum else "velocity"
            headings.insert(3, WORDS[self.language][heading])
        numbers = np.stack([a.ravel() for a in columns]).T
        shown = np.arange(len(names))
        if len(names) > MOST_ROWS:
            shown = np.sort(np.argsort(-np.abs(numbers[:, 2]), kind="stable")[:MOST_ROWS])
        width = max(len(names[j]) for j in shown)
        yield " " * width + "".join(_padded(heading, _width(heading)) for heading in headings)
        for j in shown:
            cells = zip(numbers[j], headings, strict=True)
            row = "".join(f"{number:>{_width(heading)}.6g}" for number, heading in cells)
            yield f"{names[j]:<{width}}{row}"
        if len(shown) < len(names):
            yield WORDS[self.language]["more"].format(more=len(names) - len(shown))


def _columns(text: str) -> int:
    """Terminal columns: a Chinese character takes two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _padded(heading: str, width: int) -> str:
    return " " * (width - _columns(heading)) + heading


def _width(heading: str) -> int:
    # The longest number, -1.23457e-100, and a space before it.
    return max(_columns(heading) + 2, 13)
