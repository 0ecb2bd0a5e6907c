"""The log of a source for people: who did what to which clips, newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from heaters.domain.script import Recorded

Row = dict[str, Any]
Ask = Callable[[str, Sequence[Any]], list[Row]]
"""Asks the catalog: a transaction's `rows`, or a catalog's."""

PAUSE_SECONDS: Final = 600
"""Whoever decides nothing for longer than that does something else."""
NAMED: Final = 100
"""So many clips of one event are named; a bulk may have thousands."""
_OF_SOURCE: Final = (
    "(SELECT seq FROM clip_events WHERE seq > ? AND source_video_id = ? UNION ALL SELECT seq FROM clip_events WHERE seq > ? AND "
    "source_video_id IS NULL AND list_has_any(clip_ids, (SELECT list(id) FROM clips WHERE source_video_id = ?)))"
)
"""Numbers of a source's events; those of several sources name none. As one condition with OR, it would read every event's clips."""
_COLUMNS: Final = (
    "seq, op_id, ts, reviewer, session, action, {} AS clip_ids, len(clip_ids) AS clips, frame, undoes, "
    "undone_by IS NOT NULL AS undone"
)


def history(ask: Ask, source_id: int, *, since: int = 0, limit: int = 50) -> list[Row]:
    """The latest events of a source, newest first.

    Args:
        ask: reads the catalog.
        source_id: events of several sources count where they touch a clip of this one.
        since: only events with a higher number.
        limit: at most so many.

    Returns:
        Rows with `seq`, `op_id`, `ts`, `reviewer`, `session`, `action`, `clips` (how many), `clip_ids` and `refs` (of the
        first of them), `frame`, `undone`, and for an undo or redo `undoes` (the op_id it is about) and `of` (its action).
    """
    rows = ask(
        f"SELECT {_COLUMNS.format(f'clip_ids[1:{NAMED}]')} FROM clip_events "
        f"WHERE seq IN (SELECT seq FROM {_OF_SOURCE} ORDER BY seq DESC LIMIT ?) ORDER BY seq DESC",
        [since, source_id, since, source_id, limit],
    )
    return as_told(ask, rows, {})


def news_of(ask: Ask, source_id: int, since: int) -> list[Row]:
    """Events with a higher number of a source, and those of several sources, newest first, with all of their clips."""
    return ask(
        f"SELECT {_COLUMNS.format('clip_ids')}, source_video_id FROM clip_events "
        "WHERE seq > ? AND (source_video_id = ? OR source_video_id IS NULL) ORDER BY seq DESC",
        [since, source_id],
    )


def as_told(ask: Ask, rows: Sequence[Row], refs: Mapping[int, str]) -> list[Row]:
    """Events as `history` gives them; `refs` of clips that are known need not be asked for."""
    named = [{**row, "clip_ids": row["clip_ids"][:NAMED]} for row in rows]
    missing = {clip_id for row in named for clip_id in row["clip_ids"]} - refs.keys()
    all_refs = {**refs, **_refs(ask, missing)} if missing else refs
    actions = _actions(ask, {row["undoes"] for row in rows} - {None})
    return [
        {**row, "refs": [all_refs[one] for one in row["clip_ids"]], "of": actions.get(row["undoes"])}
        for row in named
    ]


def recorded(ask: Ask, source_id: int) -> list[Recorded]:
    """All events of a source with its rows before and after, oldest first."""
    from heaters.catalog.events import parse  # noqa: PLC0415 - brings DuckDB, which those who ask an owner can do without

    rows = ask(
        "SELECT seq, op_id, ts, reviewer, action, frame, undoes, before, after FROM clip_events "
        f"WHERE seq IN {_OF_SOURCE} ORDER BY seq", [0, source_id, 0, source_id],
    )  # fmt: skip
    return [
        Recorded(**{
            **row, **{when: [clip for clip in parse(row[when], row["seq"]) if clip.source_video_id == source_id]
                      for when in ("before", "after")},
        })
        for row in rows
    ]  # fmt: skip


def work_done(ask: Ask, source_id: int, reviewer: str) -> Row:
    """What a reviewer did on a source: `decisions` that stand, and `minutes` of work.

    Minutes run from the first to the last of his events, without pauses of more than `PAUSE_SECONDS`.
    """
    return ask(
        "SELECT count(*) FILTER (undone_by IS NULL AND action NOT IN ('undo', 'redo')) AS decisions, "
        f"coalesce(sum(pause) FILTER (pause <= {PAUSE_SECONDS}), 0) / 60 AS minutes FROM (SELECT undone_by, action, "
        "epoch(ts - lag(ts) OVER (ORDER BY seq)) AS pause FROM clip_events WHERE source_video_id = ? AND reviewer = ?)",
        [source_id, reviewer],
    )[0]


def _refs(ask: Ask, clip_ids: set[int]) -> dict[int, str]:
    named = ", ".join(str(int(one)) for one in clip_ids) or "NULL"
    rows = ask(f"SELECT id, source_video_id, clip_no FROM clips WHERE id IN ({named})", [])
    return {row["id"]: f"{row['source_video_id']}.{row['clip_no']}" for row in rows}


def _actions(ask: Ask, op_ids: set[str]) -> dict[str, str]:
    if not op_ids:
        return {}
    marks = ", ".join("?" for _ in op_ids)
    rows = ask(f"SELECT op_id, action FROM clip_events WHERE op_id IN ({marks})", list(op_ids))
    return {row["op_id"]: row["action"] for row in rows}
