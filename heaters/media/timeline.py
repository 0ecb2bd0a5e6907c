"""Times that only go forward, for sources whose clock restarts (joined transport streams)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
