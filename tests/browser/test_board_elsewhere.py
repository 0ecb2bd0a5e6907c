"""The board with the other player: forced by a setting, and on an origin that is not secure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from board_page import BoardPage
from hosts import voila
from reels import review_room

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from reels import ReviewRoom

DASHBOARD = Path(__file__).parents[2] / "dashboards" / "review.ipynb"


def work(board: BoardPage, room: ReviewRoom, first: int) -> None:
    """Decide on a clip, split one where the picture says, and undo."""
    ref, after = f"14.{first}", f"14.{first + 1}"
    board.go(ref).press("a").wait_ready(after).step_to(first * 10 + 4)
    board.press("ArrowRight").wait(mode="split").at(first * 10 + 5).press("Enter").wait_saved()
    assert room.clip(ref)["state"] == "approved"
    assert (room.clip(after)["start_frame"], room.clip(after)["end_frame"]) == (first * 10, first * 10 + 5)
    board.wait_ready(after).press("Control+z").wait_toast(f"Undone: split {after}")
    board.wait_saved()
    assert room.clip(after)["end_frame"] == first * 10 + 10


@pytest.mark.long
def test_the_video_element_shows_and_decides_the_same_frames(
    review: ReviewRoom, chromium: Browser, tmp_path: Path
) -> None:
    with voila(DASHBOARD, review.root, tmp_path / "video", WEBCODECS_ENABLED="false") as host:
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        board = BoardPage(context.new_page()).open(f"{host.url}?source=14&reviewer=vic", fast=True)
        assert board.see.kind.startswith("<video>")
        work(board, review, 1)
        assert board.errors == []
        context.close()


@pytest.mark.long
def test_an_insecure_origin_has_the_other_player_and_says_why(
    review: ReviewRoom, chromium: Browser, tmp_path: Path
) -> None:
    with review_room(review.root, tmp_path / "far", token="t0ken", ends_owner=False) as room:
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        address = room.address(source=14, reviewer="wim").replace("localhost", "board.heaters.test")
        board = BoardPage(context.new_page()).open(address, fast=True)
        assert board.page.evaluate("() => [isSecureContext, 'VideoDecoder' in window]") == [False, False]
        assert board.see.kind.startswith("<video>")
        assert "https" in (board.root.locator(".hb-player").get_attribute("title") or "")
        work(board, review, 30)
        assert board.errors == []
        context.close()
