"""Questions in SQL by users: only reading, with views on the Parquet files, and never in the way of a command for long."""

from __future__ import annotations

import math
import re
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import duckdb

from heaters.catalog.engine import ALIAS, find_names, open_memory, quoted
from heaters.catalog.faults import first_line
from heaters.catalog.files import ELSEWHERE
from heaters.catalog.lock import Interrupts, put_off
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


class Copyable(Protocol):
    """A catalog of which a private copy can be had."""

    folder: Path

    def copy_to(self, folder: Path) -> Path:
        """Copy its file; returns the copy."""


def ask(catalog: DirectCatalog, sql: str, parameters: Parameters) -> Table:
    """Answer a question.

    Raises:
        UsageError: the SQL is wrong, or is more than one question.
    """
    with catalog.interruptible_reading() as (connection, interrupts):
        table = Question(connection, sql, parameters, catalog.folder).wait(PATIENCE, interrupts)
    return table if table is not None else ask_copy(catalog, sql, parameters)


def ask_copy(catalog: Copyable, sql: str, parameters: Parameters) -> Table:
    """Ask a private copy of the file, while commands go on."""
    with put_off() as interrupts, tempfile.TemporaryDirectory(prefix="heaters-") as folder:
        copy = catalog.copy_to(Path(folder))
        with closing(open_memory(Path(folder) / "spill")) as connection:
            connection.execute(f"ATTACH {quoted(str(copy))} AS {ALIAS} (READ_ONLY)")
            find_names(connection)
            table = Question(connection, sql, parameters, catalog.folder).wait(None, interrupts)
    assert table is not None
    return table


class Question:
    """A query in a thread of its own, so that Ctrl-C ends the wait for it at once.

    DuckDB 2.0 does not look at signals while it makes an Arrow table; 1.5 does, and hangs afterwards.
    """

    def __init__(self, connection: Connection, sql: str, parameters: Parameters, folder: Path) -> None:
        self._connection = connection
        self._sql, self._folder = sql, folder
        self._parameters: Any = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        self._table: Table | None = None
        self._error: Exception | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait(
        self, seconds: float | None, interrupts: Interrupts, given_up: Callable[[], bool] = lambda: False
    ) -> Table | None:
        """The answer; None if it took longer than that, or nobody waits for it any more."""
        self._thread.start()
        try:
            with interrupts.allowed():
                self._wait(seconds, given_up)
        finally:
            while not self._done.wait(0.02):
                self._connection.interrupt()
            self._thread.join()  # not before: cut short by Ctrl-C, join() forgets that the thread runs (Python 3.11)
        if isinstance(self._error, duckdb.InterruptException):
            return None
        if isinstance(self._error, duckdb.Error):
            raise UsageError(f"the query failed: {first_line(self._error)}") from self._error
        if self._error is not None:
            raise self._error
        return self._table

    def _wait(self, seconds: float | None, given_up: Callable[[], bool]) -> None:
        """Wait in short steps: a signal that reaches another thread first would not end a long one."""
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while not self._done.wait(min(0.1, max(deadline - time.monotonic(), 0))):
            if time.monotonic() >= deadline or given_up():
                return

    def _run(self) -> None:
        try:
            _refuse_writing(self._connection, self._sql)
            for view in _views(self._sql):
                self._connection.execute(_view(view, self._folder))
            self._connection.execute(
                "BEGIN TRANSACTION READ ONLY"
            )  # EXPLAIN ANALYZE carries out what it explains
            self._table = Table(self._connection.sql(self._sql, params=self._parameters).to_arrow_table())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
        finally:
            with suppress(duckdb.Error):  # the transaction never began
                self._connection.execute("ROLLBACK")
            self._done.set()


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


def _view(view: str, folder: Path) -> str:
    """SQL that makes a view on the Parquet files of the sources that the catalog names.

    A source whose files lie in another store has them in the folder `ELSEWHERE`, others in that of the workspace.
    """
    names = f"video_*_{view}.parquet"
    files = [
        str(one / names) for one in (folder.parent / "metadata", folder / ELSEWHERE) if any(one.glob(names))
    ]
    if view == "keyframe_offsets":
        select = 'SELECT source_video_id, list("offset" ORDER BY frame) AS keyframe_offsets FROM temp.main.frames GROUP BY ALL'
    elif files:
        column = {"frames": "frame_index_filepath", "scores": "scores_filepath"}[view]
        select = (
            f"SELECT * EXCLUDE (filename) FROM (SELECT regexp_extract(filename, 'video_(\\d+)_{view}.parquet$', 1)::BIGINT AS "
            f"source_video_id, * FROM read_parquet([{', '.join(map(quoted, files))}], filename = true, "
            f"union_by_name = true)) WHERE (source_video_id, regexp_matches(filename, '/{ELSEWHERE}/[^/]+$')) IN "
            f"(SELECT (id, store IS NOT NULL) FROM {ALIAS}.source_videos WHERE {column} IS NOT NULL)"
        )
    else:
        columns = ", ".join(
            f"NULL::{kind} AS {name}" for name, kind in (one.split(" ") for one in _COLUMNS[view].split(", "))
        )
        select = f"SELECT NULL::BIGINT AS source_video_id, {columns} WHERE false"
    return f"CREATE OR REPLACE TEMP VIEW {view} AS {select}"
