"""Questions in SQL by users: only reading, with views on the Parquet files, and never in the way of a command for long."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from heaters.catalog.engine import ALIAS, log_of, open_memory, quoted
from heaters.catalog.faults import first_line
from heaters.catalog.tables import Table
from heaters.errors import UsageError

if TYPE_CHECKING:
    from heaters.catalog.direct import Connection, DirectCatalog, Parameters

PATIENCE: Final = 2.0
"""Seconds that a question may keep the catalog from everybody else. One that takes longer is asked again, of a copy."""

_COLUMNS: Final[Mapping[str, str]] = {
    "frames": 'frame BIGINT, pts BIGINT, "offset" BIGINT, size INTEGER, crc32 UINTEGER, picture_crc32 UINTEGER',
    "scores": "frame BIGINT, hue FLOAT, saturation FLOAT, luma FLOAT, edges FLOAT, mean_luma FLOAT, picture BLOB",
}  # fmt: skip
"""What the views have while there is no file yet."""


def ask(catalog: DirectCatalog, sql: str, parameters: Parameters) -> Table:
    """Answer a question.

    Raises:
        UsageError: the SQL is wrong, or is more than one question.
    """
    metadata = catalog.folder.parent / "metadata"
    given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    with (
        catalog.interruptible_reading() as (connection, interrupts),
        interrupts.allowed(),
        _interrupted_after(PATIENCE, connection) as interrupted,
    ):
        table = _answer(connection, sql, given, metadata, interrupted)
    return table if table is not None else _answer_from_copy(catalog, sql, given, metadata)


def _answer(
    connection: Connection,
    sql: str,
    parameters: Parameters,
    metadata: Path,
    interrupted: threading.Event | None = None,
) -> Table | None:
    """The answer; None if it took too long."""
    try:
        _refuse_writing(connection, sql)
        for view in _views(sql):
            connection.execute(_view(view, metadata))
        found = connection.sql(sql, params=parameters)
        if found is None:
            raise UsageError("this statement has no rows to give: ask with SELECT")
        return Table(found.to_arrow_table())
    except duckdb.InterruptException:
        if interrupted is None or not interrupted.is_set():
            raise KeyboardInterrupt from None
        return None
    except duckdb.Error as error:
        raise UsageError(f"the query failed: {first_line(error)}") from error


def _answer_from_copy(catalog: DirectCatalog, sql: str, parameters: Parameters, metadata: Path) -> Table:
    """Ask a private copy of the file, while commands go on."""
    with tempfile.TemporaryDirectory(prefix="heaters-") as folder:
        copy = Path(folder) / catalog.file.name
        with catalog.alone():
            for file in (catalog.file, log_of(catalog.file)):
                if file.exists():
                    shutil.copyfile(file, copy.with_name(file.name))
        with closing(open_memory(Path(folder) / "spill")) as connection:
            connection.execute(f"ATTACH {quoted(str(copy))} AS {ALIAS} (READ_ONLY)")
            connection.execute(f"SET search_path = 'memory.main,{ALIAS}.main'")
            table = _answer(connection, sql, parameters, metadata)
    assert table is not None
    return table


@contextmanager
def _interrupted_after(seconds: float, connection: Connection) -> Iterator[threading.Event]:
    done = threading.Event()

    def interrupt() -> None:
        done.set()
        connection.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield done
    finally:
        timer.cancel()
        timer.join()


def _refuse_writing(connection: Connection, sql: str) -> None:
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if len(kinds) != 1:
        raise UsageError(f"one question at a time, please: this text holds {len(kinds)} statements")
    if kinds[0] not in {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}:
        raise UsageError(
            f"{kinds[0].name} is refused: SQL only reads here; `heaters decide` and the other verbs change the catalog, and the "
            "answer's df() can be saved anywhere"
        )


def _views(sql: str) -> list[str]:
    """The views that a text names. They are made only then: each reads the footers of all its files."""
    words = set(re.findall(r"\w+", sql.lower()))
    if "keyframe_offsets" in words:
        words.add("frames")
    return [view for view in ("frames", "scores", "keyframe_offsets") if view in words]


def _view(view: str, metadata: Path) -> str:
    """SQL that makes a view on the Parquet files of the sources that the catalog names."""
    if view == "keyframe_offsets":
        select = 'SELECT source_video_id, list("offset" ORDER BY frame) AS keyframe_offsets FROM memory.main.frames GROUP BY ALL'
    elif any(metadata.glob(f"video_*_{view}.parquet")):
        column = {"frames": "frame_index_filepath", "scores": "scores_filepath"}[view]
        select = (
            f"SELECT * EXCLUDE (filename) FROM (SELECT regexp_extract(filename, 'video_(\\d+)_{view}.parquet$', 1)::BIGINT AS "
            f"source_video_id, * FROM read_parquet({quoted(str(metadata / f'video_*_{view}.parquet'))}, filename = true, "
            f"union_by_name = true)) WHERE source_video_id IN (SELECT id FROM {ALIAS}.source_videos WHERE {column} IS NOT NULL)"
        )
    else:
        columns = ", ".join(
            f"NULL::{kind} AS {name}" for name, kind in (one.split(" ") for one in _COLUMNS[view].split(", "))
        )
        select = f"SELECT NULL::BIGINT AS source_video_id, {columns} WHERE false"
    return f"CREATE OR REPLACE VIEW memory.main.{view} AS {select}"
