"""Reads artefacts back and names what differs from what was recorded when they were made."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heaters.errors import MediaError
from heaters.media.packets import read_ranges
from heaters.media.seeking import own_times
from heaters.media.source import Source, picture_crc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Numbers = Sequence[int] | NDArray[Any]

_SAMPLE_SHARE: Final = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that differs: at a frame, or (None) as a whole."""

    frame: int | None
    what: str


def sample_frames(count: int) -> list[int]:
    """First, last and every hundredth frame."""
    return sorted({0, count - 1, *range(0, count, _SAMPLE_SHARE)})


def read_back(
    path: str | Path,
    pts: Numbers,
    picture_crc32: Numbers,
    frames: Sequence[int] | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Problem]:
    """Decode a gold master (or, in `source` mode, the original) and compare its pictures.

    Args:
        path: the file.
        pts: times of all pictures in the original.
        picture_crc32: their checksums.
        frames: which to compare; None compares all, their times and their number.
        progress: told how many pictures are compared.
    """
    found = []
    try:
        with Source(path) as source:
            run = (
                _whole(source, pts, picture_crc32)
                if frames is None
                else _some(source, pts, picture_crc32, frames)
            )
            for done, problem in enumerate(run, 1):
                if problem:
                    found.append(problem)
                if progress:
                    progress(done)
    except MediaError as error:
        found.append(Problem(error.facts.get("frame"), error.message))
    return found


def check_proxy(path: str | Path, offset: Numbers, size: Numbers, crc32: Numbers) -> list[Problem]:
    """Compare the bytes of every packet of a proxy."""
    found = []
    for number, packet in enumerate(read_ranges(str(path), offset, size)):
        if len(packet) != size[number]:
            found.append(Problem(number, f"{path} ends before this frame"))
            break
        if zlib.crc32(packet) != int(crc32[number]):
            found.append(Problem(number, f"{path} has other bytes for this frame than when it was made"))
    return found


def _whole(source: Source, pts: Numbers, crcs: Numbers) -> Iterator[Problem | None]:
    own = own_times(source, np.asarray(pts, np.int64))
    count = 0
    for picture in source.pictures():
        count += 1
        if count > len(own):
            yield Problem(None, f"{source.path} has more than {len(own)} pictures")
            return
        if picture.pts != own[picture.number]:
            yield Problem(picture.number, f"{source.path} shows this frame at another time")
        elif picture_crc(picture.frame) != int(crcs[picture.number]):
            yield Problem(picture.number, f"{source.path} has another picture here than when it was prepared")
        else:
            yield None
    if count < len(own):
        yield Problem(count, f"{source.path} ends after {count} of {len(own)} pictures")


def _some(source: Source, pts: Numbers, crcs: Numbers, frames: Sequence[int]) -> Iterator[Problem | None]:
    for start, end in _runs(frames):
        for picture in source.pictures_range(start, end, pts):
            wrong = picture_crc(picture.frame) != int(crcs[picture.number])
            what = f"{source.path} has another picture here than when it was prepared"
            yield Problem(picture.number, what) if wrong else None


def _runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Half-open ranges that cover the frame numbers, neighbours together."""
    for _, group in groupby(enumerate(sorted(set(frames))), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in group]
        yield numbers[0], numbers[-1] + 1
