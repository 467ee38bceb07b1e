"""Learning rates: what a picture calls them, and the descents at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn_gd import DescentPath


def name_of(path: DescentPath) -> str:
    """Return what tells a descent from others on the same rows."""
    kind = "Nesterov's momentum" if path.nesterovs_momentum else "momentum"
    return f"lr = {path.lr:.3g}" + (f", {kind} {path.momentum:g}" if path.momentum else "")


def at_rate(path: DescentPath, lr: float | str) -> tuple[str, DescentPath]:
    """Return what to call a rate, and the descent at it."""
    m, name = path.momentum, f" ({lr})" if lr in ("auto", "best") else ""
    if lr == "best" and m:
        raise ValueError(
            f"lrs='best' is the best rate without momentum, and this descent has momentum={m:g}. "
            "See path_.fastest_rates() for the best pair."
        )
    if lr == "auto":
        # The largest stable rate is this over the largest eigenvalue.
        share = (2.0 + 2.0 * m) / (1.0 + 2.0 * m) if path.nesterovs_momentum else 2.0 + 2.0 * m
        lr = path.max_stable_lr / share
    rate = path.best_lr if lr == "best" else float(lr)
    return f"lr = {rate:.3g}{name}", path.at_lr(rate)
