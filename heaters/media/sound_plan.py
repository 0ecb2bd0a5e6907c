"""Which sound tracks are read, which are decoded, and where each goes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from heaters.media.formats import default_audio
from heaters.media.master import MILLISECOND, SoundTrack, choose_ways
from heaters.media.sound import SoundDecoder

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet

    from heaters.media.source import Source

_PRIMING: Final = Fraction(1, 10)  # seconds by which packets may come before the stated start of a track


class SoundPlan:
    """The sound of one source: all tracks into the master, the default one into the proxy.

    Args:
        source: open.
        with_master: whether a gold master is written.

    Attributes:
        tracks: all sound tracks and their ways into the master.
        streams: those that have to be read.
        decoders: for those that have to be decoded, by index of the stream.
        default: the decoder of the default track; None without sound.
    """

    def __init__(self, source: Source, *, with_master: bool) -> None:
        self._source, self._with_master = source, with_master
        every = list(source.container.streams.audio)
        chosen = default_audio(source.container)
        self.tracks = choose_ways(every) if with_master else [SoundTrack(one, "left") for one in every]
        self._ways = {one.stream.index: one.way for one in self.tracks}
        decoded = [one for one in every if one is chosen or self._ways[one.index] == "flac"]
        self.decoders = {one.index: SoundDecoder(one) for one in decoded}
        self.default = self.decoders[chosen.index] if chosen else None
        self.streams = [one for one in every if one.index in self.decoders or self._ways[one.index] != "left"]

    def is_copied(self, index: int) -> bool:
        """Whether packets of the stream with this index go into the master as they are."""
        return self._ways[index] == "copied"

    def is_flac(self, index: int) -> bool:
        """Whether samples of the stream with this index go into the master as FLAC."""
        return self._ways[index] == "flac"

    def is_default(self, index: int) -> bool:
        """Whether samples of the stream with this index go into the proxy."""
        return self.default is not None and index == self.default.stream.index

    def lead(self, start: Fraction, early: list[Packet[AudioStream]]) -> int:
        """Milliseconds by which the earliest sound begins before `start` (seconds), the time of the first picture.

        Args:
            start: in seconds.
            early: the packets that were read before the first picture could be decoded.
        """
        times = [one.pts * Fraction(one.time_base) for one in early if one.pts is not None]
        seen = {one.stream.index for one in early}
        times += [
            one.start_time * Fraction(one.time_base) - _PRIMING
            for one in self.streams
            if one.index not in seen and one.start_time is not None and one.time_base
        ]
        return max([0, *(math.ceil((start - one) / MILLISECOND) for one in times)])

    def facts(self, path: str, proxy_rate: int) -> dict[str, Any] | None:
        """`Prepared.audio`; None when no sample could be decoded."""
        if self.default is None or self.default.first is None:
            return None
        first, stream = self.default.first, self.default.stream
        unit = self._source.time_base
        time_base = Fraction(stream.time_base or unit)
        start = first.time if first.time is not None else Fraction(0)
        return {
            "start_pts": round(start / time_base), "time_base": f"{time_base.numerator}/{time_base.denominator}",
            "rate": first.rate, "codec": stream.codec_context.name,
            "track": [one.stream.index for one in self.tracks].index(stream.index),
            "proxy_rate": proxy_rate, "path": path,
        }  # fmt: skip

    @property
    def warnings(self) -> list[str]:
        """What a user should know about the sound; complete when the source has been read."""
        found = []
        for number, track in enumerate(self.tracks):
            if track.way == "left" and self._with_master:
                found.append(
                    f"sound track {number} does not fit into the gold master; it stays in the original"
                )
            decoder = self.decoders.get(track.stream.index)
            if decoder and decoder.errors:
                found.append(
                    f"{decoder.errors} packets of sound track {number} could not be decoded; silence takes their place"
                )
            if decoder and decoder is self.default and not decoder.first:
                found.append(f"sound track {number} has nothing that can be decoded; the proxy is silent")
        subtitles = len(self._source.container.streams.subtitles)
        if subtitles and self._with_master:
            found.append(f"{subtitles} subtitle tracks are not in the gold master; they stay in the original")
        return found
