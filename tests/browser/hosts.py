"""Real Voila and real JupyterLab for browser tests, each with folders of its own, on a free port of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from hosting import is_kernel

VOILA = (
    "import sys; from heaters.server.dashboard import HeatersVoila\n"
    "HeatersVoila(sys.argv[1], 0, '127.0.0.1', sys.argv[2] or None, on_ready=lambda one: print(one.address, flush=True)).start()"
)


@dataclass(frozen=True)
class Host:
    """A running server: the address of its page, its process, its folders."""

    url: str
    process: subprocess.Popen[str]
    folder: Path

    def json(self, path: str) -> object:
        """What the server's own interface answers."""
        base, _, query = self.url.partition("?")
        with urllib.request.urlopen(f"{base.rstrip('/')}/{path}?{query}", timeout=30) as answer:
            return json.loads(answer.read())

    @property
    def kernels(self) -> int:
        """How many kernels run below it."""
        return sum(map(is_kernel, psutil.Process(self.process.pid).children(recursive=True)))


def notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells."""
    made = [
        {
            "cell_type": "code",
            "id": f"cell{number}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": cell,
        }
        for number, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


@contextmanager
def voila(page: Path, workspace: Path, folder: Path, token: str = "", **environ: str) -> Iterator[Host]:
    """`heaters dashboard` for one notebook."""
    with _started([sys.executable, "-c", VOILA, str(page), token], workspace, folder, environ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), _log(folder)
        yield Host(url, process, folder)


@contextmanager
def lab(page: Path, workspace: Path, folder: Path, token: str = "secret") -> Iterator[Host]:
    """JupyterLab with our extension, opened on one notebook."""
    options = {
        "ip": "127.0.0.1", "port": "0", "ServerApp.port_retries": "0", "IdentityProvider.token": token, "ServerApp.root_dir": page.parent,
        "LabApp.news_url": "None", "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.expose_app_in_browser": "True", "ServerApp.jpserver_extensions": "{'heaters': True}",
    }  # fmt: skip
    flags = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *flags]
    with _started(command, workspace, folder, {}) as process:
        files = folder / "runtime"
        deadline = time.monotonic() + 60
        while not (found := sorted(files.glob("jpserver-*.json"))):
            assert time.monotonic() < deadline, _log(folder)
            assert process.poll() is None, _log(folder)
            time.sleep(0.1)
        time.sleep(0.2)
        base = json.loads(found[0].read_text())["url"]
        yield Host(f"{base}doc/tree/{page.name}?token={token}", process, folder)


@contextmanager
def _started(
    command: Sequence[str], workspace: Path, folder: Path, environ: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    own = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "runtime", "data")}
    full = {**os.environ, **own, "HEATERS_WORKSPACE": str(workspace), "HOME": str(folder), **environ}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command,
            env=full,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
            if process.stdout:
                process.stdout.close()


def _log(folder: Path) -> str:
    return (folder / "log.txt").read_text()[-3000:]
