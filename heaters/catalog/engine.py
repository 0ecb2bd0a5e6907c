"""One in-memory DuckDB for each process, to which the catalog's file is attached for the time of one command.

DuckDB lets one process at a time open a file, so nobody may keep it open. Opening it anew costs 30 ms CPU, attaching
it to a living instance a tenth of that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from heaters.catalog.faults import opening_fault, working_fault
from heaters.catalog.forks import Lock, abandon, watch

ALIAS: Final = "cat"
BLOCK_SIZE: Final = 65536
"""Bytes of one block of a new file. DuckDB's default, 256 KiB, makes small catalogs twice as large and slower to fold."""
LOSSY_COMPRESSION: Final = "dict_fsst"
ROW_GROUP_SIZE: Final = 32768
"""Rows that are written again when one of them has changed. With DuckDB's default, 122,880, folding the log into a
catalog of 1M clips took 24 ms CPU, so 9; below 16,384 reading becomes slower. DuckDB keeps the number of the latest ATTACH."""
CHECKPOINT_BYTES: Final = 16 * 1024
"""From this length on the write-ahead log is folded into the file, about every seventh decision. Attaching replays the
log, 0.9 ms CPU a decision; folding costs 4 ms at 10,000 clips and 9 at 1M."""


class Engine:
    """An in-memory DuckDB instance, made when it is first needed.

    Args:
        spill: folder for what does not fit into memory; made only if that happens.
    """

    def __init__(self, spill: Path) -> None:
        self._spill = spill
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._finds_names = False
        self._busy = threading.RLock()
        watch(self)

    def work_lock(self) -> Lock:
        """Held while a file is attached."""
        return self._busy

    def begin_anew(self) -> None:
        """After a fork: the parent's threads do not exist in the child."""
        abandon(self._connection)
        self._connection, self._busy = None, threading.RLock()

    @contextmanager
    def attached(self, file: Path, options: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach a file; its tables are found by their plain names. The caller holds the lock.

        Raises:
            CatalogError: it can't be opened, or DuckDB failed inside the block.
        """
        with self._busy:
            connection = self._attach(file, options)
            try:
                yield connection
            except duckdb.Error as error:
                if isinstance(error, duckdb.FatalException | duckdb.InternalException):
                    self._drop()
                raise working_fault(error, file) from error
            finally:
                self._detach()

    def _attach(self, file: Path, options: str) -> duckdb.DuckDBPyConnection:
        connection = self._living()
        try:
            connection.execute(f"ATTACH {quoted(str(file))} AS {ALIAS} {options}")
            if not self._finds_names:
                find_names(connection)
                self._finds_names = True
        except duckdb.Error as error:
            self._drop()
            raise opening_fault(error, file) from error
        except BaseException:
            self._drop()
            raise
        return connection

    def _detach(self) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute(f"DETACH {ALIAS}")
        except BaseException as error:
            self._drop()
            if not isinstance(error, duckdb.Error):
                raise

    def _living(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection, self._finds_names = open_memory(self._spill), False
        return self._connection

    def _drop(self) -> None:
        """Close the instance and with it every file it holds."""
        connection, self._connection = self._connection, None
        with suppress(duckdb.Error):
            if connection is not None:
                connection.close()


def open_memory(spill: Path) -> duckdb.DuckDBPyConnection:
    """A fresh in-memory instance: no extensions from the network, no Python variables as tables."""
    config: dict[str, Any] = {
        "threads": 2, "autoinstall_known_extensions": False, "autoload_known_extensions": False,
        "python_enable_replacements": False, "temp_directory": str(spill),
    }  # fmt: skip
    connection = duckdb.connect(config=config)
    # Else every DETACH folds the log in.
    connection.execute("PRAGMA disable_checkpoint_on_shutdown")
    # DuckDB 1.5.5 and 2.0.0 lose committed changes of a NULL to a text when they replay the log, if the column was
    # stored as DICT_FSST, the table has a primary key and the log holds an INSERT into the same row group.
    connection.execute(f"SET disabled_compression_methods = '{LOSSY_COMPRESSION}'")
    return connection


def find_names(connection: duckdb.DuckDBPyConnection) -> None:
    """Let plain names of tables be found, once for each connection; it outlives DETACH.

    The file can't be the default: that can't be detached.
    """
    connection.execute(f"SET search_path = 'memory.main,{ALIAS}.main'")


def checkpoint_if_due(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Fold a long write-ahead log into the file. What can't be folded now, on a full disk say, stays in the log."""
    log = log_of(file)
    with suppress(duckdb.Error):
        if log.exists() and log.stat().st_size > CHECKPOINT_BYTES:
            connection.execute(f"CHECKPOINT {ALIAS}")


def log_of(file: Path) -> Path:
    """DuckDB's write-ahead log beside a file."""
    return file.with_name(file.name + ".wal")


def sync(path: Path) -> None:
    """Make a file, or the entries of a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def quoted(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"
