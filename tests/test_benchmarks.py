"""Each benchmark runs on a tiny case: what it says about accuracy holds, times may be any."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

import benchmarks
from benchmarks import _harness, _show, dask, early_stopping, flights, gpu, memory, summary, threads
from benchmarks._harness import Report, Target

pytestmark = pytest.mark.filterwarnings("ignore")  # of peers, and of descents cut short
NAMES = sorted(p.stem for p in Path(benchmarks.__file__).parent.glob("[a-z]*.py"))
# Constants that make the quick mode of a script tiny.
TINY = {
    "accuracy": {"QUICK_CONDITIONS": (1e4,), "UPDATES": (10**2, 10**6), "LONGEST_LOOP": 10**2},
    "choice": {"QUICK_SHAPES": [(40, 3, None), (30, 20, 0.2)], "UPDATES": (5,), "ROUNDS": 1},
    "early_stopping": {
        "SETS": ((30, 4, 1.0),),
        "MAX_ITER": 100,
        "QUICK_REPEATS": 1,
        "QUICK_SPLITS": 1,
    },
    "fit": {
        "QUICK_SHAPES": [(40, 3), (60, 3)],
        "LARGE": 180,
        "WIDE": [(5, 20)],
        "REST": [(12, 10)],
        "LONG_SHAPE": (50, 3),
        "T": 20,
        "QUICK_BUDGET": 0.0,
        "QUICK_REPEATS": 1,
    },
    "held_out": {"QUICK_SHAPE": (50, 3), "REPEATS": 1},
    "large": {"QUICK_SIZES": {"sparse": (60, 40, 5), "dense": (30, 20)}, "REPEATS": 1},
    "momentum": {"QUICK_SHAPE": (50, 3), "CASES": {"stationary": (0.1, False)}, "REPEATS": 1},
    "size": {},
    "tuning": {"QUICK_SHAPE": (50, 3), "RATES": 2, "MAX_ITER": 20, "REPEATS": 1},
}
OPTIONAL = {"accuracy": "mpmath"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch, tmp_path):
    """Nothing sleeps, short tasks run once, and results go to a folder of their own."""
    for constant, value in {"REST": 0.0, "SHORT": 0.0, "RESULTS": tmp_path}.items():
        monkeypatch.setattr(_harness, constant, value)


def measured(name, monkeypatch):
    """The report of a tiny run."""
    module = importlib.import_module(f"benchmarks.{name}")
    for constant, value in TINY.get(name, {}).items():
        monkeypatch.setattr(module, constant, value)
    report = Report(name, True)
    module.measure(report)
    report.finish()
    return report


@pytest.mark.parametrize("name", NAMES)
def test_each_says_how_it_is_run(name):
    """And importing it needs no optional library."""
    module = importlib.import_module(f"benchmarks.{name}")
    assert f"python -m benchmarks.{name}" in module.__doc__


@pytest.mark.parametrize("name", [n for n in TINY if n != "early_stopping"])
def test_each_runs_on_a_tiny_case(name, monkeypatch):
    """Tables and targets have rows, and fits are those of the literal loop or of exact numbers."""
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    report = measured(name, monkeypatch)
    assert report.targets
    rows = [row for table in report.tables.values() for row in table]
    assert rows
    distances = [v for row in rows for k, v in row.items() if k.startswith("distance")]
    assert max((d for d in distances if d is not None), default=0.0) < 1e-10
    if name == "accuracy":
        assert report.targets[0].verdict == "met"


def test_early_stopping_finds_the_published_stops(monkeypatch):
    """On the Phillips problem this library and the authors' package stop at the same updates."""
    rng = np.random.default_rng(0)
    few = rng.standard_normal((30, 3)), rng.standard_normal(30), True
    monkeypatch.setattr(early_stopping, "real_sets", lambda: {"few": few})
    has_peer = importlib.util.find_spec("EarlyStopping") is not None
    report = measured("early_stopping", monkeypatch)
    assert len(report.tables) == 2 + has_peer
    for row in report.tables.get("Phillips, n = 100, noise 0.1", []):
        stops = [row[what] for what in ("discrepancy stop", "weak oracle", "strong oracle")]
        assert stops == [26, 47, 147]


def test_flights_are_scored_alike(monkeypatch):
    """All estimators predict held-out rows equally well; the real rows are not needed for it."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(rng.standard_normal((200, 4)), columns=list("abcd"))
    table["air_time"] = table["arr_delay"] = table["a"] + 0.1 * rng.standard_normal(200)
    monkeypatch.setattr(flights, "flights", lambda every: table)
    monkeypatch.setattr(flights, "QUICK_REPEATS", 1)
    report = measured("flights", monkeypatch)
    scores = [row["held-out R2"] for rows in report.tables.values() for row in rows]
    assert np.ptp(scores) < 1e-3


def test_memory_counts_the_copies_of_a_peer(monkeypatch):
    """LinearRegression copies X, which a fit of this library does not."""
    pytest.importorskip("resource", reason="Windows' Python counts no peak of memory")

    def here(code, case, n, d):
        return json.dumps(memory.measured(case, int(n), int(d)))

    monkeypatch.setattr(memory, "child", here)
    monkeypatch.setattr(memory, "QUICK_SHAPE", (60_000, 30))
    (rows,) = measured("memory", monkeypatch).tables.values()
    shares = {row["who"]: row["% of X"] for row in rows}
    assert shares["LinearRegression"] > max(shares[memory.OURS], 50)


def test_imports_count_optional_libraries(monkeypatch):
    """One that scikit-learn imports, too, is not counted."""
    module = importlib.import_module("benchmarks.imports")
    found = {"numpy": [], "sklearn.linear_model": ["pandas"], "sklearn_gd": ["pandas", "rich"]}

    def child(code, name, *optional):
        row = {"seconds": 1.0, "peak": [1024], "modules": 3, "optional": found[name]}
        return json.dumps(row)

    monkeypatch.setattr(module, "child", child)
    (target,) = measured("imports", monkeypatch).targets
    assert target.measured == {"": 1.0}


def test_threads_are_compared_in_processes_of_their_own(monkeypatch):
    """Each number of threads runs once beside a busy process, which is ended, and once without."""
    turns, busy, real = [], [], threads.busy_core

    @contextlib.contextmanager
    def seen_busy():
        with real() as process:
            busy.append(process)
            yield process

    def child(code, *names, **environment):
        alone = all(process.poll() is not None for process in busy)
        turns.append((environment["OPENBLAS_NUM_THREADS"], alone))
        return json.dumps(dict.fromkeys(names, float(environment["OMP_NUM_THREADS"])))

    monkeypatch.setattr(threads, "child", child)
    monkeypatch.setattr(threads, "busy_core", seen_busy)
    (row,) = threads.compare(["30 x 2"], 1)
    assert turns == [("1", True), ("2", True), ("1", False), ("2", False)]
    assert all(process.poll() is not None for process in busy)
    assert (row["2 / 1"], row["2 / 1, busy"]) == (2.0, 2.0)


def test_threads_fit_every_case(monkeypatch, capsys):
    """A turn prints the seconds of all its cases."""
    monkeypatch.setattr(threads, "TURN", 0.0)
    names = ["30 x 2", "30 x 2, tuning", "30 x 2, LinearRegression"]
    threads.turn(*names)
    assert list(json.loads(capsys.readouterr().out)) == names


def test_dask_compares_fits_that_agree(monkeypatch):
    """Rows on workers and rows in memory give the same coefficients; here without a cluster."""
    pytest.importorskip("dask.array")
    monkeypatch.setattr(dask, "cluster", lambda workers: contextlib.nullcontext())
    ours = [r for r in dask.throughput(2000, 1) if r["who"].startswith("sklearn_gd")]
    assert len(ours) == 2
    assert max(r["distance to least squares"] for r in ours) < 1e-10
    assert [r["workers"] for r in dask.growth(2000)] == [1, 2]


def test_gpu_says_that_there_is_none(monkeypatch, capsys):
    """And measures nothing; the library that is absent is named."""
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    gpu.measure(Report("gpu", True, argparse.Namespace(device="cuda")))
    assert "PyTorch is not installed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_gpu_compares_fits_that_agree(name):
    """The code of the card's case, on the processor: coefficients are those of lstsq."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    rows = gpu.compare(torch, 300, 4, "cpu", name, 1)
    assert rows[0]["distance to lstsq"] < {"float32": 1e-4, "float64": 1e-10}[name]
    assert [r["who"].split(",")[0] for r in rows[:2]] == ["sklearn_gd", "plain loop"]


def test_gpu_takes_as_many_rows_as_fit():
    """Never more than asked for."""
    assert gpu.rows_that_fit(10**7, 500, 8, 80e9) == 8_000_000
    assert gpu.rows_that_fit(10**7, 500, 4, 1e12) == 10**7


def test_a_child_finds_the_same_modules():
    """A fresh process imports the benchmarks and gets arguments and environment."""
    code = "import os, sys, benchmarks; print(sys.argv[1], os.environ['OMP_NUM_THREADS'])"
    assert _harness.child(code, "here", OMP_NUM_THREADS="7").split() == ["here", "7"]


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [({"at_most": 2.0}, "NOT MET"), ({"at_least": 1.0}, "met"), ({}, "-")],
)
def test_a_target_is_met_by_all_its_values(bound, verdict):
    """One value beyond the bound is enough to miss it."""
    target = Target("ratio", {"one": 1.5, "two": 3.0}, **bound)
    assert target.verdict == verdict
    assert target.values == "1.5 (one), 3 (two)"


def test_markup_is_escaped():
    """Names with underscores and powers are no markup, neither on the page nor in the README."""
    rows = [{"who": "path_ 10**3", "seconds": 1234.5}]
    assert '"path\\_ 10\\*\\*3","1,234"' in _show.csv_table("title", rows)
    assert "| path\\_ 10\\*\\*3 | 1,234 |" in _show.markdown(rows)


@pytest.fixture
def saved(tmp_path):
    """Results of a full run of one script."""
    report = Report("fit", False)
    report.add("a table", [{"who": "us", "seconds": 1.5}])
    report.target("loop / fit", 20.0, at_least=10, headline=True)
    report.target("another", 2.0, at_most=1)
    report.finish()
    return summary.results(False)


def test_the_page_and_the_readme_take_the_figures(saved):
    """Every script has its markers on the page, and writing twice changes nothing more."""
    text = summary.PAGE.read_text(encoding="utf-8")
    everywhere = {name: saved["fit"] for name in summary.SCRIPTS}
    assert summary.page(text, everywhere).count('"us","1.5"') == len(summary.SCRIPTS)
    page = summary.page(text, saved)
    assert summary.page(page, saved) == page
    assert "* - loop / fit\n     - at least 10\n     - 20\n     - met" in page
    readme = summary.readme(summary.README.read_text(encoding="utf-8"), saved)
    assert "| loop / fit | 20 |" in readme
    assert "another" not in readme


def test_the_summary_prints_what_was_saved(saved, capsys):
    """Quick and full runs are kept apart, and only full ones may be written."""
    summary.main(["--saved"])
    assert "loop / fit" in capsys.readouterr().out
    summary.main(["--saved", "--quick"])
    assert "loop / fit" not in capsys.readouterr().out
    for wrong in (["--quick", "--write"], ["unheard-of"]):
        with pytest.raises(SystemExit):
            summary.main(wrong)
