"""The board when things happen: reloads, links, two reviewers at once, somebody else's commands, a kernel or a server that is gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import psutil
import pytest
from board_page import BoardPage
from driving import open_workspace
from hosting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from reels import ReviewRoom

Visit = Callable[..., BoardPage]


@pytest.fixture
def visit(review: ReviewRoom, chromium: Browser) -> Iterator[Visit]:
    """Opens the dashboard in a browser profile of its own."""
    contexts, boards = [], []

    def open_page(*, fast: bool = True, room: ReviewRoom = review, **query: object) -> BoardPage:
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 720}))
        boards.append(BoardPage(contexts[-1].new_page()))
        return boards[-1].open(room.address(**query), fast=fast)

    yield open_page
    tracebacks = [one.traceback for one in boards]
    for context in contexts:
        context.close()
    assert not any(tracebacks)


def actions(room: ReviewRoom, source: int, reviewer: str) -> list[tuple[str, list[str]]]:
    return [(one["action"], one["refs"]) for one in room.log(source, reviewer)]


def test_a_reload_goes_on_with_the_same_clip_on_the_same_frame(review: ReviewRoom, visit: Visit) -> None:
    board = visit(source=3, reviewer="rea")
    board.press("a").wait_ready("3.2").press("s").wait_ready("3.3").step_to(24)
    board.wait_saved().page.reload()
    board.wait_ready("3.3").still()
    board.at(24).press("a").wait_ready("3.4").wait_saved()
    assert actions(review, 3, "rea") == [("approve", ["3.1"]), ("skip", ["3.2"]), ("approve", ["3.3"])]
    assert board.errors == []


def test_a_link_opens_its_clip(visit: Visit) -> None:
    board = visit(clip="4.30", reviewer="lin")
    assert board.see.ref == "4.30"
    assert board.see.reviewer == "lin"
    assert board.still() in range(290, 300)
    assert board.errors == []


@pytest.mark.long
def test_a_link_to_a_clip_that_does_not_exist_says_so_and_opens_another(visit: Visit) -> None:
    board = visit(clip="4.999", reviewer="lin")
    assert "4.999" in board.wait_toast("4.999")
    assert board.see.ready


def test_two_reviewers_never_get_the_same_clip(review: ReviewRoom, visit: Visit) -> None:
    boards = {name: visit(source=5, reviewer=name) for name in ("ana", "ben")}
    for _ in range(8):  # more are handed out when three are left of ten
        shown = {board.see.ref for board in boards.values()}
        assert len(shown) == 2
        for board in boards.values():
            ref = board.see.ref
            board.press("a").page.wait_for_function(
                "([root, ref]) => root.querySelector('.hb-ref').textContent !== ref", arg=[board.root.element_handle(), ref]
            )  # fmt: skip
            board.wait_ready()
    for board in boards.values():
        board.wait_saved()
        assert board.errors == []
    decided = {name: [refs for _, refs in actions(review, 5, name)] for name in boards}
    assert [len(one) for one in decided.values()] == [8, 8]
    assert not [one for one in decided["ana"] if one in decided["ben"]]


def test_who_takes_a_clip_over_asks_first_and_the_other_one_is_told(review: ReviewRoom, visit: Visit) -> None:
    ana, ben = visit(source=6, reviewer="ana"), visit(source=6, reviewer="ben")
    ben.go("6.1")
    ben.press("s").wait(dialog="take-over")
    assert "ana" in ben.see.asked
    ben.press("Escape").wait(dialog="", ref="6.1")
    assert actions(review, 6, "ben") == []
    ben.press("s").wait(dialog="take-over").press("y").wait(dialog="")
    assert "6.1" in ben.wait_toast("in your hands")
    assert ana.wait_toast("ben has taken over") == "ben has taken over 10 clips of yours."
    assert ana.see.ref == "6.1", "nothing is swapped under her eyes"
    ana.press("a").wait(dialog="take-over").press("Escape").wait(dialog="")
    ben.wait_ready("6.1").press("s").wait_ready("6.2").wait_saved()
    assert actions(review, 6, "ben") == [("skip", ["6.1"])]
    assert actions(review, 6, "ana") == []


def test_a_clip_that_is_changed_meanwhile_is_refused_and_told(review: ReviewRoom, visit: Visit) -> None:
    board = visit(source=7, reviewer="cleo")
    review.decide("skip", "7.1", reviewer="cleo")
    board.press("a")
    said = board.wait_toast("Not done")
    assert "7.1" in said
    board.wait_ready("7.1").wait_saved()
    assert review.clip("7.1")["state"] == "skipped"
    board.press("a").wait_ready("7.2").wait_saved()
    assert review.clip("7.1")["state"] == "approved"


@pytest.mark.long
def test_a_change_by_another_is_news_and_the_clip_stays_as_it_was_seen(review: ReviewRoom, visit: Visit) -> None:  # fmt: skip
    board = visit(source=8, reviewer="dan")
    board.go("8.1")
    inout = board.see.inout
    review.decide("split", "8.1", reviewer="dan", frame=4)
    assert "You still see it as it was" in board.wait_toast("has changed 8.1")
    assert board.see.inout == inout
    assert board.see.ref == "8.1"
    board.press("a")
    assert "decide again" in board.wait_toast("decide again")
    board.wait_ready("8.1")
    assert board.see.inout.startswith("in 0 · out 3")
    assert review.clip("8.1")["state"] == "pending"
    board.press("a").wait_saved()
    assert review.clip("8.1")["state"] == "approved"


@pytest.mark.long
def test_a_kernel_that_was_killed_is_told_and_a_reload_loses_nothing(review: ReviewRoom, visit: Visit) -> None:  # fmt: skip
    before = set(kernels(review))
    board = visit(source=9, reviewer="eve")
    board.press("a").wait_ready("9.2").wait_saved()
    (kernel,) = set(kernels(review)) - before
    kernel.kill()
    board.press("s").wait_ready("9.3").press("d").wait_ready("9.4")
    assert wait_until(lambda: "Nothing is lost" in board.see.offline, 10)
    assert "2 decisions kept here" in board.see.offline
    assert board.see.saved == "lost"
    board.page.reload()
    board.wait_ready("9.4", seconds=60).wait_saved()
    assert wait_until(lambda: len(actions(review, 9, "eve")) == 3, 10)
    assert actions(review, 9, "eve") == [("approve", ["9.1"]), ("skip", ["9.2"]), ("archive", ["9.3"])]


@pytest.mark.long
def test_a_server_that_stops_for_ten_seconds_is_told_and_nothing_is_lost(review: ReviewRoom, visit: Visit) -> None:  # fmt: skip
    board = visit(source=10, reviewer="fay")
    board.press("a").wait_ready("10.2").wait_saved()
    os.kill(review.host.process.pid, signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        assert wait_until(lambda: board.see.offline, 10)
        print(f"told after {time.monotonic() - stopped:.1f} s")
        for key, ref in (("s", "10.3"), ("d", "10.4"), ("a", "10.5")):
            board.press(key).wait_ready(ref)
        assert "3 decisions kept here" in board.see.offline
        time.sleep(max(0, 10 - (time.monotonic() - stopped)))
    finally:
        os.kill(review.host.process.pid, signal.SIGCONT)
    board.wait(30, offline="").wait_saved().wait_ready("10.5")
    board.press("a").wait_ready("10.6").wait_saved()
    decided = [("approve", ["10.1"]), ("skip", ["10.2"]), ("archive", ["10.3"]), ("approve", ["10.4"]), ("approve", ["10.5"])]  # fmt: skip
    assert actions(review, 10, "fay") == decided


@pytest.mark.long
def test_a_press_on_the_history_takes_back_all_down_to_it(review: ReviewRoom, visit: Visit) -> None:
    board = visit(source=11, reviewer="gil")
    for number, key in enumerate("asda", 2):
        board.press(key).wait_ready(f"11.{number}")
    board.wait_saved()
    rows = board.root.locator(".hb-events li button")
    assert rows.count() == 4
    rows.nth(2).click()  # the newest is the first
    board.wait_toast("Undone")
    board.wait_saved().wait_ready("11.2")
    assert [one["state"] for one in review.clips(11)[:5]] == ["approved", *["pending"] * 4]
    board.press("Control+Shift+z").wait_toast("Done again")
    board.wait_saved()


@pytest.mark.long
def test_a_range_decides_72_clips_at_once_and_enter_opens_the_next_show(review: ReviewRoom, visit: Visit) -> None:  # fmt: skip
    board = visit(source=12, reviewer="hal")
    board.press("x").wait(mode="range").go("12.72").press("x").press("a").wait(dialog="bulk")
    assert "Approve 72 clips?" in board.see.asked
    board.press("Enter").wait_saved()
    assert wait_until(lambda: "All clips are decided" in board.see.panel, 15)
    assert {one["state"] for one in review.clips(12)} == {"approved"}
    assert len(actions(review, 12, "hal")) == 1
    board.press("Enter").wait_ready()
    assert not board.see.ref.startswith("12.")
    board.go("12.5").press("Control+z").wait_toast("Undone")
    board.wait_saved()
    assert {one["state"] for one in review.clips(12)} == {"pending"}


@pytest.mark.long
def test_keys_can_be_changed_and_a_clash_is_refused(review: ReviewRoom, visit: Visit) -> None:
    board = visit(source=13, reviewer="ida")
    board.press("Shift+Slash").wait(dialog="help")
    board.page.get_by_role("button", name="Change keys").click()
    board.wait(dialog="remap")
    key = board.root.locator("button.hb-key[data-action=skip]")
    key.click()
    board.press("a")
    clash = board.root.locator("dialog .hb-warned")
    assert "can't be both “approve” and “skip" in (clash.text_content() or "")
    assert open_workspace(review.root).preferences("ida")["keys"] == {}
    key.click()
    board.press("e").page.get_by_role("button", name="Close", exact=True).click()
    board.wait(dialog="").press("s")
    assert board.see.ref == "13.1", "the old key is nobody's"
    board.press("e").wait_ready("13.2").wait_saved()
    board.page.reload()
    board.wait_ready("13.2").press("e").wait_ready("13.3").wait_saved()
    assert actions(review, 13, "ida") == [("skip", ["13.1"]), ("skip", ["13.2"])]
    assert board.errors == []


def kernels(room: ReviewRoom) -> list[psutil.Process]:
    """The kernels below a dashboard."""
    below = psutil.Process(room.host.process.pid).children(recursive=True)
    return [one for one in below if "ipykernel" in " ".join(one.cmdline())]
