from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heaters.domain.outlook import cause, pace, rhythm

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - as the catalog keeps times
SPELL = 600


def start(minutes_ago: float) -> int:
    return int((NOW - timedelta(minutes=minutes_ago)).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("/films/a 1.mp4: not a readable video", ["/films/a 1.mp4"]), ("/films/b.mp4: not a readable video", ["/films/b.mp4"])),
        (("7 Harbour: prepare: killed", ["Harbour"]), ("12 Reel 3: prepare: killed", ["Reel 3"])),
        (("frame 12 differs", []), ("frame 1,204 differs", [])),
        (("a: bad", ["a", None, ""]), ("bb: bad", ["bb"])),
    ],
)  # fmt: skip
def test_what_belongs_to_one_source_is_no_part_of_a_cause(
    one: tuple[str, list[str]], other: tuple[str, list[str]]
) -> None:
    assert cause(*one) == cause(*other)


def test_different_errors_are_different_causes_and_a_short_title_eats_no_words() -> None:
    assert cause("the worker was killed") != cause("the disk is full")
    assert cause("a bad frame at the end", ["a"]) == "… bad frame at the end"


def test_the_pace_is_what_was_decided_in_the_hours_in_which_anybody_worked() -> None:
    found = pace([(start(5), 100), (start(15), 200), (start(24 * 60), 300)], SPELL, pending=1200, now=NOW)
    assert (found.clips, found.hours) == (600, 0.5)
    assert (found.per_hour, found.left, found.active) == (1200, 1, True)
    assert found.done_at == NOW + timedelta(hours=1)


def test_nobody_at_work_gives_no_end_and_nothing_left_none_either() -> None:
    idle = pace([(start(60), 100), (start(70), 100)], SPELL, pending=600, now=NOW)
    assert (idle.per_hour, idle.left, idle.active, idle.done_at) == (600, 1, False, None)
    assert pace([(start(5), 100), (start(15), 100)], SPELL, pending=0, now=NOW).done_at is None


@pytest.mark.parametrize("spells", [[], [(start(5), 500)], [(start(5), 4), (start(15), 5)]])
def test_too_little_gives_no_pace(spells: list[tuple[int, int]]) -> None:
    found = pace(spells, SPELL, pending=600, now=NOW)
    assert (found.per_hour, found.left, found.done_at) == (None, None, None)


def test_runs_that_come_evenly_have_a_rhythm() -> None:
    hours = [0, 6, 12.1, 18, 24]
    assert rhythm([NOW - timedelta(hours=one) for one in hours]) == timedelta(hours=6)


@pytest.mark.parametrize("hours", [[], [0, 6, 12], [0, 1, 7, 8, 20], [0, 0, 0, 0, 0]])
def test_few_or_uneven_runs_have_none(hours: list[float]) -> None:
    assert rhythm([NOW - timedelta(hours=one) for one in hours]) is None
