"""Exact rates, seconds and timecode.

Rates are `Fraction`, times are integer pts with a time base. Seconds and timecode are for people: nothing is
computed from them but the frame that a person asks for.

Timecode counts frames at the nominal (rounded) rate. At 30000/1001 that loses 3.6 s an hour against the clock, so
drop-frame timecode skips *numbers*, never pictures: 00 and 01 at the start of every minute that is not a multiple
of ten (SMPTE ST 12-1, "drop frame, NTSC time compensated mode"). At 60000/1001 it skips 00 to 03: the same two,
for each picture of a pair. 24000/1001 has no drop-frame form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Protocol

from heaters.errors import MediaError, UsageError

_NTSC: Final = Fraction(1000, 1001)
_NTSC_TOLERANCE: Final = Fraction(1, 1000)
"""Containers also write 2997/100 for 30000/1001; a whole rate is 30 times further away than this."""
_TIMECODE: Final = re.compile(r"(\d{2,}):(\d{2}):(\d{2})([:;.,])(\d{2,})", re.ASCII)


class _Rational(Protocol):
    @property
    def numerator(self) -> int: ...
    @property
    def denominator(self) -> int: ...


def as_fraction(value: _Rational | str | None, what: str = "rate or time base") -> Fraction:
    """The one place where rates and time bases of other libraries become exact.

    Args:
        value: anything with a numerator and a denominator, or text such as `30000/1001`. PyAV gives None (18) or a
            falsy 0/1 or 0/0 (19) where a file does not say.
        what: names it in the error.

    Raises:
        MediaError: nothing, zero, or less than zero.
        TypeError: a float; 29.97 is not 30000/1001.
    """
    if isinstance(value, float):
        raise TypeError(f"a {what} is exact: give {value!r} as a fraction, such as 30000/1001")
    try:
        found = (
            Fraction(value)
            if isinstance(value, str)
            else Fraction(value.numerator, value.denominator)
            if value
            else None
        )
    except (ValueError, ZeroDivisionError):
        found = None
    if found is None or found <= 0:
        raise MediaError(
            f"the file does not say its {what} (it says {value}): remux it, then ingest it again",
            value=str(value),
        )
    return found


def seconds(pts: int, time_base: Fraction) -> float:
    """The time of a pts, for display."""
    return float(pts * time_base)


def nominal_rate(rate: Fraction) -> int:
    """Frames that one second of timecode counts: 30 for 30000/1001, 13 for 12.5, never 0."""
    return max(1, int(rate + Fraction(1, 2)))


def takes_drop_frame(rate: Fraction) -> bool:
    """Tell whether drop-frame timecode exists at this rate: 29.97 and its multiples."""
    nominal = nominal_rate(rate)
    return nominal % 30 == 0 and abs(rate - nominal * _NTSC) < _NTSC_TOLERANCE


def timecode(frame: int, rate: Fraction, *, drop: bool | None = None) -> str:
    """The timecode of a frame; frame 0 is `00:00:00:00`. Hours do not wrap at 24.

    Args:
        frame: 0-based, in presentation order.
        rate: of the source; for a variable rate the average, and then timecode is a name and not a time.
        drop: drop-frame, written with a semicolon; None takes it wherever the rate has it.

    Raises:
        ValueError: a negative frame, or `drop` at a rate that has no drop-frame timecode.

    >>> timecode(1800, Fraction(30000, 1001)), timecode(1800, Fraction(30000, 1001), drop=False)
    ('00:01:00;02', '00:01:00:00')
    """
    return timecodes([frame], rate, drop=drop)[0]


def timecodes(frames: Iterable[int], rate: Fraction, *, drop: bool | None = None) -> list[str]:
    """The timecodes of many frames, as of `timecode`, in a tenth of the time."""
    dropping = takes_drop_frame(rate) if drop is None else drop
    if dropping and not takes_drop_frame(rate):
        raise ValueError(f"there is no drop-frame timecode at {rate} frames a second")
    nominal, mark = nominal_rate(rate), ";" if dropping else ":"
    digits = max(2, len(str(nominal - 1)))
    texts = []
    for frame in frames:
        if frame < 0:
            raise ValueError(f"frame {frame} is before the first frame")
        total, part = divmod(_number_of_frame(frame, nominal) if dropping else frame, nominal)
        minutes, second = divmod(total, 60)
        texts.append(f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}{mark}{part:0{digits}d}")
    return texts


def frame_of_timecode(text: str, rate: Fraction) -> int:
    """The frame that has this timecode: the inverse of `timecode`.

    The sign before the frames says which count it is: `:` without dropping, `;` (also `.` and `,`) with it.

    Raises:
        UsageError: not a timecode, a field out of range, or a number that drop-frame timecode skips.
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"{text!r} is not a timecode; it looks like 00:01:23:04, or 00:01:23;04 for drop-frame", text=text
        )
    hour, minute, second, part = (int(match[group]) for group in (1, 2, 3, 5))
    nominal = nominal_rate(rate)
    dropping = match[4] != ":"
    if minute > 59 or second > 59 or part >= nominal:  # noqa: PLR2004 - sixty minutes, sixty seconds
        raise UsageError(
            f"timecode {text!r} is out of range: minutes and seconds go to 59, frames to {nominal - 1}",
            text=text,
        )
    if dropping and not takes_drop_frame(rate):
        raise UsageError(
            f"{text!r} is drop-frame timecode, which {rate} frames a second does not have; use ':' throughout",
            text=text,
        )
    number = ((hour * 60 + minute) * 60 + second) * nominal + part
    if not dropping:
        return number
    skipped = nominal // 15
    if second == 0 and part < skipped and minute % 10:
        raise UsageError(
            f"drop-frame timecode has no {text!r}: minute {minute:02d} begins at frame number {skipped:02d}",
            text=text,
        )
    minutes = hour * 60 + minute
    return number - skipped * (minutes - minutes // 10)


def _number_of_frame(frame: int, nominal: int) -> int:
    """The frame with the numbers added that drop-frame timecode has skipped up to it."""
    skipped = nominal // 15
    minute = nominal * 60 - skipped
    ten_minutes = minute * 10 + skipped
    tens, rest = divmod(frame, ten_minutes)
    short_minutes = 0 if rest < nominal * 60 else 1 + (rest - nominal * 60) // minute
    return frame + skipped * (9 * tens + short_minutes)
