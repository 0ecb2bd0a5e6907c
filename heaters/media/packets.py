"""The pictures of a finished review proxy as byte ranges, read from its own sample table and checked."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from heaters.errors import VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_AVCC_VERSION: Final = 1
_SLICE: Final = 1  # a part of a picture that needs others (H.264 table 7-1)
_IDR: Final = 5  # a part of a picture that needs none
_TYPE_BITS: Final = 0x1F


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """Where each picture of a proxy lies.

    Attributes:
        offset: int64[n], of the packet's first byte in the file.
        size: int32[n], bytes.
        crc32: uint32[n], of the bytes.
        time: int64[n], when it is shown, in units of the video track.
        codec: codec string for a decoder, from the avcC.
        avcc: the decoder configuration record (ISO/IEC 14496-15) that a decoder needs besides the packet.
    """

    offset: NDArray[np.int64]
    size: NDArray[np.int32]
    crc32: NDArray[np.uint32]
    time: NDArray[np.int64]
    codec: str
    avcc: bytes


def read_table(path: str) -> PacketTable:
    """Read the sample table of a proxy and all its packets.

    Raises:
        VerificationFailed: a packet is not an IDR picture, or the file has no avcC.
    """
    with av.open(path) as container:
        stream = container.streams.video[0]
        entries = [(one.pos, one.size, one.timestamp) for one in stream.index_entries]
        avcc = stream.codec_context.extradata or b""
    if len(avcc) < 7 or avcc[0] != _AVCC_VERSION:  # noqa: PLR2004 - the record's fixed part
        raise VerificationFailed(f"{path} has no avcC record; prepare the source again", path=path)
    offset, size, time = (np.array(column, np.int64) for column in zip(*entries, strict=True))
    crcs = []
    for number, packet in enumerate(read_ranges(path, offset, size)):
        if not is_idr(packet, (avcc[4] & 3) + 1):
            raise VerificationFailed(
                f"frame {number} of {path} can't be decoded alone; prepare the source again",
                path=path,
                frame=number,
            )
        crcs.append(zlib.crc32(packet))
    codec = f"avc1.{avcc[1:4].hex()}"
    return PacketTable(offset, size.astype(np.int32), np.array(crcs, np.uint32), time, codec, avcc)


def read_ranges(path: str, offsets: Iterable[int], sizes: Iterable[int]) -> Iterator[bytes]:
    """The bytes of each range, in order; short where the file ends."""
    with open(path, "rb") as file:  # noqa: PTH123 - a path as the caller has it
        for offset, size in zip(offsets, sizes, strict=True):
            file.seek(int(offset))
            yield file.read(int(size))


def is_idr(packet: bytes, length_bytes: int) -> bool:
    """Whether an H.264 packet of MP4 has an IDR picture and no part of another kind of picture.

    Args:
        packet: NAL units, each after its length.
        length_bytes: how many bytes a length has.
    """
    kinds = set()
    position = 0
    while position + length_bytes < len(packet):
        length = int.from_bytes(packet[position : position + length_bytes])
        position += length_bytes
        kinds.add(packet[position] & _TYPE_BITS)
        position += length
    return position == len(packet) and _IDR in kinds and not any(_SLICE <= kind < _IDR for kind in kinds)
