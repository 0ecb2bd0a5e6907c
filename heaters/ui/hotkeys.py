"""The one table of keys: sent to the browser as data, so that help, page and behaviour can't drift apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Hotkey:
    """One key.

    Attributes:
        action: what it does, by the name that the page knows.
        key: as the browser's `KeyboardEvent.key` names it; a letter is in lower case.
        shift: whether Shift is held.
        about: for people.
    """

    action: str
    key: str
    about: str
    shift: bool = False


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
"""What the player itself understands; decisions are the board's."""


def as_data(table: tuple[Hotkey, ...] = PLAYER) -> list[dict[str, Any]]:
    """The table as the page takes it."""
    return [asdict(one) for one in table]
