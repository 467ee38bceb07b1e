"""All targets in one table, and the documentation's figures.

``python -m benchmarks.summary`` runs all scripts one after the other, each in a process of its own,
and prints what was measured beside the targets. ``--quick`` runs them on smaller cases, names run
only some, and ``--saved`` runs none and reads the results of earlier runs. ``--write`` puts the
figures of full runs between the markers of docs/benchmarks.rst and README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _harness
from benchmarks._harness import Target
from benchmarks._show import Row, csv_table, list_table, markdown, table

ROOT = Path(__file__).resolve().parent.parent
# In the order of DESIGN section 6 and of the page.
SCRIPTS = ("fit", "flights", "choice", "tuning", "large", "memory", "momentum", "held_out")
SCRIPTS += ("accuracy", "early_stopping", "threads", "dask", "imports", "size")
PAGE, README = ROOT / "docs" / "benchmarks.rst", ROOT / "README.md"


def results(quick: bool) -> dict[str, Any]:
    """Return the saved results by script."""
    paths = {s: _harness.RESULTS / f"{s}{'-quick' if quick else ''}.json" for s in SCRIPTS}
    return {s: json.loads(p.read_text(encoding="utf-8")) for s, p in paths.items() if p.exists()}


def targets(found: dict[str, Any]) -> list[Target]:
    return [Target(**t) for result in found.values() for t in result["targets"]]


def rows_of(targets: list[Target], quick: bool = False) -> list[Row]:
    """Return the summary; the targets are those of the full sizes, so quick runs get no verdict."""
    return [t.row() | ({} if quick else {"verdict": t.verdict}) for t in targets]


def machine_of(found: dict[str, Any]) -> str:
    """Return a sentence on when and on what was measured."""
    machines = [result["machine"] for result in found.values()]
    last = max(machines, key=lambda m: m["date"])
    packages = [p for p in last["packages"].split(", ") if not p.endswith("(not installed)")]
    return (
        f"Measured on {last['date']} on {last['cores']} cores of an {last['processor']} processor "
        f"({last['memory']}; Python {last['python']}, {', '.join(packages)}); medians, peers "
        "interleaved."
    )


def replaced(text: str, marker: str, block: str, comment: str = ".. {}") -> str:
    """Return the text with what stands between ``marker:begin`` and ``marker:end`` replaced."""
    begin, end = (comment.format(f"{marker}:{side}") for side in ("begin", "end"))
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"No {begin!r} followed by {end!r}.")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"


def page(text: str, found: dict[str, Any]) -> str:
    """Return docs/benchmarks.rst with the summary and the tables of all scripts."""
    table = list_table(rows_of(targets(found)), "50 15 25 10")
    text = replaced(text, "summary", f"{machine_of(found)}\n\n{table}")
    for name, result in found.items():
        parts = [csv_table(title, rows) for title, rows in result["tables"].items()]
        text = replaced(text, name, "\n\n".join(parts))
    return text


def readme(text: str, found: dict[str, Any]) -> str:
    """Return README.md with the headline figures."""
    rows = [{"what": t.what, "measured": t.values} for t in targets(found) if t.headline]
    meaning = '"A / B" is the time of A divided by the time of B; "fit" is this library\'s.'
    block = f"{meaning}\n{machine_of(found)}\n\n{markdown(rows)}"
    return replaced(text, "measured", block, "<!-- {} -->")


def write(found: dict[str, Any]) -> None:
    for path, change in ((PAGE, page), (README, readme)):
        path.write_text(change(path.read_text(encoding="utf-8"), found), encoding="utf-8")
        print(f"written: {path}")


def ran(scripts: Sequence[str], quick: bool) -> list[str]:
    """Run scripts one after the other; return those that failed."""
    failed = []
    for script in scripts:
        command = [sys.executable, "-m", f"benchmarks.{script}", *["--quick"] * quick]
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(script)
    return failed


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", help="default: all")
    parser.add_argument("--quick", action="store_true", help="smaller cases, fewer repeats")
    parser.add_argument("--saved", action="store_true", help="run nothing, read earlier results")
    parser.add_argument("--write", action="store_true", help="rewrite the documentation's figures")
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.write:
        parser.error("--write takes the figures of full runs; leave out --quick.")
    if unknown := set(chosen.scripts) - set(SCRIPTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(SCRIPTS)}")
    failed = [] if chosen.saved else ran(chosen.scripts or SCRIPTS, chosen.quick)
    found = results(chosen.quick)
    print(f"\n{table(rows_of(targets(found), chosen.quick))}")
    if chosen.write:
        write(found)
    if failed:
        raise SystemExit(f"failed, older results are shown: {', '.join(failed)}")


if __name__ == "__main__":
    main()
