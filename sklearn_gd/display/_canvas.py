"""Colours, styles, legends, shades and the player, the same in all pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sklearn_gd.display._axes import has_layout, is_alone

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

# A legend to the right of the picture, if no corner within it is free.
BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.02, 1.0),
    "borderaxespad": 0.0,
}
# Frames of an animation, and milliseconds for each: six seconds.
MOST_FRAMES = 60
FRAME_MS = 100

Style = Mapping[str, Any] | None
LegendStyle = bool | Mapping[str, Any]


def draw_legend(ax: Any, wanted: LegendStyle, place: Style = None, **options: Any) -> Any:
    """Draw a legend that covers no more than it must; None if none is wanted.

    `place` is one outside the axes, taken if they are alone on a figure that makes room for it.
    """
    if wanted is False:
        return None
    outside = place if place and has_layout(ax) and is_alone(ax) else {}
    size = "small" if is_alone(ax) else "x-small"
    look = {
        "fontsize": size,
        "title_fontsize": size,
        "framealpha": 0.9,
        "edgecolor": "0.9",
        **outside,
        **options,
    }
    return ax.legend(**{**look, **({} if wanted is True else wanted)})


def merged(default: Mapping[str, Any], given: Style) -> dict[str, Any]:
    """Return the default style, overruled by the user's; `c` is `color`."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return {**default, **normalize_kwargs(dict(given or {}), Line2D)}


def root_norm(low: float, high: float) -> Any:
    """Return colours in proportion to the root of the loss, so that the valley has shades too."""
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, low, high)


def step_norm(levels: Any) -> Any:
    """Return a shade for each interval between levels, and one for all below the lowest."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(levels, 256, extend="min")


def player(
    ax: Any, draw: Callable[[int], Any], frames: Sequence[int], interval: int
) -> FuncAnimation:
    """Return an animation that calls `draw(t)` for every t; a notebook shows it with controls."""
    from matplotlib.animation import FuncAnimation

    # Compute the layout once: for every frame anew it takes longer than the frame, and shakes.
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
