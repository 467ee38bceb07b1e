"""One update, in words and numbers as one would check it by hand, in English or Chinese."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sklearn_gd._report.explanation_words import WORDS
from sklearn_gd._report.layout import Floats
from sklearn_gd._report.parameter_names import column_names

# A longer table is not checked by hand; those that move most are shown.
MOST_ROWS = 12
# The width of -1.23457e-100 and a space before it.
LONGEST_NUMBER = 13


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
        words, stopped = WORDS[self.language], self.t >= self.n_iter
        of = "" if stopped else words["of"].format(n_iter=self.n_iter)
        yield words["which"].format(after=self.t + 1, of=of, t=self.t, lr=f"{self.lr:.6g}")
        if stopped:
            yield words["stopped"].format(n_iter=self.n_iter)
        yield words["before"].format(loss=f"{self.loss:.6g}")
        yield from self._table(words)
        yield words[self._rule].format(momentum=f"{self.momentum:.4g}")
        how = "lower" if self.new_loss < self.loss else "higher"
        change = words["same" if self.new_loss == self.loss else how]
        change = change.format(change=f"{abs(self.new_loss - self.loss):.6g}")
        yield words["after"].format(loss=f"{self.new_loss:.6g}", change=change)

    @property
    def _rule(self) -> str:
        if not self.momentum:
            return "plain"
        return "nesterov" if self.nesterovs_momentum else "momentum"

    def _table(self, words: dict[str, str]) -> Iterator[str]:
        names = column_names(self.names, self.parameters.shape)
        headings = words["headings"].split("|")
        columns = [self.parameters, self.gradient, self.step, self.new_parameters]
        if self.momentum:
            velocity = np.zeros_like(self.step) if self.velocity is None else -self.velocity
            columns.insert(3, velocity)
            headings.insert(3, words[f"{self._rule} velocity"])
        numbers = np.stack([a.ravel() for a in columns], axis=1)
        most = np.argsort(-np.abs(numbers[:, 2]), kind="stable")[:MOST_ROWS]
        width = max(len(names[j]) for j in most)
        widths = [max(len(h) + _wide(h) + 2, LONGEST_NUMBER) for h in headings]
        padded = (h.rjust(w - _wide(h)) for h, w in zip(headings, widths, strict=True))
        yield " " * width + "".join(padded)
        for j in sorted(most):
            cells = (f"{number:>{w}.6g}" for number, w in zip(numbers[j], widths, strict=True))
            yield f"{names[j]:<{width}}{''.join(cells)}"
        if len(most) < len(names):
            yield words["more"].format(more=len(names) - len(most))


def _wide(text: str) -> int:
    """The number of Chinese characters, which take two columns of a terminal."""
    return sum(ord(c) > 0x2E80 for c in text)
