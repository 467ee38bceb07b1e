"""Axes: their room, their limits, and the scales for updates and for losses."""

from typing import Any

import numpy as np

from sklearn_gd.display._descents import BLOWN_UP, COUNTABLE, FEWEST_RISEN

# A loss that falls by more than this factor is shown by powers of ten.
IN_PROPORTION = 30.0
# Losses that differ by a smaller factor need ticks between the powers of ten.
FEW_TICKS = 2000.0


def tidy(ax: Any, xlabel: str, ylabel: str) -> None:
    """Set labels and a quiet grid, and remove the frame where there is nothing to measure."""
    ax.set(xlabel=xlabel, ylabel=ylabel, axisbelow=True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="0.92", linewidth=0.8)


def set_limits(ax: Any, **wanted: tuple[float, float]) -> None:
    """Set the limits of axes x and y.

    Limits that the user has set are kept. Axes that share an axis stay in view.
    """
    for name, (low, high) in wanted.items():
        shown = getattr(ax, f"get_{name}lim")()
        sharing = getattr(ax, f"get_shared_{name}_axes")().get_siblings(ax)
        if any(other is not ax and other.has_data() for other in sharing):
            # A linear axis drawn before may begin below zero, which a logarithmic one cannot show.
            positive = getattr(ax, f"get_{name}scale")() == "log" and min(shown) <= 0
            low, high = min(low, low if positive else min(shown)), max(high, *shown)
        elif not getattr(ax, f"get_autoscale{name}_on")():
            continue
        getattr(ax, f"set_{name}lim")(low, high)


def with_room(values: Any, below: float, above: float) -> tuple[float, float]:
    """Return limits that leave these shares of the values' range free below and above them."""
    low, high = float(values.min()), float(values.max())
    height = (high - low) or 1.0
    return low - below * height, high + above * height


def updates_axis(ax: Any, last: int, ylabel: str) -> None:
    """Show updates on the x axis: in proportion if they are few, else by powers of ten.

    Powers of ten stand on an asinh scale, which passes smoothly from proportional to logarithmic:
    a symlog scale would bend every curve at t = 1.
    """
    from matplotlib import ticker

    tidy(ax, "number of updates t", ylabel)
    set_limits(ax, x=(0, max(last, 1)))
    last = int(ax.get_xlim()[1])
    if last > COUNTABLE:
        powers = range(len(str(last)))
        ticks = [0, *(10**k for k in powers[:: 1 + len(powers) // 8])]
        ax.set_xscale("asinh", linear_width=1.0)
        ax.xaxis.set(major_locator=ticker.FixedLocator(ticks), minor_locator=ticker.NullLocator())
        ax.xaxis.set_major_formatter(lambda t, _: count_words(t))
    else:
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))


def loss_axis(ax: Any, losses: list[Any], levels: list[float], *, by_powers: bool) -> None:
    """Show losses on the y axis: all starts and stops, levels, and the first losses that rise."""
    first = max((float(loss[0]) for loss in losses if np.isfinite(loss[0])), default=0.0)
    top = float(np.nanmax(np.concatenate(losses), initial=first))
    if len(losses) > 1:  # alone a descent is shown whole
        top = min(top, max(BLOWN_UP * first, *map(_few_risen, losses)))
    heights = np.concatenate([*losses, levels])
    low = float(heights[heights > 0].min(initial=np.inf))
    if low == np.inf:
        return
    if by_powers or top > IN_PROPORTION * low or ax.get_yscale() == "log":
        ax.set_yscale("log")
        # A floor that is rounding only must not squeeze the rest of the picture.
        set_limits(ax, y=(low / 1.5, top * (1.2 if top > 1.5 * first else 2.0)))
        _loss_ticks(ax.yaxis, low, top)
    else:
        room = 0.06 * (top - low) or 0.06 * top
        set_limits(ax, y=(low - room, top + room))


def _few_risen(loss: Any) -> float:
    """Return the loss a few updates after the least one, that of the last update if none rises."""
    least = int(np.nan_to_num(loss, nan=np.inf).argmin())
    return float(np.nanmax(loss[least : least + FEWEST_RISEN + 1], initial=0.0))


def _loss_ticks(axis: Any, low: float, high: float) -> None:
    """Set ticks at 1, 10, 100 in plain digits if these are short, with 2 and 5 if ticks are few."""
    from matplotlib import ticker

    subs = (1.0, 2.0, 5.0) if high < FEW_TICKS * low else (1.0,)
    axis.set(major_locator=ticker.LogLocator(subs=subs), minor_locator=ticker.NullLocator())
    digits = ticker.FuncFormatter(lambda loss, _: f"{loss:,.10g}")
    # Numbers at 2 and 5 too, however many powers of ten there are.
    powers = ticker.LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(np.inf, np.inf))
    axis.set_major_formatter(digits if low > 1e-4 and high < 1e6 else powers)


def few_ticks(*axes: Any) -> None:
    """Set few ticks, whose numbers do not overprint each other in 3-D."""
    from matplotlib.ticker import MaxNLocator

    for axis in axes:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def count_words(t: float) -> str:
    """Return a number of updates for an axis: 1,000, or a power of ten if that is too long."""
    if t < 1e5:
        return f"{t:,.0f}"
    digits = len(str(round(t))) - 1
    return rf"$10^{{{digits}}}$" if round(t) == 10**digits else f"{t:.1e}"
