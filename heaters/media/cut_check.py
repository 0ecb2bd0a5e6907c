"""Reading an exported file back before it may be published."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from heaters.errors import VerificationFailed
from heaters.media.picture import picture_crc
from heaters.media.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heaters.media.cut_streams import Times
    from heaters.media.presets import Preset

#: Every bit of every picture is still parsed; what is left out only makes the pixels, which are not compared.
_QUICK: Final = {"skip_loop_filter": "all", "skip_idct": "all"}
#: Matroska rounds times to a millisecond.
_ROUNDING: Final = Fraction(1, 2000)


def read_back(path: str, preset: Preset, times: Times, picture_crc32: Sequence[int]) -> None:
    """Decode the whole file: the number of pictures, the time of each, and, where lossless, all pixels.

    Raises:
        VerificationFailed: one of them is wrong.
    """
    slack = Fraction(0) if preset.upright else _ROUNDING
    count = 0
    with Source(path) as film:
        if preset.upright:
            film.video.codec_context.options = dict(_QUICK)
        for picture in film.pictures():
            if count >= times.count:
                raise VerificationFailed(
                    f"{path} has more than the {times.count} pictures of the clip", path=path
                )
            late = picture.pts * film.time_base - times.seconds(times.pts[count])
            if abs(late) > slack:
                raise VerificationFailed(
                    f"{path} shows picture {count} at a wrong time, {float(late):+.6f} s", path=path
                )
            if not preset.upright and picture_crc(picture.frame) != picture_crc32[count]:
                raise VerificationFailed(
                    f"{path}: picture {count} is not the one that was prepared; run `heaters verify`",
                    path=path,
                )
            count += 1
    if count != times.count:
        raise VerificationFailed(f"{path} has {count} of the {times.count} pictures of the clip", path=path)
