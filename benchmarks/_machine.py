"""The machine of a run: processor, cores, BLAS threads, versions; and a limit on threads."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info, threadpool_limits

# Named in every report; all but the first four are peers.
PACKAGES = ("sklearn-gd", "numpy", "scipy", "scikit-learn", "scikit-learn-intelex", "mlxtend")
PACKAGES += ("EarlyStoppingPy", "dask", "dask-ml", "torch")


def machine() -> dict[str, Any]:
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cores": cores(),
        "memory": f"{_memory() / 2**30:.0f} GiB",
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "blas": _blas(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {installed(name)}" for name in PACKAGES),
    }


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        if package == "sklearn-gd":
            from sklearn_gd import __version__

            return f"{__version__} (not installed: from the path)"
        return "(not installed)"


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_counts() -> tuple[int, ...]:
    """Return the numbers of BLAS threads that are compared."""
    return (1, 2) if cores() > 1 else (1,)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Limit BLAS and, when it is installed, scikit-learn-intelex to so many threads."""
    if find_spec("daal4py"):
        import daal4py

        daal4py.daalinit(threads)
    with threadpool_limits(threads):
        yield


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    if sys.platform == "win32":
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def blas_threads() -> int:
    """Return the most threads that any BLAS in this process may use."""
    return max((int(i["num_threads"]) for i in _blas_libraries()), default=1)


def _blas_libraries() -> list[dict[str, Any]]:
    import numpy as np
    import scipy.linalg  # noqa: F401  (loads its own BLAS)

    np.ones((2, 2)) @ np.ones((2, 2))
    return [i for i in threadpool_info() if i["user_api"] == "blas"]


def _blas() -> str:
    found = [
        f"{i['internal_api']} {i.get('version')}, {i['num_threads']} threads"
        for i in _blas_libraries()
    ]
    return "; ".join(dict.fromkeys(found)) or "unknown"
