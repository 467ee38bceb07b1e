"""What a benchmark shows: rows go in; aligned text or a picture comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def table(rows: list[Row]) -> str:
    """Aligned columns, one for every key, in the order of their first appearance."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[cell(row.get(key)) for key in keys] for row in rows]
    widths = [max(len(c) for c in column) for column in zip(keys, *cells, strict=True)]
    texts = [isinstance(rows[0].get(key), str) for key in keys] if rows else []

    def line(cells: list[str]) -> str:
        parts = zip(cells, widths, texts, strict=True)
        return "  ".join(c.ljust(w) if text else c.rjust(w) for c, w, text in parts).rstrip()

    return "\n".join(line(c) for c in [keys, *cells])


def cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def picture(title: str, path: Path, draw: Callable[[Any], None]) -> None:
    try:
        import matplotlib as mpl
    except ImportError:
        print("no picture: Matplotlib is not installed")
        return
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(9, 5), layout="constrained")
    draw(axes)
    figure.suptitle(title, fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"written: {path}")
