"""The player in JupyterLab: keys stay with it, Python and the page follow each other, nothing secret is saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import Host, lab, notebook
from lab_page import LabPage
from shown_films import FILMS
from watching import Watched, console_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from heaters import Workspace

FIRST = list(FILMS).index("cfr25") + 1
WATCH_FRAMES = """root => {
  window.seen = new Set();
  new MutationObserver(() => window.seen.add(root.dataset.frame)).observe(root, { attributes: true });
}"""
LENGTH = len(FILMS["cfr25"].shown)


@pytest.fixture(scope="module")
def lab_host(shown: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "pages").mkdir()
    with lab(folder / "pages" / "empty.ipynb", shown.root, folder / "jupyter") as host:
        yield host


@pytest.fixture
def saved(lab_host: Host, request: pytest.FixtureRequest) -> Path:
    """A notebook of the test's own."""
    return notebook(lab_host.folder.parent / "pages" / f"{request.node.name}.ipynb", "")


@pytest.fixture
def opened(lab_host: Host, saved: Path, page: Page) -> Iterator[tuple[LabPage, Watched]]:
    errors = console_of(page)
    inside = LabPage(page, lab_host.url.replace("empty.ipynb", saved.name))
    inside.run(
        f"import heaters\nws = heaters.open_workspace()\nplayer = heaters.ReviewPlayer(ws, '{FIRST}.1')\ndisplay(player)"
    )
    yield inside, Watched(page).wait_ready()
    assert errors == []


def test_keys_belong_to_the_player_that_has_the_focus(opened: tuple[LabPage, Watched]) -> None:
    inside, player = opened
    cells = inside.cells
    player.press("a", "b", "d", "d", "x", "c", "v", "z", "m", "m", "Enter", "0", "0", "i", "i")
    player.press(".", "ArrowRight", "Shift+ArrowRight", ",")
    player.wait_for_frame(11)
    assert player.number == 11
    assert inside.cells == cells
    player.press("End")
    player.wait_for_frame(LENGTH - 1)
    player.press(".", "Shift+ArrowRight", "Home", "ArrowLeft")
    player.wait_for_frame(0)
    assert player.number == 0
    assert inside.run("print(player.frame, player.end_frame)") == f"0 {LENGTH}"


@pytest.mark.long
def test_python_and_the_page_follow_each_other(opened: tuple[LabPage, Watched]) -> None:
    inside, player = opened
    assert (
        inside.run("print(player.player_kind, player.bytes_from, player.status)") == "webcodecs server ready"
    )
    inside.run("player.frame = 33")
    player.wait_for_frame(33)
    assert player.number == 33
    inside.run("player.step(-3)")
    player.wait_for_frame(30)
    player.press("Shift+ArrowRight")
    player.wait_for_frame(40)
    assert inside.run("import time\nfor _ in range(20): pass\nprint(player.frame)") == "40"
    inside.run("player.show(source=1, frame=7)")
    player.page.locator(".hp-name", has_text="cfr24").wait_for()
    player.wait_for_frame(7)
    assert player.number == 7
    assert "no frame 100000" in inside.run(
        "try: player.seek(100000)\nexcept heaters.HeatersError as error: print(error)"
    )


@pytest.mark.long
def test_playing_loops_over_exactly_the_clip(opened: tuple[LabPage, Watched]) -> None:
    inside, player = opened
    inside.run(
        "ws.decide('split', ['3.1'], frame=20)\nws.decide('split', ['3.2'], frame=30)\nplayer.show('3.2')"
    )
    player.wait_for_frame(20)
    player.page.evaluate(WATCH_FRAMES, player.root.element_handle())
    player.press(" ")
    player.page.wait_for_timeout(1500)
    player.press(" ")
    seen = {int(frame) for frame in player.page.evaluate("[...window.seen]")}
    assert seen <= set(range(20, 30))
    assert len(seen) >= 5
    assert player.number == player.frame
    assert inside.run("print(player.playing, player.frame)") == f"False {player.frame}"


@pytest.mark.long
def test_two_views_of_one_player_and_two_players_side_by_side(opened: tuple[LabPage, Watched]) -> None:
    inside, first = opened
    inside.run("display(player)\nother = heaters.ReviewPlayer(ws, source=6)\ndisplay(other)")
    views = [
        Watched(first.page, first.page.locator(".heaters-player").nth(number)).wait_ready()
        for number in range(3)
    ]
    views[1].press("Shift+ArrowRight")
    for view in views[:2]:
        view.wait_for_frame(10)
        assert view.number == 10
    assert views[2].number == 0


def test_a_saved_notebook_holds_no_address_and_no_token(
    opened: tuple[LabPage, Watched], saved: Path, shown: Workspace
) -> None:
    inside, player = opened
    inside.page.locator(".jp-Notebook-cell .cm-content").last.click()
    inside.page.keyboard.press("Control+s")
    inside.page.wait_for_function("document.title.startsWith('●') === false")
    inside.page.wait_for_timeout(1500)
    text = saved.read_text("utf-8")
    assert "application/vnd.jupyter.widget-view+json" in text
    assert "secret" not in text
    assert "/heaters/media/" not in text
    assert "heaters/media/" not in json.dumps(json.loads(text)["metadata"])
    assert str(shown.root) not in text
    assert player.status == "ready"


@pytest.mark.long
def test_a_dead_kernel_does_not_stop_the_player(opened: tuple[LabPage, Watched]) -> None:
    inside, player = opened
    inside.run("import os, threading\nthreading.Timer(0.2, os._exit, [0]).start()")
    inside.page.wait_for_timeout(2000)
    player.root.locator(
        "canvas.hp-picture"
    ).click()  # after which the dialog about the kernel is gone, and it plays
    player.press("k", "Home", ".")
    player.wait_for_frame(1)
    assert player.number == 1
