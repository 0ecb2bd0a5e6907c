"""Which source, and which clip of it, a review page shows first."""

from __future__ import annotations

from typing import Final

from heaters.catalog import leases
from heaters.catalog.clip_rows import clips_by_id, read_clips
from heaters.catalog.requests import BeginReview
from heaters.catalog.review_sources import review_sources
from heaters.catalog.transaction import Transaction
from heaters.domain.model import Clip
from heaters.errors import UnknownReference, UsageError

_RECENT: Final = 5000
"""How many of the latest events are searched for a reviewer's last source."""


def where_to_begin(tx: Transaction, request: BeginReview) -> tuple[int, Clip | None]:
    """The source to show, and the clip of it; None where the queue decides.

    That is the clip that was asked for; else where the session was; else the source that was asked for; else where
    this reviewer was last, if anything is free there; else the most urgent source with anything free.

    Raises:
        UnknownReference: there is no such clip or source.
        UsageError: there is nothing to review.
    """
    if request.clip_id is not None:
        clip = _standing_for(tx, request.clip_id)
        if clip is None:
            raise UnknownReference(
                f"there is no clip {request.clip_id}; `heaters clips` lists them", clip_id=request.clip_id
            )
        return clip.source_video_id, clip
    place = leases.place_of(tx, request.seat.session)
    if place and request.source_id in (None, place.source_id) and _has_clips(tx, place.source_id):
        return place.source_id, _standing_for(tx, place.clip_id)
    if request.source_id is not None:
        _refuse_empty(tx, request.source_id)
        return request.source_id, None
    return _most_urgent(tx, request), None


def _standing_for(tx: Transaction, clip_id: int | None) -> Clip | None:
    """The clip; where it was merged or replaced, the one that has its first frame now."""
    found = clips_by_id(tx, [clip_id]) if clip_id is not None else []
    if found and found[0].state == "superseded":
        was = found[0]
        found = read_clips(
            tx, "source_video_id = ? AND start_frame <= ? AND end_frame > ? AND state <> 'superseded'",
            [was.source_video_id, was.start_frame, was.start_frame],
        )  # fmt: skip
    return found[0] if found else None


def _has_clips(tx: Transaction, source_id: int) -> bool:
    return bool(tx.tuples("SELECT 1 FROM clips WHERE source_video_id = ? LIMIT 1", [source_id]))


def _refuse_empty(tx: Transaction, source_id: int) -> None:
    if _has_clips(tx, source_id):
        return
    row = tx.first("SELECT title, ingest_state FROM source_videos WHERE id = ?", [source_id])
    if row is None:
        raise UnknownReference(
            f"there is no source {source_id}; `heaters sources` lists them", source_id=source_id
        )
    raise UsageError(
        f"source {source_id} ({row['title']}) is {row['ingest_state']} and has no clips yet: `heaters run` makes them"
    )


def _most_urgent(tx: Transaction, request: BeginReview) -> int:
    seat = request.seat
    sources = review_sources(tx.rows, tx.now, seat.token)
    if not sources:
        raise UsageError("there is nothing to review yet: `heaters ingest FILE`, then `heaters run`")
    last = tx.tuples(
        "SELECT source_video_id FROM clip_events WHERE seq > ? AND reviewer = ? AND source_video_id IS NOT NULL "
        "ORDER BY seq DESC LIMIT 1", [tx.peek_id("clip_events") - _RECENT, seat.reviewer],
    )  # fmt: skip
    ids = [int(row["id"]) for row in sources if row["free"]] or [int(row["id"]) for row in sources]
    return int(last[0][0]) if last and last[0][0] in ids else ids[0]
