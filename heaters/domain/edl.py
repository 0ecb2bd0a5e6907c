"""Edit decision lists in the CMX 3600 format: text in which each event names footage by timecode.

An EDL does not say its frame rate, so that both sides have to know it. It holds one video track, names of eight
letters, and 999 events; programs of today take more, and read the names from comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from heaters.domain.cut_list import Entry
from heaters.domain.timing import frame_of_timecode, nominal_rate, takes_drop_frame, timecode
from heaters.errors import UsageError

MOST_EVENTS: Final = 999
_TWO_DIGITS: Final = 100
_TIMECODE: Final = r"(\d{2}[:;.]\d{2}[:;.]\d{2}[:;.,]\d{2})"
_EVENT: Final = re.compile(
    rf"(\d+)\s+(\S.*?)\s+(\S+)\s+(C|D|W\d+|K[BO]?)(?:\s+\d+)?\s+{_TIMECODE}\s+{_TIMECODE}\s+{_TIMECODE}\s+{_TIMECODE}\s*"
)
_NAME: Final = re.compile(r"\*\s*(?:(?:FROM |TO )?CLIP NAME|SOURCE FILE)\s*:\s*(.*\S)", re.IGNORECASE)


class Event(NamedTuple):
    """A piece of footage to write down; `comments` are lines for people."""

    start_frame: int
    end_frame: int
    comments: tuple[str, ...] = ()


def write(title: str, media: str, events: Iterable[Event], rate: Fraction, start: int = 0) -> str:
    """The text of an EDL.

    Args:
        title: of the list.
        media: name of the file that all footage is from.
        events: pieces in order; on the record side they follow each other without a gap.
        rate: of the source.
        start: number of frames that the timecode of the source's first frame stands for.

    Raises:
        UsageError: timecode can't count at this rate.
    """
    refuse_rate(rate)
    dropping = takes_drop_frame(rate)
    lines = [f"TITLE: {_line(title)}", f"FCM: {'DROP FRAME' if dropping else 'NON-DROP FRAME'}", ""]
    at = start
    for number, one in enumerate(events, 1):
        end = at + one.end_frame - one.start_frame
        times = (start + one.start_frame, start + one.end_frame, at, end)
        lines.append(
            f"{number:03d}  AX       V     C        {' '.join(timecode(frame, rate) for frame in times)}"
        )
        lines += [
            f"* FROM CLIP NAME: {_line(media)}",
            *(f"* COMMENT: {_line(text)}" for text in one.comments),
            "",
        ]
        at = end
    return "\n".join(lines)


def read(text: str, rate: Fraction, start: int = 0) -> list[Entry]:
    """The pictures' events of an EDL, by their source timecode.

    Args:
        text: of the file.
        rate: of the source.
        start: number of frames that the timecode of the source's first frame stands for.

    Raises:
        UsageError: there is no event in it, or a timecode that can't be at this rate; the line is named.
    """
    refuse_rate(rate)
    found = [one for one in _events(text, rate) if one.end_frame != one.start_frame]
    if not found:
        raise UsageError("there is no event with pictures in it: is it an EDL (CMX 3600)?")
    return [
        one._replace(start_frame=one.start_frame - start, end_frame=(one.end_frame or 0) - start)
        for one in found
    ]


def refuse_rate(rate: Fraction) -> None:
    """Refuse a rate at which timecode has no count: neither a whole number nor 1000/1001 of one.

    Raises:
        UsageError: naming the formats that do without timecode.
    """
    nominal = nominal_rate(rate)
    even = rate == nominal or abs(rate - Fraction(nominal * 1000, 1001)) < Fraction(1, 1000)
    if not even or nominal > _TWO_DIGITS:
        raise UsageError(
            f"an EDL counts by timecode, which {rate} frames a second does not have: take .otio, .csv, .json or .parquet",
            rate=str(rate),
        )


def _events(text: str, rate: Fraction) -> Iterator[Entry]:
    dropping, last = False, None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words.upper().startswith("FCM"):
            dropping = "NON" not in words.upper()
        event = _EVENT.fullmatch(words)
        name = _NAME.match(words)
        if event and ("V" in event[3].upper() or event[3].upper() == "B"):
            if last:
                yield last
            place = f"line {number}"
            first, end = (_frame(event[group], rate, place, dropping=dropping) for group in (5, 6))
            last = Entry(first, end, place)
        elif event:
            if last:
                yield last
            last = None
        elif name and last:
            last = last._replace(name=name[1])
    if last:
        yield last


def _frame(text: str, rate: Fraction, place: str, *, dropping: bool) -> int:
    """The frame of a timecode; many programs write drop-frame with colons and say so in the line FCM alone."""
    marked = f"{text[:8].replace(';', ':').replace('.', ':')}{';' if dropping else text[8]}{text[9:]}"
    try:
        return frame_of_timecode(marked, rate)
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", **error.facts) from error


def _line(text: str) -> str:
    return " ".join(text.split())
