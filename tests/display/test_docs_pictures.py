"""The pictures that are kept beside the documentation are those that their scripts draw."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib import pyplot

image = pytest.importorskip("PIL.Image")

DOCS = Path(__file__).resolve().parents[2] / "docs"
LOGO = runpy.run_path(str(DOCS / "pictures" / "logo.py"))
CHINESE = runpy.run_path(str(DOCS / "pictures" / "chinese.py"))


def _texts(svg):
    tree = ElementTree.fromstring(svg)
    return ["".join(text.itertext()) for text in tree.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(
    ("name", "options"),
    [("logo", (7, LOGO["SHADES"], 1.8)), ("favicon", (3, LOGO["SHADES"][1::2], 4.0))],
)
def test_the_logo_is_drawn_by_its_script(name, options):
    """Logo and favicon are small, and as docs/pictures/logo.py draws them."""
    kept = (DOCS / "_static" / f"{name}.svg").read_text(encoding="utf-8")
    assert kept == LOGO["drawing"](*options)
    assert len(kept) < 4000


@pytest.mark.parametrize("name", CHINESE["NAMES"])
def test_chinese_pictures_say_what_their_scripts_say(name):
    """Each kept SVG has the words of today's picture, all of them in Chinese."""
    with matplotlib.rc_context(CHINESE["SETTINGS"]):
        runpy.run_path(str(DOCS / "pictures" / f"{name}.py"))
        drawn = CHINESE["drawn"](pyplot.gcf())
    pyplot.close("all")
    kept = (CHINESE["FOLDER"] / f"{name}.svg").read_text(encoding="utf-8")
    assert _texts(kept) == _texts(drawn)
    assert not any(re.search("[a-z]{4}", words) for words in _texts(kept))


def test_a_word_without_translation_is_an_error():
    """A new word of a display stops the script, and does not reach a Chinese page."""
    with pytest.raises(ValueError, match="no translation of 'something new'"):
        CHINESE["chinese"]("something new")


def test_the_moving_picture_is_small_and_moves():
    """The front page's GIF is below 600 kB, and repeats for ever."""
    file = DOCS / "images" / "descent.gif"
    with image.open(file) as gif:
        assert gif.n_frames > 30
        assert gif.info["loop"] == 0
    assert file.stat().st_size < 600_000
