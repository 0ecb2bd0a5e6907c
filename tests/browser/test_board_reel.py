"""A reviewer at full speed: every key lands in the log once, in order, on the clip in the picture; nothing is left behind."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from board_page import LOOK, BoardPage
from driving import open_workspace

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from reels import ReviewRoom

LETTERS = {"a": "approve", "s": "skip", "d": "archive"}
ANOTHER = f"""async ([root, ref, inout]) => {{
  const until = performance.now() + 20000;
  for (;;) {{
    const seen = ({LOOK})(root);
    if (seen.ready && (seen.ref !== ref || seen.inout !== inout)) return seen;
    if (performance.now() > until) throw new Error(`still at ${{ref}} after 20 s: ${{JSON.stringify(seen)}}`);
    await new Promise((go) => setTimeout(go, 1));
  }}
}}"""
"""Until another picture is there than that of this clip."""

TAKEN = "() => performance.getEntriesByName('heaters:key-to-picture').map((one) => one.duration)"


@dataclass
class Reviewer:
    """Presses keys as soon as the board takes them, and notes what was in the picture."""

    board: BoardPage
    random: random.Random
    pressed: list[tuple[str, int]] = field(default_factory=list)  # action, number in the picture
    keys: int = 0

    def work(self, decisions: int) -> None:
        seen = self.board.root.evaluate(LOOK)
        while len(self.pressed) < decisions:
            before = seen["ref"], seen["inout"]
            self._decide(seen)
            seen = self.board.page.evaluate(ANOTHER, [self.board.root.element_handle(), *before])

    def _decide(self, seen: dict[str, Any]) -> None:
        first, last = (int(word) for word in seen["inout"].replace("·", " ").split()[1:4:2])
        latest = [action for action, _ in self.pressed[-2:]]
        chance = self.random.random()
        if chance < 0.04 and latest and latest[-1] != "undo":
            self._note("undo", seen["number"], "Control+z")
        elif chance < 0.08 and len(latest) == 2 and {*latest} <= {"approve", "skip"}:
            self._note("merge", seen["number"], "f")
        elif chance < 0.12 and last > first:
            self._split()
        else:
            key = self.random.choices("asd", (6, 3, 1))[0]
            self._note(LETTERS[key], seen["number"], key)

    def _split(self) -> None:
        self.board.press("ArrowRight").wait(mode="split", ready=True)
        self.keys += 1
        number = self.board.painted()
        if number == int(
            self.board.see.inout.split()[1]
        ):  # it was on the last frame of a loop that began anew
            number = self.board.press("ArrowRight").at(number + 1).painted()
            self.keys += 1
        self._note("split", number, "Enter")

    def _note(self, action: str, number: int, key: str) -> None:
        self.pressed.append((action, number))
        self.keys += 1
        self.board.press(key)


def hold_log(room: ReviewRoom, source: int, reviewer: str, pressed: list[tuple[str, int]]) -> None:
    """The log has what was pressed, in order, each on the clip of which a frame was in the picture."""
    log = room.log(source, reviewer)
    assert [one["action"] for one in log] == [action for action, _ in pressed]
    befores = {row["seq"]: row["before"] for row in open_workspace(room.root).events().rows()}
    done: list[str] = []
    for event, (action, number) in zip(log, pressed, strict=True):
        if action == "undo":
            assert event["undoes"] == done.pop()
            continue
        done.append(event["op_id"])
        rows = json.loads(befores[event["seq"]])
        assert any(row["start_frame"] <= number < row["end_frame"] for row in rows), (event, number)
        if action == "split":
            assert event["frame"] == number
        if action in LETTERS.values():
            assert len(rows) == 1


@contextmanager
def watched(root: Path) -> Iterator[set[str]]:
    """All files that exist in a workspace at any moment meanwhile, beside the catalog's own."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            names = (one.relative_to(root).as_posix() for one in root.rglob("*"))
            seen.update(name for name in names if not name.startswith("catalog"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What the person who runs the tests is told."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        print("".join(f"\n  {line}" for line in lines))


def pace(who: Reviewer, seconds: float) -> str:
    made, keys = len(who.pressed), who.keys / len(who.pressed)
    taken = sorted(who.board.page.evaluate(TAKEN))
    p50, p95 = (taken[int(len(taken) * share)] for share in (0.5, 0.95))
    speed = f"{made} decisions in {seconds:.1f} s: {60 * made / seconds:.0f} a minute, {keys:.2f} keys each"
    return f"{speed}; key to picture p50 {p50:.0f} ms, p95 {p95:.0f} ms"


def test_thirty_decisions_at_full_speed_are_the_keys_that_were_pressed(
    review: ReviewRoom, chromium: Browser, said: list[str]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    board = BoardPage(context.new_page()).open(review.address(source=15, reviewer="joe"), fast=True)
    who = Reviewer(board, random.Random(15))
    there = {
        one.relative_to(review.root).as_posix()
        for one in review.root.rglob("*")
        if "catalog" not in one.parts
    }
    with watched(review.root) as files:
        began = time.monotonic()
        who.work(30)
        said.append(pace(who, time.monotonic() - began))
        board.root.locator(".hb-cell").nth(2).hover()
        board.page.wait_for_timeout(300)
        board.wait_saved()
    hold_log(review, 15, "joe", who.pressed)
    assert files == there, "no sprite sheet, no clip file, nothing new"
    assert board.errors == []
    assert not board.traceback
    assert open_workspace(review.root).check() == []
    context.close()


@pytest.mark.long
def test_three_hundred_decisions_leave_nothing_behind(
    review: ReviewRoom, chromium: Browser, said: list[str]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    board = BoardPage(context.new_page()).open(review.address(source=16, reviewer="kay"), fast=True)
    protocol = context.new_cdp_session(board.page)
    protocol.send("Performance.enable")
    server = psutil.Process(review.host.process.pid)

    def measures() -> dict[str, float]:
        protocol.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in protocol.send("Performance.getMetrics")["metrics"]}
        named = {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}
        return named | {
            "sockets": len(server.net_connections("tcp")),
            "kernels": len(server.children(recursive=True)),
            "media": board.page.locator("video, audio").count(),
        }

    who = Reviewer(board, random.Random(16))
    began = time.monotonic()
    who.work(100)
    before, between = measures(), time.monotonic()
    who.work(300)
    said.append(pace(who, time.monotonic() - began))
    said.append(f"after 100: {before}")
    board.wait_saved()
    after = measures()
    said.append(f"after 300: {after}, {time.monotonic() - between:.0f} s later")
    hold_log(review, 16, "kay", who.pressed)
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 8e6
    assert after["Nodes"] < before["Nodes"] + 300
    assert after["JSEventListeners"] < before["JSEventListeners"] + 300
    assert after["sockets"] <= before["sockets"] + 6
    assert after["kernels"] == before["kernels"]
    assert after["media"] <= 2
    assert board.errors == []
    context.close()
