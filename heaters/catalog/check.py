"""Look for anything in the catalog that must not be, and say it in words."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from heaters.catalog import events
from heaters.catalog.clip_rows import clip_numbers, read_clips
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import ALIAS, LOSSY_COMPRESSION
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import describe_difference
from heaters.domain.cuts import find_tiling_fault
from heaters.domain.model import Clip
from heaters.errors import CatalogDamaged

_SHOWN: Final = 1000
_BATCH: Final = 200
"""Sources whose clips and events are held in memory at a time."""
_COUNTED: Final = {
    "source_videos": "id", "clips": "id", "clip_events": "seq", "runs": "id", "jobs": "id", "clip_artifacts": "id",
}  # fmt: skip
_UPDATED: Final = (
    "source_videos",
    "clips",
    "clip_events",
    "runs",
    "jobs",
    "clip_artifacts",
    "leases",
    "meta",
)
_PREPARED: Final = "('ready', 'verify_failed')"
"""States in which a source has shots; in others it has them if it has any clip at all."""


class Checkable(Protocol):
    """A catalog by any transport."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Read rows."""

    def copy_to(self, folder: Path) -> Path:
        """Copy its file."""


def check(catalog: Checkable) -> list[str]:
    """Everything that is wrong, one sentence each; an empty list if nothing is.

    Args:
        catalog: a copy of it is looked at, so that commands can go on.

    Raises:
        CatalogError: it can't be opened, or is of another schema.
    """
    with tempfile.TemporaryDirectory(prefix="heaters-") as folder:
        catalog.rows("SELECT 1")  # says in words why it can't be opened
        catalog.copy_to(Path(folder))
        with DirectCatalog(Path(folder)).reading() as connection:
            tx = Transaction(connection)
            found = [*_storage(tx), *_counters(tx), *_sources(tx), *_exports(tx), *_orphans(tx)]
    return _first(found)


def lost_files(catalog: Checkable, exists: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """Live artefacts whose file is gone, one sentence each: no older catalog brings them back.

    Args:
        catalog: names the artefacts.
        exists: tells whether the file of a row with `uri` and the `store` of its source is there.
    """
    named = catalog.rows(
        "SELECT a.kind, a.uri, a.source_video_id, v.store FROM clip_artifacts a LEFT JOIN source_videos v ON v.id = a.source_video_id "
        "WHERE a.state = 'live' ORDER BY a.id"
    )
    return _first([
        f"source {row['source_video_id']}: the file of its {row['kind']} is missing: {row['uri']}"
        for row in named if not exists(row)
    ])  # fmt: skip


def notes(catalog: Checkable) -> list[str]:
    """What looks odd but is no damage: runs and jobs that a killed process has left `running`."""
    runs = catalog.rows("SELECT id, pid, host FROM runs WHERE state = 'running' ORDER BY id")
    dead = [row for row in runs if row["host"] == platform.node() and not _alive(row["pid"])]
    jobs = catalog.rows(
        "SELECT j.id, j.stage, j.subject FROM jobs j LEFT JOIN runs r ON r.id = j.run_id WHERE j.state = 'running' "
        "AND coalesce(r.state <> 'running' OR list_contains(?::BIGINT[], r.id), true) ORDER BY j.id", [[row["id"] for row in dead]],
    )  # fmt: skip
    return [
        *(
            f"run {row['id']} is noted as running, but its process {row['pid']} is gone: the next run closes it"
            for row in dead
        ),
        *(
            f"{row['stage']} of {row['subject']} is noted as running, but nobody works on it: a run takes it up again"
            for row in jobs
        ),
    ]


def _first(found: list[str]) -> list[str]:
    return found if len(found) <= _SHOWN else [*found[:_SHOWN], f"and {len(found) - _SHOWN} more problems"]


def _storage(tx: Transaction) -> Iterator[str]:
    """Columns that DuckDB may lose changes of, because a program without our settings has written them."""
    for table in _UPDATED:
        found = tx.tuples(
            f"SELECT DISTINCT column_name FROM pragma_storage_info('{ALIAS}.{table}') WHERE upper(compression) = ? ORDER BY 1",
            [LOSSY_COMPRESSION.upper()],
        )
        for (column,) in found:
            yield (
                f"{table}.{column} was written by another program, in a way that can lose changes when a process is killed: take a "
                "snapshot and restore it"
            )


def _counters(tx: Transaction) -> Iterator[str]:
    counters = dict(tx.tuples("SELECT name, value FROM counters"))
    used = {
        table: tx.tuples(f"SELECT coalesce(max({column}), 0) FROM {table}")[0][0]
        for table, column in _COUNTED.items()
    }
    numbers = tx.tuples("SELECT source_video_id, max(clip_no) FROM clips GROUP BY 1")
    used |= {clip_numbers(source_id): highest for source_id, highest in numbers}
    for name, highest in sorted(used.items()):
        if counters.get(name, 0) < highest:
            yield f"counter {name} stands at {counters.get(name, 0)}, but {highest} is used: a number would be given twice"


def _sources(tx: Transaction) -> Iterator[str]:
    rows = tx.tuples(f"SELECT id, n_frames, ingest_state IN {_PREPARED} FROM source_videos ORDER BY id")
    several = _recorded(tx, "source_video_id IS NULL")
    for begin in range(0, len(rows), _BATCH):
        batch = rows[begin : begin + _BATCH]
        between = f"source_video_id BETWEEN {batch[0][0]} AND {batch[-1][0]}"
        clips = read_clips(tx, between)
        own: dict[int, list[Clip]] = {}
        for clip in clips:
            own.setdefault(clip.source_video_id, []).append(clip)
        for source_id, n_frames, shots in batch:
            yield from _tiling(source_id, n_frames, own.get(source_id, []), shots=shots)
            yield from _groups(source_id, own.get(source_id, []))
        yield from _log(clips, _recorded(tx, between), several)


def _tiling(source_id: int, n_frames: int | None, clips: Sequence[Clip], *, shots: bool) -> Iterator[str]:
    live = [clip for clip in clips if clip.state != "superseded"]
    if not live and shots:
        yield f"source {source_id} is ready, but has no clips"
    if live:
        fault = find_tiling_fault(live, n_frames) if n_frames else "its clips have no frames to cover"
        if fault:
            yield f"source {source_id}: {fault}"


def _groups(source_id: int, clips: Sequence[Clip]) -> Iterator[str]:
    groups: dict[int, list[Clip]] = {}
    for clip in clips:
        if clip.group_id is not None:
            groups.setdefault(clip.group_id, []).append(clip)
    for group_id, members in groups.items():
        if len(members) == 1:
            yield f"source {source_id}: group {group_id} has one member, clip {members[0].ref}"
        if min(clip.id for clip in members) != group_id:
            yield f"source {source_id}: group {group_id} is not named after its lowest clip"
        for clip in members:
            if clip.state == "superseded":
                yield f"clip {clip.ref} is superseded, but in group {group_id}"


Recorded = dict[int, tuple[int, Clip]]
"""Clip id → sequence number of its latest event, and its row after it."""


def _recorded(tx: Transaction, where: str) -> tuple[Recorded, list[str]]:
    """The latest recorded row of each clip, and what could not be read."""
    latest: Recorded = {}
    unreadable = []
    for seq, before, after in tx.tuples(
        f"SELECT seq, before, after FROM clip_events WHERE {where} ORDER BY seq"
    ):
        try:
            events.parse(before, seq)
            latest |= {clip.id: (seq, clip) for clip in events.parse(after, seq)}
        except CatalogDamaged as error:
            unreadable.append(error.message)
    return latest, unreadable


def _log(
    clips: Sequence[Clip], own: tuple[Recorded, list[str]], several: tuple[Recorded, list[str]]
) -> Iterator[str]:
    """Hold the rows to what the log says they are."""
    yield from own[1]
    for clip in clips:
        found = [recorded[clip.id] for recorded, _ in (own, several) if clip.id in recorded]
        if not found:
            yield f"clip {clip.ref} is in no event: it was written past the log"
            continue
        seq, expected = max(found, key=lambda one: one[0])
        if clip != expected:
            yield f"clip {clip.ref} is not what event {seq} left: {describe_difference(expected, clip)}"


def _exports(tx: Transaction) -> Iterator[str]:
    for source_id, number, uri in tx.tuples(
        "SELECT c.source_video_id, c.clip_no, c.clip_filepath FROM clips c WHERE c.state = 'exported' AND NOT EXISTS (SELECT 1 FROM "
        "clip_artifacts a WHERE a.clip_id = c.id AND a.kind = 'final_clip' AND a.state = 'live' AND a.uri = c.clip_filepath) ORDER BY c.id"
    ):
        yield f"clip {source_id}.{number} is exported, but no live artefact names its file {uri}"


def _orphans(tx: Transaction) -> Iterator[str]:
    """Rows that name what is not there, and events of several sources that can't be read."""
    yield from _recorded(tx, "source_video_id IS NULL")[1]
    for table in ("clips", "clip_artifacts", "frame_pts"):
        for (source_id,) in tx.tuples(
            f"SELECT DISTINCT source_video_id FROM {table} WHERE source_video_id NOT IN (SELECT id FROM source_videos) ORDER BY 1"
        ):
            yield f"{table} names source {source_id}, which is not there"


def _alive(pid: int) -> bool:
    if Path("/proc/self").exists():
        return Path(f"/proc/{pid}").exists()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
