"""What every benchmark shares: tasks and options go in; a table, JSON and a picture come out."""

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
from benchmarks._show import Row, picture, table

# Where results go by default; git ignores it.
RESULTS = Path(__file__).resolve().parent / "results"
# A task is run for about so many seconds a round, but no more often than this.
SHORT, MOST_RUNS = 0.02, 20
# BLAS's threads spin for a tenth of a second after work, in the way of the next task's.
REST = 0.15


@dataclass(frozen=True)
class Target:
    """One line of DESIGN section 6 beside what was measured; `least` where more is better."""

    what: str
    bound: float
    measured: float | None
    least: bool = False

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        met = self.measured >= self.bound if self.least else self.measured <= self.bound
        return "met" if met else "NOT MET"


@dataclass
class Report:
    """What one script measured; tables are printed as they come."""

    name: str
    quick: bool
    machine: Row = field(default_factory=machine)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        mode = "quick mode, sizes and repeats cut" if self.quick else "full run"
        print(f"benchmarks.{self.name}, {mode}")
        print("\n".join(f"  {key}: {value}" for key, value in self.machine.items()), flush=True)

    def add(self, title: str, rows: Iterable[Row]) -> list[Row]:
        """Print a table and keep it."""
        kept = list(rows)
        self.tables[title] = kept
        print(f"\n{title}\n{table(kept)}", flush=True)
        return kept

    def target(
        self, what: str, bound: float, measured: float | None, *, least: bool = False
    ) -> None:
        self.targets.append(Target(what, bound, measured, least))

    def finish(
        self, options: argparse.Namespace, draw: Callable[[Any, Report], None] | None = None
    ) -> None:
        """Print the targets, write the JSON and, where Matplotlib is installed, the picture."""
        lines = [
            {
                "target": t.what,
                "bound": f"{'>=' if t.least else '<='} {t.bound:g}",
                "measured": t.measured,
                "": t.verdict,
            }
            for t in self.targets
        ]
        if lines:
            print(f"\nTargets of DESIGN section 6\n{table(lines)}")
        mode = "-quick" if self.quick else ""
        data = options.json or RESULTS / f"{self.name}{mode}.json"
        data.parent.mkdir(parents=True, exist_ok=True)
        verdicts = [asdict(t) | {"verdict": t.verdict} for t in self.targets]
        content = {"name": self.name, "quick": self.quick, "machine": self.machine}
        content |= {"tables": self.tables, "targets": verdicts}
        data.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten: {data}")
        if draw is not None:
            title = f"benchmarks.{self.name}: {self.machine['processor']}"
            path = options.picture or RESULTS / f"{self.name}{mode}.png"
            picture(title, path, lambda axes: draw(axes, self))


def options(doc: str | None, more: Callable[[Any], object] | None = None) -> argparse.Namespace:
    """The options that every script has, and `more`."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--quick", action="store_true", help="smaller cases, fewer repeats")
    parser.add_argument("--json", type=Path, help="default: benchmarks/results/NAME.json")
    parser.add_argument("--picture", type=Path, help="default: benchmarks/results/NAME.png")
    if more is not None:
        more(parser)
    return parser.parse_args()


def interleaved(
    tasks: dict[str, Callable[[], object]], repeats: int, patience: float = math.inf
) -> dict[str, list[float]]:
    """Seconds of each task, one round of all after the other, so that all meet the same machine.

    The first round is not counted: it warms caches and starts threads. A task that has taken
    `patience` seconds altogether is left out of further rounds, its first round then counted.
    A short task is run several times a round, since a single run says little. Before each there is
    a rest where BLAS has several threads.
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


def spread(taken: dict[str, list[float]]) -> dict[str, float]:
    """The slowest run over the fastest: far above 1 on a busy machine, whose medians say little."""
    return {name: max(runs) / min(runs) for name, runs in taken.items()}


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def child(code: str, *arguments: str, **environment: str) -> str:
    """What the code prints in a fresh process that finds the same modules.

    Environment variables may be given by name.
    """
    folders = [str(Path(__file__).resolve().parent.parent), *filter(None, sys.path)]
    path = {"PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | path | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
