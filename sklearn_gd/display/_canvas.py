"""The one place that meets matplotlib: axes, colours, style dictionaries and the player.

All begin with `new_axes`, which says what to install: once there are axes, there is matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sklearn_gd._optional import optional

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color/) with Paul Tol's vibrant red. Green and
# red are told apart by colour-blind readers, one being bluish and light, and by dashes besides.
GREEN = "#009E73"
RED = "#CC3311"
BLUE = "#0072B2"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#6B6B6B"
PALE = "#B8B8B8"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, "#000000", "#A6761D")
# Lines of one picture differ by dashes too.
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))

# 700 pixels wide at matplotlib's 100 dots per inch: the width of a README.
FIGURE_SIZE = (7.0, 4.2)
# A legend to the right of the picture, where there is no free corner within.
BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.02, 1.0),
    "borderaxespad": 0.0,
}
# As many frames as one watches to the end.
MOST_FRAMES = 60
FRAME_MS = 100

Style = Mapping[str, Any] | None


def new_axes(ax: Any, purpose: str, *, projection: str | None = None) -> Any:
    """The axes given or, where there are none, those of a new figure."""
    pyplot = optional("matplotlib.pyplot", purpose)
    if ax is None:
        size = FIGURE_SIZE if projection is None else (7.0, 5.6)
        figure = pyplot.figure(figsize=size, layout="constrained")
        ax = figure.add_subplot(projection=projection)
    elif projection is not None and getattr(ax, "name", None) != projection:
        raise ValueError(
            f"{purpose} needs three-dimensional axes, made with projection={projection!r}; "
            f"got {type(ax).__name__}."
        )
    return ax


def tidy(ax: Any, xlabel: str, ylabel: str) -> None:
    """Labels, a quiet grid, and no frame where there is nothing to measure."""
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, color="0.92", linewidth=0.8)
    ax.set_axisbelow(True)


def legend(ax: Any, **options: Any) -> Any:
    """A legend that covers no more than it must."""
    return ax.legend(**{"fontsize": "small", "framealpha": 0.9, "edgecolor": "0.9", **options})


def merged(default: Mapping[str, Any], given: Style) -> dict[str, Any]:
    """The default style, with what the user says about it in the last word; `c` is `color`."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return {**default, **normalize_kwargs(dict(given or {}), Line2D)}


def wait_axis(ax: Any, last: int) -> None:
    """Updates on the x axis: in proportion while one can count them, else by powers of ten."""
    from matplotlib import ticker

    if last > COUNTABLE:
        ax.set_xscale("symlog", linthresh=1)
        ax.xaxis.set_major_locator(ticker.FixedLocator(_powers_of_ten(last)))
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda t, _: count_words(t)))
        ax.xaxis.set_minor_locator(ticker.NullLocator())
    else:
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.set_xlim(0, max(last, 1))


def loss_axis(axis: Any, low: float, high: float) -> None:
    """Ticks at 1, 10, 100 in plain digits where they are short, with 2 and 5 where they are few."""
    from matplotlib import ticker

    subs = (1.0, 2.0, 5.0) if high < FEW_TICKS * low else (1.0,)
    axis.set_major_locator(ticker.LogLocator(subs=subs))
    axis.set_minor_locator(ticker.NullLocator())
    if low > 1e-4 and high < 1e6:
        axis.set_major_formatter(ticker.FuncFormatter(lambda loss, _: f"{loss:,.10g}"))
    else:
        # Numbers at 2 and 5 too, however many powers of ten there are.
        always = (float("inf"), float("inf"))
        words = ticker.LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=always)
        axis.set_major_formatter(words)


# Losses that differ by a smaller factor need ticks between the powers of ten.
FEW_TICKS = 2000.0
# More updates than this are shown on a logarithmic axis, whose first step is t = 0 to 1.
COUNTABLE = 250


def _powers_of_ten(last: int) -> list[int]:
    powers = range(len(str(last)))
    stride = 1 + len(powers) // 8
    return [0, *(10**k for k in powers[::stride])]


def count_words(t: float) -> str:
    """A number of updates on an axis: 1,000, or a power of ten where that is too long."""
    if t < 1e5:
        return f"{t:,.0f}"
    digits = len(str(round(t))) - 1
    return rf"$10^{{{digits}}}$" if round(t) == 10**digits else f"{t:.1e}"


def root_norm(low: float, high: float) -> Any:
    """Colours in proportion to the root of the loss, so that the valley has shades too."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, low, high)


def step_norm(levels: Any) -> Any:
    """A shade between each two levels; below the lowest its own."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, 256, extend="min")


def player(
    ax: Any, draw: Callable[[int], Any], frames: Sequence[int], interval: int
) -> FuncAnimation:
    """An animation that calls `draw(t)` for every t; a notebook shows it with its controls."""
    from matplotlib.animation import FuncAnimation

    # The layout once for all: made anew for every frame it takes longer than the frame, and shakes.
    ax.figure.draw_without_rendering()
    ax.figure.set_layout_engine("none")
    animation = FuncAnimation(
        ax.figure,
        draw,
        frames=list(frames),
        interval=interval,
        repeat_delay=1500,
        init_func=lambda: [],
        blit=False,
    )
    # What a notebook asks for; matplotlib's own answer is empty unless rcParams are changed.
    animation._repr_html_ = animation.to_jshtml  # type: ignore[method-assign]
    return animation
