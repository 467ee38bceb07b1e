"""Callbacks of scikit-learn 1.9 and newer: a descent goes in, is played to them, comes out cut.

The one place that knows `sklearn.callback`. A descent is found in closed form first, and its
iterates are shown afterwards, one task each; without callbacks nothing is shown and nothing built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sklearn

from sklearn_gd._descent.folds import Each
from sklearn_gd._descent.path import DescentPath
from sklearn_gd._descent.stopping import Stop

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """What stands in where scikit-learn has no callbacks."""

        def set_callbacks(self, *callbacks: Any) -> Any:
            """Say what callbacks need.

            Parameters
            ----------
            *callbacks : object
                Callbacks of scikit-learn 1.9 or newer.

            Raises
            ------
            ImportError
                Always: this scikit-learn has no callbacks.
            """
            raise ImportError(
                f"set_callbacks needs scikit-learn 1.9 or newer, where sklearn.callback begins; "
                f"this is {sklearn.__version__}. Everything else works without."
            )

    def with_callbacks(method: Any) -> Any:
        """The method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "Telling", "restore", "with_callbacks"]

# scikit-learn keeps every task until fit ends, 350 bytes each: longer descents go in blocks.
MOST_TASKS = 1000
# What scikit-learn keeps on an estimator while it is fitted, and takes off itself.
RUNNING = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def restore(estimator: Any, earlier: dict[str, Any]) -> None:
    """Back to the attributes before a fit that failed; callbacks are still to be torn down."""
    running = {name: vars(estimator)[name] for name in RUNNING if name in vars(estimator)}
    estimator.__dict__ = {**earlier, **running}


class Telling:
    """One fit, told to the callbacks of its estimator; where it has none nothing happens.

    `shown` makes of a path the attributes of an estimator that stopped there.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        shown: Callable[[DescentPath], dict[str, Any]],
    ) -> None:
        self._on = bool(getattr(estimator, "_skl_callbacks", None))
        self._shown = shown
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}

    def fit(self, path: DescentPath) -> DescentPath:
        """A fit that is a descent and nothing else; shorter where a callback stopped it."""
        if not self._on:
            return path
        ends = _ends(path.n_iter)
        root = self._begun(self._estimator._init_callback_context(max_subtasks=len(ends)))
        told = self._iterations(root, path, ends)
        # Its last iterate has been shown, unless there was none.
        root.call_on_fit_task_end(
            **self._data, reconstruction_attributes=None if ends else self._stopped(told)
        )
        return told

    def tuning_begins(self, each: Each) -> Each:
        """A fit of two tasks, folds and descent; what goes over folds as `each`, and tells it."""
        if not self._on:
            return each
        self._root = self._begun(self._estimator._init_callback_context(max_subtasks=2))
        self._tuning = self._root.subcontext("tuning", max_subtasks=None)
        self._begun(self._tuning)

        def told_each(task: Callable[[int], Any], folds: Iterable[int]) -> list[Any]:
            numbers = list(folds)
            reading = self._begun(
                self._tuning.subcontext(
                    "folds", max_subtasks=len(numbers), sequential_subtasks=False
                )
            )

            def told(i: int) -> Any:
                fold = self._begun(reading.subcontext("fold", task_id=i))
                result = task(i)
                fold.call_on_fit_task_end(**self._data)
                return result

            results = each(told, numbers)
            reading.call_on_fit_task_end(**self._data)
            return results

        return told_each

    def tuned(self, path: DescentPath) -> DescentPath:
        """The descent in the end, and the end."""
        if not self._on:
            return path
        self._tuning.call_on_fit_task_end(**self._data)
        ends = _ends(path.n_iter)
        descent = self._begun(self._root.subcontext("descent", max_subtasks=len(ends)))
        told = self._iterations(descent, path, ends)
        descent.call_on_fit_task_end(
            **self._data, reconstruction_attributes=None if ends else self._stopped(told)
        )
        self._root.call_on_fit_task_end(**self._data)
        return told

    @property
    def _estimator(self) -> Any:
        return self._data["estimator"]

    def _begun(self, context: Any) -> Any:
        return context.call_on_fit_task_begin(**self._data)

    def _iterations(self, parent: Any, path: DescentPath, ends: range) -> DescentPath:
        name = "iteration" if len(ends) == path.n_iter else "iterations"
        for end in ends:
            t = min(end, path.n_iter)
            here = _cut(path, t)
            task = self._begun(parent.subcontext(name))
            if task.call_on_fit_task_end(
                **self._data, reconstruction_attributes=self._stopped(here)
            ):
                return here
        return path

    def _stopped(self, path: DescentPath) -> Callable[[], dict[str, Any]]:
        """Lazily: coefficients are computed for callbacks that ask for a fitted estimator."""
        return lambda: self._shown(path)


def _ends(n_iter: int) -> range:
    """After how many updates each task ends; the last end may lie beyond the stop."""
    block = max(1, -(-n_iter // MOST_TASKS))
    return range(block, n_iter + block, block) if n_iter else range(0)


def _cut(path: DescentPath, t: int) -> DescentPath:
    """The descent as if stopped at t."""
    stop = path._stop if t == path.n_iter else Stop(t, "callback")
    return DescentPath(path._descent, stop, path._layout)
