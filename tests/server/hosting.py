"""Real servers on free ports of this machine, each with Jupyter folders of its own."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

TOKEN = "a-token-of-the-tests"
_PATIENCE = 120


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Host:
    """A server that runs, and how to ask it."""

    process: subprocess.Popen[Any]
    port: int
    base_url: str = "/"

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", token: str | None = TOKEN
    ) -> Reply:  # fmt: skip
        """Ask once; redirects are not followed."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        login = {"Authorization": f"token {token}"} if token else {}
        try:
            connection.request(method, self.base_url + path, headers={**login, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    @property
    def kernels(self) -> list[psutil.Process]:
        """Its kernels that run."""
        return [one for one in psutil.Process(self.process.pid).children() if is_kernel(one)]


def is_kernel(process: psutil.Process) -> bool:
    """Whether this is a kernel that lives."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "ipykernel" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def jupyter_folders(folder: Path) -> dict[str, str]:
    """Variables that keep Jupyter away from what the person who runs the tests has."""
    return {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")} | {
        "HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")
    }  # fmt: skip


@contextmanager
def jupyter_server(folder: Path, base_url: str = "/") -> Iterator[Host]:
    """Jupyter Server as people start it: nothing names our extension."""
    # without the grammar that jsonschema makes at import, which takes most of the start
    start = (
        "import sys; sys.modules['rfc3987_syntax'] = None; from jupyter_server.serverapp import main; main()"
    )
    words = ["-c", start, "--no-browser", "--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}",
             f"--ServerApp.base_url={base_url}", f"--ServerApp.root_dir={folder}", "--allow-root"]  # fmt: skip
    with _running(words, folder, rf"http://localhost:(\d+){base_url}") as (process, port):
        yield Host(process, port, base_url)


@contextmanager
def dashboard(workspace: Path, folder: Path, *words: str) -> Iterator[Host]:
    """`heaters dashboard` in a process of its own."""
    verb = [
        "-m",
        "heaters",
        "dashboard",
        "--workspace",
        str(workspace),
        "--port",
        "0",
        "--no-browser",
        *words,
    ]
    with _running(verb, folder, r"http://[^:]+:(\d+)/") as (process, port):
        yield Host(process, port)


@contextmanager
def _running(words: Sequence[str], folder: Path, address: str) -> Iterator[tuple[subprocess.Popen[Any], int]]:
    """Start a server and wait until it has said its address; ended by Ctrl-C."""
    log = folder / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            env={**os.environ, **jupyter_folders(folder), "PYTHONUNBUFFERED": "1", "HEATERS_OWNER_IDLE_SECONDS": "5"},
            start_new_session=True,
        )  # fmt: skip
    try:
        found = None
        until = time.monotonic() + _PATIENCE
        while found is None:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
            found = re.search(address, log.read_text())
        port = int(found[1])  # Jupyter Server says it before it listens
        assert wait_until(lambda: answers(port)), log.read_text()
        yield process, port
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("localhost", port), timeout=5).close()
    except OSError:
        return False
    return True


def wait_until(true: Any, patience: float = 60) -> bool:
    """Whether it became true in time."""
    until = time.monotonic() + patience
    while not true() and time.monotonic() < until:
        time.sleep(0.1)
    return bool(true())
