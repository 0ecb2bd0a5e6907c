"""A 1280×720 picture in limited-range BT.709 4:2:0 that is painted in its own planes, so that no frame is converted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1280
HEIGHT: Final = 720

Mask = NDArray[np.uint8]
"""Coverage of a shape, `[height, width]`: 0 outside, 255 inside, between the two at a smooth edge."""
Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


class Ramp:
    """A smooth cycle of 256 colours, as one table for each plane."""

    def __init__(self, stops: Sequence[Colour], *, cyclic: bool = True) -> None:
        points = np.array([*stops, stops[0]] if cyclic else stops, dtype=np.float64)
        at = np.linspace(0, len(points) - 1, 256, endpoint=not cyclic)
        rgb = np.stack([np.interp(at, range(len(points)), points[:, i]) for i in range(3)], axis=1)
        self.y, self.u, self.v = to_bt709(rgb)


class Canvas:
    """One picture.

    Attributes:
        y: luma, `[720, 1280]`.
        u: blue difference, `[360, 640]`.
        v: red difference, `[360, 640]`.
    """

    def __init__(self) -> None:
        self.y: NDArray[np.uint8] = np.full((HEIGHT, WIDTH), 16, np.uint8)
        self.u: NDArray[np.uint8] = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
        self.v: NDArray[np.uint8] = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)

    def fill(self, field: NDArray[np.uint8], ramp: Ramp) -> None:
        """Colour every pixel by looking `field`, `[720, 1280]`, up in a ramp."""
        half = field[::2, ::2]
        np.take(ramp.y, field, out=self.y, mode="clip")  # "raise" would buffer the whole plane
        np.take(ramp.u, half, out=self.u, mode="clip")
        np.take(ramp.v, half, out=self.v, mode="clip")

    def blend(self, mask: Mask, colour: Colour, left: float, top: float) -> None:
        """Paint a colour through a mask whose upper left corner is at the nearest even pixel to `left`, `top`."""
        x, y = 2 * round(left / 2), 2 * round(top / 2)
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = min(x + mask.shape[1], WIDTH), min(y + mask.shape[0], HEIGHT)
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - y : y1 - y, x0 - x : x1 - x]
        half = part[::2, ::2]
        rows, columns = slice(y0 // 2, (y1 + 1) // 2), slice(x0 // 2, (x1 + 1) // 2)
        luma, blue, red = (int(one[0]) for one in to_bt709(np.array([colour], dtype=np.float64)))
        _mix(self.y[y0:y1, x0:x1], luma, part)
        _mix(self.u[rows, columns], blue, half)
        _mix(self.v[rows, columns], red, half)

    def dissolve(self, other: Canvas, share: float) -> None:
        """Mix with another picture; `share` is the part that the other one has, 0 to 1."""
        weight = round(share * 256)
        for own, theirs in ((self.y, other.y), (self.u, other.u), (self.v, other.v)):
            own[:] = (own.astype(np.uint16) * (256 - weight) + theirs.astype(np.uint16) * weight) >> 8

    def expose(self, gain: float, lift: float = 0.0) -> None:
        """Brighten luma as a camera does that opens its iris: `luma × gain + lift`, held inside the limited range."""
        table = np.clip((np.arange(256) - 16) * gain + 16 + lift, 16, 235).astype(np.uint8)
        self.y[:] = table[self.y]

    def frame(self) -> av.VideoFrame:
        """The picture as a frame for an encoder."""
        packed = np.concatenate([plane.reshape(-1, WIDTH) for plane in (self.y, self.u, self.v)])
        return av.VideoFrame.from_ndarray(packed, format="yuv420p")


def to_bt709(rgb: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Convert full-range R'G'B' rows, `[n, 3]`, to limited-range Y'CbCr (ITU-R BT.709-6, items 3.2 to 3.4)."""
    red, green, blue = rgb[:, 0] / 255, rgb[:, 1] / 255, rgb[:, 2] / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes = 219 * luma + 16, 224 * (blue - luma) / 1.8556 + 128, 224 * (red - luma) / 1.5748 + 128
    y, u, v = (np.rint(plane).astype(np.uint8) for plane in planes)
    return y, u, v


@lru_cache(maxsize=32)
def disc(radius: int, softness: int = 2) -> Mask:
    """A round mask whose edge fades over `softness` pixels."""
    side = 2 * (radius + softness)
    axis = np.arange(side) - side / 2 + 0.5
    distance = np.hypot(axis[:, None], axis[None, :])
    cover: Mask = np.clip((radius + softness / 2 - distance) / softness * 255, 0, 255).astype(np.uint8)
    return cover


def below(profile: NDArray[np.float64], height: int) -> Mask:
    """A mask of everything below a line; `profile` is the line's row in each column, counted from the mask's top."""
    rows = np.arange(height)[:, None]
    return (np.clip(rows - profile[None, :] + 0.5, 0, 1) * 255).astype(np.uint8)


@lru_cache(maxsize=16)
def lettering(text: str, size: int) -> Mask:
    """A mask of one line of text."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4), 0)
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, fill=255, font=font)
    return np.asarray(image, dtype=np.uint8)


def _mix(plane: NDArray[np.uint8], colour: int, mask: Mask) -> None:
    difference = (colour - plane.astype(np.int32)) * mask
    plane[:] = plane + (difference // 255).astype(np.int16)
