"""What could not be decoded of a source, in numbers and in sentences."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CLOCK: Final = 3  # fields of a Matroska DURATION tag: hours, minutes, seconds
_SHORT_SECONDS: Final = Fraction(
    1, 2
)  # a duration in a header is only believed when this much of it, and ...
_SHORT_SHARE: Final = Fraction(1, 10)  # ... this part of it is missing: tracks often end a little early
_LOST_SHARE: Final = Fraction(1, 50)  # AVI counts pictures that it only repeats


class Damage:
    """Counts packets and pictures while a source is read; nothing is damaged until told so.

    Attributes:
        pictures: decoded so far.
        errors: packets that the decoder refused after its first picture, and breaks in the file.
        first_error: number of pictures decoded before the first of them.
        concealed: pictures with parts that the decoder made up; `first_concealed` is the number of the first.
    """

    def __init__(self, video: VideoStream) -> None:
        self.pictures = 0
        self.errors = 0
        self.first_error = 0
        self.concealed = 0
        self.first_concealed = 0
        self._refused_early = 0
        self._packets = 0
        self._discarded = 0
        self._header_frames = video.frames
        self._header_seconds = _duration(video)
        self._seconds = Fraction(0)

    def packet(self, packet: Packet[VideoStream]) -> None:
        """Count a packet that goes to the decoder."""
        if packet.size:
            self._packets += 1
            self._discarded += packet.is_discard

    def refused(self) -> None:
        """Count a packet that the decoder refused, or a place where the file can't be read on.

        Recordings that start in mid-stream have some before their first picture; these are no damage.
        """
        if not self.pictures:
            self._refused_early += 1
            return
        if not self.errors:
            self.first_error = self.pictures
        self.errors += 1

    def decoded(self, frame: VideoFrame, end: Fraction) -> None:
        """Count a picture; `end` is when it ends, in seconds after the first one began."""
        if frame.is_corrupt:
            if not self.concealed:
                self.first_concealed = self.pictures
            self.concealed += 1
        self.pictures += 1
        self._seconds = end

    @property
    def loss(self) -> str | None:
        """What is missing, as a part of a sentence; None when all pictures could be decoded.

        Only right when the source has been read to its end.
        """
        expected = self._header_frames - self._discarded
        missing = expected - self.pictures
        if missing > 0 and (self.errors or self._packets < self._header_frames * (1 - _LOST_SHARE)):
            return f"header says {expected} frames, {self.pictures} could be decoded"
        short = self._header_seconds - self._seconds
        if not self._header_frames and short > max(_SHORT_SECONDS, self._header_seconds * _SHORT_SHARE):
            about = round(self.pictures * self._header_seconds / self._seconds) if self._seconds else 0
            return f"header says about {about} frames, {self.pictures} could be decoded"
        if self.errors:
            return f"{self.errors} packets could not be decoded, the first after frame {self.first_error - 1}"
        return None

    @property
    def warnings(self) -> list[str]:
        """Sentences for people about all of it."""
        found = []
        if self.loss:
            found.append(self.loss)
        if self.concealed:
            found.append(
                f"{self.concealed} pictures are damaged, the first is frame {self.first_concealed}; "
                "they are kept as the decoder repaired them"
            )
        return found


def _duration(video: VideoStream) -> Fraction:
    """Length of the stream by its own header, in seconds; 0 where it says nothing."""
    if video.duration and video.time_base:
        return Fraction(video.duration * video.time_base)
    clock = video.metadata.get("DURATION", "").split(":")
    if len(clock) != _CLOCK:
        return Fraction(0)
    try:
        hours, minutes, seconds = (Fraction(one.strip()[:12]) for one in clock)
    except ValueError:
        return Fraction(0)
    return hours * 3600 + minutes * 60 + seconds
