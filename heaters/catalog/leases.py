"""Leases: which session holds which clip, until when; and where each session was last.

A lease is a row of `leases`. One that has run out is overwritten by whoever wants the clip; until then the session that
has it may renew it. A session's own place is kept in `meta`, as `session:` and its id.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from heaters.catalog.requests import Seat
from heaters.catalog.transaction import Transaction

_PLACE: Final = "session:"
_FORGOTTEN: Final = timedelta(days=7)
"""After so long without a sign of life a session's place is forgotten."""


class Lease(NamedTuple):
    """One row of `leases`."""

    clip_id: int
    reviewer: str
    session: str | None
    token: str
    expires_at: datetime


class Place(NamedTuple):
    """Where a session was last.

    Attributes:
        clip_id: what was on its screen; None at the end of the queue.
        acted_at: when somebody did something there; ISO 8601, UTC without a zone.
        left: the page has said that it goes; it may only be loaded anew.
    """

    source_id: int
    clip_id: int | None
    acted_at: str
    left: bool = False

    def idle_seconds(self, now: datetime) -> int:
        """Whole seconds since somebody did something."""
        return max(0, int((now - datetime.fromisoformat(self.acted_at)).total_seconds()))


def held_by_others(
    tx: Transaction, reviewer: str, session: str | None = None, token: str | None = None
) -> dict[int, str]:
    """Clip id → who holds it, in words, for clips that somebody may not touch now.

    Args:
        tx: reads the leases.
        reviewer: whose own leases hold him back only in another session, and only if he names his.
        session: what he works in.
        token: of this opening of the session; without it the session's own leases are his.
    """
    if token is not None:
        other, parameters = "token <> ?", [token]
    elif session is not None:
        other, parameters = "(reviewer <> ? OR session IS DISTINCT FROM ?)", [reviewer, session]
    else:
        other, parameters = "reviewer <> ?", [reviewer]
    found = tx.tuples(
        f"SELECT clip_id, reviewer FROM leases WHERE {other} AND expires_at > ?", [*parameters, tx.now]
    )
    return {clip_id: name if name != reviewer else f"{name} in another window" for clip_id, name in found}


def of_source(tx: Transaction, source_id: int) -> list[Lease]:
    """All leases on a source, also those that have run out."""
    columns = ", ".join(Lease._fields)
    found = tx.tuples(f"SELECT {columns} FROM leases WHERE source_video_id = ? ORDER BY clip_id", [source_id])
    return [Lease(*row) for row in found]


def hold(tx: Transaction, seat: Seat, clip_ids: Collection[int], *, by_force: Collection[int] = ()) -> None:
    """Renew the leases that a session has on some clips, and take those of them that are free.

    Args:
        tx: writes them.
        seat: the session.
        clip_ids: at least one.
        by_force: clips to take even where another session holds them.
    """
    forced = f" OR leases.clip_id IN ({_listed(by_force)})" if by_force else ""
    tx.change(
        "INSERT INTO leases SELECT id, source_video_id, ?, ?, ?, ? FROM clips "
        f"WHERE id IN ({_listed(clip_ids)}) ON CONFLICT (clip_id) DO UPDATE SET reviewer = excluded.reviewer, "
        "session = excluded.session, token = excluded.token, expires_at = excluded.expires_at "
        f"WHERE leases.expires_at <= ? OR leases.token = ?{forced}",
        [
            seat.reviewer,
            seat.session,
            seat.token,
            tx.now + timedelta(seconds=seat.seconds),
            tx.now,
            seat.token,
        ],
    )


def let_go(tx: Transaction, seat: Seat, clip_ids: Collection[int]) -> None:
    """End the leases that a session has on some clips."""
    tx.change(f"DELETE FROM leases WHERE token = ? AND clip_id IN ({_listed(clip_ids)})", [seat.token])


def let_go_elsewhere(tx: Transaction, seat: Seat) -> None:
    """End the leases that a session has on clips of other sources than its own."""
    tx.change("DELETE FROM leases WHERE token = ? AND source_video_id <> ?", [seat.token, seat.source_id])


def adopt(tx: Transaction, seat: Seat) -> None:
    """Take up what an earlier opening of the same session holds, and what the reviewer held in pages that he has left."""
    own = [seat.session, *_left(tx, seat.reviewer)]
    tx.change(
        f"UPDATE leases SET token = ?, reviewer = ?, session = ? WHERE session IN ({', '.join('?' for _ in own)})",
        [seat.token, seat.reviewer, seat.session, *own],
    )


def give_back(tx: Transaction, seat: Seat) -> None:
    """Let everything go after `seat.seconds`, if it does not run out before, or to the reviewer's next page."""
    end = tx.now + timedelta(seconds=seat.seconds)
    place = place_of(tx, seat.session)
    if place and tx.tuples("SELECT 1 FROM leases WHERE token = ? LIMIT 1", [seat.token]):
        _write_place(tx, seat.session, place._replace(left=True))
    tx.change("UPDATE leases SET expires_at = ? WHERE token = ? AND expires_at > ?", [end, seat.token, end])


def other_windows(tx: Transaction, reviewer: str, session: str) -> list[str]:
    """Sessions other than this one in which the same reviewer holds clips."""
    found = tx.tuples(
        "SELECT DISTINCT session FROM leases WHERE reviewer = ? AND session <> ? AND expires_at > ?",
        [reviewer, session, tx.now],
    )
    return [name for (name,) in found]


def sweep(tx: Transaction, seat: Seat) -> None:
    """Remove leases that have run out, and places of sessions that nobody comes back to; but none of this session."""
    tx.change(
        "DELETE FROM leases WHERE expires_at <= ? AND session IS DISTINCT FROM ?", [tx.now, seat.session]
    )
    since = (tx.now - _FORGOTTEN).isoformat()
    old = [
        key
        for key, value in tx.tuples("SELECT key, value FROM meta WHERE starts_with(key, ?)", [_PLACE])
        if _parsed(value).acted_at < since and key != _PLACE + seat.session
    ]
    if old:
        tx.change(f"DELETE FROM meta WHERE key IN ({', '.join('?' for _ in old)})", old)


def place_of(tx: Transaction, session: str) -> Place | None:
    """Where a session was last."""
    return places(tx, [session]).get(session)


def places(tx: Transaction, sessions: Sequence[str]) -> dict[str, Place]:
    """Where some sessions were last."""
    if not sessions:
        return {}
    marks = ", ".join("?" for _ in sessions)
    found = tx.tuples(
        f"SELECT key, value FROM meta WHERE key IN ({marks})", [_PLACE + one for one in sessions]
    )
    return {key.removeprefix(_PLACE): _parsed(value) for key, value in found}


def note_place(tx: Transaction, seat: Seat, source_id: int, clip_id: int | None) -> None:
    """Note where a session is; somebody has just done something there."""
    _write_place(tx, seat.session, Place(source_id, clip_id, tx.now.isoformat()))


def _write_place(tx: Transaction, session: str, place: Place) -> None:
    key, value = _PLACE + session, json.dumps(place)
    if not tx.change(
        "UPDATE meta SET value = ? WHERE key = ?", [value, key]
    ):  # a third of what an upsert costs
        tx.insert("meta", [{"key": key, "value": value}])


def _left(tx: Transaction, reviewer: str) -> list[str]:
    """Sessions of a reviewer that hold something still, and whose page has gone."""
    found = tx.tuples(
        "SELECT DISTINCT session FROM leases WHERE reviewer = ? AND session IS NOT NULL", [reviewer]
    )
    return [name for name, place in places(tx, [name for (name,) in found]).items() if place.left]


def _parsed(value: str) -> Place:
    fields: list[Any] = json.loads(value)
    return Place(*fields)


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(str(int(one)) for one in ids)
