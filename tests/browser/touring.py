"""Tours of the player in browsers that Playwright does not drive: films to seek in, and what must be seen."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numbered_films import BITS
from shown_films import FILMS
from watching import READ_NUMBER

TOUR = (Path(__file__).parent / "tour.js").read_text()
SEEKS = 20
NAMES = {"webcodecs": "WebCodecs", "video": "<video>"}
"""What the page calls its players."""
PLAYED = ("cfr24", "ntsc", "vfr", "edit-list")
"""Films with sound and without, steady and not. Playing begins with the film that was sought in last."""


@dataclass(frozen=True)
class Seen:
    """What a browser gave: its version, one result for each step, and the errors of its console."""

    version: str
    results: list[Any]
    errors: list[str]


def act(verb: str, **order: object) -> dict[str, str]:
    """A step: an act of `tour.js`."""
    tour = f"const readNumber = {READ_NUMBER}; const bits = {BITS}; const tour = {TOUR}"
    return {"run": f"(() => {{ {tour}; return tour.{verb}({json.dumps(order)}) }})()"}


def wanted(name: str) -> list[int]:
    """Frames of a film to go to: the first ones, the last ones, and some by chance."""
    count, chance = len(FILMS[name].shown), random.Random(name)
    return [0, 1, count - 2, count - 1, *(chance.randrange(count) for _ in range(SEEKS - 4))]


def whole_tour(names: Iterable[str] = FILMS) -> dict[str, dict[str, str]]:
    """Steps by what they show: seeks in every film; some are played by a key, as people do, and paused."""
    steps: dict[str, dict[str, str]] = {}
    for name in names:
        steps[f"seeks {name}"] = act("seeks", index=list(FILMS).index(name), name=name, wanted=wanted(name))
        if name in PLAYED:
            steps[f"home {name}"] = act("focus")
            steps[f"play {name}"] = {"press": " "}
            steps[f"played {name}"] = act("played", more=15)
            steps[f"pause {name}"] = {"press": "k"}
            steps[f"paused {name}"] = act("paused", shown=FILMS[name].shown)
    return steps


def hold(seen: Seen, steps: dict[str, dict[str, str]], player: str) -> None:
    """Hold what was seen against the films.

    Firefox 153 draws pictures of a playing `<video>` after it has announced them, WebKitGTK 2.50 at times before: only of
    WebCodecs it is claimed that pictures of playing are those that are told. After a pause they are, whoever plays.
    """
    results = dict(zip(steps, seen.results, strict=True))
    seeks = {name: results[f"seeks {name}"] for name in FILMS}
    assert {one["kind"].partition(" ")[0] for one in seeks.values()} == {player}
    found = {
        name: {int(frame): number for frame, number in one["found"].items()} for name, one in seeks.items()
    }
    assert found == {name: {frame: FILMS[name].shown[frame] for frame in wanted(name)} for name in FILMS}
    for name in PLAYED:
        shown, played = FILMS[name].shown, results[f"played {name}"]
        assert all(isinstance(one, list) for one in played), (name, played)
        assert {number for _, number in played} <= set(shown), (name, played)
        frame, number = results[f"paused {name}"]
        assert number == shown[frame], (name, frame, number)
        if player == NAMES["webcodecs"]:
            assert [number for _, number in played] == [shown[frame] for frame, _ in played], name
    assert seen.errors == []
