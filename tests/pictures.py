"""Pictures as text: a matplotlib figure goes in, lines come out that say what a viewer sees.

Only what the drawing code decides is said: nothing that follows from fonts or from matplotlib's
own choice of ticks, so that the words are the same on every system.
"""

from __future__ import annotations

import re

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import BoundaryNorm, to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

# Beside an array's largest number these are rounding.
ROUNDING = 1e-9
# Numbers agree up to rounding of their last digit.
AGREE = 2e-4
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def picture(display, **more):
    """All lines of a display's figure, and which artist the display, or one more name, holds."""
    figure = display.figure_
    places, lines = {id(figure): "the figure"}, _figure(figure)
    for number, ax in enumerate(figure.axes, 1):
        places[id(ax)] = f"axes {number}"
        lines += [f"axes {number}: {ax.name}", *_indented(_axes(ax))]
        for position, artist in enumerate(_drawn(ax), 1):
            places[id(artist)] = f"{number}.{position}"
            lines += _indented([f"{number}.{position} {words}" for words in _artist(artist, ax)])
        if ax.get_legend():
            places[id(ax.get_legend())] = f"legend {number}"
            lines += _indented(_legend(ax))
        if getattr(ax, "_colorbar", None):
            places[id(ax._colorbar)] = f"colorbar of axes {number}"
    held = {name: value for name, value in vars(display).items() if name.endswith("_")}
    return lines + list(_held(held | more, places))


def same(expected, actual):
    """Whether two texts have the same words, and the same numbers but for their last digits."""
    if NUMBER.split(expected) != NUMBER.split(actual):
        return False
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (expected, actual)]
    return np.allclose(*numbers, rtol=AGREE, atol=0)


def numbers(values):
    """Few numbers one by one; of many how many they are, five of them and their mean."""
    values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()
    finite = values[np.isfinite(values)]
    size = np.abs(finite).max(initial=0.0)
    values = np.where(np.abs(values) < ROUNDING * size, 0.0, values)
    if len(values) <= 8:
        return " ".join(f"{value:.5g}" for value in values) or "none"
    shown = values[np.linspace(0, len(values) - 1, 5).astype(int)]
    gaps = len(values) - len(finite)
    # A mean that is rounding only differs from machine to machine.
    mean = finite.mean() if abs(finite.mean()) > ROUNDING * size else 0.0
    said = f"{len(values)} numbers: {numbers(shown)}, mean {mean:.5g}"
    return said + (f", {gaps} not finite" if gaps else "")


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
    for name, axis in ax._axis_map.items():
        yield from _axis(name, axis)
    if ax.name == "3d":
        yield f"seen from {numbers([ax.elev, ax.azim])}, computed zorder {ax.computed_zorder}"
        return
    spines = [name for name, spine in ax.spines.items() if spine.get_visible()]
    yield f"aspect {ax.get_aspect()}, spines {', '.join(spines)}, axis below {ax.get_axisbelow()}"


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
    colour = "" if _colour(text.get_color()) == "#000000" else f" {_colour(text.get_color())}"
    return f"{text.get_text()!r} size {numbers([text.get_fontsize()])}{colour}"


def _drawn(ax):
    """What was drawn, in its order, without the frame, the titles and the legend."""
    frame = {*ax.spines.values(), *ax._axis_map.values(), ax.patch, ax.get_legend()}
    frame |= {ax.title, ax._left_title, ax._right_title}
    return [artist for artist in ax.get_children() if artist not in frame]


def _artist(artist, ax):
    label = str(artist.get_label())
    said = "" if label.startswith("_") or not label else f" {label!r}"
    looks = f"zorder {numbers([artist.get_zorder()])}"
    looks += "" if artist.get_alpha() is None else f", alpha {numbers(artist.get_alpha())}"
    looks += "" if artist.get_clip_on() else ", not clipped"
    looks += "" if artist.get_visible() else ", hidden"
    kind = _kind(artist)
    tell = {"line": _line, "note": _note, "colours": _colours}.get(kind)
    yield f"{kind}{said}: {looks}"
    if tell:
        yield from tell(artist, ax)


def _kind(artist):
    if isinstance(artist, Line2D):
        return "line"
    if isinstance(artist, Annotation):
        return "note"
    return "colours" if isinstance(artist, Collection) else type(artist).__name__


def _colour(colour):
    return "none" if str(colour) == "none" else to_hex(colour)


def _stroke(line):
    """Colour, dashes and width, where there is a line; the marker, where there is one."""
    words = []
    if line.get_linestyle() != "None":
        offset, dashes = line._unscaled_dash_pattern
        dashed = "" if dashes is None else f", dashes {numbers([offset, *dashes])}"
        words.append(f"{_colour(line.get_color())} width {numbers([line.get_linewidth()])}{dashed}")
    if line.get_marker() not in ("None", None, ""):
        face, edge = line.get_markerfacecolor(), line.get_markeredgecolor()
        size = numbers([line.get_markersize()])
        words.append(f"marker {line.get_marker()} {size} {_colour(face)} edge {_colour(edge)}")
    return "; ".join(words) or "nothing"


def _line(line, ax):
    yield _stroke(line)
    solid = hasattr(line, "get_data_3d")
    for name, values in zip("xyz", line.get_data_3d() if solid else line.get_data(), strict=False):
        yield f"{name}: {numbers(values)}"
    if not solid and line.get_transform() == ax.get_yaxis_transform():
        yield "x is a share of the width"


def _note(note, ax):
    yield f"{note.get_text()!r} size {numbers([note.get_fontsize()])} {_colour(note.get_color())}"
    yield f"at {numbers(note.xy)} {note.xycoords}, {note.get_va()} {note.get_ha()}"
    yield f"from {numbers(note.xyann)} {note.anncoords}"
    arrow = note.arrow_patch
    if arrow is not None:
        style, size = type(arrow.get_arrowstyle()).__name__, numbers([arrow.get_mutation_scale()])
        colour, width = _colour(arrow.get_edgecolor()), numbers([arrow.get_linewidth()])
        shrink = numbers([arrow.shrinkA, arrow.shrinkB])
        yield f"arrow {style} {size}, {colour} width {width}, shrunk by {shrink}"


def _colours(drawn, ax):
    values = drawn.get_array()
    if values is not None:
        yield f"{drawn.get_cmap().name}, {_norm(drawn.norm)}"
        yield f"values: {numbers(values)}"
    else:
        faces = {to_hex(colour, keep_alpha=True) for colour in drawn.get_facecolors()}
        yield f"faces {' '.join(sorted(faces)) or 'none'}"
    edges = {_colour(colour) for colour in drawn.get_edgecolors()} if ax.name != "3d" else ["?"]
    widths = numbers(sorted({float(width) for width in np.atleast_1d(drawn.get_linewidths())}))
    yield f"edges {' '.join(sorted(edges)) or 'none'} width {widths}"
    yield from _shape(drawn)


def _norm(norm):
    more = f" to the power {norm.gamma:.5g}" if hasattr(norm, "gamma") else ""
    if isinstance(norm, BoundaryNorm):
        return f"shades between {numbers(norm.boundaries)}, extended {norm.extend}, {norm.Ncmap}"
    return f"{type(norm).__name__} {numbers([norm.vmin, norm.vmax])}{more}"


def _shape(drawn):
    """Where a collection's parts lie."""
    if hasattr(drawn, "levels"):
        yield f"levels: {numbers(drawn.levels)}, of {numbers([drawn.zmin, drawn.zmax])}"
    if hasattr(drawn, "get_coordinates"):
        corners = np.asarray(drawn.get_coordinates())
        yield f"columns: {numbers(corners[0, :, 0])}"
        yield f"rows: {numbers(corners[:, 0, 1])}"
    elif len(drawn.get_offsets()) > 1:
        yield f"x: {numbers(drawn.get_offsets()[:, 0])}"
        yield f"y: {numbers(drawn.get_offsets()[:, 1])}"
        yield f"sizes: {numbers(drawn.get_sizes())}"
    elif hasattr(drawn, "_vec") or hasattr(drawn, "_faces"):
        # Matplotlib 3.10 keeps the corners of a surface's patches under another name.
        corners = drawn._faces.reshape(-1, 3).T if hasattr(drawn, "_faces") else drawn._vec[:3]
        yield from (
            f"{name}: {numbers(values)}" for name, values in zip("xyz", corners, strict=True)
        )
    elif drawn.get_paths():
        corners = np.concatenate([path.vertices for path in drawn.get_paths()])
        low, high = np.nanmin(corners, axis=0), np.nanmax(corners, axis=0)
        yield f"from {numbers(low)} to {numbers(high)}"


def _legend(ax):
    legend = ax.get_legend()
    corner = ax.transAxes.inverted().transform(legend.get_bbox_to_anchor().get_points()[0])
    place = {0: "best"}.get(legend._loc_real, legend._loc_real)
    yield f"legend at {place} of {numbers(corner)}, pad {numbers([legend.borderaxespad])}"
    frame = legend.get_frame()
    face = numbers([frame.get_alpha()])
    yield f"  {legend._ncols} columns, face {face}, edge {_colour(frame.get_edgecolor())}"
    if legend.get_title().get_text():
        yield f"  title {_text(legend.get_title())}"
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        look = _stroke(handle) if isinstance(handle, Line2D) else type(handle).__name__
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
        seen = picture(display, anew=animation._drawn_artists)
        yield from [f"frame {i}", *_indented(seen)]
