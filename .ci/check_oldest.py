"""Fails unless .ci/oldest.txt pins exactly the lower bounds that pyproject.toml promises."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Left out of the oldest run on purpose, see oldest.txt.
ABSENT = {"array-api-compat", "array-api-strict", "dask", "pandas", "polars", "quickjs-ng", "rich"}


def bounds(lines: list[str], operator: str) -> dict[str, str]:
    """Name -> version of each requirement, "none" where it has no such bound."""
    found = {}
    for line in lines:
        name = re.split(r"[^\w-]", line, maxsplit=1)[0]
        bound = re.search(rf"{operator}\s*([\w.]+)", line)
        found[name] = bound[1] if bound else "none"
    return found


project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = project["optional-dependencies"]
promised = bounds(project["dependencies"] + extras["examples"] + extras["tests"], ">=")
pins = (ROOT / ".ci/oldest.txt").read_text(encoding="utf-8").splitlines()
pinned = bounds([line for line in pins if line and not line.startswith("#")], "==")

expected = {name: version for name, version in promised.items() if name not in ABSENT}
if pinned != expected:
    sys.exit(f".ci/oldest.txt pins {pinned}\nbut pyproject.toml promises {expected}")
print("The pins are the promised lower bounds:", ", ".join(f"{n} {v}" for n, v in pinned.items()))
