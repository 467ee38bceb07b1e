"""Tables as aligned text, as reStructuredText and as Markdown."""

from __future__ import annotations

import re
from typing import Any

Row = dict[str, Any]


def table(rows: list[Row]) -> str:
    """Return aligned columns, one for every key, in the order of their first appearance."""
    lines = cells(rows)
    widths = [max(len(c) for c in column) for column in zip(*lines, strict=True)]
    texts = [isinstance(rows[0].get(key), str) for key in lines[0]] if rows else []

    def line(row: list[str]) -> str:
        parts = zip(row, widths, texts, strict=True)
        return "  ".join(c.ljust(w) if text else c.rjust(w) for c, w, text in parts).rstrip()

    return "\n".join(line(row) for row in lines)


def csv_table(title: str, rows: list[Row]) -> str:
    """Return a table for the documentation."""
    lines = [f".. csv-table:: {escaped(title)}", "   :header-rows: 1", ""]
    doubled = ([escaped(c).replace('"', '""') for c in row] for row in cells(rows))
    quoted = (",".join(f'"{c}"' for c in row) for row in doubled)
    return "\n".join([*lines, *(f"   {line}" for line in quoted)])


def list_table(rows: list[Row], widths: str) -> str:
    """Return a table for the documentation, with the widths of its columns in percent."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in cells(rows):
        lines += [f"   {'  -' if i else '* -'} {escaped(c)}" for i, c in enumerate(row)]
    return "\n".join(lines)


def markdown(rows: list[Row]) -> str:
    """Return a table for the README."""
    head, *body = cells(rows)
    lines = (head, ["---"] * len(head), *body)
    return "\n".join("| " + " | ".join(map(escaped, row)) + " |" for row in lines)


def escaped(text: str) -> str:
    """Return the text with its markup characters escaped, for both languages."""
    return re.sub(r"([\\`*_|])", r"\\\1", text)


def cells(rows: list[Row]) -> list[list[str]]:
    """Return the header and each row as texts."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [keys, *([cell(row.get(key)) for key in keys] for row in rows)]


def cell(value: Any) -> str:
    """Return three digits of a number; "-" stands for what was not measured."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    return str(value)
