"""A descent whose iterates were computed one by one and kept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent.update_rule import UpdateRule
from sklearn_gd._linalg import Floats


@dataclass(frozen=True, eq=False)
class RecordedDescent:
    """The iterates of the textbook loop; it knows what it visited and no more.

    `thetas` and `gradients` hold the first iterates, as many as may be kept, and of the later ones
    the last one and that of least loss.
    """

    rule: UpdateRule
    losses: Floats  # (n_iter + 1,)
    kept: NDArray[np.intp]  # (m,): the t of `thetas`, rising from 0
    thetas: Floats  # (m, p, k)
    gradients: Floats
    largest: float | None  # the largest eigenvalue of H, when it was asked for

    @property
    def start(self) -> Floats:
        return np.asarray(self.thetas[0])

    @property
    def last_known(self) -> int:
        return len(self.losses) - 1

    def loss(self, t: ArrayLike) -> Floats:
        return np.asarray(self.losses[self._known(t)])

    def theta(self, t: ArrayLike, rows: slice = slice(None)) -> Floats:
        return np.asarray(self.thetas[self._kept(t)][..., rows, :])

    def gradient(self, t: ArrayLike) -> Floats:
        return np.asarray(self.gradients[self._kept(t)])

    def _known(self, t: ArrayLike) -> NDArray[np.intp]:
        steps = np.asarray(t)
        if np.any(steps.astype(object) > self.last_known):
            raise ValueError(
                f"solver='loop' knows the iterates it visited, up to t = {self.last_known:,}; "
                f"t = {int(np.max(steps)):,} is beyond. Fit with another solver, or with a larger "
                "max_iter."
            )
        return steps.astype(np.intp)

    def _kept(self, t: ArrayLike) -> NDArray[np.intp]:
        steps = self._known(t)
        index = np.searchsorted(self.kept, steps)
        absent = self.kept[index] != steps
        if np.any(absent):
            first = int(np.argmax(np.diff(self.kept, append=np.inf) != 1)) + 1
            raise ValueError(
                f"solver='loop' keeps the parameters of the first {first:,} iterates and of the "
                f"last one; t = {int(steps[absent].flat[0]):,} is in between. Fit with another "
                "solver."
            )
        return index
