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
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SERVE: Final = (
    "import sys; from heaters.server.dashboard import HeatersVoila\n"
    "HeatersVoila(sys.argv[1], 0, '127.0.0.1', None, on_ready=lambda one: print(one.address, flush=True)).start()"
)
CELL: Final = """
import json, os, time
marks = {"cell": time.time()}
if os.path.exists("/proc/self/stat"):
    with open("/proc/self/stat") as file:
        born = int(file.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    marks["kernel"] = time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - born)
else:
    import psutil
    marks["kernel"] = psutil.Process().create_time()
import heaters
heaters.ReviewBoard
marks["imported"] = time.time()
shown = heaters.open_workspace().review()
marks["made"] = time.time()
with open(os.environ["BENCH_MARKS"], "w") as file:
    json.dump(marks, file)
shown
"""
"""What `dashboards/review.ipynb` does, with notes of the time; psutil's times are of whole seconds on Linux."""
TIMES: Final = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const html = (performance.timeOrigin + page.responseEnd) / 1000;
  return { html, drawn: watch.drawn / 1000, seen: watch.seen / 1000, number: watch.number };
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


def open_pages(
    browser: Browser, watch: str, workspace: Path, scratch: Path, hosts: int, visits: int
) -> list[Opening]:
    """Start `hosts` servers and visit each one `visits` times; the first visit is the cold one.

    `watch` is the bundled script `openWatch.ts`.
    """
    made = []
    for number in range(hosts):
        with voila(workspace, scratch / f"voila{number}") as (address, marks):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.add_init_script(watch)
            page = context.new_page()  # one tab, which keeps its clip from visit to visit
            try:
                made += [visit(page, address, marks, cold=at == 0) for at in range(visits)]
            finally:
                context.close()
    return made


def visit(page: Page, address: str, marks: Path, *, cold: bool) -> Opening:
    """Open the page once and leave it."""
    marks.unlink(missing_ok=True)
    began = time.time()
    page.goto(address, wait_until="commit", timeout=TIMEOUT_MS)
    page.wait_for_function("window.watch?.seen", timeout=TIMEOUT_MS)
    found: dict[str, float] = page.evaluate(TIMES)
    page.goto("about:blank")
    kernel: dict[str, float] = json.loads(marks.read_text())
    at = {
        "click to kernel process": kernel["kernel"], "to first cell": kernel["cell"], "import": kernel["imported"],
        "workspace and widget": kernel["made"], "to whole HTML": found["html"], "to widget on the page": found["drawn"],
        "to first frame": found["seen"],
    }  # fmt: skip
    before, parts = began, {}
    for name, moment in at.items():
        parts[name], before = moment - before, moment
    return Opening(cold, found["seen"] - began, parts, int(found["number"] != 0))


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
        **os.environ, **own, "HEATERS_WORKSPACE": str(workspace), "HOME": str(folder), "BENCH_MARKS": str(marks),
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
