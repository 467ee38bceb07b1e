"""What all displays do alike: axes, lines in colours and styles, legend, title and frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sklearn_gd._optional import optional

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation

# 700 pixels wide at matplotlib's 100 dots per inch: the width of a README.
FIGURE_SIZE = (7.0, 4.2)
SOLID_SIZE = (7.0, 6.2)
# A legend to the right of the picture, if no corner within it is free.
BESIDE = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.0), "borderaxespad": 0.0}
# A mark that stands out from the lines beneath it.
MARK = {"linestyle": "none", "markeredgecolor": "white"}
# Frames of an animation: six seconds.
MOST_FRAMES = 60

Style = Mapping[str, Any] | None
LegendStyle = bool | Mapping[str, Any]


def merged(default: Mapping[str, Any], given: Style) -> dict[str, Any]:
    """Return the default style, overruled by the user's; `c` is `color`."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    return {**default, **normalize_kwargs(dict(given or {}), Line2D)}


class Display:
    """A picture on axes given or new; what it draws is kept as attributes."""

    def _take_axes(self, ax: Any, projection: str | None = None) -> Any:
        """Keep and return the axes given or, if there are none, those of a new figure."""
        kind = type(self).__name__
        pyplot = optional("matplotlib.pyplot", kind)
        if ax is None:
            size = FIGURE_SIZE if projection is None else SOLID_SIZE
            figure = pyplot.figure(figsize=size, layout="constrained")
            ax = figure.add_subplot(projection=projection)
        elif projection is not None and getattr(ax, "name", None) != projection:
            raise ValueError(
                f"{kind} needs three-dimensional axes, made with projection={projection!r}; "
                f"got {type(ax).__name__}."
            )
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def _plot(self, x: Any, y: Any, given: Style, **default: Any) -> Any:
        """Draw one line in the default style, overruled by the user's."""
        return self.ax_.plot(x, y, **merged(default, given))[0]

    def _draw_legend(self, wanted: LegendStyle, place: Style = None, **options: Any) -> None:
        """Draw a legend that covers no more than it must, or none.

        `place` is one outside the axes, taken if they are alone on a figure that makes room for it.
        """
        axes = [ax for ax in self.figure_.axes if ax.get_label() != "<colorbar>"]
        size = "small" if len(axes) == 1 else "x-small"
        look = {"fontsize": size, "title_fontsize": size, "framealpha": 0.9, "edgecolor": "0.9"}
        if place and len(axes) == 1 and self._has_layout():
            look |= place
        given = wanted if isinstance(wanted, Mapping) else {}
        self.legend_ = None if wanted is False else self.ax_.legend(**{**look, **options, **given})

    def _has_layout(self) -> bool:
        """Whether the figure makes room for what stands beside its axes."""
        return self.figure_.get_layout_engine() is not None

    def _say(self, words: str, size: str = "medium", **style: Any) -> None:
        """Write a title above the left end of the picture."""
        self.ax_.set_title(words, fontsize=size, loc="left", **style)


class MovingDisplay(Display):
    """A picture of iterates `t` that can be animated.

    `_begin` draws what stays and what moves, with a legend for both; `_show` moves to one iterate.
    """

    _frame_ms = 100

    def animate(
        self: Any, ax: Any = None, *, interval: int | None = None, **looks: Any
    ) -> FuncAnimation:
        """Animate the descent, a frame for each iterate shown.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None: a new figure.
        interval : int, default=None
            Milliseconds from frame to frame. None: 100, of a :class:`LossSlopeDisplay` 500.
        **looks : dict
            Legend, styles and the `kind` of a surface, as for :meth:`plot`.

        Returns
        -------
        matplotlib.animation.FuncAnimation
            Save it with ``animation.save("descent.gif")``; a notebook shows it with its controls.
        """
        self._begin(ax, **looks)
        from matplotlib.animation import FuncAnimation

        self._show(0)
        # Compute the layout once: for every frame anew it takes longer than the frame, and shakes.
        self.figure_.draw_without_rendering()
        self.figure_.set_layout_engine("none")
        wait = self._frame_ms if interval is None else interval
        animation = FuncAnimation(
            self.figure_, self._show, len(self.t), interval=wait, repeat_delay=1500
        )
        # What a notebook asks for; matplotlib's own answer is empty unless rcParams are changed.
        animation._repr_html_ = animation.to_jshtml  # type: ignore[method-assign]
        return animation
