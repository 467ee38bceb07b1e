"""Callbacks of scikit-learn 1.9 and newer: a descent goes in, is played to them, comes out cut.

The one place that knows `sklearn.callback`. A descent is found in closed form first, and its
iterates are shown afterwards, one task each; what takes long to find it, folds and growing Krylov
spaces, is shown meanwhile. Without callbacks nothing is shown and nothing built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import sklearn

from sklearn_gd._data import Each
from sklearn_gd.path import DescentPath

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """What stands in where scikit-learn has no callbacks."""

        def set_callbacks(self, *callbacks: Any) -> NoReturn:
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


__all__ = [
    "CallbackRunner",
    "CallbackSupportMixin",
    "refuse_nested_fit",
    "restore",
    "with_callbacks",
]

# scikit-learn keeps every task until fit ends, 350 bytes each: longer descents go in blocks.
MOST_TASKS = 1000
# What scikit-learn keeps on an estimator while it is fitted, and takes off itself.
RUNNING = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def restore(estimator: Any, earlier: dict[str, Any]) -> None:
    """Back to the attributes before a fit that failed; callbacks are still to be torn down."""
    running = {name: vars(estimator)[name] for name in RUNNING if name in vars(estimator)}
    estimator.__dict__ = {**earlier, **running}


def refuse_nested_fit(estimator: Any) -> None:
    """Raise when a callback of a fit under way fits the same estimator: the two would mix."""
    if "_callback_fit_ctx" in vars(estimator):
        raise RuntimeError(
            f"This {type(estimator).__name__} is being fitted: a callback must not fit it once "
            "more. Fit a clone instead, sklearn.base.clone(estimator)."
        )


class CallbackRunner:
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
        self._open: list[Any] = []  # tasks under way, the fit first

    def on_krylov_growth(self) -> None:
        """A Krylov space is about to grow: a task of its own, among those before the descent."""
        if not self._on:
            return
        if not self._open:
            self._enter_root(max_subtasks=2)
        if self._open[-1].task_name == "growth":
            self._leave()
        else:
            self._enter("krylov", max_subtasks=None)
        self._enter("growth")

    def tuning_begins(self, each: Each) -> Each:
        """A fit of two tasks, folds and descent; what goes over folds as `each`, and tells it."""
        if not self._on:
            return each
        self._enter_root(max_subtasks=2)
        tuning = self._enter("tuning", max_subtasks=None)

        def told_each(task: Callable[[int], Any], folds: Iterable[int]) -> list[Any]:
            numbers = list(folds)
            reading = self._begun(
                tuning.subcontext("folds", max_subtasks=len(numbers), sequential_subtasks=False)
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

    def descends(self, path: DescentPath) -> DescentPath:
        """The descent, and the end of the fit; shorter where a callback stopped it."""
        if not self._on:
            return path
        ends = _ends(path.n_iter)
        if self._open:  # what came before it ends
            while len(self._open) > 1:
                self._leave()
            self._enter("descent", max_subtasks=len(ends))
        else:
            self._enter_root(max_subtasks=len(ends))
        told = self._iterations(self._open[-1], path, ends)
        # Its last iterate has been shown, unless there was none.
        self._leave(None if ends else self._stopped(told))
        if self._open:
            self._leave()
        return told

    def _enter_root(self, max_subtasks: int) -> None:
        estimator = self._data["estimator"]
        context = estimator._init_callback_context(max_subtasks=max_subtasks)
        self._open.append(self._begun(context))

    def _enter(self, name: str, max_subtasks: int | None = 0) -> Any:
        context = self._open[-1].subcontext(name, max_subtasks=max_subtasks)
        self._open.append(self._begun(context))
        return context

    def _leave(self, reconstruction: Callable[[], dict[str, Any]] | None = None) -> None:
        self._open.pop().call_on_fit_task_end(
            **self._data, reconstruction_attributes=reconstruction
        )

    def _begun(self, context: Any) -> Any:
        return context.call_on_fit_task_begin(**self._data)

    def _iterations(self, parent: Any, path: DescentPath, ends: range) -> DescentPath:
        name = "iteration" if len(ends) == path.n_iter else "iterations"
        for end in ends:
            t = min(end, path.n_iter)
            here = path._cut(t)
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
