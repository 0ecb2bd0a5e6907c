"""The review board in real Chromium on a real `heaters dashboard`: from a key to the next picture, and the memory of a kernel.

The show is the grainy 720p film of the player's benchmark, cut every 12 frames. A time runs from the browser's own time of
the key to the first frame of the clip that it brings, on the canvas. ffmpeg's re-encoding of two clips of 4 s stands beside
merge and split. Memory is the kernel's own (USS: what would be free if it ended), its parts by processes that load less.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
from bench_decisions import encode_two_clips
from player.arena import Missing, chromium
from player.film import add_grain

import heaters
from heaters.media.sample import make_sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CUT_EVERY = 12
REST_MS = 600
"""Between two decisions: a hundred a minute, three times the pace of a thousand clips a day."""
KERNELS = 3
Row = dict[str, Any]

READY = """() => {
  const board = document.querySelector(".heaters-board");
  return board && !board.hasAttribute("data-waiting") && /\\d\\.\\d/.test(board.querySelector(".hb-ref").textContent)
    && !board.querySelector("dialog")?.open;
}"""
TIMES = """() => performance.getEntriesByName("heaters:key-to-picture")
  .map(({ duration, detail }) => ({ ms: duration, action: detail.action }))"""
LAYERS = {
    "an empty IPython kernel": "",
    "with anywidget": "import anywidget",
    "with heaters and its board": "import anywidget, heaters; heaters.ReviewBoard;",
}


def main() -> None:
    """Measure, print, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="a short film, few decisions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heaters-board-") as scratch:
        rows = [*measure(Path(scratch), quick=arguments.quick)]
    for row in rows:
        print(f"{row['row']:48} {row['ours']} {row['unit']}  {row['note']}", flush=True)
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def measure(scratch: Path, *, quick: bool) -> Iterator[Row]:
    """Rows of keys, then of memory; one that says what is missing where this machine lacks something."""
    root = make_workspace(scratch, 24 if quick else 60)
    peer = scratch / "peer"
    peer.mkdir()
    encoding = encode_two_clips(peer, rounds=1 if quick else 3)
    try:
        with chromium() as browser, dashboard(root, scratch) as (address, server):
            yield from key_rows(browser, address, 8 if quick else 60, encoding)
            yield from memory_rows(browser, address, server, 1 if quick else KERNELS)
    except Missing as missing:
        yield row("not measured", None, "", note=str(missing))


def make_workspace(scratch: Path, seconds: float) -> Path:
    """The film, cut every `CUT_EVERY` frames."""
    make_sample(scratch / "plain.mp4", seconds=seconds)
    add_grain(scratch / "plain.mp4", scratch / "film.mp4")
    workspace = heaters.open_workspace(scratch / "ws", create=True, verify=False, master_mode="source")
    workspace.ingest(scratch / "film.mp4", title="grain")
    report = workspace.run()
    if report.failed:
        raise SystemExit(f"the film can't be prepared: {report}")
    cuts = range(CUT_EVERY, workspace.source(1)["n_frames"] - CUT_EVERY, CUT_EVERY)
    workspace.retune(1, cuts=cuts, apply=True, reviewer="benchmark")
    return workspace.root


@contextmanager
def dashboard(root: Path, scratch: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`heaters dashboard` on a free port; yields its address and process."""
    own = {f"JUPYTER_{name}_DIR": str(scratch / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    log = scratch / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "heaters", "dashboard", "--workspace", str(root), "--port", "0", "--no-browser"],
            env={**os.environ, **own, "HOME": str(scratch), "PYTHONUNBUFFERED": "1", "HEATERS_OWNER_IDLE_SECONDS": "5"},
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while (found := re.search(r"http://[^:]+:(\d+)/", log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the dashboard does not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield f"http://localhost:{found[1]}/", psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def board(browser: Browser, address: str, reviewer: str) -> Iterator[Page]:
    """A board in *Fast* mode on a fresh page, with a picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(f"{address}?source=1&reviewer={reviewer}", timeout=120_000)
    asked = page.locator(".heaters-board dialog[open][data-kind=fast]")
    asked.wait_for(timeout=120_000)
    page.keyboard.press("y")
    page.wait_for_function(READY, timeout=60_000)
    page.wait_for_timeout(2000)
    yield page
    context.close()


def key_rows(browser: Browser, address: str, count: int, encoding: float) -> Iterator[Row]:
    """Approvals, then merges, then splits."""
    with board(browser, address, "ann") as page:
        for _ in range(count):
            press(page, "a")
        for _ in range(count // 2):
            press(page, "f")
        for _ in range(count // 2):
            page.keyboard.press("Home")
            page.wait_for_timeout(150)
            for key in (".", "."):
                page.keyboard.press(key)
                page.wait_for_timeout(100)
            press(page, "b")
            press(page, "a")
        taken = page.evaluate(TIMES)
    kinds = {
        "approve": ("approve: key → the next clip's first frame", "p95 <= 100", None),
        "merge": ("merge: key → the merged clip's first frame", "report", encoding),
        "split": ("split: key → the left clip's first frame", "report", encoding),
    }
    for action, (name, target, peer) in kinds.items():
        times = sorted(one["ms"] for one in taken if one["action"] == action)
        p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
        note = f"p95 {p95:.0f} ms, n {len(times)}" + (
            ", peer: ffmpeg encodes two clips of 4 s" if peer else ""
        )
        if target.startswith("p95"):
            yield row(f"{name}, p50", p50, "ms", note=note)
            yield row(f"{name}, p95", p95, "ms", target="ours <= 100", note=note)
        else:
            yield row(f"{name}, p50", p50, "ms", peer=peer, note=note)


def press(page: Page, key: str) -> None:
    """Decide, and wait for the picture and the reviewer."""
    page.wait_for_function(READY)
    page.keyboard.press(key)
    page.wait_for_timeout(REST_MS)


def memory_rows(browser: Browser, address: str, server: psutil.Process, count: int) -> Iterator[Row]:
    """What one reviewer's kernel takes, and what of it is Python, widgets and ours."""
    with ExitStack() as pages:
        for name in ("bob", "cid", "dan")[:count]:
            page = pages.enter_context(board(browser, address, name))
            for _ in range(3):
                press(page, "a")
        kernels = [one for one in server.children(recursive=True) if "ipykernel" in " ".join(one.cmdline())]
        facts = [one.memory_full_info() for one in kernels]
    own = median(one.uss for one in facts) / 1e6
    rss = median(one.rss for one in facts) / 1e6
    parts = {name: layer(code) for name, code in LAYERS.items()}
    told = "; ".join(f"{name} {uss:.0f}" for name, uss in parts.items())
    note = f"median of {len(facts)} kernels; RSS with shared libraries {rss:.0f} MB; USS of parts: {told}"
    yield row("memory of a reviewer's kernel", own, "MB", target="ours <= 120", note=note)


def layer(code: str) -> float:
    """USS of an IPython kernel, in MB, that has run this."""
    from jupyter_client.manager import start_new_kernel  # noqa: PLC0415 - only here

    manager, client = start_new_kernel(stderr=subprocess.DEVNULL)
    try:
        client.execute(code, reply=True, timeout=60)
        process = psutil.Process(manager.provisioner.pid)
        return float(process.memory_full_info().uss / 1e6)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def row(name: str, ours: float | None, unit: str, *, peer: float | None = None, target: str = "", note: str) -> Row:  # fmt: skip
    """One row of the table."""
    return {
        "bench": "board", "row": name, "ours": None if ours is None else round(ours, 1), "unit": unit,
        "peer": peer and round(peer, 1), "ratio": round(ours / peer, 5) if ours is not None and peer else None,
        "target": target, "note": note,
    }  # fmt: skip


if __name__ == "__main__":
    main()
