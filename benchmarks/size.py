"""The code of the library by chapter, and the time of its tests.

``python -m benchmarks.size [--quick]`` counts lines without blanks, comments and docstrings,
functions of more than 25 such lines, and functions of more than five parameters. Without
``--quick`` the test suite runs, too, on all cores with one BLAS thread each.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import sklearn_gd
from benchmarks._harness import Report, Row, run, seconds

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = Path(sklearn_gd.__file__).parent
NUMERICS = ("_linalg", "_data", "_descent", "_solvers", "_tuning")
LONG_FUNCTION, MANY_PARAMETERS = 25, 5
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


def code_lines(tree: ast.AST, source: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    documented = set()
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            documented |= set(range(text.lineno, (text.end_lineno or 0) + 1))
    numbered = enumerate(source.splitlines(), 1)
    code = {i for i, line in numbered if line.strip() and not line.strip().startswith("#")}
    return code - documented


def functions(tree: ast.AST, code: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the code lines and the parameters of each function; `self` is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            a = node.args
            names = [arg.arg for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
            length = len(code & set(range(node.lineno, (node.end_lineno or 0) + 1)))
            yield length, len([name for name in names if name not in ("self", "cls")])


def count(chapter: str, files: list[Path]) -> Row:
    """Return one row of the table."""
    lines, found = 0, []
    for path in files:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        code = code_lines(tree, source)
        lines += len(code)
        found += functions(tree, code)
    long = sum(length > LONG_FUNCTION for length, _ in found)
    many = sum(parameters > MANY_PARAMETERS for _, parameters in found)
    row: Row = {"chapter": chapter, "files": len(files), "code lines": lines}
    return row | {f"functions > {LONG_FUNCTION} lines": long, "> 5 parameters": many}


def chapters() -> list[Row]:
    """Return a row for each folder, then one for all."""
    folders = sorted(path for path in LIBRARY.iterdir() if list(path.glob("*.py")))
    rows = [count("modules that users import", sorted(LIBRARY.glob("*.py")))]
    rows += [count(path.name, sorted(path.rglob("*.py"))) for path in folders]
    return [*rows, count("all", sorted(LIBRARY.rglob("*.py")))]


def suite() -> None:
    """Run the tests in a process of their own; raise when one fails."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=ROOT, env=os.environ | one, check=True)


def measure(report: Report) -> None:
    rows = report.add("code, by chapter", chapters())
    lines = {row["chapter"]: float(row["code lines"]) for row in rows}
    numerics = sum(lines[name] for name in NUMERICS)
    report.target(f"code lines of {', '.join(NUMERICS)}", numerics, at_most=2900)
    report.target("code lines of the library", lines["all"], at_most=7000)
    if not report.quick:
        report.target("the test suite, seconds", seconds(suite), at_most=145)


if __name__ == "__main__":
    run("size", __doc__, measure)
