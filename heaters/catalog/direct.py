"""The `direct` transport: lock, attach, one transaction, detach, unlock, for each command."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from heaters.catalog import migrations
from heaters.catalog.engine import (
    ALIAS,
    BLOCK_SIZE,
    ROW_GROUP_SIZE,
    Engine,
    checkpoint_if_due,
    log_of,
    open_memory,
    quoted,
    sync,
)
from heaters.catalog.faults import RESTORE, opening_fault, working_fault
from heaters.catalog.files import DATABASE_FILE, SCHEMA_VERSION
from heaters.catalog.lock import CatalogLock, Interrupts
from heaters.catalog.networks import refuse_network
from heaters.catalog.transaction import Transaction
from heaters.errors import CatalogDamaged, CatalogNewer, UsageError

if TYPE_CHECKING:
    from heaters.catalog.tables import Table

_STORAGE_VERSION: Final = "v1.5.0"
"""The newest storage that DuckDB 1.5 reads; 2.0's own is unreadable to it."""

_WRITABLE: Final = f"(ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
Connection = duckdb.DuckDBPyConnection
Parameters = Sequence[Any] | Mapping[str, Any]


class DirectCatalog:
    """The catalog of one workspace. Threads may share it, and a forked child may go on using it.

    Args:
        folder: where the DuckDB file and the lock file lie.
        lock_seconds: how long to wait for another process.
        while_waiting: called again and again meanwhile; what it raises ends the wait.
    """

    def __init__(
        self, folder: Path, *, lock_seconds: float = 30.0, while_waiting: Callable[[], None] | None = None
    ) -> None:
        self.folder = Path(folder)
        self.file = self.folder / DATABASE_FILE
        self._lock = CatalogLock(self.folder, lock_seconds, while_waiting)
        self._engine = Engine(self.folder / ".spill")
        self._open: Connection | None = None
        self._seen: tuple[object, ...] = ()

    def create(self) -> None:
        """Make the file with the newest schema; does nothing where there is one already.

        Raises:
            RefusedToStart: the folder is on a network file system or can't be written.
            CatalogDamaged: of a catalog only the write-ahead log is there.
        """
        refuse_network(self.folder)
        with self.alone():
            if self.file.exists():
                return
            if log_of(self.file).exists():
                raise CatalogDamaged(
                    f"{self.file} is missing, though its log is there: {RESTORE}", path=str(self.file)
                )
            fresh = self.file.with_suffix(".new")
            build(fresh)
            fresh.replace(self.file)
            sync(self.folder)

    def execute(self, command: object, request: str | None = None) -> dict[str, Any]:
        """Carry out one command in one transaction.

        Args:
            command: one of the command types that `heaters.catalog.perform` knows.
            request: where an owner was sent the command before and has not answered, under which name that was.

        Returns:
            The command's answer; times are `datetime`, UTC without a zone, all else is JSON-able.
        """
        from heaters.catalog.once import carry_out  # noqa: PLC0415 - who only reads needs no commands

        with self._session() as (connection, _):
            answer = carry_out(connection, command, request)
            checkpoint_if_due(connection, self.file)
            return answer

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Read some rows as dicts."""
        with self.reading() as connection:
            return Transaction(connection).rows(sql, parameters)

    def query(self, sql: str, parameters: Parameters = ()) -> Table:
        """Answer a user's SQL; the catalog can't be written by it.

        Raises:
            UsageError: the SQL is wrong, or wants to write.
        """
        from heaters.catalog.asking import ask  # noqa: PLC0415 - Arrow only for those who ask

        return ask(self, sql, parameters)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read: no command runs meanwhile, so that all statements inside see the same state."""
        with self.interruptible_reading() as (connection, _):
            yield connection

    @contextmanager
    def interruptible_reading(self) -> Iterator[tuple[Connection, Interrupts]]:
        """Read, with the means to let Ctrl-C through where that may take long."""
        with self._session(read_only=True) as session:
            yield session

    @contextmanager
    def kept(self) -> Iterator[Connection]:
        """Hold the lock and keep the file attached until the end of the block, as an owner does."""
        with self._session() as (connection, _):
            yield connection

    def copy_to(self, folder: Path) -> Path:
        """Copy the file and its log, as of one moment, for what takes too long to keep others waiting."""
        copy = folder / DATABASE_FILE
        with self.alone():
            for file in (self.file, log_of(self.file)):
                if file.exists():
                    shutil.copyfile(file, copy.with_name(file.name))
        return copy

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock with the file closed: to copy it, or to put another in its place."""
        with self._lock.held():
            self._refuse_nested()
            yield

    @contextmanager
    def _session(self, *, read_only: bool = False) -> Iterator[tuple[Connection, Interrupts]]:
        with self._lock.held() as interrupts:
            if self._open is not None:
                self._refuse_nested(read_only=read_only)
                yield self._open, interrupts
                return
            with self._attached(read_only=read_only) as connection:
                self._open = connection
                try:
                    yield connection, interrupts
                finally:
                    self._open = None
            self._seen = self._state()

    def _refuse_nested(self, *, read_only: bool = False) -> None:
        if self._open is not None and not read_only:
            raise UsageError("the catalog can't be changed while this thread reads it: end that first")

    @contextmanager
    def _attached(self, *, read_only: bool) -> Iterator[Connection]:
        if not self.file.is_file() or not self.file.stat().st_size:
            what = "is empty" if self.file.is_file() else "is missing"
            raise CatalogDamaged(f"the catalog {self.file} {what}: {RESTORE}", path=str(self.file))
        options = "(READ_ONLY)" if read_only else _WRITABLE
        with self._engine.attached(self.file, options) as connection:
            version = (
                SCHEMA_VERSION if self._seen == self._state() else _schema_version(connection, self.file)
            )
            if version == SCHEMA_VERSION:
                yield connection
                return
        self._migrate(version)
        with self._engine.attached(self.file, options) as connection:
            yield connection

    def _migrate(self, version: int) -> None:
        """Bring a file of an older heaters to the schema of this one."""
        with self._engine.attached(self.file, _WRITABLE) as connection:
            for statement in (*migrations.statements(version), f"CHECKPOINT {ALIAS}"):
                connection.execute(statement)

    def _state(self) -> tuple[object, ...]:
        """What differs when anybody else has written since."""
        seen: list[object] = []
        for file in (self.file, log_of(self.file)):
            if file.exists():
                stat = file.stat()
                seen += [stat.st_ino, stat.st_size, stat.st_mtime_ns]
        return tuple(seen)


def build(file: Path, fill: Iterable[str] = ()) -> None:
    """Write a complete catalog file, with the schema and then what the statements of `fill` put into it.

    Raises:
        CatalogError: it can't be written, or its rows break a rule of the schema.
    """
    for old in (file, log_of(file)):
        old.unlink(missing_ok=True)
    schema = resources.files("heaters.catalog").joinpath("schema.sql").read_text("utf-8")
    with closing(open_memory(file.with_name(".spill"))) as connection:
        try:
            layout = f"STORAGE_VERSION '{_STORAGE_VERSION}', ROW_GROUP_SIZE {ROW_GROUP_SIZE}, BLOCK_SIZE {BLOCK_SIZE}"
            connection.execute(f"ATTACH {quoted(str(file))} AS {ALIAS} ({layout})")
        except duckdb.Error as error:
            raise opening_fault(error, file) from error
        try:
            connection.execute(f"USE {ALIAS}")
            for statement in (f"BEGIN; {schema}; COMMIT", *fill, f"CHECKPOINT {ALIAS}"):
                connection.execute(statement)
        except duckdb.Error as error:
            raise working_fault(error, file) from error
    sync(file)


def duckdb_version() -> str:
    """The version of the library."""
    return str(duckdb.__version__)


def _schema_version(connection: Connection, file: Path) -> int:
    """The version of the tables, if this heaters can use them."""
    try:
        found = connection.execute(f"SELECT value FROM {ALIAS}.meta WHERE key = 'schema_version'").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        found = []
    version = found[0][0] if found else ""
    if not version.isdigit():
        raise CatalogDamaged(
            f"{file} is a DuckDB file, but no catalog of heaters: {RESTORE}, or use another folder",
            path=str(file),
        )
    if not migrations.is_known(int(version)):
        raise CatalogNewer(
            f"{file} has schema {version}, this heaters knows {SCHEMA_VERSION}: upgrade heaters, nothing was changed",
            path=str(file), version=int(version),
        )  # fmt: skip
    return int(version)
