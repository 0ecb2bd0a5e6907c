"""Takes a picture of every state of the review board, and says where something does not fit.

    .venv/bin/python widgets/test/gallery/look.py OUT [--states watching,split] [--screens 1280x720-light,…]

The pictures are for people to look at. What a machine can see is checked: nothing is cut off or overlaps, every button has a
name, one update with 3,000 clips stays far below the time of one frame, and mouse, Tab and text fields ask for what they should.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from acting import failing
from playwright.sync_api import Browser, Page, sync_playwright

from heaters.ui import hotkeys

WIDGETS = Path(__file__).resolve().parents[2]
THEMES = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SCREENS = (
    "1280x720-light", "1280x720-dark", "1000x900-light-cell", "1000x900-dark-cell", "3840x2160-light", "3840x2160-dark",
)  # fmt: skip
FRAME_MS = 1000 / 60


def bundle() -> str:
    """The page's code, with the table of keys that the kernel would send."""
    presets = json.dumps(json.dumps(hotkeys.presets(), ensure_ascii=False))
    code = (
        "import { bundle } from './build.mjs';"
        f"process.stdout.write(await bundle('test/gallery/gallery.ts', {{ PRESETS: {presets} }}))"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=WIDGETS, capture_output=True, check=True
    )
    return done.stdout.decode()


def prepare(page: Page, theme: str, code: str) -> None:
    light = str(theme == "light").lower()
    page.set_content(
        f'<!doctype html><body data-jp-theme-light="{light}"><div id="host"></div></body>',
        wait_until="commit",
    )
    page.add_style_tag(content=(THEMES / f"theme-{theme}-extension/index.css").read_text())
    page.add_style_tag(content="body { margin: 0; background: var(--jp-layout-color0); }")
    page.add_script_tag(content=code, type="module")
    page.wait_for_function("window.gallery")


def look(page: Page, screen: str, states: list[str], out: Path) -> list[str]:
    cell = screen.endswith("-cell")
    wrong = []
    for name in states:
        page.evaluate(f"gallery.show({json.dumps(name)}, {json.dumps(not cell)})")
        page.wait_for_timeout(350)
        page.screenshot(path=out / f"{name}-{screen}.png", full_page=cell)
        found: list[str] = page.evaluate("gallery.misfits()")
        wrong += [f"{name} at {screen}: {one}" for one in found]
    return wrong


def on_screen(browser: Browser, screen: str, code: str, states: str, out: Path) -> list[str]:
    """`screen` is a size, a theme of JupyterLab, and perhaps `cell`, all parted by hyphens."""
    size, _, theme = screen.removesuffix("-cell").partition("-")
    width, height = (int(one) for one in size.split("x"))
    page = browser.new_page(viewport={"width": width, "height": height})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"error in the page at {screen}: {error}"))
    prepare(page, theme, code)
    every: list[str] = page.evaluate("gallery.names")
    wrong = look(page, screen, states.split(",") if states else every, out)
    page.close()
    return wrong + errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--states", default="")
    parser.add_argument("--screens", default=",".join(SCREENS), help="none: no pictures, only the checks")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    code = bundle()
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for screen in [] if chosen.screens == "none" else chosen.screens.split(","):
            wrong += on_screen(browser, screen, code, chosen.states, chosen.out)
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        prepare(page, "light", code)
        wrong += smooth(page)
        wrong += failing(page)
        browser.close()
    print("\n".join(wrong) or "everything fits")
    return 1 if wrong else 0


def smooth(page: Page) -> list[str]:
    took: dict[str, Any] = page.evaluate("gallery.smoothness()")
    print("one update with 3,000 clips:", ", ".join(f"{name} {ms:.2f} ms" for name, ms in took.items()))
    return [f"{name} takes {ms:.1f} ms" for name, ms in took.items() if ms > FRAME_MS]


if __name__ == "__main__":
    sys.exit(main())
