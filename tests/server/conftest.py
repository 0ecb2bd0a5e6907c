from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hosting import TOKEN, Host, dashboard, jupyter_folders, jupyter_server

from heaters.server.registry import register


@dataclass(frozen=True)
class Served:
    """A host, and a workspace that a living process, this one, has registered beside it."""

    host: Host
    root: Path
    uuid: str

    @property
    def proxy(self) -> bytes:
        return (self.root / "review_proxies" / "video_1_proxy.mp4").read_bytes()

    @property
    def path(self) -> str:
        return f"heaters/media/{self.uuid}/1/proxy?v={hashlib.sha256(self.proxy).hexdigest()[:12]}"


@pytest.fixture(scope="session", params=["jupyter", "dashboard", "jupyter below a base URL"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _finished: Path
) -> Iterator[Served]:
    """Both hosts; the dashboard reads a workspace of its own."""
    folder = tmp_path_factory.mktemp("host")
    root = Path(shutil.copytree(_finished, folder / "ws"))
    before = os.environ.get("JUPYTER_RUNTIME_DIR")
    os.environ["JUPYTER_RUNTIME_DIR"] = jupyter_folders(folder)["JUPYTER_RUNTIME_DIR"]
    try:
        uuid = register(root)
    finally:
        os.environ.pop("JUPYTER_RUNTIME_DIR")
        if before is not None:
            os.environ["JUPYTER_RUNTIME_DIR"] = before
    host = {
        "jupyter": lambda: jupyter_server(folder),
        "jupyter below a base URL": lambda: jupyter_server(folder, "/user/ada/"),
        "dashboard": lambda: dashboard(root, folder, "--token", TOKEN),
    }[request.param]
    with host() as running:
        yield Served(running, root, uuid)
