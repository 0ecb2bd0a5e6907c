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
        "SELECT v.id, v.title, c.clips, c.pending, c.pending - coalesce(l.held, 0) AS free FROM source_videos v "
        "JOIN (SELECT source_video_id AS id, count(*) FILTER (state <> 'superseded') AS clips, "
        "count(*) FILTER (state = 'pending') AS pending FROM clips GROUP BY 1) c USING (id) "
        "LEFT JOIN (SELECT l.source_video_id AS id, count(*) AS held FROM leases l JOIN clips c ON c.id = l.clip_id "
        "WHERE l.expires_at > ? AND l.token <> ? AND c.state = 'pending' GROUP BY 1) l USING (id) "
        "WHERE v.ingest_state = 'ready' AND c.clips > 0 ORDER BY v.priority DESC, v.id",
        [now, token],
    )
