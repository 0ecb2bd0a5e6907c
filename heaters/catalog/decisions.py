"""Reviewers' commands: one transaction and one event row each; the same `op_id` is carried out once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from heaters.catalog.clip_rows import read_board, read_clips, write_change
from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import ACTIONS, Change, Decision
from heaters.domain.model import Clip
from heaters.errors import DecisionRefused, NothingToUndo, UnknownReference

VIEW: Final = "clips_with_cut_points"
_UNDOABLE: Final = "action IN ({})".format(", ".join(f"'{name}'" for name in ACTIONS))


def perform_decision(decision: Decision, tx: Transaction) -> dict[str, Any]:
    """Decide on clips."""
    known = _stored_answer(tx, decision.op_id)
    if known is not None:
        return known
    board = read_board(tx, _sources_of(tx, decision))
    change = commands.decide(decision, board, _held_by_others(tx, decision.reviewer, [clip.id for clip in board.clips]))
    write_change(tx, change)
    commands.check(_merged(board.clips, change), board.n_frames)
    add_event(tx, decision.op_id, decision.action, change, reviewer=decision.reviewer, session=decision.session, frame=decision.frame)
    return answer(tx, decision.op_id, decision.action, [clip.id for clip in change.after])


def perform_undo(request: Undo, tx: Transaction) -> dict[str, Any]:
    """Take the latest command back."""
    target = _pick(tx, request, f"undone_by IS NULL AND {_UNDOABLE}", "seq", "undo")
    return _turn_back(tx, request, target, "undo") if "clips" not in target else target


def perform_redo(request: Redo, tx: Transaction) -> dict[str, Any]:
    """Carry the command that was undone last out again."""
    latest = tx.tuples(
        f"SELECT coalesce(max(seq), 0) FROM clip_events WHERE reviewer = ? AND {_UNDOABLE}", [request.reviewer]
    )[0][0]
    target = _pick(tx, request, f"undone_by > {int(latest)} AND {_UNDOABLE}", "undone_by", "redo")
    return _turn_back(tx, request, target, "redo") if "clips" not in target else target


def add_event(
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


def answer(tx: Transaction, op_id: str, action: str, clip_ids: list[int]) -> dict[str, Any]:
    """What the client gets: the rows as they are now, and the next pending clip behind them."""
    marks = ", ".join("?" for _ in clip_ids) or "NULL"
    rows = tx.rows(f"SELECT * FROM {VIEW} WHERE id IN ({marks}) ORDER BY source_video_id, start_frame, id", clip_ids)
    return {"op_id": op_id, "action": action, "clips": rows, "next": _next_pending(tx, rows)}


def _next_pending(tx: Transaction, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first pending clip from the last touched one on; else the first of its source, then of the next source."""
    live = [row for row in rows if row["state"] != "superseded"] or rows
    source_id, start = (live[-1]["source_video_id"], live[-1]["start_frame"]) if live else (0, 0)
    found = tx.tuples(
        "SELECT c.id FROM clips c JOIN source_videos v ON v.id = c.source_video_id WHERE c.state = 'pending' "
        "ORDER BY (c.source_video_id = ?) DESC, (c.source_video_id = ? AND c.start_frame >= ?) DESC, v.priority DESC, "
        "c.source_video_id, c.start_frame LIMIT 1",
        [source_id, source_id, start],
    )
    return tx.first(f"SELECT * FROM {VIEW} WHERE id = ?", [found[0][0]]) if found else None


def _sources_of(tx: Transaction, decision: Decision) -> list[int]:
    if decision.action == "retune":
        return [int(decision.values["source_id"])]
    marks = ", ".join("?" for _ in decision.clip_ids) or "NULL"
    found = tx.tuples(f"SELECT DISTINCT source_video_id FROM clips WHERE id IN ({marks})", decision.clip_ids)
    if decision.clip_ids and not found:
        names = ", ".join(str(clip_id) for clip_id in decision.clip_ids)
        raise UnknownReference(f"there is no clip {names}; `heaters clips` lists them", clip_ids=decision.clip_ids)
    return sorted(row[0] for row in found)


def _held_by_others(tx: Transaction, reviewer: str, clip_ids: list[int]) -> dict[int, str]:
    wanted = set(clip_ids)
    held = tx.tuples("SELECT clip_id, reviewer FROM leases WHERE reviewer <> ? AND expires_at > ?", [reviewer, tx.now])
    return {clip_id: holder for clip_id, holder in held if clip_id in wanted}


def _merged(clips: tuple[Clip, ...], change: Change) -> list[Clip]:
    rows = {clip.id: clip for clip in (*clips, *change.after)}
    return [clip for clip in rows.values() if clip.state != "superseded"]


def _stored_answer(tx: Transaction, op_id: str) -> dict[str, Any] | None:
    event = tx.first("SELECT op_id, action, clip_ids FROM clip_events WHERE op_id = ?", [op_id])
    return answer(tx, op_id, event["action"], event["clip_ids"]) if event else None


def _pick(tx: Transaction, request: Undo | Redo, condition: str, order: str, verb: str) -> dict[str, Any]:
    """The event to turn back; the stored answer if this very request was carried out before."""
    known = _stored_answer(tx, request.op_id)
    if known is not None:
        return known
    of_source = " AND source_video_id = ?" if request.source_id is not None else ""
    parameters = [request.reviewer, *([request.source_id] if of_source else [])]
    found = tx.tuples(
        f"SELECT seq FROM clip_events WHERE reviewer = ? AND {condition}{of_source} ORDER BY {order} DESC LIMIT 1", parameters
    )
    if not found:
        where = f" in source {request.source_id}" if of_source else ""
        raise NothingToUndo(f"{request.reviewer} has nothing to {verb}{where}", reviewer=request.reviewer)
    event = tx.first("SELECT * FROM clip_events WHERE seq = ?", [found[0][0]])
    assert event is not None
    return event


def _turn_back(tx: Transaction, request: Undo | Redo, event: Mapping[str, Any], verb: str) -> dict[str, Any]:
    before, after = _clips(event["before"]), _clips(event["after"])
    if verb == "redo":
        before, after = after, before
    ids = sorted({clip.id for clip in (*before, *after)})
    marks = ", ".join("?" for _ in ids)
    current = {clip.id: clip for clip in read_clips(tx, f"id IN ({marks})", ids)}
    change = commands.revert(before, after, current)
    held = _held_by_others(tx, request.reviewer, ids)
    for clip in change.before:
        if clip.id in held:
            raise DecisionRefused(f"clip {clip.ref} is held by {held[clip.id]}", clip_id=clip.id, holder=held[clip.id])
    write_change(tx, change)
    board = read_board(tx, sorted({clip.source_video_id for clip in change.after}))
    try:
        commands.check(board.clips, board.n_frames)
    except AssertionError as error:
        raise DecisionRefused(f"can't {verb} {event['action']}: the clips around it have moved on ({error})") from error
    seq = add_event(
        tx, request.op_id, verb, change, reviewer=request.reviewer, session=request.session, undoes=event["op_id"]
    )
    tx.change("UPDATE clip_events SET undone_by = ? WHERE seq = ?", [seq if verb == "undo" else None, event["seq"]])
    return {**answer(tx, request.op_id, verb, ids), "undid" if verb == "undo" else "redid": event["action"]}


def _clips(text: str) -> list[Clip]:
    return [Clip.from_json(row) for row in json.loads(text)]
