"""Draw the tutorial's pictures with Chinese words, as docs/images/zh/*.svg.

Run ``python docs/pictures/chinese.py`` after a change of a picture or of its words. Letters stay
text in the SVG, so the reader's own fonts draw them: matplotlib brings no Chinese font.
"""

import io
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib import pyplot
from matplotlib.text import Text

matplotlib.use("Agg")
PICTURES = Path(__file__).resolve().parent
FOLDER = PICTURES.parent / "images" / "zh"
NAMES = ("lines", "parabola", "surface", "contours", "loss", "rates")
SVG = "{http://www.w3.org/2000/svg}"
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "sklearn_gd"}
FONTS = "'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'DejaVu Sans', sans-serif"

# What the displays say, as regular expressions, and what Chinese courses say.
WORDS = {
    r"number of updates t": "更新次数 t",
    r"parameter (\w+)": r"参数 \1",
    r"loss J": "损失 J",
    r"loss J, lr = (\S+)": r"损失 J，lr = \1",
    r"data": "数据",
    r"first line, t = (\S+): J = (.*)": r"第一条直线，t = \1：J = \2",
    r"fitted line, t = (\S+): J = (.*)": r"拟合出的直线，t = \1：J = \2",
    r"between, t = (.*)": r"中间的直线，t = \1",
    r"(?:\d+ )?iterates, t = (\S+) to (\S+)": r"各次迭代，t = \1 到 \2",
    r"start, t = 0": "起点，t = 0",
    r"least loss (\S+)": r"最小损失 \1",
    r"least possible loss (\S+)": r"可能的最小损失 \1",
    r"negative gradient at t = 0\n\(direction only\)": ("t = 0 处的负梯度\n（只表示方向）"),
    r"tangent at t = 0: slope (\S+)": r"t = 0 处的切线：斜率 \1",
    r"step −lr × slope = (\S+)": r"步长 −lr × 斜率 = \1",
    r"stop at t = (\S+), loss below tol": r"停在 t = \1，损失小于 tol",
    r"stable below lr = (\S+)": r"lr 小于 \1 时稳定",
    r"(lr = \S+): diverges": r"\1：发散",
    r"(lr = \S+): (J = \S+)": r"\1：\2",
}
# Needs no translation: numbers and formulas.
FORMULA = re.compile(r"[\W\d_]*|−∂J/∂\w = \S+|t = \S+|tol \S+|[bwxy]")
# A dash is as wide as a Chinese character, and matplotlib's font has it: it stands in for one
# while the layout is measured.
WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")

# Digits beyond a hundredth of a point, which nobody sees.
FINER = re.compile(r"(\.\d\d)\d+")


def main() -> None:
    ElementTree.register_namespace("", SVG.strip("{}"))
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        with matplotlib.rc_context(SETTINGS):
            runpy.run_path(str(PICTURES / f"{name}.py"))
            (FOLDER / f"{name}.svg").write_text(drawn(pyplot.gcf()), encoding="utf-8")
        pyplot.close("all")


def drawn(figure: pyplot.Figure) -> str:
    """Return the figure as SVG, with Chinese words in the place of its own."""
    figure.canvas.draw()  # makes the numbers of the axes
    said = {}
    for text in figure.findobj(Text):
        words = chinese(text.get_text())
        if words != text.get_text():
            text.set_gid(f"zh-{len(said)}")
            said[text.get_gid()] = words
            text.set_text(WIDE.sub("—", words))
    svg = io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None})
    tree = ElementTree.fromstring(svg.getvalue())
    for group in tree.iter(f"{SVG}g"):
        if group.get("id") in said:
            texts = list(group.iter(f"{SVG}text"))  # one for each line
            for text, line in zip(texts, said[group.get("id")].split("\n"), strict=True):
                text.text = line
    for line in tree.iter(f"{SVG}path"):
        line.set("d", FINER.sub(r"\1", line.get("d", "")))
    return re.sub(r"'DejaVu Sans'(, [^;\"]*)?", FONTS, ElementTree.tostring(tree, "unicode"))


def chinese(words: str) -> str:
    """Return the words of a display in Chinese; an error if the table has none."""
    for pattern, translated in WORDS.items():
        found = re.fullmatch(pattern, words)
        if found:
            return found.expand(translated)
    if not FORMULA.fullmatch(words):
        raise ValueError(f"WORDS has no translation of {words!r}.")
    return words


if __name__ == "__main__":
    main()
