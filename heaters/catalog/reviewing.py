"""What a review page sends: decisions with leases, each in one transaction that also tells what others did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from heaters.catalog import changes, events, leases, requests
from heaters.catalog.boards import read_outline
from heaters.catalog.clip_rows import clips_by_id, read_clips
from heaters.catalog.desk import EVENTS_TOLD, Desk, clip_row, counts, news
from heaters.catalog.history import history
from heaters.catalog.requests import Seat
from heaters.catalog.transaction import Transaction
from heaters.catalog.where_to_begin import where_to_begin
from heaters.domain.commands import Decision
from heaters.errors import UnknownReference

Answer = dict[str, Any]

_STEP: Final = timedelta(seconds=10)
"""A place is noted anew by a beat only if it is that old: most beats then write nothing."""
_STAYING: Final = frozenset({"undo", "annotate"})
"""Actions after which the clip that they touched is shown, whatever it is; after others the next one to decide on is."""


def begin(request: requests.BeginReview, tx: Transaction) -> Answer:
    """Hand out a run of clips, and tell all about their source."""
    leases.sweep(tx, request.seat)
    leases.adopt(tx, request.seat)
    source_id, shown = where_to_begin(tx, request)
    seat = request.seat._replace(source_id=source_id, held=(), seen=tx.peek_id("clip_events") - 1)
    leases.let_go_elsewhere(tx, seat)
    clips = read_clips(tx, "source_video_id = ? AND state <> 'superseded'", [source_id])
    pending = [clip for clip in clips if clip.state == "pending"]
    desk = Desk(tx, seat)
    moved = request.clip_id is not None and shown is not None and shown.id not in desk.mine
    queue = desk.queue(
        [one.start_frame for one in pending], [one.id for one in pending], () if moved else desk.mine
    )
    at = shown.start_frame if shown else 0
    queue = desk.refilled(queue, at)
    wanted = shown is not None and (request.clip_id is not None or shown.id not in desk.others)
    current = shown.id if shown and wanted else queue.next_clip(at)
    leases.note_place(tx, seat, source_id, current)
    return {
        **desk.standing(queue), "current": current, "clips": [clip_row(one) for one in clips], "changes": [], "seq": seat.seen,
        "events": history(tx.rows, source_id, limit=EVENTS_TOLD), "counts": counts(tx, source_id),
    }  # fmt: skip


def decide(request: requests.ReviewDecision, tx: Transaction) -> Answer:
    """Decide on clips."""
    seat = request.seat
    versions = {int(clip_id): version for clip_id, version in (request.versions or {}).items()}
    decision = Decision(
        request.op_id, request.action, tuple(request.clip_ids), seat.reviewer, request.frame, versions, seat.session,
        request.values or {},
    )  # fmt: skip
    return _told(tx, seat, changes.decide(decision, tx, _untouchable(tx, seat)))


def undo(request: requests.ReviewUndo, tx: Transaction) -> Answer:
    """Take back the latest command on the source, or all down to one."""
    seat, by = request.seat, _author(request)
    known = events.with_op_id(tx, request.op_id)
    if known is not None:
        return _told(tx, seat, changes.done_before(tx, known, "undo", seat.reviewer))
    if request.down_to is None:
        chosen = [events.latest_to_undo(tx, requests.Undo(*by[:2], seat.source_id, seat.session))]
    else:
        chosen = events.down_to(tx, by, seat.source_id, request.down_to)
    return _told(tx, seat, changes.turn_back(tx, by, chosen, "undo", _untouchable(tx, seat)))


def redo(request: requests.ReviewRedo, tx: Transaction) -> Answer:
    """Carry the command that was undone last on the source out again."""
    seat, by = request.seat, _author(request)
    known = events.with_op_id(tx, request.op_id)
    if known is not None:
        return _told(tx, seat, changes.done_before(tx, known, "redo", seat.reviewer))
    chosen = events.latest_to_redo(tx, requests.Redo(*by[:2], seat.source_id, seat.session))
    return _told(tx, seat, changes.turn_back(tx, by, [chosen], "redo", _untouchable(tx, seat)))


def beat(request: requests.Beat, tx: Transaction) -> Answer:
    """Renew leases where they have got old, and tell what others did. Mostly this writes nothing."""
    seat, desk = request.seat, Desk(tx, request.seat)
    believed = ", ".join(str(int(one)) for one in {*seat.held, *desk.mine}) or "NULL"
    rows = tx.tuples(
        f"SELECT id, start_frame, state, reviewer FROM clips WHERE id IN ({believed}) ORDER BY start_frame"
    )
    pending = [row for row in rows if row[2] == "pending" and row[0] not in desk.others]
    ids = [row[0] for row in pending]
    desk.hold(set(ids))
    if all(one.session != seat.session for one in desk.others.values()):  # or it goes on in another window
        _note_shown(tx, request)
    deciders = {row[0]: row[3] for row in rows if row[2] != "pending"}
    gone = [one for one in seat.held if one in deciders and one not in desk.mine]
    queue = desk.queue([row[1] for row in pending], ids, ids)
    answer = {**desk.standing(queue), **news(tx, seat)}
    answer["lost"] += [{"clip_id": one, "reviewer": deciders[one], "session": None} for one in gone]
    return answer


def take_over(request: requests.TakeOver, tx: Transaction) -> Answer:
    """Take a clip, or a whole run, from the session that holds it."""
    seat, desk = request.seat, Desk(tx, request.seat)
    clip = next(iter(clips_by_id(tx, [request.clip_id])), None)
    if clip is None or clip.state == "superseded" or clip.source_video_id != seat.source_id:
        raise UnknownReference(
            f"there is no live clip {request.clip_id} in source {seat.source_id}; it may have been merged or replaced",
            clip_id=request.clip_id,
        )
    holder = desk.others.get(clip.id)
    taken = {clip.id} if clip.state == "pending" else set()
    if request.whole_run and holder:
        taken |= {one.clip_id for one in desk.others.values() if one.token == holder.token}
    if taken:
        leases.hold(tx, seat, taken, by_force=taken)
    starts, ids = _pending(tx, seat)
    leases.note_place(tx, seat, seat.source_id, clip.id)
    desk = Desk(tx, seat)
    return {
        **desk.standing(desk.queue(starts, ids, desk.mine)), **news(tx, seat), "current": clip.id,
        "taken_from": holder.reviewer if holder else None,
    }  # fmt: skip


def give_back(request: requests.GiveBack, tx: Transaction) -> Answer:
    """Let go of all clips of a session, as soon as its seat says."""
    leases.give_back(tx, request.seat)
    return {}


def _author(request: requests.ReviewUndo | requests.ReviewRedo) -> events.Author:
    return events.Author(request.op_id, request.seat.reviewer, request.seat.session)


def _untouchable(tx: Transaction, seat: Seat) -> dict[int, str]:
    return leases.held_by_others(tx, seat.reviewer, seat.session, seat.token)


def _told(tx: Transaction, seat: Seat, done: changes.Done) -> Answer:
    """Hand the leases on to what a command has left, take more clips where few are left, and tell."""
    desk = Desk(tx, seat)
    undone = done.told.get("undone", [{}])[-1].get("clip_ids", ())
    touched = sorted(
        (one for one in done.after if one.source_video_id == seat.source_id and one.state != "superseded"),
        key=lambda clip: clip.start_frame,
    )
    mine = set(desk.mine)
    if not done.again and (done.action == "undo" or any(clip.id in mine for clip in done.before)):
        mine.update(clip.id for clip in touched[-seat.clips :])  # a bulk that is undone may be a whole show
    starts, ids = _pending(tx, seat, done)
    last = next((one for one in reversed(touched) if done.action != "undo" or one.id in undone), None)
    at = last.start_frame if last else 0
    queue = desk.refilled(desk.queue(starts, ids, mine), at)
    current = last.id if last and done.action in _STAYING else queue.next_clip(at)
    leases.note_place(tx, seat, seat.source_id, current)
    rows = clips_by_id(tx, [clip.id for clip in done.after]) if done.again else done.after
    return {
        "op_id": done.op_id, "action": done.action, **done.told, "clips": [clip_row(clip) for clip in rows],
        "current": current, **desk.standing(queue), **news(tx, seat, done),
    }  # fmt: skip


def _pending(tx: Transaction, seat: Seat, done: changes.Done | None = None) -> tuple[list[int], list[int]]:
    """First frames and ids of the pending clips of the source, as a command has left them."""
    outline = done.left if done and seat.source_id in done.sources else read_outline(tx, [seat.source_id])
    own = (outline.source == seat.source_id) & outline.pending
    return outline.start[own].tolist(), outline.id[own].tolist()


def _note_shown(tx: Transaction, request: requests.Beat) -> None:
    place = leases.place_of(tx, request.seat.session)
    moved = place is None or place.left or place.clip_id != request.shown
    if moved or (request.active and place and place.idle_seconds(tx.now) >= _STEP.total_seconds()):
        leases.note_place(tx, request.seat, request.seat.source_id, request.shown)
