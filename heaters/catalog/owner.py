"""The owner of a catalog: one process that keeps it open and carries out everybody's commands, until nobody needs it."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import heaters
from heaters.catalog.direct import Connection, DirectCatalog
from heaters.catalog.files import OWNER_FILE, SCHEMA_VERSION, SNAPSHOT_FOLDER
from heaters.catalog.held import HeldCatalog
from heaters.catalog.remote import DRAIN, EXECUTE, HOME, Links, Note, OwnerThere
from heaters.catalog.values import dumps, loads, told
from heaters.catalog.wire import Line
from heaters.errors import HeatersError

_PARTING: Final = 10.0
"""Seconds that clients get to take in their last answer."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(
    folder: Path,
    *,
    lock_seconds: float,
    idle_seconds: float,
    say: Callable[[str], None] = print,
    saved: Callable[[Path], object] | None = None,
) -> None:
    """Own a catalog until nobody needs it, a signal or a heaters of another version ends it; nothing if another one does.

    Args:
        folder: where the catalog lies.
        lock_seconds: how long to wait for those who have it open right now.
        idle_seconds: leave when no client was connected and nothing was done for so long.
        say: told what happens, in one line each.
        saved: given each snapshot that is made by itself; may take its time, and raise our errors, which are said.

    Raises:
        CatalogError: it can't be opened.
    """
    links = Links(folder, lock_seconds)
    catalog = DirectCatalog(folder, lock_seconds=lock_seconds, while_waiting=links.look)
    try:
        links.look()
        with catalog.kept() as connection:
            owner = Owner(HeldCatalog(catalog, connection), idle_seconds, say, saved)
            owner.run()
        owner.hand_on()
    except OwnerThere:
        note = links.note()
        say(f"{folder} is served already{f', by process {note.pid}' if note else ''}")


class Owner:
    """Answers clients on the loopback address, each in a thread of its own.

    Args:
        held: what is served; the caller holds the lock, and lets it go after `run`.
        idle_seconds: see `serve`.
        say: see `serve`.
        saved: see `serve`.
    """

    def __init__(
        self,
        held: HeldCatalog,
        idle_seconds: float,
        say: Callable[[str], None],
        saved: Callable[[Path], object] | None = None,
    ) -> None:
        self._held = held
        self._idle_seconds = idle_seconds
        self._say = say
        self._saved = saved
        self._token = secrets.token_hex(32)
        self._clients: dict[Line, threading.Thread] = {}
        self._saver = threading.Thread(target=self._save)
        self._sender = threading.Thread(target=self._send)
        self._alone_since = time.monotonic()
        self._leaving = ""
        self._bell, self._rope = socket.socketpair()

    def run(self) -> None:
        """Serve, then let everybody finish."""
        with self._bell, self._rope, self._signals():
            with socket.create_server((HOME, 0), backlog=128) as listener, self._noted(listener):
                while not self._leaving:
                    self._wait(listener)
            self._part()
        self._say(f"{self._held.folder} is served no more: {self._leaving}")

    def hand_on(self) -> None:
        """Wait until the last snapshot is where it goes: after `run`, when nobody waits for the catalog any more."""
        if self._sender.is_alive():
            self._sender.join()

    def leave(self, reason: str) -> None:
        """Begin to leave; may be called by any thread, and by a signal at any time."""
        self._leaving = self._leaving or reason
        with suppress(OSError):
            self._rope.send(b"!")

    def _wait(self, listener: socket.socket) -> None:
        ready, _, _ = select.select([listener, self._bell], [], [], min(1.0, self._idle_seconds / 4))
        if listener in ready:
            try:
                end, _ = listener.accept()
            except OSError:  # no descriptor is left, or the client has gone
                time.sleep(0.05)
                return
            threading.Thread(target=self._attend, args=(Line(end),), daemon=True).start()
        elif not ready:
            self._rest()

    def _rest(self) -> None:
        """When nothing has changed for a while, save what has; when nobody was there for a while, leave."""
        if self._saver.is_alive() or self._sender.is_alive():
            return
        before = time.monotonic() - self._idle_seconds
        if self._held.changed:
            if self._held.changed_at < before:
                self._saver = threading.Thread(target=self._save)
                self._saver.start()
        elif not self._clients and self._alone_since < before:
            self.leave("nobody needs it")

    def _save(self) -> None:
        try:
            self._held.fold()
            folder = self._held.snapshot(self._held.folder / SNAPSHOT_FOLDER)
        except HeatersError as error:
            self._say(error.message)
        else:
            self._sender = threading.Thread(target=self._send, args=(folder,))
            self._sender.start()

    def _send(self, folder: Path) -> None:
        """Hand a snapshot on; the catalog is not needed for that, so nobody who wants it waits for a network."""
        try:
            if self._saved:
                self._saved(folder)
        except HeatersError as error:
            self._say(error.message)

    def _attend(self, line: Line) -> None:
        """Answer one client until it leaves, or we do."""
        with closing(line), suppress(OSError):
            line.admit(self._token)
            self._clients[line] = threading.current_thread()
            try:
                with self._held.reader() as reader:
                    while not self._leaving:
                        self._answer(line, line.receive(), reader)
            finally:
                self._alone_since = time.monotonic()
                del self._clients[line]

    def _answer(self, line: Line, message: bytes, reader: Connection) -> None:
        for part in self._reply(line, reader, message):
            line.send(part)
        if self._held.broken:
            self.leave("DuckDB has given up")

    def _reply(self, line: Line, reader: Connection, message: bytes) -> list[bytes]:
        """One message, or two where the second one is a table."""
        try:
            verb, *arguments = loads(message)
            if verb == "query":
                table = self._held.query(lambda: bool(self._leaving) or line.hears(0), *arguments)
                return [dumps({"answer": None})] if table is None else [dumps({"table": True}), table.ipc()]
            return [dumps({"answer": self._do(reader, verb, *arguments)})]
        except Exception as error:  # noqa: BLE001 - the client raises it
            if not isinstance(error, HeatersError):
                self._say("".join(traceback.format_exception(error)))
            return [dumps({"error": told(error)})]

    def _do(self, reader: Connection, verb: str, *arguments: Any) -> Any:
        match verb:
            case _ if verb == EXECUTE:
                return self._held.execute(*arguments)
            case "rows":
                return self._held.rows(reader, *arguments)
            case "copy":
                return str(self._held.copy_to(Path(*arguments)))
            case "snapshot":
                return str(self._held.snapshot(Path(*arguments)))
            case _ if verb == DRAIN:
                return self.leave("it was asked to leave")
        raise TypeError(f"no verb: {verb}")

    def _part(self) -> None:
        """Let what was begun end, and take in nothing new. Nobody may touch the file after this."""
        clients = dict(self._clients)
        for line in clients:
            with suppress(OSError):
                line.deafen()
        deadline = time.monotonic() + _PARTING
        for thread in clients.values():
            thread.join(max(deadline - time.monotonic(), 0))
        if self._saver.is_alive():
            self._saver.join()
        self._held.fold()

    @contextmanager
    def _noted(self, listener: socket.socket) -> Iterator[None]:
        """Let clients find us. Only who holds the catalog's lock may write this file."""
        file, started = self._held.folder / OWNER_FILE, datetime.now(UTC).isoformat(timespec="seconds")
        port = listener.getsockname()[1]
        note = Note(
            port, self._token, heaters.__version__, SCHEMA_VERSION, os.getpid(), os.uname().nodename, started
        )
        fresh = file.with_name(f"{OWNER_FILE}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            json.dump(note._asdict(), out)
        fresh.replace(file)
        self._say(
            f"{self._held.folder} is served by process {note.pid}, until it is idle for {self._idle_seconds:g} s"
        )
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Leave at a signal; only a main thread gets any."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, lambda got, _: self.leave(f"{signal.Signals(got).name} came"))
            for number in _SIGNALS
        }
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)
