"""Draw docs/images/descent.gif, the moving picture of the front page, from its example.

Run ``python docs/pictures/motion.py`` after a change of ``examples/plot_descent_in_motion.py``.
"""

import runpy
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")
DOCS = Path(__file__).resolve().parent.parent
FRAME_MS = 80
LAST_MS = 2500  # the fitted line stays in view
NEARLY_WHITE = 245  # a palette mixes white with the pale edges of letters
COLOURS = 96  # without dithering, whose dots would differ from frame to frame


def main() -> None:
    scene = runpy.run_path(str(DOCS.parent / "examples" / "plot_descent_in_motion.py"))
    figure, draw, frames = scene["figure"], scene["draw"], range(len(scene["fit"].t))
    scene["animation"].pause()
    figure.set_dpi(100)
    images = []
    for i in frames:
        draw(i)
        figure.canvas.draw()
        images.append(Image.fromarray(np.array(figure.canvas.buffer_rgba())[..., :3]))
    palette = _palette(images[::5])
    drawn = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    times = [FRAME_MS] * (len(drawn) - 1) + [LAST_MS]
    first, *others = drawn
    file = DOCS / "images" / "descent.gif"
    first.save(file, save_all=True, append_images=others, duration=times, loop=0, optimize=True)
    print(f"{file}: {len(drawn)} frames, {file.stat().st_size / 1000:.0f} kB")


def _palette(images: list[Image.Image]) -> Image.Image:
    """Return an image whose palette serves all frames, with the white of the page in it."""
    width, height = images[0].size
    sheet = Image.new("RGB", (width, len(images) * height))
    for k, image in enumerate(images):
        sheet.paste(image, (0, k * height))
    colours = np.array(sheet.quantize(COLOURS).getpalette()).reshape(-1, 3)
    colours[colours.min(axis=1) > NEARLY_WHITE] = 255
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.ravel().tolist())
    return palette


if __name__ == "__main__":
    main()
