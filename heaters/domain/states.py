"""Which state may follow which, for sources and for clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SOURCE_TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "new": frozenset({"downloading", "parked"}),
    "downloading": frozenset({"downloading", "downloaded", "download_failed", "parked"}),
    "download_failed": frozenset({"downloading", "parked"}),
    "downloaded": frozenset({"preparing", "parked"}),
    "preparing": frozenset({"preparing", "prepared", "prepare_failed", "parked"}),
    "prepare_failed": frozenset({"preparing", "parked"}),
    "prepared": frozenset({"detecting", "parked"}),
    "detecting": frozenset({"detecting", "ready", "detect_failed", "parked"}),
    "detect_failed": frozenset({"detecting", "parked"}),
    "ready": frozenset({"verify_failed", "parked"}),
    "verify_failed": frozenset({"ready", "downloaded", "parked"}),
    "parked": frozenset({"new", "downloaded", "prepared", "ready"}),
}
"""A stage that was killed leaves `…ing`; a later run enters that state again."""

CLIP_TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "pending": frozenset({"pending", "approved", "skipped", "archived", "superseded"}),
    "approved": frozenset({"approved", "pending", "skipped", "archived", "exporting", "superseded"}),
    "skipped": frozenset({"skipped", "pending", "approved", "archived", "superseded"}),
    "archived": frozenset({"archived", "pending", "approved", "skipped"}),
    "exporting": frozenset({"exporting", "exported", "export_failed"}),
    "exported": frozenset({"pending"}),
    "export_failed": frozenset(
        {
            "export_failed",
            "exporting",
            "pending",
            "approved",
            "skipped",
            "archived",
            "superseded",
        }
    ),
    "superseded": frozenset(),
}
"""What a command may do. Undo restores an earlier row and is held by its own rule, not by this table.

Where a state may follow itself, the clip may be annotated or grouped while it has that state.
"""

SOURCE_STATES: Final = tuple(SOURCE_TRANSITIONS)
CLIP_STATES: Final = tuple(CLIP_TRANSITIONS)
FROZEN: Final = frozenset({"exporting", "exported"})
DECIDED: Final[Mapping[str, str]] = {
    "approve": "approved", "skip": "skipped", "archive": "archived", "reset": "pending",
}  # fmt: skip
"""The state that each plain decision leads to."""


def may_become(transitions: Mapping[str, frozenset[str]], state: str, following: str) -> bool:
    """Tell whether `following` may come after `state`; staying where one is counts only if the table says so."""
    return following in transitions[state]
