"""From stored pictures to what a reviewer sees: upright, square pixels, even size, 8-bit 4:2:0, limited range."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from heaters.media.colours import HDR_TRANSFERS, MATRICES, RANGES
from heaters.media.filters import Chain

if TYPE_CHECKING:
    from av import VideoFrame

_WIDEST: Final = 4096  # of H.264 level 5.x, which is what browsers decode
_HD_HEIGHT: Final = (
    720  # untagged pictures of this height and above are BT.709, others BT.601 (ITU-R practice)
)
_TURNS: Final = {
    90: [("transpose", "clock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "cclock")],
}
_BT709: Final = 1
_BT601: Final = 6
#: Matrices that browsers convert from; pictures with others are converted to BT.709.
_KEPT_MATRICES: Final = frozenset({1, 4, 5, 6, 7})
_GBR: Final = 0
_UNSPECIFIED: Final = 2
_BT2020_PRIMARIES: Final = 9


@dataclass(frozen=True, slots=True)
class Colours:
    """Tags of the pictures that come out, as numbers of ITU-T H.273."""

    primaries: int
    transfer: int
    matrix: int


def upright_size(width: int, height: int, sar: Fraction, rotation: int, limit: int) -> tuple[int, int]:
    """Even width and height of the upright picture with square pixels, at most `limit` high.

    Args:
        width: of the stored picture.
        height: of the stored picture.
        sar: width of a stored pixel by its height.
        rotation: degrees clockwise that make it upright.
        limit: in pixels.

    >>> upright_size(720, 576, Fraction(64, 45), 0, 720)
    (1024, 576)
    """
    wide, high = width * sar, Fraction(height)
    if rotation % 180:
        wide, high = high, wide
    scale = min(Fraction(1), Fraction(limit) / high, Fraction(_WIDEST) / wide)
    return _even(wide * scale), _even(high * scale)


def upright_colours(sample: VideoFrame, height: int) -> Colours:
    """Colour tags of the upright pictures; guessed from the size where the source says nothing."""
    if is_hdr(sample) or sample.color_primaries == _BT2020_PRIMARIES:
        return Colours(_BT709, _BT709, _BT709)
    guess = _BT709 if height >= _HD_HEIGHT else _BT601
    matrix = int(sample.colorspace)
    if matrix not in _KEPT_MATRICES:
        matrix = _BT709 if matrix == _GBR else guess
    primaries, transfer = int(sample.color_primaries), int(sample.color_trc)
    return Colours(
        guess if primaries in {0, 2, 3} else primaries, guess if transfer in {0, 2, 3} else transfer, matrix
    )


def is_hdr(sample: VideoFrame) -> bool:
    """Whether the picture has a transfer function (PQ, HLG) that an SDR screen can't show as it is."""
    return int(sample.color_trc) in HDR_TRANSFERS


class Upright:
    """Turns pictures upright, one for one; deinterlaces from the first picture on that is marked as interlaced.

    Args:
        sample: the first picture.
        time_base: unit of the pictures' times.
        sar: width of a stored pixel by its height.
        rotation: degrees clockwise that make a picture upright.
        limit: of the height, in pixels.
    """

    def __init__(
        self, sample: VideoFrame, time_base: Fraction, sar: Fraction, rotation: int, limit: int
    ) -> None:
        self.size = upright_size(sample.width, sample.height, sar, rotation, limit)
        self.colours = upright_colours(sample, sample.height)
        self._sample, self._time_base, self._sar = sample, time_base, sar
        self._rotation = rotation
        self._times: deque[int] = deque()
        self._deinterlaces = False
        self._chain = self._build()

    def put(self, frame: VideoFrame, time: int) -> list[VideoFrame]:
        """Feed the next picture; what is ready, each with its own `time` as its pts."""
        ready = []
        if frame.interlaced_frame and not self._deinterlaces:
            ready = self.finish()
            self._deinterlaces = True
            self._chain = self._build()
        self._times.append(time)
        return ready + self._timed(self._chain.put(frame))

    def finish(self) -> list[VideoFrame]:
        """What was held back."""
        return self._timed(self._chain.finish())

    def _timed(self, frames: list[VideoFrame]) -> list[VideoFrame]:
        for frame in frames:
            frame.pts = self._times.popleft()
            frame.pict_type = 0  # the source's own type would be forced on the encoder
        return frames

    def _build(self) -> Chain:
        steps: list[tuple[str, str]] = []
        if self._deinterlaces:
            steps.append(("bwdif", "mode=send_frame:deint=interlaced"))
        steps += self._scaling()
        steps += _TURNS.get(self._rotation, [])
        return Chain(self._sample, [*steps, ("setsar", "1")], self._time_base, self._sar)

    def _scaling(self) -> list[tuple[str, str]]:
        sample = self._sample
        width, height = self.size if self._rotation % 180 == 0 else self.size[::-1]
        surplus = (sample.width - width, sample.height - height)
        crops = self._sar == 1 and surplus != (0, 0) and set(surplus) <= {0, 1}
        arguments = [] if crops or surplus == (0, 0) else [f"w={width}:h={height}:flags=bicubic"]
        steps = [("crop", f"{width}:{height}:0:0:exact=1")] if crops else []
        if is_hdr(sample):
            # swscale maps the tones by a table: 7 s to build, then 9 ms a picture at 360p (FFmpeg 8.1).
            steps += [("scale", ":".join(arguments))] if arguments else []
            arguments = [
                "out_primaries=bt709:out_transfer=bt709:out_color_matrix=bt709:out_range=tv:intent=perceptual"
            ]
        else:
            arguments += self._conversion()
        return [*steps, *([("scale", ":".join(arguments))] if arguments else []), ("format", "yuv420p")]

    def _conversion(self) -> list[str]:
        """Arguments of `scale` for the range and the matrix; none where both stay."""
        sample = self._sample
        wanted, stated = MATRICES[self.colours.matrix], MATRICES.get(int(sample.colorspace) or _UNSPECIFIED)
        full = RANGES.get(int(sample.color_range)) == "pc" or sample.format.name.startswith("yuvj")
        if sample.format.is_rgb:
            return [f"out_range=tv:out_color_matrix={wanted}"]
        arguments = ["in_range=pc:out_range=tv"] if full else []
        if stated not in {None, wanted}:
            arguments.append(f"in_color_matrix={stated}:out_color_matrix={wanted}")
        return arguments


def _even(size: Fraction) -> int:
    """The nearest even whole number, the lower of two, and not 0."""
    return max(2, math.ceil(size / 2 - Fraction(1, 2)) * 2)
