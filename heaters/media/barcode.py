"""Frame numbers burnt into pictures, for people as digits and for programs as a row of black and white cells.

The row lies in the lower left corner. From left to right: a white and a black cell to find the levels, 16 cells of the
frame number with the highest bit first, 4 cells of a checksum. Cells are so large that H.264 at review quality, or a
proxy of a third of the size, keeps them readable.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LIMIT: Final = 1 << 16
"""One more than the largest number."""
CELL: Final = 16
"""Width and height of one cell in a picture of `REFERENCE_HEIGHT` rows; it grows and shrinks with the height."""
REFERENCE_HEIGHT: Final = 720
_BITS: Final = 16
_CHECK_BITS: Final = 4
_CELLS: Final = 2 + _BITS + _CHECK_BITS
_LEFT: Final = 16
_BELOW: Final = 16
_BLACK: Final = 16
_WHITE: Final = 235
_LEAST_CONTRAST: Final = 64


def burn_number(luma: NDArray[np.uint8], number: int) -> None:
    """Draw a frame number into a luma plane, in place.

    Args:
        luma: `[height, width]` in limited range; height is `REFERENCE_HEIGHT`.
        number: 0 to 65,535.
    """
    if not 0 <= number < LIMIT:
        raise ValueError(f"a frame number of 0 to {LIMIT - 1}, not {number}")
    top = luma.shape[0] - _BELOW - CELL
    cells = np.where(_cells_of(number), _WHITE, _BLACK).astype(np.uint8)
    luma[top : top + CELL, _LEFT : _LEFT + _CELLS * CELL] = np.repeat(cells, CELL)
    left = _LEFT + (_CELLS + 1) * CELL
    for digit in f"{number:05d}":
        glyph = _glyph(digit)
        luma[top : top + CELL, left : left + glyph.shape[1]] = glyph
        left += glyph.shape[1]


def read_number(luma: NDArray[np.uint8]) -> int | None:
    """Read the frame number back from a luma plane of any height; None where there is no sound row of cells."""
    height = luma.shape[0]
    scale = height / REFERENCE_HEIGHT
    row = round((REFERENCE_HEIGHT - _BELOW - CELL / 2) * scale)
    centres = [round((_LEFT + (i + 0.5) * CELL) * scale) for i in range(_CELLS)]
    reach = max(1, round(CELL * scale / 6))
    levels = np.array([luma[row - reach : row + reach, x - reach : x + reach].mean() for x in centres])
    white, black = levels[0], levels[1]
    if white - black < _LEAST_CONTRAST:
        return None
    bits = levels > (white + black) / 2
    number = int("".join("1" if bit else "0" for bit in bits[2 : 2 + _BITS]), 2)
    return number if np.array_equal(_cells_of(number), bits) else None


def _cells_of(number: int) -> NDArray[np.bool_]:
    checksum = (number * 7 + (number >> 4) * 3 + (number >> 8) * 5 + (number >> 12) + 9) & 0xF
    text = f"10{number:0{_BITS}b}{checksum:0{_CHECK_BITS}b}"
    return np.array([one == "1" for one in text])


@lru_cache(maxsize=10)
def _glyph(digit: str) -> NDArray[np.uint8]:
    image = Image.new("L", (10, CELL), _BLACK)
    ImageDraw.Draw(image).text(
        (5, CELL // 2), digit, fill=_WHITE, font=ImageFont.load_default(14), anchor="mm"
    )
    return np.asarray(image, dtype=np.uint8)
