"""What users' type checkers see: every public callable is annotated, and a program type-checks."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_gd

PROGRAM = Path(__file__).resolve().parent / "user_program.py"
# What another library has no types for, or matplotlib's axes, where any kind will do.
RETURNS_ANY = {"DescentPath.to_frame"}


def _callables():
    """Methods, properties and functions of our own behind the public names."""
    for name in sklearn_gd.__all__:
        thing = getattr(sklearn_gd, name)
        if inspect.isfunction(thing):
            yield name, thing
            continue
        for attribute in dir(thing):
            member = inspect.getattr_static(thing, attribute)
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            ours = str(getattr(function, "__module__", "")).startswith("sklearn_gd")
            if ours and inspect.isfunction(function) and attribute[0] != "_":
                yield f"{name}.{attribute}", function
        yield f"{name}.__init__", thing.__init__


CALLABLES = dict(_callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_every_public_callable_is_annotated(name):
    """All parameters and what comes back, which is not Any without a reason."""
    signature = inspect.signature(CALLABLES[name])
    bare = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is inspect.Parameter.empty and parameter.name not in ("self", "cls")
    ]
    assert not bare
    assert signature.return_annotation is not inspect.Signature.empty
    assert (signature.return_annotation == "Any") == (name in RETURNS_ANY)


def test_the_types_are_shipped():
    """Type checkers read the annotations of an installed package where it has this file."""
    assert (Path(sklearn_gd.__file__).parent / "py.typed").exists()


def _run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_users_program_is_type_checked(tmp_path):
    """mypy --strict, with nothing else configured, finds no fault in it; and it finds faults."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    program = tmp_path / "program.py"
    text = PROGRAM.read_text(encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "program.py"]
    program.write_text(text, encoding="utf-8")
    status, said = _run(mypy, tmp_path)
    assert status == 0, said
    program.write_text(text.replace("-> tuple[int, int]", "-> str"), encoding="utf-8")
    status, said = _run(mypy, tmp_path)
    assert status == 1, said
    assert 'expected "str"' in said


def test_the_users_program_runs(tmp_path):
    """What is type-checked also works."""
    status, said = _run([sys.executable, str(PROGRAM)], tmp_path)
    assert status == 0, said
