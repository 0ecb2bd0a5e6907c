"""Carry out decisions, and take them back: rows read, changed and written with their events, but nothing told yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from heaters.catalog import events
from heaters.catalog.answers import Row, source_facts
from heaters.catalog.boards import (
    Outline,
    fault,
    full_board,
    hold_invariants,
    partial_board,
    read_outline,
)
from heaters.catalog.clip_rows import clips_by_id, write_change
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import Board, Change, Decision
from heaters.domain.model import Clip
from heaters.errors import DecisionRefused, UnknownReference, UsageError

Held = Mapping[int, str]
"""Clip id → who holds it, for clips that the one who acts may not touch."""

DONE: Final[Mapping[str, str]] = {"undo": "undid", "redo": "redid"}
"""Under which name an answer says which action was taken back or carried out again."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was carried out.

    Attributes:
        before: touched rows as they were; those that were made by it are missing.
        after: touched rows as they are.
        left: outline of the sources concerned, as the command left them.
        sources: facts of these sources, by id.
        known: rows that were read along.
        told: what an answer says beside the rows.
        frame: what a split or a moved cut was about.
        again: the command had been carried out before, and this is what came of it then.
    """

    op_id: str
    action: str
    before: tuple[Clip, ...]
    after: tuple[Clip, ...]
    left: Outline
    sources: Mapping[int, Row]
    known: Iterable[Clip] = ()
    told: Row = field(default_factory=dict)
    frame: int | None = None
    again: bool = False


def decide(decision: Decision, tx: Transaction, held: Held) -> Done:
    """Decide on clips, once for each `op_id`."""
    known = events.with_op_id(tx, decision.op_id)
    if known is not None:
        return done_before(tx, known, decision.action, decision.reviewer)
    sources = source_facts(tx, _sources_of(tx, decision))
    outline = read_outline(tx, sorted(sources))
    board = _board(tx, decision, outline, {source_id: row["n_frames"] for source_id, row in sources.items()})
    change = commands.decide(decision, board, held)
    left = outline.after(change)
    if change.after:  # new cuts may change nothing, and then there is nothing to undo
        write_change(tx, change)
        hold_invariants(tx, left, board.n_frames)
        events.add(
            tx, decision.op_id, decision.action, change, reviewer=decision.reviewer, session=decision.session,
            frame=decision.frame,
        )  # fmt: skip
    return Done(
        decision.op_id, decision.action, change.before, change.after, left, sources, board.clips, frame=decision.frame
    )  # fmt: skip


def turn_back(
    tx: Transaction, by: events.Author, chosen: Sequence[events.Event], verb: str, held: Held
) -> Done:
    """Take commands back, or carry them out again: all of them or none, in the order given, one event each."""
    clips = [clip for event in chosen for clip in (*event.before, *event.after)]
    ids = {clip.id for clip in clips}
    sources = source_facts(tx, {clip.source_video_id for clip in clips})
    left = read_outline(tx, sorted(sources))
    rows = {clip.id: clip for clip in clips_by_id(tx, ids.union(left.around(ids)))}
    was, steps = dict(rows), []
    for event in chosen:
        change = _reverted(event, verb, rows, held, alone=len(chosen) == 1)
        steps.append((event, change))
        rows |= {clip.id: clip for clip in change.after}
        left = left.after(change)
        _refuse_unsound(tx, event, verb, _between(was, rows, ids), left, sources)
    whole = _between(was, rows, ids)
    write_change(tx, whole)
    events.add_turned(tx, by, steps, verb)
    told = {DONE[verb]: chosen[0].action, "undone": [_told(event) for event in chosen]}
    return Done(by.op_id, verb, whole.before, whole.after, left, sources, rows.values(), told)


def done_before(tx: Transaction, event: events.Event, action: str, reviewer: str) -> Done:
    """What the command with this `op_id` did when it was carried out."""
    if (event.action, event.reviewer) != (action, reviewer):
        raise UsageError(f"op_id {event.op_id} belongs to another command: make a new one for every command")
    written = events.with_same_op_id(tx, event) if event.undoes else [event]
    after = {clip.id: clip for one in written for clip in one.after}
    sources = source_facts(tx, {clip.source_video_id for clip in after.values()})
    left = read_outline(tx, sorted(sources))
    undone = [found for one in written if (found := events.with_op_id(tx, one.undoes))]
    told = {DONE[action]: undone[0].action, "undone": [_told(one) for one in undone]} if undone else {}
    return Done(event.op_id, action, (), tuple(after.values()), left, sources, told=told, again=True)


def _reverted(event: events.Event, verb: str, rows: Mapping[int, Clip], held: Held, *, alone: bool) -> Change:
    before, after = (event.before, event.after) if verb == "undo" else (event.after, event.before)
    try:
        change = commands.revert(before, after, rows)
        commands.refuse_held(change.before, held)
    except DecisionRefused as error:
        if alone:
            raise
        named = ", ".join(clip.ref for clip in event.after[:5])
        raise type(error)(
            f"nothing was undone, because {event.action} of {named} stands in the way: {error.message}",
            **error.facts,
        ) from error
    return change


def _refuse_unsound(
    tx: Transaction, event: events.Event, verb: str, so_far: Change, left: Outline, sources: Mapping[int, Row]
) -> None:
    n_frames = {source_id: row["n_frames"] for source_id, row in sources.items()}
    if left.sound(n_frames):
        return
    write_change(tx, so_far)  # to look at; the refusal takes it back
    broken = fault(tx, left, n_frames)
    raise DecisionRefused(
        f"can't {verb} {event.action}: the clips around it have moved on ({broken}); decide on them anew"
    )


def _between(was: Mapping[int, Clip], rows: Mapping[int, Clip], ids: Iterable[int]) -> Change:
    changed = sorted(clip_id for clip_id in ids if rows[clip_id] is not was[clip_id])
    return Change(tuple(was[one] for one in changed), tuple(rows[one] for one in changed))


def _told(event: events.Event) -> Row:
    return {"seq": event.seq, "action": event.action, "clip_ids": [clip.id for clip in event.after]}


def _sources_of(tx: Transaction, decision: Decision) -> Iterable[int]:
    if decision.action in commands.OF_A_SOURCE:
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
    if decision.action in commands.OF_A_SOURCE:
        return full_board(tx, sorted(n_frames))
    return partial_board(tx, outline, decision, n_frames)
