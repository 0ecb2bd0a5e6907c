"""From a stored picture to one that any player shows right: upright, square pixels, even size, progressive."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from heaters.media.filters import Chain

if TYPE_CHECKING:
    from av import VideoFrame

_TURNS: Final = {
    0: [],
    90: [("transpose", "clock")],
    180: [("hflip", ""), ("vflip", "")],
    270: [("transpose", "cclock")],
}
#: Pixel formats that bwdif takes; others (RGB, palettes) are never interlaced in practice.
_FIELDS: Final = ("yuv", "gray", "gbrp")
_FULL_RANGE: Final = 2
_LEAST_LINES: Final = 4  # of bwdif
_SCALER: Final = "flags=bicubic+accurate_rnd+full_chroma_int"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What comes out of `deliver`.

    Attributes:
        width, height: in square pixels, even.
        pix_fmt: `yuv420p`, or `yuv420p10le` where the source has more than 8 bits.
        color_range, color_primaries, color_trc, colorspace: H.273 numbers, as the source has them; RGB becomes
            limited-range BT.709.
    """

    width: int
    height: int
    pix_fmt: str
    color_range: int
    color_primaries: int
    color_trc: int
    colorspace: int


def delivered(frame: VideoFrame, sar: Fraction, rotation: int) -> Delivery:
    """What pictures like `frame` become.

    8 bits stay 8 bits in 4:2:0, which every player decodes. More bits are kept as 10, for 8 would show bands in HDR
    (PQ, HLG) and throw away what the source was made for; the price is H.264 High 10, which needs a software decoder.

    Args:
        frame: a picture as stored.
        sar: width of a stored pixel by its height.
        rotation: degrees clockwise that make it upright.
    """
    width, height = Fraction(frame.width) * sar, Fraction(frame.height)
    if rotation % 180:
        width, height = height, width
    rgb = frame.format.is_rgb
    deep = max(part.bits for part in frame.format.components) > 8  # noqa: PLR2004 - bits
    return Delivery(
        width=_even(width),
        height=_even(height),
        pix_fmt="yuv420p10le" if deep else "yuv420p",
        color_range=1 if rgb else _range(frame),
        color_primaries=int(frame.color_primaries),
        color_trc=int(frame.color_trc),
        colorspace=1 if rgb else int(frame.colorspace),
    )


def deliver(frame: VideoFrame, sar: Fraction, rotation: int, time_base: Fraction) -> Chain:
    """The filters that do it, for all pictures like `frame`; one picture out for each one in."""
    target = delivered(frame, sar, rotation)
    steps: list[tuple[str, str]] = []
    if frame.format.name.startswith(_FIELDS) and frame.height >= _LEAST_LINES:
        steps.append(("bwdif", "mode=send_frame:deint=interlaced"))
    steps += _TURNS[rotation]
    # One row or column too many is cut off: scaling would blur all of the picture for it.
    crops = sar == 1 and min(frame.width, frame.height) > 1
    if crops and (frame.width % 2 or frame.height % 2):
        steps.append(("crop", f"{target.width}:{target.height}:0:0:exact=1"))
    return Chain(frame, [*steps, *_conversion(frame, target, keeps_size=crops)], time_base, sar)


def _conversion(frame: VideoFrame, target: Delivery, *, keeps_size: bool) -> list[tuple[str, str]]:
    """Scaling and conversion of pixels; nothing where nothing changes, for it would cost a copy."""
    if keeps_size and frame.format.name == target.pix_fmt:
        return []
    arguments = [] if keeps_size else [f"{target.width}:{target.height}"]
    if frame.format.is_rgb:
        arguments.append("out_color_matrix=bt709:out_range=tv")
    elif target.color_range == _FULL_RANGE:
        arguments.append("in_range=pc:out_range=pc")
    return [("scale", ":".join([*arguments, _SCALER])), ("format", target.pix_fmt), ("setsar", "1")]


def _range(frame: VideoFrame) -> int:
    return _FULL_RANGE if frame.format.name.startswith("yuvj") else int(frame.color_range)


def _even(length: Fraction) -> int:
    """The next even number of pixels at or below a length, but not 0; a hair below one counts as reached."""
    return max(2, int(length / 2 + Fraction(1, 20)) * 2)
