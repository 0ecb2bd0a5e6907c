"""Writes the review proxy: every picture an IDR picture of H.264, sound as AAC, in MP4."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
from av.stream import Discard

from heaters.media.audio_encoder import AudioEncoder
from heaters.media.sound import SoundBlock, SoundLine
from heaters.media.upright import Upright, is_hdr
from heaters.media.writing import let_go

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av import VideoFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet

    from heaters.media.picture import Picture
    from heaters.media.source import Source

AUDIO_RATE: Final = 48_000
AUDIO_BIT_RATE: Final = 128_000
_LIMITED: Final = 1  # AVCOL_RANGE_MPEG
_LARGEST_TIMESCALE: Final = (1 << 31) - 1  # a signed 32-bit field of MP4
_FALLBACK_TIMESCALE: Final = 90_000


def x264_options(crf: int, *, fastdecode: bool = False, threads: int = 0) -> dict[str, str]:
    """Settings of the x264 encoder; also those that the benchmark gives to its peer."""
    options = {
        "preset": "superfast",
        "crf": str(crf),
        "g": "1",
        "bf": "0",
        "x264-params": "keyint=1:scenecut=0",
    }
    if threads:
        options["threads"] = str(threads)
    return options | ({"tune": "fastdecode"} if fastdecode else {})


class ProxyWriter:
    """Writes one review proxy from one thread.

    Picture `n` is at `pts[n] - pts[0]` in the source's own time base (where MP4 can state it), and sound begins with
    picture 0: silence is put before sound that starts later, and what comes earlier is cut.

    Args:
        path: to write; an existing file is overwritten.
        source: where the pictures come from.
        first: its first picture.
        sound: the track to encode, or None.
        height: upper limit, in pixels.
        crf: quality for x264.
        fastdecode: tune for weak decoders.

    Attributes:
        time_scale: of the pictures' times in the file: units a second.

    Raises:
        OSError: the file can't be written.
    """

    def __init__(
        self, path: str, source: Source, first: Picture, sound: AudioStream | None,
        *, height: int, crf: int, fastdecode: bool,
    ) -> None:  # fmt: skip
        self._first = first
        self._time_base = source.time_base
        self._upright = Upright(first.frame, source.time_base, source.sar, source.rotation, height)
        self.width, self.height = self._upright.size
        base = source.time_base.denominator
        self.time_scale = base if base <= _LARGEST_TIMESCALE else _FALLBACK_TIMESCALE
        options = {"movflags": "+faststart", "video_track_timescale": str(self.time_scale)}
        self._container = av.open(path, "w", format="mp4", container_options=options)
        self._add_video(source.rate, x264_options(crf, fastdecode=fastdecode))
        self._sound: AudioEncoder | None = None
        if sound is not None:
            self._add_sound(sound)

    @property
    def warnings(self) -> list[str]:
        """What a user should know about the proxy."""
        if is_hdr(self._first.frame):
            return ["HDR pictures are mapped to SDR in the proxy: it shows approximate colours"]
        return []

    def picture(self, picture: Picture) -> None:
        """Encode the next picture."""
        for frame in self._upright.put(picture.frame, self.time_of(picture.pts)):
            self._encode(frame)

    def block(self, block: SoundBlock) -> None:
        """Encode the next samples."""
        assert self._sound is not None
        if self._sound.changes(block):
            self._mux(self._sound.flush_resampler())
            done = self._sound.samples * block.rate // AUDIO_RATE
            self._line = SoundLine(self._first.pts * self._time_base, done)
        for samples in self._line.take(block):
            self._mux(self._sound.encode(samples, block))

    def close(self) -> None:
        """Write what is held back and end the file."""
        for frame in self._upright.finish():
            self._encode(frame)
        self._mux(self._video.encode(None))
        if self._sound is not None:
            self._mux(self._sound.finish())
        self._container.close()

    def drop(self) -> None:
        """Let go of the file, whole or not; harmless after `close`."""
        let_go(self._container)

    def time_of(self, pts: int) -> int:
        """When a picture with this pts in the source is shown, in units of the file; exact but for absurd units."""
        return round((pts - self._first.pts) * self._time_base * self.time_scale)

    def _encode(self, frame: VideoFrame) -> None:
        frame.time_base = self._unit
        self._mux(self._video.encode(frame))

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            self._container.mux_one(packet)

    def _add_video(self, rate: Fraction, options: dict[str, str]) -> None:
        video = self._container.add_stream("libx264", options=options)
        video.width, video.height, video.pix_fmt = self.width, self.height, "yuv420p"
        context = video.codec_context
        self._unit = Fraction(1, self.time_scale)
        context.framerate, context.time_base = rate, self._unit
        context.sample_aspect_ratio = Fraction(1)
        colours = self._upright.colours
        context.color_range = _LIMITED
        context.color_primaries = colours.primaries
        context.color_trc = colours.transfer
        context.colorspace = colours.matrix
        self._video = video

    def _add_sound(self, track: AudioStream) -> None:
        stream = self._container.add_stream("aac", rate=AUDIO_RATE, bit_rate=AUDIO_BIT_RATE)
        stream.codec_context.layout = "mono" if track.codec_context.layout.nb_channels == 1 else "stereo"
        if track.language:
            stream.metadata["language"] = track.language
        self._sound = AudioEncoder(stream)
        self._line = SoundLine(self._first.pts * self._time_base)


def copy_sound(proxy: str, path: str) -> None:
    """Write the sound packets of a finished proxy to an audio file of their own, times and priming kept.

    Raises:
        OSError: the file can't be written.
    """
    with (
        av.open(proxy) as whole,
        av.open(path, "w", format="ipod", container_options={"movflags": "+faststart"}) as alone,
    ):
        for stream in whole.streams.video:
            stream.discard = Discard.all
        (sound,) = whole.streams.audio
        copy = alone.add_stream_from_template(sound)
        for packet in whole.demux(sound):
            if packet.size:
                packet.stream = copy
                alone.mux_one(packet)
