"""Where everything stands: all that the status page and the verb `status` ask, in one statement and so of one moment."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, Protocol

Row = dict[str, Any]

DECIDING: Final = "reviewer <> 'heaters' AND action NOT IN ('undo', 'redo') AND undone_by IS NULL"
"""Which events are decisions of people that stand."""
SPELL_SECONDS: Final = 600
"""People decide in spells; two decisions that lie closer together than this belong to one."""

_QUESTIONS: Final = {
    "sources": """
        SELECT id, title, ingest_state, parked_from, duration, last_error, retry_count, updated_at, origin_url, original_bytes,
          original_filepath, store, proxy_filepath, verified_at, if(proxy_filepath IS NULL, probe, NULL) AS probe
        FROM source_videos ORDER BY id""",
    "clips": """
        SELECT source_video_id, state, count(*) AS n FROM clips WHERE state <> 'superseded' GROUP BY ALL""",
    "runs": """
        SELECT id, verb, state, pid, host, started_at, finished_at, done, failed, waiting, bytes FROM runs ORDER BY id DESC LIMIT 8""",
    "running": """
        SELECT j.run_id, j.stage, j.attempts, j.started_at, c.id AS clip_id, c.clip_no,
          coalesce(c.source_video_id, try_cast(split_part(j.subject, ':', 2) AS BIGINT)) AS source_id
        FROM jobs j LEFT JOIN clips c ON j.stage = 'export' AND c.id = try_cast(split_part(j.subject, ':', 2) AS BIGINT)
        WHERE j.state = 'running' ORDER BY j.started_at""",
    "failed_exports": """
        SELECT c.source_video_id AS source_id, c.clip_no, j.attempts, j.error, j.finished_at
        FROM clips c JOIN jobs j ON j.stage = 'export' AND c.id = try_cast(split_part(j.subject, ':', 2) AS BIGINT)
        WHERE c.state = 'export_failed' AND j.state = 'failed' ORDER BY c.source_video_id, c.clip_no""",
    "stages": """
        SELECT stage, count(*) FILTER (state = 'done') AS done, count(*) FILTER (state = 'failed') AS failed,
          coalesce(sum(seconds), 0) AS seconds, coalesce(sum(bytes), 0)::BIGINT AS bytes, median(seconds) AS median_seconds
        FROM jobs GROUP BY stage""",
    "files": """
        SELECT kind, storage_class, count(*) AS files, sum(bytes)::BIGINT AS bytes FROM clip_artifacts GROUP BY ALL ORDER BY bytes DESC""",
    "hours": """
        SELECT reviewer, date_trunc('hour', ts) AS hour, count(*) AS decisions, sum(len(clip_ids))::BIGINT AS clips FROM clip_events
        WHERE ts >= date_trunc('hour', {now}) - INTERVAL 11 HOUR AND {deciding} GROUP BY ALL""",
    "spells": """
        SELECT epoch(ts)::BIGINT // {spell} * {spell} AS start, sum(len(clip_ids))::BIGINT AS clips, max(ts) AS last FROM clip_events
        WHERE ts > {now} - INTERVAL 14 DAY AND {deciding} AND action IN ('approve', 'skip', 'archive')
        GROUP BY 1 ORDER BY 1 DESC LIMIT 48""",
    "leases": """
        SELECT l.reviewer, l.session, l.source_video_id AS source_id, count(*) AS clips, min(c.clip_no) AS first_no,
          max(c.clip_no) AS last_no, max(l.expires_at) AS expires_at
        FROM leases l JOIN clips c ON c.id = l.clip_id WHERE l.expires_at > {now} GROUP BY ALL""",
    "places": """
        SELECT key[9:] AS session, value AS place FROM meta WHERE starts_with(key, 'session:')""",
    "sessions": """
        SELECT session, min(ts) AS since FROM clip_events
        WHERE ts > {now} - INTERVAL 1 DAY AND session IN (SELECT session FROM leases) GROUP BY session""",
}  # fmt: skip
_TIMES: Final = frozenset({"updated_at", "started_at", "finished_at", "hour", "last", "expires_at", "since"})


class Rows(Protocol):
    """What is needed of any transport."""

    def rows(self, sql: str, parameters: Any = ()) -> list[Row]:
        """Read rows."""


def ask(catalog: Rows, now: datetime) -> dict[str, list[Row]]:
    """The answer to each question as rows; times are UTC without a zone.

    The answers are parted by `UNION ALL`: planning ten questions as columns of one row took twice as long. They come as
    JSON, which an owner hands on without a look at each value.

    Returns:
        `sources`, `clips` (counts by source and state), `runs` (newest first), `running` (jobs), `failed_exports`, `stages`,
        `files`, `hours` (decisions by reviewer and hour), `spells` (clips settled in `SPELL_SECONDS`, newest first), `leases`
        (by session and source), `places` (what `heaters.catalog.leases` keeps of each session) and `sessions` (since when).
    """
    moment = f"TIMESTAMP '{now:%Y-%m-%d %H:%M:%S}'"
    sql = " UNION ALL ".join(
        f"SELECT '{name}' AS name, to_json(list(one)) AS answer FROM ({question}) one" for name, question in _QUESTIONS.items()
    ).format(now=moment, spell=SPELL_SECONDS, deciding=DECIDING)  # fmt: skip
    found = {row["name"]: json.loads(row["answer"] or "null") or [] for row in catalog.rows(sql)}
    return {name: [_timed(row) for row in rows] for name, rows in found.items()}


def _timed(row: Row) -> Row:
    for name in _TIMES & row.keys():
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row
