"""A fresh headless Chromium, and a folder behind a local address."""

from __future__ import annotations

import os
import shutil
import subprocess
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
)
NAMES = ("chromium", "chromedriver")
PACKAGES = ("chromium", "chromium-driver")


class NoBrowser(Exception):
    """There is no browser, and none can be installed; the message says why."""


def browser_paths(*, install: bool) -> list[str]:
    """Chromium and its driver, installed where they are missing, allowed and possible."""
    if not all(map(shutil.which, NAMES)):
        if not install or not shutil.which("apt-get") or os.geteuid() != 0:
            raise NoBrowser("there is no chromium with chromedriver")
        for command in (["update"], ["install", "-y", *PACKAGES]):
            done = subprocess.run(["apt-get", "-q", *command], capture_output=True, text=True)
        if done.returncode:
            raise NoBrowser(f"apt-get could not install chromium: {done.stderr.strip()[-300:]}")
    return [str(shutil.which(name)) for name in NAMES]


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
        server.server_close()


@contextmanager
def browser(*, install: bool = True):
    """A fresh Chromium that keeps its console's log."""
    try:
        from selenium import webdriver
    except ImportError:
        raise NoBrowser("selenium is not installed; pip install -e '.[browser]'") from None
    chromium, driver = browser_paths(install=install)
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


def look(chrome, width: int, theme: str) -> None:
    """Open later pages at this width, light or dark."""
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)


def waited(question, seconds=5.0) -> bool:
    """Whether `question` is answered with yes in time."""
    end = time.monotonic() + seconds
    while not (yes := question()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(yes)
