"""Seconds and memory of ``import sklearn_gd`` beside ``import sklearn.linear_model``.

``python -m benchmarks.imports [--quick]`` imports each in fresh processes, interleaved, and counts
the optional libraries that sklearn_gd imports and scikit-learn does not.
"""

from __future__ import annotations

import json
import statistics

from benchmarks._harness import Report, Row, child, run

REPEATS, QUICK_REPEATS = 7, 3
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


def measure(report: Report) -> None:
    rows = compare(QUICK_REPEATS if report.quick else REPEATS)
    report.add("import in a fresh process", rows)
    brought = {row["import"]: set(row["optional libraries"].split(", ")) for row in rows}
    more = brought["sklearn_gd"] - brought["sklearn.linear_model"] - {"none"}
    report.target("optional libraries that only sklearn_gd imports", float(len(more)), at_most=0)


if __name__ == "__main__":
    run("imports", __doc__, measure)
