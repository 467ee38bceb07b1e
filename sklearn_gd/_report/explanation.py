"""One update, in words and numbers as one would check it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

HEADINGS = ("parameter", "derivative", "lr * derivative", "new parameter")
# A longer table is not checked by hand; those that move most are shown.
MOST_ROWS = 12


@dataclass(frozen=True, eq=False)
class Explanation:
    """The update theta_{t+1} = theta_t - lr * gradient, with everything that goes into it.

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
        Half mean squared error before and after.
    n_iter : int
        The number of updates after which the descent stopped.
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

    @property
    def step(self) -> Floats:
        """lr times the gradient: what the update takes away."""
        return np.asarray(self.lr * self.gradient)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        which = f"Update {self.t + 1:,}"
        if self.t < self.n_iter:
            which += f" of {self.n_iter:,}"
        yield f"{which}, from t = {self.t:,} to t = {self.t + 1:,}, at lr = {self.lr:.6g}."
        if self.t >= self.n_iter:
            yield f"The descent stopped at t = {self.n_iter:,}; this is how it would go on."
        yield f"The loss before it is J = {self.loss:.6g}."
        yield from self._table()
        yield (
            "Each new parameter is the old one minus lr times the partial derivative dJ/dparameter."
        )
        yield f"The loss after it is J = {self.new_loss:.6g}, {_change(self.loss, self.new_loss)}."

    def _table(self) -> Iterator[str]:
        names = self.names
        if self.parameters.ndim == 2:
            targets = range(self.parameters.shape[0])
            names = tuple(f"{name} (y{k})" for k in targets for name in self.names)
        numbers = np.stack(
            [a.ravel() for a in (self.parameters, self.gradient, self.step, self.new_parameters)]
        ).T
        shown = np.arange(len(names))
        if len(names) > MOST_ROWS:
            shown = np.sort(np.argsort(-np.abs(numbers[:, 2]), kind="stable")[:MOST_ROWS])
        width = max(len(names[j]) for j in shown)
        yield " " * width + "".join(f"{heading:>{_width(heading)}}" for heading in HEADINGS)
        for j in shown:
            cells = zip(numbers[j], HEADINGS, strict=True)
            row = "".join(f"{number:>{_width(heading)}.6g}" for number, heading in cells)
            yield f"{names[j]:<{width}}{row}"
        if len(shown) < len(names):
            yield f"... and {len(names) - len(shown):,} more, which move less."


def _width(heading: str) -> int:
    # The longest number, -1.23457e-100, and a space before it.
    return max(len(heading) + 2, 13)


def _change(loss: float, new_loss: float) -> str:
    if new_loss == loss:
        return "the same"
    how = "lower" if new_loss < loss else "higher"
    return f"{how} by {abs(new_loss - loss):.6g}"
