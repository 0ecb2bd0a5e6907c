"""What mouse, Tab and text fields ask of the board: each check presses something and reads what the regions asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

CLIP = 47
"""The clip on show: id and number are the same in the gallery."""
SETTLED_MS = 350


class Board:
    """The gallery's board, and what it asks for."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def show(self, state: str) -> None:
        """Bring a state of the gallery up; what it asked for before is forgotten."""
        self.page.evaluate("(name) => { gallery.show(name, true); gallery.acts.length = 0; }", state)
        self.page.wait_for_timeout(SETTLED_MS)

    def asked(self) -> list[list[Any]]:
        """Since the last call."""
        found: list[list[Any]] = self.page.evaluate("gallery.acts.splice(0)")
        return found

    @property
    def has_keys(self) -> bool:
        """Whether keys are heard by the board."""
        return bool(self.page.evaluate("document.activeElement.matches('.heaters-board')"))

    def cut_at(self) -> tuple[float, float]:
        """Where the cut at the start of the clip on show can be taken with the mouse."""
        box = self.page.locator(".hb-detail").bounding_box()
        assert box is not None
        cuts = self.page.evaluate(
            "() => [...Array(Math.floor(document.querySelector('.hb-detail').clientWidth)).keys()].filter((x) => {"
            "  const canvas = document.querySelector('.hb-detail');"
            "  canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: canvas.getBoundingClientRect().left + x,"
            "    clientY: canvas.getBoundingClientRect().top + 20 }));"
            "  return canvas.style.cursor === 'col-resize'; })"
        )
        assert cuts, "no cut can be taken"
        return box["x"] + cuts[5], box["y"] + 20


def a_cut_is_moved_when_it_is_dropped(board: Board) -> None:
    board.show("watching")
    x, y = board.cut_at()
    board.page.mouse.move(x, y)
    board.page.mouse.down()
    board.page.mouse.move(x + 40, y, steps=4)
    assert board.page.locator(".hb-peek").is_visible()
    assert board.asked() == [], "nothing is asked before it is dropped"
    board.page.mouse.up()
    [[name, [clip, frame]]] = board.asked()
    assert name == "moveCut", name
    start = board.page.evaluate(
        "(id) => gallery.state().clips.find((clip) => clip.id === id).start_frame", clip
    )
    assert frame > start


def escape_leaves_the_cut_where_it_was(board: Board) -> None:
    board.show("watching")
    x, y = board.cut_at()
    board.page.mouse.move(x, y)
    board.page.mouse.down()
    board.page.mouse.move(x + 40, y, steps=4)
    board.page.keyboard.press("Escape")
    board.page.mouse.up()
    assert [name for name, _ in board.asked()] == []


def a_press_on_a_picture_of_the_strip_shows_that_clip(board: Board) -> None:
    board.show("watching")
    board.page.locator(".hb-cell.hb-current + .hb-cell, .hb-cell:has-text('12.48')").first.click()
    [[name, [clip, *_]]] = board.asked()
    assert (name, clip) == ("show", CLIP + 1)
    assert board.has_keys, "a click leaves the keys with the board"


def in_the_picker_a_press_picks(board: Board) -> None:
    board.show("picker")
    board.page.locator(".hb-cell", has_text="12.50").click()
    assert board.asked() == [["pick", [49]]]


def a_press_on_the_minimap_goes_there(board: Board) -> None:
    board.show("watching")
    board.page.locator(".hb-map").click(position={"x": 2, "y": 5})
    [[name, [clip, frame]]] = board.asked()
    assert (name, clip) == ("show", 1)
    assert frame < 96


def ones_own_decisions_can_be_taken_back_and_only_those(board: Board) -> None:
    board.show("watching")
    rows = board.page.locator(".hb-events > li")
    rows.nth(4).hover()
    assert rows.nth(4).locator(".hb-undo").inner_text().strip() == "undo 3"
    assert board.page.locator(".hb-too").count() == 2, "what goes with it is marked"
    rows.nth(4).locator("button").click()
    assert board.asked() == [["undoTo", [396]]]
    assert rows.nth(3).locator("button").count() == 0, "another reviewer's decision"
    assert rows.nth(2).locator("button").count() == 0, "taken back already"


def words_are_saved_by_enter_and_left_by_escape(board: Board) -> None:
    board.show("watching")
    label = board.page.get_by_label("Label", exact=True)
    label.fill("crash")
    label.press("Enter")
    assert board.asked() == [["annotate", [{"label": "crash"}, CLIP]]]
    assert board.has_keys
    note = board.page.get_by_label("Note", exact=True)
    note.fill("never mind")
    note.press("Escape")
    assert board.asked() == []
    assert note.input_value() == ""
    tags = board.page.get_by_label("Add tags")
    tags.fill("rain, night,rain")
    tags.press("Enter")
    assert board.asked() == [["annotate", [{"tags": ["rain", "night"]}, CLIP]]]


def words_stay_with_the_clip_they_were_begun_on(board: Board) -> None:
    board.show("watching")
    note = board.page.get_by_label("Note", exact=True)
    note.fill("half a sen")
    board.page.evaluate(
        "() => { const { clips } = gallery.state(); gallery.change({ place: 60, current: clips[60] }); }"
    )
    assert board.asked() == [["annotate", [{"note": "half a sen"}, CLIP]]]
    assert note.input_value() == ""
    assert board.has_keys


def keys_in_a_text_field_never_reach_the_board(board: Board) -> None:
    board.show("watching")
    heard = "() => { window.heard = []; document.querySelector('.heaters-board').addEventListener('keydown', (e) => heard.push(e.key)); }"
    board.page.evaluate(heard)
    board.page.get_by_label("Note", exact=True).press_sequentially("a d ?")
    board.page.get_by_label("Source", exact=True).press("s")
    assert board.page.evaluate("heard") == []


def tab_reaches_what_no_key_does_and_shows_where_it_is(board: Board) -> None:
    board.show("toasts")
    board.page.evaluate(
        "() => { window.heard = []; document.querySelector('.heaters-board').addEventListener('keydown', (e) => heard.push(e.key)); }"
    )
    seen = set()
    for _ in range(40):
        board.page.keyboard.press("Tab")
        name, ring = board.page.evaluate(
            "() => { const one = document.activeElement; return [one.getAttribute('aria-label') || one.tagName, "
            "one.matches('body, .heaters-board') || getComputedStyle(one).outlineStyle !== 'none']; }"
        )
        assert ring, f"{name} shows no focus"
        seen.add(name)
    assert {"Source", "Fast mode", "All keys", "Label", "Put this message away"} <= seen
    board.page.locator(".hb-events button").first.focus()
    board.page.keyboard.press("Enter")
    assert [name for name, _ in board.asked()] == ["undoTo"]
    assert "Enter" not in board.page.evaluate("heard"), "a button's Enter is no commit"
    board.page.keyboard.press("Escape")
    assert board.has_keys


def the_enter_that_opened_a_question_does_not_answer_it(board: Board) -> None:
    board.show("bulk")
    dialog = "document.querySelector('.hb-dialog')"
    board.page.evaluate(
        f"{dialog}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', repeat: true, bubbles: true }}))"
    )
    assert board.asked() == []
    board.page.keyboard.press("Enter")
    assert board.asked() == [["answer", ["yes"]]]
    board.page.keyboard.press("Escape")
    assert board.asked() == [["answer", ["no"]]]
    board.page.evaluate("gallery.change({ dialog: null })")
    assert board.has_keys
    board.page.wait_for_timeout(50)
    assert board.asked() == [], "closing asks for nothing more"


def going_somewhere_takes_text(board: Board) -> None:
    board.show("goto")
    board.page.keyboard.type("12.99")
    board.page.keyboard.press("Enter")
    assert board.asked() == [["goTo", ["12.99"]]]
    board.page.evaluate("gallery.change({ dialog: { kind: 'goto', message: 'There is no clip 12.99.' } })")
    assert board.page.locator(".hb-dialog [role=alert]").inner_text() == "There is no clip 12.99."
    assert board.page.locator(".hb-dialog input").input_value() == "12.99", "what was typed stays"


def a_key_is_changed_by_pressing_the_new_one(board: Board) -> None:
    board.show("remap")
    board.page.locator("button[data-action=approve]").click()
    board.page.keyboard.press("Shift+W")
    assert board.asked() == [["prefer", [{"keys": {"skip": "w", "approve": "Shift+w"}}]]]
    board.page.locator("button[data-action=approve]").click()
    board.page.keyboard.press("Escape")
    assert board.asked() == [], "Escape leaves the key as it was, and the window open"


def help_closes_by_the_key_that_opened_it(board: Board) -> None:
    board.show("help")
    board.page.keyboard.press("?")
    assert board.asked() == [["answer", ["no"]]]


def a_clip_plays_while_the_mouse_rests_on_it(board: Board) -> None:
    board.show("watching")
    cell = board.page.locator(".hb-cell", has_text="12.50")
    picture = "(cell) => cell.querySelector('canvas').toDataURL()"
    still = cell.evaluate(picture)
    cell.hover()
    board.page.wait_for_timeout(900)
    assert cell.evaluate(picture) != still
    board.page.mouse.move(400, 200)
    board.page.wait_for_timeout(300)
    assert cell.evaluate(picture) == still


def the_timeline_follows_a_change_of_theme(board: Board) -> None:
    board.show("watching")
    pixel = "() => [...document.querySelector('.hb-map').getContext('2d').getImageData(1200, 2, 1, 1).data].join()"
    before = board.page.evaluate(pixel)
    board.page.evaluate(
        "() => { document.body.dataset.jpThemeLight = 'false';"
        "  document.documentElement.style.setProperty('--jp-layout-color1', '#222');"
        "  document.documentElement.style.setProperty('--jp-ui-font-color1', '#eee'); }"
    )
    board.page.wait_for_timeout(200)
    assert board.page.evaluate(pixel) != before


CHECKS: tuple[Callable[[Board], None], ...] = (
    a_cut_is_moved_when_it_is_dropped, escape_leaves_the_cut_where_it_was, a_press_on_a_picture_of_the_strip_shows_that_clip,
    in_the_picker_a_press_picks, a_press_on_the_minimap_goes_there, ones_own_decisions_can_be_taken_back_and_only_those,
    words_are_saved_by_enter_and_left_by_escape, words_stay_with_the_clip_they_were_begun_on, keys_in_a_text_field_never_reach_the_board,
    tab_reaches_what_no_key_does_and_shows_where_it_is, the_enter_that_opened_a_question_does_not_answer_it, going_somewhere_takes_text,
    a_key_is_changed_by_pressing_the_new_one, help_closes_by_the_key_that_opened_it, a_clip_plays_while_the_mouse_rests_on_it,
    the_timeline_follows_a_change_of_theme,
)  # fmt: skip


def failing(page: Page) -> list[str]:
    """What does not hold, in words."""
    wrong = []
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            check(Board(page))
        except AssertionError as error:
            wrong.append(f"{name}: {str(error) or 'not so'}")
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    return wrong
