"""One page of the site: what is wrong with what it loads, plays and shows."""

from __future__ import annotations

from pathlib import Path

from site_checks.browser import look, waited

# Widths in pixels, of a laptop and of a phone, and the theme.
LOOKS = ((1300, "light"), (1300, "dark"), (400, "light"), (400, "dark"))

LAYOUT = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")
BROKEN_PICTURES = """
return Array.from(document.images)
    .filter(image => {image.loading = 'eager'; return !(image.complete && image.naturalWidth > 0)})
    .map(image => image.src.slice(0, 200))
"""
FETCHED = "return performance.getEntriesByType('resource').map(entry => entry.name)"
FORMULAS = """
return [document.querySelectorAll('math').length, document.querySelectorAll('merror').length,
        Array.from(document.querySelectorAll('math')).filter(m => /[\\\\&]/.test(m.textContent))
            .map(m => m.textContent)]
"""
# Each of matplotlib's players: its picture, and its button "play".
PLAYERS = "return document.querySelectorAll('.animation img').length"
PICTURE = "return document.querySelectorAll('.animation img')[arguments[0]].src"
# Icon scripts replace what is inside of a button, never the button.
PLAY = """
document.querySelectorAll('.animation')[arguments[0]]
    .querySelector("button[title='Play']").click()
"""


def plays(chrome, i: int) -> bool:
    before = chrome.execute_script(PICTURE, i)
    chrome.execute_script(PLAY, i)
    return waited(lambda: chrome.execute_script(PICTURE, i) != before)


def loads(chrome, site: str) -> list[str]:
    """What the page lacks, or fetches from elsewhere."""
    wrong = []
    if not waited(lambda: not chrome.execute_script(BROKEN_PICTURES)):
        wrong += [f"broken picture {src}" for src in chrome.execute_script(BROKEN_PICTURES)]
    away = [url for url in chrome.execute_script(FETCHED) if not url.startswith((site, "data:"))]
    return wrong + [f"leaves the machine for {url}" for url in away]


def complaints(chrome) -> list[str]:
    """The errors in the browser's console since this was last asked."""
    log = chrome.get_log("browser")
    return [f"console: {e['message']}" for e in log if e["level"] in ("SEVERE", "ERROR")]


def check_page(chrome, site: str, page: str) -> tuple[list[str], int, int]:
    """What is wrong with a page; how many players and formulas it has."""
    wrong = []
    for width, theme in LOOKS:
        look(chrome, width, theme)
        chrome.get(f"{site}/{page}")
        faults = loads(chrome, site) + chrome.execute_script(LAYOUT)
        wrong += [f"{width} px, {theme}: {fault}" for fault in faults]
    formulas, errors, raw = chrome.execute_script(FORMULAS)
    wrong += [f"formula left as source: {text[:100]}" for text in raw]
    if errors:
        wrong.append(f"{errors} formulas could not be read")
    players = chrome.execute_script(PLAYERS)
    wrong += [f"player {i} does not play" for i in range(players) if not plays(chrome, i)]
    # Last, so that what pressing play did is in it.
    return wrong + complaints(chrome), players, formulas
