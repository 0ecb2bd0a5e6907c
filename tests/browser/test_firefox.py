"""Firefox shows the same frames as Chromium, on both players. Driven by WebDriver BiDi from node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from touring import NAMES, Seen, hold, whole_tour

if TYPE_CHECKING:
    from hosts import Host

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def firefox() -> str:
    """The program. What drives it comes from npm, once."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("no Firefox here: apt install firefox-esr")
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node and npm here, by which Firefox is driven: apt install nodejs npm")
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]["node_modules/puppeteer-core"]
    installed = HERE / "node_modules" / "puppeteer-core" / "package.json"
    if not installed.exists() or json.loads(installed.read_text())["version"] != locked["version"]:
        done = subprocess.run(
            ["npm", "ci"], check=False, cwd=HERE, capture_output=True, text=True, timeout=240
        )
        if done.returncode:
            pytest.skip(f"npm installs nothing here: {done.stderr[-300:]}")
    return program


@pytest.mark.long
def test_every_frame_in_firefox(player_host: tuple[str, Host], firefox: str) -> None:
    kind, host = player_host
    steps = whole_tour()
    job = {"program": firefox, "url": host.url, "steps": list(steps.values())}
    done = subprocess.run(
        ["node", "firefox.mjs"],
        check=False,
        cwd=HERE,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    hold(Seen(**json.loads(done.stdout)), steps, NAMES[kind])
