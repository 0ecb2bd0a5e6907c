"""The stored 48 x 27 pictures as vectors that can be compared: block means and structure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heaters.media.frame_scores import PICTURE_SHAPE

BLOCK: Final = 3  # 48 x 27 becomes 16 x 9: fine motion and noise fall out, layout stays
BLOCKS: Final = (PICTURE_SHAPE[0] // BLOCK) * (PICTURE_SHAPE[1] // BLOCK)
_BATCH: Final = 256  # pictures; what is summed at once stays in the processor's cache
_CONTRAST_FLOOR: Final = 6.0  # grey levels; below it a picture counts as having little structure

Vectors = NDArray[np.float32]
_MEAN: Final[Vectors] = np.full(BLOCKS, 1 / BLOCKS, np.float32)


def block_means(pictures: NDArray[np.uint8]) -> Vectors:
    """Mean grey level of each block: uint8[n, 27, 48] → float32[n, 144]."""
    n, height, width = len(pictures), PICTURE_SHAPE[0] // BLOCK, PICTURE_SHAPE[1] // BLOCK
    means = np.empty((n, height, width), np.float32)
    for at in range(0, n, _BATCH):
        rows = pictures[at : at + _BATCH].reshape(-1, height, BLOCK, PICTURE_SHAPE[1])
        columns = _sum_of_three(rows[:, :, 0], rows[:, :, 1], rows[:, :, 2])
        means[at : at + _BATCH] = _sum_of_three(columns[..., 0::3], columns[..., 1::3], columns[..., 2::3])
    means /= BLOCK * BLOCK
    return means.reshape(n, BLOCKS)


def structure(blocks: Vectors) -> Vectors:
    """Unit vectors whose dot product is the correlation of two pictures, whatever their brightness and contrast.

    A picture with less contrast than the floor gets a shorter vector: it resembles nothing.
    """
    centred = blocks - (blocks @ _MEAN)[:, None]
    length = np.sqrt(correlation(centred, centred))
    centred /= np.maximum(length, _CONTRAST_FLOOR * BLOCKS**0.5)[:, None]
    return centred


def correlation(left: Vectors, right: Vectors) -> NDArray[np.float32]:
    """Row by row dot product of two stacks of structure vectors."""
    return np.einsum("ij,ij->i", left, right)


def mean_distance(left: Vectors, right: Vectors) -> NDArray[np.float32]:
    """Row by row mean absolute difference of two stacks of block means, in grey levels."""
    apart = left - right
    np.abs(apart, out=apart)
    return apart @ _MEAN


def _sum_of_three(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> NDArray[np.uint16]:
    total = np.add(a, b, dtype=np.uint16)
    total += c
    return total
