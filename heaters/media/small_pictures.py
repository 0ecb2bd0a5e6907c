"""The stored 48 x 27 pictures as vectors that can be compared: by grey level, and by layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from heaters.media.frame_scores import PICTURE_SHAPE

BLOCK: Final = 3  # 48 x 27 becomes 16 x 9: fine motion and noise fall out, the layout stays
BLOCKS: Final = (PICTURE_SHAPE[0] // BLOCK) * (PICTURE_SHAPE[1] // BLOCK)
BATCH: Final = 256  # pictures; what is worked on at once stays in the processor's cache
_FLAT_CONTRAST: Final = 6.0  # standard deviation in grey levels; below it a picture has little layout

Vectors = NDArray[np.float32]
_MEAN: Final[Vectors] = np.full(BLOCKS, 1 / BLOCKS, np.float32)


@dataclass(frozen=True, slots=True)
class Layouts:
    """Pictures that can be compared whatever their brightness and contrast.

    Attributes:
        blocks: float32[n, 144], grey levels.
        mean: float32[n], mean grey level.
        length: float32[n], of the vector of differences from the mean; at least that of a flat picture.
        contrast: float32[n], 0 (one grey) to 1 (no flat picture): a flat picture resembles nothing.
    """

    blocks: Vectors
    mean: Vectors
    length: Vectors
    contrast: Vectors

    @classmethod
    def of(cls, blocks: Vectors) -> Self:
        """Measure pictures given as `block_means`."""
        mean = _dot_mean(blocks)
        length = np.sqrt(np.maximum(row_dots(blocks, blocks) - BLOCKS * mean * mean, 0))
        floored = np.maximum(length, np.float32(_FLAT_CONTRAST * BLOCKS**0.5))
        return cls(blocks, mean, floored, np.asarray(length / floored, np.float32))

    def __getitem__(self, rows: slice) -> Layouts:
        return Layouts(self.blocks[rows], self.mean[rows], self.length[rows], self.contrast[rows])

    def correlation(self, other: Layouts) -> Vectors:
        """Row by row correlation with as many other pictures: float32[n], -1 to 1, near 0 for flat ones."""
        dots = row_dots(self.blocks, other.blocks) - BLOCKS * self.mean * other.mean
        return np.asarray(dots / (self.length * other.length), np.float32)


def block_means(pictures: NDArray[np.uint8]) -> Vectors:
    """Mean grey level of each block: uint8[n, 27, 48] → float32[n, 144]."""
    n, height, width = len(pictures), PICTURE_SHAPE[0] // BLOCK, PICTURE_SHAPE[1] // BLOCK
    means = np.empty((n, height, width), np.float32)
    for at in range(0, n, BATCH):
        rows = pictures[at : at + BATCH].reshape(-1, height, BLOCK, PICTURE_SHAPE[1])
        columns = _sum_of_three(rows[:, :, 0], rows[:, :, 1], rows[:, :, 2])
        sums = _sum_of_three(columns[..., 0::3], columns[..., 1::3], columns[..., 2::3])
        np.multiply(sums, np.float32(1 / (BLOCK * BLOCK)), out=means[at : at + BATCH])
    return means.reshape(n, BLOCKS)


def every_third(pictures: NDArray[np.uint8], frames: NDArray[np.int64]) -> Vectors:
    """One pixel of each block: float32[*frames.shape, 144]; a third of the price, where nothing need be smoothed."""
    middle = pictures[:, BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK]
    return middle[frames].reshape(*frames.shape, BLOCKS).astype(np.float32)


def row_dots(left: Vectors, right: Vectors) -> Vectors:
    """Row by row dot product."""
    dots: Vectors = np.einsum("ij,ij->i", left, right)
    return dots


def mean_distance(left: Vectors, right: Vectors) -> Vectors:
    """Row by row mean absolute difference, in grey levels."""
    apart = left - right
    np.abs(apart, out=apart)
    return _dot_mean(apart)


def _dot_mean(vectors: Vectors) -> Vectors:
    means: Vectors = np.einsum("ij,j->i", vectors, _MEAN)  # `@` wakes BLAS threads that spin for longer
    return means


def _sum_of_three(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> NDArray[np.uint16]:
    total: NDArray[np.uint16] = np.add(a, b, dtype=np.uint16)
    total += c
    return total
