from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import open_workspace
from hosts import Host, notebook, voila
from numbered_films import make
from reels import ReviewRoom, make_reels, review_room
from shown_films import FILMS, SUFFIXES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from heaters import Workspace

LOOK = """
import heaters, ipywidgets

ws = heaters.open_workspace()
refs = [f"{row['source_video_id']}.{row['clip_no']}" for row in ws.clips().rows()]
player = heaters.ReviewPlayer(ws, refs[0])
choice = ipywidgets.Dropdown(options=refs)
choice.observe(lambda change: player.show(change["new"]), names="value")
ipywidgets.VBox([choice, player])
"""


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Every film of `FILMS` as a source of one clip, named after it."""
    folder = tmp_path_factory.mktemp("shown")
    workspace = open_workspace(folder / "workspace", create=True, verify=False)
    for name, film in FILMS.items():
        path = make(folder / f"{name}.{SUFFIXES[film.container]}", film)
        workspace.ingest(path, whole_clip=True, title=name)
    report = workspace.run()
    assert not report.failed, report
    return workspace


@pytest.fixture(scope="session")
def chromium(launch_chromium: Callable[[], Browser]) -> Iterator[Browser]:
    """One browser for all tests that need no more than a profile of their own."""
    browser = launch_chromium()
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page of a browser profile of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def look(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook of a first look."""
    return notebook(tmp_path_factory.mktemp("pages") / "look.ipynb", LOOK)


@pytest.fixture(scope="session", params=["webcodecs", "video"])
def player_host(
    request: pytest.FixtureRequest, shown: Workspace, look: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Host]]:
    """Voila with each of the two players."""
    enabled = "true" if request.param == "webcodecs" else "false"
    with voila(look, shown.root, tmp_path_factory.mktemp("voila"), WEBCODECS_ENABLED=enabled) as host:
        yield request.param, host


@pytest.fixture(scope="session")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewRoom]:
    """The dashboard on many sources, so that each test has one of its own: 72 clips of 10 frames, in the last one 360 of 2."""
    folder = tmp_path_factory.mktemp("review")
    workspace = make_reels(folder / "workspace", *[10] * 15, 2)
    with review_room(workspace.root, folder / "jupyter") as room:
        yield room
