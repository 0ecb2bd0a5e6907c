"""Finding a range of pictures by seeking, so that each is the one that was asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from heaters.errors import DamagedMedia
from heaters.media.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from heaters.media.source import Source

_STEPS_BACK: Final = (0, 1, 4, 16, 64)  # seconds before the wanted picture to look for a keyframe
_RESTART_SECONDS: Final = 2  # a file this much shorter than its pictures has a clock that starts again


def find_range(source: Source, start: int, end: int, pts: Sequence[int] | NDArray[Any]) -> Iterator[Picture]:
    """See `Source.pictures_range`."""
    table = np.asarray(pts, np.int64)
    if not 0 <= start < end <= len(table):
        raise ValueError(f"frames {start} to {end} are not in a table of {len(table)}")
    own = own_times(source, table)
    number = start
    for run in _runs(source, start, own):
        for picture in run:
            if picture.number > number or picture.pts != own[picture.number]:
                break
            if picture.number == number:
                yield Picture(number, int(table[number]), picture.frame)
                number += 1
            if number == end:
                return
    raise DamagedMedia(
        f"{source.path} does not show frame {number} at the time that the frame index says; run `heaters verify`",
        path=str(source.path),
        frame=number,
    )


def own_times(source: Source, table: NDArray[np.int64]) -> NDArray[np.int64]:
    """When this very file shows each picture, in its own time base; `table` has the original's times.

    A gold master begins at its lead and has whole milliseconds, half goes up, each later than the one before.
    """
    exact = source.exact_time_base
    if exact is None:
        return table
    ratio = exact / source.time_base
    up, down = 2 * ratio.numerator, 2 * ratio.denominator
    since = table - table[0]
    if max(int(since[-1]), 1) * up + down >= 1 << 62:  # absurd time bases need Python's numbers
        since = since.astype(object)
    nearest = ((since * up + ratio.denominator) // down).astype(np.int64) + source.lead
    number = np.arange(len(table))
    return np.maximum.accumulate(nearest - number) + number


def _runs(source: Source, start: int, own: NDArray[np.int64]) -> Iterator[Iterator[Picture]]:
    """Ways to the picture `start`, cheapest first: from keyframes before it, at last from the beginning."""
    if not _clock_restarts(source, own):
        for back in _STEPS_BACK:
            time = max(int(own[start]) - round(back / source.time_base), int(own[0]))
            yield _from_keyframe(source, time, own)
    with type(source)(source.path) as whole:
        yield whole.pictures()


def _from_keyframe(source: Source, time: int, own: NDArray[np.int64]) -> Iterator[Picture]:
    """Pictures from the keyframe on to which seeking leads; none unless its time tells its number."""
    try:
        pictures = source.seek(time)
        # Those before the first keyframe may lack what they were predicted from.
        key = next((one for one in pictures if one.frame.key_frame), None)
    except av.error.FFmpegError:
        return
    if key is None:
        return
    low, high = np.searchsorted(own, key.pts, "left"), np.searchsorted(own, key.pts, "right")
    if high - low != 1:
        return
    shift = int(low) - key.number
    yield Picture(key.number + shift, key.pts, key.frame)
    for one in pictures:
        if one.number + shift == len(own):
            return
        yield Picture(one.number + shift, one.pts, one.frame)


def _clock_restarts(source: Source, own: NDArray[np.int64]) -> bool:
    """Whether times in the file are ambiguous, so that only counting from the beginning is sure."""
    if not source.clock_may_restart or not source.container.duration:
        return False
    span = int(own[-1] - own[0]) * source.time_base
    return bool(span - Fraction(source.container.duration, av.time_base) > _RESTART_SECONDS)
