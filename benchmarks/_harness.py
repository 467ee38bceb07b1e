"""What every script shares: interleaved timing, targets, and a report that is printed and kept."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._machine import blas_threads, machine
from benchmarks._show import Row, cell, table

# Where results go; git ignores it.
RESULTS = Path(__file__).resolve().parent / "results"
# A short task is repeated within a round for about so many seconds, at most so many times.
SHORT, MOST_RUNS = 0.02, 20
# Seconds: BLAS threads spin for a tenth of a second after work, which slows the next task down.
REST = 0.15


@dataclass(frozen=True)
class Target:
    """One row of the summary: a ratio, the bound it must meet, and the values measured."""

    what: str
    measured: dict[str, float]  # by case; a single case has the name ""
    at_most: float | None = None
    at_least: float | None = None
    headline: bool = False  # shown in the README, too

    @property
    def bound(self) -> str:
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "-" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def values(self) -> str:
        named = (cell(v) + (f" ({k})" if k else "") for k, v in self.measured.items())
        return ", ".join(named)

    @property
    def verdict(self) -> str:
        if self.bound == "-":
            return "-"
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return "met" if all(low <= v <= high for v in self.measured.values()) else "NOT MET"

    def row(self) -> Row:
        return {"what": self.what, "target": self.bound, "measured": self.values}


@dataclass
class Report:
    """The tables and targets of one script; tables are printed as they come."""

    name: str
    quick: bool
    options: argparse.Namespace = field(default_factory=argparse.Namespace)
    machine: Row = field(default_factory=machine)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)

    def add(self, title: str, rows: Iterable[Row]) -> list[Row]:
        """Print a table and keep it."""
        self.tables[title] = list(rows)
        print(f"\n{title}\n{table(self.tables[title])}", flush=True)
        return self.tables[title]

    def target(self, what: str, measured: float | dict[str, float], **bound: Any) -> None:
        """Keep a target: `at_most=` or `at_least=`."""
        values = measured if isinstance(measured, dict) else {"": measured}
        self.targets.append(Target(what, values, **bound))

    def finish(self) -> None:
        """Print the targets and write all as JSON."""
        # The targets are those of the full sizes: a quick run gets no verdict.
        rows = [t.row() | ({} if self.quick else {"verdict": t.verdict}) for t in self.targets]
        if rows:
            print(f"\nTargets\n{table(rows)}")
        path = RESULTS / f"{self.name}{'-quick' if self.quick else ''}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"name": self.name, "machine": self.machine, "tables": self.tables}
        content |= {"targets": [asdict(t) for t in self.targets]}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten: {path}")


def run(
    name: str,
    doc: str | None,
    measure: Callable[[Report], None],
    more: Callable[[Any], object] | None = None,
) -> None:
    """Run one script from the command line; `more` adds options to ``--quick``."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--quick", action="store_true", help="smaller cases, fewer repeats")
    if more is not None:
        more(parser)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    report = Report(name, options.quick, options)
    print(f"benchmarks.{name}, {'quick mode, smaller cases' if options.quick else 'full run'}")
    print("\n".join(f"  {key}: {value}" for key, value in report.machine.items()), flush=True)
    measure(report)
    if report.tables:
        report.finish()


def interleaved(
    tasks: dict[str, Callable[[], object]], repeats: int, patience: float = math.inf
) -> dict[str, list[float]]:
    """Return seconds of each task, measured in rounds of all tasks, after one round of warming up.

    A task that has taken `patience` seconds in total is left out of further rounds; its first run
    then counts. A short task runs several times a round. When BLAS has several threads, each task
    waits until these sleep.
    """
    rest = REST if blas_threads() > 1 else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = {name: seconds(task) for name, task in tasks.items()}
        taken: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(repeats):
            for name, task in tasks.items():
                time.sleep(rest)
                runs = min(MOST_RUNS, 1 + int(SHORT / first[name]))
                if first[name] + sum(taken[name]) < patience:
                    taken[name] += [seconds(task) for _ in range(runs)]
    return {name: runs or [first[name]] for name, runs in taken.items()}


def medians(taken: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(runs) for name, runs in taken.items()}


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def child(code: str, *arguments: str, **environment: str) -> str:
    """Return what the code prints in a fresh process that finds the same modules."""
    folders = [str(Path(__file__).resolve().parent.parent), *filter(None, sys.path)]
    path = {"PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | path | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
