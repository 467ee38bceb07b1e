"""Fits and searches of medium size run on one BLAS thread, and leave the others as they were."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from helpers import regression
from sklearn_gd import GDLinearRegressorCV
from sklearn_gd._estimator.blas_threads import one_thread_if_medium
from sklearn_gd._estimator.prepare import prepare
from sklearn_gd._estimator.validation import FeatureChecker


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def set_threads(number):
    """A thread that has ended controls BLAS no more, as one that holds a limit would."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(threadpool_limits, number, user_api="blas").result()


@pytest.fixture
def usual():
    """The number of threads outside, two where BLAS can have them."""
    before = max(blas_threads(), default=1)
    set_threads(2)
    yield blas_threads()
    set_threads(before)


@pytest.mark.parametrize("cv", [3, "gcv"])
def test_a_search_runs_on_one_thread(cv, usual):
    """Its products are too small for a second one, which on a busy machine is waited for."""
    X, y = regression(n=200, d=30)
    seen = []

    def first(scores):
        seen.append(blas_threads())
        return 0, 0

    GDLinearRegressorCV(lrs=2, max_iter=5, cv=cv, selection=first).fit(X, y)
    assert seen[0] <= {1}  # empty where threadpoolctl knows no BLAS
    assert blas_threads() == usual


@pytest.mark.parametrize("first", [0, 1], ids=["the first", "the second"])
def test_fits_in_threads_leave_the_others_as_they_were(first, usual):
    """Whichever ends first: a limit that one sets and another lifts would stay."""
    X, y = regression(n=200, d=30)
    problem = prepare(FeatureChecker(), (X, y, None), True).problem
    fits = [one_thread_if_medium(problem) for _ in range(2)]
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        threads = [one, other]
        for fit, thread in zip(fits, threads, strict=True):
            thread.submit(fit.__enter__).result()
        assert blas_threads() <= {1}
        for i in (first, 1 - first):
            threads[i].submit(fits[i].__exit__, None, None, None).result()
    assert blas_threads() == usual


def test_a_small_fit_sets_no_limit(usual):
    """BLAS uses one thread by itself then, and a limit would take longer than the fit."""
    X, y = regression(n=200, d=3)
    with one_thread_if_medium(prepare(FeatureChecker(), (X, y, None), True).problem):
        assert blas_threads() == usual
