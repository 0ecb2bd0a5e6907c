"""The catalog by whichever transport there is: through its owner while one lives, else `direct`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from heaters.catalog.files import DATABASE_FILE
from heaters.catalog.remote import EXECUTE, Links, OwnerGone, OwnerThere, request_name
from heaters.catalog.wire import Line
from heaters.errors import CatalogLocked

if TYPE_CHECKING:
    from heaters.catalog.direct import DirectCatalog, Parameters
    from heaters.catalog.tables import Table

Answer = TypeVar("Answer")


class Catalog:
    """The catalog of one workspace. Threads may share it, and a forked child may go on using it.

    Args:
        folder: where the DuckDB file and the lock file lie.
        lock_seconds: how long to wait for another process.
    """

    def __init__(self, folder: Path, *, lock_seconds: float = 30.0) -> None:
        self.folder = Path(folder)
        self.file = self.folder / DATABASE_FILE
        self._seconds = lock_seconds
        self._links = Links(self.folder, lock_seconds)

    def create(self) -> None:
        """Make the file; does nothing where there is one already.

        Raises:
            RefusedToStart: the folder is on a network file system or can't be written.
            CatalogDamaged: of a catalog only the write-ahead log is there.
        """
        try:
            self._direct.create()
        except OwnerThere:
            return

    def execute(self, command: object) -> dict[str, Any]:
        """Carry out one command in one transaction, once: also if its owner is killed and it has to be sent again.

        Args:
            command: one of the command types that `heaters.catalog.perform` knows.

        Returns:
            The command's answer; times are `datetime`, UTC without a zone, all else is JSON-able.
        """
        request = request_name(command)
        return self._carry(
            lambda line: dict(self._links.ask(line, EXECUTE, command, request)),
            lambda sent: self._direct.execute(command, request if sent else None),
        )

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Read some rows as dicts."""
        return self._carry(
            lambda line: _dicts(*self._links.ask(line, "rows", sql, _given(parameters))),
            lambda _: self._direct.rows(sql, parameters),
        )

    def query(self, sql: str, parameters: Parameters = ()) -> Table:
        """Answer a user's SQL; the catalog can't be written by it.

        Raises:
            UsageError: the SQL is wrong, or wants to write.
        """

        def by_owner(line: Line) -> Table:
            from heaters.catalog.tables import Table  # noqa: PLC0415 - only for those who ask

            found = self._links.ask(line, "query", sql, _given(parameters))
            return Table.read_ipc(found) if found is not None else self._ask_copy(sql, parameters)

        return self._carry(by_owner, lambda _: self._direct.query(sql, parameters))

    def copy_to(self, folder: Path) -> Path:
        """Copy the file and its log, as of one moment, for what takes too long to keep others waiting."""
        return self._carry(
            lambda line: Path(self._links.ask(line, "copy", str(folder.resolve()))),
            lambda _: self._direct.copy_to(folder),
        )

    def snapshot(self, folder: Path) -> Path:
        """Write every table to Parquet, all as of one moment, into a new folder below this one; returns the new one.

        Raises:
            CatalogError: it could not be written.
        """
        return self._carry(
            lambda line: Path(self._links.ask(line, "snapshot", str(folder.resolve()))),
            lambda _: self._snapshot(folder),
        )

    @cached_property
    def _direct(self) -> DirectCatalog:
        from heaters.catalog.direct import DirectCatalog  # noqa: PLC0415 - an owner's clients need no DuckDB

        return DirectCatalog(self.folder, lock_seconds=self._seconds, while_waiting=self._links.look)

    def _carry(self, by_owner: Callable[[Line], Answer], directly: Callable[[bool], Answer]) -> Answer:
        """Do something by the owner or directly, and again if the owner comes or goes meanwhile.

        Args:
            directly: is told whether an owner was asked before, who has not answered.
        """
        sent, deadline = False, time.monotonic() + self._seconds
        while True:
            line = self._links.take()
            try:
                return self._with_the_lock(directly, sent) if line is None else by_owner(line)
            except OwnerThere:
                pass
            except OwnerGone as gone:
                sent = True
                if time.monotonic() > deadline:
                    raise CatalogLocked(
                        f"the owners of {self.folder} have gone away one after the other for {self._seconds:g} s: look into "
                        "catalog.owner.log", path=str(self.folder),
                    ) from gone  # fmt: skip
            except CatalogLocked as error:
                obstacle = self._links.obstacle() if line is None else None
                if obstacle is None:
                    raise
                raise CatalogLocked(f"{self.folder} can't be used: {obstacle}", **error.facts) from error

    def _with_the_lock(self, directly: Callable[[bool], Answer], sent: bool) -> Answer:  # noqa: FBT001 - as it is called
        answer = directly(sent)
        self._links.had_the_lock()
        return answer

    def _ask_copy(self, sql: str, parameters: Parameters) -> Table:
        from heaters.catalog.asking import ask_copy  # noqa: PLC0415 - an owner's clients need no DuckDB

        return ask_copy(self, sql, parameters)

    def _snapshot(self, folder: Path) -> Path:
        from heaters.catalog.snapshot import snapshot  # noqa: PLC0415 - an owner's clients need no DuckDB

        return snapshot(self._direct, folder)


def _given(parameters: Parameters) -> dict[str, Any] | list[Any]:
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def _dicts(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]
