"""The `direct` transport: lock, attach, one transaction, detach, unlock, for each command.

DuckDB lets one process at a time open a file. So every process keeps one in-memory instance, which costs nothing to
keep, and holds the file only for the milliseconds of one command. Opening the file itself would cost 30 ms each time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import duckdb
import filelock

from heaters.catalog.perform import perform
from heaters.catalog.tables import Table
from heaters.catalog.transaction import Transaction
from heaters.errors import CatalogDamaged, CatalogError, CatalogLocked, CatalogNewer, RefusedToStart, UsageError

SCHEMA_VERSION: Final = 1
DATABASE_FILE: Final = "catalog.duckdb"
LOCK_FILE: Final = "catalog.lock"
_STORAGE_VERSION: Final = "v1.5.0"
_NETWORK_FILE_SYSTEMS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "fuse.sshfs", "9p", "ceph", "glusterfs"})


class DirectCatalog:
    """The catalog of one workspace.

    Args:
        folder: where the DuckDB file and the lock file lie.
        lock_seconds: how long to wait for another process.
    """

    def __init__(self, folder: Path, *, lock_seconds: float = 30.0) -> None:
        self.folder = folder
        self.file = folder / DATABASE_FILE
        self._lock_seconds = lock_seconds
        self._thread_lock = threading.RLock()
        self._pid = 0
        self._memory: duckdb.DuckDBPyConnection | None = None
        self._lock = filelock.FileLock(folder / LOCK_FILE)

    def create(self) -> None:
        """Make the file with schema 1; does nothing where there is one already.

        Raises:
            RefusedToStart: the folder is on a network file system or can't be written.
        """
        _refuse_network(self.folder)
        with self._locked():
            if self.file.exists():
                return
            fresh = self.file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            schema = resources.files("heaters.catalog").joinpath("schema.sql").read_text("utf-8")
            with self._attached(f"(STORAGE_VERSION '{_STORAGE_VERSION}')", fresh) as connection:
                connection.execute(f"BEGIN; {schema}; COMMIT;")
            fresh.replace(self.file)

    def execute(self, command: object) -> dict[str, Any]:
        """Carry out one command in one transaction.

        Args:
            command: one of the command types that `heaters.catalog.perform` knows.

        Returns:
            The command's answer, JSON-able.
        """
        with self._session() as connection:
            transaction = Transaction(connection)
            transaction.begin()
            try:
                answer = perform(command, transaction)
            except BaseException:
                transaction.rollback()
                raise
            transaction.commit()
            return answer

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """Read some rows as dicts."""
        with self._session(read_only=True) as connection:
            return Transaction(connection).rows(sql, parameters)

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Table:
        """Answer a user's SQL; the catalog can't be written by it.

        Raises:
            UsageError: the SQL is wrong, or wants to write.
        """
        with self._session(read_only=True) as connection:
            self._offer_frames(connection)
            try:
                found = connection.sql(sql, params=list(parameters) if not isinstance(parameters, Mapping) else parameters)
                if found is None:
                    raise UsageError("this statement returns no rows; ws.sql only reads")
                return Table(found.to_arrow_table())
            except duckdb.Error as error:
                raise UsageError(f"the query failed: {_first_line(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One read transaction, for a snapshot: no command runs meanwhile."""
        with self._session(read_only=True) as connection:
            yield connection

    def _offer_frames(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Views over the Parquet files beside the catalog, where there are any."""
        metadata = self.folder.parent / "metadata"
        for view, suffix, columns in (("frames", "frames", "*"), ("scores", "scores", "*")):
            connection.execute(f"DROP VIEW IF EXISTS memory.main.{view}")
            if any(metadata.glob(f"video_*_{suffix}.parquet")):
                pattern = str(metadata / f"video_*_{suffix}.parquet").replace("'", "''")
                connection.execute(
                    f"CREATE VIEW memory.main.{view} AS SELECT regexp_extract(filename, 'video_(\\d+)_', 1)::BIGINT AS "
                    f"source_video_id, {columns} EXCLUDE (filename) FROM read_parquet('{pattern}', filename = true, union_by_name = true)"
                )
        connection.execute("DROP VIEW IF EXISTS memory.main.keyframe_offsets")
        if any(metadata.glob("video_*_frames.parquet")):
            connection.execute(
                "CREATE VIEW memory.main.keyframe_offsets AS SELECT source_video_id, list(\"offset\" ORDER BY frame) AS "
                "keyframe_offsets FROM memory.main.frames GROUP BY source_video_id"
            )
        connection.execute("SET search_path = 'cat,memory'")

    @contextmanager
    def _session(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._locked():
            if not self.file.is_file():
                raise CatalogDamaged(
                    f"the catalog {self.file} is missing; restore one with `heaters catalog restore`", path=str(self.file)
                )
            with self._attached("(READ_ONLY)" if read_only else "", self.file) as connection:
                _refuse_other_schema(connection, self.file)
                yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock file, one thread at a time; a forked child must not use its parent's connection."""
        with self._thread_lock:
            if self._pid != os.getpid():
                self._pid, self._memory = os.getpid(), None
                self._lock = filelock.FileLock(self.folder / LOCK_FILE)
            try:
                with self._lock.acquire(timeout=self._lock_seconds, poll_interval=0.003):
                    yield
            except filelock.Timeout as error:
                raise CatalogLocked(
                    f"another process has held {self.folder / LOCK_FILE} for {self._lock_seconds:g} s: end it, or raise "
                    "the setting lock_seconds", path=str(self.folder / LOCK_FILE),
                ) from error  # fmt: skip
            except OSError as error:
                raise RefusedToStart(f"can't use {self.folder}: {error.strerror or error}", path=str(self.folder)) from error

    @contextmanager
    def _attached(self, options: str, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._memory is None:
            self._memory = duckdb.connect(config={"threads": 2})
        connection = self._memory
        path = str(file).replace("'", "''")
        try:
            connection.execute(f"ATTACH '{path}' AS cat {options}")
        except duckdb.Error as error:
            raise _attach_error(error, file) from error
        try:
            connection.execute("USE cat")
            yield connection
        except duckdb.Error as error:
            raise _translate(error, file) from error
        finally:
            connection.execute("USE memory")
            connection.execute("DETACH cat")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _translate(error: duckdb.Error, file: Path) -> CatalogError:
    text = _first_line(error)
    if "No space left" in text or "could not write" in text.lower():
        return CatalogError(f"the catalog {file} could not be written: {text}; nothing was changed, free some space", path=str(file))
    return CatalogDamaged(f"the catalog {file} answered: {text}; run `heaters catalog check`", path=str(file))


def _attach_error(error: duckdb.Error, file: Path) -> CatalogError:
    text = _first_line(error)
    if "lock" in text.lower():
        return CatalogLocked(f"another program has {file} open: {text}; close it", path=str(file))
    if "newer version" in text.lower() or "storage version" in text.lower():
        return CatalogNewer(f"{file} was written by a newer DuckDB: upgrade heaters and duckdb to read it", path=str(file))
    if isinstance(error, duckdb.IOException) and ("permission" in text.lower() or "read-only" in text.lower()):
        return CatalogError(f"{file} can't be opened: {text}; check its owner and mode", path=str(file))
    return CatalogDamaged(
        f"{file} can't be opened as a catalog: {text}; restore the last snapshot with `heaters catalog restore`", path=str(file))  # fmt: skip


def _refuse_other_schema(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    try:
        found = connection.execute("SELECT value FROM cat.meta WHERE key = 'schema_version'").fetchall()
    except duckdb.CatalogException as error:
        raise CatalogDamaged(f"{file} is a DuckDB file, but not a catalog of heaters", path=str(file)) from error
    version = int(found[0][0]) if found else 0
    if version > SCHEMA_VERSION:
        raise CatalogNewer(
            f"{file} has schema {version}, this heaters knows up to {SCHEMA_VERSION}: upgrade heaters, nothing was changed",
            path=str(file), version=version,
        )  # fmt: skip


def _refuse_network(folder: Path) -> None:
    """Locks do not hold on network file systems, so a catalog on one would be lost sooner or later."""
    mounts = Path("/proc/self/mounts")
    if not mounts.is_file():
        return
    best, kind = "", ""
    for line in mounts.read_text("utf-8").splitlines():
        _, point, fs, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if (str(folder) + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best):
            best, kind = point, fs
    if kind in _NETWORK_FILE_SYSTEMS:
        raise RefusedToStart(
            f"{folder} is on a network file system ({kind}), where locks can't be trusted: put the workspace on a local "
            "disk", path=str(folder),
        )  # fmt: skip
