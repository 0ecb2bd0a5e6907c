"""The log: one row for each command on clips, with the rows before and after it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import ACTIONS, Change
from heaters.domain.model import Clip
from heaters.errors import CatalogDamaged, NothingToUndo

_UNDOABLE: Final = "action IN ({})".format(", ".join(f"'{name}'" for name in ACTIONS))
_RECENT: Final = 5000
"""How many of the latest events are searched before all of them are: undo is nearly always about the last few."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log."""

    seq: int
    op_id: str
    reviewer: str
    action: str
    undoes: str | None
    before: tuple[Clip, ...]
    after: tuple[Clip, ...]


def add(
    tx: Transaction, op_id: str, action: str, change: Change, *, reviewer: str, session: str | None = None,
    frame: int | None = None, undoes: str | None = None,
) -> int:  # fmt: skip
    """Write the event row of a command; returns its sequence number."""
    seq = tx.take_ids("clip_events")
    source_ids = {clip.source_video_id for clip in change.after}
    tx.insert("clip_events", [{
        "seq": seq, "op_id": op_id, "ts": tx.now, "reviewer": reviewer, "session": session, "action": action,
        "source_video_id": source_ids.pop() if len(source_ids) == 1 else None,
        "clip_ids": [clip.id for clip in change.after], "frame": frame,
        "before": json.dumps([clip.as_json() for clip in change.before]),
        "after": json.dumps([clip.as_json() for clip in change.after]), "undoes": undoes,
    }])  # fmt: skip
    return seq


def with_op_id(tx: Transaction, op_id: str | None) -> Event | None:
    """The event of a command that was carried out."""
    found = tx.tuples("SELECT seq FROM clip_events WHERE op_id = ?", [op_id])
    return _read(tx, found[0][0]) if found else None


def latest_to_undo(tx: Transaction, request: Undo) -> Event:
    """The reviewer's latest command that stands.

    Raises:
        NothingToUndo: there is none.
    """
    return _pick(tx, request, "undone_by IS NULL", "seq", "undo")


def latest_to_redo(tx: Transaction, request: Redo) -> Event:
    """The command that the reviewer took back last, unless he has decided since.

    Raises:
        NothingToUndo: there is none.
    """
    decided = f"(SELECT coalesce(max(seq), 0) FROM clip_events WHERE reviewer = $reviewer AND {_UNDOABLE} AND seq > $since)"
    return _pick(tx, request, f"undone_by > {decided}", "undone_by", "redo")


def mark_undone(tx: Transaction, event: Event, by: int | None) -> None:
    """Note which event took this one back; None when it stands again."""
    tx.change("UPDATE clip_events SET undone_by = ? WHERE seq = ?", [by, event.seq])


def parse(text: str, seq: int) -> tuple[Clip, ...]:
    """The rows that an event recorded.

    Raises:
        CatalogDamaged: the text is no list of clips.
    """
    try:
        return tuple(Clip.from_json(row) for row in json.loads(text))
    except (ValueError, TypeError, KeyError) as error:
        raise CatalogDamaged(
            f"event {seq} can't be read: {error}; look with `heaters catalog check`", seq=seq
        ) from error


def _pick(tx: Transaction, request: Undo | Redo, condition: str, order: str, verb: str) -> Event:
    parameters: dict[str, Any] = {"reviewer": request.reviewer}
    if request.source_id is not None:
        parameters["source"] = request.source_id
        condition += (
            " AND (source_video_id = $source OR (source_video_id IS NULL AND list_has_any(clip_ids, "
            "(SELECT list(id) FROM clips WHERE source_video_id = $source))))"
        )
    latest = tx.peek_id("clip_events")
    for since in (max(latest - _RECENT, 0), 0):
        found = tx.rows(
            f"SELECT max_by(seq, {order}) AS seq FROM clip_events WHERE reviewer = $reviewer AND {condition} AND {_UNDOABLE} "
            f"AND {order} > $since", {**parameters, "since": since},
        )  # fmt: skip
        if found[0]["seq"] is not None:
            return _read(tx, found[0]["seq"])
    where = f" in source {request.source_id}" if request.source_id is not None else ""
    raise NothingToUndo(f"{request.reviewer} has nothing to {verb}{where}", reviewer=request.reviewer)


def _read(tx: Transaction, seq: int) -> Event:
    found = tx.tuples(
        "SELECT op_id, reviewer, action, undoes, before, after FROM clip_events WHERE seq = ?", [seq]
    )
    op_id, reviewer, action, undoes, before, after = found[0]
    return Event(seq, op_id, reviewer, action, undoes, parse(before, seq), parse(after, seq))
