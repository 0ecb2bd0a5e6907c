"""Reviewers' commands: one transaction and one event row each; the same `op_id` is carried out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from heaters.catalog import events
from heaters.catalog.answers import clip_rows, next_pending, source_facts
from heaters.catalog.boards import Outline, fault, full_board, hold_invariants, partial_board, read_outline
from heaters.catalog.clip_rows import clips_by_id, write_change
from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import Board, Decision
from heaters.errors import DecisionRefused, UnknownReference, UsageError

Answer = dict[str, Any]


def perform_decision(decision: Decision, tx: Transaction) -> Answer:
    """Decide on clips."""
    known = events.with_op_id(tx, decision.op_id)
    if known is not None:
        return _stored_answer(tx, known, decision.action, decision.reviewer)
    sources = source_facts(tx, _sources_of(tx, decision))
    outline = read_outline(tx, sorted(sources))
    board = _board(tx, decision, outline, {source_id: row["n_frames"] for source_id, row in sources.items()})
    change = commands.decide(decision, board, _held_by_others(tx, decision.reviewer))
    left = outline.after(change)
    if change.after:  # a retune may find nothing to change, and then there is nothing to undo
        write_change(tx, change)
        hold_invariants(tx, left, board.n_frames)
        events.add(
            tx,
            decision.op_id,
            decision.action,
            change,
            reviewer=decision.reviewer,
            session=decision.session,
            frame=decision.frame,
        )
    return {
        "op_id": decision.op_id, "action": decision.action, "clips": clip_rows(tx, change.after, sources),
        "next": next_pending(tx, change.after, left, sources, board.clips),
    }  # fmt: skip


def perform_undo(request: Undo, tx: Transaction) -> Answer:
    """Take the latest command back."""
    known = events.with_op_id(tx, request.op_id)
    if known is not None:
        return _stored_answer(tx, known, "undo", request.reviewer)
    return _turn_back(tx, request, events.latest_to_undo(tx, request), "undo")


def perform_redo(request: Redo, tx: Transaction) -> Answer:
    """Carry the command that was undone last out again."""
    known = events.with_op_id(tx, request.op_id)
    if known is not None:
        return _stored_answer(tx, known, "redo", request.reviewer)
    return _turn_back(tx, request, events.latest_to_redo(tx, request), "redo")


def _turn_back(tx: Transaction, request: Undo | Redo, event: events.Event, verb: str) -> Answer:
    before, after = (event.before, event.after) if verb == "undo" else (event.after, event.before)
    ids = {clip.id for clip in (*before, *after)}
    sources = source_facts(tx, {clip.source_video_id for clip in (*before, *after)})
    n_frames = {source_id: row["n_frames"] for source_id, row in sources.items()}
    outline = read_outline(tx, sorted(sources))
    rows = {clip.id: clip for clip in clips_by_id(tx, ids.union(outline.around(ids)))}
    change = commands.revert(before, after, rows)
    commands.refuse_held(change.before, _held_by_others(tx, request.reviewer))
    write_change(tx, change)
    left = outline.after(change)
    broken = fault(tx, left, n_frames)
    if broken is not None:
        raise DecisionRefused(
            f"can't {verb} {event.action}: the clips around it have moved on ({broken}); decide on them anew"
        )
    seq = events.add(
        tx,
        request.op_id,
        verb,
        change,
        reviewer=request.reviewer,
        session=request.session,
        undoes=event.op_id,
    )
    events.mark_undone(tx, event, seq if verb == "undo" else None)
    return {
        "op_id": request.op_id, "action": verb, "clips": clip_rows(tx, change.after, sources),
        "next": next_pending(tx, change.after, left, sources, rows.values()), _DONE[verb]: event.action,
    }  # fmt: skip


_DONE: Mapping[str, str] = {"undo": "undid", "redo": "redid"}
"""Under which name an answer says which action was taken back or carried out again."""


def _stored_answer(tx: Transaction, event: events.Event, action: str, reviewer: str) -> Answer:
    """The answer that this op_id got, with what comes next by now."""
    if (event.action, event.reviewer) != (action, reviewer):
        raise UsageError(f"op_id {event.op_id} belongs to another command: make a new one for every command")
    sources = source_facts(tx, {clip.source_video_id for clip in event.after})
    answer = {
        "op_id": event.op_id, "action": action, "clips": clip_rows(tx, event.after, sources),
        "next": next_pending(tx, event.after, read_outline(tx, sorted(sources)), sources),
    }  # fmt: skip
    undone = events.with_op_id(tx, event.undoes) if event.undoes else None
    return {**answer, _DONE[action]: undone.action} if undone else answer


def _sources_of(tx: Transaction, decision: Decision) -> Iterable[int]:
    if decision.action == "retune":
        source_id = decision.values.get("source_id")
        return [source_id] if isinstance(source_id, int) else []
    ids = ", ".join(str(int(one)) for one in decision.clip_ids)
    found = (
        {row[0] for row in tx.tuples(f"SELECT source_video_id FROM clips WHERE id IN ({ids})")}
        if ids
        else set()
    )
    if decision.clip_ids and not found:
        raise UnknownReference(
            f"there is no clip {ids}; `heaters clips` lists them", clip_ids=decision.clip_ids
        )
    return found


def _board(tx: Transaction, decision: Decision, outline: Outline, n_frames: Mapping[int, int]) -> Board:
    if decision.action == "retune":
        return full_board(tx, sorted(n_frames))
    return partial_board(tx, outline, decision, n_frames)


def _held_by_others(tx: Transaction, reviewer: str) -> dict[int, str]:
    """Clip id → who has it on lease right now."""
    return dict(
        tx.tuples(
            "SELECT clip_id, reviewer FROM leases WHERE reviewer <> ? AND expires_at > ?", [reviewer, tx.now]
        )
    )
