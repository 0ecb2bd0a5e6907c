"""Owners of a catalog under test: in a thread of this process, in a process of their own, and behind a line that loses answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pytest

from heaters.catalog.files import OWNER_FILE
from heaters.catalog.owner import serve
from heaters.catalog.remote import HOME, Links
from heaters.catalog.transports import Catalog

SERVE = """
import sys
from pathlib import Path
import heaters
heaters.__version__ = sys.argv[3] or heaters.__version__
from heaters.catalog.owner import serve
serve(Path(sys.argv[1]), lock_seconds=30, idle_seconds=float(sys.argv[2]), say=lambda text: print(text, flush=True))
"""


class Served(Catalog):
    """A catalog whose owner is a thread of this process: real sockets, a DuckDB of its own, started in no time."""

    def __init__(self, folder: Path, idle_seconds: float = 600) -> None:
        super().__init__(folder)
        self._idle_seconds = idle_seconds
        self.said: list[str] = []

    def __enter__(self) -> Self:
        self._owner = threading.Thread(
            target=serve, args=(self.folder,), kwargs={"lock_seconds": 30, "idle_seconds": self._idle_seconds, "say": self.said.append},
        )  # fmt: skip
        self._owner.start()
        until(lambda: answers(self.folder) or not self._owner.is_alive())
        return self

    def __exit__(self, *_: object) -> None:
        Links(self.folder, 10).drain()
        self._owner.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the file go for a while."""
        self.__exit__()
        yield
        self.__enter__()


class Owner:
    """A catalog's owner in a process of its own, killed at the end if it still lives."""

    def __init__(
        self, folder: Path, *, idle_seconds: float = 600, version: str = "", user: int | None = None
    ) -> None:
        words = [sys.executable, "-c", SERVE, str(folder), str(idle_seconds), version]
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, user=user
        )
        assert self.process.stdout is not None
        self.first_words = self.process.stdout.readline()

    def __enter__(self) -> Self:
        if "is served by process" not in self.first_words:
            self.process.kill()
            pytest.fail(f"it does not serve: {self.first_words}{self.process.communicate()[0]}")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self, seconds: float = 60) -> str:
        """Wait until it has left by itself; returns what it said meanwhile."""
        return self.process.communicate(timeout=seconds)[0]


class Relay:
    """Stands between the clients and the owner of a catalog. On demand it takes in an answer, and then hangs up."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / OWNER_FILE
        note = json.loads(self._file.read_text("utf-8"))
        self._owner = note["port"]
        self._listener = socket.create_server((HOME, 0))
        self.losing = False
        self.lost: list[bytes] = []
        self.on_loss: Callable[[], None] = lambda: None
        fresh = self._file.with_name("relayed")
        fresh.write_text(json.dumps({**note, "port": self._listener.getsockname()[1]}), "utf-8")
        fresh.replace(self._file)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError), client, socket.create_connection((HOME, self._owner)) as owner:
            threading.Thread(target=self._forward, args=(client, owner), daemon=True).start()
            try:
                while data := owner.recv(65536):
                    if self.losing:
                        self.losing = False
                        self.lost.append(data)
                        self.on_loss()
                        return
                    client.sendall(data)
            finally:
                client.shutdown(socket.SHUT_RDWR)  # a close alone would wait for the thread that listens

    @staticmethod
    def _forward(client: socket.socket, owner: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                owner.sendall(data)
            owner.shutdown(socket.SHUT_WR)


def answers(folder: Path) -> bool:
    """Whether an owner of the catalog lets us in."""
    return Links(folder, 10).take() is not None


def until(true: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
