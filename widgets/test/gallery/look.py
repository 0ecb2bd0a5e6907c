"""Takes a picture of every state of the review board, and says where something does not fit.

    .venv/bin/python widgets/test/gallery/look.py OUT [--states watching,split] [--screens 1280x720-light,…]

The pictures are for people to look at. What a machine can see is checked: nothing is cut off or overlaps at 1280 x 720,
every button has a name, and one update with 3,000 clips stays far below the time of one frame.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

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

FITS = """() => {
  const wrong = [];
  const board = document.querySelector(".hb-board");
  if (board.getBoundingClientRect().bottom > innerHeight + 0.5 && document.querySelector(".hb-page")) wrong.push("the board is higher than the page");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page scrolls sideways");
  for (const one of document.querySelectorAll(".heaters-board button, .heaters-board input, .heaters-board select, .heaters-board textarea")) {
    if (!(one.getAttribute("aria-label") || one.textContent.trim())) wrong.push(`no name: ${one.outerHTML.slice(0, 80)}`);
  }
  const boxes = [...document.querySelectorAll(".hb-header > *")].map((one) => [one.className, one.getBoundingClientRect()]).filter(([name, box]) => box.width > 1 && name !== "hb-spoken");
  for (const [place, [name, box]] of boxes.entries()) {
    const next = boxes[place + 1]?.[1];
    if (next && next.top < box.bottom && next.left < box.right - 0.5) wrong.push(`${name} overlaps what follows in the header`);
    if (box.right > innerWidth + 0.5) wrong.push(`${name} leaves the page`);
  }
  for (const name of [".hb-cuts", ".hb-words", ".hb-history", ".hb-facts"]) {
    const one = document.querySelector(name);
    const side = one.parentElement.getBoundingClientRect();
    const box = one.getBoundingClientRect();
    if (getComputedStyle(one).display !== "none" && box.height < 20) wrong.push(`${name} has no room: ${box.height}`);
    if (box.bottom > side.bottom + 0.5 && side.height > 0) wrong.push(`${name} is cut off by ${box.bottom - side.bottom}`);
  }
  return wrong;
}"""


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
        f'<!doctype html><body data-jp-theme-light="{light}"><div id="host"></div></body>', wait_until="commit"
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
        found: list[str] = page.evaluate(FITS)
        wrong += [f"{name} at {screen}: {one}" for one in found]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--states", default="")
    parser.add_argument("--screens", default=",".join(SCREENS))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    code = bundle()
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for screen in chosen.screens.split(","):
            size, theme = screen.split("-")[:2]
            width, height = (int(one) for one in size.split("x"))
            page = browser.new_page(viewport={"width": width, "height": height})
            page.on("pageerror", lambda error: wrong.append(f"error in the page: {error}"))
            prepare(page, theme, code)
            every: list[str] = page.evaluate("gallery.names")
            wrong += look(page, screen, chosen.states.split(",") if chosen.states else every, chosen.out)
            page.close()
        wrong += smooth(browser.new_page(viewport={"width": 1280, "height": 720}), code)
        browser.close()
    print("\n".join(wrong) or "everything fits")
    return 1 if wrong else 0


def smooth(page: Page, code: str) -> list[str]:
    prepare(page, "light", code)
    took: dict[str, Any] = page.evaluate("gallery.smoothness()")
    print("one update with 3,000 clips:", ", ".join(f"{name} {ms:.2f} ms" for name, ms in took.items()))
    return [f"{name} takes {ms:.1f} ms" for name, ms in took.items() if ms > FRAME_MS]


if __name__ == "__main__":
    sys.exit(main())
