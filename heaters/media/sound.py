"""Decoded sound as runs of samples on the same line of time as the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from numpy.typing import NDArray

_LAYOUTS: Final = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_JITTER: Final = Fraction(
    1, 50
)  # seconds by which stated times may be wrong (one AAC frame) before samples move


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Some samples that follow each other.

    Attributes:
        time: of the first sample in seconds, on the line of the pictures' times; None: right after the block before.
        samples: one row for each channel.
        rate: samples a second.
        format: FFmpeg's name of the planar sample format.
    """

    time: Fraction | None
    samples: NDArray[Any]
    rate: int
    format: str

    @property
    def layout(self) -> str:
        """FFmpeg's name of the usual loudspeakers for this many channels."""
        return usual_layout(len(self.samples))


class SoundDecoder:
    """Decodes one track; what can't be decoded is counted and left out.

    Attributes:
        errors: packets that could not be decoded.
        first: the first block, or None so far.
    """

    def __init__(self, stream: AudioStream) -> None:
        self.stream = stream
        self.errors = 0
        self.first: SoundBlock | None = None

    def decode(self, packet: Packet[AudioStream]) -> list[SoundBlock]:
        """The blocks of one packet."""
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError):
            self.errors += 1
            return []
        return [one for frame in frames if (one := self._block(frame))]

    def finish(self) -> list[SoundBlock]:
        """The blocks that the decoder held back."""
        try:
            frames = self.stream.codec_context.decode(None)
        except (av.error.FFmpegError, ValueError):
            return []
        return [one for frame in frames if (one := self._block(frame))]

    def _block(self, frame: AudioFrame) -> SoundBlock | None:
        if not frame.samples:
            return None
        samples = frame.to_ndarray()
        if not frame.format.is_planar:
            samples = samples.reshape(-1, frame.layout.nb_channels).T
        time = None if frame.pts is None else frame.pts * Fraction(self.stream.time_base or 1)
        block = SoundBlock(time, samples, frame.sample_rate, frame.format.planar.name)
        self.first = self.first or block
        return block


class SoundLine:
    """Puts blocks end to end so that sample `n` is heard `n / rate` seconds after the origin.

    Gaps become silence, and what comes before the origin or overlaps is cut. All blocks must have the rate and the
    channels of the first one.

    Args:
        origin: seconds; None takes the time of the first block.
        done: how many samples are on the line already.
    """

    def __init__(self, origin: Fraction | None, done: int = 0) -> None:
        self._origin = origin
        self._next = done
        self._exact = True

    def take(self, block: SoundBlock) -> Iterator[NDArray[Any]]:
        """What to append, in order."""
        samples = block.samples
        if block.time is not None:
            self._origin = block.time if self._origin is None else self._origin
            off = round((block.time - self._origin) * block.rate) - self._next
            if self._exact or abs(off) > _JITTER * block.rate:
                yield from _silence(samples, off, block.rate)
                self._next += max(0, off)
                samples = samples[:, max(0, -off) :]
        if samples.shape[1]:
            self._exact = False
            self._next += samples.shape[1]
            yield samples


def usual_layout(channels: int) -> str:
    """FFmpeg's name of the usual loudspeakers for this many channels."""
    return _LAYOUTS.get(channels, f"{channels} channels")


def _silence(like: NDArray[Any], count: int, rate: int) -> Iterator[NDArray[Any]]:
    """`count` samples of silence in pieces of at most one second."""
    middle = 128 if like.dtype == np.uint8 else 0
    while count > 0:
        piece = min(count, rate)
        yield np.full((len(like), piece), middle, like.dtype)
        count -= piece
