"""Any frame on the canvas is the frame that was asked for, on both players, read from the pixels.

The long run makes 500 seeks for each film and player and writes what it found into `every_frame.json`, which is committed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shown_films import FILMS
from watching import Watched, console_of

if TYPE_CHECKING:
    from hosts import Host
    from playwright.sync_api import Browser, Page

RESULTS = Path(__file__).with_name("every_frame.json")


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


@pytest.mark.parametrize("seeks", [40, pytest.param(500, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", FILMS)
def test_every_seek_shows_the_picture_with_that_number(
    open_page: tuple[str, Page, list[str]], chromium: Browser, name: str, seeks: int
) -> None:
    kind, page, errors = open_page
    film, player = FILMS[name], Watched(page)
    page.locator("select").select_option(index=list(FILMS).index(name))
    page.locator(".hp-name", has_text=name).wait_for()
    player.wait_ready()
    assert player.kind.startswith({"webcodecs": "WebCodecs", "video": "<video>"}[kind])
    count = len(film.shown)
    chance = random.Random(name)
    wanted = [0, 1, count - 2, count - 1, *(chance.randrange(count) for _ in range(seeks - 4))]
    found = [(frame, player.seek(frame)) for frame in wanted]
    wrong = [(frame, number) for frame, number in found if number != film.shown[frame]]
    if seeks > 40:
        note(
            {
                "player": kind,
                "film": name,
                "frames": count,
                "seeks": seeks,
                "wrong": len(wrong),
                "browser": f"Chromium {chromium.version}",
            }
        )
    assert wrong == []
    assert errors == []


def note(row: dict[str, Any]) -> None:
    """Put a row in the place of the one before it."""
    rows = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else []
    kept = [one for one in rows if (one["player"], one["film"]) != (row["player"], row["film"])]
    kept.append({**row, "date": f"{datetime.now(UTC):%Y-%m-%d}"})
    kept.sort(key=lambda one: (one["player"], one["film"]))
    RESULTS.write_text("[\n" + ",\n".join(f"  {json.dumps(one)}" for one in kept) + "\n]\n", "utf-8")
