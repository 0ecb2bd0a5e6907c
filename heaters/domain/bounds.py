"""How far a run goes before it leaves the rest to a later one: a time of day, and disk space that stays free."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from heaters.errors import UsageError

_CLOCK: Final = r"([01]?\d|2[0-3]):([0-5]\d)"
_AMOUNT: Final = r"(\d+(?:\.\d+)?)\s*(%|[KMGTkmgt]?[Bb])?"
"""Compiled where they are used: a run without bounds has no time for it."""

_UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_WHOLE: Final = 100


class Bounds(NamedTuple):
    """What a run stops at.

    Attributes:
        until: local time without a zone; nothing is begun from then on, and what runs is finished.
        keep_free: bytes; nothing is begun that is projected to leave less.
    """

    until: datetime | None = None
    keep_free: int = 0

    def obstacle(self, now: datetime, free: int | None, needed: int) -> str | None:
        """Why a piece of work has to wait for a later run; None if it need not.

        Args:
            now: local time without a zone.
            free: free bytes of the store; None where there is no limit.
            needed: bytes that it and all that runs already are projected to write.
        """
        if self.until is not None and now >= self.until:
            return f"it is past {self.until:%H:%M}, the end of this run; a later one goes on"
        if self.keep_free and free is not None and free - needed < self.keep_free:
            return (
                f"it would leave {max(free - needed, 0)} bytes free, less than the {self.keep_free} to keep free; "
                "free some space, a later run goes on"
            )
        return None


def bounds(until: str | datetime | None, keep_free: str | int | None, now: datetime, total: int) -> Bounds:
    """Bounds as people write them.

    Args:
        until: as for `next_time`, or the moment itself.
        keep_free: bytes, also as `20GB`, or a share of the disk as `10%`; empty for none.
        now: local time without a zone.
        total: size of the disk in bytes.

    Raises:
        UsageError: one of them is neither.

    >>> bounds("06:00", "10%", datetime(2026, 3, 1, 22, 15), 5000)
    Bounds(until=datetime.datetime(2026, 3, 2, 6, 0), keep_free=500)
    """
    end = until if isinstance(until, datetime) else next_time(until, now)
    return Bounds(end, _bytes(str(keep_free), total) if keep_free else 0)


def next_time(text: str | None, now: datetime) -> datetime | None:
    """The next moment at which a clock shows `HH:MM`; None for no text.

    Args:
        now: local time without a zone.

    Raises:
        UsageError: it is no time of day.
    """
    if not text:
        return None
    match = re.fullmatch(_CLOCK, text.strip())
    if match is None:
        raise UsageError(f"until is {text!r}; it takes a time of day from 00:00 to 23:59")
    at = now.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


def _bytes(text: str, total: int) -> int:
    match = re.fullmatch(_AMOUNT, text.strip())
    if match is None or (match[2] == "%" and float(match[1]) >= _WHOLE):
        raise UsageError(
            f"keep-free is {text!r}; it takes bytes, such as 20GB, or a share of the disk below 100%"
        )
    if match[2] == "%":
        return int(total * float(match[1]) / _WHOLE)
    return int(float(match[1]) * _UNITS[(match[2] or "").upper()])
