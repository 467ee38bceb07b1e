"""Tables for the documentation: ``python -m benchmarks._rst RESULT.json ..`` prints them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks._show import Row, cell


def csv_table(title: str, rows: list[Row]) -> str:
    keys = [k for k in dict.fromkeys(k for row in rows for k in row) if k != "note"]
    lines = [f".. csv-table:: {title}", "   :header-rows: 1", ""]
    for cells in [keys, *([cell(row.get(key)) for key in keys] for row in rows)]:
        lines.append("   " + ",".join('"' + c.replace('"', '""') + '"' for c in cells))
    return "\n".join(lines) + "\n"


def page(result: dict[str, Any]) -> str:
    """All tables of one result, the targets last; the machine is left to the reader."""
    name, tables = result["name"], dict(result["tables"])
    if result["targets"]:
        tables["targets"] = [
            {
                "target": t["what"],
                "bound": f"{'at least' if t['least'] else 'at most'} {t['bound']:g}",
                "measured": t["measured"],
                "verdict": t["verdict"],
            }
            for t in result["targets"]
        ]
    parts = [csv_table(f"{name}: {title}", rows) for title, rows in tables.items()]
    return "\n".join([f"``benchmarks.{name}``", "~" * (len(name) + 15), "", *parts])


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(page(json.loads(Path(path).read_text(encoding="utf-8"))))
