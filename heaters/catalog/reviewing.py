"""What a review page sends: decisions with leases, each in one transaction that also tells what others did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, Final

from heaters.catalog import changes, events, leases, requests
from heaters.catalog.boards import read_outline
from heaters.catalog.clip_rows import clips_by_id, read_clips
from heaters.catalog.history import NAMED, history
from heaters.catalog.requests import Seat
from heaters.catalog.transaction import Transaction
from heaters.catalog.where_to_begin import where_to_begin
from heaters.domain.commands import Decision
from heaters.domain.model import Clip
from heaters.domain.queue import Queue
from heaters.domain.states import CLIP_STATES
from heaters.errors import UnknownReference

Answer = dict[str, Any]

EVENTS_TOLD: Final = 50
"""Events that one answer tells of at most."""
_SHOWN: Final = (
    "id", "clip_no", "source_video_id", "start_frame", "end_frame", "state", "version", "group_id", "label", "note", "reviewer",
    "decided_at", "origin",
)  # fmt: skip
_STEP: Final = timedelta(seconds=10)
"""A place is noted anew by a beat only if it is that old: most beats then write nothing."""
_FRESH: Final = 2 / 3
"""While a lease has this part of its time left, a beat does not renew it."""
_STAYING: Final = frozenset({"undo", "annotate"})
"""Actions after which the clip that they touched is shown, whatever it is; after others the next one to decide on is."""


class _Desk:
    """The leases on a source as one session sees them.

    Attributes:
        mine: its own, by clip id, also those that have run out but that nobody has taken.
        others: living ones of other sessions, by clip id.
        due: its own are to be renewed.
    """

    def __init__(self, tx: Transaction, seat: Seat) -> None:
        found = leases.of_source(tx, seat.source_id)
        self.mine = {one.clip_id: one for one in found if one.token == seat.token}
        self.others = {
            one.clip_id: one for one in found if one.token != seat.token and one.expires_at > tx.now
        }
        fresh = tx.now + timedelta(seconds=_FRESH * seat.seconds)
        self.due = any(one.expires_at < fresh for one in self.mine.values())

    def queue(self, starts: Sequence[int], ids: Sequence[int], mine: Iterable[int]) -> Queue:
        """The queue of the pending clips, of which `mine` are held."""
        return Queue(starts, ids, set(mine).intersection(ids), self.others.keys())

    def hold(self, tx: Transaction, seat: Seat, clip_ids: AbstractSet[int]) -> None:
        """Let the session hold exactly these; leases that have much of their time left are not written again."""
        if clip_ids and (self.due or not clip_ids <= self.mine.keys()):
            leases.hold(tx, seat, clip_ids)
        if gone := self.mine.keys() - clip_ids:
            leases.let_go(tx, seat, gone)


def begin(request: requests.BeginReview, tx: Transaction) -> Answer:
    """Hand out a run of clips, and tell all about their source."""
    leases.sweep(tx, request.seat)
    leases.adopt(tx, request.seat)
    source_id, shown = where_to_begin(tx, request)
    seat = request.seat._replace(source_id=source_id, held=(), seen=tx.peek_id("clip_events") - 1)
    leases.let_go_elsewhere(tx, seat)
    clips = read_clips(tx, "source_video_id = ? AND state <> 'superseded'", [source_id])
    pending = [clip for clip in clips if clip.state == "pending"]
    desk = _Desk(tx, seat)
    moved = request.clip_id is not None and shown is not None and shown.id not in desk.mine
    queue = desk.queue(
        [one.start_frame for one in pending], [one.id for one in pending], () if moved else desk.mine
    )
    at = shown.start_frame if shown else 0
    queue = _taken(tx, seat, desk, queue, at)
    wanted = shown is not None and (request.clip_id is not None or shown.id not in desk.others)
    current = shown.id if shown and wanted else queue.next_clip(at)
    leases.note_place(tx, seat, source_id, current)
    return {
        **_standing(tx, seat, desk, queue), "current": current, "clips": [clip_row(one) for one in clips], "changes": [], "seq": seat.seen,
        "events": history(tx.rows, source_id, limit=EVENTS_TOLD), "counts": _counts(tx, source_id),
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
        chosen = events.down_to(tx, seat.reviewer, seat.source_id, request.down_to)
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
    seat, desk = request.seat, _Desk(tx, request.seat)
    believed = ", ".join(str(int(one)) for one in {*seat.held, *desk.mine}) or "NULL"
    rows = tx.tuples(
        f"SELECT id, start_frame, state, reviewer FROM clips WHERE id IN ({believed}) ORDER BY start_frame"
    )
    pending = [row for row in rows if row[2] == "pending" and row[0] not in desk.others]
    ids = [row[0] for row in pending]
    desk.hold(tx, seat, set(ids))
    _note_shown(tx, request)
    deciders = {row[0]: row[3] for row in rows if row[2] != "pending"}
    gone = [one for one in seat.held if one in deciders and one not in desk.mine]
    queue = desk.queue([row[1] for row in pending], ids, ids)
    answer = {**_standing(tx, seat, desk, queue), **_news(tx, seat)}
    answer["lost"] += [{"clip_id": one, "reviewer": deciders[one], "session": None} for one in gone]
    return answer


def take_over(request: requests.TakeOver, tx: Transaction) -> Answer:
    """Take a clip, or a whole run, from the session that holds it."""
    seat, desk = request.seat, _Desk(tx, request.seat)
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
    desk = _Desk(tx, seat)
    return {
        **_standing(tx, seat, desk, desk.queue(starts, ids, desk.mine)), **_news(tx, seat), "current": clip.id,
        "taken_from": holder.reviewer if holder else None,
    }  # fmt: skip


def give_back(request: requests.GiveBack, tx: Transaction) -> Answer:
    """Let go of all clips of a session."""
    leases.give_back(tx, request.seat)
    return {}


def clip_row(clip: Clip) -> Answer:
    """A clip as pages show it."""
    shown = {name: getattr(clip, name) for name in _SHOWN}
    return {**shown, "ref": clip.ref, "tags": list(clip.tags)}


def _author(request: requests.ReviewUndo | requests.ReviewRedo) -> events.Author:
    return events.Author(request.op_id, request.seat.reviewer, request.seat.session)


def _untouchable(tx: Transaction, seat: Seat) -> dict[int, str]:
    return leases.held_by_others(tx, seat.reviewer, seat.session, seat.token)


def _told(tx: Transaction, seat: Seat, done: changes.Done) -> Answer:
    """Hand the leases on to what a command has left, take more clips where few are left, and tell."""
    desk = _Desk(tx, seat)
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
    queue = _taken(tx, seat, desk, desk.queue(starts, ids, mine), at)
    current = last.id if last and done.action in _STAYING else queue.next_clip(at)
    leases.note_place(tx, seat, seat.source_id, current)
    rows = clips_by_id(tx, [clip.id for clip in done.after]) if done.again else done.after
    return {
        "op_id": done.op_id, "action": done.action, **done.told, "clips": [clip_row(clip) for clip in rows],
        "current": current, **_standing(tx, seat, desk, queue), **_news(tx, seat, done),
    }  # fmt: skip


def _pending(tx: Transaction, seat: Seat, done: changes.Done | None = None) -> tuple[list[int], list[int]]:
    """First frames and ids of the pending clips of the source, as a command has left them."""
    outline = done.left if done and seat.source_id in done.sources else read_outline(tx, [seat.source_id])
    own = (outline.source == seat.source_id) & (outline.pending == 1)
    return outline.start[own].tolist(), outline.id[own].tolist()


def _taken(tx: Transaction, seat: Seat, desk: _Desk, queue: Queue, at: int) -> Queue:
    """The queue once more clips are taken, where few are left; writes down what is held."""
    held = queue.mine | set(queue.refill(at, seat.clips))
    desk.hold(tx, seat, held)
    return Queue(queue.starts, queue.ids, held, queue.others)


def _standing(tx: Transaction, seat: Seat, desk: _Desk, queue: Queue) -> Answer:
    """What a session holds, what others hold, and what it has lost to them."""
    sessions = {one.session for one in desk.others.values() if one.session}
    places = leases.places(tx, sorted(sessions))
    idle = {session: place.idle_seconds(tx.now) for session, place in places.items()}
    return {
        "source_id": seat.source_id, "held": [one for one in queue.ids if one in queue.mine],
        "others": [
            {
                "clip_id": one.clip_id, "reviewer": one.reviewer, "session": one.session,
                "idle_seconds": idle.get(one.session or "", 0), "until": one.expires_at,
            }
            for one in desk.others.values()
        ],
        "lost": [
            {"clip_id": one, "reviewer": desk.others[one].reviewer, "session": desk.others[one].session}
            for one in seat.held if one in desk.others
        ],
        "at": tx.now,
    }  # fmt: skip


def _news(tx: Transaction, seat: Seat, done: changes.Done | None = None) -> Answer:
    """Events that the page has not heard of, the clips that others changed by them, and then `counts` too.

    Args:
        done: the command that is carried out.
    """
    latest = tx.peek_id("clip_events") - 1
    if latest == seat.seen:
        return {"changes": [], "events": [], "seq": latest}
    counts = {"counts": _counts(tx, seat.source_id), "seq": latest}
    written = len(done.told.get("undone", [done])) if done else 0
    alone = done is not None and not done.again and latest == seat.seen + written
    if done and alone and not done.told and any(one.source_video_id == seat.source_id for one in done.after):
        return {"changes": [], "events": [_own_event(tx, seat, done, latest)], **counts}
    return {
        "changes": [] if alone else [clip_row(clip) for clip in _changed_by_others(tx, seat, done.op_id if done else "")],
        "events": history(tx.rows, seat.source_id, since=seat.seen, limit=EVENTS_TOLD), **counts,
    }  # fmt: skip


def _changed_by_others(tx: Transaction, seat: Seat, own: str) -> list[Clip]:
    ids = tx.tuples(
        "SELECT DISTINCT unnest(clip_ids) FROM clip_events WHERE seq > ? AND (source_video_id = ? OR source_video_id IS NULL) "
        "AND op_id <> ? AND NOT starts_with(op_id, ?)", [seat.seen, seat.source_id, own, f"{own}/"],
    )  # fmt: skip
    return [
        clip for clip in clips_by_id(tx, [row[0] for row in ids]) if clip.source_video_id == seat.source_id
    ]


def _own_event(tx: Transaction, seat: Seat, done: changes.Done, seq: int) -> Answer:
    """The event of a decision as `history` gives it, without asking for what has just been written."""
    named = done.after[:NAMED]
    return {
        "seq": seq, "op_id": done.op_id, "ts": tx.now, "reviewer": seat.reviewer, "session": seat.session, "action": done.action,
        "clip_ids": [clip.id for clip in named], "clips": len(done.after), "frame": done.frame, "undoes": None, "undone": False,
        "refs": [clip.ref for clip in named], "of": None,
    }  # fmt: skip


def _counts(tx: Transaction, source_id: int) -> dict[str, int]:
    found = dict(
        tx.tuples("SELECT state, count(*) FROM clips WHERE source_video_id = ? GROUP BY 1", [source_id])
    )
    return {state: found.get(state, 0) for state in CLIP_STATES if state != "superseded"}


def _note_shown(tx: Transaction, request: requests.Beat) -> None:
    place = leases.place_of(tx, request.seat.session)
    moved = place is None or place.clip_id != request.shown
    if moved or (request.active and place and place.idle_seconds(tx.now) >= _STEP.total_seconds()):
        leases.note_place(tx, request.seat, request.seat.source_id, request.shown)
