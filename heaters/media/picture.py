"""One decoded picture, its place in the source, and the checksum that stands for its pixels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import VideoFrame
    from av.video.format import VideoFormat
    from av.video.plane import VideoPlane

_WIDTH: Final = 64  # any that all kinds of subsampling divide


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a source.

    Attributes:
        number: the frame number: 0-based, in presentation order.
        pts: its time in units of the source's time base; use this, not `frame.pts`.
        frame: the pixels. Several threads may read it, but PyAV's own conversions change its colour tags for a
            moment (18.1): give each thread its own reference, as `filters.Chain` does.
    """

    number: int
    pts: int
    frame: VideoFrame


def picture_crc(frame: VideoFrame) -> int:
    """CRC-32 over the planes in order, each without the padding at the end of its rows."""
    crc = 0
    for rows in plane_bytes(frame):
        crc = zlib.crc32(rows, crc)
    return crc


def plane_bytes(frame: VideoFrame) -> Iterator[memoryview | bytes]:
    """The bytes of each plane, top row first, without padding; no copy where there is none to remove."""
    for index, plane in enumerate(frame.planes):
        row = _row_bytes(plane, index, frame.format)
        if plane.line_size in {row, 0}:  # 0: a palette
            yield memoryview(plane)
            continue
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, abs(plane.line_size))
        if plane.line_size < 0:
            lines = lines[::-1]  # bottom-up pictures, as in uncompressed AVI
        yield lines[:, :row].tobytes()


def _row_bytes(plane: VideoPlane, index: int, pixels: VideoFormat) -> int:
    if pixels.name == "pal8":
        return 1024 if index else plane.width
    parts = [one for one in pixels.components if one.plane == index]
    if len(parts) == len(pixels.components) > 1:
        shared = _WIDTH // pixels.chroma_width(_WIDTH)  # neighbours in a row that share one colour
        wide = -(-plane.width // shared) * shared
        return (wide * pixels.padded_bits_per_pixel + 7) // 8
    if pixels.is_bit_stream:
        return (plane.width + 7) // 8
    return int(plane.width) * len(parts) * ((parts[0].bits + 7) // 8)
