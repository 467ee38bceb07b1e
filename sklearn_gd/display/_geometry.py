"""Points of a picture of the loss: its window, the way on its surface, and arrows with heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_gd.display._parameters import Floats

# The picture is wider than the path by this share on each side.
MARGIN = 0.18
# An arrow's head, as a share of its length, and half the angle of the head in radians.
HEAD = 0.22
HEAD_ANGLE = 0.4
# A segment of a path on a surface is drawn through so many points, an arrow through these.
ALONG = 12
ALONG_ARROW = 20
# A surface is looked at from this much beside the way down, in degrees ...
ASIDE = -35
# ... and from at least this much beside its sides, so that both have room for their numbers.
OBLIQUE = 28


def window(points: Floats) -> tuple[Floats, Floats]:
    """Return the middle and half the sides of a picture of all points that are finite."""
    points = points[np.isfinite(points).all(axis=1)]
    low, width = points.min(axis=0), np.ptp(points, axis=0)
    middle = low + width / 2
    # A side that does not move is as wide as the other one, or as one.
    width = np.where(width > 1e-9 * width.max(), width, width.max() or 1.0)
    return middle, width * (0.5 + MARGIN)


def on_the_way(points: Floats) -> Floats:
    """Return a path with `ALONG` points for each segment, so that it can follow a surface."""
    at = np.arange(len(points))
    along = np.arange(1 + ALONG * (len(points) - 1)) / ALONG
    return np.column_stack([np.interp(along, at, side) for side in points.T])


def arrow(at: Floats, by: Floats, sides: Any) -> Floats:
    """Return a shaft and, as its last three points, barb, tip and barb.

    Lengths are measured in shares of the picture's sides, so that both barbs look alike.
    """
    cos, sin = np.cos(HEAD_ANGLE), np.sin(HEAD_ANGLE)
    turn = np.array([[cos, -sin], [sin, cos]])
    back, tip = -HEAD * by / sides, at + by
    barbs = [tip + sides * (back @ turn), tip, tip + sides * (back @ turn.T)]
    return np.vstack([np.linspace(at, tip, ALONG_ARROW), barbs])


def azimuth(down: Floats) -> float:
    """Return where to look from, in degrees, so that the slope along `down` faces the viewer."""
    wanted = float(np.degrees(np.arctan2(down[1], down[0]))) + ASIDE
    return wanted - wanted % 90 + float(np.clip(wanted % 90, OBLIQUE, 90 - OBLIQUE))
