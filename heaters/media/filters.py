"""Chains of FFmpeg filters from pictures to pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import av
from av.filter import Graph

if TYPE_CHECKING:
    from fractions import Fraction

    from av import VideoFrame

_GBR: Final = 0  # matrices of ITU-T H.273
_UNSPECIFIED: Final = 2


class Chain:
    """A chain of filters that gives one picture for each picture (at once, or later and at the end).

    Pictures go in by reference and are never changed, so several threads may feed the same picture to their chains.
    An empty chain gives a reference of its own to the same pixels.

    Args:
        sample: a picture of the size, pixel format and colour tags of all that will come.
        steps: names and arguments of the filters.
        time_base: unit of the times of the pictures that go in.
        sar: their sample aspect ratio.
        threads: for filters that use threads.
    """

    def __init__(
        self,
        sample: VideoFrame,
        steps: list[tuple[str, str]],
        time_base: Fraction,
        sar: Fraction,
        threads: int = 1,
    ) -> None:
        self._graph = Graph()
        self._graph.threads = threads
        nodes = [self._graph.add("buffer", _buffer_arguments(sample, time_base, sar))]
        nodes += [self._graph.add(name, arguments or None) for name, arguments in steps]
        nodes.append(self._graph.add("buffersink"))
        self._graph.link_nodes(*nodes)
        self._graph.configure()
        self._head, self._tail = nodes[0], nodes[-1]

    def put(self, frame: VideoFrame) -> list[VideoFrame]:
        """Feed one picture; the pictures that are ready, in order."""
        self._head.push(frame)
        return self._ready()

    def finish(self) -> list[VideoFrame]:
        """The pictures that were held back."""
        self._head.push(None)
        return self._ready()

    def _ready(self) -> list[VideoFrame]:
        frames: list[VideoFrame] = []
        while True:
            try:
                frames.append(cast("VideoFrame", self._tail.pull()))
            except (av.error.BlockingIOError, av.error.EOFError):
                return frames


def _buffer_arguments(sample: VideoFrame, time_base: Fraction, sar: Fraction) -> str:
    matrix = int(sample.colorspace)
    if matrix == _GBR and not sample.format.is_rgb:
        matrix = _UNSPECIFIED  # PNG decoders tag grey pictures as RGB, which `buffer` refuses
    return ":".join(
        [
            f"video_size={sample.width}x{sample.height}",
            f"pix_fmt={sample.format.name}",
            f"time_base={time_base.numerator}/{time_base.denominator}",
            f"pixel_aspect={sar.numerator}/{sar.denominator}",
            f"colorspace={matrix}",
            f"range={int(sample.color_range)}",
        ]
    )


def reordered(pixels: str) -> list[tuple[str, str]]:
    """Steps to another pixel format, without dithering: for formats that hold the same bits in another order."""
    return [("scale", "flags=neighbor+accurate_rnd:sws_dither=none"), ("format", pixels)]
