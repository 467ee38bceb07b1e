"""Opens every page of a built site in a real headless browser: python docs/check_site.py HTML_DIR

Fails on an error in the browser's console, a picture that does not load, a request that leaves the
machine, a formula left as source, or an animation player that does not play. Says "skipped: ..."
where there is no Chromium and none can be installed. Needs the extra `browser` (selenium).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
)
# Pages without a player to play would pass by saying nothing.
LEAST_PLAYERS = 1
LEAST_FORMULAS = 20

BROKEN_PICTURES = """
return Array.from(document.images)
    .filter(image => {image.loading = 'eager'; return !(image.complete && image.naturalWidth > 0)})
    .map(image => image.src.slice(0, 200))
"""
FETCHED = "return performance.getEntriesByType('resource').map(entry => entry.name)"
FORMULAS = """
return [document.querySelectorAll('math').length, document.querySelectorAll('merror').length,
        Array.from(document.querySelectorAll('math')).filter(m => m.textContent.includes('\\\\'))
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


def skipped(why: str) -> None:
    print(f"skipped: {why}")
    sys.exit(0)


def browser_paths() -> tuple[str, str]:
    """Chromium and its driver, installed where they are missing and can be."""
    names = ("chromium", "chromedriver")
    if not all(map(shutil.which, names)):
        if not shutil.which("apt-get") or os.geteuid() != 0:
            skipped("there is no chromium with chromedriver, and no right to apt-get install them")
        for command in (["update"], ["install", "-y", "chromium", "chromium-driver"]):
            done = subprocess.run(["apt-get", "-q", *command], capture_output=True, text=True)
        if done.returncode:
            skipped(f"apt-get could not install chromium: {done.stderr.strip()[-300:]}")
    return tuple(str(shutil.which(name)) for name in names)


@contextmanager
def served(folder: Path):
    """The folder behind a local address, as readers see it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextmanager
def browser():
    """A fresh Chromium that keeps its console's log."""
    try:
        from selenium import webdriver
    except ImportError:
        skipped("selenium is not installed; pip install -e '.[browser]'")
    chromium, driver = browser_paths()
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield chrome
        finally:
            chrome.quit()


def waited(question, seconds=5.0) -> bool:
    """Whether `question` is answered with yes in time."""
    end = time.monotonic() + seconds
    while not (yes := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(yes)


def plays(chrome, i: int) -> bool:
    before = chrome.execute_script(PICTURE, i)
    chrome.execute_script(PLAY, i)
    return waited(lambda: chrome.execute_script(PICTURE, i) != before)


def check_page(chrome, site: str, page: str) -> tuple[list[str], int, int]:
    """What is wrong with a page; how many players and formulas it has."""
    chrome.get(f"{site}/{page}")
    wrong = []
    if not waited(lambda: not chrome.execute_script(BROKEN_PICTURES)):
        wrong += [f"broken picture {src}" for src in chrome.execute_script(BROKEN_PICTURES)]
    away = [url for url in chrome.execute_script(FETCHED) if not url.startswith((site, "data:"))]
    wrong += [f"leaves the machine for {url}" for url in away]
    formulas, errors, raw = chrome.execute_script(FORMULAS)
    wrong += [f"formula left as source: {text[:100]}" for text in raw]
    if errors:
        wrong.append(f"{errors} formulas could not be read")
    players = chrome.execute_script(PLAYERS)
    wrong += [f"player {i} does not play" for i in range(players) if not plays(chrome, i)]
    # Last, so that what pressing play did is in it.
    for entry in chrome.get_log("browser"):
        if entry["level"] in ("SEVERE", "ERROR"):
            wrong.append(f"console: {entry['message']}")
    return wrong, players, formulas


def main(folder: Path) -> int:
    pages = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if "_static" not in path.parts
    )
    if not pages:
        print(f"There is no page in {folder}.")
        return 1
    failed, n_players, n_formulas = 0, 0, 0
    with browser() as chrome, served(folder) as site:
        for page in pages:
            wrong, players, formulas = check_page(chrome, site, page)
            n_players, n_formulas = n_players + players, n_formulas + formulas
            failed += bool(wrong)
            for what in wrong:
                print(f"{page}: {what}")
    print(f"{len(pages)} pages, {n_players} players, {n_formulas} formulas, {failed} pages failed")
    return int(failed > 0 or n_players < LEAST_PLAYERS or n_formulas < LEAST_FORMULAS)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
