"""Decodes a source once and feeds everything that wants its pictures and its sound."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters.errors import DamagedMedia, NotAVideo
from heaters.media.filters import Chain
from heaters.media.lanes import Lane
from heaters.media.master import MasterWriter
from heaters.media.picture import Picture, picture_crc
from heaters.media.proxy import ProxyWriter
from heaters.media.scores import ScoreTaker
from heaters.media.sound_plan import SoundPlan
from heaters.media.writing import writes_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.audio.stream import AudioStream
    from av.packet import Packet

    from heaters.media.prepare import PrepareSpec
    from heaters.media.sound import SoundBlock
    from heaters.media.source import Source

_QUEUE_PICTURES: Final = 24
_QUEUE_BYTES: Final = 80 << 20  # of the pictures that wait; large ones get shorter queues
_SHORTEST_QUEUE: Final = 4
_SOUND_SLACK: Final = 8  # sound items are small: that many times more of them may wait


@dataclass(slots=True)
class Taken:
    """What the pass found out about the pictures, in order."""

    pts: list[int] = field(default_factory=list)
    crcs: list[int] = field(default_factory=list)
    last_duration: int = 0


class DecodePass:
    """One pass over one source.

    Args:
        source: open, and not read yet.
        spec: what to write, and where.

    Attributes:
        taken: about the pictures.
        sound: about the sound.
        first: the first picture.
        proxy: the writer of the proxy.
        scores: of the pictures, to be finished by the caller.
        seconds: busy time by consumer.
    """

    first: Picture
    proxy: ProxyWriter
    scores: ScoreTaker

    def __init__(self, source: Source, spec: PrepareSpec) -> None:
        self._source, self._spec = source, spec
        self.taken = Taken()
        self.sound = SoundPlan(source, with_master=spec.master is not None)
        self.seconds: dict[str, float] = {}
        self._early: list[Packet[AudioStream]] = []
        self._lanes: dict[str, Lane[Any]] = {}
        self._writers: list[MasterWriter | ProxyWriter] = []

    def run(self, progress: Callable[[int], None] | None) -> None:
        """Read the source to its end and finish all files.

        Raises:
            DamagedMedia: pictures are missing or change their size or format, and that is not allowed.
            NotAVideo: there is no picture that can be decoded.
            OSError: a file can't be written.
        """
        began = time.perf_counter()
        items = self._source.items(self.sound.streams)
        try:
            for item in items:
                if isinstance(item, Picture):
                    self._take_picture(item)
                    if progress:
                        progress(item.number + 1)
                else:
                    self._take_packet(item)
                if self._is_hopeless():
                    break
            waited = sum(lane.waited for lane in self._lanes.values())
            self.seconds["decode"] = time.perf_counter() - began - waited
            for _ in items:  # only the rest of a hopeless one, to tell how many pictures it has
                pass
            self._check_loss()
            self._finish()
        except BaseException:
            for lane in self._lanes.values():
                lane.abandon()
            for writer in self._writers:
                writer.drop()
            raise

    def _take_picture(self, picture: Picture) -> None:
        if not self._lanes:
            self._begin(picture)
        self._check_shape(picture)
        self.taken.pts.append(picture.pts)
        self.taken.last_duration = picture.frame.duration
        for lane in self._lanes.values():
            lane.put(picture)

    def _begin(self, first: Picture) -> None:
        self.first = first
        spec, source = self._spec, self._source
        waiting = sum(plane.buffer_size for plane in first.frame.planes)
        depth = min(_QUEUE_PICTURES, max(_SHORTEST_QUEUE, _QUEUE_BYTES // waiting))
        if spec.master:
            lead = self.sound.lead(first.pts * source.time_base, self._early)
            self._master = MasterWriter(spec.master, source, first, self.sound.tracks, lead)
            self._writers.append(self._master)
            self._lanes["master"] = Lane("master", self._to_master, depth, self._close_master)
        track = self.sound.default.stream if self.sound.default else None
        self.proxy = ProxyWriter(
            spec.proxy, source, first, track,
            height=spec.proxy_height, crf=spec.proxy_crf, fastdecode=spec.proxy_fastdecode,
        )  # fmt: skip
        self._writers.append(self.proxy)
        self._lanes["proxy"] = Lane("proxy", self._to_proxy, depth, self._close_proxy)
        self.scores = ScoreTaker(Path(spec.proxy).parent)
        # The taker's conversion changes a frame's tags for a moment (PyAV 18.1): it gets a reference of its own.
        self._reference = Chain(first.frame, [], source.time_base, source.sar)
        self._lanes["scores"] = Lane("scores", self._to_scores, depth)
        early, self._early = self._early, []
        for packet in early:
            self._take_packet(packet)

    def _take_packet(self, packet: Packet[AudioStream]) -> None:
        if not self._lanes:
            self._early.append(packet)
            return
        index = packet.stream.index
        decoder = self.sound.decoders.get(index)
        for block in decoder.decode(packet) if decoder else ():
            self._take_block(index, block)
        if "master" in self._lanes and self.sound.is_copied(index):
            self._lanes["master"].put(packet, slack=_SOUND_SLACK)

    def _take_block(self, index: int, block: SoundBlock) -> None:
        if "master" in self._lanes and self.sound.is_flac(index):
            self._lanes["master"].put((index, block), slack=_SOUND_SLACK)
        if self.sound.is_default(index):
            self._lanes["proxy"].put(block, slack=_SOUND_SLACK)

    def _to_master(self, item: Picture | Packet[AudioStream] | tuple[int, SoundBlock]) -> None:
        with writes_to(self._spec.master or ""):
            if isinstance(item, Picture):
                self._master.picture(item)
            elif isinstance(item, tuple):
                self._master.block(*item)
            else:
                self._master.packet(item)

    def _to_proxy(self, item: Picture | SoundBlock) -> None:
        with writes_to(self._spec.proxy):
            if isinstance(item, Picture):
                self.proxy.picture(item)
            else:
                self.proxy.block(item)

    def _close_master(self) -> None:
        with writes_to(self._spec.master or ""):
            self._master.close()

    def _close_proxy(self) -> None:
        with writes_to(self._spec.proxy):
            self.proxy.close()

    def _to_scores(self, picture: Picture) -> None:
        self.taken.crcs.append(picture_crc(picture.frame))
        for frame in self._reference.put(picture.frame):
            self.scores.take(frame)

    def _check_shape(self, picture: Picture) -> None:
        first, now = self.first.frame, picture.frame
        if (now.width, now.height, now.format.name) == (first.width, first.height, first.format.name):
            return
        what = "size" if now.format.name == first.format.name else "pixel format"
        raise DamagedMedia(
            f"{self._source.path}: picture {what} changes at frame {picture.number} "
            f"({first.width}x{first.height} {first.format.name} to {now.width}x{now.height} {now.format.name}); "
            "cut it into one file for each part first",
            path=str(self._source.path), frame=picture.number,
        )  # fmt: skip

    def _is_hopeless(self) -> bool:
        return bool(self._source.damage.errors) and not self._spec.allow_truncated

    def _check_loss(self) -> None:
        damage, path = self._source.damage, self._source.path
        if not damage.pictures:
            raise NotAVideo(
                f"{path} has no picture that can be decoded: it is encrypted, or damaged from its start",
                path=str(path),
            )
        if damage.loss and not self._spec.allow_truncated:
            raise DamagedMedia(
                f"{path}: {damage.loss}; upload it again, or keep what there is with --allow-truncated",
                path=str(path), frames=damage.pictures,
            )  # fmt: skip

    def _finish(self) -> None:
        for index, decoder in self.sound.decoders.items():
            for block in decoder.finish():
                self._take_block(index, block)
        for lane in self._lanes.values():
            lane.end()
        for name, lane in self._lanes.items():
            lane.join()
            self.seconds[name] = lane.busy
