"""A review page's desk: what it holds, what others hold, and what has happened since it was told last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, Final

from heaters.catalog import leases
from heaters.catalog.changes import Done
from heaters.catalog.clip_rows import clips_by_id
from heaters.catalog.history import NAMED, as_told, news_of
from heaters.catalog.requests import Seat
from heaters.catalog.transaction import Transaction
from heaters.domain.model import Clip
from heaters.domain.queue import Queue
from heaters.domain.states import CLIP_STATES

Answer = dict[str, Any]

EVENTS_TOLD: Final = 50
"""Events that one answer tells of at most."""
_SHOWN: Final = (
    "id", "clip_no", "source_video_id", "start_frame", "end_frame", "state", "version", "group_id", "label", "note", "reviewer",
    "decided_at", "origin",
)  # fmt: skip
_FRESH: Final = 2 / 3
"""While a lease has this part of its time left, a beat does not renew it."""


class Desk:
    """What one session sees of its source, read at the beginning of a command.

    Attributes:
        mine: its leases by clip id, also those that have run out but that nobody has taken.
        others: living ones of other sessions, by clip id.
    """

    def __init__(self, tx: Transaction, seat: Seat) -> None:
        found = leases.of_source(tx, seat.source_id)
        self.mine = {one.clip_id: one for one in found if one.token == seat.token}
        self.others = {
            one.clip_id: one for one in found if one.token != seat.token and one.expires_at > tx.now
        }
        self._tx, self._seat = tx, seat

    def queue(self, starts: Sequence[int], ids: Sequence[int], mine: Iterable[int]) -> Queue:
        """The queue of the pending clips, of which `mine` are held."""
        return Queue(starts, ids, set(mine).intersection(ids), self.others.keys())

    def hold(self, clip_ids: AbstractSet[int]) -> None:
        """Let the session hold exactly these; leases that have much of their time left are not written again."""
        fresh = self._tx.now + timedelta(seconds=_FRESH * self._seat.seconds)
        due = any(one.expires_at < fresh for one in self.mine.values())
        if clip_ids and (due or not clip_ids <= self.mine.keys()):
            leases.hold(self._tx, self._seat, clip_ids)
        if gone := self.mine.keys() - clip_ids:
            leases.let_go(self._tx, self._seat, gone)

    def refilled(self, queue: Queue, at: int) -> Queue:
        """The queue once the session has taken more clips, where few are left; writes down what is held."""
        held = queue.mine | set(queue.refill(at, self._seat.clips))
        self.hold(held)
        return Queue(queue.starts, queue.ids, held, queue.others)

    def standing(self, queue: Queue) -> Answer:
        """What the session holds, what others hold, and what it has lost to them."""
        sessions = {one.session for one in self.others.values() if one.session}
        places = leases.places(self._tx, sorted(sessions))
        idle = {session: place.idle_seconds(self._tx.now) for session, place in places.items()}
        others = [
            {
                "clip_id": one.clip_id, "reviewer": one.reviewer, "session": one.session,
                "idle_seconds": idle.get(one.session or "", 0), "until": one.expires_at,
            }
            for one in self.others.values()
        ]  # fmt: skip
        lost = [self.others[one] for one in self._seat.held if one in self.others]
        return {
            "source_id": self._seat.source_id, "held": [one for one in queue.ids if one in queue.mine], "others": others,
            "lost": [{"clip_id": one.clip_id, "reviewer": one.reviewer, "session": one.session} for one in lost],
            "at": self._tx.now,
        }  # fmt: skip


def clip_row(clip: Clip) -> Answer:
    """A clip as pages show it."""
    shown = {name: getattr(clip, name) for name in _SHOWN}
    return {**shown, "ref": clip.ref, "tags": list(clip.tags)}


def counts(tx: Transaction, source_id: int) -> dict[str, int]:
    """How many live clips of a source are in each state."""
    found = dict(
        tx.tuples("SELECT state, count(*) FROM clips WHERE source_video_id = ? GROUP BY 1", [source_id])
    )
    return {state: found.get(state, 0) for state in CLIP_STATES if state != "superseded"}


def news(tx: Transaction, seat: Seat, done: Done | None = None) -> Answer:
    """Events that the page has not heard of, the clips that others changed by them, and then `counts` too.

    Args:
        done: the command that is carried out.
    """
    latest = tx.peek_id("clip_events") - 1
    if latest == seat.seen:
        return {"changes": [], "events": [], "seq": latest}
    counted = done is not None and seat.source_id in done.sources
    told = {
        "counts": done.left.counts(seat.source_id) if done and counted else counts(tx, seat.source_id),
        "seq": latest,
    }
    written = len(done.told.get("undone", [done])) if done else 0
    alone = done is not None and not done.again and latest == seat.seen + written
    if done and alone and not done.told and any(one.source_video_id == seat.source_id for one in done.after):
        return {"changes": [], "events": [_own_event(tx, seat, done, latest)], **told}
    rows = news_of(tx.rows, seat.source_id, seat.seen)
    foreign = {one for row in rows if not _is_of(row, done) for one in row["clip_ids"]}
    wide = {one for row in rows if row["source_video_id"] is None for one in row["clip_ids"]}
    fresh = {clip.id: clip for clip in done.after} if done and not done.again else {}
    known = fresh | {clip.id: clip for clip in clips_by_id(tx, foreign | wide - fresh.keys())}
    here = {one for one, clip in known.items() if clip.source_video_id == seat.source_id}
    rows = [row for row in rows if row.pop("source_video_id") or here.intersection(row["clip_ids"])]
    events = as_told(tx.rows, rows[:EVENTS_TOLD], {one: clip.ref for one, clip in known.items()})
    return {
        "changes": [clip_row(known[one]) for one in sorted(foreign & here)],
        "events": events, **told,
    }  # fmt: skip


def _is_of(event: Answer, done: Done | None) -> bool:
    """Tell whether a command has written an event; one that takes several back writes as many."""
    return done is not None and (event["op_id"] + "/").startswith(f"{done.op_id}/")


def _own_event(tx: Transaction, seat: Seat, done: Done, seq: int) -> Answer:
    """The event of a decision as `history` gives it, without asking for what has just been written."""
    named = done.after[:NAMED]
    return {
        "seq": seq, "op_id": done.op_id, "ts": tx.now, "reviewer": seat.reviewer, "session": seat.session, "action": done.action,
        "clip_ids": [clip.id for clip in named], "clips": len(done.after), "frame": done.frame, "undoes": None, "undone": False,
        "refs": [clip.ref for clip in named], "of": None,
    }  # fmt: skip
