"""The log: one row for each command on clips, with the rows before and after it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from heaters.catalog.leases import other_windows
from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import ACTIONS, Change
from heaters.domain.model import Clip
from heaters.errors import CatalogDamaged, DecisionRefused, NothingToUndo

_UNDOABLE: Final = "action IN ({})".format(", ".join(f"'{name}'" for name in ACTIONS))
_RECENT: Final = 5000
"""How many of the latest events are searched before all of them are: undo is nearly always about the last few."""
_IN_SOURCE: Final = (
    "(source_video_id = $source OR (source_video_id IS NULL AND list_has_any(clip_ids, "
    "(SELECT list(id) FROM clips WHERE source_video_id = $source))))"
)

_HERE: Final = "(session IS NULL OR NOT list_contains($elsewhere::VARCHAR[], session))"
"""Not in one of these other windows."""


class Author(NamedTuple):
    """Who sends a command, and under which id."""

    op_id: str
    reviewer: str
    session: str | None = None

    @classmethod
    def of(cls, request: Undo | Redo) -> Self:
        """The author of a request."""
        return cls(request.op_id, request.reviewer, request.session)


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
    frame: int | None = None,
) -> int:  # fmt: skip
    """Write the event row of a command; returns its sequence number."""
    seq = tx.take_ids("clip_events")
    row = _row(tx, seq, Author(op_id, reviewer, session), action, change)
    tx.insert("clip_events", [{**row, "frame": frame}])
    return seq


def add_turned(tx: Transaction, by: Author, steps: Sequence[tuple[Event, Change]], verb: str) -> None:
    """Write the events of commands that were taken back or carried out again, and mark these commands.

    The first event gets the author's op_id, further ones the same with a number behind it.
    """
    first = tx.take_ids("clip_events", len(steps))
    names = [by.op_id, *(f"{by.op_id}/{number}" for number in range(2, len(steps) + 1))]
    tx.insert("clip_events", [
        {**_row(tx, seq, by._replace(op_id=name), verb, change), "undoes": event.op_id}
        for seq, name, (event, change) in zip(range(first, first + len(steps)), names, steps, strict=True)
    ])  # fmt: skip
    arms = " ".join(f"WHEN {event.seq} THEN {first + place}" for place, (event, _) in enumerate(steps))
    marked = ", ".join(str(event.seq) for event, _ in steps)
    by_whom = f"CASE seq {arms} END" if verb == "undo" else "NULL"
    tx.change(f"UPDATE clip_events SET undone_by = {by_whom} WHERE seq IN ({marked})")


def with_op_id(tx: Transaction, op_id: str | None) -> Event | None:
    """The event of a command that was carried out."""
    found = tx.tuples("SELECT seq FROM clip_events WHERE op_id = ?", [op_id])
    return _read(tx, [found[0][0]])[0] if found else None


def with_same_op_id(tx: Transaction, event: Event) -> list[Event]:
    """The event, and those that were written with it when several commands were taken back at once."""
    found = tx.tuples(
        "SELECT seq FROM clip_events WHERE seq > ? AND seq <= ? AND starts_with(op_id, ?) ORDER BY seq",
        [event.seq, event.seq + _RECENT, f"{event.op_id}/"],
    )
    return [event, *_read(tx, [seq for (seq,) in found])]


def latest_to_undo(tx: Transaction, request: Undo) -> Event:
    """The reviewer's latest command that stands.

    What he did in another window that is still open is that window's to take back: a request that names its session
    passes it over. So one key never changes what somebody is looking at elsewhere, perhaps under the same name.

    Raises:
        NothingToUndo: there is none.
    """
    return _pick(tx, request, "undone_by IS NULL", "seq", "undo")


def latest_to_redo(tx: Transaction, request: Redo) -> Event:
    """The command that the reviewer took back last, unless he has decided since.

    Raises:
        NothingToUndo: there is none.
    """
    decided = f"(SELECT coalesce(max(seq), 0) FROM clip_events WHERE reviewer = $reviewer AND {_UNDOABLE} AND {_HERE} AND seq > $since)"
    return _pick(tx, request, f"undone_by > {decided}", "undone_by", "redo")


def down_to(tx: Transaction, by: Author, source_id: int, seq: int) -> list[Event]:
    """The author's commands on a source that stand, from the latest down to and with one event.

    As with `latest_to_undo`, what was done in other windows that are open is passed over.

    Raises:
        NothingToUndo: that event is not there, or was taken back already.
        DecisionRefused: it is another reviewer's or window's, or no decision.
    """
    reviewer, parameters = by.reviewer, {"source": source_id, "seq": seq}
    elsewhere = other_windows(tx, reviewer, by.session) if by.session else []
    rows = tx.rows(
        f"SELECT reviewer, session, action, undone_by FROM clip_events WHERE seq = $seq AND {_IN_SOURCE}", parameters
    )  # fmt: skip
    if not rows:
        raise NothingToUndo(f"source {source_id} has no event {seq}", reviewer=reviewer)
    named = rows[0]
    if named["action"] not in ACTIONS:
        raise DecisionRefused(f"event {seq} is {named['action']}: choose a decision to go back to")
    if named["reviewer"] != reviewer:
        raise DecisionRefused(f"event {seq} is a decision of {named['reviewer']}: go back to one of your own")
    if named["session"] in elsewhere:
        raise DecisionRefused(f"event {seq} was decided in another window of yours: take it back there")
    if named["undone_by"] is not None:
        raise NothingToUndo(f"event {seq} was taken back already", reviewer=reviewer)
    found = tx.rows(
        f"SELECT seq FROM clip_events WHERE reviewer = $reviewer AND seq >= $seq AND undone_by IS NULL AND {_UNDOABLE} "
        f"AND {_HERE} AND {_IN_SOURCE} ORDER BY seq DESC", {**parameters, "reviewer": reviewer, "elsewhere": elsewhere},
    )  # fmt: skip
    return _read(tx, [row["seq"] for row in found])


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


def _row(tx: Transaction, seq: int, by: Author, action: str, change: Change) -> dict[str, Any]:
    source_ids = {clip.source_video_id for clip in change.after}
    return {
        "seq": seq, "op_id": by.op_id, "ts": tx.now, "reviewer": by.reviewer, "session": by.session, "action": action,
        "source_video_id": source_ids.pop() if len(source_ids) == 1 else None,
        "clip_ids": [clip.id for clip in change.after],
        "before": json.dumps([clip.as_json() for clip in change.before]),
        "after": json.dumps([clip.as_json() for clip in change.after]),
    }  # fmt: skip


def _pick(tx: Transaction, request: Undo | Redo, condition: str, order: str, verb: str) -> Event:
    elsewhere = other_windows(tx, request.reviewer, request.session) if request.session else []
    parameters: dict[str, Any] = {"reviewer": request.reviewer, "elsewhere": elsewhere}
    if request.source_id is not None:
        parameters["source"] = request.source_id
        condition += f" AND {_IN_SOURCE}"
    if request.of is not None:
        parameters["of"] = request.of
        condition += " AND op_id = $of"
    latest = tx.peek_id("clip_events")
    for since in (max(latest - _RECENT, 0), 0):
        found = tx.rows(
            f"SELECT max_by(seq, {order}) AS seq FROM clip_events WHERE reviewer = $reviewer AND {condition} AND {_UNDOABLE} "
            f"AND {_HERE} AND {order} > $since", {**parameters, "since": since},
        )  # fmt: skip
        if found[0]["seq"] is not None:
            return _read(tx, [found[0]["seq"]])[0]
    where = f" in source {request.source_id}" if request.source_id is not None else ""
    what = f"no command {request.of}" if request.of is not None else "nothing"
    aside = "; another window of yours takes back what was done there" if elsewhere else ""
    raise NothingToUndo(f"{request.reviewer} has {what} to {verb}{where}{aside}", reviewer=request.reviewer)


def _read(tx: Transaction, seqs: Sequence[int]) -> list[Event]:
    """Events by their numbers, in the order given."""
    numbers = ", ".join(map(str, seqs)) or "NULL"
    found = tx.tuples(
        f"SELECT seq, op_id, reviewer, action, undoes, before, after FROM clip_events WHERE seq IN ({numbers})"
    )
    read = {
        seq: Event(seq, op_id, reviewer, action, undoes, parse(before, seq), parse(after, seq))
        for seq, op_id, reviewer, action, undoes, before, after in found
    }
    return [read[seq] for seq in seqs]
