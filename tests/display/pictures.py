"""Pictures as text: a matplotlib figure goes in, lines come out that say what a viewer sees.

Only what the drawing code decides is said: nothing that follows from fonts or from matplotlib's
own choice of ticks, so that the words are the same on every system.
"""

from __future__ import annotations

import re

import numpy as np
from matplotlib.lines import Line2D

from display.picture_artists import artist_words, colour_word, numbers, stroke

# Numbers agree up to rounding of their last digit.
AGREE = 2e-4
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def picture(display):
    """All lines of a display's figure, and which artist the display holds."""
    figure = display.figure_
    places, lines = {id(figure): "the figure"}, _figure(figure)
    for number, ax in enumerate(figure.axes, 1):
        places[id(ax)] = f"axes {number}"
        lines += [f"axes {number}: {ax.name}", *_indented(_axes(ax))]
        for position, artist in enumerate(_drawn(ax), 1):
            places[id(artist)] = f"{number}.{position}"
            said = artist_words(artist, ax)
            lines += _indented([f"{number}.{position} {words}" for words in said])
        if ax.get_legend():
            places[id(ax.get_legend())] = f"legend {number}"
            lines += _indented(_legend(ax))
        if getattr(ax, "_colorbar", None):
            places[id(ax._colorbar)] = f"colorbar of axes {number}"
    held = {name: value for name, value in vars(display).items() if name.endswith("_")}
    return lines + list(_held(held, places))


def same(expected, actual):
    """Whether two texts have the same words, and the same numbers but for their last digits."""
    if NUMBER.split(expected) != NUMBER.split(actual):
        return False
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (expected, actual)]
    return np.allclose(*numbers, rtol=AGREE, atol=0)


def _indented(lines):
    return [f"  {line}" for line in lines]


def _figure(figure):
    engine = type(figure.get_layout_engine()).__name__
    lines = [f"figure: {numbers(figure.get_size_inches())} inches, layout {engine}"]
    return lines + ([f"suptitle: {figure.get_suptitle()!r}"] if figure.get_suptitle() else [])


def _axes(ax):
    for place in ("left", "center", "right"):
        if ax.get_title(loc=place):
            title = {"left": ax._left_title, "center": ax.title, "right": ax._right_title}[place]
            yield f"title {place}: {_text(title)}"
    for name, axis in zip("xyz", _axis_objects(ax), strict=False):
        yield from _axis(name, axis)
    if ax.name == "3d":
        yield f"seen from {numbers([ax.elev, ax.azim])}, computed zorder {ax.computed_zorder}"
        return
    spines = [name for name, spine in ax.spines.items() if spine.get_visible()]
    yield f"aspect {ax.get_aspect()}, spines {', '.join(spines)}, axis below {ax.get_axisbelow()}"


def _axis_objects(ax):
    return [ax.xaxis, ax.yaxis, *([ax.zaxis] if ax.name == "3d" else [])]


def _axis(name, axis):
    label = f" {_text(axis.label)}" if axis.label.get_text() else ""
    pad = f", pad {numbers([axis.labelpad])}" if axis.labelpad != 4.0 else ""
    scale = axis.get_scale()
    if scale == "symlog":
        scale += f" from {numbers([axis.get_transform().linthresh])}"
    limits = axis.get_view_interval()
    limits = numbers(limits) if scale == "linear" else " to ".join(numbers([at]) for at in limits)
    yield f"{name}{label}{pad}: {scale}, {limits}{_ticks(axis)}"
    grid = axis.get_tick_params()
    if grid.get("gridOn") and axis.axes.name != "3d":
        yield f"{name} grid: {grid['grid_color']}, width {numbers([grid['grid_linewidth']])}"


def _ticks(axis):
    """The ticks in view, where they are not matplotlib's own."""
    if axis.isDefault_majloc and axis.isDefault_majfmt:
        return ""
    low, high = sorted(axis.get_view_interval())
    places = [place for place in axis.get_majorticklocs() if low <= place <= high]
    words = axis.get_major_formatter().format_ticks(places)
    minor = [place for place in axis.get_minorticklocs() if low <= place <= high]
    more = f" and {len(minor)} small ones" if minor and axis.isDefault_minloc is False else ""
    return f", ticks {' | '.join(words)}{more}"


def _text(text):
    said = f"{text.get_text()!r} size {numbers([text.get_fontsize()])}"
    colour = colour_word(text.get_color())
    return said if colour == "#000000" else f"{said} {colour}"


def _drawn(ax):
    """What was drawn, in its order, without the frame, the titles and the legend."""
    frame = {*ax.spines.values(), *_axis_objects(ax), ax.patch, ax.get_legend()}
    frame |= {ax.title, ax._left_title, ax._right_title}
    return [artist for artist in ax.get_children() if artist not in frame]


def _legend(ax):
    legend = ax.get_legend()
    corner = ax.transAxes.inverted().transform(legend.get_bbox_to_anchor().get_points()[0])
    place = {0: "best"}.get(legend._loc_real, legend._loc_real)
    yield f"legend at {place} of {numbers(corner)}, pad {numbers([legend.borderaxespad])}"
    frame = legend.get_frame()
    face = numbers([frame.get_alpha()])
    yield f"  {legend._ncols} columns, face {face}, edge {colour_word(frame.get_edgecolor())}"
    if legend.get_title().get_text():
        yield f"  title {_text(legend.get_title())}"
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        look = stroke(handle) if isinstance(handle, Line2D) else type(handle).__name__
        yield f"  {_text(text)}: {look}"


def _held(held, places):
    for name, value in sorted(held.items()):
        several = value if isinstance(value, list) else [value]
        where = [places.get(id(each), repr(each)) for each in several]
        yield f"{name}: {', '.join(where) or 'nothing'}"


def frames(display, animation):
    """How an animation runs, and what is seen before it starts, at its second and last frame."""
    each = list(animation.new_frame_seq())
    pause, again = animation.event_source.interval, animation._repeat_delay
    yield f"{len(each)} frames, {numbers(each)}; {pause} ms each, again after {again} ms"
    yield f"blit {animation._blit}, shown by {animation._repr_html_.__name__}"
    yield from ["at first", *_indented(picture(display))]
    display.figure_.canvas.draw()  # an animation never drawn warns when it goes
    for i in (1, len(each) - 1):
        animation._draw_frame(each[i])
        yield from [f"frame {i}", *_indented(picture(display))]
