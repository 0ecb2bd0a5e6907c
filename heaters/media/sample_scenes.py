"""The shots of the sample show: each scene is made once and then painted for any moment of its shot.

A scene is a function that prepares what stays the same and returns a painter. A painter gets a canvas and the seconds
since its shot began, and covers the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, sin, tau

import numpy as np
from numpy.typing import NDArray

from heaters.media.canvas import HEIGHT, WIDTH, Canvas, Colour, Ramp, below, disc, lettering

Painter = Callable[[Canvas, float], None]
Scene = Callable[[], Painter]

_LIT_SHARE = 0.45
_ROWS = np.arange(HEIGHT, dtype=np.float64)[:, None]
_COLUMNS = np.arange(WIDTH, dtype=np.float64)[None, :]


def title_card() -> Painter:
    """The name of the show over a slow diagonal gradient."""
    return _card(
        "heaters", "a sample show", Ramp([(24, 26, 56), (92, 46, 110), (214, 92, 92), (92, 46, 110)])
    )


def end_card() -> Painter:
    """The last words, over another gradient."""
    return _card(
        "the end",
        "every frame can be named",
        Ramp([(10, 40, 48), (22, 98, 96), (150, 196, 138), (22, 98, 96)]),
    )


def sunrise() -> Painter:
    """A sun that climbs behind three rows of hills."""
    sky = Ramp([(38, 44, 96), (128, 84, 148), (240, 142, 112), (255, 214, 150)], cyclic=False)
    field = _wrapped(np.clip(_ROWS / HEIGHT * 300, 0, 255) + 0 * _COLUMNS)
    hills = [_ridge(220, seed) for seed in (1, 2, 3)]
    shades: list[Colour] = [(126, 92, 128), (82, 66, 108), (40, 38, 74)]

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(field, sky)
        canvas.blend(disc(120, 90), (255, 206, 150), 590, 330 - 50 * seconds)
        canvas.blend(disc(86), (255, 240, 206), 714, 454 - 50 * seconds)
        for depth, (hill, shade) in enumerate(zip(hills, shades, strict=True)):
            pan = int((20 + 30 * depth) * seconds)
            canvas.blend(hill[:, pan : pan + WIDTH], shade, 0, 500 + 40 * depth - 20)

    return paint


def tide() -> Painter:
    """Bands of water that roll towards the camera."""
    water = Ramp([(6, 40, 74), (18, 92, 122), (70, 164, 166), (196, 228, 210), (52, 140, 158), (12, 66, 104)])
    rows = _ROWS**1.35 / 22

    def paint(canvas: Canvas, seconds: float) -> None:
        swell = 14 * np.sin(_COLUMNS / 130 + 1.3 * seconds) + 9 * np.sin(_COLUMNS / 47 - 0.9 * seconds)
        canvas.fill(_wrapped(rows + swell - 34 * seconds), water)
        canvas.blend(disc(34, 6), (250, 236, 196), 980 + 14 * sin(seconds), 90 + 26 * sin(1.7 * seconds))

    return paint


def city() -> Painter:
    """A skyline at night with lit windows, seen from a moving train."""
    night = Ramp([(8, 10, 30), (26, 28, 70), (86, 54, 108), (190, 96, 104)], cyclic=False)
    field = _wrapped(np.clip(_ROWS / HEIGHT * 330, 0, 255) + 0 * _COLUMNS)
    far, _ = _skyline(260, 4, block=74)
    near, windows = _skyline(360, 5, block=118)

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(field, night)
        canvas.blend(disc(52, 4), (236, 226, 206), 960 - 8 * seconds, 90)
        slow, fast = int(36 * seconds), int(90 * seconds)
        canvas.blend(far[:, slow : slow + WIDTH], (44, 38, 84), 0, HEIGHT - 260)
        canvas.blend(near[:, fast : fast + WIDTH], (16, 16, 38), 0, HEIGHT - 360)
        canvas.blend(windows[:, fast : fast + WIDTH], (250, 206, 122), 0, HEIGHT - 360)

    return paint


def loom() -> Painter:
    """Warm diagonal threads with two shuttles that cross."""
    threads = Ramp([(72, 26, 24), (128, 52, 34), (168, 92, 44), (120, 58, 48)])
    field = (_COLUMNS + 1.6 * _ROWS) / 3.2

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(_wrapped(field + 26 * seconds), threads)
        for side in (-1, 1):
            x = WIDTH / 2 + side * 420 * cos(0.9 * seconds)
            canvas.blend(disc(64, 3), (206, 164, 104), x - 66, 330 + side * 110)
            canvas.blend(disc(26, 3), (84, 32, 30), x - 28, 368 + side * 110)

    return paint


def prism() -> Painter:
    """Petals of colour that turn about the middle."""
    colours = Ramp(
        [(64, 70, 150), (104, 96, 178), (150, 124, 190), (104, 118, 186), (70, 112, 172), (58, 90, 160)]
    )
    angle = np.arctan2(_ROWS - HEIGHT / 2, _COLUMNS - WIDTH / 2) / tau * 256 * 3

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(_wrapped(angle + 40 * seconds), colours)
        canvas.blend(disc(96, 8), (214, 208, 236), WIDTH / 2 - 104, HEIGHT / 2 - 104)

    return paint


def ripples() -> Painter:
    """Rings that run outwards from two drops."""
    rings = Ramp([(52, 96, 124), (82, 132, 150), (122, 160, 164), (92, 140, 160), (60, 108, 140)])
    first = np.hypot(_ROWS - 300, _COLUMNS - 440)
    second = np.hypot(_ROWS - 420, _COLUMNS - 860)
    field = (first + second) / 2.6

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(_wrapped(field - 48 * seconds), rings)

    return paint


def orbit() -> Painter:
    """Planets about a star."""
    space = Ramp([(250, 196, 120), (120, 62, 96), (36, 26, 62), (12, 12, 32), (8, 8, 24)], cyclic=False)
    field = _wrapped(np.clip(np.hypot(_ROWS - HEIGHT / 2, _COLUMNS - WIDTH / 2) / 2.4, 0, 255))
    planets: list[tuple[int, int, float, Colour]] = [
        (22, 170, 1.9, (240, 222, 190)), (34, 290, 1.2, (112, 178, 196)), (46, 440, 0.7, (214, 112, 92)),
    ]  # fmt: skip

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(field, space)
        for radius, distance, speed, colour in planets:
            x = WIDTH / 2 + distance * cos(speed * seconds + distance)
            y = HEIGHT / 2 + 0.62 * distance * sin(speed * seconds + distance)
            canvas.blend(disc(radius, 3), colour, x - radius - 3, y - radius - 3)

    return paint


def _card(words: str, below_them: str, ramp: Ramp) -> Painter:
    field = (_COLUMNS + _ROWS) / 8
    large, small = lettering(words, 150), lettering(below_them, 44)

    def paint(canvas: Canvas, seconds: float) -> None:
        canvas.fill(_wrapped(field + 12 * seconds), ramp)
        canvas.blend(disc(190, 4), (250, 226, 196), 860 + 24 * seconds, 70)
        canvas.blend(large, (255, 250, 240), 130, 270)
        canvas.blend(small, (255, 236, 214), 138, 450)

    return paint


def _wrapped(field: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Positions in a ramp: whole parts, round and round."""
    return (field.astype(np.int32) & 255).astype(np.uint8)


def _ridge(height: int, seed: int) -> NDArray[np.uint8]:
    """A wide mask of hills, longer than the picture so that the camera can pan."""
    columns = np.arange(WIDTH * 2, dtype=np.float64)
    waves = sum(np.sin(columns / (60.0 * k + 17 * seed) + seed * k) / k for k in (1, 2, 3))
    return below(height * 0.3 - 22.0 * np.asarray(waves), height)


def _skyline(height: int, seed: int, block: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two wide masks: houses, and the lit windows in them."""
    random = np.random.default_rng(seed)
    houses = np.zeros((height, WIDTH * 2), np.uint8)
    windows = np.zeros_like(houses)
    for left in range(0, WIDTH * 2, block):
        top = int(random.integers(0, height * 2 // 3))
        houses[top:, left : left + block - 4] = 255
        lit = random.random((height // 28, block // 22)) < _LIT_SHARE
        for row, column in zip(*np.nonzero(lit), strict=True):
            y, x = top + 14 + 28 * int(row), left + 8 + 22 * int(column)
            windows[y : y + 14, x : min(x + 10, left + block - 10)] = 230
    return houses, windows
