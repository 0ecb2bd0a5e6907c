"""The review board on a page, driven as a reviewer does: by keys, looking at the picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from numbered_films import BITS
from playwright.sync_api import TimeoutError  # noqa: A004 - Playwright's own
from watching import READ_NUMBER

from heaters.ui.hotkeys import BOARD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

OF_OTHERS = ("Unsatisfied version", "favicon")
"""What Voila's page says of itself in the console."""

SEE = """(root) => {
  const text = (name) => root.querySelector(name)?.textContent ?? "";
  const dialog = root.querySelector("dialog");
  const bad = root.querySelector(".hb-banner.hb-bad");
  const held = root.querySelector(".hb-banner.hb-held");
  return {
    ref: text(".hb-ref"), place: text(".hb-place"), state: text(".hb-chip"),
    frame: Number(/source frame (\\d+)/.exec(text(".hb-texts"))?.[1] ?? -1),
    inout: text(".hb-inout"),
    ready: !root.hasAttribute("data-waiting") && text(".hb-ref").includes("."), mode: root.dataset.mode ?? "",
    saved: root.querySelector(".hb-saved")?.dataset.saved ?? "", edge: root.querySelector(".hb-stage").dataset.edge,
    dialog: dialog.open ? dialog.dataset.kind : "", asked: dialog.open ? dialog.textContent : "",
    offline: bad && !bad.hidden ? bad.textContent : "", held: held && !held.hidden ? held.textContent : "",
    toasts: [...root.querySelectorAll(".hb-toast span")].map((one) => one.textContent), panel: text(".hb-panel:not([hidden])"),
    playing: [...root.querySelectorAll(".hb-bar button")].some((one) => one.title.startsWith("Pause")), kind: text(".hb-player"),
    cursor: text(".hb-cell.hb-cursor b"), picked: [...root.querySelectorAll(".hb-cell.hb-picked b")].map((one) => one.textContent),
    range: [...root.querySelectorAll(".hb-cell.hb-in-range b")].map((one) => one.textContent), reviewer: text(".hb-reviewer"),
    speed: [...root.querySelectorAll(".hb-bar button")].map((one) => one.textContent).find((one) => one.endsWith("×")) ?? "",
    counts: [...root.querySelectorAll(".hb-tally .hb-count")].map((one) => one.textContent),
    fast: root.querySelector(".hb-fast")?.getAttribute("aria-checked") === "true",
  };
}"""
"""What a reviewer sees, in one look."""
NUMBER = f"(root) => ({READ_NUMBER})(root.querySelector('canvas.hb-picture'), {BITS})"
LOOK = f"(root) => {{ const seen = ({SEE})(root); return {{ ...seen, number: ({NUMBER})(root) }}; }}"
PAINTED = f"root => {{ const seen = ({LOOK})(root); return seen.number === seen.frame; }}"
UNTIL = f"""([root, wanted]) => {{
  const seen = ({SEE})(root);
  return Object.entries(wanted).every(([name, value]) => String(seen[name]) === String(value));
}}"""


@dataclass(frozen=True)
class Seen:
    """What there is to see on a board."""

    ref: str
    place: str
    state: str
    frame: int
    inout: str
    ready: bool
    mode: str
    saved: str
    edge: str
    dialog: str
    asked: str
    offline: str
    held: str
    toasts: list[str]
    panel: str
    playing: bool
    kind: str
    cursor: str
    picked: list[str]
    range: list[str]
    reviewer: str
    speed: str
    counts: list[str]
    fast: bool
    number: int


class BoardPage:
    """One board on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on(
            "console",
            lambda said: (
                self.errors.append(said.text)
                if said.type == "error" and not any(word in said.text for word in OF_OTHERS)
                else None
            ),
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, address: str, *, fast: bool | None = False) -> BoardPage:
        """Go there and answer how one wants to decide, if that is asked and `fast` says it."""
        self.page.goto(address, timeout=120_000)
        self.root.wait_for(timeout=120_000)
        self.page.wait_for_function(
            f"root => {{ const seen = ({SEE})(root); return seen.dialog || seen.ready || seen.panel.includes('Nothing'); }}",
            arg=self.root.element_handle(), timeout=60_000,
        )  # fmt: skip
        self.page.wait_for_timeout(100)
        if fast is not None and self.see.dialog == "fast":
            self.page.keyboard.press("y" if fast else "n")
        return self.wait_ready() if fast is not None and not self.see.panel else self

    @property
    def root(self) -> Locator:
        """The board."""
        return self.page.locator(".heaters-board").first

    @property
    def see(self) -> Seen:
        """One look, with the number in the picture."""
        return Seen(**self.root.evaluate(LOOK))

    def wait(self, seconds: float = 15, **wanted: Any) -> BoardPage:
        """Wait until the board looks so."""
        try:
            self.page.wait_for_function(
                UNTIL, arg=[self.root.element_handle(), wanted], timeout=seconds * 1000
            )
        except TimeoutError:
            pytest.fail(f"never came: {wanted}; there is {self.see}")
        return self

    def wait_ready(self, ref: str | None = None, seconds: float = 30) -> BoardPage:
        """Wait until a clip can be decided on, and no window is in the way."""
        more = {} if ref is None else {"ref": ref}
        return self.wait(seconds, ready=True, dialog="", **more)

    def wait_saved(self) -> BoardPage:
        """Wait until every decision is stored."""
        return self.wait(saved="saved")

    def wait_toast(self, words: str, seconds: float = 15) -> str:
        """Wait until it says so; returns the sentence."""
        toast = self.root.locator(".hb-toast span", has_text=words).last
        toast.wait_for(timeout=seconds * 1000)
        return toast.text_content() or ""

    def press(self, *keys: str) -> BoardPage:
        """Press keys as the browser names them."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def do(self, *actions: str) -> BoardPage:
        """Press the keys that the table has for these actions."""
        return self.press(*(key_of(action) for action in actions))

    def commit(self, letter: str) -> BoardPage:
        """Hold a letter, press Enter, let go."""
        with self.holding(letter):
            self.press("Enter")
        return self

    @contextmanager
    def holding(self, *letters: str) -> Iterator[None]:
        """Letters are down meanwhile."""
        for letter in letters:
            self.page.keyboard.down(letter)
        try:
            yield
        finally:
            for letter in letters:
                self.page.keyboard.up(letter)

    def go(self, text: str, ref: str | None = None) -> BoardPage:
        """Go to a ref, frame or timecode, and wait until it is there."""
        self.press("/").wait(dialog="goto")
        self.page.keyboard.type(text)
        self.press("Enter")
        return self.wait_ready(ref or (text if "." in text else None))

    def still(self) -> int:
        """Pause; returns the number in the picture, which is the frame that the board says."""
        self.press("k").wait(playing=False)
        return self.painted()

    def painted(self) -> int:
        """Wait until the picture is of the frame that the board says; returns its number."""
        try:
            self.page.wait_for_function(PAINTED, arg=self.root.element_handle(), timeout=15_000)
        except TimeoutError:
            pytest.fail(f"the picture is not of the frame: {self.see}")
        return self.see.number

    def at(self, frame: int) -> BoardPage:
        """Wait until this frame is in the picture."""
        self.wait(frame=frame)
        assert self.painted() == frame, self.see
        return self

    def step_to(self, frame: int) -> BoardPage:
        """Pause, and step to a frame of the clip by `.` and `Home`."""
        self.still()
        self.press("Home")
        start = int(self.see.inout.split()[1])
        self.at(start)
        return self.press(*["."] * (frame - start)).at(frame)

    @property
    def traceback(self) -> bool:
        """Whether the page shows one."""
        return "Traceback" in (self.page.locator("body").text_content() or "")


def key_of(action: str) -> str:
    """How Playwright names the key that the table has for an action."""
    return " ".join(keys_of(action)).split(" ")[0]


def keys_of(action: str) -> list[str]:
    """All keys of an action, as Playwright names them."""
    return [
        f"{'Control+' * one.ctrl}{'Shift+' * one.shift}{'Space' if one.key == ' ' else one.key}"
        for one in BOARD
        if one.action == action
    ]
