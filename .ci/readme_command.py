"""Prints the one-line sh block of README.md that follows the comment <!-- ci:NAME -->.

With --windows as README says to write it there, the slashes as bash has them.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"

name = sys.argv[1]
text = README.read_text(encoding="utf-8")
commands = re.findall(rf"<!-- ci:{name} -->\s*```sh\n([^\n]+)\n```\n", text)
if len(commands) != 1 or text.count(f"ci:{name} ") != 1:
    sys.exit(f"README.md must mark exactly one line of sh with <!-- ci:{name} -->")
command = commands[0]
if "--windows" in sys.argv:
    command = command.replace("python3", "python").replace(".venv/bin/", ".venv/Scripts/")
print(command)
