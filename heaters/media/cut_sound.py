"""The sound of a range of frames, to the sample.

Samples are addressed by time: sample `s` is heard at `audio_start + s / rate` on the clock of the source's pictures.
A seek lands on a packet whose time may be rounded (Matroska: 1 ms). Lossless packets are of equal length, so the
position snaps to a whole number of packets and is exact again; lossy ones stay within that rounding.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Self

import av
import numpy as np
from av.stream import Discard

from heaters.errors import MediaError
from heaters.media.formats import default_audio, film_stream, open_input
from heaters.media.sound import SoundBlock, SoundDecoder
from heaters.media.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from numpy.typing import NDArray

    from heaters.media.source import Source

#: Decoders need what came before: AAC one packet, Opus 80 ms, MP3 up to nine packets.
_PREROLL: Final = Fraction(1, 2)
#: Seconds before the preroll to look for a packet to start from; after these, the file is read from its beginning.
_STEPS_BACK: Final = (0, 2, 10)
#: A block this far from where the one before it ended is a gap or an overlap; rounded clocks wobble by less.
_GAP: Final = Fraction(1, 20)
#: Matroska rounds the time of the sound and that of the pictures to half a millisecond each.
_ROUNDING: Final = Fraction(11, 10_000)
_RESTART_SECONDS: Final = 2
_LOSSLESS: Final = ("pcm", "flac", "alac", "wavpack", "tta")
_SHORT_FORMATS: Final = frozenset({"u8", "u8p", "s16", "s16p"})


class RangeOfSound:
    """Reads ranges of samples of the default sound track; to be used as a context manager.

    Args:
        path: gold master, or the original in `source` mode.
        shift: seconds to add to the file's own times to be on the clock of the source's pictures.
        audio_start: when sample 0 is heard, in seconds on that clock; None takes the file's first sample.
        restarts: the file's times are ambiguous, so it is read from its beginning and its times are joined.

    Attributes:
        rate: samples a second.
        layout: of the channels, by name.
        codec: of the track, by name.
        depth: bits that a lossless copy needs: 16 or 24.
        start: when sample 0 is heard.
        silent: samples so far that the file did not have, given as silence.
        refused: packets and blocks so far that could not be decoded or are of another kind than the track.

    Raises:
        MediaError: the file has no sound track.
    """

    def __init__(
        self, path: str | Path, *, shift: Fraction, audio_start: Fraction | None, restarts: bool = False
    ) -> None:
        self._path = path
        self._shift = shift
        self._restarts = restarts
        self._container, self._track = self._open()
        context = self._track.codec_context
        self.rate: int = context.sample_rate
        self.layout: str = context.layout.name
        self._channels: int = context.layout.nb_channels
        self.codec: str = context.codec.canonical_name
        self.depth = 16 if context.format.name in _SHORT_FORMATS else 24
        self.silent = self.refused = 0
        self.start = self._first_time() if audio_start is None else audio_start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def blocks(self, first: int, last: int) -> Iterator[SoundBlock]:
        """The samples `[first, last)` in order, without a gap; what the file lacks of them is silence.

        Args:
            first: number of the first sample; negative ones are before the sound begins.
            last: number of the sample after the last one.
        """
        done = first
        kind = SoundBlock(None, np.zeros((self._channels, 0), np.float32), self.rate, "fltp")
        for position, block in self._placed(first):
            kind = block
            if position >= last:
                break
            end = position + block.samples.shape[1]
            if end <= done:
                continue
            if position > done:
                yield self._silence(block, position - done)
                done = position
            yield _like(block, block.samples[:, done - position : last - position])
            done = min(end, last)
            if done == last:
                return
        if done < last:
            yield self._silence(kind, last - done)

    def _silence(self, kind: SoundBlock, count: int) -> SoundBlock:
        self.silent += count
        middle = 128 if kind.samples.dtype == np.uint8 else 0
        return _like(kind, np.full((len(kind.samples), count), middle, kind.samples.dtype))

    def _placed(self, first: int) -> Iterator[tuple[int, SoundBlock]]:
        """Decoded blocks, each with the number of its first sample, from some way before `first` on."""
        position: int | None = None
        for block in self._decoded(first):
            if block.time is not None:
                stated = (block.time + self._shift - self.start) * self.rate
                if position is None or abs(stated - position) > _GAP * self.rate:
                    position = self._snap(stated, block.samples.shape[1])
            if position is None:
                continue
            yield position, block
            position += block.samples.shape[1]

    def _snap(self, stated: Fraction, length: int) -> int:
        if self.codec.startswith(_LOSSLESS):
            whole = round(stated / length) * length
            if abs(whole - stated) <= _ROUNDING * self.rate:
                return whole
        return round(stated)

    def _decoded(self, first: int | None) -> Iterator[SoundBlock]:
        decoder: SoundDecoder | None = None
        for packet in self._joined() if self._restarts else self._packets(first):
            # Only now: finding the first packet may open the file again, and PyAV 18 reads a freed stream's time base.
            decoder = decoder or SoundDecoder(self._track)
            for block in decoder.decode(packet):
                if (block.rate, len(block.samples)) == (self.rate, self._channels):
                    yield block
                else:
                    self.refused += 1
            self.refused += decoder.errors
            decoder.errors = 0

    def _first_time(self) -> Fraction:
        stated = (block.time for block in self._decoded(None))
        first = next((time for time in stated if time is not None), Fraction(0)) + self._shift
        self._container.close()
        self._container, self._track = self._open()
        return first

    def _open(self) -> tuple[InputContainer, AudioStream]:
        container = open_input(self._path)
        track = default_audio(container)
        if track is None:
            container.close()
            raise MediaError(f"{self._path} has no sound track; run `heaters verify`", path=str(self._path))
        return container, track

    def _joined(self) -> Iterator[Packet[Any]]:
        timeline = Timeline()
        for packet in self._container.demux(film_stream(self._container, self._path), self._track):
            timeline.shift(packet)
            if packet.stream_index == self._track.index:
                yield packet

    def _packets(self, first: int | None) -> Iterator[Packet[Any]]:
        """Packets from one on that begins a preroll before the sample `first`, else from the file's first one."""
        for back in () if first is None else _STEPS_BACK:
            wanted = self.start + Fraction(first or 0, self.rate) - self._shift - _PREROLL
            try:
                self._container.seek(int((wanted - back) * av.time_base))
                packets = self._only_sound()
                head = next(packets, None)
            except (av.error.FFmpegError, OSError):
                break
            if head is not None and head.pts is not None and head.pts * Fraction(head.time_base) <= wanted:
                yield head
                yield from packets
                return
        if first is not None:
            self._container.close()
            self._container, self._track = self._open()
        yield from self._only_sound()

    def _only_sound(self) -> Iterator[Packet[Any]]:
        for stream in self._container.streams:
            if stream.index != self._track.index:
                stream.discard = Discard.all
        return self._container.demux(self._track)


def clock_restarts(source: Source, seconds: Fraction) -> bool:
    """Whether times in the file are ambiguous: its pictures last longer than its clock says (joined streams)."""
    if not source.clock_may_restart or not source.container.duration:
        return False
    return seconds - Fraction(source.container.duration, av.time_base) > _RESTART_SECONDS


def _like(kind: SoundBlock, samples: NDArray[Any]) -> SoundBlock:
    return SoundBlock(None, samples, kind.rate, kind.format)
