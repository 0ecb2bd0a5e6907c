"""Archived objects: a state, not an error. Who needs one has it restored, once, waits, and goes on in a later run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from heaters.catalog.requests import NoteRestore
from heaters.errors import Archived
from heaters.stages import export, prepare, verify
from heaters.stages.stage import Row, Unit
from heaters.storage import Head, Store, open_store

_NAMES: Final = {
    "originals": "original", "gold_masters": "gold master", "review_proxies": "review proxy", "final_clips": "final clip",
}  # fmt: skip
SMALLEST: Final = 128 << 10
"""Bytes from which S3 moves an object into an archive class by itself: https://docs.aws.amazon.com/AmazonS3 on lifecycle rules."""
_LEFT_ALONE: Final = "is archived: it is read back once an export has had it restored"
Execute = Callable[[object], dict[str, Any]]


def out_of_reach(store: Store, key: str) -> Head | None:
    """What the store says of an object that has to be restored before it can be read; None where it can be read by now.

    One that lies in the local cache can be read, whatever the store has made of it.
    """
    head = store.head(key)
    if head is None or not head.archived:
        return None
    try:
        store.local_path(key)
    except Archived:
        return head
    return None


def parted(store: Store, rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Artefact rows, parted into those whose files can be read and those that have to be restored."""
    told = [(row, row["bytes"] >= SMALLEST and out_of_reach(store, row["uri"]) is not None) for row in rows]
    return [row for row, away in told if not away], [row for row, away in told if away]


def unread(source_id: int, row: Row) -> dict[str, Any]:
    """What a verification says of an artefact that it leaves alone."""
    return {
        "source_id": source_id,
        "frame": None,
        "what": f"the {name_of(row['uri'])} {row['uri']} {_LEFT_ALONE}",
    }


class Restores:
    """What a run finds out about archived objects: each is looked at, and asked for, at most once.

    Whether one is being restored, the store says itself; the catalog only keeps when it was asked for.

    Args:
        execute: carries out a command of the catalog.
        verb: what goes on when they are there.
    """

    def __init__(self, execute: Execute, verb: str) -> None:
        self._execute, self._verb = execute, verb
        self._known: dict[tuple[str, str], str | None] = {}

    def obstacle(self, unit: Unit) -> str | None:
        """Why a unit of a stage has to wait for an archived object; None if it need not.

        To verify, nothing is restored: that costs, and nobody waits for it.
        """
        key = _needed(unit)
        if key is None:
            return None
        place = unit.spec["store"], key
        if place not in self._known:
            store = open_store(unit.spec["store"])
            if unit.stage != verify.NAME:
                return self.reason(store, key)
            self._known[place] = f"the {name_of(key)} {_LEFT_ALONE}" if out_of_reach(store, key) else None
        return self._known[place]

    def reason(self, store: Store, key: str) -> str | None:
        """Why who needs this object has to wait; None if it can be read. Where nobody has, it is asked for."""
        place = store.address, key
        if place not in self._known:
            head = out_of_reach(store, key)
            self._known[place] = self._asked(store, head) if head else None
        return self._known[place]

    def _asked(self, store: Store, head: Head) -> str:
        if not head.restoring:
            store.restore(head.key)
        answer = self._execute(NoteRestore(store.uri(head.key), fresh=not head.restoring))
        when = (
            f"asked at {datetime.fromisoformat(answer['asked_at']):%Y-%m-%d %H:%M} UTC"
            if answer["asked_at"]
            else "as others have asked"
        )
        return (
            f"the {name_of(head.key)} is being restored from {head.storage_class}, {when}, which takes hours: "
            f"`heaters {self._verb}` goes on when it is there"
        )


def _needed(unit: Unit) -> str | None:
    """The large object that a unit reads, if it reads one that may be archived."""
    if unit.stage == export.NAME:
        return str(unit.spec["source"]["gold_master_filepath"])
    name = {prepare.NAME: "original", verify.NAME: "master"}.get(unit.stage)
    return str(unit.spec[name]) if name else None


def name_of(key: str) -> str:
    """What people call the object of a key.

    >>> name_of("gold_masters/video_1_master.mkv")
    'gold master'
    """
    return _NAMES.get(key.partition("/")[0], key)
