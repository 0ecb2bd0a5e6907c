"""Draws the pictures of `reviewer-guide.md`: a real board on the sample show, in a real browser.

python docs/photograph_board.py [WORKSPACE]  # takes the extra `test` and a Chromium; without a workspace it makes one
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from heaters import open_workspace

HERE = Path(__file__).resolve().parent / "board"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = {"width": 1280, "height": 720}


def main() -> None:
    """Take all pictures."""
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Path(folder) / "workspace"
        if len(sys.argv) > 1:
            shutil.copytree(sys.argv[1], workspace)
        else:
            heaters("demo", "--no-serve", "--workspace", str(workspace))
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        with served(workspace) as (url, server):
            open_workspace(workspace).prefer("ada", fast=False, muted=True)
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                opened(page, f"{url}?reviewer=ada")
                photograph(page, scheme)
                if scheme == "light":
                    states(page, workspace)
                page.close()
            page = browser.new_page(viewport=SIZE)
            page.goto(f"{url}status")
            page.wait_for_selector(".heaters-status", timeout=60_000)
            page.wait_for_timeout(3_000)
            page.get_by_text(str(workspace)).evaluate("path => (path.textContent = 'shows')")
            photograph(page, "status")
            page.close()
            page = browser.new_page(viewport=SIZE)
            opened(page, f"{url}?reviewer=ada")
            server.terminate()
            server.wait(20)
            page.wait_for_timeout(5_000)
            photograph(page, "offline")
            page.close()
        bare = Path(folder) / "bare"
        open_workspace(bare, create=True)
        with served(bare) as (url, _):
            page = browser.new_page(viewport=SIZE)
            page.goto(url)
            page.wait_for_selector(".heaters-board", timeout=60_000)
            page.wait_for_timeout(4_000)
            photograph(page, "empty")
        browser.close()


def states(page: Page, workspace: Path) -> None:
    """Every state that keys lead to."""
    keys = page.keyboard
    keys.down("a")
    page.wait_for_timeout(300)
    photograph(page, "armed")
    keys.press("Enter")
    keys.up("a")
    page.wait_for_timeout(1_200)
    for _ in range(5):
        keys.press("ArrowRight")
        page.wait_for_timeout(120)
    photograph(page, "split")
    keys.press("Escape")
    keys.press("Shift+Space")
    keys.press("ArrowRight")
    keys.press("Space")
    page.wait_for_timeout(800)
    photograph(page, "picker")
    keys.press("Escape")
    keys.press("?")
    page.wait_for_timeout(500)
    photograph(page, "keys")
    keys.press("Escape")
    others = open_workspace(workspace)  # the same reviewer's command line gets in between
    shown = page.locator(".hb-ref").first.inner_text().strip()
    others.decide("skip", shown, reviewer="ada")
    keys.down("a")
    keys.press("Enter")
    keys.up("a")
    page.wait_for_timeout(1_000)
    photograph(page, "refused")


def opened(page: Page, url: str) -> None:
    """Wait for the first picture."""
    page.goto(url)
    page.wait_for_selector(".heaters-board", timeout=60_000)
    page.wait_for_timeout(4_000)


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the page, in few colours."""
    file = HERE / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(160).save(file, optimize=True)
    print(file.name, file.stat().st_size // 1024, "kB")


@contextmanager
def served(workspace: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`heaters dashboard` on a workspace."""
    command = [
        sys.executable,
        "-m",
        "heaters",
        "dashboard",
        "--port",
        "0",
        "--no-browser",
        "--workspace",
        str(workspace),
    ]
    environ = {**os.environ, "HEATERS_OWNER_IDLE_SECONDS": "20"}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = next(one for one in process.stdout if "http://" in one)
        found = re.search(r"http://\S+", line)
        assert found
        try:
            yield found.group(), process
        finally:
            process.terminate()


def heaters(*arguments: str) -> None:
    """The command line."""
    subprocess.run([sys.executable, "-m", "heaters", *arguments], check=True)


if __name__ == "__main__":
    main()
