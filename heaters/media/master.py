"""Writes the gold master: FFV1 pictures as they were decoded, every sound track, in Matroska."""

from __future__ import annotations

import math
import os
import re
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
from av.stream import Disposition

from heaters.errors import MediaError, VerificationFailed
from heaters.media.audio_encoder import AudioEncoder
from heaters.media.filters import Chain, reordered
from heaters.media.matroska_aspect import PLACEHOLDER, write_aspect
from heaters.media.picture import Picture, picture_crc
from heaters.media.sound import SoundBlock, SoundLine, usual_layout
from heaters.media.source import LEAD_TAG, PIXEL_FORMAT_TAG, SAR_TAG, TIME_BASE_TAG
from heaters.media.writing import let_go

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from av import VideoFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from heaters.media.source import Source

MILLISECOND: Final = Fraction(1, 1000)  # Matroska's unit of time
_LARGE_PIXELS: Final = 1920 * 1080
_SHORT: Final = 2  # bytes of a sample
_FLAC_CHANNELS: Final = 8
_PCM_FOR_FLAC: Final = re.compile(r"pcm_[su](8|16|24)(le|be)?(_planar)?|pcm_bluray|pcm_dvd")
_FFV1_FORMATS: Final = frozenset(one.name for one in av.Codec("ffv1", "w").video_formats or ())
#: The same bytes in another order, for pixel formats that FFV1 does not take (FFmpeg 8.1).
_ORDERS: Final = {
    "rgb24": "bgr0", "bgr24": "bgr0", "gbrp": "bgr0", "0rgb": "bgr0", "rgb0": "bgr0", "0bgr": "bgr0",
    "rgb565le": "bgr0", "rgb555le": "bgr0", "argb": "bgra", "rgba": "bgra", "abgr": "bgra", "gbrap": "bgra",
    "bgr48le": "rgb48le", "bgra64le": "rgba64le", "x2rgb10le": "gbrp10le", "ayuv64le": "yuva444p16le",
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "uyyvyy411": "yuv411p",
    "uyvy422": "yuv422p", "yuyv422": "yuv422p", "yvyu422": "yuv422p", "p010le": "yuv420p10le",
    "p210le": "yuv422p10le", "y210le": "yuv422p10le", "p016le": "yuv420p16le",
}  # fmt: skip


def ffv1_options(width: int, height: int, *, threads: int = 4) -> dict[str, str]:
    """Settings of the FFV1 encoder; also those that the benchmark gives to its peer.

    `coder=0` is 31 % cheaper to decode than the default for 4-12 % more bytes (measured on 720p film); pictures of
    more than 8 bits get the range coder whatever is asked.
    """
    slices = 16 if width * height >= _LARGE_PIXELS else 4
    return {
        "level": "3", "g": "1", "slicecrc": "1", "context": "0", "coder": "0",
        "slices": str(slices), "threads": str(threads),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """What becomes of one sound track: `copied` packet by packet, encoded as `flac`, or `left` out."""

    stream: AudioStream
    way: str


@dataclass(slots=True)
class _Flac:
    encoder: AudioEncoder
    line: SoundLine
    start: int | None = None  # milliseconds in the master


class MasterWriter:
    """Writes one gold master from one thread.

    Frame 0 is at `lead` milliseconds: as long before it as sound begins, for Matroska has no negative times. Every
    frame is at least one millisecond after the one before.

    Args:
        path: to write; an existing file is overwritten.
        source: where the pictures come from.
        first: its first picture, for size, pixel format and colour tags.
        tracks: all sound tracks in order.
        lead: milliseconds from the start of the file to the first picture.

    Raises:
        MediaError: FFV1 can't hold this pixel format without loss.
        OSError: the file can't be written.
        VerificationFailed: on closing, the encoder gave fewer pictures than it got.
    """

    def __init__(
        self, path: str, source: Source, first: Picture, tracks: Sequence[SoundTrack], lead: int
    ) -> None:
        self._start = first.pts * source.time_base
        self._lead = lead
        self._shown = -1
        self._times: deque[int] = deque()  # of the pictures whose packets are to come
        self._path, self._sar = path, source.sar
        self._time_base = source.time_base
        steps = _permutation(first.frame, source)
        self._chain = Chain(first.frame, steps, source.time_base, source.sar)
        self._pixels = steps[-1][1] if steps else first.frame.format.name
        self._container = av.open(
            path, "w", format="matroska", container_options={"avoid_negative_ts": "disabled"}
        )
        self._container.metadata[TIME_BASE_TAG] = str(source.time_base)
        self._container.metadata[LEAD_TAG] = str(lead)
        self._container.metadata[SAR_TAG] = str(source.sar)
        if steps and not first.frame.format.name.startswith("yuvj"):
            self._container.metadata[PIXEL_FORMAT_TAG] = first.frame.format.name
        self._video = self._add_video(source, first.frame, self._pixels)
        self._copies: dict[int, tuple[AudioStream, int]] = {}
        self._encoders: dict[int, _Flac] = {}
        for track in tracks:
            self._add_sound(track)
        self._duration = max(1, round(source.step * source.time_base / MILLISECOND))

    def picture(self, picture: Picture) -> None:
        """Encode the next picture."""
        self._times.append(self._milliseconds(picture.pts * self._time_base))
        for frame in self._chain.put(picture.frame):
            frame.pts = picture.number
            frame.pict_type = 0
            self._mux_pictures(self._video.encode(frame))

    def packet(self, packet: Packet[AudioStream]) -> None:
        """Copy a packet of a track that is `copied`; it is changed."""
        stream, last = self._copies[packet.stream.index]
        unit = Fraction(packet.time_base)
        if packet.pts is not None:
            last = max(last, self._milliseconds(packet.pts * unit))
        self._copies[packet.stream.index] = stream, last
        packet.pts = packet.dts = last
        packet.duration = round((packet.duration or 0) * unit / MILLISECOND)
        packet.time_base = MILLISECOND
        packet.stream = stream
        self._container.mux_one(packet)

    def block(self, index: int, block: SoundBlock) -> None:
        """Encode samples of the `flac` track whose stream in the source has this index."""
        flac = self._encoders[index]
        if flac.start is None:
            flac.start = self._milliseconds(self._start if block.time is None else block.time)
        for samples in flac.line.take(block):
            self._mux_sound(flac, flac.encoder.encode(samples, block))

    def close(self) -> None:
        """Write what is held back and end the file."""
        self._mux_pictures(self._video.encode(None))
        if self._times:
            raise VerificationFailed(
                f"{self._path} lacks {len(self._times)} pictures; prepare it again", path=self._path
            )
        for flac in self._encoders.values():
            self._mux_sound(flac, flac.encoder.finish())
        self._container.close()
        if self._sar != 1:
            write_aspect(self._path, self._sar)

    def drop(self) -> None:
        """Let go of the file, whole or not; harmless after `close`."""
        let_go(self._container)

    def _milliseconds(self, seconds: Fraction) -> int:
        return self._lead + math.floor((seconds - self._start) / MILLISECOND + Fraction(1, 2))

    def _mux_pictures(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            self._shown = max(self._shown + 1, self._times.popleft())
            packet.pts = packet.dts = self._shown
            packet.duration = self._duration
            packet.time_base = MILLISECOND
            self._container.mux_one(packet)

    def _mux_sound(self, flac: _Flac, packets: Iterable[Packet[AudioStream]]) -> None:
        for packet in packets:
            time = Fraction(packet.pts or 0) * Fraction(packet.time_base)
            packet.pts = packet.dts = (flac.start or 0) + math.floor(time / MILLISECOND + Fraction(1, 2))
            packet.duration = round((packet.duration or 0) * Fraction(packet.time_base) / MILLISECOND)
            packet.time_base = MILLISECOND
            self._container.mux_one(packet)

    def _add_video(self, source: Source, sample: VideoFrame, pixels: str) -> VideoStream:
        video = self._container.add_stream("ffv1", options=ffv1_options(sample.width, sample.height))
        video.codec_context.thread_type = "SLICE"
        video.width, video.height, video.pix_fmt = sample.width, sample.height, pixels
        video.codec_context.framerate = source.rate
        video.codec_context.time_base = 1 / source.rate
        video.codec_context.sample_aspect_ratio = source.sar
        video.disposition = Disposition.default
        if source.sar != 1:
            video.metadata["title"] = PLACEHOLDER
        video.codec_context.field_order = source.video.codec_context.field_order
        for tag in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(video.codec_context, tag, int(getattr(sample, tag)))
        return video

    def _add_sound(self, track: SoundTrack) -> None:
        source = track.stream
        if track.way == "copied":
            stream = self._container.add_stream_from_template(source)
            self._copies[source.index] = stream, -(1 << 62)
        elif track.way == "flac":
            stream = self._container.add_stream("flac", rate=source.codec_context.sample_rate)
            wide = source.codec_context.format.bytes > _SHORT
            stream.codec_context.format = "s32" if wide else "s16"
            stream.codec_context.layout = usual_layout(source.codec_context.layout.nb_channels)
            stream.codec_context.options = {"bits_per_raw_sample": "24"} if wide else {}
            self._encoders[source.index] = _Flac(AudioEncoder(stream), SoundLine(None))
        else:
            return
        stream.disposition = source.disposition
        if source.language:
            stream.metadata["language"] = source.language


def choose_ways(tracks: Sequence[AudioStream]) -> list[SoundTrack]:
    """Integer PCM of at most 24 bits becomes FLAC, all else is copied where Matroska takes it, or left out."""
    with av.open(os.devnull, "w", format="matroska") as trial:
        return [SoundTrack(one, _way(one, trial)) for one in tracks]


def _way(track: AudioStream, trial: OutputContainer) -> str:
    context = track.codec_context
    if context is None:
        return "left"
    if _PCM_FOR_FLAC.fullmatch(context.name) and context.layout.nb_channels <= _FLAC_CHANNELS:
        return "flac"
    try:
        trial.add_stream_from_template(track)
    except (ValueError, av.error.FFmpegError):
        return "left"
    return "copied"


def _permutation(sample: VideoFrame, source: Source) -> list[tuple[str, str]]:
    """Filters that make the picture one that FFV1 takes, with every bit kept; none where it is one already."""
    pixels = sample.format.name
    if pixels in _FFV1_FORMATS:
        return []
    if pixels.startswith("yuvj"):
        return [("scale", "in_range=pc:out_range=pc"), ("format", pixels.replace("j", ""))]
    other = _ORDERS.get(pixels) or pixels.replace("be", "le")
    steps = reordered(other)
    if other in _FFV1_FORMATS:
        (there,) = _all(Chain(sample, steps, source.time_base, source.sar), sample)
        (back,) = _all(Chain(there, reordered(pixels), source.time_base, source.sar), there)
        if picture_crc(back) == picture_crc(sample):
            return steps
    raise MediaError(
        f"{source.path} has pixels ({pixels}) that an FFV1 master can't hold without loss; "
        "prepare it with master_mode=source",
        path=str(source.path),
    )


def _all(chain: Chain, frame: VideoFrame) -> list[VideoFrame]:
    return [*chain.put(frame), *chain.finish()]
