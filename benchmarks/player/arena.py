"""Real Chromium on the benchmark's page, one fresh profile for each player and round."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from player.film import CELL, SHEET_COLUMNS, SHEET_FRAMES, Sheets
from player.range_server import Log, serving

from heaters import Workspace
from heaters.ui import messages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE: Final = Path(__file__).resolve().parent
WIDGETS: Final = HERE.parents[1] / "widgets"
FLAGS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
PAGE: Final = (
    b'<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>'
)


class Missing(Exception):
    """Something that the benchmark needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Arena:
    """A browser, the server of the film, and what is known of the film."""

    browser: Browser
    address: str
    log: Log
    film: messages.Film
    mediabunny: str
    """Its version; empty where it is not installed."""

    @contextmanager
    def page(self, player: str, who: str) -> Iterator[Page]:
        """A page of a profile of its own, with a player that is ready to seek."""
        context = self.browser.new_context(viewport={"width": 1300, "height": 800})
        try:
            page = context.new_page()
            page.goto(self.address)
            page.wait_for_function("window.bench")
            page.evaluate("([player, who]) => bench.open(player, who)", [player, who])
            yield page
        finally:
            context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window.

    Raises:
        Missing: it, or Playwright for Python, is not installed.
    """
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise Missing("no Chromium here: apt install chromium")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing
    except ImportError as error:
        raise Missing("no Playwright here: pip install playwright") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def arena(
    browser: Browser, workspace: Workspace, folder: Path, sheets: Sheets, scratch: Path
) -> Iterator[Arena]:
    """Serve page and film.

    Raises:
        Missing: the page can't be bundled here.
    """
    film = messages.Film.of(workspace, 1)
    files: dict[str, Path | bytes] = {
        "index.html": PAGE, "page.js": bundled("page.ts", scratch), "film.json": facts(film, sheets),
        "proxy.mp4": film.store.local_path(film.keys["proxy"]), "audio.m4a": film.store.local_path(film.keys["audio"]),
        "gop.mp4": folder / "film.mp4",
        **{name: folder / name for name in sheets.paths},
    }  # fmt: skip
    version = mediabunny()
    if version:
        files["mediabunnyPeer.js"] = bundled("mediabunnyPeer.ts", scratch)
    with serving(files) as (address, log):
        yield Arena(browser, address, log, film, version)


def facts(film: messages.Film, sheets: Sheets) -> bytes:
    """What the page is told: the kernel's own message with its buffers, and where the sheets lie."""
    message, (avcc, rows) = messages.show(
        film, None, 0, number=1, workspace_uuid="", webcodecs=True, playing=False
    )
    told: dict[str, Any] = {
        "show": message, "avcc": base64.b64encode(avcc).decode(), "rows": base64.b64encode(rows).decode(),
        "sheets": {"urls": sheets.paths, "frames": SHEET_FRAMES, "columns": SHEET_COLUMNS, "cell": CELL},
    }  # fmt: skip
    return json.dumps(told).encode()


def bundled(entry: str, scratch: Path) -> bytes:
    """One script of the page.

    Raises:
        Missing: node or the widget's esbuild is not here.
    """
    if shutil.which("node") is None or not (WIDGETS / "node_modules" / "esbuild").is_dir():
        raise Missing("no esbuild here: install Node.js, then run npm ci in widgets")
    out = scratch / f"{entry}.js"
    subprocess.run(["node", str(HERE / "bundle.mjs"), str(HERE / entry), str(out)], check=True)
    return out.read_bytes()


def mediabunny() -> str:
    """The version of mediabunny, installed where it is not; empty where that fails."""
    installed = HERE / "node_modules" / "mediabunny" / "package.json"
    if not installed.is_file() and shutil.which("npm"):
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=HERE, check=False, capture_output=True)
    return json.loads(installed.read_text())["version"] if installed.is_file() else ""
