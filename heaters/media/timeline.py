"""Times that only go forward, for sources whose clock restarts (joined transport streams) or is faulty."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av import VideoFrame
    from av.packet import Packet
    from av.stream import Stream

_BACK: Final = Fraction(1, 2)  # seconds; decoding times of one stream never go back in a sound file
_FORWARD: Final = 10  # seconds; FFmpeg's own `dts_delta_threshold`


class Timeline:
    """Shifts the packets of all streams after a restart by one common offset, so that sound stays in step.

    Each stream enters the next part when its own clock jumps: at a joint, packets of both parts come mixed.

    Attributes:
        restarts: how often the clock restarted so far.
    """

    def __init__(self) -> None:
        self._offsets = [Fraction(0)]
        self._part: dict[int, int] = {}
        self._last: dict[int, Fraction] = {}
        self._end = Fraction(0)

    @property
    def restarts(self) -> int:
        """How often the clock restarted so far."""
        return len(self._offsets) - 1

    def shift(self, packet: Packet[Stream]) -> None:
        """Move the packet's times onto the common line; to be called once for each packet, in file order."""
        raw = packet.dts if packet.dts is not None else packet.pts
        if raw is None:
            return
        unit, index = packet.time_base, packet.stream_index
        now = raw * unit
        part = self._part.setdefault(index, 0)
        jump = now - self._last.get(index, now)
        if jump < -_BACK or jump > _FORWARD:
            part = self._part[index] = part + 1
            if part == len(self._offsets):
                self._offsets.append(self._end - now)
        self._last[index] = now
        offset = self._offsets[part]
        self._end = max(self._end, now + offset + (packet.duration or 0) * unit)
        if offset:
            ticks = round(offset / unit)
            packet.dts = None if packet.dts is None else packet.dts + ticks
            packet.pts = None if packet.pts is None else packet.pts + ticks


class PictureClock:
    """The times of pictures in presentation order: as stated, unless that is not after the picture before.

    Where the stated times go back more often than decoding times do, these are taken, as FFmpeg's
    `guess_correct_pts` does it: AVI states no others.

    Args:
        second: units of time in a second.

    Attributes:
        restarts: how often the times went back by a second or more.
        untimed: pictures that had no time after the one before.
    """

    def __init__(self, second: int) -> None:
        self.restarts = self.untimed = 0
        self._second = second
        self._last: int | None = None
        self._moved = 0
        self._last_pts = self._last_dts = -(1 << 63)
        self._faulty_pts = self._faulty_dts = 0

    def time_of(self, frame: VideoFrame, step: int) -> int:
        """The time of the next picture; `step` is the usual distance of two."""
        stated = self._guess(frame.pts, frame.dts)
        if self._last is None:
            self._last = stated or 0
        elif stated is None:
            self.untimed += 1
            self._last += step
        elif stated + self._moved > self._last:
            self._last = stated + self._moved
        elif self._last - stated - self._moved >= self._second:
            self.restarts += 1
            self._last += step
            self._moved = self._last - stated
        else:
            self.untimed += 1
            self._last += 1
        return self._last

    def _guess(self, pts: int | None, dts: int | None) -> int | None:
        if dts is not None:
            self._faulty_dts += dts <= self._last_dts
            self._last_dts = dts
        if pts is not None:
            self._faulty_pts += pts <= self._last_pts
            self._last_pts = pts
        if pts is None or (dts is not None and self._faulty_pts > self._faulty_dts):
            return dts
        return pts
