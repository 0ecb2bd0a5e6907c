"""The catalog in the process that owns it: attached once, for everybody."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from heaters.catalog import asking
from heaters.catalog.direct import Connection, DirectCatalog, Parameters
from heaters.catalog.engine import ALIAS, find_names, log_of
from heaters.catalog.faults import working_fault
from heaters.catalog.lock import Interrupts
from heaters.catalog.once import carry_out
from heaters.catalog.requests import REPEATABLE
from heaters.catalog.snapshot import snapshot
from heaters.catalog.tables import Table
from heaters.errors import CatalogError

_LOG_ENTRIES: Final = 500
"""Entries of the write-ahead log that are folded into the file at once. Replaying one takes 0.3 to 0.9 ms, after a kill only."""


class HeldCatalog:
    """A catalog that stays open. Commands take turns; who reads sees what was committed last, and waits for nobody.

    Attributes:
        changed: whether anything worth a snapshot was done since the last one, most lately at `changed_at` (monotonic seconds).
        broken: DuckDB has given the file up, and only a new process can go on.
    """

    def __init__(self, catalog: DirectCatalog, connection: Connection) -> None:
        self.folder = catalog.folder
        self.file = catalog.file
        self.changed = self.broken = False
        self.changed_at = 0.0
        self._writer = connection
        self._turns, self._snapshots = threading.Lock(), threading.Lock()
        connection.execute(f"SET wal_autocheckpoint_entries = {_LOG_ENTRIES}")
        connection.execute(
            "SELECT 1"
        ).fetchnumpy()  # the first one loads numpy: 0.1 s that no client need wait for

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection for reading; one thread's at a time."""
        with self._writer.cursor() as cursor:
            find_names(cursor)
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read: all statements inside see the same state, while commands go on."""
        with self.reader() as cursor, self._faults():
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor

    def execute(self, command: object, request: str | None = None) -> dict[str, Any]:
        """Carry out one command in one transaction."""
        with self._turns, self._faults():
            answer = carry_out(self._writer, command, request)
            if not isinstance(command, REPEATABLE):  # as leases are
                self.changed, self.changed_at = True, time.monotonic()
            return answer

    def rows(self, reader: Connection, sql: str, parameters: Parameters) -> tuple[list[str], list[Any]]:
        """Read some rows; returns the columns' names, and the rows."""
        with self._faults():
            result = reader.execute(sql, parameters)
            return [column[0] for column in result.description or ()], result.fetchall()

    def query(self, given_up: Callable[[], bool], sql: str, parameters: Parameters) -> Table | None:
        """Answer a user's SQL; None if that takes so long that it is to be asked of a copy, or nobody waits for it any more."""
        with self.reader() as reader:
            question = asking.Question(reader, sql, parameters, self.folder)
            return question.wait(asking.PATIENCE, Interrupts(), given_up)

    def copy_to(self, folder: Path) -> Path:
        """Copy the file and its log, as of one moment.

        A program of its own does it: when a process closes a file, POSIX lets go of all locks that it has on it, and so
        would DuckDB's be.
        """
        with self._turns:
            files = [str(file) for file in (self.file, log_of(self.file)) if file.exists()]
            done = subprocess.run(["cp", *files, str(folder)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        if done.returncode:
            raise CatalogError(
                f"{self.file} could not be copied into {folder}: {done.stderr.strip()}", path=str(folder)
            )
        return folder / self.file.name

    def snapshot(self, folder: Path) -> Path:
        """Write every table into a new folder below this one."""
        with self._snapshots:
            self.changed = False
            return snapshot(self, folder)

    def fold(self) -> None:
        """Fold the write-ahead log into the file; what can't be folded now stays in the log."""
        with self._turns, suppress(duckdb.Error):
            self._writer.execute(f"CHECKPOINT {ALIAS}")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            self.broken |= isinstance(error, duckdb.FatalException | duckdb.InternalException)
            raise working_fault(error, self.file) from error
