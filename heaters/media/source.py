"""A film as a run of numbered pictures: the one way in which originals and gold masters are read.

Frame `n` is the n-th picture that decoding presents: edit lists are honoured, discarded packets are no pictures,
times strictly increase.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import av

from heaters.errors import NotAVideo
from heaters.media.damage import Damage
from heaters.media.filters import Chain, reordered
from heaters.media.formats import film_stream, open_input
from heaters.media.picture import Picture, picture_crc, plane_bytes
from heaters.media.seeking import find_range
from heaters.media.timeline import PictureClock, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av import VideoFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

__all__ = [
    "DECODER_THREADS",
    "LEAD_TAG",
    "PIXEL_FORMAT_TAG",
    "SAR_TAG",
    "TIME_BASE_TAG",
    "Picture",
    "Source",
    "picture_crc",
    "plane_bytes",
]

#: Always the same: what a decoder invents for damaged pictures depends on the number of its threads (FFmpeg 8.1).
DECODER_THREADS: Final = 4
#: Tags of a gold master: milliseconds before frame 0, the source's exact time base and shape of pixels (Matroska rounds
#: both), and its pixel format where FFV1 needs another order of bytes.
LEAD_TAG: Final = "HEATERS_LEAD"
SAR_TAG: Final = "HEATERS_SAR"
TIME_BASE_TAG: Final = "HEATERS_TIME_BASE"
PIXEL_FORMAT_TAG: Final = "HEATERS_PIXEL_FORMAT"
_SHOWN_AS: Final = {"pal8": "bgra", "monow": "gray", "monob": "gray"}
_QUARTER: Final = 90
_TS_DISCONT: Final = 0x0200  # AVFMT_TS_DISCONT of libavformat: formats whose clock may start again


class Source:
    """An original or a gold master, open for reading; a context manager, to be used from one thread.

    Args:
        path: a local file; it is opened under the whitelists of `formats`.
        threads: of the decoder; 0 takes `DECODER_THREADS`.

    Attributes:
        container: the open file.
        video: the stream of pictures; never an attached picture.
        time_base: unit of the times of all pictures, in seconds.
        sar: width of a pixel by its height; 1 where the file says nothing.
        damage: what could not be decoded so far.

    Raises:
        NotAVideo: see `open_input`; also without a video stream, or without a decoder for it.
    """

    def __init__(self, path: str | Path, *, threads: int = 0) -> None:
        self.path = Path(path)
        self.container: InputContainer = open_input(path)
        try:
            self.video: VideoStream = film_stream(self.container, path)
            _check_decoder(self.video, path)
            self.video.thread_type = "AUTO"
            self.video.codec_context.thread_count = threads or DECODER_THREADS
        except BaseException:
            self.container.close()
            raise
        self.time_base = Fraction(self.video.time_base or Fraction(1, 1000))
        self.sar = Fraction(self.container.metadata.get(SAR_TAG) or self.video.sample_aspect_ratio or 1)
        self._rotation: int | None = None
        self._begin()

    def _begin(self) -> None:
        self.damage = Damage(self.video)
        self._timeline = Timeline() if self.container.format.flags & _TS_DISCONT else None
        self._restore: Chain | None = None
        self._clock = PictureClock(round(1 / self.time_base))
        self._number = self._first = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; pictures that were handed out stay usable."""
        self.container.close()

    @property
    def rotation(self) -> int:
        """Degrees clockwise that make the pictures upright: 0, 90, 180 or 270. Decodes a picture if need be."""
        if self._rotation is None:
            with Source(self.path) as other:
                next(other.pictures(), None)
                self._rotation = other._rotation or 0
        return self._rotation

    @property
    def exact_time_base(self) -> Fraction | None:
        """The original's time base, when this is a gold master made by `prepare`."""
        stated = self.container.metadata.get(TIME_BASE_TAG)
        return Fraction(stated) if stated else None

    @property
    def lead(self) -> int:
        """When frame 0 of a gold master is shown, in milliseconds: sound that begins earlier comes before it."""
        return int(self.container.metadata.get(LEAD_TAG, 0))

    @property
    def clock_may_restart(self) -> bool:
        """Whether the format is one whose times may go back, as in joined transport streams."""
        return self._timeline is not None

    @property
    def step(self) -> int:
        """Usual distance of two pictures, in units of `time_base`, at least 1."""
        return max(1, round(1 / (self.rate * self.time_base)))

    @property
    def rate(self) -> Fraction:
        """Pictures a second as the file states or FFmpeg guesses it; 25 where neither does."""
        return Fraction(self.video.guessed_rate or self.video.average_rate or 25)

    @property
    def warnings(self) -> list[str]:
        """What a user should know about this source; grows while pictures are read."""
        found = list(self.damage.warnings)
        restarts = max(self._timeline.restarts if self._timeline else 0, self._clock.restarts)
        if restarts:
            found.append(
                f"the clock of the file starts again {restarts} times; the pictures go on without a gap"
            )
        if self._clock.untimed:
            found.append(
                f"{self._clock.untimed} pictures have no usable time; they follow the picture before at once"
            )
        if self.video.metadata.get("alpha_mode") == "1":
            found.append(
                "the alpha channel (transparency) is dropped: decoders of VP8 and VP9 don't deliver it"
            )
        return found

    def pictures(self) -> Iterator[Picture]:
        """All pictures from the first one, in presentation order; to be called once.

        Packets that can't be decoded are counted in `damage` and skipped.
        """
        # The sound of a transport stream is read too, for it has a part in where a restarted clock goes on.
        sound = self.container.streams.audio if self._timeline else ()
        return (one for one in self.items(sound) if isinstance(one, Picture))

    def items(self, sound: Sequence[AudioStream]) -> Iterator[Picture | Packet[AudioStream]]:
        """Like `pictures`, with the packets of some sound tracks between them, their times on the same line."""
        for packet in self._packets(sound):
            if (
                packet.stream.index == self.video.index
            ):  # the last, empty packets have no stream_index (PyAV 18.1)
                yield from map(self._present, self._decode(packet))
            elif packet.size:
                yield packet
        yield from map(self._present, self._restore.finish() if self._restore else ())

    def pictures_range(self, start: int, end: int, pts: Sequence[int] | NDArray[Any]) -> Iterator[Picture]:
        """The pictures of `[start, end)`, found by seeking and checked by time.

        Args:
            start: first frame number.
            end: the frame number after the last one.
            pts: times of *all* pictures of the original, from frame 0, as `prepare` stored them. The pictures carry
                these times, also from a gold master, whose own times are rounded to milliseconds.

        Raises:
            ValueError: the range is empty or outside of the table.
            DamagedMedia: the file does not show these pictures at these times.
        """
        return find_range(self, start, end, pts)

    def seek(self, time: int) -> Iterator[Picture]:
        """Pictures from somewhere near `time` (in units of `time_base`) on, numbered from 0.

        Raises:
            av.error.FFmpegError: the file can't be sought in.
        """
        self._begin()
        self.container.seek(time, stream=self.video)
        return self.pictures()

    def _packets(self, sound: Sequence[AudioStream]) -> Iterator[Packet[Any]]:
        packets = self.container.demux(self.video, *sound)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                self.damage.refused()
                return
            if packet is None:
                return
            if self._timeline:
                self._timeline.shift(packet)
            yield packet

    def _decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        self.damage.packet(packet)
        try:
            frames = packet.decode()
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.damage.refused()
            return []
        return [one for frame in frames for one in self._as_source(frame)]

    def _as_source(self, frame: VideoFrame) -> list[VideoFrame]:
        """Undo the order of bytes that a master needed; show palettes and single bits as what they stand for."""
        wanted = self.container.metadata.get(PIXEL_FORMAT_TAG) or _SHOWN_AS.get(frame.format.name)
        if not wanted or wanted == frame.format.name:
            return [frame]
        if self._restore is None:
            self._restore = Chain(frame, reordered(wanted), self.time_base, self.sar)
        return self._restore.put(frame)

    def _present(self, frame: VideoFrame) -> Picture:
        pts = self._clock.time_of(frame, self.step)
        if self._number == 0:
            self._first = pts
            self._rotation = round(-frame.rotation / _QUARTER) % 4 * _QUARTER
        end = (pts - self._first + (frame.duration or self.step)) * self.time_base
        self.damage.decoded(frame, end)
        picture = Picture(self._number, pts, frame)
        self._number += 1
        return picture


def _check_decoder(video: VideoStream, path: str | Path) -> None:
    if video.codec_context is None:
        raise NotAVideo(f"{path} has pictures in a format that can't be decoded here", path=str(path))
