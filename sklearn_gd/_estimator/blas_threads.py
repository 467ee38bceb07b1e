"""One BLAS thread for fits of medium size.

A second thread gains little in products and decompositions of a few hundred columns, and waits for
the first one in a loop: on a busy machine such fits then take ten to forty times as long, and
searches over a grid two to three times (``python -m benchmarks.threads``).
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
_limited = Lock()


@contextmanager
def one_thread_if_medium(problem: Any) -> Iterator[None]:
    """Limit BLAS to one thread while a fit to rows in memory runs, if a second one would not pay.

    With OpenBLAS's own threads the limit is that of the process, and threadpoolctl lets only the
    thread that set it lift it. So the first of several fits at once sets it and lifts it when it
    ends; the others share it until then.
    """
    n = problem.n_samples if problem.in_memory else 0  # counting others may take a pass
    p = problem.n_parameters
    is_medium = n > 0 and p >= FEWEST_COLUMNS and n * p * min(n, p) <= MOST_WORK
    if not (is_medium and _limited.acquire(blocking=False)):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _limited.release()
