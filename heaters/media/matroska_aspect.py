"""Writes the shape of pixels into the header of a finished Matroska file.

PyAV (18.1) can't set `AVStream.sample_aspect_ratio`, the only place from which FFmpeg's muxer takes it. So the muxer is
given a track name long enough, and afterwards that name's bytes are used for the display size. Nothing else moves.
Element ids are those of RFC 9559.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heaters.errors import MediaError

if TYPE_CHECKING:
    from fractions import Fraction

#: Name of the picture track while the file is written.
PLACEHOLDER: Final = "room for the display size"

_SEGMENT: Final = 0x18538067
_TRACKS: Final = 0x1654AE6B
_CLUSTER: Final = 0x1F43B675
_TRACK_ENTRY: Final = 0xAE
_NAME: Final = 0x536E
_VIDEO: Final = 0xE0
_PIXEL_WIDTH: Final = 0xB0
_PIXEL_HEIGHT: Final = 0xBA
_DISPLAY: Final = frozenset({0x54B0, 0x54BA, 0x54B2})  # width, height, unit
_CRC: Final = 0xBF
_CRC_ELEMENT: Final = 6  # bytes of it; first in its parent (RFC 8794 section 11.3.1)
_VOID: Final = 0xEC
_VOID_HEADER: Final = 9  # bytes, with the longest size
_HEAD: Final = 1 << 20  # bytes in which the tracks must be described

Element = tuple[int, bytes]


def write_aspect(path: str | Path, sar: Fraction) -> None:
    """State the shape of pixels of the track that is named `PLACEHOLDER`, and remove that name.

    Args:
        path: a finished file.
        sar: width of a pixel by its height.

    Raises:
        MediaError: no such track.
        OSError: the file can't be written.
    """
    with Path(path).open("r+b") as file:
        head = file.read(_HEAD)
        start, end = _find_tracks(head)
        tracks = [_with_aspect(one, sar) for one in _elements(head[start:end]) if one[0] != _CRC]
        body = b"".join(_element(*one) for one in tracks)
        body += _void(end - start - len(body) - _CRC_ELEMENT)
        if PLACEHOLDER.encode() in body:
            raise MediaError(f"{path} has no room for the shape of its pixels", path=str(path))
        file.seek(start)
        file.write(_element(_CRC, zlib.crc32(body).to_bytes(4, "little")) + body)


def _with_aspect(track: Element, sar: Fraction) -> Element:
    kind, content = track
    parts = list(_elements(content)) if kind == _TRACK_ENTRY else []
    if (_NAME, PLACEHOLDER.encode()) not in parts:
        return track
    kept = (one for one in parts if one[0] not in {_NAME, _VOID})
    changed = [(one, _video(value, sar) if one == _VIDEO else value) for one, value in kept]
    return kind, b"".join(_element(*one) for one in changed)


def _video(content: bytes, sar: Fraction) -> bytes:
    parts = [one for one in _elements(content) if one[0] not in _DISPLAY]
    size = {kind: int.from_bytes(value) for kind, value in parts}
    width, height = size[_PIXEL_WIDTH] * sar, size[_PIXEL_HEIGHT]
    exact = width.denominator
    unit = b"\x03" if exact > 1 else b"\x00"  # an aspect ratio, or pixels
    shown = {0x54B0: int(width * exact), 0x54BA: height * exact}
    parts += [(kind, value.to_bytes(4)) for kind, value in shown.items()]
    return b"".join(_element(*one) for one in [*parts, (0x54B2, unit)])


def _find_tracks(head: bytes) -> tuple[int, int]:
    position, end = 0, len(head)
    while position < end:
        kind, start, size = _header(head, position)
        if kind == _TRACKS and start + size <= end:
            return start, start + size
        if kind == _CLUSTER:
            break
        position = start if kind == _SEGMENT else start + size
    raise MediaError("a Matroska file has no tracks at its beginning")


def _elements(content: bytes) -> list[Element]:
    found, position = [], 0
    while position < len(content):
        kind, start, size = _header(content, position)
        found.append((kind, content[start : start + size]))
        position = start + size
    return found


def _header(data: bytes, position: int) -> tuple[int, int, int]:
    """Id, first byte of the content, and its size."""
    length = 9 - data[position].bit_length()
    kind = int.from_bytes(data[position : position + length])
    position += length
    length = 9 - data[position].bit_length()
    size = int.from_bytes(data[position : position + length]) & ((1 << 7 * length) - 1)
    return kind, position + length, size


def _element(kind: int, content: bytes) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8) + _size(len(content)) + content


def _size(value: int) -> bytes:
    length = 1
    while value >= (1 << 7 * length) - 1:
        length += 1
    return (value | 1 << 7 * length).to_bytes(length)


def _void(room: int) -> bytes:
    """An element that fills `room` bytes."""
    if room < _VOID_HEADER:
        raise MediaError("a Matroska header has no room for the display size")
    content = bytes(room - _VOID_HEADER)
    return bytes([_VOID]) + (len(content) | 1 << 56).to_bytes(8) + content
