"""One BLAS thread for fits of medium size.

A second thread gains nothing in products and decompositions of a few hundred columns, and waits for
the first one in a loop: on a busy machine such fits then take ten to forty times as long
(``python -m benchmarks.threads``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

# Fewer columns than this, and BLAS uses one thread by itself.
FEWEST_COLUMNS = 24
# From so many multiply-adds on a second thread pays.
MOST_WORK = 1e9

_controller = cache(ThreadpoolController)
_lock = Lock()
_running: list[Any] = []  # the limits that the fits under way have set; the first one holds


@contextmanager
def one_thread_if_medium(problem: Any) -> Iterator[None]:
    """Limit BLAS to one thread while a fit to rows in memory runs, if a second one would not pay.

    The limit belongs to the process: of several fits at once the first sets it and the last lifts
    it.
    """
    n = problem.n_samples if problem.in_memory else 0  # counting others may take a pass
    p = problem.n_parameters
    if n == 0 or p < FEWEST_COLUMNS or n * p * min(n, p) > MOST_WORK:
        yield
        return
    with _lock:
        _running.append(None if _running else _controller().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _lock:
            limit = _running.pop()
            if not _running:
                limit.restore_original_limits()
