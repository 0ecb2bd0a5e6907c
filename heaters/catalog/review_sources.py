"""Which sources there are to review, and how much of each is free."""

from __future__ import annotations

from datetime import datetime

from heaters.catalog.history import Ask, Row


def review_sources(ask: Ask, now: datetime, token: str) -> list[Row]:
    """Sources that can be reviewed, the most urgent first: `id`, `title`, `clips`, `pending` and `free`.

    Args:
        ask: a transaction's `rows`, or a catalog's.
        now: UTC without a zone.
        token: of the session that asks; `free` are pending clips that no other one holds.
    """
    return ask(
        "SELECT v.id, v.title, count(*) AS clips, count(*) FILTER (c.state = 'pending') AS pending, "
        "count(*) FILTER (c.state = 'pending' AND l.clip_id IS NULL) AS free "
        "FROM source_videos v JOIN clips c ON c.source_video_id = v.id "
        "LEFT JOIN (SELECT clip_id FROM leases WHERE expires_at > ? AND token <> ?) l ON l.clip_id = c.id "
        "WHERE v.ingest_state = 'ready' AND c.state <> 'superseded' GROUP BY v.id, v.title, v.priority "
        "ORDER BY v.priority DESC, v.id",
        [now, token],
    )
