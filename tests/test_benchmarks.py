"""The benchmarks run: each on a toy case, its timings not looked at."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import benchmarks
from benchmarks import (
    _exact,
    _harness,
    _second_pass,
    accuracy,
    choice,
    dask,
    fit,
    flights,
    gpu,
    growth,
    imports,
    large,
    memory,
    small,
    threads,
    tuning,
)
from sklearn_gd._descent import lapack, turned
from sklearn_gd._descent.rows import Rows

pytestmark = pytest.mark.filterwarnings("ignore")  # of peers, and of descents cut short
NAMES = sorted(p.stem for p in Path(benchmarks.__file__).parent.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_run_as_a_module(name):
    """Each says how it is run, and importing it needs no optional library."""
    module = importlib.import_module(f"benchmarks.{name}")
    assert f"python -m benchmarks.{name}" in module.__doc__
    assert callable(module.main)


def test_report_has_machine_tables_targets_and_verdicts(tmp_path):
    """What is printed is also written as JSON."""
    report = _harness.Report("toy", True)
    report.add("a table", [{"who": "us", "seconds": 1.5}, {"who": "them", "note": "absent"}])
    report.target("not too slow", 2.0, 1.5)
    report.target("fast enough", 2.0, 1.5, least=True)
    report.target("elsewhere", 2.0, None)
    options = argparse.Namespace(json=tmp_path / "toy.json", picture=tmp_path / "toy.png")
    report.finish(options, lambda axes, report: axes.plot([1, 2]))
    written = json.loads(options.json.read_text(encoding="utf-8"))
    assert written["machine"]["cores"] >= 1
    assert written["tables"]["a table"][0] == {"who": "us", "seconds": 1.5}
    assert [t["verdict"] for t in written["targets"]] == ["met", "NOT MET", "not measured"]


def test_fit_compares_descents_that_agree():
    """Every peer that makes the same updates is at a rounding's distance."""
    rows = fit.compare(60, 3, 1, 1e-3)
    distances = [r["distance"] for r in rows if r.get("distance") is not None]
    assert len(distances) >= 3
    assert max(distances) < 1e-12


def test_second_pass_is_taken_only_where_it_is_meant_to_be():
    """The two cases of its cost are what they are called."""
    assert [r["taken"] for r in _second_pass.second_pass(6000, 4, 1000, 1)] == [False, True, True]


def test_few_rows_are_timed_both_ways(monkeypatch):
    """Decomposed, with a spectrum of no error, and summed; afterwards rows are few again."""
    errors, real = [], small.solve.solve

    def seen(*asked):
        found = real(*asked)
        errors.append(found[0].spectrum.error)
        return found

    monkeypatch.setattr(small.solve, "solve", seen)
    row = small.few_beside_sums(60, 3, 1.0, 1)
    assert row["summed / decomposed"] == row["summed, s"] / row["decomposed, s"] > 0
    assert {error == 0 for error in errors} == {True, False}
    assert small.problem(60, 3, 1.0).are_few


def test_decompositions_and_sums_are_timed_as_they_are_called(monkeypatch):
    """With and without a bidiagonal form, in place and copied; afterwards all is as before."""
    seen = []
    kept = turned.bidiagonal.bidiagonal
    monkeypatch.setattr(turned.bidiagonal, "bidiagonal", lambda m: seen.append("form") or kept(m))
    row = small.by_a_bidiagonal_form(130, 110, 1)
    for way in ("divided", "formed"):
        assert row[f"{way} / dgesdd"] == row[f"{way}, s"] / row["by dgesdd, s"] > 0
    assert seen
    assert lapack.HAS_BIDIAGONAL
    copied = Rows.extended_blocks
    monkeypatch.setattr(Rows, "extended_blocks", lambda rows: seen.append("copies") or copied(rows))
    for d, taken in ((8, "in place"), (30, "copied")):
        seen.clear()
        row = small.summed_in_place(300, d, 1)
        assert (row["taken"], row["ratio"]) == (taken, row["in place, s"] / row["copied, s"])
        assert seen
        assert small.problem(300, d, 1.0).summed_in_place is (taken == "in place")


def test_growth_makes_all_its_updates():
    """No descent whose time is shown has ended early."""
    for _, least, lr in growth.LONG:
        took, made = growth.by_updates(*growth.dense(200, 3, least), lr, 1)
        assert made == {T: T for T in growth.UPDATES}
        assert np.isfinite(growth.slope(took))


def test_accuracy_finds_the_contract_kept():
    """The table's verdicts, on one problem."""
    name, X, y = next(_exact.problems())
    rows = accuracy.errors(name, X, y, 1.0, 100)
    assert {r["contract"] for r in rows if "contract" in r} == {"met"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows' Python counts no peak of memory")
def test_memory_counts_the_copies_of_a_peer():
    """A child process sees LinearRegression copy X."""
    (row,) = memory.compare(20_000, 50, ("LinearRegression",), 1)
    assert row["beyond X, MiB"] > 0


def test_imports_bring_no_optional_library():
    """Beyond what scikit-learn itself brings."""
    ours, theirs = imports.compare(0, ("sklearn_gd", "sklearn.linear_model"))
    assert ours["optional libraries"] in ("none", theirs["optional libraries"])


def test_large_choice_and_tuning_run_on_toys(monkeypatch):
    """Each returns its rows."""
    assert large.compare("sparse", large.sparse_rows(300, 200, 5), 1)[1]["times faster"] > 0
    monkeypatch.setattr(choice, "UPDATES", (20,))
    monkeypatch.setattr(choice, "FEW_UPDATES", (5, 9))
    rows = choice.compare(50, 3, None, 1)
    assert [(row["lr"], row["updates"]) for row in rows] == 2 * [
        ("auto", 20),
        ("given", 5),
        ("given", 9),
    ]
    assert [row["plain loop"] is None for row in rows] == 2 * [True, False, False]
    monkeypatch.setattr(tuning, "RATES", 2)
    monkeypatch.setattr(tuning, "MAX_ITER", 20)
    rows, ratio = tuning.compare(60, 3, 1)
    assert len(rows) == 9
    assert ratio > 0


def test_dask_compares_fits_that_agree(monkeypatch):
    """Rows on workers and rows in memory give the same coefficients; here without a cluster."""
    pytest.importorskip("dask.array")
    monkeypatch.setattr(dask, "cluster", lambda workers: contextlib.nullcontext())
    ours = [r for r in dask.throughput(2000, 1) if r["who"].startswith("sklearn_gd")]
    assert len(ours) == 2
    assert max(r["distance to least squares"] for r in ours) < 1e-10
    assert [r["workers"] for r in dask.growth(2000)] == [1, 2]


def test_threads_are_compared_in_processes_of_their_own(monkeypatch):
    """Each with its number of threads, once beside a busy process and once without."""
    turns, busy, real = [], [], threads.busy_core

    @contextlib.contextmanager
    def seen_busy():
        with real() as process:
            busy.append(process)
            yield process

    def child(code, *names, **environment):
        alone = all(process.poll() is not None for process in busy)
        turns.append((environment["OPENBLAS_NUM_THREADS"], alone))
        return _harness.child(code, *names, **environment) if len(turns) == 1 else '{"30 x 2": 2}'

    monkeypatch.setattr(threads, "child", child)
    monkeypatch.setattr(threads, "busy_core", seen_busy)
    rows = threads.compare(["30 x 2"], 1, 3)
    assert turns == [("1", True), ("3", True), ("1", False), ("3", False)]
    assert all(process.poll() is not None for process in busy)
    assert [row["machine"] for row in rows] == ["as it is", "beside a busy process"]
    assert rows[0]["3 threads / one"] == 2 / rows[0]["one thread, s"] > 0
    assert rows[1]["3 threads / one"] == 1


@pytest.mark.parametrize("kind", ["", ", sparse", ", little noise", ", tuning"])
def test_threads_have_a_case_for_every_kind(kind):
    """Of the shape in its name, and its estimator can be fitted."""
    estimator, X, y = threads.case(f"60 x 4{kind}")
    assert X.shape == (60, 4)
    assert estimator.fit(X, y).coef_.shape == (4,)


def test_threads_say_that_there_is_one_core(monkeypatch, capsys):
    """And measure nothing."""
    monkeypatch.setattr(threads, "cores", lambda: 1)
    threads.main(argparse.Namespace(quick=True))
    assert "one core only" in capsys.readouterr().out


def test_flights_compare_frames_and_arrays():
    """The real rows are not needed for it."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    rows = flights.compare("dense", X, X[:, 0] + 0.1 * rng.standard_normal(200), 1)
    assert rows[0]["held-out R2"] == pytest.approx(rows[2]["held-out R2"], abs=1e-3)
    assert rows[2]["who"] == LinearRegression.__name__


def test_gpu_says_that_there_is_none(monkeypatch, capsys):
    """And measures nothing; a library that is absent is named."""
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    gpu.main(argparse.Namespace(device="cuda"))
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
