"""Artists as text: a line, a note or a collection goes in, lines come out that say how it looks."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import BoundaryNorm, to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

# Beside an array's largest number these are rounding.
ROUNDING = 1e-9


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


def artist_words(artist, ax):
    """What it is, its label and place in depth; then its look and data by its kind."""
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


def colour_word(colour):
    """A colour in six digits; opacity is told apart."""
    return "none" if str(colour) == "none" else to_hex(colour)


def stroke(line):
    """Colour, dashes and width, where there is a line; the marker, where there is one."""
    words = []
    if line.get_linestyle() != "None":
        offset, dashes = line._unscaled_dash_pattern
        dashed = "" if dashes is None else f", dashes {numbers([offset, *dashes])}"
        colour, width = colour_word(line.get_color()), numbers([line.get_linewidth()])
        words.append(f"{colour} width {width}{dashed}")
    if line.get_marker() not in ("None", None, ""):
        face, edge = (
            colour_word(line.get_markerfacecolor()),
            colour_word(line.get_markeredgecolor()),
        )
        size = numbers([line.get_markersize()])
        every = line.get_markevery()
        where = "" if every is None else f" every {every}"
        where = f" at {len(every)} points" if isinstance(every, list) else where
        words.append(f"marker {line.get_marker()} {size} {face} edge {edge}{where}")
    return "; ".join(words) or "nothing"


def _line(line, ax):
    yield stroke(line)
    solid = hasattr(line, "get_data_3d")
    for name, values in zip("xyz", line.get_data_3d() if solid else line.get_data(), strict=False):
        yield f"{name}: {numbers(values)}"
    if not solid and line.get_transform() == ax.get_yaxis_transform():
        yield "x is a share of the width"


def _note(note, ax):
    size, colour = numbers([note.get_fontsize()]), colour_word(note.get_color())
    yield f"{note.get_text()!r} size {size} {colour}"
    yield f"at {numbers(note.xy)} {note.xycoords}, {note.get_va()} {note.get_ha()}"
    yield f"from {numbers(note.xyann)} {note.anncoords}"
    arrow = note.arrow_patch
    if arrow is not None:
        style, size = type(arrow.get_arrowstyle()).__name__, numbers([arrow.get_mutation_scale()])
        colour, width = colour_word(arrow.get_edgecolor()), numbers([arrow.get_linewidth()])
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
    edges = {colour_word(colour) for colour in drawn.get_edgecolors()} if ax.name != "3d" else ["?"]
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
