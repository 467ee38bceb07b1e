"""One version, one list of Pythons, pinned actions: what has to agree in a release does."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import sklearn_gd

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_version_stands_in_one_place():
    """The installed package took it from there, and no other file repeats it."""
    assert version("sklearn-gd") == sklearn_gd.__version__
    assert "version" in PROJECT["dynamic"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert not re.search(r"^(version|date-released):", citation, flags=re.MULTILINE)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(workflow):
    """To a commit, with its version beside it; nothing is permitted that a job doesn't name."""
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for action in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    assert re.search(r"^permissions: \{\}$", text, flags=re.MULTILINE)


def test_an_action_has_one_version():
    """All workflows use the same commit of an action."""
    used = {
        tuple(action.split("@"))
        for workflow in WORKFLOWS
        for action in re.findall(r"uses: (.*)", workflow.read_text(encoding="utf-8"))
    }
    assert len(used) == len({name for name, _ in used})


def test_every_promised_python_is_checked():
    """The classifiers are what the checks run on, from requires-python on."""
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={promised[0]}"
    matrices = re.findall(r"python: \[(.*)\]", text)
    assert len(matrices) == 2
    for matrix in matrices:
        assert re.findall(r'"(.*?)"', matrix) == promised


def test_the_release_is_trusted_and_asked_for():
    """The one job that may get PyPI's token waits for a person, and is given a checked build."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    publish = text[text.index("  publish:") :]
    assert text.count("id-token: write") == publish.count("id-token: write") == 1
    assert "environment:\n      name: pypi" in publish
    assert "needs: build" in publish
    assert "- run: .ci/run\n" in text
