"""The way to the process that owns a catalog, if there is one."""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import heaters
from heaters.catalog.files import OWNER_FILE, SCHEMA_VERSION
from heaters.catalog.forks import watch
from heaters.catalog.lock import Interrupts, put_off
from heaters.catalog.requests import REPEATABLE
from heaters.catalog.values import dumps, error_of, loads
from heaters.catalog.wire import GREETING_SECONDS, Line
from heaters.errors import CatalogLocked, CatalogNewer

HOME: Final = "127.0.0.1"
EXECUTE: Final = "execute"
DRAIN: Final = "drain"
"""The verb that asks an owner to finish and leave. Every version has to understand it, and `Line.enter` before it."""


_PATIENCE: Final = 2.0
"""Seconds for which Ctrl-C is put off while a command is carried out."""
REQUEST_TIME: Final = "%Y%m%dT%H%M%S"
"""How the name of a request begins, so that old ones come first."""


class OwnerThere(Exception):
    """Not an error: while we waited for the lock, an owner has come, who is to be asked instead."""


class OwnerGone(Exception):
    """Not an error: the owner has gone away before it answered. The command may have been carried out."""


class Note(NamedTuple):
    """What `catalog.owner` says."""

    port: int
    token: str
    version: str
    schema: int
    pid: int
    host: str
    started: str


class Links:
    """Connections to the owner of one catalog, opened when they are needed and used again.

    Threads may share them; a forked child opens its own.

    Args:
        folder: where the catalog lies.
        seconds: how long an owner may say nothing before we look whether it is stuck.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self._file = folder / OWNER_FILE
        self._seconds = seconds
        self._idle: list[Line] = []
        self._dead: tuple[int, int] | None = None
        self._silent: tuple[int, int] | None = None
        watch(self)

    def work_lock(self) -> None:
        """None: a fork may come at any time."""

    def begin_anew(self) -> None:
        """After a fork: the connections are the parent's."""
        self._idle = []

    def take(self) -> Line | None:
        """A connection to the owner; None if there is no owner that we can reach. It is ours until `ask` or `put_back`.

        Raises:
            CatalogNewer: the owner knows a newer schema.
        """
        with suppress(IndexError):
            return self._idle.pop()
        return self._reach()

    def put_back(self, line: Line) -> None:
        """Keep a connection for whoever needs one next."""
        self._idle.append(line)

    def had_the_lock(self) -> None:
        """Whoever wrote the file, and then said nothing, is dead: he let go of the lock, and we have had it since."""
        self._dead, self._silent = self._silent or self._dead, None

    def look(self) -> None:
        """For those who wait for the lock.

        Raises:
            OwnerThere: there is an owner.
        """
        line = self.take()
        if line is not None:
            self.put_back(line)
            raise OwnerThere

    def ask(self, line: Line, verb: str, *arguments: Any) -> Any:
        """Send one request and wait for the answer; bytes for those that are answered by an Arrow table.

        Raises:
            OwnerGone: no answer came, and none will.
            HeatersError: what the owner raised, as it raised it.
            CatalogLocked: the owner is stuck.
        """
        with put_off() as interrupts, self._ours(line):
            line.send(dumps([verb, *arguments]))
            self._await(line, interrupts, patient=verb == EXECUTE)
            reply = loads(line.receive())
            answer = line.receive() if "table" in reply else reply.get("answer")
        if "error" in reply:
            raise error_of(reply["error"])
        return answer

    def drain(self) -> None:
        """Ask the owner, if there is one, to finish and leave."""
        line = self.take()
        if line is not None:
            _drain(line)

    def note(self) -> Note | None:
        """What the owner's file says; None if there is none, or none that we may read."""
        try:
            return Note(**json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def obstacle(self) -> str | None:
        """Who holds the catalog as its owner, but can't be asked by us; None if that is not it."""
        note = self.note()
        if note is not None and note.host == os.uname().nodename and self._written() == self._dead:
            return None
        if note is not None:
            return f"process {note.pid} on {note.host} owns it and can't be reached from here: end that one"
        with suppress(OSError):
            return f"a process of user {self._file.stat().st_uid} owns it, who alone may use it meanwhile: ask for its end"
        return None

    def _await(self, line: Line, interrupts: Interrupts, *, patient: bool) -> None:
        """Wait for the answer. Ctrl-C ends the wait; that for a command only if it takes long, for it goes on anyway."""
        if patient and line.hears(_PATIENCE):
            return
        with interrupts.allowed():
            while not line.hears(self._seconds):
                self._hold_alive()

    @contextmanager
    def _ours(self, line: Line) -> Iterator[None]:
        """Keep a connection that still works, and no other."""
        try:
            yield
        except OSError as error:
            line.close()
            self._idle = []
            raise OwnerGone from error
        except BaseException:
            line.close()
            raise
        self.put_back(line)

    def _reach(self) -> Line | None:
        written = self._written()
        note = self.note() if written not in (None, self._dead) else None
        if note is None:
            return None
        if note.schema > SCHEMA_VERSION:
            raise CatalogNewer(
                f"the owner of {self._file.parent} works with schema {note.schema}, this heaters knows {SCHEMA_VERSION}: "
                "upgrade heaters, or restart what still runs the old one", path=str(self._file), version=note.schema,
            )  # fmt: skip
        line = None
        renamed = note.host != os.uname().nodename  # as a laptop is in another network
        if renamed or _alive(note.pid):
            try:
                line = self._connect(note)
            except ConnectionRefusedError:
                self._dead = written
            except OSError:  # it is stuck, or somebody else has got its port
                self._silent = written
                return None
        else:
            self._dead = written
        if line is None or (note.version, note.schema) == (heaters.__version__, SCHEMA_VERSION):
            return line
        _drain(line)
        return None

    def _connect(self, note: Note) -> Line:
        seconds = min(GREETING_SECONDS, self._seconds)
        line = Line(socket.create_connection((HOME, note.port), seconds), seconds)
        line.enter(note.token)
        return line

    def _written(self) -> tuple[int, int] | None:
        """What differs when another owner has written the file."""
        try:
            stat = self._file.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def _hold_alive(self) -> None:
        """Tell a stuck owner from one that has much to do."""
        note = self.note()
        if note is None:
            return
        try:
            self._connect(note).close()
        except OSError as error:
            raise CatalogLocked(
                f"the owner of {self._file.parent}, process {note.pid}, has not answered for {self._seconds:g} s, so it is not "
                "known whether the command was carried out: end that process, then look", path=str(self._file),
            ) from error  # fmt: skip


def request_name(command: object) -> str | None:
    """A name for one sending of a command, so that sending it twice does no harm; None if it does none anyway.

    An `op_id` does the same, and some commands only say how things are to be.
    """
    if hasattr(command, "op_id") or isinstance(command, REPEATABLE):
        return None
    return f"{datetime.now(UTC).strftime(REQUEST_TIME)}-{uuid.uuid4()}"


def _drain(line: Line) -> None:
    with suppress(OSError):
        line.send(dumps([DRAIN]))
        line.receive()
    line.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
