"""Every picture says what its text in tests/data/pictures says.

A picture is described in words (see pictures.py) and compared with its file. After a change that
is meant, write the files anew with ``python tests/display/test_pictures.py``, and look at each
picture whose text changed before you commit it: with ``--show DIRECTORY`` all are drawn there.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import matplotlib
import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does
    matplotlib.use("Agg")

from display import gallery, pictures

TEXTS = Path(__file__).parents[1] / "data" / "pictures"
NAMES = [*gallery.PICTURES, *gallery.ANIMATIONS]


def words(name):
    """The lines that say what is seen in a picture or at some frames of an animation."""
    if name in gallery.PICTURES:
        return pictures.picture(gallery.PICTURES[name]())
    draw, options = gallery.ANIMATIONS[name]
    display = draw()
    if "ax" in options:
        options = {**options, "ax": options["ax"]()}
    return list(pictures.frames(display, display.animate(**options)))


def _file(name):
    return TEXTS / f"{name.replace(', ', '-').replace(' ', '-')}.txt"


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_as_its_text_says(name):
    """Nothing that a viewer sees has changed; if that was meant, see the top of this file."""
    expected = _file(name).read_text(encoding="utf-8").splitlines()
    actual = words(name)
    if len(expected) != len(actual) or not all(map(pictures.same, expected, actual)):
        pytest.fail("\n".join(difflib.unified_diff(expected, actual, "text", "seen", "", "", 2)))


def test_each_text_has_its_picture():
    """No text is left over of a picture that is no longer made."""
    assert {path.name for path in TEXTS.iterdir()} == {_file(name).name for name in NAMES}


def _write():
    TEXTS.mkdir(exist_ok=True)
    for path in TEXTS.glob("*.txt"):
        path.unlink()
    for name in NAMES:
        with matplotlib.style.context("default"):
            _file(name).write_text("\n".join(words(name)) + "\n", encoding="utf-8", newline="\n")
            if "--show" in sys.argv:
                folder = Path(sys.argv[-1])
                folder.mkdir(exist_ok=True)
                gallery.pyplot.gcf().savefig(folder / f"{_file(name).stem}.png")
        gallery.pyplot.close("all")


if __name__ == "__main__":
    _write()
