"""The one thing that PyAV 18.1 can't write into Matroska: the pixel aspect ratio.

FFmpeg's muxer takes it from a field of the stream that PyAV does not set. But it leaves room after the element that
describes the pictures (MaxBlockAdditionID with its default value, and a Void of 11 bytes), and that is enough for
DisplayWidth and DisplayHeight (RFC 9559, 5.1.4.1.28), without moving a byte of what follows.
"""

from __future__ import annotations

import math
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

_HEAD_BYTES: Final = 1 << 20
_SEGMENT: Final = 0x18538067
_TRACKS: Final = 0x1654AE6B
_ENTRY: Final = 0xAE
_VIDEO: Final = 0xE0
_CRC: Final = 0xBF
_VOID: Final = 0xEC
_MAX_BLOCK_ADDITION: Final = 0x55EE
_DISPLAY_UNIT: Final = b"\x54\xb2\x81"
_DISPLAY_WIDTH: Final = b"\x54\xb0\x82"
_DISPLAY_HEIGHT: Final = b"\x54\xba\x82"
_UNIT_PIXELS: Final = 0
_UNIT_ASPECT: Final = 3
_GROWTH: Final = 10  # both elements with two bytes of value
_LARGEST: Final = (1 << 16) - 1
_LARGEST_SHORT_SIZE: Final = 126
_LONGEST_HEAD: Final = 16
_SHORT_HEAD: Final = 2  # one byte of id, one of size


class _Element(NamedTuple):
    """Where an element lies: its first byte, the first byte of its content, the byte after its last one."""

    kind: int
    at: int
    body: int
    end: int


def state_pixel_aspect(path: str | Path, sar: Fraction) -> bool:
    """Write the pixel aspect ratio into a finished Matroska file of FFmpeg's with one video track, in place.

    Args:
        path: the file.
        sar: width of a pixel by its height.

    Returns:
        False where the file has no room for it, and nothing was changed.
    """
    with Path(path).open("r+b") as file:
        head = bytearray(file.read(_HEAD_BYTES))
        tracks = _find(head, [_SEGMENT, _TRACKS], 0, len(head))
        entry = next(
            (one for one in _children(head, tracks) if _find(head, [_VIDEO], one.body, one.end)), None
        )
        if tracks is None or entry is None or not _insert(head, entry, sar):
            return False
        crc = _find(head, [_CRC], tracks.body, tracks.end)
        if crc is not None:
            head[crc.body : crc.end] = zlib.crc32(head[crc.end : tracks.end]).to_bytes(4, "little")
        file.seek(0)
        file.write(head)
    return True


def _insert(head: bytearray, entry: _Element, sar: Fraction) -> bool:
    video = _find(head, [_VIDEO], entry.body, entry.end)
    spare = _walk(head, video.end, entry.end)[:2] if video else []
    if video is None or [one.kind for one in spare] != [_MAX_BLOCK_ADDITION, _VOID]:
        return False
    room = spare[1].end - video.end
    size = video.end - video.body
    unit = head.find(_DISPLAY_UNIT, video.body, video.end)
    short = video.body - video.at == _SHORT_HEAD and size + _GROWTH <= _LARGEST_SHORT_SIZE
    if not short or room < _GROWTH + _SHORT_HEAD or unit < 0:
        return False
    width, height = (_number(head, kind, video) for kind in (0xB0, 0xBA))
    shown = Fraction(width) * sar
    whole = shown.denominator == 1 and shown <= _LARGEST
    aspect = (shown / height).limit_denominator(_LARGEST // max(1, math.ceil(shown / height)))
    wide, high = (int(shown), height) if whole else (aspect.numerator, aspect.denominator)
    head[unit + 3] = _UNIT_PIXELS if whole else _UNIT_ASPECT
    head[video.at + 1] = 0x80 | (size + _GROWTH)
    void = room - _GROWTH
    head[video.end : spare[1].end] = (
        _DISPLAY_WIDTH + wide.to_bytes(2) + _DISPLAY_HEIGHT + high.to_bytes(2)
        + bytes([_VOID, 0x80 | (void - 2)]) + bytes(void - 2)
    )  # fmt: skip
    return True


def _number(head: bytearray, kind: int, inside: _Element) -> int:
    found = _find(head, [kind], inside.body, inside.end)
    return int.from_bytes(head[found.body : found.end]) if found else 1


def _find(head: bytearray, path: list[int], start: int, end: int) -> _Element | None:
    found = next((one for one in _walk(head, start, end) if one.kind == path[0]), None)
    if found is None or len(path) == 1:
        return found
    return _find(head, path[1:], found.body, min(found.end, len(head)))


def _children(head: bytearray, parent: _Element | None) -> list[_Element]:
    return _walk(head, parent.body, parent.end) if parent else []


def _walk(head: bytearray, at: int, end: int) -> list[_Element]:
    """The elements side by side in a stretch of bytes; the last one may reach beyond what was read."""
    found = []
    while at < min(end, len(head) - _LONGEST_HEAD) and head[at]:
        kind, after = _variable(head, at, marker=True)
        size, body = _variable(head, after, marker=False)
        found.append(_Element(kind, at, body, body + size))
        at = body + size
    return found


def _variable(head: bytearray, at: int, *, marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, 4) and the position after it; an id keeps its marker bit."""
    length = 9 - head[at].bit_length()
    number = int.from_bytes(head[at : at + length])
    return (number if marker else number & ((1 << 7 * length) - 1)), at + length
