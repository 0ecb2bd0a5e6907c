"""The streams of an exported file: pictures encoded or copied, sound encoded, times exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heaters.errors import VerificationFailed
from heaters.media.audio_encoder import AudioEncoder
from heaters.media.delivery import deliver, delivered
from heaters.media.matroska_aspect import PLACEHOLDER
from heaters.media.seeking import own_times
from heaters.media.source import PIXEL_FORMAT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from av import VideoFrame
    from av.container import OutputContainer
    from av.packet import Packet

    from heaters.media.cut_sound import RangeOfSound
    from heaters.media.presets import Preset
    from heaters.media.source import Source

#: Sample rates that MPEG-4 AAC has a code for (ISO/IEC 14496-3, table 1.18), and FFmpeg's channel layouts for it.
_AAC_RATES: Final = frozenset(
    {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
)
_AAC_LAYOUTS: Final = frozenset({"mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1"})
_MOST_BITS: Final = 512_000
_SHORT_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class Times:
    """When the pictures of an exported clip are shown.

    Attributes:
        pts: of each picture, the first at 0, then the end of the last one; in units of `time_base`.
        time_base: the source's, in seconds.
    """

    pts: tuple[int, ...]
    time_base: Fraction

    @classmethod
    def of_range(cls, table: Sequence[int], start: int, end: int, time_base: Fraction) -> Times:
        """The times of frames `[start, end)` of a source; `table` ends with the end of its last picture."""
        return cls(tuple(int(one) - int(table[start]) for one in table[start : end + 1]), time_base)

    @property
    def count(self) -> int:
        """Pictures in the clip."""
        return len(self.pts) - 1

    @property
    def duration(self) -> Fraction:
        """Seconds from the first picture to the end of the last one."""
        return self.pts[-1] * self.time_base

    @property
    def rate(self) -> Fraction:
        """Average pictures a second, as a header states it."""
        return (self.count / self.duration).limit_denominator(100_000)

    def seconds(self, pts: int) -> Fraction:
        """A time of this clip in seconds."""
        return pts * self.time_base


def encoded_pictures(
    film: OutputContainer, preset: Preset, first: VideoFrame, sar: Fraction, rotation: int, times: Times
) -> PictureEncoder:
    """Add the stream of upright pictures to a file; see `PictureEncoder`."""
    target = delivered(first, sar, rotation)
    stream: Any = film.add_stream(preset.video, rate=times.rate, options=dict(preset.video_options))
    context = stream.codec_context
    stream.width, stream.height, stream.pix_fmt = target.width, target.height, target.pix_fmt
    for tag in ("color_range", "color_primaries", "color_trc", "colorspace"):
        setattr(context, tag, getattr(target, tag))
    context.sample_aspect_ratio = Fraction(1)
    context.time_base = times.time_base
    stream.time_base = times.time_base
    context.thread_count = 0
    context.thread_type = "AUTO"  # PyAV asks for slices, with which x264 makes larger files
    return PictureEncoder(stream, deliver(first, sar, rotation, times.time_base), times)


class PictureEncoder:
    """Pictures through filters and an encoder, to packets with exact times.

    Attributes:
        stream: of the file that is written.
        count: pictures that the filters gave so far.
    """

    def __init__(self, stream: Any, chain: Any, times: Times) -> None:
        self.stream = stream
        self.count = 0
        self._chain = chain
        self._times = times
        self._durations = {a: b - a for a, b in pairwise(times.pts)}

    def put(self, frame: VideoFrame) -> Iterator[Packet[Any]]:
        """Feed the next picture."""
        yield from self._encode(self._chain.put(frame))

    def finish(self) -> Iterator[Packet[Any]]:
        """What was held back."""
        yield from self._encode(self._chain.finish())
        yield from self._stamp(self.stream.encode(None))

    def _encode(self, frames: Iterable[VideoFrame]) -> Iterator[Packet[Any]]:
        for frame in frames:
            if self.count >= self._times.count:
                raise VerificationFailed("the filters made more pictures than they were given")
            frame.pts = self._times.pts[self.count]
            frame.time_base = self._times.time_base
            frame.pict_type = 0  # or x264 makes every picture of an intra-only master an IDR
            self.count += 1
            yield from self._stamp(self.stream.encode(frame))

    def _stamp(self, packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
        """Encoders don't know for how long the last picture is shown."""
        for packet in packets:
            packet.duration = self._durations[int(packet.pts or 0)]
            yield packet


def copied_pictures(
    film: OutputContainer,
    source: Source,
    table: Sequence[int],
    start: int,
    rotation: int,
    sar: Fraction,
    times: Times,
) -> Iterator[Packet[Any]]:
    """The packets of an intra-only master with the times of the clip; the pictures stay as stored.

    The stream is added to the file at once. Rotation becomes metadata; for a pixel aspect the stream gets the name that
    `write_aspect` wants to find in the finished file.
    """
    stream = film.add_stream_from_template(source.video, opaque=True)
    if rotation:
        stream.set_display_rotation(-rotation)
    if sar != 1:
        stream.metadata["title"] = PLACEHOLDER
    tag = source.container.metadata.get(PIXEL_FORMAT_TAG)
    if tag:
        film.metadata[PIXEL_FORMAT_TAG] = tag
    own = own_times(source, np.asarray(table[:-1], np.int64))
    source.container.seek(int(own[start]), stream=source.video)
    return _copies(source, stream, own, start, times)


def _copies(source: Source, stream: Any, own: Any, start: int, times: Times) -> Iterator[Packet[Any]]:
    waiting = start - int(
        np.searchsorted(own, own[start], "left")
    )  # pictures before it in the same millisecond
    number = 0
    for packet in source.container.demux(source.video):
        if packet.pts is None or packet.pts < own[start]:
            continue
        if waiting:
            waiting -= 1
            continue
        if number == times.count:
            return
        if packet.pts != own[start + number]:
            return
        packet.pts = packet.dts = times.pts[number]
        packet.duration = times.pts[number + 1] - times.pts[number]
        packet.time_base = times.time_base
        packet.stream = stream
        number += 1
        yield packet


class SoundTrack:
    """The sound of the clip, encoded as far as the pictures have come.

    Attributes:
        first, last: the half-open range of the source's samples.
    """

    def __init__(
        self, film: OutputContainer, preset: Preset, sound: RangeOfSound, first: int, last: int
    ) -> None:
        self.first, self.last = first, last
        self._film = film
        self._sound = sound
        self._blocks = sound.blocks(first, last)
        self._given = 0
        self.stream = _add_sound(film, preset, sound)
        self._encoder = AudioEncoder(self.stream)

    def advance(self, seconds: Fraction | None) -> None:
        """Encode and write sound up to a time of the clip; None: all of it."""
        while seconds is None or self._given < seconds * self._sound.rate:
            block = next(self._blocks, None)
            if block is None:
                break
            if self._encoder.changes(block):
                self._write(self._encoder.flush_resampler())
            self._write(self._encoder.encode(block.samples, block))
            self._given += block.samples.shape[1]
        if seconds is None:
            self._write(self._encoder.finish())

    def report(self) -> dict[str, Any]:
        """What a manifest says about it."""
        return {
            "codec": self.stream.codec_context.codec.canonical_name,
            "rate": self.stream.codec_context.sample_rate,
            "layout": self.stream.codec_context.layout.name,
            "source_codec": self._sound.codec,
            "source_rate": self._sound.rate,
            "first_sample": self.first,
            "samples": self.last - self.first,
            "silent": self._sound.silent,
            "refused": self._sound.refused,
        }

    def _write(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            self._film.mux_one(packet)


def _add_sound(film: OutputContainer, preset: Preset, sound: RangeOfSound) -> Any:
    if preset.audio_bits_per_channel is None:
        return _add_lossless(film, preset, sound)
    rate = sound.rate if sound.rate in _AAC_RATES else 48_000
    stream: Any = film.add_stream(preset.audio, rate=rate)
    stream.codec_context.layout = sound.layout if sound.layout in _AAC_LAYOUTS else "stereo"
    channels = stream.codec_context.layout.nb_channels
    stream.codec_context.bit_rate = min(_MOST_BITS, preset.audio_bits_per_channel * channels)
    return stream


def _add_lossless(film: OutputContainer, preset: Preset, sound: RangeOfSound) -> Any:
    stream: Any = film.add_stream(preset.audio, rate=sound.rate)
    stream.codec_context.layout = sound.layout
    deep = sound.depth > _SHORT_BITS
    stream.codec_context.format = "s32" if deep else "s16"
    stream.codec_context.options = {"bits_per_raw_sample": str(sound.depth)} if deep else {}
    return stream
