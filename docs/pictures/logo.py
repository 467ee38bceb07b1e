"""Draw the logo and the favicon: contours of a loss, and a descent that zigzags down its valley.

Run ``python docs/pictures/logo.py``; it writes docs/_static/logo.svg and docs/_static/favicon.svg.
"""

import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd import DescentPath, GDLinearRegressor

STATIC = Path(__file__).resolve().parent.parent / "_static"
SIDE = 64.0
RIM = 31.2  # half the largest contour; its halves and quarters are no ties of rounding
# Shades from the rim to the valley: light enough for dark pages and dark enough for light ones.
SHADES = ("#8FC7EA", "#56B4E9", "#2A93CF", "#0072B2")
GREEN, RED = "#009E73", "#CC3311"
TURN = np.deg2rad(-35)  # of the valley
ALONG, ACROSS = 0.25, 1.0  # curvatures of the loss, along the valley and across it
START = np.array([-26.0, 9.0])  # along the valley and across it, from the lowest point


def descent(updates: int) -> DescentPath:
    """Return a descent on two parameters, whose loss is a valley with its lowest point at 0."""
    axes = np.array([[np.cos(TURN), np.sin(TURN)], [-np.sin(TURN), np.cos(TURN)]])
    X = np.sqrt(2 * np.array([[ALONG], [ACROSS]])) * axes
    model = GDLinearRegressor(lr=1.65, max_iter=updates, fit_intercept=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so few updates do not arrive
        return model.fit(X, np.zeros(2), coef_init=START @ axes).path_


def drawing(updates: int, shades: tuple[str, ...], width: float) -> str:
    """Return the SVG: filled contours, the path with a white rim, its first and last point."""
    path = descent(updates)
    curvature, axes = np.linalg.eigh(path.hessian_product(np.eye(2)))
    angle = float(np.degrees(np.arctan2(-axes[1, 0], axes[0, 0])))
    middle = SIDE / 2
    radii = [
        np.sqrt(share * RIM**2 * curvature.min() / curvature)
        for share in np.linspace(1.0, 0.0, len(shades), endpoint=False) ** 2
    ]
    ellipses = "".join(
        f'<ellipse rx="{rx:.1f}" ry="{ry:.1f}" fill="{shade}"/>'
        for (rx, ry), shade in zip(radii, shades, strict=True)
    )
    points = (path.parameters(np.arange(updates + 1)) - path.limit()) * [1, -1] + middle
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    (x0, y0), (x1, y1) = points[0], points[-1]
    common = 'fill="none" stroke-linejoin="round" stroke-linecap="round"'
    dot = f'r="{1.5 * width:.1f}" stroke="#fff" stroke-width="{width / 2:.1f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">'
        f'<g transform="translate({middle:g} {middle:g}) rotate({angle:.1f})">{ellipses}</g>'
        f'<polyline points="{line}" {common} stroke="#fff" stroke-width="{2 * width:.1f}"/>'
        f'<polyline points="{line}" {common} stroke="{RED}" stroke-width="{width:.1f}"/>'
        f'<circle cx="{x0:.1f}" cy="{y0:.1f}" {dot} fill="{GREEN}"/>'
        f'<circle cx="{x1:.1f}" cy="{y1:.1f}" {dot} fill="{RED}"/></svg>\n'
    )


if __name__ == "__main__":
    (STATIC / "logo.svg").write_text(drawing(7, SHADES, 1.8), encoding="utf-8")
    (STATIC / "favicon.svg").write_text(drawing(3, SHADES[1::2], 4.0), encoding="utf-8")
