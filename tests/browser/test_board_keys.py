"""Every key of the board's table, on real Voila: what it does to the picture, to the page, and to the catalog.

What is decided is read by the command line, which is another process than the page's kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from board_page import BoardPage, key_of
from driving import open_workspace
from hosting import wait_until
from reels import FRAMES

from heaters.ui.hotkeys import BOARD

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from reels import ReviewRoom

SOURCE, REVIEWER, LENGTH = 1, "kim", 10
LAST = FRAMES // LENGTH
LABELS = [f"label {digit}" for digit in range(1, 10)]


@dataclass
class Desk:
    """The board, at a clip that no other claim is about."""

    board: BoardPage
    room: ReviewRoom
    number: int

    @property
    def ref(self) -> str:
        return f"{SOURCE}.{self.number}"

    @property
    def before(self) -> str:
        return f"{SOURCE}.{self.number - 1}"

    @property
    def after(self) -> str:
        return f"{SOURCE}.{self.number + 1}"

    @property
    def start(self) -> int:
        return (self.number - 1) * LENGTH

    def clip(self, ref: str = "") -> dict[str, Any]:
        return self.room.clip(ref or self.ref)

    def cuts(self, *refs: str) -> list[tuple[int, int]]:
        """First frame and end of clips."""
        rows = [self.clip(ref) for ref in refs or (self.ref,)]
        return [(row["start_frame"], row["end_frame"]) for row in rows]

    def do(self, action: str, *, fast: bool = False) -> BoardPage:
        """A letter as one decides with it, any other key plainly; waits until it is stored."""
        letter = action in {"approve", "skip", "archive", "merge", "group"}
        if letter and not fast:
            self.board.commit(key_of(action))
        else:
            self.board.press(key_of(action))
        return self.board.wait_saved()


WATCHING = {
    "toggle", "pause", "slower", "faster", "back", "forward", "first", "last", "back10", "forward10", "mute", "previousClip",
    "nextClip", "leave", "fast", "help",
}  # fmt: skip
"""What changes no clip, and so may be tried on one clip after the other."""
UNTOUCHED = count(5, 3)

CLAIMS: dict[str, Callable[[Desk], None]] = {}


def claim(*actions: str) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """What is claimed of these actions."""

    def note(function: Callable[[Desk], None]) -> Callable[[Desk], None]:
        CLAIMS.update(dict.fromkeys(actions, function))
        return function

    return note


@pytest.fixture(scope="module")
def board(review: ReviewRoom, chromium: Browser) -> Iterator[BoardPage]:
    workspace = open_workspace(review.root)
    for digit, label in enumerate(LABELS):
        workspace.decide("annotate", f"{SOURCE}.{LAST - digit}", label=label)
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    board = BoardPage(context.new_page()).open(review.address(source=SOURCE, reviewer=REVIEWER))
    yield board
    assert board.errors == []
    assert not board.traceback
    context.close()


@pytest.fixture
def desk(board: BoardPage, review: ReviewRoom, request: pytest.FixtureRequest) -> Desk:
    """Every claim has a clip of its own, and its neighbours."""
    watches = request.node.callspec.params.get("action") in WATCHING
    number = 2 if watches else next(UNTOUCHED)
    board.press("Escape", "Escape").go(f"{SOURCE}.{number}")
    return Desk(board, review, number)


@pytest.mark.parametrize(
    ("letter", "state"), [("approve", "approved"), ("skip", "skipped"), ("archive", "archived")]
)
@pytest.mark.parametrize("fast", [False, True], ids=["hold", "fast"])
def test_a_letter_decides_and_goes_on(desk: Desk, letter: str, state: str, fast: bool) -> None:  # noqa: FBT001
    switch_to(desk, fast=fast)
    desk.do(letter, fast=fast).wait_ready(desk.after)
    assert (desk.clip()["state"], desk.clip()["reviewer"]) == (state, REVIEWER)
    assert desk.clip(desk.after)["state"] == "pending"
    assert desk.board.still() in range(desk.start + LENGTH, desk.start + 2 * LENGTH)


@pytest.mark.parametrize("fast", [False, True], ids=["hold", "fast"])
def test_f_merges_with_the_clip_before(desk: Desk, fast: bool) -> None:  # noqa: FBT001
    switch_to(desk, fast=fast)
    desk.do("merge", fast=fast).wait_ready(desk.before)
    assert desk.cuts(desk.before) == [(desk.start - LENGTH, desk.start + LENGTH)]
    assert desk.clip(desk.before)["state"] == "pending"
    assert f"in {desk.start - LENGTH} · out {desk.start + LENGTH - 1}" in desk.board.see.inout


@pytest.mark.parametrize("fast", [False, True], ids=["hold", "fast"])
def test_g_groups_with_the_clip_before_and_approves_both(desk: Desk, fast: bool) -> None:  # noqa: FBT001
    switch_to(desk, fast=fast)
    desk.do("group", fast=fast).wait_ready(desk.after)
    both = desk.clip(desk.before), desk.clip()
    assert [one["state"] for one in both] == ["approved", "approved"]
    assert [one["group_id"] for one in both] == [both[0]["id"]] * 2


@claim("toggle")
def _plays_and_pauses(desk: Desk) -> None:
    desk.board.wait(playing=True).do("toggle").wait(playing=False)
    desk.board.do("toggle").wait(playing=True)


@claim("pause")
def _pauses(desk: Desk) -> None:
    desk.board.wait(playing=True).do("pause").wait(playing=False)
    frame = desk.board.still()
    desk.board.page.wait_for_timeout(200)
    assert desk.board.see.number == frame


@claim("slower", "faster")
def _change_the_speed(desk: Desk) -> None:
    desk.board.do("slower").wait(speed="0.5×").do("faster").wait(speed="1×").do("faster").wait(speed="1.5×")
    settled(desk, speed=1.5)
    desk.board.do("slower").wait(speed="1×")


@claim("back", "forward", "first", "last", "back10", "forward10")
def _step_without_changing_anything(desk: Desk) -> None:
    start, end = desk.start, desk.start + LENGTH
    desk.board.still()
    desk.board.do("first").at(start).do("forward").at(start + 1).do("forward").at(start + 2)
    desk.board.do("back").at(start + 1).do("forward10").at(end - 1).do("back10").at(start)
    desk.board.do("last").at(end - 1).do("forward").at(end - 1).do("first").at(start).do("back").at(start)
    assert desk.board.see.mode == "watch"
    assert desk.clip()["version"] == 1


@claim("mute")
def _switches_the_sound(desk: Desk) -> None:
    desk.board.do("mute")
    settled(desk, muted=True)
    desk.board.do("mute")
    settled(desk, muted=False)


@claim("reset")
def _makes_a_decided_clip_pending(desk: Desk) -> None:
    desk.do("approve").wait_ready(desk.after)
    desk.board.do("previousClip").wait_ready(desk.ref)
    desk.do("reset")
    assert desk.clip()["state"] == "pending"


@claim("ungroup")
def _takes_a_clip_out_of_its_group(desk: Desk) -> None:
    desk.do("group").wait_ready(desk.after)
    desk.board.do("previousClip").wait_ready(desk.ref)
    desk.do("ungroup")
    assert desk.clip()["group_id"] is None


@claim("undo", "redo")
def _undo_brings_the_clip_back_and_says_so(desk: Desk) -> None:
    desk.do("skip").wait_ready(desk.after)
    desk.board.do("nextClip").do("undo").wait_ready(desk.ref)
    assert desk.board.wait_toast("Undone:") == f"Undone: skip {desk.ref}."
    desk.board.wait_saved()
    assert desk.clip()["state"] == "pending"
    desk.board.do("redo")
    assert desk.board.wait_toast("Done again:") == "Done again: skip."
    desk.board.wait_saved()
    assert desk.clip()["state"] == "skipped"


@claim("splitBack", "splitForward")
def _look_for_the_cut_and_enter_splits_before_the_frame_in_the_picture(desk: Desk) -> None:
    desk.board.step_to(desk.start + 4)
    desk.board.do("splitForward").wait(mode="split").at(desk.start + 5)
    desk.board.do("splitForward", "splitForward").at(desk.start + 7).do("splitBack").at(desk.start + 6)
    number = desk.board.see.number
    desk.board.press("Enter").wait_saved().wait_ready(desk.ref)
    assert desk.cuts() == [(desk.start, number)]
    right = [one for one in desk.room.clips(SOURCE) if one["start_frame"] == number]
    assert [(one["end_frame"], one["state"]) for one in right] == [(desk.start + LENGTH, "pending")]
    assert desk.board.see.mode == "watch"


@claim("leave")
def _leaves_split_mode_and_decides_nothing(desk: Desk) -> None:
    desk.board.do("splitForward").wait(mode="split").do("leave").wait(mode="watch")
    assert desk.cuts() == [(desk.start, desk.start + LENGTH)]


@claim("split")
def _splits_here(desk: Desk) -> None:
    desk.board.step_to(desk.start + 5)
    desk.do("split").wait_ready(desk.ref)
    assert desk.cuts() == [(desk.start, desk.start + 5)]


@claim("moveIn")
def _moves_the_cut_at_the_start_to_the_frame_in_the_picture(desk: Desk) -> None:
    desk.board.step_to(desk.start + 3)
    desk.do("moveIn")
    assert desk.cuts(desk.before, desk.ref) == [
        (desk.start - LENGTH, desk.start + 3),
        (desk.start + 3, desk.start + LENGTH),
    ]
    assert desk.board.see.ref == desk.ref


@claim("moveOut")
def _moves_the_cut_at_the_end_behind_the_frame_in_the_picture(desk: Desk) -> None:
    desk.board.step_to(desk.start + 7)
    desk.do("moveOut")
    assert desk.cuts(desk.ref, desk.after) == [
        (desk.start, desk.start + 8),
        (desk.start + 8, desk.start + 2 * LENGTH),
    ]
    assert desk.board.see.inout.startswith(f"in {desk.start} · out {desk.start + 7}")


@claim("previousClip", "nextClip")
def _go_to_the_neighbours_and_decide_nothing(desk: Desk) -> None:
    desk.board.do("nextClip").wait_ready(desk.after).do("previousClip").wait_ready(desk.ref)
    desk.board.do("previousClip").wait_ready(desk.before)
    assert [desk.clip(ref)["version"] for ref in (desk.before, desk.ref, desk.after)] == [1, 1, 1]


@claim("goTo")
def _goes_to_a_ref_a_frame_and_a_timecode(desk: Desk) -> None:
    desk.board.go(f"{SOURCE}.40", f"{SOURCE}.40")
    assert desk.board.still() // LENGTH == 39
    row = desk.clip()
    desk.board.go(f"{desk.start + 7}", desk.ref).at(desk.start + 7)
    seconds, frames = divmod(desk.start + 3, 25)
    desk.board.go(f"00:00:{seconds:02}:{frames:02}", desk.ref).at(desk.start + 3)
    desk.board.press("/").wait(dialog="goto")
    desk.board.page.keyboard.type("99999")
    desk.board.press("Enter")
    assert "719" in desk.board.see.asked, "the last frame is told"
    desk.board.press("Escape").wait(dialog="", ref=desk.ref)
    assert desk.clip() == row


@claim("picker", "pickBack", "pickForward", "pageBack", "pageForward")
def _pick_siblings_and_merge_them(desk: Desk) -> None:
    desk.board.do("picker").wait(mode="picker", cursor=desk.ref).do("pickForward").wait(cursor=desk.after)
    places = [f"{one['source_video_id']}.{one['clip_no']}" for one in desk.room.clips(SOURCE)]
    desk.board.do("pageBack").wait(cursor=places[max(0, places.index(desk.after) - 10)])
    desk.board.do("pageForward").wait(cursor=desk.after).do("pickBack").wait(cursor=desk.ref)
    desk.board.do("pickForward", "toggle").wait(picked=[desk.after]).commit(
        key_of("merge")
    ).wait_saved().wait(mode="watch").wait_ready(desk.ref)
    assert desk.cuts() == [(desk.start, desk.start + 2 * LENGTH)]
    assert desk.number + 1 not in [one["clip_no"] for one in desk.room.clips(SOURCE)]


@claim("range")
def _decides_a_range_after_saying_how_many_and_who_decided_before(desk: Desk) -> None:
    counts = desk.board.see.counts
    desk.room.decide("skip", desk.after, reviewer=REVIEWER)
    assert wait_until(lambda: desk.board.see.counts != counts), "the page hears of it"
    desk.board.do("range").wait(mode="range").do("nextClip").wait_ready(desk.after)
    assert desk.board.see.range == [desk.ref, desk.after]
    desk.board.press(key_of("archive")).wait(dialog="bulk")
    asked = desk.board.see.asked
    assert "Archive 2 clips?" in asked
    assert f"{REVIEWER} 1" in asked
    assert desk.clip()["state"] == "pending", "it only asks"
    desk.board.press("Enter").wait(dialog="", mode="watch").wait_saved()
    assert [desk.clip(ref)["state"] for ref in (desk.ref, desk.after)] == ["archived", "archived"]
    desk.board.do("undo").wait_saved().wait_toast("Undone: archive")
    assert [desk.clip(ref)["state"] for ref in (desk.ref, desk.after)] == ["pending", "skipped"]


@claim(*(f"label{digit}" for digit in range(1, 10)))
def _labels_and_takes_the_label_away(desk: Desk) -> None:
    for digit, label in enumerate(LABELS, 1):
        desk.do(f"label{digit}")
        assert desk.clip()["label"] == label
    desk.do("label9")
    assert desk.clip()["label"] is None
    assert desk.board.see.ref == desk.ref


@claim("note")
def _writes_a_note_in_which_keys_are_text(desk: Desk) -> None:
    desk.board.do("note")
    desk.board.page.keyboard.type("a sad fog, x 3 /")
    assert (desk.board.see.mode, desk.board.see.dialog, desk.board.see.ref) == ("watch", "", desk.ref)
    desk.board.press("Enter").wait_saved()
    row = desk.clip()
    assert (row["note"], row["state"], row["label"]) == ("a sad fog, x 3 /", "pending", None)
    desk.board.do("nextClip").wait_ready(desk.after)  # the board has its keys again


@claim("fast")
def _changes_how_one_decides_and_that_is_kept(desk: Desk) -> None:
    desk.board.do("fast").wait(fast=True)
    settled(desk, fast=True)
    desk.board.do("fast").wait(fast=False)
    settled(desk, fast=False)


@claim("help")
def _shows_all_keys(desk: Desk) -> None:
    desk.board.do("help").wait(dialog="help")
    shown = desk.board.see.asked
    assert [one.about for one in BOARD if one.about not in shown] == []
    desk.board.do("help").wait(dialog="")


@pytest.mark.parametrize("action", {about: action for action, about in reversed(CLAIMS.items())}.values())
def test_a_key_does_what_the_table_says(desk: Desk, action: str) -> None:
    switch_to(desk, fast=False)
    CLAIMS[action](desk)


def test_every_action_of_the_table_has_a_claim() -> None:
    decided_above = {"approve", "skip", "archive", "merge", "group", "commit"}
    assert {*CLAIMS, *decided_above} == {one.action for one in BOARD}


def switch_to(desk: Desk, *, fast: bool) -> None:
    if desk.board.see.fast != fast:
        desk.board.do("fast").wait(fast=fast)


def settled(desk: Desk, **wanted: Any) -> None:
    """Wait until these preferences are stored."""
    ws = open_workspace(desk.room.root)
    assert wait_until(lambda: wanted.items() <= ws.preferences(REVIEWER).items(), 10), ws.preferences(
        REVIEWER
    )
