"""Seconds and memory of ``import sklearn_gd`` beside ``import sklearn.linear_model``.

``python -m benchmarks.imports [--quick]`` imports each in fresh processes, interleaved, and fails
where sklearn_gd brings an optional library along that scikit-learn did not.
"""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any

from benchmarks._harness import Report, Row, child, options

MODULES = ("numpy", "sklearn.linear_model", "sklearn_gd")
OPTIONAL = ("matplotlib", "pandas", "polars", "dask", "rich")
CODE = """
import importlib, json, sys, time
begin = time.perf_counter()
importlib.import_module(sys.argv[1])
took = time.perf_counter() - begin
loaded, found = len(sys.modules), [name for name in sys.argv[2:] if name in sys.modules]
status = open("/proc/self/status").read() if sys.platform == "linux" else ""
peak = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
print(json.dumps({"seconds": took, "peak": peak, "modules": loaded, "optional": found}))
"""


def compare(repeats: int, modules: tuple[str, ...] = MODULES) -> list[Row]:
    found: dict[str, list[Row]] = {name: [] for name in modules}
    for _ in range(repeats + 1):  # the first round warms the disk's cache
        for name in modules:
            found[name].append(json.loads(child(CODE, name, *OPTIONAL)))
    rows = []
    for name, runs in found.items():
        peaks = [kib / 1024 for r in runs for kib in r["peak"]]
        rows.append(
            {
                "import": name,
                "seconds": statistics.median(r["seconds"] for r in runs[1:] or runs),
                "peak, MiB": statistics.median(peaks) if peaks else None,
                "modules": runs[0]["modules"],
                "optional libraries": ", ".join(runs[0]["optional"]) or "none",
            }
        )
    last = rows[-1]["seconds"]
    return [row | {"/ sklearn_gd": row["seconds"] / last} for row in rows]


def draw(axes: Any, report: Report) -> None:
    rows = report.tables["import in a fresh process"]
    axes.barh([r["import"] for r in rows], [r["seconds"] for r in rows])
    axes.set(xlabel="seconds")


def main(chosen: argparse.Namespace) -> None:
    report = Report("imports", chosen.quick)
    rows = report.add("import in a fresh process", compare(3 if chosen.quick else 11))
    brought = {row["import"]: set(row["optional libraries"].split(", ")) for row in rows}
    more = brought["sklearn_gd"] - brought["sklearn.linear_model"] - {"none"}
    report.target("optional libraries that only sklearn_gd brings", 0, float(len(more)))
    report.finish(chosen, draw)
    if more:
        raise SystemExit(f"import sklearn_gd brings along: {', '.join(sorted(more))}")


if __name__ == "__main__":
    main(options(__doc__))
