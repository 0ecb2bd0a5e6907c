"""Encodes a run of samples with exact times: sample `n` gets the time `n / rate`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.audio.resampler import AudioResampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from numpy.typing import NDArray

    from heaters.media.sound import SoundBlock


class AudioEncoder:
    """Feeds one output stream; resamples and mixes down as its codec context says.

    Args:
        stream: of the output container; its rate, layout and sample format are set.
    """

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self._resampler: AudioResampler | None = None
        self._kind: tuple[int, str, str] | None = None
        self.samples = 0

    @property
    def rate(self) -> int:
        """Samples a second of the output."""
        return self._stream.codec_context.sample_rate

    def changes(self, block: SoundBlock) -> bool:
        """Whether the block has another rate, layout or format than those before."""
        return self._kind not in (None, (block.rate, block.layout, block.format))

    def encode(self, samples: NDArray[Any], block: SoundBlock) -> Iterator[Packet[AudioStream]]:
        """Packets for samples of the kind of `block`, in order."""
        if self._resampler is None:
            context = self._stream.codec_context
            context.open(strict=False)
            self._kind = (block.rate, block.layout, block.format)
            self._resampler = AudioResampler(context.format, context.layout, context.sample_rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), block.format, block.layout)
        frame.sample_rate = block.rate
        frame.time_base = Fraction(1, block.rate)
        yield from self._encode(self._resampler.resample(frame))

    def flush_resampler(self) -> Iterator[Packet[AudioStream]]:
        """End the run of this kind of blocks; another kind may follow."""
        if self._resampler is not None:
            yield from self._encode(self._resampler.resample(None))
        self._resampler = self._kind = None

    def finish(self) -> Iterator[Packet[AudioStream]]:
        """The last packets."""
        yield from self.flush_resampler()
        yield from self._stream.encode(None)

    def _encode(self, frames: list[AudioFrame]) -> Iterator[Packet[AudioStream]]:
        for frame in frames:
            frame.pts = self.samples
            frame.time_base = Fraction(1, self.rate)
            self.samples += frame.samples
            yield from self._stream.encode(frame)
