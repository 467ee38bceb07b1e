"""The map of the house is the house: chapters import what the page says, and point down."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import sklearn_gd

ROOT = Path(sklearn_gd.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "how-it-is-built.rst"
NUMERICS = ("_linalg", "_data", "_descent", "_solvers", "_tuning")


def chapter_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> set[str]:
    """Modules that a file imports when it runs; imports for types alone are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def arrows() -> dict[str, set[str]]:
    """Which other chapters each chapter imports."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        own = chapter_of(path)
        others = {m.split(".")[1] for m in imports(path) if m.startswith("sklearn_gd.")}
        found.setdefault(own, set()).update(others - {own})
    return found


def page() -> dict[str, set[str]]:
    """The table of chapters: name and imports, from top to bottom."""
    rows = re.findall(
        r"   \* - ``(\w+)``\n     - .*\n     - (?:none|``(.*)``)\n",
        PAGE.read_text(encoding="utf-8"),
    )
    return {name: set(listed.split()) for name, listed in rows}


def test_the_page_has_the_imports_of_every_chapter():
    """The last column of the table equals the imports in the code."""
    found = arrows()
    for name in ("__init__", "_optional"):
        del found[name]
    assert page() == found


def test_imports_point_down():
    """No chapter imports one that stands above it in the table, so there is no circle."""
    order = [*page(), "_optional"]
    for chapter, others in page().items():
        below = order[order.index(chapter) + 1 :]
        beside = {"regressor"} if chapter in ("regressor_cv", "_scored_iterate") else set()
        assert others <= {*below, *beside}, chapter


@pytest.mark.parametrize("chapter", NUMERICS)
def test_numerics_import_numpy_and_scipy_only(chapter):
    """Outside of the library and the standard library only NumPy and SciPy are imported."""
    allowed = {"numpy", "scipy", "sklearn_gd", *__import__("sys").stdlib_module_names}
    for path in (ROOT / chapter).rglob("*.py"):
        assert {name.split(".")[0] for name in imports(path)} <= allowed, path.name


@pytest.mark.parametrize("chapter", NUMERICS)
def test_other_chapters_use_only_the_names_that_a_chapter_lists(chapter):
    """From outside, `from sklearn_gd._data import X` names what its `__init__` imports, and no file
    inside."""
    names = vars(import_module(f"sklearn_gd.{chapter}"))
    listed = {name for name, value in names.items() if not isinstance(value, ModuleType)}
    for path in ROOT.rglob("*.py"):
        if chapter_of(path) == chapter:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not node.module.startswith(f"sklearn_gd.{chapter}."), path
                if node.module == f"sklearn_gd.{chapter}":
                    assert {alias.name for alias in node.names} <= listed, path


@pytest.mark.parametrize("chapter", ["_estimator", "_report", *NUMERICS])
def test_each_chapter_says_what_it_is(chapter):
    """The docstring of each chapter says what comes in, what goes out and what it may import."""
    said = import_module(f"sklearn_gd.{chapter}").__doc__
    assert "Imports" in said
    assert len(said.strip().splitlines()) >= 3
