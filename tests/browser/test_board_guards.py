"""What must not decide: a letter alone, two letters, a key that is held down, keys without the focus, keys that come too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from board_page import BoardPage
from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route
    from reels import ReviewRoom

SOURCE, REVIEWER = 2, "gus"
MEDIA = "**/heaters/media/**"
BLUR = "root => root.blur()"
WINDOW_BLUR = "() => window.dispatchEvent(new Event('blur'))"


@pytest.fixture(scope="module")
def board(review: ReviewRoom, chromium: Browser) -> Iterator[BoardPage]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    board = BoardPage(context.new_page()).open(review.address(source=SOURCE, reviewer=REVIEWER))
    yield board
    assert board.errors == []
    context.close()


@pytest.fixture
def decided(board: BoardPage, review: ReviewRoom) -> Callable[[], list[tuple[str, list[str]]]]:
    """What the log has got since the test began, once all is saved."""
    before = len(review.log(SOURCE, REVIEWER))

    def new() -> list[tuple[str, list[str]]]:
        board.page.wait_for_timeout(100)
        board.wait_saved()
        return [(one["action"], one["refs"]) for one in review.log(SOURCE, REVIEWER)[before:]]

    return new


Decided = Callable[[], list[tuple[str, list[str]]]]


def test_a_letter_without_enter_decides_nothing(board: BoardPage, decided: Decided) -> None:
    board.wait_ready()
    with board.holding("a"):
        board.wait(edge="approved")
    board.wait(edge="none").press("Enter")
    assert decided() == []


def test_two_letters_commit_nothing(board: BoardPage, decided: Decided) -> None:
    board.wait_ready()
    with board.holding("a", "s"):
        board.press("Enter")
    assert decided() == []


def test_a_letter_that_stays_down_is_armed_for_the_next_enter(board: BoardPage, decided: Decided) -> None:
    board.go(f"{SOURCE}.3")
    with board.holding("s"):
        for number in (3, 4, 5):
            board.wait_ready(f"{SOURCE}.{number}").press("Enter")
        board.wait_ready(f"{SOURCE}.6")
    assert decided() == [("skip", [f"{SOURCE}.{number}"]) for number in (3, 4, 5)]


@pytest.mark.parametrize("leave", [BLUR, WINDOW_BLUR], ids=["the board", "the window"])
def test_who_leaves_disarms(board: BoardPage, decided: Decided, leave: str) -> None:
    board.go(f"{SOURCE}.8")
    with board.holding("d"):
        board.wait(edge="archived")
        if leave is BLUR:
            board.root.evaluate(leave)
        else:
            board.page.evaluate(leave)
        board.wait(edge="none")
        board.root.focus()
        board.press("Enter")
    assert decided() == []


def test_a_key_that_is_held_down_decides_once(board: BoardPage, decided: Decided) -> None:
    board.go(f"{SOURCE}.10")
    with board.holding("a"):
        for _ in range(8):
            board.page.keyboard.down("Enter")
            board.page.wait_for_timeout(30)
        board.page.keyboard.up("Enter")
    board.press("Shift+f").wait(fast=True)
    board.go(f"{SOURCE}.12")
    for _ in range(8):
        board.page.keyboard.down("s")
        board.page.wait_for_timeout(30)
    board.page.keyboard.up("s")
    board.press("Shift+f").wait(fast=False)
    assert decided() == [("approve", [f"{SOURCE}.10"]), ("skip", [f"{SOURCE}.12"])]


def test_a_key_that_comes_before_the_picture_decides_nothing(board: BoardPage, decided: Decided) -> None:
    """The bytes of the clip are held back, as on a slow line."""
    board.press("Shift+f").wait(fast=True)
    held: list[Route] = []
    board.page.route(MEDIA, lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function of ours
    board.press("/").wait(dialog="goto")
    board.page.keyboard.type(f"{SOURCE}.60")
    board.press("Enter").wait(dialog="", ref=f"{SOURCE}.60")
    assert not board.see.ready
    board.press("a", "s", "d", "f", "b")
    board.page.unroute(MEDIA)
    for route in held:
        with suppress(Error):  # the page has given it up meanwhile
            route.continue_()
    board.wait_ready(f"{SOURCE}.60")
    assert decided() == []
    board.press("a").wait_ready(f"{SOURCE}.61")
    assert decided() == [("approve", [f"{SOURCE}.60"])]
    board.press("Shift+f").wait(fast=False)
