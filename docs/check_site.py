"""Opens every page of a built site in a real headless browser: python docs/check_site.py HTML_DIR

Looks at each at 1300 px and at a phone's 400 px, light and dark. Fails on an error in the browser's
console, a picture that does not load, a request that leaves the machine, a formula left as source
or with limits over its sign, an animation player that does not play, anything wider than its box,
a list in a reference, a table's row that is not whole, text that cannot be read on its ground, and
where the interactive page does not move or does not agree with the library. Says "skipped: ..."
where there is no Chromium and none can be installed. Needs the extra `browser` (selenium).
"""

from __future__ import annotations

import sys
from pathlib import Path

from site_checks.browser import NoBrowser, browser, served
from site_checks.interactive import check_interactive
from site_checks.pages import check_page

# Pages without a player to play would pass by saying nothing.
LEAST_PLAYERS = 1
LEAST_FORMULAS = 20
INTERACTIVE = ("interactive.html", "interactive-zh.html")


def check(chrome, site: str, pages: list[str]) -> int:
    """Print what is wrong with each page; the exit status."""
    failed, n_players, n_formulas = 0, 0, 0
    for page in pages:
        wrong, players, formulas = check_page(chrome, site, page)
        if page in INTERACTIVE:
            wrong += check_interactive(chrome, f"{site}/{page}")
        n_players, n_formulas = n_players + players, n_formulas + formulas
        failed += bool(wrong)
        for what in wrong:
            print(f"{page}: {what}")
    print(f"{len(pages)} pages, {n_players} players, {n_formulas} formulas, {failed} pages failed")
    return int(failed > 0 or n_players < LEAST_PLAYERS or n_formulas < LEAST_FORMULAS)


def main(folder: Path) -> int:
    pages = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if "_static" not in path.parts
    )
    missing = [page for page in INTERACTIVE if page not in pages]
    if missing:
        print(f"There is no {missing[0]} in {folder}.")
        return 1
    try:
        with browser() as chrome, served(folder) as site:
            return check(chrome, site, pages)
    except NoBrowser as why:
        print(f"skipped: {why}")
        return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
