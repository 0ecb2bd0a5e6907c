"""Any frame on the canvas is the frame that was asked for, on both players, read from the pixels."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from shown_films import FILMS
from watching import Watched, console_of

if TYPE_CHECKING:
    from hosts import Host
    from playwright.sync_api import Browser, Page

SEEKS = 40


@pytest.fixture(scope="module")
def open_page(player_host: tuple[str, Host], chromium: Browser) -> Iterator[tuple[str, Page, list[str]]]:
    kind, host = player_host
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors = console_of(page)
    page.goto(host.url)
    Watched(page).wait_ready()
    yield kind, page, errors
    context.close()


@pytest.mark.parametrize("name", FILMS)
def test_every_seek_shows_the_picture_with_that_number(
    open_page: tuple[str, Page, list[str]], name: str
) -> None:
    kind, page, errors = open_page
    film, player = FILMS[name], Watched(page)
    page.locator("select").select_option(index=list(FILMS).index(name))
    page.locator(".hp-name", has_text=name).wait_for()
    player.wait_ready()
    assert player.kind.startswith({"webcodecs": "WebCodecs", "video": "<video>"}[kind])
    count = len(film.shown)
    chance = random.Random(name)
    wanted = [0, 1, count - 2, count - 1, *(chance.randrange(count) for _ in range(SEEKS - 4))]
    found = {frame: player.seek(frame) for frame in wanted}
    assert found == {frame: film.shown[frame] for frame in wanted}
    assert errors == []
