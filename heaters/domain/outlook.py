"""What follows from what was: the cause that failures share, the pace of the review, the rhythm of the runs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_FEWEST_CLIPS: Final = 10
_FEWEST_SPELLS: Final = 2
_FEWEST_RUNS: Final = 4
_EVEN: Final = 0.25
"""Gaps between runs that differ by no more than this share of their median are a rhythm."""


def cause(error: str, names: Iterable[str | None] = ()) -> str:
    """What an error says when all that belongs to one source is left out of it, so that equal causes are equal texts.

    Args:
        names: of the source: its title, its files.

    >>> cause("7 Harbour: prepare: the worker was killed after 31 s", ["Harbour"])
    '# …: prepare: the worker was killed after # s'
    """
    for name in sorted({name for name in names if name}, key=len, reverse=True):
        error = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", error)
    return _NUMBER.sub("#", error)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast people get through the clips.

    Attributes:
        per_hour: clips an hour of work; None while too few were decided to tell.
        clips: how many were decided in `hours` of work, which is what `per_hour` is made of.
        left: hours of work that are left at that pace; None without one.
        active: somebody has decided in the current spell or the one before it.
        done_at: when all is done if it goes on like this, UTC without a zone; None where nobody decides just now.
    """

    per_hour: float | None
    clips: int
    hours: float
    left: float | None
    active: bool
    done_at: datetime | None


def pace(spells: Sequence[tuple[int, int]], spell_seconds: int, pending: int, now: datetime) -> Pace:
    """The pace of the last spells in which anybody decided.

    Args:
        spells: (start in seconds since 1970, clips that were decided in it), newest first, without idle ones.
        pending: clips that are left.
        now: UTC without a zone.
    """
    clips, hours = sum(count for _, count in spells), len(spells) * spell_seconds / 3600
    seconds = now.replace(tzinfo=UTC).timestamp()
    active = bool(spells) and seconds - spells[0][0] < 2 * spell_seconds
    if clips < _FEWEST_CLIPS or len(spells) < _FEWEST_SPELLS:
        return Pace(None, clips, hours, None, active, None)
    left = pending * hours / clips
    done_at = now + timedelta(hours=left) if active and pending else None
    return Pace(clips / hours, clips, hours, left, active, done_at)


def rhythm(starts: Sequence[datetime]) -> timedelta | None:
    """How long it is from one run to the next; None where they come unevenly, or too few have come.

    Args:
        starts: when the last runs began, newest first.
    """
    if len(starts) < _FEWEST_RUNS:
        return None
    gaps = [(new - old).total_seconds() for new, old in pairwise(starts)]
    usual = median(gaps)
    if usual <= 0 or any(abs(gap - usual) > _EVEN * usual for gap in gaps):
        return None
    return timedelta(seconds=round(usual))
