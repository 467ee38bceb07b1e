"""Run the callbacks of scikit-learn 1.9 and newer on a descent, which they may stop.

No other module imports `sklearn.callback`. The descent is found in closed form first; its iterates
are reported afterwards, one task each. Folds and growing Krylov spaces take long, so they are
reported while they are computed. An estimator without callbacks reports nothing.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import sklearn

from sklearn_gd._data import Each
from sklearn_gd._estimator.prepare import FitInput
from sklearn_gd.path import DescentPath

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Replace the class of this name in a scikit-learn without callbacks."""

        def set_callbacks(self, *callbacks: Any) -> NoReturn:
            """Raise an error that names the version of scikit-learn that callbacks need.

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
        """Return the method."""
        return method


__all__ = ["CallbackRunner", "CallbackSupportMixin", "fitting", "with_callbacks"]

# scikit-learn keeps every task until fit ends, 350 bytes each. Tasks of longer descents are blocks
# of iterates.
MOST_TASKS = 1000


@contextmanager
def fitting(estimator: Any) -> Iterator[list[Warning]]:
    """Issue the warnings that a fit puts into the list, for the line that called the method.

    If the fit fails, restore the estimator's attributes; a callback must not fit it once more.
    """
    if "_callback_fit_ctx" in vars(estimator):  # set by scikit-learn while callbacks run
        raise RuntimeError(
            f"This {type(estimator).__name__} is being fitted: a callback must not fit it once "
            "more. Fit a clone instead, sklearn.base.clone(estimator)."
        )
    earlier, said = dict(vars(estimator)), list[Warning]()
    try:
        yield said
    except BaseException:
        estimator.__dict__ = earlier
        raise
    for warning in said:
        warnings.warn(warning, stacklevel=4)  # above this, contextlib and the method


class CallbackRunner:
    """Report one fit to the callbacks of its estimator, if it has any."""

    def __init__(self, estimator: Any, X: Any, y: Any, fit_input: FitInput) -> None:
        self._on = bool(getattr(estimator, "_skl_callbacks", None))
        self._attributes = fit_input.attributes
        weights = fit_input.sample_weight
        metadata = None if weights is None else {"sample_weight": weights}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._open: list[Any] = []  # tasks under way, the fit first

    def on_krylov_growth(self) -> None:
        """Report that a Krylov space is about to grow, as a task before the descent."""
        if not self._on:
            return
        if not self._open:
            self._enter("fit", max_subtasks=2)
        if self._open[-1].task_name == "growth":
            self._leave()
        else:
            self._enter("krylov", max_subtasks=None)
        self._enter("growth")

    def tuning_begins(self, each: Each) -> Each:
        """Begin a fit of two tasks, folds and descent; return an `each` that reports every fold."""
        if not self._on:
            return each
        self._enter("fit", max_subtasks=2)
        self._enter("tuning", max_subtasks=None)

        def reporting_each(task: Callable[[int], Any], folds: Iterable[int]) -> list[Any]:
            numbers = list(folds)
            self._enter("folds", max_subtasks=len(numbers), sequential_subtasks=False)
            reading = self._open[-1]

            def reported(i: int) -> Any:  # in threads, which share the list of tasks under way
                fold = self._begun(reading.subcontext("fold", task_id=i))
                result = task(i)
                fold.call_on_fit_task_end(**self._data)
                return result

            results = each(reported, numbers)
            self._leave()
            return results

        return reporting_each

    def descends(self, path: DescentPath) -> DescentPath:
        """Report the descent and the end of the fit; return the path, cut if a callback stops."""
        if not self._on:
            return path
        block = max(1, -(-path.n_iter // MOST_TASKS))
        ends = range(block, path.n_iter + block, block)  # the last one may be beyond the stop
        while len(self._open) > 1:  # the task of folds or of Krylov spaces
            self._leave()
        self._enter("descent" if self._open else "fit", max_subtasks=len(ends))
        cut = path
        for end in ends:
            cut = path._cut(min(end, path.n_iter))
            self._enter("iteration" if block == 1 else "iterations")
            if self._leave(cut):
                break
        self._leave(None if ends else path)  # else the last iterate is reported already
        if self._open:
            self._leave()
        return cut

    def _enter(self, name: str, max_subtasks: int | None = 0, **how: Any) -> None:
        """Begin a task of the last one under way; the first is the fit itself."""
        if self._open:
            context = self._open[-1].subcontext(name, max_subtasks=max_subtasks, **how)
        else:
            context = self._data["estimator"]._init_callback_context(max_subtasks=max_subtasks)
        self._open.append(self._begun(context))

    def _begun(self, context: Any) -> Any:
        return context.call_on_fit_task_begin(**self._data)

    def _leave(self, path: DescentPath | None = None) -> bool:
        """End a task and show the estimator at the end of a path; return whether to stop."""
        shown = None if path is None else lambda: self._attributes(path)
        task = self._open.pop()
        return bool(task.call_on_fit_task_end(**self._data, reconstruction_attributes=shown))
