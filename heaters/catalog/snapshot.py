"""Backup and the way back: every table of one moment as Parquet, and a catalog built anew from that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb

from heaters.catalog import migrations
from heaters.catalog.check import check
from heaters.catalog.clip_rows import clip_numbers
from heaters.catalog.direct import DirectCatalog, build
from heaters.catalog.engine import ALIAS, log_of, quoted, sync
from heaters.catalog.faults import first_line
from heaters.catalog.files import DATABASE_FILE, SCHEMA_VERSION
from heaters.catalog.remote import Links
from heaters.errors import CatalogDamaged, CatalogError, CatalogNewer

KEPT: Final = 10
"""Snapshots that are kept; older ones are removed when a new one is complete."""
TABLES: Final = (
    "meta", "counters", "source_videos", "frame_pts", "clips", "clip_events", "leases", "runs", "jobs", "clip_artifacts",
)  # fmt: skip
_PATIENCE: Final = 5.0
"""Seconds that an owner gets to let us in when it is to leave."""
_FACTS: Final = "snapshot.json"
RESTORED_NOTE: Final = "restored.json"
"""Says that the catalog was restored, from what and when: it may not know of files that are older than this one."""


class Readable(Protocol):
    """A catalog of which several statements can see one state."""

    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Read."""


def snapshot(catalog: Readable, folder: Path) -> Path:
    """Write every table into a new folder, all as of one moment.

    Args:
        catalog: one that opens its file for each command is locked for others meanwhile.
        folder: gets a folder named by the time in UTC; the newest `KEPT` stay.

    Returns:
        The complete folder.

    Raises:
        CatalogError: it could not be written; what was begun is removed.
    """
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    part, done = folder / f".{name}.part", folder / name
    try:
        with catalog.reading() as connection:
            _sweep(folder)  # of killed processes: whoever is alive waits for the lock
            part.mkdir(parents=True)
            _write(connection, part)
            part.rename(done)
        sync(folder)
    except (OSError, duckdb.Error, CatalogDamaged) as error:
        shutil.rmtree(part, ignore_errors=True)
        cause = error.__cause__ if isinstance(error.__cause__, duckdb.Error) else error
        raise CatalogError(
            f"the snapshot {done} could not be written: {first_line(cause)}", path=str(done)
        ) from error
    for old in sorted(folder.glob("[0-9]*Z"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return done


def restore(
    catalog_folder: Path, snapshot_folder: Path, used: Iterable[tuple[int, int]] = ()
) -> dict[str, int] | None:
    """Put a catalog built from a snapshot in the place of the one that is there, which is kept aside.

    An owner is asked to finish and leave. Ids that the old catalog or a file of the store has are not handed out again.

    Args:
        catalog_folder: where the catalog lies.
        snapshot_folder: what to build it from.
        used: source id and clip number (0 for none) of every file in the store.

    Returns:
        How many `sources` and `events` the old catalog had beyond the snapshot; None where it can't be read.

    Raises:
        CatalogNewer: the snapshot is of a newer schema.
        CatalogDamaged: the snapshot is incomplete, or its rows break a rule; nothing was replaced.
    """
    facts = _read_facts(snapshot_folder)
    fresh = DirectCatalog(catalog_folder / ".restore.part")
    fresh.folder.mkdir(parents=True, exist_ok=True)
    try:
        old = DirectCatalog(catalog_folder, while_waiting=Links(catalog_folder, _PATIENCE).drain)
        with old.alone():
            counters, lost = _read_old(old, facts)
            build(fresh.file, [*_fill(snapshot_folder), *_raised(counters, used)])
            _refuse_damaged(fresh, facts, snapshot_folder)
            note = {"from": str(snapshot_folder), "lost": lost}
            (catalog_folder / RESTORED_NOTE).write_text(json.dumps(note, indent=1) + "\n", "utf-8")
            _set_aside(catalog_folder)
            fresh.file.replace(catalog_folder / DATABASE_FILE)
            sync(catalog_folder)
    finally:
        shutil.rmtree(fresh.folder, ignore_errors=True)
    return lost


def _write(connection: duckdb.DuckDBPyConnection, part: Path) -> None:
    rows = {}
    for table in TABLES:
        file = part / f"{table}.parquet"
        connection.execute(
            f"COPY (SELECT * FROM {ALIAS}.{table} ORDER BY 1) TO {quoted(str(file))} "
            "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
        )
        rows[table] = connection.execute(f"SELECT count(*) FROM {ALIAS}.{table}").fetchall()[0][0]
        sync(file)
    facts = {"schema_version": SCHEMA_VERSION, "duckdb": duckdb.__version__, "rows": rows}
    (part / _FACTS).write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    sync(part / _FACTS)
    sync(part)


def _read_facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        version, rows = int(facts["schema_version"]), dict(facts["rows"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CatalogDamaged(
            f"{folder} is no complete snapshot: choose another one ({first_line(error)})", path=str(folder)
        ) from error
    if not migrations.is_known(version):
        raise CatalogNewer(
            f"{folder} is of schema {version}, this heaters knows {SCHEMA_VERSION}: upgrade heaters",
            path=str(folder),
        )
    missing = [table for table in TABLES if table not in rows or not (folder / f"{table}.parquet").is_file()]
    if missing:
        raise CatalogDamaged(
            f"{folder} lacks {', '.join(missing)}: choose another snapshot", path=str(folder)
        )
    return rows


def _fill(folder: Path) -> list[str]:
    """Statements that fill the tables; the schema has put its own first rows into two of them.

    What an older schema did not have yet stays NULL.
    """
    clear = [f"DELETE FROM {table}" for table in ("meta", "counters")]
    return [
        *clear,
        *(
            f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({quoted(str(folder / f'{table}.parquet'))})"
            for table in TABLES
        ),
        migrations.MARK,
    ]


def _read_old(old: DirectCatalog, rows: dict[str, int]) -> tuple[dict[str, int], dict[str, int] | None]:
    """The counters of the catalog that is to be replaced, and what it has beyond the snapshot's rows."""
    try:
        counters = {row["name"]: row["value"] for row in old.rows("SELECT name, value FROM counters")}
        lost = {
            name: old.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] - rows[table]
            for name, table in (("sources", "source_videos"), ("events", "clip_events"))
        }
    except CatalogError:
        return {}, None
    return counters, lost


def _raised(counters: dict[str, int], used: Iterable[tuple[int, int]]) -> list[str]:
    """Statements that raise the counters, so that no id is given twice."""
    for source_id, clip_no in used:
        for name, least in (("source_videos", source_id), (clip_numbers(source_id), clip_no)):
            counters[name] = max(counters.get(name, 0), least)
    return [
        f"INSERT INTO counters VALUES ({quoted(name)}, {least}) "
        f"ON CONFLICT (name) DO UPDATE SET value = greatest(value, {least})"
        for name, least in counters.items() if least
    ]  # fmt: skip


def _refuse_damaged(fresh: DirectCatalog, rows: dict[str, int], folder: Path) -> None:
    found = {table: fresh.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES}
    wrong = [
        f"{table} has {found[table]} rows, not {rows[table]}"
        for table in TABLES
        if found[table] != rows[table] and (table != "counters" or found[table] < rows[table])
    ]
    wrong = wrong or check(fresh)
    if wrong:
        raise CatalogDamaged(
            f"{folder} can't be restored: {wrong[0]}; choose another snapshot",
            path=str(folder),
            problems=wrong,
        )


def _set_aside(catalog_folder: Path) -> None:
    """Keep the old file and its log, under names that belong together."""
    file = catalog_folder / DATABASE_FILE
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = catalog_folder / f"{DATABASE_FILE}.before-restore-{stamp}"
    for old, kept in ((file, aside), (log_of(file), log_of(aside))):
        if old.exists():
            old.replace(kept)


def _sweep(folder: Path) -> None:
    for dead in folder.glob(".*.part"):
        shutil.rmtree(dead, ignore_errors=True)
