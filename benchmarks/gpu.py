"""A fit on a graphics card: beside torch.linalg.lstsq, the plain loop and the card's products.

``python -m benchmarks.gpu [--device cuda] [--quick]`` takes 10 million rows of 500 columns in
float32 and float64, or as many rows as leave room for the copy that lstsq makes. Without PyTorch or
without the device the script says so and measures nothing. ``--device cpu`` runs the same code on
few rows. The loop is timed over some updates and extrapolated.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

if __name__ == "__main__":  # before SciPy is imported, or scikit-learn will not dispatch
    os.environ.setdefault("SCIPY_ARRAY_API", "1")

import sklearn  # noqa: E402

from benchmarks._harness import Report, Row, interleaved, run, seconds  # noqa: E402
from sklearn_gd import GDLinearRegressor  # noqa: E402

FULL, QUICK, ON_CPU = (10_000_000, 500), (1_000_000, 100), (20_000, 50)
# Rows may take this share of the memory that is free: lstsq copies them, and needs some more.
SHARE = 0.4
UPDATES_TIMED = 10
# Powers of ten between the columns' scales and one: descent takes a few thousand updates.
SMALLEST_SCALE = -1.0
ENOUGH_UPDATES = 10**5
# A product of square matrices this large shows the card's rate; a processor's shows with less.
SIDE, SIDE_ON_CPU = 8192, 512


def rows_that_fit(rows: int, columns: int, item: int, free: float) -> int:
    """Return as many rows as fit into memory, at most those asked for."""
    return min(rows, int(SHARE * free) // (columns * item))


def free_memory(torch: Any, device: str) -> float:
    if device.startswith("cuda"):
        return float(torch.cuda.mem_get_info(device)[0])
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))


def made(torch: Any, n: int, d: int, device: str, dtype: Any) -> tuple[Any, Any]:
    torch.manual_seed(0)
    X = torch.randn((n, d), device=device, dtype=dtype)
    X *= torch.logspace(0, SMALLEST_SCALE, d, device=device, dtype=dtype)
    y = X @ torch.randn(d, device=device, dtype=dtype)
    return X, y + torch.randn(n, device=device, dtype=dtype)


def waited(torch: Any, device: str, task: Callable[[], object]) -> Callable[[], None]:
    """Return the task followed by a wait for its end on the device."""

    def waiting() -> None:
        task()
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    return waiting


def product_rate(torch: Any, device: str, dtype: Any, side: int) -> float:
    """Return floating-point operations per second in a product of square matrices."""
    A = torch.randn((side, side), device=device, dtype=dtype)
    product = waited(torch, device, lambda: A @ A)
    product()
    return 2 * side**3 / min(seconds(product) for _ in range(3))


def least_squares(torch: Any, X: Any, y: Any) -> Any:
    """Return the coefficients of lstsq; None when it runs out of memory."""
    try:
        return torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
    except torch.OutOfMemoryError:
        return None


def compare(torch: Any, n: int, d: int, device: str, name: str, repeats: int) -> list[Row]:
    dtype = getattr(torch, name)
    X, y = made(torch, n, d, device, dtype)
    model = GDLinearRegressor(max_iter=ENOUGH_UPDATES, fit_intercept=False)
    theta = torch.zeros_like(X[0])

    def update() -> None:
        theta.sub_(X.T @ (X @ theta - y) / n, alpha=0.1)

    def updates() -> None:
        for _ in range(UPDATES_TIMED):
            update()

    with sklearn.config_context(array_api_dispatch=True):
        tasks = {"sklearn_gd": lambda: model.fit(X, y), "plain loop": updates}
        solution = least_squares(torch, X, y)
        if solution is not None:
            tasks["torch.linalg.lstsq"] = lambda: least_squares(torch, X, y)
        took = interleaved({k: waited(torch, device, t) for k, t in tasks.items()}, repeats)
    fit, loop = (statistics.median(took[k]) for k in ("sklearn_gd", "plain loop"))
    side = SIDE if device.startswith("cuda") else SIDE_ON_CPU
    rate = product_rate(torch, device, torch.float64, side)
    rows: list[Row] = [
        {
            "who": f"sklearn_gd, {model.n_iter_} updates",
            "seconds": fit,
            "share of the float64 product rate": 2 * n * d**2 / fit / rate,
        },
        {
            "who": f"plain loop, extrapolated from {UPDATES_TIMED} updates",
            "seconds": loop / UPDATES_TIMED * model.n_iter_,
        },
    ]
    if solution is None:
        rows.append({"who": "torch.linalg.lstsq", "note": "out of memory"})
    else:
        away = (model.coef_ - solution).norm() / solution.norm()
        rows[0]["distance to lstsq"] = float(away)
        lstsq = statistics.median(took["torch.linalg.lstsq"])
        rows.append({"who": "torch.linalg.lstsq", "seconds": lstsq})
    for kind in ("float32", "float64"):
        tera = product_rate(torch, device, getattr(torch, kind), side) / 1e12
        rows.append({"who": f"products in {kind}", "teraflops": tera})
    return rows


def measure(report: Report) -> None:
    if not find_spec("torch"):
        print("benchmarks.gpu: PyTorch is not installed, nothing was measured.")
        return
    import torch

    device = report.options.device
    on_card = device.startswith("cuda")
    if on_card and not torch.cuda.is_available():
        print("benchmarks.gpu: PyTorch finds no CUDA device here, nothing was measured.")
        return
    report.machine["device"] = torch.cuda.get_device_name(device) if on_card else "the processor"
    print(f"  device: {report.machine['device']}")
    wanted, d = (QUICK if report.quick else FULL) if on_card else ON_CPU
    for name, item in (("float64", 8), ("float32", 4)):
        n = rows_that_fit(wanted, d, item, free_memory(torch, device))
        cut = f", as many rows of {wanted:,} as fit" if n < wanted else ""
        report.add(f"{name}, {n:,} x {d}{cut}", compare(torch, n, d, device, name, 3))


if __name__ == "__main__":
    run("gpu", __doc__, measure, lambda p: p.add_argument("--device", default="cuda"))
