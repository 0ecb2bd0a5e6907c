from __future__ import annotations

import doctest
from datetime import datetime

import pytest

from heaters.domain import bounds as module
from heaters.domain.bounds import Bounds, bounds, next_time
from heaters.errors import UsageError

at = datetime.fromisoformat
NOW = at("2026-03-01T22:15")


def test_the_example_in_the_docstring_is_true() -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("23:30", at("2026-03-01T23:30")),
        ("6:00", at("2026-03-02T06:00")),
        ("22:15", at("2026-03-02T22:15")),
        ("00:00", at("2026-03-02T00:00")),
        ("", None),
        (None, None),
    ],
)
def test_a_time_of_day_is_the_next_one(text: str | None, found: datetime | None) -> None:
    assert next_time(text, NOW) == found


@pytest.mark.parametrize("text", ["24:00", "6", "06:60", "six", "-1:00", "06:00:00"])
def test_no_other_text_is_a_time_of_day(text: str) -> None:
    with pytest.raises(UsageError, match="00:00 to 23:59"):
        next_time(text, NOW)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1000", 1000),
        ("20GB", 20 * 10**9),
        ("1.5 tb", 15 * 10**11),
        ("10%", 700),
        ("0", 0),
        ("", 0),
        (None, 0),
        (5, 5),
    ],
)
def test_space_to_keep_is_bytes_or_a_share_of_the_disk(text: str | int | None, count: int) -> None:
    assert bounds(None, text, NOW, 7000).keep_free == count


@pytest.mark.parametrize("text", ["100%", "x", "10 percent", "-5", "1e9", "%"])
def test_no_other_text_is_space_to_keep(text: str) -> None:
    with pytest.raises(UsageError, match="keep-free is"):
        bounds(None, text, NOW, 7000)


def test_work_waits_from_its_time_on_and_not_before() -> None:
    limits = Bounds(until=NOW)
    assert limits.obstacle(NOW.replace(minute=14), None, 0) is None
    assert "past 22:15" in str(limits.obstacle(NOW, None, 0))


def test_work_waits_where_it_would_leave_less_than_is_to_be_kept() -> None:
    limits = Bounds(keep_free=100)
    assert limits.obstacle(NOW, 300, 200) is None
    assert "99 bytes free" in str(limits.obstacle(NOW, 300, 201))
    assert limits.obstacle(NOW, None, 10**15) is None, "a store without a limit"


def test_a_moment_that_was_found_once_stays() -> None:
    assert bounds(NOW, None, NOW.replace(minute=50), 1).until == NOW
