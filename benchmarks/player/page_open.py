"""The dashboard's page on a real Voila with a real kernel, from the click to the first frame."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

SERVE: Final = (
    "import sys; from heaters.server.dashboard import HeatersVoila\n"
    "HeatersVoila(sys.argv[1], 0, '127.0.0.1', None, on_ready=lambda one: print(one.address, flush=True)).listen()"
)
CELL: Final = """
import json, os, time
marks = {"cell": time.time(), "kernel": __import__("psutil").Process().create_time()}
import heaters
from heaters.ui.player import first_look
marks["imported"] = time.time()
shown = first_look(heaters.open_workspace())
marks["made"] = time.time()
with open(os.environ["HEATERS_BENCH_MARKS"], "w") as file:
    json.dump(marks, file)
shown
"""
"""What the page of a first look does, with notes of the time."""
WATCH: Final = """
new MutationObserver((_, observer) => {
  const root = document.querySelector(".heaters-player");
  if (!root) return;
  window.drawn ??= Date.now();
  if (!(Number(root.dataset.frame) >= 0)) return;
  window.seen = Date.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-frame"] });
"""
TIMES: Final = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const media = performance.getEntriesByType("resource").filter((one) => one.name.includes("/heaters/media/"));
  return {
    began: performance.timeOrigin, first_byte: performance.timeOrigin + page.responseStart, html: performance.timeOrigin + page.responseEnd,
    drawn: window.drawn, seen: window.seen, frame: Number(document.querySelector(".heaters-player").dataset.frame), requests: media.length,
  };
}"""
TIMEOUT_MS: Final = 120_000


@dataclass(frozen=True)
class Opening:
    """One visit of the page.

    Attributes:
        cold: the server's first page, in a fresh browser profile.
        total: seconds from the click to the first frame.
        parts: of it, in seconds, by name; they follow each other.
        wrong: 1 where the first frame was not the clip's first.
    """

    cold: bool
    total: float
    parts: dict[str, float]
    wrong: int


def open_pages(browser: Browser, workspace: Path, scratch: Path, hosts: int, visits: int) -> list[Opening]:
    """Start `hosts` servers and visit each one `visits` times; the first visit is the cold one."""
    made = []
    for number in range(hosts):
        with voila(workspace, scratch / f"voila{number}") as (address, marks):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.add_init_script(WATCH)
            try:
                made += [visit(context, address, marks, cold=at == 0) for at in range(visits)]
            finally:
                context.close()
    return made


def visit(context: BrowserContext, address: str, marks: Path, *, cold: bool) -> Opening:
    """Open the page once and close it."""
    marks.unlink(missing_ok=True)
    page = context.new_page()
    page.goto(address, wait_until="commit", timeout=TIMEOUT_MS)
    page.wait_for_function("window.seen", timeout=TIMEOUT_MS)
    found: dict[str, Any] = page.evaluate(TIMES)
    page.close()
    kernel: dict[str, float] = json.loads(marks.read_text())
    at = {
        "request to kernel process": kernel["kernel"], "kernel process to first cell": kernel["cell"], "import": kernel["imported"],
        "workspace and widget": kernel["made"], "to whole HTML": found["html"] / 1000, "to widget on the page": found["drawn"] / 1000,
        "to first frame": found["seen"] / 1000,
    }  # fmt: skip
    began = found["began"] / 1000
    before = began
    parts = {}
    for name, moment in at.items():
        parts[name], before = moment - before, moment
    return Opening(cold, found["seen"] / 1000 - began, parts, int(found["frame"] != 0))


@contextmanager
def voila(workspace: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """The dashboard's server for one notebook; yields its address, and the file where the kernel notes its times."""
    folder.mkdir()
    notebook, marks = folder / "look.ipynb", folder / "marks.json"
    cell = {
        "cell_type": "code",
        "id": "look",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": CELL,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.write_text(
        json.dumps({"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )
    own = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "runtime", "data")}
    environ = {
        **os.environ, **own, "HEATERS_WORKSPACE": str(workspace), "HOME": str(folder), "HEATERS_BENCH_MARKS": str(marks),
    }  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(notebook)], env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            if not address:
                raise SystemExit(f"the dashboard does not start: {(folder / 'log.txt').read_text()[-2000:]}")
            time.sleep(1)
            yield address, marks
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
