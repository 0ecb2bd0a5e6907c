"""The one table of keys: sent to the browser as data, so that help, page and behaviour can't drift apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Hotkey:
    """One key.

    Attributes:
        action: what it does, by the name that the page knows.
        key: as the browser's `KeyboardEvent.key` names it; a letter is in lower case.
        about: for people.
        shift: whether Shift is held.
        ctrl: whether Ctrl is held, or Cmd on a Mac.
        section: the heading under which help lists it.
        modes: where it is valid, of `watch`, `split`, `picker` and `range`; empty: everywhere.
    """

    action: str
    key: str
    about: str
    shift: bool = False
    ctrl: bool = False
    section: str = "Player"
    modes: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """As people and `heaters.ui.board` write it: `Ctrl+Shift+z`."""
        return f"{'Ctrl+' * self.ctrl}{'Shift+' * self.shift}{self.key}"


PLAYER: Final = (
    Hotkey("toggle", " ", "play or pause"),
    Hotkey("slower", "j", "slower"),
    Hotkey("pause", "k", "pause"),
    Hotkey("faster", "l", "faster"),
    Hotkey("back", ",", "one frame back"),
    Hotkey("forward", ".", "one frame on"),
    Hotkey("back", "ArrowLeft", "one frame back"),
    Hotkey("forward", "ArrowRight", "one frame on"),
    Hotkey("back10", "ArrowLeft", "ten frames back", shift=True),
    Hotkey("forward10", "ArrowRight", "ten frames on", shift=True),
    Hotkey("first", "Home", "first frame"),
    Hotkey("last", "End", "last frame"),
    Hotkey("mute", "m", "sound on or off"),
)
"""What a player alone understands."""

_WATCHING: Final = ("watch", "range")
_SPLITTING: Final = ("watch", "split")

BOARD: Final = (
    *(
        replace(one, modes=("watch", "split", "range")) if one.action in {"back10", "forward10"} else one
        for one in PLAYER
        if one.key not in {"ArrowLeft", "ArrowRight"} or one.shift
    ),
    Hotkey("approve", "a", "approve", section="Decide", modes=_WATCHING),
    Hotkey("skip", "s", "skip: not this time", section="Decide", modes=_WATCHING),
    Hotkey("archive", "d", "archive: hide it", section="Decide", modes=_WATCHING),
    Hotkey("merge", "f", "merge with the previous clip", section="Decide", modes=(*_WATCHING, "picker")),
    Hotkey("group", "g", "group with the previous clip", section="Decide", modes=(*_WATCHING, "picker")),
    Hotkey("commit", "Enter", "commit the armed letter, the split or the choice", section="Decide"),
    Hotkey("reset", "r", "back to pending", section="Decide", modes=_WATCHING),
    Hotkey("ungroup", "u", "take out of its group", section="Decide", modes=_WATCHING),
    Hotkey("undo", "z", "undo", ctrl=True, section="Decide"),
    Hotkey("redo", "z", "redo", ctrl=True, shift=True, section="Decide"),
    Hotkey("splitBack", "ArrowLeft", "look for the cut: one frame back", section="Cut", modes=_SPLITTING),
    Hotkey("splitForward", "ArrowRight", "look for the cut: one frame on", section="Cut", modes=_SPLITTING),
    Hotkey("split", "b", "split here", section="Cut", modes=_SPLITTING),
    Hotkey("moveIn", "i", "the clip begins with this frame", section="Cut", modes=_SPLITTING),
    Hotkey("moveOut", "o", "the clip ends with this frame", section="Cut", modes=_SPLITTING),
    Hotkey("leave", "Escape", "leave the mode or close the window", section="Cut"),
    Hotkey("previousClip", "ArrowUp", "previous clip", section="Go", modes=_WATCHING),
    Hotkey("nextClip", "ArrowDown", "next clip", section="Go", modes=_WATCHING),
    Hotkey("goTo", "/", "go to a ref, frame or timecode", section="Go"),
    Hotkey("picker", " ", "pick siblings to merge or group", shift=True, section="Many", modes=("watch", "picker")),
    Hotkey("pickBack", "ArrowLeft", "one to the left", section="Many", modes=("picker",)),
    Hotkey("pickForward", "ArrowRight", "one to the right", section="Many", modes=("picker",)),
    Hotkey("pageBack", "ArrowLeft", "a page to the left", shift=True, section="Many", modes=("picker",)),
    Hotkey("pageForward", "ArrowRight", "a page to the right", shift=True, section="Many", modes=("picker",)),
    Hotkey("range", "x", "start a range, or stretch it to this clip", section="Many", modes=_WATCHING),
    *(Hotkey(f"label{digit}", str(digit), f"label {digit}", section="Words") for digit in range(1, 10)),
    Hotkey("note", "n", "write a note", section="Words"),
    Hotkey("fast", "f", "one key decides, or hold and Enter", shift=True, section="Board"),
    Hotkey("help", "?", "all keys", shift=True, section="Board"),
)  # fmt: skip
"""What the review board understands."""

_PRESETS: Final[Mapping[str, Mapping[str, str]]] = {
    "heaters": {},
    "LosslessCut": {"approve": "e", "archive": "Backspace"},
    "CVAT": {
        "back": "d", "forward": "f", "back10": "c", "forward10": "v", "merge": "m", "mute": "Shift+m", "archive": "Delete",
    },
}  # fmt: skip
"""Preset → action → key, where it differs from ours. LosslessCut 3.64 and CVAT 2.40 as they come; what they lack stays ours."""


def presets() -> dict[str, list[dict[str, Any]]]:
    """Preset → the whole table of the board as the page takes it."""
    return {name: as_data(_remapped(BOARD, keys)) for name, keys in _PRESETS.items()}


def clashes(table: tuple[Hotkey, ...]) -> list[tuple[Hotkey, Hotkey]]:
    """Pairs of different actions that one key would start in one mode."""
    return [
        (one, other)
        for place, one in enumerate(table)
        for other in table[place + 1 :]
        if one.written == other.written
        and one.action != other.action
        and (not one.modes or not other.modes or set(one.modes) & set(other.modes))
    ]


def as_data(table: tuple[Hotkey, ...] = PLAYER) -> list[dict[str, Any]]:
    """The table as the page takes it."""
    return [asdict(one) for one in table]


def _remapped(table: tuple[Hotkey, ...], keys: Mapping[str, str]) -> tuple[Hotkey, ...]:
    return tuple(_with_key(one, keys[one.action]) if one.action in keys else one for one in table)


def _with_key(hotkey: Hotkey, written: str) -> Hotkey:
    *held, key = written.split("+")
    return replace(hotkey, key=key, shift="Shift" in held, ctrl="Ctrl" in held)
