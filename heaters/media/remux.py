"""Packets from the containers that a download left into one that programs read well; not a byte of a picture changes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import av

from heaters.errors import MediaError
from heaters.media.formats import film_stream, open_input
from heaters.media.writing import writes_to

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

    Timed = Iterator[tuple[float, Packet[Stream]]]

_MP4_CODECS: Final = frozenset({
    "h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac",
})  # fmt: skip
_ONE_CLOCK: Final = 1
"""Seconds that starts of parts of one clock may lie apart: sound is primed, pictures are reordered, not more."""
_RUN: Final = 1.0
"""Seconds of a part that are taken at a time; FFmpeg's muxer keeps so much of one stream until the other comes."""
_BOX_HEADER: Final = 8
_LARGE: Final = 1  # a box size that says "the size follows in 8 bytes" (ISO/IEC 14496-12, 4.2)


class _Lane(NamedTuple):
    """One stream on its way: whence, whereto, and the seconds to take from its times."""

    source: Stream
    target: Stream
    shift: Fraction


def why_remux(parts: Sequence[Path]) -> str | None:
    """What the container of a download lacks, in words; None where the file is good as it is.

    Args:
        parts: a whole film, or pictures and sound in files of their own.
    """
    if len(parts) > 1:
        return "pictures and sound came apart"
    with open_input(parts[0]) as container:
        kind = container.format.name
    if kind == "mpegts" and parts[0].suffix != ".ts":
        return f"an MPEG transport stream that is called {parts[0].suffix}"
    return "an MP4 in fragments" if "mp4" in kind and _is_fragmented(parts[0]) else None


def fitting_container(parts: Sequence[Path]) -> str:
    """`mp4`, which keeps times exactly, where it can hold every codec; `matroska` elsewhere."""
    names, kinds = set(), set()
    for place, part in enumerate(parts):
        with open_input(part) as container:
            kinds.add(container.format.name)
            names |= {_codec(one) for one in _chosen(container, part, pictures=not place)}
    return "mp4" if names <= _MP4_CODECS and not any("matroska" in kind for kind in kinds) else "matroska"


def remux(
    parts: Sequence[Path], target: str | Path, container: str, progress: Callable[[int], None] | None = None
) -> int:
    """Write the packets of all parts, by time, into a new file; their data and their times stay as they are.

    Times are moved only as a whole: to begin at zero where they begin more than a second from it, and each part by itself
    where parts have different clocks.

    Args:
        parts: a whole film, or pictures and then sound.
        target: the new file; any name.
        container: `mp4` or `matroska`.
        progress: is told the bytes of packets written so far.

    Returns:
        How many packets were written.

    Raises:
        NotAVideo: a part can't be read.
        MediaError: the container can't hold it, or a part ends in mid-packet.
        OSError: the file can't be written.
    """
    with ExitStack() as stack:
        inputs = [stack.enter_context(open_input(part)) for part in parts]
        shifts = _shifts([Fraction(one.start_time or 0, av.time_base) for one in inputs])
        film = stack.enter_context(av.open(str(target), "w", format=container))
        try:
            lanes = [
                [_lane(film, stream, shift) for stream in _chosen(one, part, pictures=not place)]
                for place, (one, part, shift) in enumerate(zip(inputs, parts, shifts, strict=True))
            ]
            with writes_to(str(target)):
                return _copy(film, [_packets(*pair) for pair in zip(inputs, lanes, strict=True)], progress)
        except (av.error.InvalidDataError, av.error.ArgumentError, ValueError) as error:
            raise MediaError(
                f"{parts[0].name} can't be put into {container}: {error}", path=str(parts[0])
            ) from error


def _copy(film: OutputContainer, parts: Sequence[Timed], progress: Callable[[int], None] | None) -> int:
    """Take from the part that is behind until it is ahead, a second at a time; FFmpeg's muxer puts packets in order."""
    behind, count, done = [(float("-inf"), place) for place in range(len(parts))], 0, 0
    while behind:
        begun, place = heapq.heappop(behind)
        for time, packet in parts[place]:
            done += packet.size
            film.mux_one(packet)
            count += 1
            if time > begun + _RUN:
                heapq.heappush(behind, (time, place))
                break
        if progress:
            progress(done)
    return count


def _packets(container: InputContainer, lanes: Sequence[_Lane]) -> Timed:
    """The packets of a part, made ready for the new file, with the seconds at which they are decoded."""
    ways = {}
    for lane in lanes:
        unit = lane.source.time_base or Fraction(1, av.time_base)
        ways[lane.source.index] = lane.target, round(lane.shift / unit), float(unit)
    for packet in container.demux(*(lane.source for lane in lanes)):
        if not packet.size:
            continue
        target, moved, seconds = ways[packet.stream_index]
        time = packet.dts
        if time is None:  # Matroska has none where pictures are in their order
            time = packet.dts = packet.pts
            if time is None:
                raise ValueError("a packet has no time")
        if moved:
            time = packet.dts = time - moved
            if packet.pts is not None:
                packet.pts -= moved
        packet.stream = target
        yield time * seconds, packet


def _lane(film: OutputContainer, stream: Stream, shift: Fraction) -> _Lane:
    copy = film.add_stream_from_template(stream, opaque=True)
    copy.time_base = stream.time_base
    copy.metadata.update({name: stream.metadata[name] for name in ("language",) if name in stream.metadata})
    copy.disposition = stream.disposition
    return _Lane(stream, copy, shift)


def _chosen(container: InputContainer, part: Path, *, pictures: bool) -> list[Stream]:
    """The film and its sound; of a part that is there for its sound, the sound alone."""
    sound: list[Stream] = [*container.streams.audio]
    return [film_stream(container, part), *sound] if pictures else sound


def _shifts(starts: Sequence[Fraction]) -> list[Fraction]:
    first = min(starts)
    if max(starts) - first > _ONE_CLOCK:
        return [*starts]
    return [first if abs(first) > _ONE_CLOCK else Fraction(0)] * len(starts)


def _codec(stream: Stream) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context else "unknown"


def _is_fragmented(path: Path) -> bool:
    """Tell whether an MP4 has its samples in `moof` boxes: then its index is scattered over the whole file."""
    place, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while place + _BOX_HEADER <= size:
            file.seek(place)
            head = file.read(2 * _BOX_HEADER)
            length = int.from_bytes(head[:4], "big")
            if head[4:8] == b"moof":
                return True
            if length == _LARGE:
                length = int.from_bytes(head[8:16], "big")
            if length < _BOX_HEADER:
                return False  # 0: up to the end of the file; else no box
            place += length
    return False
