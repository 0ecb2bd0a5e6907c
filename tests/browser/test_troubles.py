"""What happens when bytes don't come, come wrong, or come another way; and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hosts import Host, voila
from shown_films import FILMS
from watching import Watched, console_of

from heaters.ui.player import BUNDLE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from heaters import Workspace

MEDIA = "**/heaters/media/**"
CLIPS = 200


@pytest.fixture(scope="module")
def host(look: Path, shown: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with voila(look, shown.root, tmp_path_factory.mktemp("troubles")) as running:
        yield running


@pytest.fixture
def player(host: Host, page: Page) -> Watched:
    page.goto(host.url)
    return Watched(page).wait_ready()


def test_a_lost_server_is_told_and_heals_by_itself_on_the_same_frame(host: Host, player: Watched) -> None:
    player.seek(5)
    os.kill(host.process.pid, signal.SIGSTOP)
    try:
        player.press("End")
        player.wait_for_status("lost")
        assert "Nothing is lost" in player.message
        assert player.number == 5, "the picture stays"
    finally:
        os.kill(host.process.pid, signal.SIGCONT)
    last = len(FILMS["cfr24"].shown) - 1
    player.wait_for_frame(last, seconds=30)
    player.wait_for_status("ready")
    assert player.number == last


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 404, "body": "unknown"}, marks=pytest.mark.long),
        {"status": 200, "body": "the whole file"},
        pytest.param(
            {"status": 200, "body": "<html>log in</html>", "content_type": "text/html"},
            marks=pytest.mark.long,
        ),
        pytest.param({"status": 302, "headers": {"Location": "/login"}}, marks=pytest.mark.long),
    ],
    ids=["not found", "200 instead of 206", "login page", "redirect to login"],
)
def test_a_server_that_refuses_is_passed_over_for_the_kernel(
    host: Host, page: Page, answer: dict[str, object]
) -> None:
    page.route(MEDIA, lambda route: route.fulfill(**answer))
    page.goto(host.url)
    player = Watched(page).wait_ready()
    page.locator(".hp-kind", has_text="kernel").wait_for()
    for frame in (7, 70, 33):
        assert player.seek(frame) == frame


def test_damaged_bytes_are_never_shown(host: Host, page: Page) -> None:
    page.goto(host.url)
    player = Watched(page).wait_ready()
    player.seek(3)

    def flip(route: Route) -> None:
        answer = route.fetch()
        body = bytearray(answer.body())
        body[len(body) // 2] ^= 0xFF
        route.fulfill(response=answer, body=bytes(body))

    page.route(MEDIA, flip)
    player.press("End")
    player.wait_for_status("failed")
    assert "frame" in player.message
    assert player.number == 3
    page.unroute(MEDIA)
    assert player.seek(40) == 40, "the next frame is tried afresh"
    assert player.status == "ready"


@pytest.mark.long
def test_on_an_insecure_origin_the_other_player_runs_and_says_how_to_get_the_better_one(
    look: Path, shown: Workspace, tmp_path: Path, chromium: Browser
) -> None:
    with voila(look, shown.root, tmp_path / "far", token="t0ken") as host:
        context = chromium.new_context()
        page = context.new_page()
        page.add_init_script(
            "delete window.VideoDecoder; Object.defineProperty(window, 'isSecureContext', {value: false})"
        )
        page.goto(host.url)
        player = Watched(page).wait_ready()
        assert player.kind.startswith("<video>")
        assert "https" in (player.root.locator(".hp-kind").get_attribute("title") or "")
        assert player.seek(12) == 12
        context.close()


@pytest.mark.long
def test_without_a_click_it_plays_muted_and_offers_sound(host: Host, page: Page) -> None:
    page.add_init_script(
        "HTMLMediaElement.prototype.play = function () { return this.muted ? Promise.resolve() : "
        "Promise.reject(new DOMException('no gesture', 'NotAllowedError')) }"
    )
    page.goto(host.url)
    player = Watched(page).wait_ready()
    player.press(" ")
    page.get_by_role("button", name="Click for sound", include_hidden=False).wait_for()
    page.wait_for_timeout(600)
    assert player.frame > 0
    player.press(" ")


def test_the_page_runs_the_bundle_of_the_committed_source(player: Watched) -> None:
    first = BUNDLE.read_text("utf-8").splitlines()[0]
    on_page = player.page.locator("[data-heaters-widgets]").first.get_attribute("data-heaters-widgets")
    assert first == f"// heaters widgets {on_page}"


@pytest.mark.long
def test_two_hundred_clips_in_a_row_leave_nothing_behind(host: Host, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors = console_of(page)
    protocol = context.new_cdp_session(page)
    protocol.send("Performance.enable")
    page.goto(host.url)
    player = Watched(page).wait_ready()

    def measures() -> dict[str, float]:
        protocol.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in protocol.send("Performance.getMetrics")["metrics"]}
        return {name: found[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}

    before: dict[str, float] = {}
    for number in range(CLIPS):
        if number == 20:
            before = measures()
        name = [*FILMS][number % len(FILMS)]
        page.locator("select").select_option(index=number % len(FILMS))
        page.locator(".hp-name", has_text=name).wait_for()
        player.wait_ready()
        if number % 5 == 0:
            player.press(" ")
            page.wait_for_timeout(300)
            player.press(" ")
    after = measures()
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 8e6, (before, after)
    assert after["Nodes"] < before["Nodes"] + 200
    assert after["JSEventListeners"] < before["JSEventListeners"] + 200
    assert page.locator("video, audio").count() <= 2
    assert host.kernels == 1
    assert errors == []
    page.close()
    deadline = time.monotonic() + 20
    while host.kernels and time.monotonic() < deadline:
        time.sleep(0.2)
    assert host.kernels == 0
    context.close()
